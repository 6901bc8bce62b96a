"""GET /shorts/feed: what comes first, that who looks through it meets each short once, and the page sets it is made of."""

import itertools
import math
from contextlib import closing

import pytest

from client import assert_problem
from clips import make_short
from servers import end, until
from worker import run, start

# Fresh shorts of one channel, so many, a second apart.
MANY = """
INSERT INTO shorts.short (customer_id, upload_id, title, status, progress, media, width, height, duration_s, created_at)
SELECT %s, gen_random_uuid(), 'x', 'ready', 100, gen_random_uuid()::text, 720, 1280, 9, moa.now() - n * interval '1 second'
FROM generate_series(1, %s) n RETURNING id::text
"""


@pytest.fixture(scope="module")
def system(make_shared_system):
    return make_shared_system()


@pytest.fixture(scope="module")
def api(system):
    return system.api


@pytest.fixture(scope="module")
def owner(api):
    return api.register()


@pytest.fixture(autouse=True)
def no_shorts(system):
    """Each test begins with none, and none ranked."""
    system.postgres.query("DELETE FROM shorts.short")
    system.postgres.query("DELETE FROM shorts.page_set")


def rank(system):
    """Make a page set as the worker does, though the last one is not a minute old; returns its number."""
    system.postgres.query("UPDATE shorts.page_set SET made_at = made_at - interval '1 minute'")
    [(number,)] = system.postgres.query("SELECT number FROM shorts.make_page_set()")
    return number


def count(system, short, likes=0, comments=0):
    system.postgres.query("UPDATE shorts.tally SET likes = %s, comments = %s WHERE short_id = %s", likes, comments, short)


def ids(items):
    return [item["id"] for item in items]


def walk(api, between=None, **query):
    """The ids of all pages, one after another; between(n) is called after page n."""
    found, token = [], query.pop("token", None)
    for number in itertools.count(1):
        page = api.get("/shorts/feed", token=token, params=query).json()
        found += ids(page["items"])
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]
        if between:
            between(number)


def score(likes, comments, tagged, hours):
    return 1.5 * math.log(1 + likes) + 1.2 * math.log(1 + comments) + 1.2 * tagged + 5 * math.exp(-max(hours, 0) / 72)


def test_scores_are_those_of_the_contract(api, system, owner):
    wanted = {}
    for likes, comments, tagged, age, hours in [
            (0, 0, False, "0", 0), (0, 0, True, "58 minutes", 0), (0, 0, False, "1 hour 1 second", 1),
            (7, 3, True, "30 hours 58 minutes", 30), (123456, 0, False, "10 years", 87600), (0, 99, False, "72 hours 10 minutes", 72),
            (1, 1, True, "-90 minutes", 0), (40, 2, False, "5 days", 120)]:
        short = make_short(system, owner, description="#꼬리" if tagged else "없음", age=age)
        count(system, short, likes, comments)
        wanted[short] = (score(likes, comments, tagged, hours), 1.5 * math.log(1 + likes), 1.2 * math.log(1 + comments), 1.2 * tagged,
                         5 * math.exp(-hours / 72))
    rank(system)
    page = api.get("/shorts/feed", params={"explain": "1"}).json()
    assert ids(page["items"]) == sorted(wanted, key=lambda short: wanted[short], reverse=True)
    for item in page["items"]:
        parts = item["score_parts"]
        assert [item["score"], *(parts[name] for name in ("likes", "comments", "tag", "recency"))] == \
            pytest.approx(wanted[item["id"]], abs=1e-6)
        assert parts["ranked_at"]
    assert "score" not in api.get("/shorts/feed").json()["items"][0]


def test_what_is_as_good_is_in_the_order_of_time_and_then_of_the_id(api, system, owner):
    shorts = [make_short(system, owner, age=f"{minute} minutes") for minute in (40, 10, 30, 20)]
    system.postgres.query("UPDATE shorts.tally SET created_at = moa.now() - interval '20 minutes' WHERE short_id = ANY (%s::uuid[])", shorts[2:])
    # 16^1.5 and 32^1.2 are one number: what one like more and one comment less make up for.
    count(system, shorts[0], likes=15)
    count(system, shorts[1], comments=31)
    rank(system)
    assert ids(api.get("/shorts/feed").json()["items"]) == [shorts[1], shorts[0], *sorted(shorts[2:], reverse=True)]


