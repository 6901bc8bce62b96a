"""Deleted shorts are out of sight at once, and what hangs on them goes piece by piece; of who leaves nothing stays."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

import worker
from client import assert_problem
from clips import make_short
from servers import until
from test_shorts_social import whole
from test_shorts_verify import World, clear, clear_all

MANY = 12000
HANGING = ("view", "reaction", "comment", "report")


@pytest.fixture(scope="module")
def database(make_database):
    return make_database()


@pytest.fixture
def world(database):
    clear_all(database)
    return World(database)


def hang(world, short, count):
    """So many views, likes, comments and reports of strangers."""
    world.query("INSERT INTO shorts.view SELECT %s, gen_random_uuid(), '2026-01-01' FROM generate_series(1, %s)", short, count)
    world.query("INSERT INTO shorts.reaction SELECT %s, gen_random_uuid(), 'like' FROM generate_series(1, %s)", short, count)
    world.query("INSERT INTO shorts.comment (short_id, customer_id, text) SELECT %s, gen_random_uuid(), 'x' FROM generate_series(1, %s)", short, count)
    world.query("INSERT INTO shorts.report SELECT %s, gen_random_uuid(), 'spam' FROM generate_series(1, %s)", short, count)
    world.query("UPDATE shorts.tally SET views = views + %s, likes = likes + %s, comments = comments + %s WHERE short_id = %s", count, count, count, short)


def hanging(world, short):
    return {table: world.query(f"SELECT count(*) FROM shorts.{table} WHERE short_id = %s", short)[0][0] for table in HANGING}


def verified(world):
    """The counts are right; how many shorts, reactions and comments were counted."""
    told = world.ctl("shorts", "verify")
    assert told.startswith("the counts are right: ")
    return [int(word) for word in told.split() if word.isdigit()]


def test_deleting_a_popular_short_costs_no_more_than_another(world):
    """What hangs on it is not touched by the call, and goes in pieces; the counts are right all the way."""
    owner, short = world.shorts[0]
    hang(world, short, 30)
    before, counted = hanging(world, short), verified(world)
    assert world.query("SELECT code FROM shorts.remove(%s, %s)", owner, short) == [(None,)]
    assert hanging(world, short) == before
    assert world.query("SELECT code FROM shorts.remove(%s, %s)", owner, short) == [("not_found",)]
    pieces = 0
    while world.query("SELECT 1 FROM shorts.short WHERE id = %s", short):
        assert verified(world) == [counted[0] - 1, counted[1] - before["reaction"], counted[2] - before["comment"]]
        left = hanging(world, short)
        rows, more = clear(world, 10)
        assert more and rows == sum(min(10, count) for count in left.values())
        pieces += 1
    assert pieces == (before["comment"] + 10) // 10 and sum(hanging(world, short).values()) == 0
    assert clear(world, 10) == (0, False)
    assert verified(world) == [counted[0] - 1, counted[1] - before["reaction"], counted[2] - before["comment"]]


def test_the_worker_takes_what_is_left(world):
    """All of it with one call of the worker, however much there is; of two deleted shorts the other one, too."""
    shorts = [short for owner, short in world.shorts if owner == world.people[0]]
    hang(world, shorts[0], MANY)
    for short in shorts:
        world.query("SELECT shorts.remove(%s, %s)", world.people[0], short)
    done = worker.run(world.database, "--once")
    assert done.returncode == 0, done.stderr
    assert f"event=remains rows={4 * MANY + 2 * (3 + 3 + 12 + 3)}\n" in done.stderr
    for short in shorts:
        assert sum(hanging(world, short).values()) == 0
        assert world.query("SELECT 1 FROM shorts.short WHERE id = %s", short) == []
    assert world.query("SELECT * FROM shorts.verify()") == []


def test_two_workers_wait_for_nobody(world):
    """What one is at, or somebody still counts on, the other leaves alone."""
    owner, short = world.shorts[0]
    world.query("SELECT shorts.remove(%s, %s)", owner, short)
    with closing(world.database.connect()) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM shorts.short WHERE id = %s FOR KEY SHARE", (short,))
        assert clear(world, 1000) == (0, False)
        cursor.execute("COMMIT")
    assert clear(world, 1000) == (3 + 3 + 12 + 3, True)


def test_nobody_sees_what_is_deleted(api, system, ctl):
    """Before a worker has come: in no list, of no count, and as unknown as what never was."""
    owner, fan, admin = api.register(), api.register(), api.register()
    ctl("admin", "add", admin.email)
    admin.access_token = api.login(admin.email, admin.password)["access_token"]
    short, other = make_short(system, owner, title="사라질 영상"), make_short(system, owner)
    liked = api.put(f"/shorts/{short}/reaction", token=fan, json={"type": "like"})
    said = api.post(f"/shorts/{short}/comments", token=fan, json={"text": "?"})
    for reply in (liked, said, api.post(f"/shorts/{short}/report", token=fan, json={"reason": "spam"})):
        assert reply.ok, reply.text
    assert api.delete(f"/shorts/{short}", token=owner).status_code == 204
    for token in (owner, fan, admin):
        for reply in (api.get(f"/shorts/{short}", token=token), api.delete(f"/shorts/{short}", token=token),
                      api.patch(f"/shorts/{short}", token=token, json={"title": "?"}), api.get(f"/shorts/{short}/comments", token=token),
                      api.put(f"/shorts/{short}/reaction", token=token, json={"type": "like"}),
                      api.post(f"/shorts/{short}/comments", token=token, json={"text": "?"}),
                      api.delete(f"/shorts/comments/{said.json()['id']}", token=token),
                      api.post(f"/shorts/{short}/report", token=token, json={"reason": "spam"})):
            assert_problem(reply, 404, "not_found")
    for call in ("hide", "unhide"):
        assert_problem(api.post(f"/shorts/{short}/{call}", token=admin), 404, "not_found")
    assert short not in [item["short"]["id"] for item in whole(api, "/shorts/reports", token=admin, params={"limit": 100})]
    assert [item["id"] for item in whole(api, "/shorts/me/uploads", token=owner)] == [other]
    assert whole(api, "/shorts/me/liked", token=fan) == whole(api, "/shorts/me/commented", token=fan) == []
    assert api.get(f"/shorts/channels/{owner.id}").json()["short_count"] == 1
    for sort in ("latest", "popular", "oldest"):
        assert [item["id"] for item in whole(api, f"/shorts/channels/{owner.id}/shorts", params={"sort": sort})] == [other]
    for viewer in (None, owner):
        assert short not in [item["id"] for item in whole(api, "/shorts/search", token=viewer, params={"q": "사라질"})]
        assert short not in [item["id"] for item in whole(api, "/shorts/feed", token=viewer, params={"limit": 100})]
    # Nor do its words and the name of its files wait for the worker.
    assert system.postgres.query("SELECT title, description, media FROM shorts.short WHERE id = %s", short) == [("-", "", None)]


def tables(world):
    """Every table of shorts' schema."""
    return [table for table, in world.query(
        "SELECT relname FROM pg_class WHERE relnamespace = 'shorts'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1")]


