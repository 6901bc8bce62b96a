"""moa-ctl shorts verify, and what shorts erases when somebody leaves: the counts are those of the rows."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from worker import run

TABLES = {"short": "customer_id", "reaction": "customer_id", "comment": "customer_id", "view": "customer_id", "report": "customer_id",
          "watch_lap": "customer_id", "upload": "customer_id", "subscription": "customer_id"}


class World:
    """Three customers, each with two shorts, who do all there is with all of them; made by shorts' functions."""

    def __init__(self, database):
        self.ctl, self.query = database.ctl, database.query
        self.database = database
        self.people = [self.person() for _ in range(3)]
        self.shorts = [(owner, self.short(owner)) for owner in self.people for _ in range(2)]
        for number, who in enumerate(self.people):
            for owner, short in self.shorts:
                self.act(who, owner, short, number)

    def person(self):
        person = str(uuid.uuid4())
        self.query("INSERT INTO auth.customer (id, email, password, name, birth_date, language) "
                   "VALUES (%s, %s, '$argon2id$', '김모아', '2000-01-01', 'ko')", person, f"{person}@example.com")
        self.query("SELECT pay.open_account(%s)", person)
        self.query("INSERT INTO shorts.upload (customer_id, length, file, expires_at) VALUES (%s, 1, %s, now() + interval '1 day')", person, person)
        self.query("INSERT INTO shorts.watch_lap (customer_id, day, lap) VALUES (%s, '2026-01-01', 1)", person)
        return person

    def short(self, owner):
        return self.query("INSERT INTO shorts.short (customer_id, upload_id, title, status, media, width, height, duration_s) VALUES "
                          "(%s, gen_random_uuid(), 'x', 'ready', gen_random_uuid(), 720, 1280, 5) RETURNING id::text", owner)[0][0]

    def comment(self, who, short, text, parent=None):
        [(code, made)] = self.query("SELECT code, result ->> 'id' FROM shorts.add_comment(%s, %s, %s, %s)", who, short, parent, text)
        assert code is None
        return made

    def act(self, who, owner, short, number):
        self.query("SELECT shorts.react(%s, %s, %s)", who, short, "like" if number else "dislike")
        root = self.comment(who, short, "root")
        for replier in self.people:
            self.comment(replier, short, "reply", root)
        self.query("SELECT shorts.watch(%s, NULL, %s, NULL, NULL, NULL)", who, short)
        self.query("SELECT shorts.report_short(%s, %s, 'spam', NULL)", who, short)
        if who != owner:
            self.query("SELECT shorts.follow(%s, %s)", who, owner)

    def tallies(self):
        return self.query("SELECT short_id::text, likes, dislikes, comments, views FROM shorts.tally ORDER BY created_at, short_id")


def clear(database, most):
    """A piece of what hangs on deleted shorts is removed: how many rows, and whether there was one."""
    [(rows, more)] = database.query("SELECT rows, more FROM shorts.clear_deleted(%s)", most)
    return rows, more


def clear_all(database):
    while clear(database, 1000)[1]:
        pass


@pytest.fixture(scope="module")
def world(make_database):
    return World(make_database())


def test_no_shorts_are_right(make_database):
    assert make_database().ctl("shorts", "verify") == "the counts are right: 0 shorts, 0 reactions, 0 comments\n"


def test_what_was_counted_is_right(make_database):
    world = World(make_database())
    assert world.ctl("shorts", "verify") == "the counts are right: 6 shorts, 18 reactions, 72 comments\n"
    assert {row[1:] for row in world.tallies()} == {(2, 1, 12, 3)}


ONE = "(SELECT min(short_id::text)::uuid FROM shorts.tally)"
ROOT = "(SELECT min(id::text)::uuid FROM shorts.comment WHERE parent_id IS NULL)"


@pytest.mark.parametrize("rule, stands, should, change", [
    ("a tally counts likes", "7", "2", f"UPDATE shorts.tally SET likes = 7 WHERE short_id = {ONE}"),
    ("a tally counts dislikes", "0", "1", f"UPDATE shorts.tally SET dislikes = 0 WHERE short_id = {ONE}"),
    ("a tally counts comments", "13", "12", f"UPDATE shorts.tally SET comments = 13 WHERE short_id = {ONE}"),
    ("a tally counts views", "0", "3", f"UPDATE shorts.tally SET views = 0 WHERE short_id = {ONE}"),
    ("every short has a tally", "none", "one", f"DELETE FROM shorts.tally WHERE short_id = {ONE}"),
    ("a tally repeats its short: created, live, tagged", None, None, f"UPDATE shorts.tally SET live = false WHERE short_id = {ONE}"),
    ("comment {root} counts its replies", "9", "3", f"UPDATE shorts.comment SET replies = 9 WHERE id = {ROOT}"),
    ("a tally counts comments", "12", "11", f"DELETE FROM shorts.comment WHERE id = {ROOT}"),
])
def test_what_is_wrong_is_named_and_repaired(world, rule, stands, should, change):
    [(root,)] = world.query(f"SELECT {ROOT}::text")
    world.query(change)
    found = world.query("SELECT rule, stands, should FROM shorts.verify()")
    assert (rule.format(root=root), stands, should) in [(told, stands and has, should and wants) for told, has, wants in found]
    done = world.ctl.run("shorts", "verify")
    assert done.returncode == 1 and f"rule: {rule.format(root=root)}\n" in done.stdout and "--repair" in done.stderr
    done = world.ctl.run("shorts", "verify", "--repair")
    assert done.returncode == 0 and f"rule: {rule.format(root=root)}\n" in done.stdout and "repaired: " in done.stdout
    assert world.ctl("shorts", "verify").startswith("the counts are right: 6 shorts, 18 reactions, ")


