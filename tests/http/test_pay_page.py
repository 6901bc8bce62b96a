"""The customer's page behind the QR code, in a browser: signing in on the way, points, the limit, lost replies,
checking in, and repaying."""

import re

import pytest
from selenium.webdriver.common.keys import Keys

from browser import browser, resize  # noqa: F401  pylint: disable=unused-import
from debts import give_points
from moa import TREE
from pay_page import PayPage
from servers import until
from shop import shop  # noqa: F401  pylint: disable=unused-import

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
          "form-action 'none'; frame-ancestors 'none'")

# The first reply to a call whose address has this in it is lost after the server has sent it.
LOSE = """
const real = window.fetch;
let lost = false;
window.fetch = async (url, more) => {
	const reply = await real(url, more);
	if (lost || !url.includes(arguments[0]))
		return reply;
	lost = true;
	throw new TypeError("lost");
};
"""


# The session has ended: an approval is refused, and so is a new token, until somebody signs in.
EXPIRE = """
const real = window.fetch;
window.fetch = async (url, more) => {
	if (url.includes("/auth/login"))
		window.fetch = real;
	return /approve|auth.refresh/.test(url) ? new Response("{}", { status: 401 }) : real(url, more);
};
"""


@pytest.fixture
def page(browser, resize):  # noqa: F811
    """page(width, height, language): a fresh page of that size in that language."""
    def make(*size):
        resize(*size)
        return PayPage(browser)

    return make


@pytest.fixture
def customer(api):
    return api.register()


def payments(api, customer):
    return api.get("/pay/payments", token=customer).json()["items"]


def test_scanned(api, postgres, shop, customer, page):  # noqa: F811
    """What the camera opens leads through the door to the bill; some of it is paid with points.  Korean, on the smallest phone."""
    give_points(postgres, customer, 900)
    request = shop.request(12_900, name="따뜻한 담요")
    here = page(320, 568, "ko-KR").open(request["qr"]["payload"])
    assert here.one("#sign_in button").text == "로그인"
    here.sign_in(customer)
    assert (here.one("#merchant").text, here.one("#name").text, here.one("#amount").text) == (shop.name, "따뜻한 담요", "12,900원")
    here.one("#all").click()
    assert here.rows("#sum") == {"나중에 낼 금액": "12,000원", "남은 한도": "88,000원"}
    assert here.fits()
    here.one("#pay").click()
    here.is_told("결제했어요")
    assert here.text("#detail") == [f"{shop.name}, 따뜻한 담요"] and here.fits()
    assert {"포인트": "900", "나중에 낼 금액": "12,000원", "적립 포인트": "24"}.items() <= here.rows("#receipt").items()
    [payment] = payments(api, customer)
    assert (payment["request_id"], payment["points_used"]) == (request["id"], 900)
    here.one("#again").click()
    until(lambda: "88,000원" in here.rows("#money").values(), "what is left to spend")
    assert here.complaints() == [] and here.browser.current_url == api.system.url + "/pay/"


def test_typed_with_the_keyboard_alone(api, shop, customer, page):  # noqa: F811
    """The sixth digit looks the PIN up; Tab and Enter pay.  English, on a desktop."""
    request = shop.request(8_500, name="머그잔")
    here = page(1280, 800).at_home(api, customer)
    here.is_at("#pin")
    here.one("#pin").send_keys(request["pin"])
    here.is_at("#name")
    for _ in range(3):  # points, all of them, pay
        here.browser.switch_to.active_element.send_keys(Keys.TAB)
    here.is_at("#pay")
    here.browser.switch_to.active_element.send_keys(Keys.ENTER)
    here.is_told("Paid")
    here.is_at("#headline")
    assert [payment["amount_won"] for payment in payments(api, customer)] == [8_500]
    assert here.complaints() == []


def test_codes_that_lead_nowhere(api, shop, customer, page):  # noqa: F811
    """A scanned code that is none, about which there was no word once, one that somebody else has, one that the shop has cancelled:
    told, and the start is there."""
    taken, cancelled = shop.request(), shop.request()
    shop.claim(api.register(), taken)
    api.post(f"/pay/requests/{cancelled['id']}/cancel", token=shop.key)
    here = page().open(api.system.url + "/pay/#nonsense").sign_in(customer)
    here.shows("no such code", "#trouble")
    for request, why in ((taken, "Somebody else"), (cancelled, "cancelled")):
        here.one("#pin").send_keys(request["pin"])
        here.shows(why, "#trouble")
        until(lambda: here.one("#pin").get_attribute("value") == "", "an empty field")
    assert payments(api, customer) == []


def test_points_and_the_limit(api, postgres, shop, customer, page):  # noqa: F811
    """What cannot be paid is said before anybody presses, and what can, when there are points enough."""
    give_points(postgres, customer, 30_000)
    request = shop.request(120_000)
    here = page().open(request["qr"]["payload"]).sign_in(customer)
    here.shows("20,000 won short", "#wrong")
    assert here.one("#pay").get_attribute("disabled")
    for typed, why in (("30001", "up to 30,000"), ("abc", "Digits only"), ("-5", "Digits only"), ("19999", "1 won short")):
        here.one("#points").clear()
        here.one("#points").send_keys(typed)
        assert why in here.one("#wrong").text
    here.one("#points").clear()
    here.one("#points").send_keys("20000")
    here.one("#pay").click()
    here.is_told("Paid")
    assert [(payment["points_used"], payment["credit_won"]) for payment in payments(api, customer)] == [(20_000, 100_000)]