def test_what_was_explained_is_as_it_was_ranked(api, system, owner):
    short = make_short(system, owner, age="50 hours")
    count(system, short, likes=3)
    rank(system)
    count(system, short, likes=1000, comments=10)
    system.postgres.query("UPDATE shorts.short SET tags = '{late}' WHERE id = %s", short)
    late = make_short(system, owner)
    ranked, unranked = api.get("/shorts/feed", params={"explain": "true"}).json()["items"]
    assert (ranked["id"], ranked["like_count"], ranked["tags"]) == (short, 1000, ["late"])
    assert ranked["score"] == pytest.approx(score(3, 0, False, 50), abs=1e-6)
    assert (unranked["id"], unranked["score"], unranked["score_parts"]["ranked_at"]) == (late, 5, None)


def test_a_chain_neither_repeats_nor_skips(api, system, owner):
    """While likes, new shorts, hiding, deleting and new page sets come in between."""
    liker = api.register()
    shorts = [make_short(system, owner, age=f"{n} hours") for n in range(40)]
    rank(system)
    unranked = [make_short(system, owner, age=f"{n} days") for n in range(12)]
    lost = {shorts[20], shorts[31], unranked[9]}

    def meanwhile(number):
        liked = shorts[32 + number % 8]
        count(system, liked, likes=1000 * number)
        system.postgres.query("INSERT INTO shorts.reaction (short_id, customer_id, type) VALUES (%s, %s, 'like') ON CONFLICT DO NOTHING",
                              liked, liker.id)
        make_short(system, owner, age=f"{number} minutes")
        rank(system)
        if number == 1:
            system.postgres.query("UPDATE shorts.short SET hidden_at = now() WHERE id IN (%s, %s)", shorts[20], unranked[9])
            system.postgres.query("DELETE FROM shorts.short WHERE id IN (%s, %s)", shorts[31], shorts[0])

    found = walk(api, meanwhile, limit=6, token=liker)
    assert len(found) == len(set(found))
    assert found[:38] == [short for short in shorts if short not in lost]
    assert [short for short in found if short in unranked] == [short for short in unranked if short not in lost]


def test_what_was_hidden_makes_room_for_what_follows(api, system, owner):
    shorts = [make_short(system, owner, age=f"{n} hours") for n in range(30)]
    rank(system)
    system.postgres.query("UPDATE shorts.short SET hidden_at = now() WHERE id = ANY (%s::uuid[])", shorts[2:21])
    left = shorts[:2] + shorts[21:]
    page = api.get("/shorts/feed", params={"limit": 5}).json()
    assert ids(page["items"]) == left[:5]
    assert ids(api.get("/shorts/feed", params={"limit": 5, "cursor": page["next_cursor"]}).json()["items"]) == left[5:10]


@pytest.mark.parametrize("state", ["status = 'processing', media = NULL", "status = 'failed', reason = 'not_a_video', media = NULL",
                                   "hidden_at = now()"])
def test_what_not_everybody_may_see_is_in_nobodys_feed(api, system, owner, state):
    seen, unseen, later = (make_short(system, owner, age=f"{n} hours") for n in range(3))
    for chance in ("before it is ranked", "afterwards"):
        if chance == "afterwards":
            rank(system)
        system.postgres.query(f"UPDATE shorts.short SET {state} WHERE id = %s", unseen)
        for token in (None, owner):
            assert walk(api, token=token) == [seen, later], chance
        system.postgres.query("UPDATE shorts.short SET status = 'ready', reason = NULL, media = 'm', hidden_at = NULL WHERE id = %s", unseen)


def test_before_anything_is_ranked_the_newest_come_first(api, system, owner):
    assert api.get("/shorts/feed").json() == {"items": [], "next_cursor": None}
    shorts = [make_short(system, owner, age=f"{n} hours") for n in range(10)]
    count(system, shorts[9], likes=1000)
    assert walk(api, lambda number: rank(system), limit=3) == shorts
    assert walk(api, limit=3)[0] == shorts[9]