def test_only_repair_is_understood(world):
    assert world.ctl.run("shorts", "verify", "--all").returncode == 2


def test_who_leaves_is_forgotten_and_the_counts_are_right(make_database):
    world = World(make_database())
    gone, *stay = world.people
    others = {short for owner, short in world.shorts if owner != gone}
    world.query("INSERT INTO auth.erasure (customer_id, domain) VALUES (%s, 'shorts')", gone)
    world.query("DELETE FROM auth.customer WHERE id = %s", gone)
    done = run(world.database, "--once")
    assert done.returncode == 0, done.stderr
    assert world.query("SELECT 1 FROM auth.erasure WHERE done_at IS NULL") == []
    for table, column in TABLES.items():
        assert world.query(f"SELECT 1 FROM shorts.{table} WHERE {column} = %s", gone) == [], table
        assert world.query(f"SELECT 1 FROM shorts.{table} WHERE {column} = %s", stay[0]) != [], table
    assert world.query("SELECT 1 FROM shorts.subscription WHERE channel_id = %s", gone) == []
    # Two roots with two replies each; one stub with two more, and one reply less below each.
    assert {row for row in world.tallies()} == {(short, 2, 0, 2 * 3 + 2, 2) for short in others}
    assert world.query("SELECT count(*), sum(replies) FROM shorts.comment WHERE deleted_at IS NOT NULL") == [(4, 8)]
    assert world.query("SELECT 1 FROM shorts.comment WHERE deleted_at IS NOT NULL AND text IS NOT NULL") == []
    assert world.ctl("shorts", "verify").startswith("the counts are right: 4 shorts")
    assert world.query("SELECT code FROM shorts.react(%s, %s, 'like')", gone, next(iter(others))) == [("token_invalid",)]
    world.query("SELECT shorts.erase(%s)", gone)


def test_who_was_alone_leaves_no_stub(make_database):
    world = World(make_database())
    for gone in world.people[1:]:
        world.query("SELECT shorts.erase(%s)", gone)
    world.query("DELETE FROM shorts.comment WHERE customer_id = %s AND parent_id IS NOT NULL", world.people[0])
    world.query("SELECT shorts.repair()")
    world.query("SELECT shorts.erase(%s)", world.people[0])
    clear_all(world)
    assert world.query("SELECT 1 FROM shorts.comment") == world.query("SELECT 1 FROM shorts.short") == []


def test_leaving_deleting_and_commenting_at_once(make_database):
    """Nobody waits for somebody who waits for them, and nothing of who has left stays."""
    world = World(make_database())
    gone, stays = world.people[:2], world.people[2]
    replies = world.query("SELECT id::text FROM shorts.comment WHERE customer_id = %s", stays)

    def write(number):
        short = world.shorts[number % 6][1]
        who = world.people[number % 3]
        return world.query("SELECT code FROM shorts.react(%s, %s, %s)", who, short, ("like", "dislike", None)[number % 3]) + world.query(
            "SELECT code FROM shorts.add_comment(%s, %s, NULL, %s)", who, short, f"{number}")

    work = [lambda n=n: write(n) for n in range(60)]
    work[10:10] = [lambda who=who: world.query("SELECT shorts.erase(%s)", who) for who in gone]
    work[20:20] = [lambda id=id: world.query("SELECT shorts.delete_comment(%s, %s)", stays, id) for (id,) in replies]
    work[25:25] = [lambda: world.query("SELECT shorts.remove(%s, %s)", stays, world.shorts[5][1])]
    work[30:30] = [lambda: world.query("SELECT * FROM shorts.repair()")]
    for place in range(26, 90, 4):
        work.insert(place, lambda: clear(world, 5))
    # Their identity goes first.
    world.query("DELETE FROM auth.customer WHERE id = ANY (%s::uuid[])", gone)
    with ThreadPoolExecutor(16) as pool:
        for done in [pool.submit(each) for each in work]:
            done.result()
    assert world.query("SELECT * FROM shorts.verify()") == []
    clear_all(world)
    assert world.query("SELECT * FROM shorts.verify()") == []
    for table in ("short", "reaction", "comment", "view", "report"):
        assert world.query(f"SELECT 1 FROM shorts.{table} WHERE customer_id = ANY (%s::uuid[])", gone) == [], table
    assert world.query("SELECT count(*) FROM shorts.short") == [(1,)]
