"""The customer's ledger and points, and what other domains give points for."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2.errors
import pytest

from caller import problem
from history import api, bought, ctl, customer, pages, postgres, system  # noqa: F401
from shop import Shop


def award(postgres, customer, about, amount):
    """pay.award_points as shorts calls it."""
    with closing(postgres.connect("moa_shorts")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pay.award_points(%s, %s, %s)", (customer.id, about, amount))
        return cursor.fetchone()[0]


def points(api, customer):
    return api.get("/pay/summary", token=customer).json()["points"]


def test_an_award_is_given_once(api, customer, postgres):
    """Points for watching were paid as often as the client asked."""
    assert [award(postgres, customer, about, 10) for about in ("2026-11-22:1", "2026-11-22:1", "2026-11-22:2")] == [
        True, False, True]
    assert award(postgres, customer, "2026-11-22:2", 90) is False
    assert points(api, customer) == 20
    assert [(item["kind"], item["points"], item["balance_points"])
            for item in api.get("/pay/points", token=customer).json()["items"]] == [("watch", 10, 20), ("watch", 10, 10)]


def test_of_awards_at_once_one_is_booked(api, customer, postgres):
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: award(postgres, customer, "lap", 10), range(8)))
    assert given.count(True) == 1
    assert points(api, customer) == 10


def test_awards_are_each_customers_own(api, customer, postgres):
    other = api.register()
    assert award(postgres, customer, "lap", 10) and award(postgres, other, "lap", 10)
    assert points(api, other) == 10


def test_awards_to_nobody(api, postgres, customer):
    customer.id = str(uuid.uuid4())
    assert award(postgres, customer, "lap", 10) is None


@pytest.mark.parametrize("amount", [0, -10, 2 ** 53])
def test_awards_of_impossible_amounts(api, customer, postgres, amount):
    """Negative and huge amounts are refused by the tables themselves, and nothing of them stays."""
    with pytest.raises(psycopg2.errors.CheckViolation):
        award(postgres, customer, "lap", amount)
    assert award(postgres, customer, "lap", 10) is True
    assert points(api, customer) == 10


def test_balances_run_from_nothing_to_the_summary(api, customer, postgres):
    """Points could drift from the sum of their history; here each entry says the balance it left."""
    number = bought(postgres, customer, "우산", amount=9000, owed=9000)
    award(postgres, customer, "lap", 10)
    bought(postgres, customer, "장갑", amount=500, owed=500)
    drawn = api.post("/pay/check_in", token=customer).json()["points"]
    items, count = pages(api, "/pay/ledger", customer, limit=3)
    assert count == 2
    won = [(item["kind"], item["name"], item["amount_won"], item["balance_won"]) for item in items if item["unit"] == "won"]
    assert won == [("purchase", "장갑", 500, 9500), ("purchase", "우산", 9000, 9000)]
    assert items[-1]["payment_id"] == number
    assert [(item["kind"], item["points"], item["balance_points"]) for item in items if item["unit"] == "points"] == [
        ("check_in", drawn, 10 + drawn), ("watch", 10, 10)]
    summary = api.get("/pay/summary", token=customer).json()
    assert (summary["used_won"], summary["points"]) == (9500, 10 + drawn)
    only_points, _ = pages(api, "/pay/points", customer, limit=1)
    assert only_points == [item for item in items if item["unit"] == "points"]


def test_a_purchase_with_points(api, ctl, customer, postgres):
    """Points spent were shown as points earned; here each says which it is, and nothing is earned on what points paid."""
    award(postgres, customer, "gift", 1000)
    payment = Shop(api, ctl).buy(customer, 12_900, points=400)
    items = api.get("/pay/ledger", token=customer).json()["items"]
    assert sorted((item["kind"], item.get("amount_won", 0), item.get("points", 0)) for item in items) == [
        ("purchase", 0, 25), ("purchase", 12_500, 0), ("spend", 0, -400), ("watch", 0, 1000)]
    assert {item["payment_id"] for item in items} == {payment["id"], None}
    newest = api.get("/pay/points", token=customer, params={"limit": 1}).json()["items"][0]
    summary = api.get("/pay/summary", token=customer).json()
    assert summary["points"] == newest["balance_points"] == 625
    assert (summary["used_won"], summary["available_won"]) == (12_500, 87_500)
    assert [bill["payments"] for bill in summary["bills"]] == [[payment]]
    assert api.get("/pay/payments", token=customer).json()["items"] == [payment]
    assert api.get(f"/pay/payments/{payment['id']}", token=customer).json() == {**payment, "refunds": []}


def test_the_ledger_is_ones_own(api, customer, postgres):
    award(postgres, customer, "lap", 10)
    bought(postgres, customer, amount=100, owed=100)
    assert api.get("/pay/ledger", token=api.register()).json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("path", ["ledger", "points"])
@pytest.mark.parametrize("cursor", ["", "t", "t-1", "t1234567890123456789", "1", "0" * 48])
def test_cursors_that_are_none(api, customer, path, cursor):
    problem(api.get(f"/pay/{path}", token=customer, params={"cursor": cursor}), 400, "invalid_cursor")


def test_nothing_booked_is_ever_changed(api, customer, postgres):
    award(postgres, customer, "lap", 10)
    for statement in ("UPDATE pay.transfer SET amount = 1000 WHERE customer_id = %s", "DELETE FROM pay.transfer WHERE customer_id = %s"):
        with pytest.raises(psycopg2.errors.RaiseException):
            postgres.query(statement, customer.id)
