"""What the payment window asks: the events of a checkout, through both web servers, 500 of them at once, and its end by the customer."""

import os
import re
import secrets
import signal
import time

import pytest

from checkouts import Watcher, at_once, make_checkouts, make_merchant, set_status
from client import assert_problem
from servers import until


@pytest.fixture(scope="module")
def merchant(postgres, api):  # pylint: disable=unused-argument
    return make_merchant(postgres)


@pytest.fixture
def checkout(postgres, merchant):
    return make_checkouts(postgres, merchant)[0]


@pytest.fixture(params=["lighttpd", "apache"])
def server(request):
    """The API through each web server."""
    return request.getfixturevalue("api" if request.param == "lighttpd" else "apache")


def test_each_status_is_told_within_a_second_and_the_last_one_ends_the_stream(server, api, postgres, checkout):
    customer = api.register()
    watcher = Watcher(server.system, checkout)
    assert watcher.reply.headers["Content-Type"] == "text/event-stream"
    assert watcher.reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in watcher.reply.headers
    until(lambda: watcher.statuses == ["pending"], "the first status")
    for status in ("claimed", "paid"):
        changed = time.monotonic()
        set_status(postgres, [checkout], status, customer.id)
        until(lambda s=status: watcher.statuses[-1] == s, status)
        assert watcher.seen[-1][1] - changed < 1
    until(lambda: watcher.ended, "the end of the stream")
    assert watcher.statuses == ["pending", "claimed", "paid"]


@pytest.mark.parametrize("last", ["paid", "expired", "cancelled"])
def test_what_has_ended_is_told_at_once(api, postgres, checkout, last):
    set_status(postgres, [checkout], last, api.register().id)
    watcher = Watcher(api.system, checkout)
    until(lambda: watcher.ended, "the end of the stream")
    assert watcher.statuses == [last]


def test_a_stream_ends_when_the_time_of_its_request_has_passed(server, postgres, merchant):
    """Nobody has to mark it, and no browser's timer has to run: codes of a closed page stay usable for ever otherwise."""
    watcher = Watcher(server.system, make_checkouts(postgres, merchant, seconds=1.5)[0])
    until(lambda: watcher.ended, "the end of the stream", 5)
    assert watcher.statuses == ["pending", "expired"]


def test_unknown_checkouts(server):
    for name in (secrets.token_urlsafe(16), "short", secrets.token_urlsafe(17), "x" * 21 + ".", "%ED%95%9C" * 7 + "x"):
        assert_problem(server.get(f"/pay/checkout/{name}/events"), 404, "not_found")


def test_one_checkout_has_room_for_a_few_windows_only(make_system, template):  # pylint: disable=unused-argument
    """Whoever holds one id cannot take all the threads there are."""
    system = make_system(start=False)
    system.twins = 1
    system.postgres.start()
    system.redis.start()
    system.start()
    checkout, other = make_checkouts(system.postgres, make_merchant(system.postgres), 2)
    watchers = [Watcher(system, checkout) for _ in range(8)]
    until(lambda: all(watcher.statuses == ["pending"] for watcher in watchers), "eight windows")
    refused = system.api.get(f"/pay/checkout/{checkout}/events", shed=True)
    assert_problem(refused, 503, "overloaded")
    assert int(refused.headers["Retry-After"]) >= 1
    more = Watcher(system, other)
    until(lambda: more.statuses == ["pending"], "a window of another checkout")
    watchers.pop().close()
    until(lambda: Watcher(system, checkout).status_code == 200, "room for another window")


def test_closing_the_window_cancels_what_was_not_paid(server, api, postgres, checkout):
    """The window's close button left the merchant waiting, and the code could still be paid."""
    watcher = Watcher(server.system, checkout)
    until(lambda: watcher.statuses == ["pending"], "the first status")
    for _ in range(2):
        reply = server.post(f"/pay/checkout/{checkout}/close", headers={"Origin": "https://anybody.example"})
        assert reply.json() == {"status": "cancelled"}
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
    until(lambda: watcher.statuses == ["pending", "cancelled"], "cancelled")
    told = postgres.query("SELECT type FROM pay.event WHERE data->>'order_id' = %s", f"order {checkout}")
    assert told == [("request.cancelled",)]


def test_closing_the_window_tells_what_had_become_of_it(api, postgres, merchant):
    """A page that is told "failed" while the customer has paid: the answer is what holds."""
    customer = api.register().id
    for status in ("paid", "expired", "cancelled"):
        checkout = make_checkouts(postgres, merchant)[0]
        set_status(postgres, [checkout], status, customer)
        assert api.post(f"/pay/checkout/{checkout}/close").json() == {"status": status}
    late = make_checkouts(postgres, merchant, seconds=-1)[0]
    assert api.post(f"/pay/checkout/{late}/close").json() == {"status": "expired"}
    assert_problem(api.post(f"/pay/checkout/{secrets.token_urlsafe(16)}/close"), 404, "not_found")
    assert_problem(api.post("/pay/checkout/short/close"), 404, "not_found")


