"""Buying: a merchant asks, a customer claims the code and approves, and the books say so."""

import pytest

from client import assert_problem
from debts import give_points
from shop import Shop, balance, fresh, shop  # noqa: F401


@pytest.mark.parametrize("by", ["pin", "qr"])
def test_a_purchase_from_request_to_payment(api, system, shop, by):
    customer = api.register()
    request = shop.request(12_900, name="스타벅스 아메리카노", metadata={"table": 4, "note": "얼음 적게"})
    assert (request["status"], request["amount_won"], len(request["pin"])) == ("pending", 12_900, 6)
    claimed = shop.claim(customer, request, by)
    assert claimed == {"request_id": request["id"], "merchant": "모아상점", "name": "스타벅스 아메리카노",
                       "amount_won": 12_900, "points_available": 0, "limit_available_won": 100_000,
                       "expires_at": request["expires_at"]}
    assert shop.claim(customer, request, by) == claimed
    payment = shop.approve(customer, request).json()
    assert (payment["amount_won"], payment["points_used"], payment["credit_won"], payment["points_earned"]) == (
        12_900, 0, 12_900, 25)
    assert payment["merchant"] == "모아상점" and payment["request_id"] == request["id"]
    assert balance(system, customer) == (12_900, 25)


def test_points_pay_a_part(api, system, shop):
    customer = api.register()
    give_points(system.postgres, customer, 5_000)
    payment = shop.buy(customer, 12_345, points=2_345)
    assert (payment["points_used"], payment["credit_won"], payment["points_earned"]) == (2_345, 10_000, 20)
    assert balance(system, customer) == (10_000, 5_000 - 2_345 + 20)
    transfers = system.postgres.query("""
        SELECT unit, debit, credit, amount, balance FROM pay.transfer t JOIN pay.journal j ON j.id = journal_id
        WHERE kind = 'purchase' AND about = %s ORDER BY t.id""", payment["id"])
    assert transfers == [("won", "owed", "merchant", 10_000, 10_000), ("won", "rewards", "merchant", 2_345, None),
                         ("points", "points", "issued", 2_345, 2_655), ("points", "issued", "points", 20, 2_675)]


def test_points_pay_all_of_it(api, system, shop):
    """Then nothing is owed and nothing earned, and no transfer is empty."""
    customer = api.register()
    give_points(system.postgres, customer, 3_000)
    payment = shop.buy(customer, 3_000, points=3_000)
    assert (payment["credit_won"], payment["points_earned"], payment["owed_won"]) == (0, 0, 0)
    assert balance(system, customer) == (0, 0)


def test_the_same_key_gives_the_same_request(shop):
    headers = fresh()
    first = shop.ask(order_id="once-only", headers=headers)
    again = shop.ask(order_id="once-only", headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first.headers
    assert_problem(shop.ask(13_000, order_id="once-only", headers=headers), 422, "idempotency_key_reused")


def test_the_same_key_buys_once(api, system, shop):
    """Keys were sent and not looked at: only an exception kept the second payment away."""
    customer, headers = api.register(), fresh()
    request = shop.request(10_000)
    shop.claim(customer, request)
    first, again = (shop.approve(customer, request, headers=headers) for _ in range(2))
    assert first.json() == again.json() and again.headers["Idempotent-Replayed"] == "true"
    assert balance(system, customer)[0] == 10_000
    assert_problem(shop.approve(customer, request), 409, "already_paid")


def test_a_refusal_leaves_nothing_behind(api, system, shop):
    """Refusals ended like successes: what had been written before them stayed, and points would be lost.  Here they change
    nothing at all, and keep no claim of their key."""
    customer, headers = api.register(), fresh()
    give_points(system.postgres, customer, 500)
    shop.buy(customer, 95_000)
    request = shop.request(20_000)
    shop.claim(customer, request)
    before = everything(system, customer)
    for points in (500, 499):
        assert_problem(shop.approve(customer, request, points, headers), 409, "insufficient_limit")
    assert everything(system, customer) == before
    assert shop.claim(customer, request)["points_available"] == 500 + 190


def everything(system, customer):
    """How much there is of all that a purchase moves."""
    return system.postgres.query("""
        SELECT (SELECT (a.owed_won, a.points) FROM pay.account a WHERE a.customer_id = c.id)::text,
            (SELECT count(*) FROM pay.payment WHERE customer_id = c.id), (SELECT count(*) FROM pay.transfer WHERE customer_id = c.id),
            (SELECT sum(owed_won) FROM pay.bill WHERE customer_id = c.id), (SELECT count(*) FROM pay.journal),
            (SELECT count(*) FROM pay.event), (SELECT count(*) FROM pay.idempotency WHERE caller = c.id::text)
        FROM (SELECT %s::uuid AS id) c""", customer.id)


def test_a_key_is_its_callers_own(api, ctl, shop):
    """Whoever sends another's Idempotency-Key gets nothing of the other's."""
    headers, other = fresh(), Shop(api, ctl, "다른 가게")
    mine, theirs = (one.ask(1_000, order_id="the same", headers=headers).json() for one in (shop, other))
    assert mine["id"] != theirs["id"]
    payments = []
    for one, request in ((shop, mine), (other, theirs)):
        customer = api.register()
        one.claim(customer, request)
        payments.append(one.approve(customer, request, headers=headers))
    assert [reply.status_code for reply in payments] == [201, 201]
    assert [reply.json()["request_id"] for reply in payments] == [mine["id"], theirs["id"]]


def test_a_merchants_key_is_no_customers_token(api, shop):
    request = shop.request()
    for reply in (api.get("/pay/summary", token=shop.key), shop.approve(shop.key, request),
                  api.post("/pay/codes/claim", token=shop.key, json={"type": "pin", "value": request["pin"]}),
                  api.post("/pay/repayments", token=shop.key, headers=fresh(), json={"month": "2026-01"})):
        assert_problem(reply, 401, "token_invalid")