def test_a_lost_reply_is_no_second_purchase(api, shop, customer, page):  # noqa: F811
    """Paid, but nobody was told: pressing again tells.  So does pressing after a reload, with other points, too."""
    for change in (None, "reload"):
        request = shop.request(1_000)
        here = page().open(api.system.url + "/")
        here.open(request["qr"]["payload"])
        if change is None:
            here.sign_in(customer)
        here.one("#pay")
        here.browser.execute_script(LOSE, "/approve")
        here.one("#pay").click()
        here.shows("never pay twice", "#trouble")
        until(lambda: not here.one("#pay").get_attribute("disabled"), "the button")
        if change:
            here.one("#points").clear()
            here.one("#points").send_keys("1")
        here.one("#pay").click()
        here.is_told("Paid")
        assert here.rows("#receipt")["Points"] == "0"
    assert len(payments(api, customer)) == 2


def test_signed_out_in_the_middle(api, shop, customer, page):  # noqa: F811
    """Whoever has to sign in again finds the bill, typed PIN or not."""
    here = page().at_home(api, customer)
    here.one("#pin").send_keys(shop.request()["pin"])
    here.one("#pay")
    here.browser.execute_script(EXPIRE)
    here.one("#pay").click()
    here.shows("signed out", "#door p")
    here.sign_in(customer)
    here.one("#pay").click()
    here.is_told("Paid")


def test_cancelled_before_it_was_approved(api, shop, customer, page):  # noqa: F811
    request = shop.request()
    here = page().open(request["qr"]["payload"]).sign_in(customer)
    here.one("#pay")
    api.post(f"/pay/requests/{request['id']}/cancel", token=shop.key)
    here.one("#pay").click()
    here.is_told("Nothing was paid")
    assert "cancelled" in here.one("#detail").text and here.text("#receipt dt") == []


def test_a_server_that_is_busy(api, shop, customer, page):  # noqa: F811
    """A code that could not be looked up is looked up again, not typed again."""
    request = shop.request()
    here = page().at_home(api, customer)
    here.browser.execute_script(LOSE, "/claim")
    here.one("#pin").send_keys(request["pin"])
    here.shows("check your connection", "#trouble")
    here.one("#trouble button").click()
    assert here.one("#amount").text == "12,900 won"


def test_checking_in(api, customer, page):
    """Once a day, and what was drawn is there to be spent."""
    here = page().at_home(api, customer)
    here.one("#check_in button").click()
    here.shows("points for you!", "#news")
    points = api.get("/pay/check_in", token=customer).json()["points"]
    until(lambda: here.text("#check_in") == [f"Today's check-in gave you {points} points."], "what was drawn")
    assert here.rows("#money")["Points"] == str(points) and here.complaints() == []


def test_checked_in_elsewhere(api, customer, page):
    here = page().at_home(api, customer)
    button = here.one("#check_in button")
    api.post("/pay/check_in", token=customer)
    button.click()
    here.shows("You have checked in today.", "#trouble")
    until(lambda: not here.all("#check_in button"), "the button to go")


def test_repaying(api, shop, customer, page):  # noqa: F811
    """Left without paying; and then through the gateway's window and back."""
    shop.buy(customer, 30_000)
    here = page(360, 740, "ko-KR").at_home(api, customer)
    here.one("#bills button").click()
    here.one("button[value=leave]").click()
    here.shows("갚지 않았어요", "#trouble")
    until(lambda: here.browser.current_url.endswith("/pay/"), "the start")
    here.one("#bills button").click()
    pay = here.one("button[value=pay]")
    assert here.one("h1").text == "30,000원"
    pay.click()
    here.is_told("갚았어요")
    assert here.text("#detail") == ["30,000원을 갚았어요. 한도도 그만큼 돌아왔어요."]
    assert api.get("/pay/summary", token=customer).json()["used_won"] == 0
    here.one("#again").click()
    until(lambda: here.text("#bills li") == ["갚을 금액이 없어요."], "no bills")
    assert here.complaints() == []


def test_a_repayment_is_confirmed_once(api, gateway, shop, customer, page):  # noqa: F811
    """Coming back again with the same address, as a browser does that has lost its page, asks again and books nothing twice."""
    shop.buy(customer, 30_000)
    here = page().at_home(api, customer)
    here.one("#bills button").click()
    gateway.faults["confirm"] = ["500-after"]
    gateway.faults["query"] = ["500-before"]
    here.one("button[value=pay]").click()
    here.shows("never pay twice", "#trouble")
    here.browser.refresh()
    here.is_told("Repaid")
    assert api.get("/pay/summary", token=customer).json()["grade_points"] == 3


@pytest.mark.parametrize("server", ["api", "apache"])
def test_its_files_are_served(server, request):
    """By both web servers, under a policy that lets nothing in from elsewhere; nothing in the page is inline."""
    found = request.getfixturevalue(server)
    reply = found.file("/pay/")
    assert reply.headers["Content-Type"].startswith("text/html")
    assert reply.headers["Content-Security-Policy"] == POLICY
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", reply.text)
    for path in (TREE / "htdocs/pay").iterdir():
        if path.suffix in (".js", ".css"):
            reply = found.file(f"/pay/{path.name}")
            kind = "css" if path.suffix == ".css" else "javascript"
            assert reply.status_code == 200 and kind in reply.headers["Content-Type"], path.name