def test_after_five_thousand_come_the_newest(api, system, owner):
    """Those that are best are not there a second time."""
    system.postgres.query(MANY, owner.id, 5004)
    old = [make_short(system, owner, age=f"{n} years") for n in (2, 3, 1)]
    for short in old[:2]:
        count(system, short, likes=100000)
    rank(system)
    assert system.postgres.query("SELECT size, cardinality(ids), cardinality(likes) FROM shorts.page_set") == [(5000, 5000, 5000)]
    found = walk(api, limit=100)
    newest = [short for short, in system.postgres.query("SELECT id::text FROM shorts.short ORDER BY created_at DESC")]
    assert found == old[:2] + newest[:5004] + [old[2]]


def test_a_page_is_as_long_as_asked_for(api, system, owner):
    system.postgres.query(MANY, owner.id, 120)
    rank(system)
    for limit, pages in ((1, 120), (99, 2), (100, 2), (60, 2)):
        page = api.get("/shorts/feed", params={"limit": limit}).json()
        assert len(page["items"]) == limit
        cursors = []
        assert len(walk(api, cursors.append, limit=limit)) == 120 and len(cursors) + 1 == pages
    assert len(api.get("/shorts/feed").json()["items"]) == 20
    for limit in ("0", "101", "-1", "ten", "1.5"):
        assert_problem(api.get("/shorts/feed", params={"limit": limit}), 422, "validation_failed")
    assert_problem(api.get("/shorts/feed", params={"explain": "maybe"}), 422, "validation_failed")
    assert_problem(api.get("/shorts/feed", params={"keyword": "x"}), 422, "validation_failed")


def test_a_cursor_is_one_of_ours(api, system, owner):
    system.postgres.query(MANY, owner.id, 3)
    number = rank(system)
    cursor = api.get("/shorts/feed", params={"limit": 1}).json()["next_cursor"]
    place = f"f{number:015x}"
    assert cursor.startswith(place)
    for bad in ("", "x", cursor + "0", cursor[:-1], cursor.upper(), f"{place}0004", f"{place}ffff", f"f{number + 1:015x}0000", "f" + "f" * 19,
                f"{place}0003{'f' * 48}", f"{place}0003{'0' * 47}", f"{place}0003{'0' * 49}", f"{place}0001' OR 1=1", "0" * 4000):
        assert_problem(api.get("/shorts/feed", params={"cursor": bad}), 400, "invalid_cursor")
    assert len(api.get("/shorts/feed", params={"cursor": f"{place}0003{'0' * 48}"}).json()["items"]) == 0


def test_who_looks_sees_what_is_their_own_in_it(api, system, owner):
    viewer = api.register()
    liked, followed, mine = make_short(system, owner), make_short(system, api.register()), make_short(system, viewer)
    system.postgres.query("INSERT INTO shorts.reaction (short_id, customer_id, type) VALUES (%s, %s, 'like'), (%s, %s, 'dislike')",
                          liked, viewer.id, followed, viewer.id)
    system.postgres.query("INSERT INTO shorts.subscription (channel_id, customer_id) SELECT customer_id, %s FROM shorts.short WHERE id = %s",
                          viewer.id, followed)
    for ranked in (False, True):
        if ranked:
            rank(system)
        for token, wanted in ((viewer, [("like", False, False), ("dislike", True, False), (None, False, True)]),
                              (owner, [(None, False, True), (None, False, False), (None, False, False)]), (None, [(None, False, False)] * 3)):
            seen = {item["id"]: (item["my_reaction"], item["subscribed"], item["mine"])
                    for item in api.get("/shorts/feed", token=token).json()["items"]}
            assert [seen[short] for short in (liked, followed, mine)] == wanted


def test_its_items_are_as_they_are_by_themselves(api, system, owner):
    api.patch("/auth/me", token=owner, json={"nickname": '한강 "밤"'})
    title, description = '<b>"따옴표" \\ 🐈', '첫 줄\n둘째 #줄 \t#Tab "}],'
    short = make_short(system, owner, title=title, description=description)
    rank(system)
    for token in (None, owner):
        [item] = api.get("/shorts/feed", token=token).json()["items"]
        assert item == api.get(f"/shorts/{short}", token=token).json()
        assert (item["title"], item["description"], item["tags"]) == (title, description, ["줄", "tab"])
        assert item["channel"] == {"id": owner.id, "nickname": '한강 "밤"'}


