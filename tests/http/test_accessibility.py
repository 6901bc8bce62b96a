"""Every page as axe-core sees it, light and dark: names, roles, contrast, and all else of WCAG 2.2 AA that a program can judge."""

import sys

import pytest

from browser import browser, resize  # noqa: F401  pylint: disable=unused-import
from debts import give_points
from moa import TREE
from nodes import node_place
from pay_page import PayPage
from servers import until
from shop import shop  # noqa: F401  pylint: disable=unused-import

sys.path.insert(0, str(TREE / "tests/fakes"))
from shorts import ME, Shorts, make_clip  # noqa: E402

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, { runOnly: arguments[0] }).then((found) => done(found.violations.flatMap((rule) =>
	rule.nodes.map((node) => `${rule.id}: ${node.html} (${node.failureSummary})`))), (e) => done([String(e)]));
"""


class Judge(PayPage):
    """A page, and what is wrong with it."""

    def look(self):
        """Nothing is wrong with what is on the screen now."""
        for scheme in ("light", "dark"):
            faults = self.faults(scheme)
            if faults:
                pytest.fail(f"{scheme}: " + "\n".join(faults))

    def faults(self, scheme):
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]})
        if not self.browser.execute_script("return Boolean(window.axe)"):
            self.browser.execute_script((node_place() / "node_modules/axe-core/axe.min.js").read_text())
        return self.browser.execute_async_script(RUN, RULES)


@pytest.fixture
def judge(browser, resize):  # noqa: F811
    resize(360, 740, "ko-KR")
    browser.set_script_timeout(20)
    yield Judge(browser)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_judging(judge):
    """Axe is asked rightly: it finds what is wrong here."""
    judge.open("data:text/html,<html><body style='background:white'><img src='data:,'><p style='color:silver'>pale")
    assert {"image-alt", "color-contrast", "html-has-lang"} <= {fault.partition(":")[0] for fault in judge.faults("light")}


def test_the_first_page_and_the_gateways_window(system, gateway, judge):
    for url in (system.url + "/", f"{gateway.url}/window?orderId=moa-1&amount=12900"):
        judge.open(url).look()


def test_the_chat(api, judge):
    customer = api.register()
    judge.open(api.system.url + "/chat/").one("#sign_in")
    judge.look()
    judge.sign_in(customer).one(".chip")
    judge.look()
    for text in ("좋아요", "캠핑 좋아해요", "3만원 이하로 추천해줘"):
        judge.one("#text").send_keys(text, "\n")
        until(lambda: not judge.all("[aria-busy]") and judge.one("#send"), "the answer")
    until(lambda: len(judge.all(".card")) == 3, "the products")
    judge.look()
    judge.one("#menu").click()
    judge.one("#side")
    judge.look()


def test_the_payment_window(api, shop, judge):  # noqa: F811
    customer, request = api.register(), shop.request()
    judge.open(request["checkout_url"]).one("#pin")
    judge.look()
    shop.claim(customer, request)
    judge.shows("휴대폰에서 확인해 주세요", "#headline")
    judge.look()
    shop.approve(customer, request)
    judge.shows("결제됐어요", "#headline")
    judge.look()


def test_the_customers_page(api, postgres, shop, judge):  # noqa: F811
    customer = api.register()
    give_points(postgres, customer, 900)
    shop.buy(customer, 30_000)
    judge.open(shop.request()["qr"]["payload"]).one("#sign_in")
    judge.look()
    judge.sign_in(customer).one("#pay")
    judge.look()
    judge.one("#points").send_keys("99999")
    judge.shows("까지 쓸 수 있어요", "#wrong")
    judge.look()
    judge.one("#all").click()
    judge.one("#pay").click()
    judge.is_told("결제했어요")
    judge.look()
    judge.one("#again").click()
    judge.one("#bills button")
    judge.look()
    judge.one("#pin").send_keys("000000")
    judge.one("#trouble")
    judge.look()


@pytest.fixture
def shorts(tmp_path):
    """A stand-in for moa's shorts: some that are not ready, a thread of comments, half a lap watched."""
    server = Shorts(TREE / "htdocs", make_clip(tmp_path / "clip")).start()
    server.shorts[1].update(status="processing", progress=43, video_url=None, thumbnail_url=None)
    server.shorts[2].update(status="failed", reason="too_long", video_url=None, thumbnail_url=None)
    server.watched = {**server.watched, "lap_progress_s": 30, "points_today": 40}
    thread = server.comment({"text": "좋아요"})
    server.comment({"text": "저도요", "parent_id": thread["id"]})
    yield server
    server.stop()


SHEETS = {"talk": 2, "share": 3, "more": 4}


def test_the_shorts(shorts, judge):
    """The reel as a guest and signed in, what comes up over it, and every other screen."""
    judge.open(f"{shorts.url}/shorts/")
    judge.shows("한강의 밤", "#reel h2")
    judge.look()
    judge.one("[data-screen=me]").click()
    judge.one("#sign_in")
    judge.look()
    judge.one("[name=email]").send_keys("me@moa.example")
    judge.one("[name=password]").send_keys("moa-demo-password\n")
    judge.shows("올리지 못했어요", "#shelf .state")
    judge.look()
    for where, what in (("me/subscriptions", "#shelf .follow"), (f"channel/{ME}", "#channel .tile"), ("search", "#found .none"),
                        ("search/nothing", "#found .none"), ("search/x", "#found .tile"), ("upload", "#upload h1")):
        judge.browser.execute_script("location.hash = arguments[0]", where)
        judge.one(what)
        judge.look()
    judge.all("#file")[0].send_keys(str(shorts.clip))
    judge.shows("다 보냈어요", "#sent_word")
    judge.one("#hand_in").click()
    judge.one("#upload_wrong")
    judge.look()
    judge.one("[data-screen=feed]").click()
    until(lambda: judge.all("#reel .rail button"), "the reel")
    for name, nth in SHEETS.items():
        judge.all("#reel .rail button")[nth].click()
        judge.one(f"#{name}[open]")
        until(lambda n=name: n != "talk" or judge.all("#threads .said"), "the comments")
        judge.look()
        if name != "more":
            judge.one(f"#{name} [data-close]").click()
    judge.one("#acts button").click()
    judge.one("#report [type=submit]").click()
    judge.one("#report_wrong")
    judge.look()
