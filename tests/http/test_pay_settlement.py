"""What merchants have sold, by month and day."""

import csv
import io

import pytest

from caller import problem
from history import api, bought, ctl, customer, postgres, seoul, system, today  # noqa: F401
from shop import Shop, shop  # noqa: F401


def settled(api, shop, **query):
    reply = api.get("/pay/settlements", token=shop.key, params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()


def row(day, count, gross, refunds):
    return {"day": day, "count": count, "gross_won": gross, "refunds_won": refunds, "net_won": gross - refunds}


@pytest.fixture
def sold(api, ctl, postgres, customer):
    """A shop with purchases at both ends of a month of Seoul, and refunds in it of this month's and an older one."""
    shop = Shop(api, ctl, f"가게 {customer.id}")

    def buy(at, amount):
        return bought(postgres, customer, at=at, amount=amount, merchant=shop.name)

    old = buy(seoul("2025-03-31", 23, 59), 9000)
    first = buy(seoul("2025-04-01", 0, 0), 1000)
    buy(seoul("2025-04-01", 9), 500)
    buy(seoul("2025-04-30", 23, 59), 2000)
    buy(seoul("2025-05-01", 0, 0), 7000)
    for number, amount, at in ((old, 9000, seoul("2025-04-02")), (first, 400, seoul("2025-04-30"))):
        postgres.query("""
            INSERT INTO pay.refund (payment_id, merchant_id, amount_won, points_back, points_taken, points_missing,
                owed_down_won, give_back_won, refunded_at)
            SELECT id, merchant_id, %s, 0, 0, 0, 0, %s, %s FROM pay.payment WHERE id = %s""", amount, amount, at, number)
    return shop


def test_a_month_by_days_of_seoul(api, sold):
    assert settled(api, sold, month="2025-04") == {
        "month": "2025-04",
        "items": [row("2025-04-01", 2, 1500, 0), row("2025-04-02", 0, 0, 9000), row("2025-04-30", 1, 2000, 400)],
        "total": {"count": 3, "gross_won": 3500, "refunds_won": 9400, "net_won": -5900}}
    assert [item["day"] for item in settled(api, sold, month="2025-03")["items"]] == ["2025-03-31"]


def test_a_day_of_more_than_32_bits(api, ctl, postgres, customer):
    """Amounts were of 32 bits, and sums of them, too."""
    shop = Shop(api, ctl, f"큰 가게 {customer.id}")
    for _ in range(22):
        bought(postgres, customer, at=seoul("2025-04-01"), amount=100_000_000, merchant=shop.name)
    assert settled(api, shop, month="2025-04")["total"]["net_won"] == 2_200_000_000


def test_as_csv(api, sold):
    reply = api.get("/pay/settlements", token=sold.key, params={"month": "2025-04"}, headers={"Accept": "text/csv"})
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    rows = list(csv.DictReader(io.StringIO(reply.text, newline="")))
    assert [{name: value if name == "day" else int(value) for name, value in line.items()} for line in rows] == (
        settled(api, sold, month="2025-04")["items"])
    assert reply.text.count("\r\n") == reply.text.count("\n") == 4
    empty = api.get("/pay/settlements", token=sold.key, params={"month": "2020-01"}, headers={"Accept": "text/csv"})
    assert empty.text == "day,count,gross_won,refunds_won,net_won\r\n"


def test_this_month_and_points_paid_with(api, shop, customer, postgres):
    """A merchant gets the whole price, whatever part of it was points."""
    postgres.query("SELECT pay.award_points(%s, 'gift', 300)", customer.id)
    shop.buy(customer, 12_900, points=300)
    assert settled(api, shop) == settled(api, shop, month=f"{today():%Y-%m}")
    assert settled(api, shop)["items"] == [row(str(today()), 1, 12_900, 0)]


def test_other_merchants_see_nothing_of_it(api, sold, shop):
    assert settled(api, shop, month="2025-04") == {
        "month": "2025-04", "items": [], "total": {"count": 0, "gross_won": 0, "refunds_won": 0, "net_won": 0}}


@pytest.mark.parametrize("month", ["2025-13", "2025-00", "25-0401", "2025/04", "2025-4", "2025-04-01", ""])
def test_months_that_are_none(api, shop, month):
    reply = problem(api.get("/pay/settlements", token=shop.key, params={"month": month}), 422, "validation_failed")
    assert [fault["field"] for fault in reply["errors"]] == ["month"]


@pytest.mark.parametrize("accept", ["*/*", "text/csv"])
def test_only_with_a_key(api, customer, shop, accept):
    headers = {"Accept": accept}
    problem(api.get("/pay/settlements", headers=headers), 401, "token_missing")
    problem(api.get("/pay/settlements", headers=headers, token=customer), 401, "token_invalid")
    problem(api.get("/pay/settlements", headers=headers, token="msk_" + "x" * 43), 401, "token_invalid")
