"""The sandbox payment gateway by itself: its window, which hands a payment to the page that opened it, and its book."""

import base64
import json
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from browser import Page, browser, resize  # noqa: F401  pylint: disable=unused-import
from gateway import SECRET_KEY
from moa import TREE
from servers import end

BACK = "http://127.0.0.1:9/back?bill=7"
ORDER = {"orderId": "moa-123", "amount": "12900", "clientKey": "test_ck_sandbox"}


def window(gateway, **more):
    """What the window's form is sent with."""
    page = requests.get(f"{gateway.url}/window", params={**ORDER, **more}, timeout=10)
    assert page.status_code == 200 and "12,900원" in page.text
    return urlsplit(page.url).query


def decide(gateway, query, what):
    return requests.post(f"{gateway.url}/window", data={"query": query, "what": what}, timeout=10, allow_redirects=False)


def call(gateway, method, path, body=None):
    key = base64.b64encode(f"{SECRET_KEY}:".encode()).decode()
    return requests.request(method, gateway.url + path, json=body, headers={"Authorization": f"Basic {key}"}, timeout=10)


def test_paying_in_the_window(gateway):
    """The page that opened it is told the payment's key; the money is taken when the merchant's server confirms."""
    reply = decide(gateway, window(gateway, successUrl=BACK, failUrl=BACK), "pay")
    assert reply.status_code == 303 and reply.headers["Location"].startswith(BACK + "&")
    told = {name: value for name, [value] in parse_qs(urlsplit(reply.headers["Location"]).query).items()}
    assert (told["orderId"], told["amount"], told["bill"]) == ("moa-123", "12900", "7")
    assert call(gateway, "GET", f"/v1/payments/{told['paymentKey']}").json()["status"] == "IN_PROGRESS"
    body = {"paymentKey": told["paymentKey"], "orderId": "moa-123", "amount": 12900}
    assert call(gateway, "POST", "/v1/payments/confirm", body).json()["status"] == "DONE"


def test_leaving_the_window(gateway):
    before = len(gateway.payments)
    reply = decide(gateway, window(gateway, successUrl=BACK, failUrl=BACK), "leave")
    assert "code=PAY_PROCESS_CANCELED" in reply.headers["Location"] and len(gateway.payments) == before


@pytest.mark.parametrize("query", ["", "orderId=x", "orderId=x&amount=-1", "amount=5", "orderId=x&amount=1e3"])
def test_a_window_for_nothing(gateway, query):
    assert requests.get(f"{gateway.url}/window?{query}", timeout=10).status_code == 400


@pytest.mark.parametrize("width", [320, 1280])
def test_the_window_in_a_browser(gateway, browser, resize, width):  # noqa: F811
    """Markup in a name is text; without a page to go back to it says what it would have told."""
    resize(width, 568)
    browser.get(f"{gateway.url}/window?orderId=%3Cb%3Emoa%3C/b%3E-{'x' * 60}&amount=12900")
    page = Page(browser)
    assert page.all("b") == [] and "<b>moa</b>" in page.one("main").text
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    page.one("button[value=pay]").click()
    told = json.loads(page.one("pre").text)
    assert told["amount"] == 12900 and gateway.payments[told["paymentKey"]]["status"] == "IN_PROGRESS"


def test_its_book_outlives_it(place):
    """What was paid before a restart can be given back after it."""
    book = Path(place) / "gateway.json"

    def start():
        process = subprocess.Popen([TREE / "tests/fakes/gateway.py", "--port", "0", "--book", book],
                                   stdout=subprocess.PIPE, text=True)
        return process, type("Running", (), {"url": process.stdout.readline().strip()})

    def stop(process):
        end(process)
        process.stdout.close()

    process, running = start()
    told = json.loads(decide(running, "orderId=moa-123&amount=12900", "pay").text.partition("<pre>")[2].partition("</pre>")[0]
                      .replace("&quot;", '"'))
    body = {"paymentKey": told["paymentKey"], "orderId": "moa-123", "amount": 12900}
    assert call(running, "POST", "/v1/payments/confirm", body).status_code == 200
    stop(process)
    process, running = start()
    back = call(running, "POST", f"/v1/payments/{told['paymentKey']}/cancel", {"cancelReason": "test", "cancelAmount": 900})
    assert (back.status_code, back.json()["balanceAmount"]) == (200, 12000)
    stop(process)
