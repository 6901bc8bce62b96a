"""The page for shorts in a browser: the reel, points, reactions, and bad weather, which a stand-in makes."""

import re
import sys
from types import SimpleNamespace

import pytest
from selenium.webdriver.common.keys import Keys

from browser import browser, resize  # noqa: F401  pylint: disable=unused-import
from moa import TREE
from servers import until
from shorts_page import ShortsPage

sys.path.insert(0, str(TREE / "tests/fakes"))
from shorts import CUT, SILENCE, Shorts, make_clip  # noqa: E402

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; connect-src 'self'; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
SOMEBODY = SimpleNamespace(email="me@moa.example", password="moa-demo-password")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clip") / "clip")


@pytest.fixture
def moa(clip):
    server = Shorts(TREE / "htdocs", clip).start()
    yield server
    server.stop()


@pytest.fixture
def page(browser, resize):  # noqa: F811
    """page(width, height, language): a fresh page of that size in that language."""
    def make(*size):
        resize(*size)
        return ShortsPage(browser)

    yield make
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def posters(page):
    return page.browser.execute_script(
        "return [...document.querySelectorAll('#reel video')].flatMap((one, nth) => one.poster ? [nth] : [])")


def loaded(page):
    return page.browser.execute_script(
        "return [...document.querySelectorAll('#reel video')].flatMap((one, nth) => one.src ? [nth] : [])")


def test_the_reel(moa, page):
    """One plays at a time, silent at first; the next is loaded before it is seen, the next page before it is needed."""
    here = page(320, 640, "ko-KR").enter(moa.url)
    here.plays(0)
    assert here.fits() and loaded(here) == [0, 1] and posters(here) == [0, 1, 2]
    assert here.browser.execute_script("return [...document.querySelectorAll('#reel video')].every((one) => one.muted && one.loop)")
    assert here.at_short(0, "h2").text == "한강의 밤" and "조회 1.2만회" in here.at_short(0, ".when").text
    here.press("m")
    assert not here.browser.execute_script("return document.querySelector('#reel video').muted")
    here.press(" ")
    until(lambda: here.at_short(0, ".stage").get_attribute("class") == "stage still", "the pause")
    here.press(" ")
    here.plays(0)
    for nth in range(1, 12):
        here.down()
        here.plays(nth)
    assert [body for call, body in moa.calls if call == "GET /shorts/feed"] == ["limit=10", "limit=10&cursor=10"]
    assert len(here.all("#reel article")) == 12 and loaded(here) == [9, 10, 11]
    assert here.text("#reel_word") == ["끝까지 다 봤어요. 새 영상이 올라오면 다시 만나요."]
    here.press(Keys.ARROW_UP)
    here.plays(10)
    assert here.complaints() == []


def test_a_shared_link(moa, page):
    """What was shared comes first, and not once more in the feed; a link to nothing leads to the feed."""
    shared = moa.shorts[7]
    here = page().enter(moa.url, where=shared["id"])
    here.plays(0)
    assert here.text("#reel h2")[0] == shared["title"]
    until(lambda: len(here.all("#reel article")) == 10, "the feed")
    assert here.browser.execute_script("return navigator.share === undefined")
    here.all("#reel article .rail button")[3].click()
    assert here.one("#link").get_attribute("value") == f"{moa.url}/shorts/#{shared['id']}"
    here.press(Keys.ESCAPE)
    here = page().open("about:blank").enter(moa.url, where="00000000-0000-4000-8000-00000000ffff")
    here.plays(0)
    here.shows("deleted or cannot be seen", "#toast")


def test_reactions(moa, page):
    """A guest is led to the door and back to the same short; a refused one is taken back."""
    here = page().enter(moa.url)
    here.down()
    here.at_short(1, ".rail button").click()
    here.shows("Sign in to keep the videos you like", "#door p")
    here.sign_in(SOMEBODY)
    until(lambda: here.text("#reel h2")[:1] == [moa.shorts[1]["title"]], "the same short")
    like, dislike = here.all("#reel article .rail button")[:2]
    like.click()
    until(lambda: ("PUT /shorts/:id/reaction", {"type": "like"}) in moa.calls, "the like")
    until(lambda: like.text == "4" and like.get_attribute("aria-pressed") == "true", "its count")
    moa.script = lambda call, body: (403, {"code": "account_blocked", "title": "Blocked"}) if "reaction" in call else None
    dislike.click()
    here.shows("Your account is blocked", "#toast")
    until(lambda: like.get_attribute("aria-pressed") == "true" and dislike.get_attribute("aria-pressed") == "false", "what was")
    assert like.text == "4"
    moa.script = None
    like.click()
    until(lambda: moa.calls[-1] == ("PUT /shorts/:id/reaction", {"type": None}), "the like taken back")


