"""The page for shorts in a browser: the reel, points, reactions, and bad weather, which a stand-in makes."""

import os
import re
import sys
import threading
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


def test_a_link_to_what_was_hidden(moa, page):
    """Its owner may follow it, but there is no video to play."""
    moa.shorts[7].update(hidden=True, video_url=None, thumbnail_url=None)
    here = page().enter(moa.url, where=moa.shorts[7]["id"])
    here.shows("This video could not be loaded.", "#reel article .word")
    here.press(Keys.ARROW_DOWN)
    here.plays(1)
    assert here.complaints() == []


def test_keys_in_quick_succession(moa, page):
    """A press while the reel still moves counts from what is seen by then."""
    here = page().enter(moa.url)
    here.plays(0)
    here.browser.execute_script("""
        const reel = document.getElementById("reel");
        reel.addEventListener("scroll", function again() {
            if (reel.scrollTop > reel.clientHeight / 2) {
                reel.removeEventListener("scroll", again);
                document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
            }
        });""")
    here.press(Keys.ARROW_DOWN)
    here.plays(2)


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
    here.plays(0)
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
    until(lambda: here.one("#gauge_ring").get_attribute("stroke-dashoffset") == "50", "half a ring")
    assert ("POST /shorts/:id/watch", {"playing": True}) in moa.calls
    moa.watched = {**moa.watched, "points_earned": 10, "points_today": 100, "lap_progress_s": 0}
    here.shows("all of today's 100", "#toast")
    until(lambda: "full" in here.one("#gauge").get_attribute("class"), "a full ring")
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
    """While nothing comes, the page says that it waits, and can be left; what comes then plays when it is looked at, and not before."""
    go = threading.Event()
    moa.script = lambda call, body: go.wait(20) and None if call == "GET /shorts/feed" else None
    here = page().enter(moa.url)
    here.shows("Loading", "#reel_word")
    here.one("[data-screen=search]").click()
    here.one("#query")
    go.set()
    until(lambda: loaded(here) == [0, 1], "the feed")
    assert here.browser.execute_script("return [...document.querySelectorAll('#reel video')].every((one) => one.paused)")
    here.one("[data-screen=feed]").click()
    here.plays(0)


@pytest.mark.parametrize("server", ["api", "apache"])
def test_its_files_are_served(server, request):
    """By both web servers, under a policy that lets nothing in from elsewhere; nothing in the page is inline."""
    found = request.getfixturevalue(server)
    reply = found.file("/shorts/")
    assert reply.headers["Content-Type"].startswith("text/html")
    assert reply.headers["Content-Security-Policy"] == POLICY
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", reply.text)
    for path in (TREE / "htdocs/shorts").iterdir():
        if path.suffix in (".js", ".css"):
            reply = found.file(f"/shorts/{path.name}")
            kind = "css" if path.suffix == ".css" else "javascript"
            assert reply.status_code == 200 and kind in reply.headers["Content-Type"], path.name


def test_comments(moa, page):
    """Threads and one level of replies; what is HTML stays text; a reply is over when it is sent; only one's own can be deleted."""
    for text in ("<b>first</b>", "second"):
        moa.comment({"text": text}).update(mine=False, author=moa.shorts[0]["channel"])
    here = page(360, 740, "ko-KR").enter(moa.url, SOMEBODY)
    here.plays(0)
    here.press("c")
    until(lambda: here.text("#threads .text") == ["second", "<b>first</b>"], "the threads")
    assert here.all("#threads b") == []
    here.all("#threads .acts .link")[0].click()
    assert here.one("#replying").text == "달리는 곰님에게 답글 쓰는 중"
    here.one("#comment").send_keys("답글이에요", Keys.ENTER)
    until(lambda: here.text(".replies .text") == ["답글이에요"], "the reply")
    until(lambda: not here.one("#comment").get_attribute("value"), "an empty line")
    assert not here.all("#replying")[0].is_displayed()
    here.one("#comment").send_keys("새 댓글", Keys.ENTER)
    until(lambda: here.text("#threads .text") == ["새 댓글", "second", "답글이에요", "<b>first</b>"], "the comment")
    sent = [body for call, body in moa.calls if call == "POST /shorts/:id/comments"]
    assert sent[0]["parent_id"] and sent[1] == {"text": "새 댓글"}
    assert here.text("#talk_title") == ["댓글 2"]
    here.one("#comment").send_keys("x" * 256, Keys.ENTER)
    here.shows("255자까지", "#talk_wrong")
    assert [node.text for node in here.all("#threads .acts .link")] == ["답글", "지우기", "답글", "답글", "지우기", "답글"]
    here.all("#threads .acts .link")[1].click()
    here.one("#sure [value=yes]").click()
    until(lambda: here.text("#threads .text") == ["second", "답글이에요", "<b>first</b>"], "the comment to go")
    assert here.fits() and here.complaints() == []