@pytest.fixture(scope="module")
def many(make_shared_system):
    """A system with room for 500 streams, of one process, so that what it counts is all there is."""
    system = make_shared_system(start=False)
    system.twins = 1
    system.pay_env = {"MOA_THREADS": "1100"}
    system.postgres.start()
    system.redis.start()
    system.start()
    return system


def statements_of_watching(system):
    """How often the poller's statement was run, as PostgreSQL counts the calls of its function."""
    system.postgres.query("SELECT pg_stat_force_next_flush()")
    row = system.postgres.query("SELECT calls FROM pg_stat_user_functions WHERE funcname = 'watch'")
    return row[0][0] if row else 0


def test_500_open_streams(many):
    """They cost two statements a second, all of them together; other calls go on; all are told within a second of each other."""
    many.postgres.query("ALTER SYSTEM SET track_functions = 'all'")
    many.postgres.query("SELECT pg_reload_conf()")
    checkouts = make_checkouts(many.postgres, make_merchant(many.postgres), 500)
    customer = many.api.register().id
    watchers = at_once([lambda c=c: Watcher(many, c) for c in checkouts])
    until(lambda: all(watcher.statuses == ["pending"] for watcher in watchers), "500 windows")
    assert int(re.search(r"^moa_pay_streams\S* (\d+)$", many.api.get("/pay/metrics").text, re.M)[1]) == 500
    first, begun = statements_of_watching(many), time.monotonic()
    slowest = 0
    while time.monotonic() - begun < 5:
        asked = time.monotonic()
        assert many.api.get("/pay/grades").status_code == 200
        slowest = max(slowest, time.monotonic() - asked)
    assert slowest < 1
    until(lambda: statements_of_watching(many) > first, "a count of statements")
    assert statements_of_watching(many) - first <= 2 * (time.monotonic() - begun) + 3
    set_status(many.postgres, checkouts, "paid", customer)
    changed = time.monotonic()
    until(lambda: all(watcher.ended for watcher in watchers), "the end of all streams")
    assert {tuple(watcher.statuses) for watcher in watchers} == {("pending", "paid")}
    assert max(watcher.seen[-1][1] for watcher in watchers) - changed < 2


def test_above_the_ceiling_new_streams_are_refused_and_short_calls_go_on(make_system):
    system = make_system(env={"MOA_THREADS": "16"}, start=False)
    system.twins = 1
    system.postgres.start()
    system.redis.start()
    system.start()
    checkouts = make_checkouts(system.postgres, make_merchant(system.postgres), 9)
    watchers = [Watcher(system, checkout) for checkout in checkouts[:8]]
    until(lambda: all(watcher.statuses == ["pending"] for watcher in watchers), "eight windows")
    begun = time.monotonic()
    refused = system.api.get(f"/pay/checkout/{checkouts[8]}/events", shed=True)
    assert_problem(refused, 503, "overloaded")
    assert time.monotonic() - begun < 1 and refused.headers["Retry-After"]
    assert system.api.get("/pay/grades").status_code == 200
    for watcher in watchers:
        watcher.close()
    until(lambda: Watcher(system, checkouts[8]).status_code == 200, "a slot")


def test_a_stop_of_the_program_ends_streams_cleanly_and_they_go_on_elsewhere(own_system):
    checkouts = make_checkouts(own_system.postgres, make_merchant(own_system.postgres), 6)
    watchers = [Watcher(own_system, checkout) for checkout in checkouts]
    until(lambda: all(watcher.statuses == ["pending"] for watcher in watchers), "the windows")
    for pid in own_system.programs()["pay"]:
        os.kill(pid, signal.SIGTERM)
    until(lambda: all(watcher.ended for watcher in watchers), "the end of the streams", 5)
    assert not any(hasattr(watcher, "fault") for watcher in watchers)
    own_system.wait_ready(["pay"])
    again = until(lambda: [w for w in [Watcher(own_system, checkouts[0])] if w.status_code == 200], "a stream")[0]
    until(lambda: again.statuses == ["pending"], "the status")
    assert [line for line in own_system.log() if line.get("event") == "stop" and "cut_off" in line] == []


def test_postgresql_away(own_system):
    """A new stream is refused within 3 s; one that is open stays so, and goes on with the database."""
    checkout, other = make_checkouts(own_system.postgres, make_merchant(own_system.postgres), 2)
    watcher = Watcher(own_system, checkout)
    until(lambda: watcher.statuses == ["pending"], "the first status")
    own_system.postgres.freeze()
    begun = time.monotonic()
    assert_problem(own_system.api.get(f"/pay/checkout/{other}/events"), 503, "dependency_unavailable")
    assert time.monotonic() - begun < 3.5
    own_system.postgres.thaw()
    set_status(own_system.postgres, [checkout], "cancelled")
    until(lambda: watcher.statuses == ["pending", "cancelled"], "what has happened meanwhile", 30)
