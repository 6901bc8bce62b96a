"""Purchases at the same moment: whatever races, nothing is bought twice, and nothing above limit or balance."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from checkouts import at_once
from client import Api
from servers import until
from shop import balance, fresh, shop  # noqa: F401


def settle(call):
    """Repeat what found the system busy, under the same key, as a client would."""
    for _ in range(20):
        reply = call()
        if reply.status_code != 503 and "idempotency_in_progress" not in reply.text:
            return reply
    return reply


def race(calls):
    """Run the calls, each on connections of its own, side by side; their replies."""
    return at_once([lambda call=call: settle(call) for call in calls], len(calls))


def post(system, path, token, body, key=None):
    """A call that is ready to be made from any thread."""
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    return lambda: Api(system).post(path, token=token, headers=headers, json=body)


def codes(replies):
    return Counter("ok" if reply.ok else reply.json()["code"] for reply in replies)


def claimed(shop, customer, amount, n=1):
    requests = [shop.request(amount) for _ in range(n)]
    for request in requests:
        shop.claim(customer, request)
    return requests


def test_50_purchases_at_the_edge_of_the_limit(api, system, shop):
    """Balances were read, checked and then written: two payments at once went below zero.  Of 50 that cost a tenth of the
    limit exactly 10 succeed."""
    customer = api.register()
    requests = claimed(shop, customer, 10_000, 50)
    replies = race([post(system, f"/pay/requests/{request['id']}/approve", customer, {}) for request in requests])
    assert codes(replies) == {"ok": 10, "insufficient_limit": 40}
    assert balance(system, customer) == (100_000, 10 * 20)
    assert system.postgres.query("""
        SELECT count(*), sum(amount_won), (SELECT sum(owed_won) FROM pay.bill b WHERE b.customer_id = %s)
        FROM pay.payment WHERE customer_id = %s""", customer.id, customer.id) == [(10, 100_000, 100_000)]
    booked = system.postgres.query("""
        SELECT balance FROM pay.transfer WHERE customer_id = %s AND debit = 'owed' ORDER BY id""", customer.id)
    assert [balance for (balance,) in booked] == list(range(10_000, 100_001, 10_000))


def test_points_are_spent_once(api, system, shop):
    customer = api.register()
    system.postgres.query("UPDATE pay.account SET points = 3000 WHERE customer_id = %s", customer.id)
    requests = claimed(shop, customer, 1_000, 10)
    replies = race([post(system, f"/pay/requests/{request['id']}/approve", customer, {"points": 1_000})
                       for request in requests])
    assert codes(replies) == {"ok": 3, "insufficient_points": 7}
    assert balance(system, customer) == (0, 0)


def test_two_approvals_of_one_request(api, system, shop):
    """With keys of their own one of them buys; with the same key both are told the same."""
    customer = api.register()
    apart, together = claimed(shop, customer, 5_000, 2)
    path = f"/pay/requests/{apart['id']}/approve"
    assert codes(race([post(system, path, customer, {}) for _ in range(8)])) == {"ok": 1, "already_paid": 7}
    path = f"/pay/requests/{together['id']}/approve"
    replies = race([post(system, path, customer, {}, key="the-same-for-all") for _ in range(8)])
    assert codes(replies) == {"ok": 8} and len({reply.text for reply in replies}) == 1
    assert balance(system, customer)[0] == 10_000


def test_one_order_is_asked_for_once(system, shop):
    """One order_id could be asked for, and paid, twice."""
    body = {"order_id": str(uuid.uuid4()), "name": "한 번만", "amount_won": 100}
    replies = race([post(system, "/pay/requests", shop.key, body) for _ in range(8)])
    assert codes(replies) == {"ok": 1, "order_id_taken": 7}


def test_one_code_has_one_customer(api, system, shop):
    """The check of a code reserved nothing."""
    customers, request = [api.register() for _ in range(6)], shop.request()
    body = {"type": "pin", "value": request["pin"]}
    replies = race([post(system, "/pay/codes/claim", customer, body) for customer in customers])
    assert codes(replies) == {"ok": 1, "code_claimed": 5}


@pytest.mark.parametrize("attempt", range(5))
def test_approving_against_cancelling(api, system, shop, attempt):
    """The merchant was told of a failure, and the customer charged: now exactly one of the two happens."""
    customer = api.register()
    [request] = claimed(shop, customer, 1_000)
    replies = race([post(system, f"/pay/requests/{request['id']}/approve", customer, {}),
                       post(system, f"/pay/requests/{request['id']}/cancel", shop.key, {})])
    final = api.get(f"/pay/requests/{request['id']}", token=shop.key).json()["status"]
    assert [reply.ok for reply in replies] == [final == "paid", final == "cancelled"], attempt
    assert balance(system, customer)[0] == (1_000 if final == "paid" else 0)


@pytest.mark.parametrize("milliseconds", range(-40, 41, 20))
def test_approving_against_expiry(api, system, shop, milliseconds):
    """At the very end of the 120 seconds: whoever once reads "expired" never sees it paid, and the other way round."""
    customer = api.register()
    [request] = claimed(shop, customer, 1_000)
    system.postgres.query("UPDATE pay.request SET expires_at = moa.now() + interval '60 ms' + %s * interval '1 ms' WHERE id = %s",
          milliseconds, request["id"])
    read = [lambda: Api(system).get(f"/pay/checkout/{request['checkout_id']}")] * 4
    approved, *seen = race([post(system, f"/pay/requests/{request['id']}/approve", customer, {}), *read])
    told = {reply.json()["status"] for reply in seen} - {"claimed"}
    assert told <= {"paid" if approved.ok else "expired"}
    assert balance(system, customer)[0] == (1_000 if approved.ok else 0)


def test_guesses_at_once_are_all_counted(api, system):
    guesser = api.register()
    replies = race([post(system, "/pay/codes/claim", guesser, {"type": "pin", "value": "none"}) for _ in range(15)])
    assert codes(replies) == {"code_unknown": 10, "rate_limited": 5}


def test_repayments_that_begin_at_once(api, system, gateway, shop):
    """Of what is owed once, one can be confirmed: the others were replaced."""
    customer = api.register()
    payment = shop.buy(customer, 10_000)
    begun = [reply.json() for reply in race([
        post(system, "/pay/repayments", customer, {"payment_ids": [payment["id"]]}) for _ in range(6)])]
    given = [gateway.pay(one["gateway"]["order_id"], one["amount_won"]) for one in begun]
    replies = race([post(system, f"/pay/repayments/{one['id']}/confirm", customer, back) for one, back in zip(begun, given)])
    assert codes(replies) == {"ok": 1, "repayment_ended": 5}
    assert gateway.count("confirm") == 1
    assert balance(system, customer)[0] == 0


@pytest.mark.parametrize("attempt", range(3))
def test_refunding_against_repaying(api, system, gateway, shop, attempt):
    """Either what is owed goes down and nothing is taken, or it is taken and on its way back, or the refund has to wait."""
    customer = api.register()
    payment = shop.buy(customer, 10_000)
    repayment = post(system, "/pay/repayments", customer, {"payment_ids": [payment["id"]]})().json()
    given = gateway.pay(repayment["gateway"]["order_id"], 10_000)
    confirmed, refunded = race([post(system, f"/pay/repayments/{repayment['id']}/confirm", customer, given),
                                   post(system, f"/pay/payments/{payment['id']}/refunds", shop.key, {})])
    came = (codes([confirmed]).popitem()[0], codes([refunded]).popitem()[0])
    taken = gateway.payments[given["payment_key"]]["status"] == "DONE"
    assert (came, taken) in ((("ok", "ok"), True), (("ok", "conflict"), True), (("repayment_ended", "ok"), False))
    pending = refunded.json()["refund_pending_won"] if refunded.ok else 0
    assert pending == (10_000 if came == ("ok", "ok") else 0)
    assert balance(system, customer)[0] == 0


def test_a_grade_that_changes_while_a_purchase_waits(api, system, shop):
    """What is decided on was joined before the wait and is looked up after it: the new limit counts, and the buyer is still found."""
    customer = api.register()
    [request] = claimed(shop, customer, 120_000)
    call = post(system, f"/pay/requests/{request['id']}/approve", customer, {})
    with closing(system.postgres.connect()) as connection, connection.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        cursor.execute("BEGIN; UPDATE pay.account SET grade = 'silver' WHERE customer_id = %s", (customer.id,))
        bought = pool.submit(call)
        until(lambda: system.postgres.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%approve%'"),
              "the purchase to wait")
        cursor.execute("COMMIT")
        reply = bought.result()
    assert (reply.status_code, reply.json().get("points_earned")) == (201, 120_000 * 6 // 1000)


def test_one_key_for_two_purchases_at_once(api, system, shop):
    """One is bought; who uses its key for the other is told so, and neither waits for the other for good."""
    customer = api.register()
    requests = claimed(shop, customer, 1_000, 4)
    replies = race([post(system, f"/pay/requests/{request['id']}/approve", customer, {}, key="one-for-all") for request in requests])
    assert codes(replies) == {"ok": 1, "idempotency_key_reused": 3}
    assert balance(system, customer)[0] == 1_000