def test_searching(moa, page):
    """Also from a tag; the address says what was looked for, so that going back shows it again."""
    here = page().enter(moa.url, where="search")
    here.shows("A misspelt word will do", "#found .none")
    here.one("#query").send_keys("고양이 산책", Keys.ENTER)
    until(lambda: len(here.all("#found .tile")) == 12, "the videos")
    assert ("GET /shorts/search", "q=%EA%B3%A0%EC%96%91%EC%9D%B4%20%EC%82%B0%EC%B1%85") in moa.calls
    here.all("#found .tile")[3].click()
    here.plays(0)
    assert here.text("#reel h2")[0] == moa.shorts[3]["title"]
    here.browser.back()
    here.one("#found .tile")
    assert sum(call == "GET /shorts/search" for call, _ in moa.calls) == 1
    here.browser.execute_script("location.hash = 'search/nothing'")
    here.shows("Nothing fits “nothing”", "#found .none")
    here.one("[data-screen=feed]").click()
    here.one("#reel .description a").click()
    until(lambda: here.one("#query").get_attribute("value") == "#산책", "the tag")
    assert here.complaints() == []


def test_a_channel(moa, page):
    here = page().enter(moa.url, SOMEBODY, f"channel/{moa.shorts[0]['channel']['id']}")
    here.shows("달리는 곰", "#channel_head h1")
    until(lambda: len(here.all("#channel .tile")) == 12, "its videos")
    here.one("#channel_head .follow").click()
    here.shows("8 followers", "#channel_head .counts")
    assert here.one("#channel_head .follow").text == "Following"
    here.all("#sorts .chip")[1].click()
    until(lambda: moa.calls[-1] == ("GET /shorts/channels/:id/shorts", "limit=30&sort=popular"), "the order")
    here.one("[data-screen=feed]").click()
    until(lambda: here.all("#reel .follow"), "the reel")
    moa.script = lambda call, body: CUT if "subscription" in call else None
    here.at_short(0, ".follow").click()
    here.shows("You are offline", "#toast")
    until(lambda: here.at_short(0, ".follow").text == "Follow", "what was")


def test_my_page(moa, page):
    """What is being made ready, what failed and why; it is looked after until it is ready."""
    moa.shorts[1].update(status="processing", progress=43, video_url=None, thumbnail_url=None)
    moa.shorts[2].update(status="failed", reason="too_long", video_url=None, thumbnail_url=None)
    moa.shorts[3].update(hidden=True, video_url=None, thumbnail_url=None)
    here = page(320, 640, "ko-KR").enter(moa.url, SOMEBODY, "me")
    until(lambda: len(here.all("#shelf .upload")) == 12, "my videos")
    states = here.text("#shelf .upload .state:nth-child(2)")
    assert states[1:4] == ["영상을 준비하고 있어요, 43%", "올리지 못했어요: 영상이 60초보다 길어요.", "운영자가 가린 영상이에요"]
    # Only what can be watched is linked.
    assert [bool(item.find_elements("css selector", "a")) for item in here.all("#shelf .upload")[:5]] == [True, False, False, False, True]
    assert here.fits()
    moa.shorts[1].update(status="ready", progress=None, video_url="/media/shorts/1.mp4", thumbnail_url="/media/shorts/1.jpg")
    until(lambda: "조회" in here.text("#shelf .upload .state:nth-child(2)")[1], "the second to be ready")
    here.all("#shelf .upload .link")[0].click()
    here.one("#new_title").clear()
    here.one("#edit [type=submit]").click()
    here.shows("제목을 적어 주세요", "#edit_wrong")
    here.one("#new_title").send_keys("새 제목")
    here.one("#edit [type=submit]").click()
    until(lambda: any(call == "PATCH /shorts/:id" and body["title"] == "새 제목" for call, body in moa.calls), "the new title")
    for name in ("liked", "subscriptions", "subscribers"):
        here.browser.execute_script("location.hash = 'me/' + arguments[0]", name)
        until(lambda n=name: any(call == f"GET /shorts/me/{n}" for call, _ in moa.calls) and here.all("#shelf li"), name)
    assert here.complaints() == []


