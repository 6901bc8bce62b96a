"""Channels, one's own page, what an owner does with a short, and what administrators do about it."""

import pytest

from client import assert_problem
from clips import make_short
from test_shorts_social import block, comment, counts, drift, react, whole
from test_shorts_verify import clear_all


@pytest.fixture
def owner(api):
    return api.register()


@pytest.fixture
def fan(api):
    return api.register()


@pytest.fixture(scope="module")
def admin(api, ctl):
    made = api.register()
    ctl("admin", "add", made.email)
    made.access_token = api.login(made.email, made.password)["access_token"]
    return made


def ids(items):
    return [item["id"] for item in items]


@pytest.fixture
def shorts(system, owner):
    """Five of the owner's, the oldest first, with 0, 4, 1, 4 and 2 likes."""
    made = [make_short(system, owner, title=f"{hours}", age=f"{hours} hours") for hours in range(5, 0, -1)]
    for short, likes in zip(made, (0, 4, 1, 4, 2)):
        system.postgres.query("WITH liked AS (INSERT INTO shorts.reaction (short_id, customer_id, type) "
                              "SELECT %s, gen_random_uuid(), 'like' FROM generate_series(1, %s)) "
                              "UPDATE shorts.tally SET likes = %s WHERE short_id = %s", short, likes, likes, short)
    return made


@pytest.mark.parametrize("sort, order", [("latest", [4, 3, 2, 1, 0]), ("oldest", [0, 1, 2, 3, 4]), ("popular", [3, 1, 4, 2, 0])])
def test_a_channel_has_its_shorts_in_an_order(api, system, owner, shorts, sort, order):
    """Without those that not everybody may see, also for the owner."""
    for change in ("status = 'processing', media = NULL", "hidden_at = now()"):
        system.postgres.query(f"UPDATE shorts.short SET {change} WHERE id = %s", make_short(system, owner, age="150 minutes"))
    path = f"/shorts/channels/{owner.id}/shorts"
    for token in (None, owner):
        assert ids(whole(api, path, token=token, params={"sort": sort})) == [shorts[n] for n in order]
    seen = api.get(f"/shorts/channels/{owner.id}", token=owner).json()
    assert seen == {"id": owner.id, "nickname": f"moa-{owner.id[:8]}", "subscriber_count": 0, "short_count": 5,
                    "subscribed": False, "mine": True}


