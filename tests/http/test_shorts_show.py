"""GET /shorts/{id}: what a short is, and who may see it."""

import pytest

from client import assert_problem
from clips import make_short


@pytest.fixture(scope="module")
def owner(api):
    return api.register()


def test_everybody_sees_a_short_that_is_ready(api, system, owner):
    short = make_short(system, owner, title="한강 <b>야경</b>", description="#서울 밤 #Night #서울 #a_b!")
    seen = api.get(f"/shorts/{short}").json()
    assert seen["title"] == "한강 <b>야경</b>" and seen["tags"] == ["서울", "night", "a_b"]
    assert seen["status"] == "ready" and seen["reason"] is None and seen["progress"] is None
    assert (seen["width"], seen["height"], seen["duration_s"]) == (720, 1280, 12.5)
    assert seen["video_url"].startswith("/media/shorts/") and seen["video_url"].endswith(".mp4")
    assert seen["thumbnail_url"] == seen["video_url"].replace(".mp4", ".jpg")
    assert seen["channel"]["id"] == owner.id
    assert (seen["like_count"], seen["comment_count"], seen["view_count"]) == (0, 0, 0)
    assert (seen["my_reaction"], seen["subscribed"], seen["mine"]) == (None, False, False)
    assert api.get(f"/shorts/{short}", token=owner).json()["mine"] is True


@pytest.mark.parametrize("change", [
    "status = 'processing', media = NULL", "status = 'failed', reason = 'not_a_video', media = NULL", "hidden_at = now()"])
def test_what_is_not_ready_or_hidden_is_its_owners(api, system, owner, change):
    short = make_short(system, owner)
    system.postgres.query(f"UPDATE shorts.short SET {change} WHERE id = %s", short)
    assert api.get(f"/shorts/{short}", token=owner).status_code == 200
    for token in (None, api.register()):
        assert_problem(api.get(f"/shorts/{short}", token=token), 404, "not_found")


@pytest.mark.parametrize("name", ["00000000-0000-4000-8000-000000000000", "nonsense", "1"])
def test_no_such_short(api, name):
    assert_problem(api.get(f"/shorts/{name}"), 404, "not_found")


def test_a_guest_brings_no_token_or_a_good_one(api, system, owner):
    short = make_short(system, owner)
    assert_problem(api.get(f"/shorts/{short}", token="x.y.z"), 401, "token_invalid")
