"""POST /shorts/{id}/watch: time that was really watched, and what it earns."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from caller import limits, problem
from clips import make_short
from servers import until
from viewer import PAUSED, PLAYING, Viewer

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module", autouse=True)
def keys_are_read(api, system):
    """A process reads the public keys before its first token, which is no beat's own doing."""
    viewer = new_viewer(api, system)
    until(lambda: {statements(system, viewer.send(NOBODY)) for _ in range(10)} == {1}, "the keys to be read")


def new_viewer(api, system):
    return Viewer(api, system.redis.client(), api.register())


@pytest.fixture
def viewer(api, system):
    return new_viewer(api, system)


@pytest.fixture(scope="module")
def owner(api):
    return api.register()


@pytest.fixture
def short(system, owner):
    return make_short(system, owner)


def points(viewer):
    """What pay has booked for it."""
    return [entry["points"] for entry in viewer.api.get("/pay/points", token=viewer.customer, params={"limit": 100}).json()["items"]
            if entry["kind"] == "watch"]


def views(api, short):
    return api.get(f"/shorts/{short}").json()["view_count"]


def statements(system, reply):
    return system.logged(reply)["statements"]


# The stopwatch.


def test_it_begins_at_nothing(viewer, short):
    assert viewer.beat(short) == {"next_in_s": 3, "lap_progress_s": 0, "points_earned": 0, "points_today": 0, "daily_cap": 100}


def test_time_between_beats_counts_up_to_5_seconds(viewer, short):
    viewer.beat(short)
    assert viewer.beat(short, 3)["lap_progress_s"] == 3
    assert viewer.beat(short, 4.5)["lap_progress_s"] == 7
    assert viewer.beat(short, 5)["lap_progress_s"] == 12
    # The player was gone for an hour.
    assert viewer.beat(short, 3600)["lap_progress_s"] == 17


def test_nothing_counts_while_it_is_paused(viewer, short):
    viewer.beat(short)
    assert viewer.beat(short, 2, playing=False)["lap_progress_s"] == 2
    assert viewer.beat(short, 4, playing=False)["lap_progress_s"] == 2
    assert viewer.beat(short, 4)["lap_progress_s"] == 2
    assert viewer.beat(short, 4)["lap_progress_s"] == 6


def test_60_seconds_earn_10_points_at_once(viewer, short):
    told = viewer.watch(short, 59)
    assert (told["lap_progress_s"], told["points_earned"], told["points_today"]) == (59, 0, 0)
    assert points(viewer) == []
    told = viewer.beat(short, 3)
    assert (told["lap_progress_s"], told["points_earned"], told["points_today"]) == (2, 10, 10)
    assert points(viewer) == [10]
    assert viewer.beat(short)["points_earned"] == 0
    [(about,)] = viewer.api.system.postgres.query(
        "SELECT about FROM pay.journal WHERE kind = 'watch' AND about LIKE %s", f"{viewer.customer.id}:%")
    assert about.endswith(":1")


def test_a_lap_goes_on_from_one_short_to_the_next(viewer, system, owner):
    one, other = make_short(system, owner), make_short(system, owner)
    viewer.watch(one, 33)
    assert viewer.beat(other, 4)["lap_progress_s"] == 37
    assert viewer.beat(other, 4)["lap_progress_s"] == 41


def test_100_points_a_day_and_not_one_more(viewer, short):
    told = viewer.earn(short, 100)
    assert (told["points_earned"], told["points_today"], told["lap_progress_s"]) == (10, 100, 0)
    told = viewer.watch(short, 70)
    assert (told["points_earned"], told["points_today"], told["lap_progress_s"]) == (0, 100, 0)
    assert points(viewer) == [10] * 10


def test_a_day_of_seoul_begins_anew(own_system):
    """Also when the clock of the business rules is moved while somebody watches."""
    own_system.ctl("clock", "on")
    own_system.ctl("clock", "set", "2027-03-01T23:50:00+09:00")
    viewer = new_viewer(own_system.api, own_system)
    short = make_short(own_system, viewer.customer)
    assert viewer.earn(short, 100)["points_today"] == 100
    own_system.ctl("clock", "set", "2027-03-01T23:59:50+09:00")
    assert viewer.watch(short, 70)["points_today"] == 100
    own_system.ctl("clock", "set", "2027-03-02T00:00:10+09:00")
    sign_in(viewer)
    # It is known with the next short at the latest, and after a minute.
    assert viewer.beat(make_short(own_system, viewer.customer))["points_today"] == 0
    assert viewer.earn(short, 20)["points_today"] == 20
    assert points(viewer) == [10] * 12
    # Back in time: what was paid for on that day stays paid.
    own_system.ctl("clock", "set", "2027-03-01T23:59:00+09:00")
    sign_in(viewer)
    assert viewer.beat(make_short(own_system, viewer.customer))["points_today"] == 100
    assert "adds up" in own_system.ctl("ledger", "verify")


