"""The demo's shop before a real moa: a page of another origin, its server with the merchant's key, the window, and a customer who
scans the code from the picture."""

import subprocess

import pytest
import requests

from browser import browser, resize  # noqa: F401  pylint: disable=unused-import
from checkout_page import Window, scan
from moa import TREE
from servers import end, until
from shop import Shop, fresh


@pytest.fixture(scope="module", params=["lighttpd", "apache"])
def store(request, place, ctl):
    """The shop's address and, as .merchant, what a test can do for its customers; behind each web server."""
    system = request.getfixturevalue("api" if request.param == "lighttpd" else "apache")
    merchant = Shop(system, ctl, "솔솔상점")
    key = place / f"shop-{request.param}.key"
    key.write_text(merchant.key)
    process = subprocess.Popen([TREE / "tests/demo/shop.py", "--moa", system.system.url, "--key-file", key, "--port", "0"],
                               stdout=subprocess.PIPE, text=True)
    store = type("Store", (), {"url": f"http://localhost:{int(process.stdout.readline())}/", "merchant": merchant,
                               "api": system})
    yield store
    end(process)
    process.stdout.close()


def test_buying(store, browser, resize):  # noqa: F811
    """Scanned, approved, and told by the shop's own server within a second or two, without a complaint of the browser's; and given
    back."""
    resize(390, 844, "ko-KR")
    page = Window(browser).open(store.url)
    page.one("[data-goods=blanket]").click()
    frame = page.one("dialog iframe")
    checkout = frame.get_attribute("src").rpartition("/")[2].partition("?")[0]
    browser.switch_to.frame(frame)
    assert page.one("#merchant").text == "솔솔상점" and page.one("#amount").text == "12,900원"
    until(lambda: browser.execute_script("return document.querySelector('#qr').naturalWidth > 0"), "the QR code")
    customer = store.api.register()
    picture = store.api.get(f"/pay/checkout/{checkout}/qr.png").content
    claimed = store.api.post("/pay/codes/claim", token=customer, json={"type": "qr", "value": scan(picture)}).json()
    page.is_told("휴대폰에서 확인해 주세요")
    payment = store.merchant.approve(customer, {"id": claimed["request_id"]}).json()
    page.is_told("결제됐어요")
    browser.switch_to.default_content()
    page.shows("고맙습니다!", "#outcome")
    assert page.complaints() == []
    refund = store.api.post(f"/pay/payments/{payment['id']}/refunds", token=store.merchant.key, headers=fresh(), json={})
    assert (refund.status_code, refund.json()["owed_down_won"]) == (201, 12_900)
    assert store.api.get("/pay/summary", token=customer).json()["used_won"] == 0


def test_paying_with_the_pin_and_closing(store, browser, resize):  # noqa: F811
    resize(1280, 800, "ko-KR")
    page = Window(browser).open(store.url)
    page.one("[data-goods=mug]").click()
    browser.switch_to.frame(page.one("dialog iframe"))
    pin = page.one("#pin").text.replace(" ", "")
    customer = store.api.register()
    claimed = store.api.post("/pay/codes/claim", token=customer, json={"type": "pin", "value": pin}).json()
    page.is_told("휴대폰에서 확인해 주세요")
    browser.switch_to.default_content()
    page.one("dialog button").click()
    page.shows("결제를 취소했어요", "#outcome")
    refused = store.merchant.approve(customer, {"id": claimed["request_id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "request_cancelled")
    assert page.complaints() == []


def test_the_window_at_its_own_address(store):
    """Both web servers show it with the policy for pages that others may frame; everything else stays unframed."""
    request = store.merchant.request()
    reply = requests.get(f"{store.api.system.url}/checkout/{request['checkout_id']}?language=en", timeout=10)
    assert reply.status_code == 200 and "/checkout/app.js" in reply.text
    assert reply.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors *")
    assert "X-Frame-Options" not in reply.headers
    script = requests.get(f"{store.api.system.url}/checkout.js", timeout=10)
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    for path in ("/", "/chat/", "/moa.css"):
        assert requests.get(store.api.system.url + path, timeout=10).headers["X-Frame-Options"] == "DENY"
    for path in ("/checkout/short", f"/checkout/{request['checkout_id']}x", "/checkout/nothing.js"):
        assert requests.get(store.api.system.url + path, timeout=10).status_code == 404


def test_the_shops_server(store):
    """The page cannot say what things cost, and sees no key."""
    assert requests.post(store.url + "orders", json={"goods": "blanket", "amount_won": 1}, timeout=10).json()["amount_won"] == 12900
    for body in (b"", b"[]", b"{}", b'{"goods": "../x"}', b"{", b'{"goods": ["blanket"]}', b"x" * 5000):
        assert requests.post(store.url + "orders", data=body, timeout=10).status_code in (404, 413)
    for path in ("", "shop.js", "orders/x", "shop.py", "../shop.py"):
        assert store.merchant.key not in requests.get(store.url + path, timeout=10).text
