"""The payment window in a browser, on its own and over a shop's page, before a stand-in that can do what a real moa does only in
bad weather; and once with the real thing."""

import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from selenium.webdriver.common.keys import Keys

from browser import browser, resize  # noqa: F401  pylint: disable=unused-import
from checkout_page import Window
from moa import TREE
from servers import until

sys.path.insert(0, str(TREE / "tests/fakes"))
from checkout import ID, Checkout  # noqa: E402

FAILS = (503, {"status": 503, "code": "dependency_unavailable", "title": "no"})


class ShopPage:
    """An empty page of another origin, with a policy as strict as can be with the window; it may call Moa.checkout."""

    def __init__(self, moa, script="", frames=None):
        policy = (f"default-src 'none'; script-src 'self' {moa.url}; connect-src {moa.url}; frame-src {frames or moa.url}; "
                  "base-uri 'none'")
        files = {
            "/": ("text/html; charset=utf-8", "<!doctype html><html lang=ko><title>shop</title><body><p>shop</p>"
                  f"<script src=/first.js></script><script src={moa.url}/checkout.js></script>"),
            "/first.js": ("text/javascript", script),
        }

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                kind, text = files.get(self.path, ("text/plain", ""))
                self.send_response(200 if self.path in files else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://localhost:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def moa():
    server = Checkout(TREE / "htdocs").start()
    yield server
    server.cancelled.set()
    server.say(status="expired")
    server.stop()


@pytest.fixture
def window(browser, resize, moa):
    """window(width, height, language): the window at its own address."""
    def make(width=360, height=640, language="ko-KR"):
        resize(width, height, language)
        return Window(browser).open(f"{moa.url}/checkout/{ID}")

    return make


@pytest.fixture
def shop(browser, resize, moa):
    """shop(script, frames): a shop's page on which Moa.checkout has been called; .outcome() is what it came to, so far."""
    made = []

    def make(script="", frames=None, width=1280, height=800, identity=ID):
        made.append(ShopPage(moa, script, frames))
        resize(width, height, "ko-KR")
        page = Window(browser).open(made[-1].url)
        page.outcome = lambda: browser.execute_script("return window.outcome ?? null")
        browser.execute_script("""
            Moa.checkout({ id: arguments[0] }).then((outcome) => { window.outcome = outcome; },
                (fault) => { window.outcome = String(fault); })""", identity)
        return page

    yield make
    for each in made:
        each.stop()


def click(page, selector):
    page.browser.execute_script("document.querySelector(arguments[0]).click()", selector)


def test_a_payment_from_the_codes_to_paid(window, moa):
    page = window()
    assert page.one("#pin").text == "012 345" and page.one("#pin").get_attribute("aria-label") == "0 1 2 3 4 5"
    assert page.one("#amount").text == "12,900원"
    assert page.one("#merchant").text == "모아 상점" and page.one("#name").text == "따뜻한 담요"
    until(lambda: page.browser.execute_script("return document.querySelector('#qr').naturalWidth > 0"), "the QR code")
    assert page.one("#qr").get_attribute("alt")
    until(lambda: "1:5" in page.one("#left").text, "the seconds to count down")
    moa.say(status="claimed")
    page.is_told("휴대폰에서 확인해 주세요")
    assert not page.one("#bill").get_attribute("hidden") and page.all("#codes[hidden]")
    moa.say(status="paid")
    page.is_told("결제됐어요")
    assert page.all("#cancel[hidden]") and page.all("#clock[hidden]")
    assert "결제됐어요" in page.text("#live")[0]
    asked = len(moa.calls)
    assert moa.calls.count(("GET", "/events")) == 1 and asked < 8
    assert page.complaints() == []


def test_what_the_merchant_wrote_is_text(window, moa):
    """Names that would be markup, or run over everything, are shown as they are."""
    nasty = '<img src=x onerror="document.title=1"><script>document.title=2</script>&lt;b&gt;'
    moa.say(merchant=nasty, name="담요" * 50 + "\u202e" + "<b>")
    page = window(320, 568)
    assert page.text("#merchant") == [nasty]
    assert page.text("#name")[0].endswith("<b>")
    assert page.all("main img:not(#qr)") == [] and page.browser.title == "결제 · moa"
    assert page.browser.execute_script("return document.documentElement.scrollWidth") == 320
    assert page.complaints() == []


@pytest.mark.parametrize("size", [(320, 568), (360, 640), (390, 844), (740, 360), (416, 704), (1280, 800)])
def test_it_fits_any_screen(window, size):
    page = window(*size)
    page.one("#pin")
    assert page.fits() or size == (740, 360), page.browser.execute_script("return document.documentElement.scrollHeight")
    small = page.browser.execute_script("""
        return [...document.querySelectorAll("button")].filter((b) => b.offsetHeight && b.offsetHeight < 44).length""")
    assert small == 0


def test_both_languages(window):
    page = window(language="en-US")
    assert page.one("#cancel").text == "Cancel payment" and page.one("#amount").text == "12,900 won"
    page.one("#language").click()
    assert page.one("#cancel").text == "결제 취소" and page.browser.title == "결제 · moa"
    page.browser.refresh()
    assert page.one("#cancel").text == "결제 취소"
    page.open(page.browser.current_url + "?language=en")
    assert page.one("#cancel").text == "Cancel payment"
    assert page.browser.execute_script("return document.documentElement.lang") == "en"


@pytest.mark.parametrize("ahead_s", [-7200, 7200])
def test_the_time_left_is_the_servers(window, moa, ahead_s):
    """A browser whose clock is wrong by hours counts the same seconds."""
    moa.clock_s = ahead_s
    moa.live(90)
    page = window()
    assert page.one("#left").text in ("1:30 남았어요", "1:29 남았어요", "1:28 남았어요")


def test_the_end_of_its_time(window, moa):
    """The browser's timer decides nothing: while the server has not said so, the window asks."""
    moa.live(3)
    page = window()
    page.one("#pin")
    page.is_told("결과를 확인하고 있어요")
    moa.say(status="expired")
    page.is_told("시간이 지났어요")


def test_paid_in_the_last_moment(window, moa):
    """The page said "failed" when its timer ran out, and the payment succeeded afterwards."""
    moa.live(3)
    page = window()
    page.is_told("결과를 확인하고 있어요")
    moa.say(status="paid")
    page.is_told("결제됐어요")


def test_cancelling_in_the_window(window, moa):
    page = window()
    page.one("#cancel").click()
    page.is_told("결제를 취소했어요")
    assert moa.calls.count(("POST", "/close")) == 1


def test_there_is_no_such_payment(window, moa):
    moa.script = lambda method, what: (404, {"status": 404, "code": "not_found", "title": "no"})
    page = window()
    page.is_told("이 결제를 찾을 수 없어요")
    asked = len(moa.calls)
    # Coming back online makes a page that still waits ask at once.
    page.browser.execute_async_script("""
        dispatchEvent(new Event("online"));
        setTimeout(() => fetch("/checkout.js").then(arguments[0]));""")
    assert len(moa.calls) == asked


def test_without_a_stream_it_asks(window, moa):
    """The server has no room for another stream: the window learns of everything all the same."""
    moa.script = lambda method, what: FAILS if what == "/events" else None
    page = window()
    assert page.one("#pin").text == "012 345"
    moa.say(status="claimed")
    page.is_told("휴대폰에서 확인해 주세요")
    moa.say(status="paid")
    page.is_told("결제됐어요")


def test_a_server_that_fails_for_a_while(window, moa):
    moa.script = lambda method, what: FAILS
    page = window()
    page.one("#trouble")
    moa.script = None
    assert page.one("#pin").text == "012 345"
    until(lambda: page.all("#trouble[hidden]"), "the note to go")


def test_over_a_shops_page_paid(shop, moa):
    """The shop's page is told at once, under the strictest policy there is."""
    page = shop()
    page.one("dialog iframe")
    until(lambda: ("GET", "/events") in moa.calls, "the stream")
    moa.say(status="claimed")
    moa.say(status="paid")
    changed = time.monotonic()
    until(lambda: page.outcome() == "paid", "the outcome")
    assert time.monotonic() - changed < 1
    until(lambda: page.all("dialog") == [], "the window to go")
    assert page.complaints() == []


def test_over_a_shops_page_expired(shop, moa):
    page = shop()
    moa.say(status="expired")
    until(lambda: page.outcome() == "expired", "the outcome")


@pytest.mark.parametrize("how", ["button", "escape", "escape in the frame", "cancel in the frame", "dialog"])
def test_closing_the_window_settles_the_promise(shop, moa, how):
    """"Close" cleared the window and left the merchant's promise pending for ever."""
    page = shop()
    frame = page.one("dialog iframe")
    if "frame" in how:
        page.browser.switch_to.frame(frame)
        button = page.one("#cancel")
        if how.startswith("escape"):
            button.send_keys(Keys.ESCAPE)
        else:
            button.click()
        page.browser.switch_to.default_content()
    elif how == "button":
        page.one("dialog button").click()
    elif how == "escape":
        page.one("dialog button").send_keys(Keys.ESCAPE)
    else:
        page.browser.execute_script("document.querySelector('dialog').close()")
    until(lambda: page.outcome() == "cancelled", "the outcome")
    assert moa.calls.count(("POST", "/close")) == 1 and moa.bill["status"] == "cancelled"
    until(lambda: page.all("dialog") == [], "the window to go")


def test_closing_when_it_has_just_been_paid(shop, moa):
    """The shop is told what holds, not what was pressed."""
    moa.script = lambda method, what: FAILS if method == "GET" else None
    page = shop()
    moa.say(status="paid")
    page.one("dialog button").click()
    until(lambda: page.outcome() == "paid", "the outcome")


@pytest.mark.parametrize("answer", [FAILS, "silence"])
def test_a_failing_server_and_a_customer_who_closes(shop, moa, answer):
    moa.script = lambda method, what: answer
    page = shop()
    page.one("dialog button").click()
    until(lambda: page.outcome() == "cancelled", "the outcome", 10)


@pytest.mark.parametrize("answer", [FAILS, "silence"])
def test_a_failing_server_and_a_customer_who_waits(shop, moa, answer):
    """Polling went on for ever while the server failed.  The page's clock runs fast for this test."""
    moa.script = lambda method, what: answer
    page = shop("const real = setTimeout; window.setTimeout = (call, ms) => real(call, ms / 40);")
    until(lambda: page.outcome() == "expired", "the outcome", 10)
    until(lambda: page.all("dialog") == [], "the window to go")


def test_a_window_that_the_shops_page_forbids(shop, moa):
    """No frame, no message from it: the page's own questions settle the promise."""
    page = shop(frames="'none'")
    moa.say(status="paid")
    until(lambda: page.outcome() == "paid", "the outcome")


def test_a_message_from_elsewhere_is_not_believed(shop, moa):
    page = shop()
    until(lambda: ("GET", "/events") in moa.calls, "the window")
    page.browser.execute_script("postMessage({ moa: 'checkout', id: arguments[0], status: 'paid' })", ID)
    moa.say(status="cancelled")
    until(page.outcome, "the outcome")
    assert page.outcome() == "cancelled"


def test_one_window_at_a_time(shop, moa):
    page = shop()
    page.one("dialog iframe")
    same = page.browser.execute_script("""
        return Moa.checkout({ id: arguments[0] }) === Moa.checkout({ id: arguments[0] })""", ID)
    assert same and len(page.all("dialog")) == 1
    page.browser.execute_script("Moa.checkout({ id: arguments[0] })", "D" * 22)
    until(lambda: page.outcome() == "cancelled", "the first one")
    assert len(page.all("dialog")) == 1


def test_what_is_no_id(shop):
    """Nothing to pay: an error in the shop's page, not a window."""
    page = shop(identity="../evil")
    until(lambda: "TypeError" in (page.outcome() or ""), "the rejection")
    assert page.all("dialog") == []