def sign_in(viewer):
    viewer.customer.access_token = viewer.api.login(viewer.customer.email, viewer.customer.password)["access_token"]


def test_midnight_needs_no_asking(viewer, short, system):
    """The stopwatch knows when the day ends; what was begun before is not of the next day's laps."""
    viewer.watch(short, 42)
    viewer.redis.hset(viewer.key, mapping={"day": "2020-01-01", "day_ends": viewer.redis.hget(viewer.key, "at")})
    assert viewer.beat(short, 3)["lap_progress_s"] == 0
    assert viewer.beat(short, 3)["lap_progress_s"] == 3
    # A lap of another day is not paid for.
    viewer.watch(short, 56)
    viewer.redis.hset(viewer.key, "day", "2020-01-01")
    assert viewer.beat(short, 3) == {**viewer.beat(short), "points_earned": 0, "points_today": 0, "lap_progress_s": 0}
    assert points(viewer) == []


# Views.


def test_3_seconds_are_a_view_and_one_a_day(api, viewer, short, system, postgres):
    viewer.beat(short)
    viewer.beat(short, 2)
    assert views(api, short) == 0
    viewer.beat(short, 1)
    assert views(api, short) == 1
    viewer.watch(short, 20)
    viewer.watch(make_short(system, viewer.customer), 4)
    viewer.watch(short, 20)
    assert views(api, short) == 1
    postgres.query("UPDATE shorts.view SET day = day - 1 WHERE short_id = %s", short)
    viewer.redis.delete(viewer.key)
    viewer.watch(short, 4)
    assert views(api, short) == 2


def test_a_short_that_was_swiped_away_has_been_seen(api, viewer, system, owner):
    seen, passed, last = (make_short(system, owner) for _ in range(3))
    viewer.beat(seen)
    viewer.beat(passed, 4)
    viewer.beat(last, 2)
    assert [views(api, short) for short in (seen, passed, last)] == [1, 0, 0]


def test_everybody_has_a_view(api, system, short):
    for _ in range(3):
        new_viewer(api, system).watch(short, 4)
    assert views(api, short) == 3


# Which shorts.


@pytest.mark.parametrize("name", [NOBODY, "nonsense"])
@pytest.mark.parametrize("body", [PLAYING, PAUSED])
def test_no_such_short(viewer, name, body):
    problem(viewer.send(name, body=body), 404, "not_found")


@pytest.mark.parametrize("change", [
    "status = 'processing', media = NULL", "status = 'failed', reason = 'not_a_video', media = NULL", "hidden_at = now()"])
def test_what_is_not_shown_earns_nothing(viewer, short, postgres, change):
    postgres.query(f"UPDATE shorts.short SET {change} WHERE id = %s", short)
    for _ in range(3):
        problem(viewer.send(short, after=5), 404, "not_found")
    assert float(viewer.redis.hget(viewer.key, "ms")) == 0


@pytest.mark.parametrize("end", ["UPDATE shorts.short SET hidden_at = now() WHERE id = %s", "DELETE FROM shorts.short WHERE id = %s"])
def test_a_short_that_goes_away_stops_the_stopwatch_within_a_minute(viewer, short, postgres, end):
    viewer.beat(short)
    postgres.query(end, short)
    minute_ago = int(viewer.redis.hget(viewer.key, "asked")) - 60_000
    viewer.redis.hset(viewer.key, "asked", minute_ago)
    problem(viewer.send(short, after=3), 404, "not_found")
    problem(viewer.send(short, after=3), 404, "not_found")
    assert 3000 <= int(viewer.redis.hget(viewer.key, "ms")) < 5500


def test_what_was_watched_of_it_counts(api, viewer, short, postgres):
    viewer.watch(short, 58)
    postgres.query("DELETE FROM shorts.short WHERE id = %s", short)
    problem(viewer.send(NOBODY, after=4), 404, "not_found")
    assert points(viewer) == [10]


# Abuse.


