"""The page for shorts before the real programs: what is pressed there arrives, and what is there is shown."""

import os
import secrets
import shutil
import sys

import pytest

from browser import browser, resize  # noqa: F401  pylint: disable=unused-import
from clips import make_short
from moa import TREE
from servers import until
from shorts_page import ShortsPage

sys.path.insert(0, str(TREE / "tests/fakes"))
from shorts import make_clip  # noqa: E402


@pytest.fixture
def page(browser, resize):  # noqa: F811
    """page(width, height, language): a fresh page of that size in that language."""
    def make(*size):
        resize(*size)
        return ShortsPage(browser)

    return make


@pytest.fixture
def owner(api):
    customer = api.register()
    assert api.patch("/auth/me", token=customer, json={"nickname": "달리는 곰"}).status_code == 200
    return customer


def complaints(page):
    """But of the videos, which have no files here."""
    return [line for line in page.complaints() if "/media/" not in line]


def test_what_people_do(api, system, owner, page):
    """A shared link; liked, commented, replied to, followed, reported; and all of it again after a reload."""
    customer = api.register()
    short = make_short(system, owner, title="강아지 <b>산책</b>", description="한강에서 #강아지 #산책")
    api.post(f"/shorts/{short}/comments", token=owner, json={"text": "어때요?"})
    here = page(360, 740, "ko-KR").enter(system.url, customer, short)
    until(lambda: here.text("#reel h2")[:1] == ["강아지 <b>산책</b>"], "the short")
    assert here.at_short(0, ".channel").text.endswith("달리는 곰")
    here.press("l")
    until(lambda: api.get(f"/shorts/{short}", token=customer).json()["my_reaction"] == "like", "the like")
    here.at_short(0, ".follow").click()
    here.shows("달리는 곰 채널을 구독했어요", "#toast")
    here.press("c")
    until(lambda: here.text("#threads .text") == ["어때요?"], "the comment")
    here.all("#threads .acts .link")[0].click()
    here.one("#comment").send_keys("좋아요 <i>정말</i>\n")
    until(lambda: here.text(".replies .text") == ["좋아요 <i>정말</i>"], "the reply")
    here.one("#comment").send_keys("또 보고 싶어요\n")
    until(lambda: here.text("#threads .text") == ["또 보고 싶어요", "어때요?", "좋아요 <i>정말</i>"], "the other comment")
    here.all("#threads .acts .link")[1].click()
    here.one("#sure [value=yes]").click()
    until(lambda: api.get(f"/shorts/{short}").json()["comment_count"] == 2, "the comment to go")
    assert here.text("#talk_title") == ["댓글 2"]
    here.one("#talk [data-close]").click()
    here.all("#reel .rail button")[4].click()
    here.one("#acts button").click()
    here.all("#reasons input")[0].click()
    here.one("#report_text").send_keys("광고예요")
    here.one("#report [type=submit]").click()
    here.shows("신고했어요", "#toast")
    assert system.postgres.query("SELECT reason, text FROM shorts.report WHERE short_id = %s", short) == [("spam", "광고예요")]
    here.browser.refresh()
    until(lambda: here.text("#reel h2")[:1] == ["강아지 <b>산책</b>"], "the short")
    like, _, talk = here.all("#reel .rail button")[:3]
    assert (like.text, like.get_attribute("aria-pressed"), talk.text) == ("1", "true", "2")
    assert here.at_short(0, ".follow").get_attribute("aria-pressed") == "true"
    assert complaints(here) == []


def test_a_channel_and_my_page(api, system, owner, page):
    """Orders, followers, what was liked and commented on; one's own are edited and deleted."""
    customer = api.register()
    old, new = (make_short(system, owner, title=title, age=age) for title, age in (("첫 영상", "2 days"), ("새 영상", "1 hour")))
    api.put(f"/shorts/{old}/reaction", token=customer, json={"type": "like"})
    api.put(f"/shorts/channels/{owner.id}/subscription", token=customer)
    here = page(1280, 800, "ko-KR").enter(system.url, customer, f"channel/{owner.id}")
    until(lambda: here.text("#channel .tile .name") == ["새 영상", "첫 영상"], "the newest first")
    here.shows("구독자 1명 · 영상 2개", "#channel_head .counts")
    here.all("#sorts .chip")[1].click()
    until(lambda: here.text("#channel .tile .name") == ["첫 영상", "새 영상"], "the best first")
    here.one("[data-screen=me]").click()
    here.all("#shelves .chip")[1].click()
    until(lambda: here.text("#shelf .name") == ["첫 영상"], "what was liked")
    here.all("#shelves .chip")[3].click()
    until(lambda: here.text("#shelf strong") == ["달리는 곰"], "who is followed")
    here.one("#shelf .follow").click()
    until(lambda: api.get(f"/shorts/channels/{owner.id}").json()["subscriber_count"] == 0, "to follow no more")

    here.one("#leave").click()
    here = page(1280, 800, "ko-KR").enter(system.url, owner, "me")
    until(lambda: here.text("#shelf .upload strong") == ["새 영상", "첫 영상"], "my videos")
    here.all("#shelf .upload .link")[0].click()
    here.one("#new_title").clear()
    here.one("#new_title").send_keys("고친 제목")
    here.one("#new_description").send_keys("#태그")
    here.one("#edit [type=submit]").click()
    until(lambda: api.get(f"/shorts/{new}").json()["tags"] == ["태그"], "the tag")
    until(lambda: here.text("#shelf .upload strong") == ["고친 제목", "첫 영상"], "the new title")
    here.all("#shelf .upload .link")[1].click()
    here.one("#sure [value=yes]").click()
    until(lambda: api.get(f"/shorts/{new}").status_code == 404, "the video to go")
    until(lambda: here.text("#shelf .upload strong") == ["첫 영상"], "the other one alone")
    assert complaints(here) == []