def test_pages_of_a_channel_neither_repeat_nor_skip(api, system, owner, shorts):
    path, found, cursor = f"/shorts/channels/{owner.id}/shorts", [], None
    while True:
        page = api.get(path, params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        found += ids(page["items"])
        cursor = page["next_cursor"]
        make_short(system, owner)
        if not cursor:
            break
    assert found == shorts[::-1]


def test_an_order_is_one_of_three(api, owner):
    for query in ({"sort": "best"}, {"sort": ""}, {"limit": 0}, {"limit": 101}, {"page": 1}):
        assert_problem(api.get(f"/shorts/channels/{owner.id}/shorts", params=query), 422, "validation_failed")


def test_a_name_follows_the_nickname(api, system, owner, fan):
    short = make_short(system, owner)
    api.put(f"/shorts/channels/{owner.id}/subscription", token=fan)
    comment(api, owner, short)
    for nickname, shown in (("달리는 곰", "달리는 곰"), (None, f"moa-{owner.id[:8]}")):
        assert api.patch("/auth/me", token=owner, json={"nickname": nickname}).status_code == 200
        assert api.get(f"/shorts/channels/{owner.id}").json()["nickname"] == shown
        assert api.get(f"/shorts/{short}").json()["channel"]["nickname"] == shown
        assert api.get(f"/shorts/{short}/comments").json()["items"][0]["author"]["nickname"] == shown
        assert api.get("/shorts/me/subscriptions", token=fan).json()["items"][0]["nickname"] == shown


def test_my_uploads_are_all_of_them(api, system, owner):
    made = [make_short(system, owner, age=f"{n} hours") for n in range(4)]
    for short, change in zip(made, ("status = 'processing', media = NULL", "status = 'failed', reason = 'too_long', media = NULL",
                                    "hidden_at = now()")):
        system.postgres.query(f"UPDATE shorts.short SET {change} WHERE id = %s", short)
    mine = whole(api, "/shorts/me/uploads", token=owner)
    assert ids(mine) == made
    assert [(each["status"], each["hidden"]) for each in mine] == [
        ("processing", False), ("failed", False), ("ready", True), ("ready", False)]


def test_what_i_like_and_comment_on(api, system, fan, shorts):
    """The last one first; each once, however many comments; without what cannot be seen any more."""
    for short in shorts:
        react(api, fan, short, "like")
        comment(api, fan, short)
    comment(api, fan, shorts[0], "noch einmal")
    react(api, fan, shorts[1], "dislike")
    react(api, fan, shorts[2], None)
    system.postgres.query("UPDATE shorts.short SET hidden_at = now() WHERE id = %s", shorts[3])
    assert ids(whole(api, "/shorts/me/liked", token=fan)) == [shorts[4], shorts[0]]
    assert ids(whole(api, "/shorts/me/commented", token=fan)) == [shorts[n] for n in (4, 2, 1, 0)]
    assert whole(api, "/shorts/me/liked", token=fan)[0]["my_reaction"] == "like"


def test_a_list_keeps_its_order_while_one_comments_on(api, fan, shorts):
    for short in shorts:
        comment(api, fan, short)
    first = api.get("/shorts/me/commented", token=fan, params={"limit": 3}).json()
    comment(api, fan, shorts[0], "again")
    comment(api, fan, shorts[4], "again")
    rest = api.get("/shorts/me/commented", token=fan, params={"cursor": first["next_cursor"]}).json()
    assert ids(first["items"] + rest["items"]) == shorts[::-1]


def test_whom_i_follow_and_who_follows_me(api, owner, fan):
    others = [api.register() for _ in range(3)]
    for other in others:
        api.put(f"/shorts/channels/{other.id}/subscription", token=fan)
        api.put(f"/shorts/channels/{fan.id}/subscription", token=other)
    api.put(f"/shorts/channels/{fan.id}/subscription", token=owner)
    assert ids(whole(api, "/shorts/me/subscriptions", token=fan)) == [other.id for other in others[::-1]]
    followers = whole(api, "/shorts/me/subscribers", token=fan)
    assert [(each["id"], each["subscribed"]) for each in followers] == [
        (owner.id, False), *((other.id, True) for other in others[::-1])]


def test_my_page(api, system, owner, fan, shorts):
    api.put(f"/shorts/channels/{owner.id}/subscription", token=fan)
    mine = make_short(system, fan)
    react(api, fan, shorts[0], "like")
    comment(api, fan, shorts[1])
    page = api.get("/shorts/me/overview", token=fan).json()
    assert (page["id"], page["short_count"], page["subscriber_count"], page["subscription_count"], page["mine"]) == (
        fan.id, 1, 0, 1, True)
    assert [ids(page[name]) for name in ("subscriptions", "uploads", "liked", "commented")] == [
        [owner.id], [mine], [shorts[0]], [shorts[1]]]


def test_an_owner_edits(api, system, owner):
    short = make_short(system, owner, description="#하나")
    changed = api.patch(f"/shorts/{short}", token=owner, json={"title": "<b>새 제목</b>", "description": "#둘 #Two"}).json()
    assert (changed["title"], changed["description"], changed["tags"]) == ("<b>새 제목</b>", "#둘 #Two", ["둘", "two"])
    assert api.get(f"/shorts/{short}", token=owner).json() == changed
    changed = api.patch(f"/shorts/{short}", token=owner, json={"description": ""}).json()
    assert (changed["title"], changed["description"], changed["tags"]) == ("<b>새 제목</b>", "", [])
    assert drift(system) == []


@pytest.mark.parametrize("body", [{"title": ""}, {"title": "x" * 51}, {"title": None}, {"title": "a\nb"}, {"description": "x" * 151},
                                  {"status": "ready"}])
def test_an_edit_keeps_to_the_form(api, system, owner, body):
    assert_problem(api.patch(f"/shorts/{make_short(system, owner)}", token=owner, json=body), 422, "validation_failed")


def test_an_owner_deletes_a_short_with_all_that_hangs_on_it(api, system, owner, fan):
    short = make_short(system, owner)
    react(api, fan, short, "like")
    root = comment(api, fan, short)["id"]
    reply = comment(api, owner, short, parent_id=root)["id"]
    for call in (api.patch(f"/shorts/{short}", token=fan, json={"title": "mine"}), api.delete(f"/shorts/{short}", token=fan)):
        assert_problem(call, 404, "not_found")
    assert api.delete(f"/shorts/{short}", token=owner).status_code == 204
    for call in (api.get(f"/shorts/{short}", token=owner), api.delete(f"/shorts/{short}", token=owner),
                 react(api, fan, short, "like"), api.get(f"/shorts/{short}/comments"),
                 api.post(f"/shorts/{short}/comments", token=fan, json={"text": "?"}), api.delete(f"/shorts/comments/{root}", token=fan),
                 api.delete(f"/shorts/comments/{reply}", token=owner)):
        assert_problem(call, 404, "not_found")
    clear_all(system.postgres)
    for table in ("tally", "reaction", "comment"):
        assert system.postgres.query(f"SELECT 1 FROM shorts.{table} WHERE short_id = %s", short) == []
    assert whole(api, "/shorts/me/liked", token=fan) == whole(api, "/shorts/me/commented", token=fan) == []


def reported(api, admin, short):
    return next((item for item in whole(api, "/shorts/reports", token=admin, params={"limit": 100})
                 if item["short"]["id"] == short), None)


def test_a_report_counts_once(api, system, owner, admin):
    short = make_short(system, owner, title="<i>광고</i>")
    people = [api.register() for _ in range(2)]
    for person, reason in ((people[0], "spam"), (people[0], "hate"), (people[1], "other")):
        reply = api.post(f"/shorts/{short}/report", token=person, json={"reason": reason, "text": "<b>왜?</b>"})
        assert reply.status_code == 204
    found = reported(api, admin, short)
    assert (found["short"]["title"], found["short"]["hidden"], found["report_count"]) == ("<i>광고</i>", False, 2)
    assert [(each["reason"], each["text"]) for each in found["newest"]] == [("other", "<b>왜?</b>"), ("spam", "<b>왜?</b>")]


@pytest.mark.parametrize("body", [{}, {"reason": "boring"}, {"reason": "spam", "text": ""}, {"reason": "spam", "text": "x" * 501}])
def test_a_report_has_a_reason(api, system, owner, fan, body):
    assert_problem(api.post(f"/shorts/{make_short(system, owner)}/report", token=fan, json=body), 422, "validation_failed")


def test_reports_are_as_of_the_first_page(api, system, owner, fan, admin):
    """What is reported meanwhile moves nothing."""
    made = [make_short(system, owner) for _ in range(3)]
    for short in made:
        api.post(f"/shorts/{short}/report", token=fan, json={"reason": "spam"})
    first = api.get("/shorts/reports", token=admin, params={"limit": 2}).json()
    assert [item["short"]["id"] for item in first["items"]] == made[:0:-1]
    for short in made:
        api.post(f"/shorts/{short}/report", token=owner, json={"reason": "other"})
    second = api.get("/shorts/reports", token=admin, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert second["items"][0]["short"]["id"] == made[0] and second["items"][0]["report_count"] == 1
    for cursor in ("x", first["next_cursor"][:49], first["next_cursor"] + "0"):
        assert_problem(api.get("/shorts/reports", token=admin, params={"cursor": cursor}), 400, "invalid_cursor")


def test_an_administrator_hides_and_shows(api, system, owner, fan, admin):
    short = make_short(system, owner)
    assert api.post(f"/shorts/{short}/report", token=fan, json={"reason": "spam"}).status_code == 204

    def addresses():
        cards = [api.get(f"/shorts/{short}", token=owner).json(), whole(api, "/shorts/me/uploads", token=owner)[0],
                 reported(api, admin, short)["short"]]
        return {(card["video_url"] is not None, card["thumbnail_url"] is not None) for card in cards}

    assert addresses() == {(True, True)}
    for _ in range(2):
        reply = api.post(f"/shorts/{short}/hide", token=admin, json={"reason": "광고"})
        assert reply.json() == {"id": short, "hidden": True}
    assert_problem(api.get(f"/shorts/{short}", token=fan), 404, "not_found")
    assert api.get(f"/shorts/{short}", token=owner).json()["hidden"] is True
    # Its files are not served.
    assert addresses() == {(False, False)}
    assert api.post(f"/shorts/{short}/unhide", token=admin).json() == {"id": short, "hidden": False}
    assert api.get(f"/shorts/{short}").status_code == 200
    assert addresses() == {(True, True)}
    assert system.postgres.query("SELECT action, detail ->> 'reason' FROM shorts.audit WHERE admin_id = %s AND about = %s ORDER BY id",
                                 admin.id, short) == [("short.hide", "광고"), ("short.hide", "광고"), ("short.unhide", None)]


def test_only_administrators_hide(api, system, owner):
    short = make_short(system, owner)
    for reply in (api.post(f"/shorts/{short}/hide", token=owner), api.post(f"/shorts/{short}/unhide", token=owner),
                  api.get("/shorts/reports", token=owner)):
        assert_problem(reply, 403, "forbidden")
    assert api.get(f"/shorts/{short}").status_code == 200


def test_each_look_at_the_reports_leaves_a_row(api, system, admin):
    query = "SELECT count(*) FROM shorts.audit WHERE admin_id = %s AND action = 'report.list'"
    [(before,)] = system.postgres.query(query, admin.id)
    api.get("/shorts/reports", token=admin)
    assert system.postgres.query(query, admin.id) == [(before + 1,)]


def test_nobody_who_left_does_anything(api, system, owner):
    short, gone = make_short(system, owner), api.register()
    assert api.delete("/auth/me", token=gone, json={"password": gone.password}).status_code == 204
    for reply in (react(api, gone, short, "like"), api.post(f"/shorts/{short}/comments", token=gone, json={"text": "?"}),
                  api.put(f"/shorts/channels/{owner.id}/subscription", token=gone), api.get("/shorts/me/overview", token=gone),
                  api.post(f"/shorts/{short}/report", token=gone, json={"reason": "spam"})):
        assert_problem(reply, 401, "token_invalid")
    assert_problem(api.put(f"/shorts/channels/{gone.id}/subscription", token=owner), 404, "not_found")
    assert_problem(api.get(f"/shorts/channels/{gone.id}"), 404, "not_found")
    assert counts(system, short) == (0, 0, 0)


def test_who_is_blocked_still_has_a_page(api, system, owner):
    block(system, owner)
    assert api.get("/shorts/me/overview", token=owner).status_code == 200
