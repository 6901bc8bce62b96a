"""Reactions, comments and following: what they count, for whom, and that no counter drifts however many come at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from client import Api, assert_problem
from clips import make_short

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def owner(api):
    return api.register(name="김비밀")


@pytest.fixture(scope="module")
def fan(api):
    made = api.register()
    assert api.patch("/auth/me", token=made, json={"nickname": "달리는 곰"}).status_code == 200
    return made


@pytest.fixture
def short(system, owner):
    return make_short(system, owner)


def react(api, token, short, reaction):
    return api.put(f"/shorts/{short}/reaction", token=token, json={"type": reaction})


def comment(api, token, short, text="좋아요", **more):
    reply = api.post(f"/shorts/{short}/comments", token=token, json={"text": text, **more})
    assert reply.status_code == 201, reply.text
    return reply.json()


def comments(api, short, token=None, **query):
    return api.get(f"/shorts/{short}/comments", token=token, params=query).json()


def whole(api, path, **more):
    """All pages of a list, two items each."""
    items, cursor = [], None
    while True:
        query = {"limit": 2, **more.get("params", {}), **({"cursor": cursor} if cursor else {})}
        page = api.get(path, **{**more, "params": query}).json()
        items += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            return items


def counts(system, short):
    [row] = system.postgres.query("SELECT likes, dislikes, comments FROM shorts.tally WHERE short_id = %s", short)
    return row


def drift(system):
    return system.postgres.query("SELECT * FROM shorts.verify()")


def block(system, customer):
    system.postgres.query("UPDATE pay.account SET standing = 'blocked', blocked_by = 'admin' WHERE customer_id = %s", customer.id)


@pytest.mark.parametrize("steps", [
    [("like", 1, 0), ("like", 1, 0), ("dislike", 0, 1), ("dislike", 0, 1), ("like", 1, 0), (None, 0, 0), (None, 0, 0)],
    [("dislike", 0, 1), (None, 0, 0), ("like", 1, 0)],
])
def test_a_customer_has_one_reaction(api, short, fan, steps):
    for reaction, likes, dislikes in steps:
        reply = react(api, fan, short, reaction)
        assert reply.json() == {"like_count": likes, "dislike_count": dislikes, "my_reaction": reaction}
    seen = api.get(f"/shorts/{short}", token=fan).json()
    assert (seen["like_count"], seen["dislike_count"], seen["my_reaction"]) == (likes, dislikes, reaction)


@pytest.mark.parametrize("body", [{}, {"type": "LIKE"}, {"type": ""}, {"type": "like", "shorts_id": 1}])
def test_a_reaction_is_one_of_three(api, short, fan, body):
    assert_problem(api.put(f"/shorts/{short}/reaction", token=fan, json=body), 422, "validation_failed")


@pytest.mark.parametrize("change", [
    "status = 'processing', media = NULL", "status = 'failed', reason = 'not_a_video', media = NULL", "hidden_at = now()"])
def test_what_cannot_be_seen_is_not_reacted_to(api, system, owner, fan, short, change):
    """Nor by its owner, who sees it."""
    written = comment(api, fan, short)
    system.postgres.query(f"UPDATE shorts.short SET {change} WHERE id = %s", short)
    for token in (fan, owner):
        assert_problem(react(api, token, short, "like"), 404, "not_found")
        assert_problem(api.post(f"/shorts/{short}/comments", token=token, json={"text": "?"}), 404, "not_found")
        assert_problem(api.post(f"/shorts/{short}/report", token=token, json={"reason": "spam"}), 404, "not_found")
    assert_problem(api.get(f"/shorts/{short}/comments", token=fan), 404, "not_found")
    assert [each["id"] for each in comments(api, short, token=owner)["items"]] == [written["id"]]
    assert counts(system, short) == (0, 0, 1)


@pytest.mark.parametrize("name", [NOBODY, "nonsense"])
def test_no_such_short_comment_or_channel(api, fan, name):
    for reply in (react(api, fan, name, "like"), api.post(f"/shorts/{name}/comments", token=fan, json={"text": "?"}),
                  api.get(f"/shorts/{name}/comments"), api.delete(f"/shorts/comments/{name}", token=fan),
                  api.put(f"/shorts/channels/{name}/subscription", token=fan), api.get(f"/shorts/channels/{name}"),
                  api.get(f"/shorts/channels/{name}/shorts"), api.patch(f"/shorts/{name}", token=fan, json={"title": "x"}),
                  api.delete(f"/shorts/{name}", token=fan), api.post(f"/shorts/{name}/report", token=fan, json={"reason": "spam"})):
        assert_problem(reply, 404, "not_found")


def test_a_comment_is_text(api, short, owner, fan):
    """HTML in it stays what it is."""
    text = "<script>alert(1)</script>\n한강 👍"
    made = comment(api, fan, short, text)
    assert made["text"] == text and made["mine"] and made["parent_id"] is None and not made["deleted"]
    assert made["author"] == {"id": fan.id, "nickname": "달리는 곰"}
    [seen] = comments(api, short)["items"]
    assert seen == {**made, "mine": False}
    assert api.get(f"/shorts/{short}").json()["comment_count"] == 1
    # Nobody is without a name, and nobody's own is told.
    assert comment(api, owner, short)["author"]["nickname"] == f"moa-{owner.id[:8]}"


@pytest.mark.parametrize("text", ["", " \n ", "x" * 256, "\u0007", None, 7])
def test_a_comment_has_1_to_255_characters(api, system, short, fan, text):
    assert_problem(api.post(f"/shorts/{short}/comments", token=fan, json={"text": text}), 422, "validation_failed")
    assert counts(system, short) == (0, 0, 0)


def test_the_longest_comment(api, short, fan):
    assert comment(api, fan, short, "한" * 255)["text"] == "한" * 255


def test_the_same_words_again_are_the_same_comment(api, system, short, fan, owner):
    """So that a lost reply does no harm; not in another place, by somebody else, or later."""
    first = comment(api, fan, short, "첫째")
    assert comment(api, fan, short, "첫째") == first
    others = [comment(api, owner, short, "첫째"), comment(api, fan, short, "둘째"), comment(api, fan, short, "첫째", parent_id=first["id"])]
    system.postgres.query("UPDATE shorts.comment SET created_at = created_at - interval '1 minute' WHERE id = %s", first["id"])
    others.append(comment(api, fan, short, "첫째"))
    assert len({each["id"] for each in [first, *others]}) == 5
    assert counts(system, short) == (0, 0, 5)


def test_replies_have_one_level(api, short, owner, fan):
    root = comment(api, fan, short, "어디예요?")
    replies = [comment(api, owner, short, f"{n}", parent_id=root["id"]) for n in range(3)]
    deep = comment(api, fan, short, "아하", parent_id=replies[0]["id"])
    assert deep["parent_id"] == root["id"]
    [seen] = comments(api, short)["items"]
    assert seen["reply_count"] == 4 and [each["id"] for each in seen["replies"]] == [each["id"] for each in replies]
    rest = whole(api, f"/shorts/{short}/comments", params={"parent": root["id"]})
    assert [each["id"] for each in rest] == [each["id"] for each in [*replies, deep]]
    assert api.get(f"/shorts/{short}").json()["comment_count"] == 5


def test_a_parent_is_a_comment_of_the_same_short(api, system, short, owner, fan):
    elsewhere = comment(api, fan, make_short(system, owner))
    for parent in (elsewhere["id"], NOBODY):
        assert_problem(api.post(f"/shorts/{short}/comments", token=fan, json={"text": "?", "parent_id": parent}), 404, "not_found")
        assert_problem(api.get(f"/shorts/{short}/comments", params={"parent": parent}), 404, "not_found")


def test_comments_come_newest_first_and_no_page_repeats_or_skips(api, short, fan):
    made = [comment(api, fan, short, f"{n}")["id"] for n in range(5)]
    first = comments(api, short, limit=2)
    comment(api, fan, short, "mine came later")
    second = comments(api, short, limit=2, cursor=first["next_cursor"])
    third = comments(api, short, limit=2, cursor=second["next_cursor"])
    assert [each["id"] for page in (first, second, third) for each in page["items"]] == made[::-1]
    assert third["next_cursor"] is None


@pytest.mark.parametrize("path", ["/shorts/{short}/comments", "/shorts/channels/{owner}/shorts", "/shorts/channels/{owner}/shorts?sort=popular",
                                  "/shorts/channels/{owner}/shorts?sort=oldest", "/shorts/me/uploads", "/shorts/me/liked",
                                  "/shorts/me/commented", "/shorts/me/subscriptions", "/shorts/me/subscribers"])
@pytest.mark.parametrize("cursor", ["x", "c", "p0", "c0" + "g" * 47, "z" + "0" * 48, "a" * 100])
def test_a_cursor_is_of_its_list(api, owner, short, path, cursor):
    reply = api.get(path.format(short=short, owner=owner.id), token=owner, params={"cursor": cursor})
    assert_problem(reply, 400, "invalid_cursor")


def test_who_deletes_a_comment(api, system, short, owner, fan):
    """Who wrote it, and whose short it is on; nobody else, and once."""
    stranger = api.register()
    mine, theirs = comment(api, fan, short, "a")["id"], comment(api, fan, short, "b")["id"]
    assert_problem(api.delete(f"/shorts/comments/{mine}", token=stranger), 404, "not_found")
    assert api.delete(f"/shorts/comments/{mine}", token=fan).status_code == 204
    assert_problem(api.delete(f"/shorts/comments/{mine}", token=fan), 404, "not_found")
    assert api.delete(f"/shorts/comments/{theirs}", token=owner).status_code == 204
    assert comments(api, short)["items"] == [] and counts(system, short) == (0, 0, 0)


def test_replies_of_a_deleted_comment_stay_under_a_stub(api, system, short, owner, fan):
    root = comment(api, fan, short, "비밀")
    replies = [comment(api, owner, short, f"{n}", parent_id=root["id"])["id"] for n in range(2)]
    assert api.delete(f"/shorts/comments/{root['id']}", token=fan).status_code == 204
    [stub] = comments(api, short, token=fan)["items"]
    assert (stub["deleted"], stub["author"], stub["text"], stub["mine"]) == (True, None, None, False)
    assert stub["reply_count"] == 2 and [each["id"] for each in stub["replies"]] == replies
    assert counts(system, short) == (0, 0, 2)
    assert_problem(api.post(f"/shorts/{short}/comments", token=fan, json={"text": "?", "parent_id": root["id"]}), 404, "not_found")
    assert_problem(api.delete(f"/shorts/comments/{root['id']}", token=owner), 404, "not_found")
    for reply in replies:
        assert api.delete(f"/shorts/comments/{reply}", token=owner).status_code == 204
    assert comments(api, short)["items"] == [] and drift(system) == []


def test_who_is_blocked_looks_but_does_not_comment(api, system, short, fan):
    blocked = api.register()
    block(system, blocked)
    assert_problem(api.post(f"/shorts/{short}/comments", token=blocked, json={"text": "?"}), 403, "account_blocked")
    assert comments(api, short, token=blocked)["items"] == []
    assert react(api, blocked, short, "like").status_code == 200


def test_following(api, system, owner, short):
    follower = api.register()
    path = f"/shorts/channels/{owner.id}"
    before = api.get(path).json()["subscriber_count"]
    for _ in range(2):
        assert api.put(f"{path}/subscription", token=follower).status_code == 204
        seen = api.get(path, token=follower).json()
        assert (seen["subscribed"], seen["subscriber_count"], seen["mine"]) == (True, before + 1, False)
    assert api.get(f"/shorts/{short}", token=follower).json()["subscribed"] is True
    [listed] = api.get("/shorts/me/subscriptions", token=follower).json()["items"]
    assert (listed["id"], listed["nickname"]) == (owner.id, f"moa-{owner.id[:8]}")
    newest = api.get("/shorts/me/subscribers", token=owner).json()["items"][0]
    assert newest["id"] == follower.id and newest["subscribed"] is False
    for _ in range(2):
        assert api.delete(f"{path}/subscription", token=follower).status_code == 204
    assert api.get(path, token=follower).json()["subscriber_count"] == before


def test_nobody_follows_themselves(api, owner):
    assert_problem(api.put(f"/shorts/channels/{owner.id}/subscription", token=owner), 409, "conflict")


def test_counts_are_exact_whoever_comes_at_once(api, system, short):
    """Fifty at a time, on one short: likes, second thoughts, comments, replies and deletions, follows."""
    people = [api.register() for _ in range(10)]
    root = comment(api, people[0], short, "root")["id"]

    def act(number):
        mine, who = Api(system), people[number % 10]
        react(mine, who, short, ("like", "dislike", None)[number % 3])
        made = comment(mine, who, short, f"{number}", **({"parent_id": root} if number % 2 else {}))
        if number % 4 == 3:
            assert mine.delete(f"/shorts/comments/{made['id']}", token=who).status_code == 204
        assert react(mine, who, short, "like").status_code == 200
        return mine.put(f"/shorts/channels/{people[(number + 1) % 10].id}/subscription", token=who).status_code

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(act, range(50))) == {204}
    assert counts(system, short) == (10, 0, 1 + 50 - 12)
    [root] = comments(api, short, limit=100)["items"][-1:]
    assert root["reply_count"] == 25 - 12
    assert drift(system) == []


def test_limits_are_told_and_hold(api, short):
    """A flood of one customer's ends with 429, and nobody else's calls."""
    flood, other = api.register(), api.register()
    for _ in range(30):
        assert api.post(f"/shorts/{short}/report", token=flood, json={"reason": "spam"}).status_code == 204
    refused = api.post(f"/shorts/{short}/report", token=flood, json={"reason": "spam"})
    assert_problem(refused, 429, "rate_limited")
    assert int(refused.headers["Retry-After"]) > 0 and refused.headers["RateLimit-Policy"] == '"reports";q=30;w=3600'
    assert api.post(f"/shorts/{short}/report", token=other, json={"reason": "spam"}).status_code == 204
    for reply, policy in ((react(api, flood, short, "like"), '"reactions";q=120;w=60'),
                          (api.post(f"/shorts/{short}/comments", token=flood, json={"text": "!"}), '"comments";q=60;w=60'),
                          (api.put(f"/shorts/channels/{other.id}/subscription", token=flood), '"follows";q=60;w=60')):
        assert reply.ok and reply.headers["RateLimit-Policy"] == policy