@pytest.mark.parametrize("server", ["api", "apache"])
def test_an_upload(server, request, page, tmp_path):
    """Every byte arrives, in pieces, through both web servers; handed in, it is on my page."""
    found = request.getfixturevalue(server)
    path, customer = tmp_path / "산책.mp4", found.register()
    path.write_bytes(os.urandom(5 << 20))
    here = page(360, 740, "ko-KR").enter(found.system.url, customer, "upload")
    here.one("#upload h1")
    here.all("#file")[0].send_keys(str(path))
    here.shows("다 보냈어요", "#sent_word")
    [(file, received)] = found.system.postgres.query("SELECT file, received FROM shorts.upload WHERE customer_id = %s", customer.id)
    assert received == 5 << 20 and (found.system.shorts_dir / "uploads" / file).read_bytes() == path.read_bytes()
    here.one("#upload_title").send_keys("한강 산책")
    here.one("#hand_in").click()
    until(lambda: here.text("#shelf .upload strong") == ["한강 산책"], "my page")
    here.shows("영상을 준비하고 있어요", "#shelf .state")
    assert complaints(here) == []


def test_a_guest_looks_around(api, system, owner, page):
    """The feed, a misspelt search that finds, the channel, and the comments; whoever wants to say something is shown the door."""
    short = make_short(system, owner, title="노을 전망대", description="#노을 #sunset")
    api.post(f"/shorts/{short}/comments", token=owner, json={"text": "여기 어디예요?"})
    here = page(360, 740, "ko-KR").enter(system.url)
    until(lambda: here.all("#reel article"), "the feed")
    here.one("[data-screen=search]").click()
    here.one("#query").send_keys("전맘대 sunset\n")
    until(lambda: here.text("#found .name") == ["노을 전망대"], "what was misspelt")
    here.one("#found .tile").click()
    until(lambda: here.text("#reel h2")[:1] == ["노을 전망대"], "the short")
    here.press("c")
    until(lambda: here.text("#threads .text") == ["여기 어디예요?"], "the comment")
    here.one("#comment").send_keys("저도요\n")
    here.shows("로그인하면 댓글을 쓸 수 있어요", "#door p")
    here.one("#door .plain").click()
    here.one("#reel .channel").click()
    here.shows("달리는 곰", "#channel_head h1")
    assert complaints(here) == []


@pytest.fixture
def film(api, system, owner, tmp_path):
    """A short whose video is there."""
    short = make_short(system, owner, title="파도")
    name = f"ab/{secrets.token_hex(16)}"
    system.postgres.query("UPDATE shorts.short SET media = %s WHERE id = %s", name, short)
    made, there = make_clip(tmp_path / "clip"), system.shorts_dir / "media" / name
    there.parent.mkdir(parents=True, exist_ok=True)
    for ending in (".mp4", ".jpg"):
        shutil.copy(made.with_suffix(ending), f"{there}{ending}")
    return short


def test_watching(api, system, film, page):
    """Three seconds of a video that plays are a view, and begin a lap of points."""
    customer = api.register()
    here = page(360, 740, "ko-KR").enter(system.url, customer, film)
    here.plays(0)
    until(lambda: api.get(f"/shorts/{film}").json()["view_count"] == 1, "the view")
    assert "earning" in here.one("#gauge").get_attribute("class") and here.text("#gauge_points") == ["0"]
    until(lambda: float(here.one("#gauge_ring").get_attribute("stroke-dashoffset")) < 100, "the lap to begin")
    here.press(" ")
    until(lambda: "runs" not in here.one("#gauge").get_attribute("class"), "the pause")
    here.one("#gauge").click()
    here.shows("오늘 0/100포인트 받았어요", "#toast")