def test_the_ring(moa, page):
    """It shows what the server says: nothing for guests, laps for who is signed in, and when the day's points are all there."""
    here = page().enter(moa.url)
    here.plays(0)
    assert "guest" in here.one("#gauge").get_attribute("class")
    here.one("#gauge").click()
    here.shows("10 points for every minute", "#toast")
    assert not any("watch" in call for call, _ in moa.calls)
    moa.watched = {"next_in_s": 1, "lap_progress_s": 30, "points_earned": 0, "points_today": 20, "daily_cap": 100}
    here.one("#toast button").click()
    here.sign_in(SOMEBODY)
    until(lambda: here.one("#gauge").get_attribute("class") == "gauge earning runs", "the ring to run")
    until(lambda: here.text("#gauge_points") == ["20"], "the points")
    assert here.one("#gauge_ring").get_attribute("stroke-dashoffset") == "50"
    assert ("POST /shorts/:id/watch", {"playing": True}) in moa.calls
    moa.watched = {**moa.watched, "points_earned": 10, "points_today": 100, "lap_progress_s": 0}
    here.shows("all of today's 100", "#toast")
    assert "full" in here.one("#gauge").get_attribute("class")
    here.press(" ")
    until(lambda: moa.calls[-1] == ("POST /shorts/:id/watch", {"playing": False}), "the last beat")
    assert here.complaints() == []


def test_nothing_moves_by_itself_for_who_asks(moa, page, browser):  # noqa: F811
    """With reduced motion a video starts when somebody starts it."""
    here = page()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]})
    here.enter(moa.url)
    until(lambda: here.text("#reel h2") and here.at_short(0, ".stage").get_attribute("class") == "stage still", "the poster")
    assert here.browser.execute_script("return document.querySelector('#reel video').paused")
    here.press(" ")
    here.plays(0)


def test_bad_weather(moa, page):
    """No reply, a busy server, a file that is not there: said, with something to do; then it goes on."""
    weather = [CUT, (503, {"code": "overloaded", "title": "busy"}, ("Retry-After", "1"))]
    moa.script = lambda call, body: weather.pop(0) if call == "GET /shorts/feed" and weather else None
    here = page().enter(moa.url)
    here.shows("You are offline", "#toast")
    here.one("#toast button").click()
    here.shows("Many people are here", "#toast")
    here.one("#toast button").click()
    here.plays(0)
    moa.lost = True
    here.browser.refresh()
    here.shows("could not be loaded", ".trouble .word")
    moa.lost = False
    here.at_short(0, ".trouble button").click()
    here.plays(0)


def test_a_silent_server(moa, page):
    """While nothing comes, the page says that it waits, and can be left."""
    moa.script = lambda call, body: SILENCE if call == "GET /shorts/feed" else None
    here = page().enter(moa.url)
    here.shows("Loading", "#reel_word")
    here.one("[data-screen=search]").click()
    here.one("#query")
    moa.cancelled.set()


@pytest.mark.parametrize("server", ["api", "apache"])
def test_its_files_are_served(server, request):
    """By both web servers, under a policy that lets nothing in from elsewhere; nothing in the page is inline."""
    found = request.getfixturevalue(server)
    url = found.system.url + "/shorts/"
    reply = found.session.get(url, timeout=10)
    assert reply.headers["Content-Type"].startswith("text/html")
    assert reply.headers["Content-Security-Policy"] == POLICY
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", reply.text)
    for path in (TREE / "htdocs/shorts").iterdir():
        if path.suffix in (".js", ".css"):
            reply = found.session.get(url + path.name, timeout=10)
            kind = "css" if path.suffix == ".css" else "javascript"
            assert reply.status_code == 200 and kind in reply.headers["Content-Type"], path.name