def test_ten_tabs_earn_as_one(viewer, system, owner):
    shorts = [make_short(system, owner) for _ in range(10)]
    for short in shorts:
        viewer.beat(short)
    for short in shorts * 3:
        told = viewer.beat(short, 0.3)
    assert told["lap_progress_s"] in (9, 10)


def test_a_paused_tab_does_not_stop_another(viewer, system, owner):
    plays, paused = make_short(system, owner), make_short(system, owner)
    viewer.beat(plays)
    viewer.beat(paused, 3, playing=False)
    viewer.beat(paused, 1, playing=False)
    assert viewer.beat(plays, 1)["lap_progress_s"] == 5


def test_a_flood_earns_nothing_and_is_turned_away(api, viewer, short):
    viewer.beat(short)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: viewer.send(short), range(400)))
    assert {reply.status_code for reply in replies} == {200, 429}
    last = problem(next(reply for reply in replies if reply.status_code == 429), 429, "rate_limited")
    assert last["code"] == "rate_limited"
    turned_away = viewer.send(short)
    assert 0 < int(turned_away.headers["Retry-After"]) <= 60 and limits(turned_away, "RateLimit-Policy")["watch-beats"] == "q=300;w=60"
    # As long as it took, and no longer.
    assert max(reply.json()["lap_progress_s"] for reply in replies if reply.ok) <= 30
    assert points(viewer) == []


def test_beats_at_the_end_of_a_lap_pay_it_once(viewer, system, owner):
    shorts = [make_short(system, owner) for _ in range(8)]
    for lap in range(1, 4):
        viewer.watch(shorts[0], 59)
        viewer.pass_time(2)
        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(viewer.beat, shorts))
        assert sum(reply["points_earned"] for reply in told) == 10
        assert max(reply["points_today"] for reply in told) == 10 * lap
        assert points(viewer) == [10] * lap
        viewer.redis.hset(viewer.key, "ms", 0)


def test_two_customers_do_not_share_a_stopwatch(api, system, short):
    one, other = new_viewer(api, system), new_viewer(api, system)
    one.watch(short, 30)
    assert other.beat(short)["lap_progress_s"] == 0


@pytest.mark.parametrize("body", [{}, {"playing": "yes"}, {"playing": None}, {"playing": True, "seconds": 600}])
def test_time_is_not_the_clients_to_say(viewer, short, body):
    problem(viewer.send(short, body=body), 422, "validation_failed")


def test_guests_earn_nothing(api, short):
    problem(api.post(f"/shorts/{short}/watch", json=PLAYING), 401, "token_missing")


def test_who_is_blocked_earns(viewer, short, postgres):
    """As with the daily check-in: it is not among what a blocked account may not do, and helps to repay."""
    postgres.query("UPDATE pay.account SET standing = 'blocked' WHERE customer_id = %s", viewer.customer.id)
    assert viewer.watch(short, 60)["points_earned"] == 10


def test_who_has_left_earns_nothing(viewer, short, postgres):
    viewer.watch(short, 58)
    postgres.query("SELECT pay.erase(%s)", viewer.customer.id)
    problem(viewer.send(short, after=4), 404, "not_found")


# Clocks.


def test_a_clock_that_jumps_back_counts_nothing(viewer, short):
    viewer.watch(short, 10)
    assert viewer.beat(short, -3600)["lap_progress_s"] == 10
    assert viewer.beat(short, 3)["lap_progress_s"] == 13


# What it costs, and what may fail.


def test_a_beat_runs_no_statement(viewer, short, system):
    runs = [statements(system, viewer.send(short, after)) for after in (0, 2, 2, 3, 3, 3, 3)]
    # When it begins, and when it has become a view.
    assert runs == [1, 0, 1, 0, 0, 0, 0]
    assert statements(system, viewer.send(short, 2, PAUSED)) == 0
    viewer.watch(short, 39)
    assert [statements(system, viewer.send(short, 3)) for _ in range(2)] == [1, 0]
    # And once a minute.
    viewer.redis.hset(viewer.key, "asked", 0)
    assert [statements(system, viewer.send(short, 1)) for _ in range(2)] == [1, 0]
    # One that was seen today already is not counted again.
    viewer.redis.delete(viewer.key)
    assert [statements(system, viewer.send(short, after)) for after in (0, 3, 3)] == [1, 0, 0]


def test_a_stopwatch_that_was_lost(viewer, short):
    """Laps that were paid for come from PostgreSQL, and only the one that was begun is lost."""
    viewer.watch(short, 150)
    viewer.redis.delete(viewer.key)
    told = viewer.beat(short, 3)
    assert (told["lap_progress_s"], told["points_today"]) == (0, 20)
    assert viewer.earn(short, 100)["points_today"] == 100
    viewer.redis.delete(viewer.key)
    assert viewer.watch(short, 70)["points_today"] == 100
    assert points(viewer) == [10] * 10