@pytest.fixture
def video(tmp_path):
    """A file that looks like one, of 3 MiB."""
    path = tmp_path / "산책.mp4"
    path.write_bytes(os.urandom(3 << 20))
    return path


def choose(here, path):
    here.one("#upload h1")
    here.all("#file")[0].send_keys(str(path))


def test_uploading(moa, page, video):
    """The file goes while its title is typed, in pieces; a break in the network costs the piece that broke; then it is handed in."""
    breaks = [CUT, (503, {"code": "overloaded", "title": "busy"}, ("Retry-After", "1"))]
    moa.script = lambda call, body: breaks.pop() if call.startswith("PATCH") and len(moa.calls) % 2 and breaks else None
    here = page(320, 640, "ko-KR").enter(moa.url, SOMEBODY, "upload")
    choose(here, video)
    here.one("#hand_in").click()
    here.shows("제목을 적어 주세요", "#upload_wrong")
    here.one("#upload_title").send_keys("한강 산책")
    here.one("#upload_description").send_keys("강아지와 #산책")
    assert here.text(".count") == ["5/50", "8/150"] and here.fits()
    here.one("#hand_in").click()
    until(lambda: here.browser.current_url.endswith("#me/uploads"), "my page")
    assert breaks == [] and moa.upload["data"] == video.read_bytes()
    [made] = [body for call, body in moa.calls if call == "POST /shorts"]
    assert (made["title"], made["description"]) == ("한강 산책", "강아지와 #산책") and len(made["upload_id"]) == 36
    here.shows("준비되면 피드에 나와요", "#toast")


def test_an_upload_goes_on_after_a_reload(moa, page, video):
    """With the same file where it was; what has arrived is not sent again."""
    moa.script = lambda call, body: SILENCE if call.startswith("PATCH") and len(moa.upload["data"]) > 1 << 20 else None
    here = page().enter(moa.url, SOMEBODY, "upload")
    choose(here, video)
    until(lambda: len(moa.upload["data"] if moa.upload else b"") > 1 << 20, "a piece")
    arrived = len(moa.upload["data"])
    here.browser.get("about:blank")
    moa.cancelled.set()
    moa.script = None
    here.enter(moa.url, where="upload")
    here.shows("of “산책.mp4” are sent", "#upload_left")
    del moa.calls[:]
    choose(here, video)
    here.shows("All of it is sent", "#sent_word")
    assert moa.upload["data"] == video.read_bytes()
    assert [call for call, _ in moa.calls if "uploads" in call][0] == "HEAD /shorts/uploads/:id"
    assert sum(len(body) for call, body in moa.calls if call.startswith("PATCH")) == (3 << 20) - arrived
    here.one("#drop").click()
    until(lambda: moa.upload is None, "the upload to go")
    here.one("#pick")