def test_of_who_left_no_row_tells(world):
    """In any column of any table; what an administrator did stays with who did it."""
    gone, stays = world.people[:2]
    for person in (gone, stays):
        world.query("UPDATE shorts.short SET description = %s WHERE customer_id = %s", person, person)
        world.query("INSERT INTO shorts.channel_name (customer_id, nickname, words) VALUES (%s, '', '{}') ON CONFLICT DO NOTHING", person)

    def telling(person):
        return {table for table in tables(world) if table != "audit"
                and world.query(f"SELECT 1 FROM shorts.{table} t WHERE t::text LIKE %s LIMIT 1", f"%{person}%")}

    told = {"channel_name", "comment", "reaction", "report", "short", "subscription", "upload", "view", "watch_lap"}
    assert telling(gone) >= told and telling(stays) >= told
    world.query("UPDATE shorts.upload SET file = gen_random_uuid() WHERE customer_id = %s", gone)
    world.query("DELETE FROM auth.customer WHERE id = %s", gone)
    world.query("SELECT shorts.erase(%s)", gone)
    assert telling(gone) == set() and telling(stays) >= told
    assert world.query("SELECT * FROM shorts.verify()") == []


def test_leaving_does_not_wait_for_what_others_left(world):
    """Nobody's are the shorts at once, with their words; what others did to them is the worker's."""
    gone = world.people[0]
    shorts = [short for owner, short in world.shorts if owner == gone]
    hang(world, shorts[0], 30)
    world.query("DELETE FROM auth.customer WHERE id = %s", gone)
    world.query("SELECT shorts.erase(%s)", gone)
    assert {hanging(world, short)["view"] for short in shorts} == {32, 2}
    assert world.query("SELECT DISTINCT status, customer_id, title, media FROM shorts.short WHERE id = ANY (%s::uuid[])", shorts) == [
        ("deleted", None, "-", None)]
    assert world.query("SELECT * FROM shorts.verify()") == []
    clear_all(world)
    assert world.query("SELECT 1 FROM shorts.short WHERE id = ANY (%s::uuid[])", shorts) == []
    assert world.query("SELECT * FROM shorts.verify()") == []


@pytest.mark.parametrize("told", ["video_progress(%s, 1, 50)", "video_again(%s, 1, interval '1 minute', true)",
                                  "video_done(%s, 1, 'too_long', NULL, NULL, NULL, NULL)"])
def test_deleting_what_is_being_processed_waits_for_nobody_who_waits(world, told):
    """The worker tells how far it is just when the owner deletes the short: one comes after the other."""
    [(short,)] = world.query("INSERT INTO shorts.short (customer_id, upload_id, title) VALUES (%s, gen_random_uuid(), 'x') RETURNING id::text",
                             world.people[0])
    world.query("INSERT INTO shorts.job (short_id, leased_until) VALUES (%s, clock_timestamp() + interval '1 minute')", short)
    with closing(world.database.connect()) as owner, owner.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM shorts.short WHERE id = %s FOR UPDATE", (short,))
        teller = pool.submit(world.query, f"SELECT shorts.{told}", short)
        until(lambda: teller.done() or world.query(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE 'SELECT shorts.video%%'"),
            "the worker to wait, or to be through")
        cursor.execute("SELECT code FROM shorts.remove(%s, %s)", (world.people[0], short))
        assert cursor.fetchall() == [(None,)]
        cursor.execute("COMMIT")
        assert teller.result() in ([(False,)], [("",)])
    assert world.query("SELECT 1 FROM shorts.job WHERE short_id = %s", short) == []