def test_a_stopwatch_out_of_a_backup_is_not_paid_twice(viewer, short):
    viewer.watch(short, 119)
    saved = viewer.redis.hgetall(viewer.key)
    assert viewer.watch(short, 64)["points_today"] == 30
    viewer.redis.hset(viewer.key, mapping=saved)
    told = viewer.beat(short, 3)
    assert (told["points_earned"], told["points_today"]) == (0, 30)
    assert points(viewer) == [10] * 3


def test_an_answer_that_was_overtaken(viewer, short, system, owner):
    """PostgreSQL's answer to one beat comes after that to a later one, which knew of another lap."""
    viewer.watch(short, 61)
    viewer.redis.hset(viewer.key, mapping={"laps": 2, "ms": 7000})
    told = viewer.beat(make_short(system, owner))
    assert (told["points_today"], told["lap_progress_s"]) == (20, 7)


def test_a_database_out_of_a_backup_pays_again(viewer, short):
    """The stopwatch knows of laps that PostgreSQL has forgotten: it is PostgreSQL that decides."""
    viewer.watch(short, 61)
    viewer.redis.hset(viewer.key, mapping={"laps": 3, "ms": 59_000})
    assert viewer.beat(short, 2)["points_today"] == 10
    assert viewer.beat(short)["points_today"] == 20
    assert points(viewer) == [10, 10]


def test_it_keeps_time_in_redis_with_an_end(viewer, short):
    viewer.beat(short)
    assert 0 < viewer.redis.ttl(viewer.key) <= 86400


def test_without_redis_it_says_so_at_once(own_system):
    viewer = new_viewer(own_system.api, own_system)
    short = make_short(own_system, viewer.customer)
    viewer.watch(short, 10)
    for away, back in ((own_system.redis.freeze, own_system.redis.thaw), (own_system.redis.stop, own_system.redis.start)):
        away()
        try:
            reply = viewer.api.post(f"/shorts/{short}/watch", token=viewer.customer, json=PLAYING)
            problem(reply, 503, "dependency_unavailable")
            assert reply.elapsed.total_seconds() < 2
            assert viewer.api.get(f"/shorts/{short}").ok
        finally:
            back()
    until(lambda: viewer.send(short).ok, "Redis to be used again")


def test_a_lap_waits_for_postgresql(own_system):
    """What was watched while it was away is paid for, a lap with each beat; also when its answer was never heard."""
    viewer = new_viewer(own_system.api, own_system)
    short = make_short(own_system, viewer.customer)
    viewer.watch(short, 59)
    own_system.postgres.freeze()
    try:
        problem(viewer.send(short, 3), 503, "dependency_unavailable")
    finally:
        own_system.postgres.thaw()
    own_system.postgres.restart()
    own_system.wait_ready()
    # The first one had been paid for, or had not: either way it is, once.
    assert until(lambda: viewer.send(short).json().get("points_today") == 10, "the lap")
    assert points(viewer) == [10]


def test_who_dies_before_it_was_noted_does_not_pay_twice(viewer, short):
    """PostgreSQL has committed the lap, and Redis never heard of it."""
    viewer.watch(short, 59)
    before = viewer.redis.hgetall(viewer.key)
    assert viewer.beat(short, 2)["points_earned"] == 10
    viewer.redis.hset(viewer.key, mapping={**before, "ms": 61_000})
    told = viewer.beat(short)
    assert (told["points_earned"], told["points_today"], told["lap_progress_s"]) == (0, 10, 1)
    assert points(viewer) == [10]


def test_programs_that_are_killed_while_they_pay(own_system):
    """However often, what Redis and PostgreSQL know of it is the same in the end."""
    viewer = new_viewer(own_system.api, own_system)
    short = make_short(own_system, viewer.customer)
    over = threading.Event()

    def kill():
        while not over.wait(0.1):
            for pid in own_system.programs().get("shorts", [])[:1]:
                os.kill(pid, signal.SIGKILL)

    def watch():
        reply = viewer.send(short, after=5)
        return reply.ok and reply.json()["points_today"] == 50

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        until(watch, "five laps", 60)
    finally:
        over.set()
        killer.join()
    assert points(viewer) == [10] * 5
    assert "adds up" in own_system.ctl("ledger", "verify")