def test_an_upload_is_paused(moa, page, video):
    """And the network's absence is told."""
    moa.script = lambda call, body: CUT if call.startswith("PATCH") and len(moa.upload["data"]) else None
    here = page().enter(moa.url, SOMEBODY, "upload")
    choose(here, video)
    here.shows("Waiting for the network", "#sent_word")
    here.one("#hold").click()
    here.shows("Paused", "#sent_word")
    moa.script = None
    here.one("#hold").click()
    here.shows("All of it is sent", "#sent_word")
    assert moa.upload["data"] == video.read_bytes()


def test_uploads_that_make_way_in_a_moment(moa, page, video):
    """As those do whose creation this telephone did not hear the end of."""
    refusals = [(429, {"code": "too_many_uploads", "title": "x"}, ("Retry-After", "1"))]
    moa.script = lambda call, body: refusals.pop() if call == "POST /shorts/uploads" and refusals else None
    here = page().enter(moa.url, SOMEBODY, "upload")
    choose(here, video)
    here.shows("All of it is sent", "#sent_word")
    assert refusals == [] and moa.upload["data"] == video.read_bytes()


def test_files_that_are_no_use(moa, page, clip, tmp_path):
    """Told before anything is sent in vain: empty, too large, too long; and what the server refuses."""
    here = page().enter(moa.url, SOMEBODY, "upload")
    (tmp_path / "empty.mp4").touch()
    choose(here, tmp_path / "empty.mp4")
    here.shows("This file is empty", "#file_wrong")
    with open(tmp_path / "large.mp4", "wb") as large:
        large.truncate((200 << 20) + 1)
    choose(here, tmp_path / "large.mp4")
    here.shows("This file has 209.7 MB", "#file_wrong")
    choose(here, make_clip(tmp_path / "long", 62, "64x64"))
    here.shows("This one has 62.", "#file_wrong")
    until(lambda: here.one("#pick"), "another choice")
    moa.script = lambda call, body: (429, {"code": "too_many_uploads", "title": "x"}) if call == "POST /shorts/uploads" else None
    choose(here, clip)
    here.shows("Five uploads are not done yet", "#sent_word")


def test_the_network_comes_back(moa, page, browser):  # noqa: F811
    """Its absence is said, and what broke goes on by itself."""
    here = page().enter(moa.url)
    here.plays(0)
    moa.script = lambda call, body: CUT if call == "GET /shorts/feed" else None
    browser.set_network_conditions(offline=True, latency=0, download_throughput=0, upload_throughput=0)
    try:
        here.shows("You are offline", "#offline")
        assert here.one("#offline").is_displayed()
        for _ in range(7):
            here.down()
        here.shows("You are offline", "#toast")
        until(lambda: "offline" in here.at_short(7, ".word").text, "number 7 to fail")
    finally:
        moa.script = None
        browser.delete_network_conditions()
    until(lambda: len(here.all("#reel article")) == 12, "the next page")
    assert not here.all("#offline")[0].is_displayed()
    here.plays(7)


def test_an_order_that_is_no_more(moa, page):
    """After a day the feed begins anew behind what was seen."""
    moa.script = lambda call, body: (400, {"code": "invalid_cursor", "title": "Invalid cursor"}) if (
        moa.calls[-1] == ("GET /shorts/feed", "limit=10&cursor=10")) else None
    here = page().enter(moa.url)
    here.plays(0)
    for _ in range(8):
        here.down()
    until(lambda: [body for call, body in moa.calls if call == "GET /shorts/feed"][-2:] == ["limit=10&cursor=10", "limit=10"], "the feed anew")
    here.one("[data-screen=feed]").click()
    here.plays(0)
    assert here.here() == 0


def test_back_from_the_door(moa, page):
    """By the browser's own button, and by the one that lets guests look around."""
    here = page().enter(moa.url)
    here.plays(0)
    here.one("[data-screen=me]").click()
    here.one("#sign_in")
    here.browser.back()
    here.plays(0)
    here.one("[data-screen=upload]").click()
    here.one("#sign_in")
    here.one("#door .plain").click()
    here.plays(0)
    assert here.browser.current_url.rpartition("/")[2].strip("#") in ("", moa.shorts[0]["id"])
