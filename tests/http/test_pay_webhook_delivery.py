"""Webhooks on their way: moa-worker tells merchants' servers of events, whatever those servers and the worker itself go through."""

import signal
import time

import pytest

from hooks import Merchant, Receiver, signature
from servers import end, until
from worker import run, start

PRIVATE = {"MOA_WEBHOOK_PRIVATE": "1"}  # the merchant's server is on loopback
FAST = {**PRIVATE, "MOA_WEBHOOK_DEADLINE_MS": "500"}


@pytest.fixture(scope="module")
def shared_database(make_database):
    database = make_database()
    database.ctl("clock", "on")
    return database


@pytest.fixture
def database(shared_database):
    """With nothing in it that earlier tests have left to deliver."""
    shared_database.query("DELETE FROM pay.webhook_delivery")
    return shared_database


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.stop()


@pytest.fixture
def merchant(database):
    return Merchant(database.query)


@pytest.fixture
def worker(database):
    """worker(): start one; those still running are killed in the end."""
    running = []

    def begin(**env):
        running.append(start(database, **{**PRIVATE, **env}))
        return running[-1]

    yield begin
    for process in running:
        end(process, signal.SIGKILL)
        process.stderr.close()


def once(database, **env):
    done = run(database, "--once", **{**FAST, **env})
    assert done.returncode == 0, done.stderr
    return done.stderr


def lapse(database):
    """Let every lease run out."""
    database.query("UPDATE pay.webhook_delivery SET due_at = moa.now() WHERE leased")


def test_an_event_is_told_and_signed(database, merchant, receiver):
    endpoint = merchant.endpoint(receiver.url)
    event = merchant.emit(order_id="주문-7", amount_won=12900)
    once(database)
    [call] = receiver.heard
    assert (call.path, call.headers["Content-Type"]) == ("/hooks", "application/json")
    assert call.headers["webhook-id"] == event
    assert abs(int(call.headers["webhook-timestamp"]) - time.time()) < 30
    assert call.headers["webhook-signature"] == signature(endpoint.secret, call)
    [(at,)] = database.query("SELECT moa.rfc3339(at) FROM pay.event WHERE id = %s", event)
    assert call.json == {"type": "request.paid", "timestamp": at, "data": {"order_id": "주문-7", "amount_won": 12900}}
    [delivery] = merchant.deliveries(endpoint)
    assert (delivery.event_id, delivery.status, delivery.attempts, delivery.last_answer, delivery.last_fault) == (
        event, "delivered", 1, 200, None)
    once(database)
    assert len(receiver.heard) == 1


def test_who_is_told(database, merchant, receiver):
    """Each endpoint that has asked for the type, of this merchant; not those that are gone or came later."""
    both = merchant.endpoint(receiver.url, "request.paid", "payment.refunded")
    refunds = merchant.endpoint(receiver.url + "/refunds", "payment.refunded")
    gone = merchant.endpoint(receiver.url + "/gone")
    database.query("SELECT pay.delete_webhook_endpoint(%s, %s)", merchant.hash, gone.id)
    stranger = Merchant(database.query)
    stranger.endpoint(receiver.url + "/stranger")
    paid, refunded = merchant.emit(), merchant.emit("payment.refunded")
    late = merchant.endpoint(receiver.url + "/late")
    once(database)
    assert sorted((call.path, call.headers["webhook-id"]) for call in receiver.heard) == sorted(
        [("/hooks", paid), ("/hooks", refunded), ("/hooks/refunds", refunded)])
    assert len(merchant.deliveries(both)) == 2 and len(merchant.deliveries(refunds)) == 1
    assert merchant.deliveries(late) == []