def test_what_changes_is_seen_at_once(api, system, owner):
    """What is written down of a short, what is counted, and what its channel is called."""
    channel = api.register()
    short = make_short(system, channel)
    rank(system)
    [item] = api.get("/shorts/feed").json()["items"]
    assert item["channel"]["nickname"] == f"moa-{channel.id[:8]}"
    api.patch("/auth/me", token=channel, json={"nickname": "새 이름"})
    api.patch(f"/shorts/{short}", token=channel, json={"title": "새 제목"})
    api.put(f"/shorts/{short}/reaction", token=owner, json={"type": "like"})
    [item] = api.get("/shorts/feed", token=owner).json()["items"]
    assert (item["channel"]["nickname"], item["title"], item["like_count"], item["my_reaction"]) == ("새 이름", "새 제목", 1, "like")


def test_a_page_is_one_statement(api, system, owner):
    system.postgres.query(MANY, owner.id, 30)
    rank(system)
    page = until(lambda: next((reply for reply in [api.get("/shorts/feed", token=owner, params={"limit": 10})]
                               if system.logged(reply)["statements"] == 1), None), "the keys to be read")
    for query in ({"explain": "1"}, {"cursor": page.json()["next_cursor"]}):
        assert system.logged(api.get("/shorts/feed", token=owner, params=query))["statements"] == 1


def test_the_worker_ranks_once_a_minute(system, owner):
    make_short(system, owner)
    for expected in (1, 1):
        assert run(system, "--once").returncode == 0
        assert system.postgres.query("SELECT count(*), sum(size) FROM shorts.page_set") == [(expected, expected)]
    system.postgres.query("UPDATE shorts.page_set SET made_at = made_at - interval '1 minute'")
    workers = [start(system, MOA_LOG_LEVEL="3") for _ in range(2)]
    try:
        until(lambda: system.postgres.query("SELECT count(*) FROM shorts.page_set") == [(2,)], "the second set")
    finally:
        logs = [worker.communicate()[1] for worker in workers if end(worker) == 0]
    assert sum(log.count("event=rank") for log in logs) == 1


def test_two_at_once_make_one_set_and_nobody_waits(system, owner):
    """Neither a like for the ranking nor the ranking for a like, nor one worker for the other."""
    short = make_short(system, owner)
    with closing(system.postgres.connect()) as first, first.cursor() as ranking, closing(system.postgres.connect()) as second, \
            second.cursor() as other:
        other.execute("SET lock_timeout = '1s'")
        ranking.execute("BEGIN; SELECT number FROM shorts.make_page_set()")
        assert ranking.fetchone()[0] is not None
        other.execute("SELECT number FROM shorts.make_page_set()")
        assert other.fetchone() == (None,)
        other.execute("BEGIN; UPDATE shorts.tally SET likes = likes + 1 WHERE short_id = %s", [short])
        ranking.execute("COMMIT; UPDATE shorts.page_set SET made_at = made_at - interval '1 minute'; SET lock_timeout = '1s'")
        ranking.execute("SELECT number FROM shorts.make_page_set()")
        assert ranking.fetchone()[0] is not None
        other.execute("COMMIT")


def test_a_set_can_be_read_for_a_day_after_the_next_one_was_made(api, system, owner):
    shorts = [make_short(system, owner, age=f"{n} hours") for n in range(4)]
    rank(system)
    cursor = api.get("/shorts/feed", params={"limit": 2}).json()["next_cursor"]

    def a_day_later(hours):
        system.postgres.query("UPDATE shorts.page_set SET made_at = made_at - %s * interval '1 hour'", hours)
        rank(system)
        return api.get("/shorts/feed", params={"cursor": cursor})

    assert ids(a_day_later(30).json()["items"]) == shorts[2:]
    assert ids(a_day_later(23).json()["items"]) == shorts[2:]
    assert_problem(a_day_later(2), 400, "invalid_cursor")
    assert system.postgres.query("SELECT count(*) FROM shorts.page_set") == [(3,)]


def test_a_clock_that_was_put_back_ranks_on(api, system, owner):
    short = make_short(system, owner, age="-3 hours")
    rank(system)
    system.postgres.query("UPDATE shorts.page_set SET made_at = made_at + interval '1 year'")
    late = make_short(system, owner)
    [(number,)] = system.postgres.query("SELECT number FROM shorts.make_page_set()")
    assert number is not None
    assert ids(api.get("/shorts/feed").json()["items"]) == [short, late]