@pytest.mark.parametrize("answer", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(database, merchant, receiver, answer):
    endpoint = merchant.endpoint(receiver.url)
    merchant.emit()
    receiver.answers = [answer]
    once(database)
    assert [(delivery.status, delivery.last_answer) for delivery in merchant.deliveries(endpoint)] == [("delivered", answer)]


@pytest.mark.parametrize("answer, status, fault", [
    (500, 500, None), (503, 503, None), (404, 404, None), (302, 302, None), (307, 307, None),
    ("hang", None, "deadline"), ("flood", None, "large"), ("cut", None, "cut"), ("garbage", None, "format"),
])
def test_a_failure_is_tried_again(database, merchant, receiver, answer, status, fault):
    """Redirects are not followed, a hang ends at the deadline, a huge reply at the ceiling; then all is well."""
    endpoint = merchant.endpoint(receiver.url)
    event = merchant.emit()
    receiver.answers = [answer]
    once(database)
    [delivery] = merchant.deliveries(endpoint)
    assert (delivery.status, delivery.attempts, delivery.last_answer, delivery.last_fault) == ("pending", 1, status, fault)
    assert delivery.next_attempt_at is not None
    database.ctl("clock", "advance", "6 seconds")
    once(database)
    [delivery] = merchant.deliveries(endpoint)
    assert (delivery.status, delivery.attempts, delivery.last_answer) == ("delivered", 2, 200)
    assert receiver.ids() == [event, event]
    assert {call.path for call in receiver.heard} == {"/hooks"}


def test_nobody_listens(database, merchant, receiver):
    receiver.stop()
    endpoint = merchant.endpoint(receiver.url)
    merchant.emit()
    once(database)
    assert merchant.deliveries(endpoint)[0].last_fault == "connect"


def test_back_off_and_giving_up(database, merchant, receiver):
    """After 5 s, 1 min, 5 min, 30 min, 2 h, 5 h and 10 h, not a second earlier, and then no more, which is said."""
    endpoint = merchant.endpoint(receiver.url)
    event = merchant.emit()
    receiver.answers = [500] * 20
    once(database)
    for number, seconds in enumerate([5, 60, 300, 1800, 7200, 18000, 36000], 1):
        [(wait,)] = database.query("SELECT extract(epoch FROM due_at - attempted_at) FROM pay.webhook_delivery")
        assert seconds <= wait < seconds + 5
        database.query("UPDATE pay.webhook_delivery SET due_at = moa.now() + %s * interval '1 second'", seconds)
        database.ctl("clock", "advance", f"{seconds - 30} seconds" if seconds > 30 else "0 seconds")
        once(database)
        assert len(receiver.heard) == number
        database.ctl("clock", "advance", "31 seconds")
        log = once(database)
        assert len(receiver.heard) == number + 1
    assert "level=warn" in log and "result=failed" in log
    [delivery] = merchant.deliveries(endpoint)
    assert (delivery.status, delivery.attempts, delivery.next_attempt_at) == ("failed", 8, None)
    database.ctl("clock", "advance", "20 days")
    once(database)
    assert receiver.ids() == [event] * 8
    assert len({call.body for call in receiver.heard}) == 1
    # Each attempt has a time and so a signature of its own.
    assert all(call.headers["webhook-signature"] == signature(endpoint.secret, call) for call in receiver.heard)


def test_gone_is_an_end(database, merchant, receiver):
    """410 disables the endpoint: what waits for it fails, what comes later is not made, others are told."""
    endpoint, other = merchant.endpoint(receiver.url), merchant.endpoint(receiver.url + "/other")
    for _ in range(3):
        merchant.emit()
    database.query("UPDATE pay.webhook_delivery SET due_at = due_at - interval '1 hour' WHERE endpoint_id = %s", endpoint.id)
    receiver.answers = [410]
    once(database)
    assert [call.path for call in receiver.heard].count("/hooks") == 1
    assert [call.path for call in receiver.heard].count("/hooks/other") == 3
    assert sorted((delivery.status, delivery.last_answer, delivery.last_fault) for delivery in merchant.deliveries(endpoint)
                  if delivery.attempts) == [("failed", 410, None)]
    assert {(delivery.status, delivery.last_fault) for delivery in merchant.deliveries(endpoint) if not delivery.attempts} == {
        ("failed", "disabled")}
    shown = {item.id: item for item in merchant.endpoints()}
    assert (shown[endpoint.id].status, shown[endpoint.id].last_delivery["last_answer"]) == ("disabled", 410)
    assert (shown[other.id].status, shown[other.id].last_delivery["status"]) == ("enabled", "delivered")
    merchant.emit()
    once(database)
    assert len(merchant.deliveries(endpoint)) == 3 and len(merchant.deliveries(other)) == 4


def test_deleted_with_deliveries_on_their_way(database, merchant, receiver):
    endpoint = merchant.endpoint(receiver.url)
    merchant.emit()
    database.query("SELECT pay.delete_webhook_endpoint(%s, %s)", merchant.hash, endpoint.id)
    once(database)
    assert receiver.heard == []
    assert database.query("SELECT status, fault FROM pay.webhook_delivery") == [("failed", "disabled")]


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/hooks", "http://localhost:{port}/hooks", "http://0:{port}/hooks"])
def test_private_addresses_are_not_called(database, merchant, receiver, url):
    """Whatever was asked when the endpoint was made: the address that a name has now is what counts."""
    endpoint = merchant.endpoint(url.format(port=receiver.server.server_address[1]))
    merchant.emit()
    once(database, MOA_WEBHOOK_PRIVATE="0")
    assert receiver.heard == []
    [delivery] = merchant.deliveries(endpoint)
    assert (delivery.status, delivery.last_fault) == ("pending", "private")


def test_a_server_that_cannot_prove_its_name_is_told_nothing(database, merchant, receiver, place):
    """https with a certificate that nobody vouches for."""
    receiver.encrypt(place)
    endpoint = merchant.endpoint(receiver.url)
    merchant.emit()
    once(database)
    assert receiver.heard == []
    assert merchant.deliveries(endpoint)[0].last_fault == "connect"


def test_told_within_a_second(database, merchant, receiver, worker):
    merchant.endpoint(receiver.url)
    process = worker()
    merchant.emit()
    until(lambda: receiver.heard, "the first webhook")
    emitted = time.time()
    merchant.emit()
    until(lambda: len(receiver.heard) == 2, "the second one")
    assert receiver.heard[1].at - emitted < 1
    assert end(process) == 0


def test_a_killed_worker_tells_again(database, merchant, receiver, worker):
    """Killed after the merchant has heard and before that is noted: another worker tells it again, under the same id."""
    endpoint = merchant.endpoint(receiver.url)
    event = merchant.emit()
    receiver.answers = ["hang"]
    process = worker()
    until(lambda: receiver.heard, "the webhook")
    end(process, signal.SIGKILL)
    receiver.released.set()
    once(database)
    assert receiver.ids() == [event], "its lease still holds"
    lapse(database)
    once(database)
    assert receiver.ids() == [event, event]
    assert receiver.heard[0].body == receiver.heard[1].body
    [delivery] = merchant.deliveries(endpoint)
    assert (delivery.status, delivery.attempts) == ("delivered", 2)


def test_killed_between_the_reply_and_its_record(database, merchant, receiver, worker):
    """The merchant has answered, and the worker dies before that is committed: it is told again, under the same id."""
    endpoint = merchant.endpoint(receiver.url)
    event = merchant.emit()
    receiver.answers = ["hang"]
    process = worker()
    until(lambda: receiver.heard, "the webhook")
    connection = database.connect()
    cursor = connection.cursor()
    cursor.execute("BEGIN")
    cursor.execute("SELECT FROM pay.webhook_delivery FOR UPDATE")
    receiver.released.set()
    waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%%delivery_done%%'"
    until(lambda: database.query(f"SELECT count(*) {waiting}") == [(1,)], "the worker to know the answer and to wait for the row")
    end(process, signal.SIGKILL)
    database.query(f"SELECT pg_terminate_backend(pid, 5000) {waiting}")  # which does not notice by itself
    cursor.execute("ROLLBACK")
    connection.close()
    assert merchant.deliveries(endpoint)[0].status == "pending"
    lapse(database)
    once(database)
    assert receiver.ids() == [event, event]
    assert merchant.deliveries(endpoint)[0].status == "delivered"


def test_who_comes_late_says_nothing(database, merchant):
    """A worker that was away for longer than its lease does not speak for the one that has the lease now."""
    merchant.endpoint("http://127.0.0.1:9/")
    merchant.emit()
    [(first, attempt)] = database.query("SELECT id, attempt FROM pay.next_delivery()")
    assert database.query("SELECT id FROM pay.next_delivery()") == []
    lapse(database)
    [(again, next_attempt)] = database.query("SELECT id, attempt FROM pay.next_delivery()")
    assert (again, next_attempt) == (first, attempt + 1)
    done = "SELECT pay.delivery_done(%s, %s, %s, NULL)"
    assert database.query(done, first, attempt, 200) == [("late",)]
    assert database.query(done, first, next_attempt, 500) == [("retry",)]
    assert database.query(done, first, next_attempt, 200) == [("late",)]


def test_two_workers_tell_each_event_once(database, merchant, receiver, worker):
    """And never the same one at the same time."""
    merchant.endpoint(receiver.url)
    events = {merchant.emit(number=number) for number in range(60)}
    pair = [worker(), worker()]
    until(lambda: database.query("SELECT count(*) FROM pay.webhook_delivery WHERE status = 'delivered'") == [(60,)],
          "all deliveries")
    assert [end(process) for process in pair] == [0, 0]
    assert len(receiver.heard) == 60 and set(receiver.ids()) == events


def test_a_merchant_that_hangs_holds_no_other_up(database, merchant, receiver, worker):
    """Of a whole queue for its endpoints, only so many are sent at once."""
    slow, other = Receiver(), Merchant(database.query)
    try:
        slow.answers = ["hang"] * 60
        for number in range(3):
            merchant.endpoint(f"{slow.url}/{number}")
        for _ in range(20):
            merchant.emit()
        other.endpoint(receiver.url)
        worker()
        until(lambda: slow.heard, "the slow one to be called")
        other.emit()
        until(lambda: receiver.heard, "the other to hear", 3)
        assert slow.most <= 4
    finally:
        slow.stop()


def test_asked_to_stop_it_finishes_what_it_has_begun(database, merchant, receiver, worker):
    endpoint = merchant.endpoint(receiver.url)
    merchant.emit()
    receiver.answers = ["hang"]
    process = worker()
    until(lambda: receiver.heard, "the webhook")
    process.send_signal(signal.SIGTERM)
    receiver.released.set()
    assert end(process) == 0
    assert merchant.deliveries(endpoint)[0].status == "delivered"


def test_events_are_kept_for_30_days(database, merchant, receiver):
    endpoint = merchant.endpoint(receiver.url)
    merchant.emit()
    once(database)
    database.ctl("clock", "advance", "29 days")
    recent = merchant.emit()
    database.query("SELECT pay.sweep_webhooks()")
    assert len(merchant.deliveries(endpoint)) == 2
    database.ctl("clock", "advance", "2 days")
    log = once(database)
    assert "event=sweep domain=webhooks rows=" in log
    assert [delivery.event_id for delivery in merchant.deliveries(endpoint)] == [recent]
    database.query("SELECT pay.delete_webhook_endpoint(%s, %s)", merchant.hash, endpoint.id)
    database.ctl("clock", "advance", "31 days")
    once(database)
    assert database.query("SELECT count(*) FROM pay.webhook_endpoint WHERE id = %s", endpoint.id) == [(0,)]


def test_an_event_that_is_undone_is_not_told(database, merchant, receiver):
    """It stands and falls with the commit of what it tells of."""
    merchant.endpoint(receiver.url)
    connection = database.connect()
    cursor = connection.cursor()
    cursor.execute("BEGIN")
    cursor.execute("SELECT pay.emit(%s, 'request.paid', '{}')", (merchant.id,))
    cursor.execute("ROLLBACK")
    connection.close()
    once(database)
    assert receiver.heard == [] and database.query("SELECT count(*) FROM pay.webhook_delivery") == [(0,)]


def test_deleting_an_endpoint_fails_no_purchase(database, merchant, receiver):
    """The purchase has looked for endpoints before, and commits after the deletion."""
    endpoint = merchant.endpoint(receiver.url)
    connection = database.connect()
    cursor = connection.cursor()
    cursor.execute("BEGIN")
    cursor.execute("SELECT pay.emit(%s, 'request.paid', '{}')", (merchant.id,))
    database.query("SELECT pay.delete_webhook_endpoint(%s, %s)", merchant.hash, endpoint.id)
    cursor.execute("COMMIT")
    connection.close()
    once(database)
    assert receiver.heard == []
