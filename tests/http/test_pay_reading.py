"""What a customer reads: the summary with its bills, and the payments."""

import datetime
import uuid

import pytest

from caller import problem
from history import api, bought, customer, many, pages, postgres, seoul, system, today  # noqa: F401


def found(api, customer, **query):
    reply = api.get("/pay/payments", token=customer, params=query)
    assert reply.status_code == 200, reply.text
    return [item["name"] for item in reply.json()["items"]]


def month_before(day):
    return (day.replace(day=1) - datetime.timedelta(days=1)).replace(day=1)


def test_somebody_new(api, customer):
    """The limit is the grade table's: it had three sources of truth, and showed new customers a limit of 0.  Without bills the list of
    them is empty, which pages could not show, and what it is called is held by the description: they read another name."""
    assert api.get("/pay/summary", token=customer).json() == {
        "grade": "bronze", "grade_points": 0, "limit_won": 100_000, "used_won": 0, "available_won": 100_000, "points": 0,
        "standing": "good", "extension": {"used": False, "until": None}, "bills": []}
    for path in ("/pay/payments", "/pay/points", "/pay/ledger"):
        assert api.get(path, token=customer).json() == {"items": [], "next_cursor": None}


def test_bills_are_by_month_of_purchase_and_due_on_the_15th(api, customer, postgres):
    """December's bill is due in January of the next year: its month was 13 once, and its days left those of another year."""
    bought(postgres, customer, at=seoul("2024-12-31", 23, 59), amount=1000, owed=1000)
    bought(postgres, customer, at=seoul("2025-01-01", 0, 0), amount=2000, owed=2000)
    bought(postgres, customer, at=seoul("2025-01-15"), amount=500, owed=0)
    bills = api.get("/pay/summary", token=customer).json()["bills"]
    assert [(bill["month"], bill["due_on"], bill["total_won"], len(bill["payments"])) for bill in bills] == [
        ("2024-12", "2025-01-15", 1000, 1), ("2025-01", "2025-02-15", 2000, 1)]
    assert {bill["status"] for bill in bills} == {"overdue"}
    assert bills[0]["days_left"] == (datetime.date(2025, 1, 15) - today()).days < 0


def test_this_months_bill_is_open_and_last_months_can_have_been_extended(api, customer, postgres):
    day, before = today(), month_before(today())
    bought(postgres, customer, at=seoul(day), amount=3000, owed=3000)
    bought(postgres, customer, at=seoul(before), amount=4000, owed=4000)
    postgres.query("UPDATE pay.bill SET extended = 'asked', due_on = pay.extended_due_on(month) WHERE customer_id = %s AND month = %s",
                   customer.id, before)
    summary = api.get("/pay/summary", token=customer).json()
    until = str((day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - datetime.timedelta(days=1))
    assert summary["extension"] == {"used": True, "until": until}
    assert [(bill["status"], bill["extended"]) for bill in summary["bills"]] == [("due", "asked"), ("open", None)]
    assert (summary["used_won"], summary["available_won"]) == (7000, 93_000)
    assert sum(bill["total_won"] for bill in summary["bills"]) == 7000


def test_a_bill_of_many_payments_shows_the_oldest_100(api, customer, postgres):
    """Nothing is unbounded: the whole history came with each look at the bills."""
    ids = [bought(postgres, customer, at=seoul("2025-05-01") + datetime.timedelta(minutes=n), amount=10, owed=10)
           for n in range(101)]
    [bill] = api.get("/pay/summary", token=customer).json()["bills"]
    assert [payment["id"] for payment in bill["payments"]] == ids[:100]
    assert (bill["more_payments"], bill["total_won"]) == (True, 1010)


def test_more_owed_than_a_lower_grade_allows(api, customer, postgres):
    bought(postgres, customer, amount=130_000, owed=130_000)
    assert api.get("/pay/summary", token=customer).json()["available_won"] == 0


def test_the_blocked_still_see_what_they_owe(api, customer, postgres):
    """Blocked customers could not sign in to repay."""
    bought(postgres, customer, amount=1000, owed=1000)
    postgres.query("UPDATE pay.account SET standing = 'blocked' WHERE customer_id = %s", customer.id)
    summary = api.get("/pay/summary", token=customer).json()
    assert (summary["standing"], summary["used_won"], len(summary["bills"])) == ("blocked", 1000, 1)
    assert len(found(api, customer)) == 1


def test_payments_come_in_pages_newest_first(api, customer, postgres):
    """The history was not paged."""
    at = seoul("2025-06-01")
    ids = [bought(postgres, customer, at=at + datetime.timedelta(seconds=n // 3)) for n in range(10)]
    items, count = pages(api, "/pay/payments", customer, limit=3)
    assert count == 4
    assert sorted(item["id"] for item in items) == sorted(ids)
    assert [item["paid_at"] for item in items] == sorted((item["paid_at"] for item in items), reverse=True)


def test_pages_do_not_move_when_something_is_bought(api, customer, postgres):
    for n in range(4):
        bought(postgres, customer, f"{n}", at=seoul("2025-06-01", n))
    first = api.get("/pay/payments", token=customer, params={"limit": 2}).json()
    bought(postgres, customer, "new", at=seoul("2025-07-01"))
    assert found(api, customer, limit=2, cursor=first["next_cursor"]) == ["1", "0"]


def test_days_are_those_of_seoul(api, customer, postgres):
    """Midnight was that of UTC, nine hours late."""
    for name, at in (("before", seoul("2025-03-31", 23, 59)), ("first", seoul("2025-04-01", 0, 0)),
                     ("last", seoul("2025-04-30", 23, 59)), ("after", seoul("2025-05-01", 0, 0))):
        bought(postgres, customer, name, at=at)
    assert found(api, customer, **{"from": "2025-04-01", "to": "2025-04-30"}) == ["last", "first"]
    assert found(api, customer, to="2025-03-31") == ["before"]
    assert found(api, customer, **{"from": "2025-05-01"}) == ["after"]
    items, _ = pages(api, "/pay/payments", customer, **{"from": "2025-04-01", "to": "2025-04-30", "limit": 1})
    assert [item["name"] for item in items] == ["last", "first"]


@pytest.mark.parametrize("q, names", [
    ("스타벅스", ["스타벅스 강남"]), ("ㅅㅌㅂㅅ", ["스타벅스 강남"]), ("ㅌㅂ", ["스타벅스 강남"]), ("ㄱㄴ", ["스타벅스 강남"]),
    ("ㅅㅌㅂㅅ ㄱㄴ", ["스타벅스 강남"]), ("스타버", ["스타벅스 강남"]), ("ㅋ", ["카페 Mocha"]), ("mocha", ["카페 Mocha"]),
    ("MOCHA", ["카페 Mocha"]), ("빵", ["빵집"]), ("ㅃㅈ", ["빵집"]), ("동네", ["빵집", "카페 Mocha", "스타벅스 강남"]),
    ("ㄷㄴ", ["빵집", "카페 Mocha", "스타벅스 강남"]), ("ㅎㅎㅎ", []), ("  ", ["빵집", "카페 Mocha", "스타벅스 강남"]),
])
def test_searching(api, customer, postgres, q, names):
    """By a part of what was bought or of who sold it, or by initial consonants; only the browser could do that."""
    for name in ("스타벅스 강남", "카페 Mocha", "빵집"):
        bought(postgres, customer, name, merchant="동네")
    assert found(api, customer, q=q) == names
    assert found(api, customer, q=q.replace("스타", "\u1109\u1173\u1110\u1161")) == names


@pytest.mark.parametrize("wildcard", ["%", "_", "\\", "100%", "a_b"])
def test_wildcards_are_letters(api, customer, postgres, wildcard):
    bought(postgres, customer, f"x{wildcard}y")
    bought(postgres, customer, "x 1000 axb y")
    assert found(api, customer, q=wildcard) == [f"x{wildcard}y"]


@pytest.mark.parametrize("q", ["드문이름", "ㄷㅁㅇㄹ", "드", "ㄷㅁ"])
def test_what_is_rare_is_found_behind_thousands(api, customer, postgres, q):
    old = bought(postgres, customer, "드문이름", at=seoul("2023-01-01"))
    many(postgres, customer, 3000)
    items, count = pages(api, "/pay/payments", customer, q=q)
    assert ([item["id"] for item in items], count) == ([old], 1)


def test_common_words_behind_thousands_have_pages(api, customer, postgres):
    many(postgres, customer, 2500, "커피")
    items, count = pages(api, "/pay/payments", customer, q="커피", limit=100)
    assert (len(items), len({item["id"] for item in items}), count) == (2500, 2500, 25)


def test_a_search_looks_at_so_many_payments_a_page(api, customer, postgres):
    """A page has a ceiling, however long the history is; the next one goes on."""
    old = bought(postgres, customer, "드라이버", at=seoul("2023-01-01"))
    many(postgres, customer, 60_000)
    for q in ("드", "드라이버", "ㄷㄹㅇㅂ"):
        items, count = pages(api, "/pay/payments", customer, q=q)
        assert ([item["id"] for item in items], count) == ([old], 2)


def test_one_payment_with_its_refunds(api, customer, postgres):
    number = bought(postgres, customer, "우산", amount=9000)
    postgres.query("""
        INSERT INTO pay.refund (payment_id, merchant_id, amount_won, reason, points_back, points_taken, points_missing,
            owed_down_won, give_back_won) SELECT id, merchant_id, 4000, '고장', 0, 0, 0, 0, 4000 FROM pay.payment WHERE id = %s""",
                   number)
    payment = api.get(f"/pay/payments/{number}", token=customer).json()
    assert (payment["id"], payment["name"], payment["merchant"], payment["amount_won"]) == (number, "우산", "모아상점", 9000)
    [refund] = payment["refunds"]
    assert (refund["amount_won"], refund["refund_pending_won"], refund["reason"]) == (4000, 4000, "고장")
    postgres.query("UPDATE pay.refund SET given_back_at = moa.now() WHERE payment_id = %s", number)
    assert api.get(f"/pay/payments/{number}", token=customer).json()["refunds"][0]["refund_pending_won"] == 0


def test_other_peoples_payments_are_not_found(api, customer, postgres):
    """What belonged to whom was not asked."""
    number = bought(postgres, customer)
    stranger = api.register()
    problem(api.get(f"/pay/payments/{number}", token=stranger), 404, "not_found")
    assert found(api, stranger) == found(api, stranger, q="아메리카노") == []
    cursor = api.get("/pay/payments", token=customer, params={"limit": 1}).json()["next_cursor"]
    assert cursor is None
    for wanted in (uuid.uuid4(), "1", "nonsense"):
        problem(api.get(f"/pay/payments/{wanted}", token=customer), 404, "not_found")


@pytest.mark.parametrize("query, field", [
    ({"from": "2025-13-01"}, "from"), ({"to": "yesterday"}, "to"), ({"q": "x" * 101}, "q"), ({"limit": 0}, "limit"),
    ({"limit": 101}, "limit"), ({"month": "2025-01"}, "month"),
])
def test_queries_that_are_wrong(api, customer, query, field):
    reply = problem(api.get("/pay/payments", token=customer, params=query), 422, "validation_failed")
    assert [fault["field"] for fault in reply["errors"]] == [field]


@pytest.mark.parametrize("cursor", ["", "x", "0" * 47, "f" * 48, "0" * 49, "t1", "' OR 1=1"])
def test_cursors_that_are_none(api, customer, cursor):
    problem(api.get("/pay/payments", token=customer, params={"cursor": cursor}), 400, "invalid_cursor")


@pytest.mark.parametrize("path", ["summary", "payments", "payments/00000000-0000-4000-8000-000000000000", "points", "ledger",
                                  "check_in"])
def test_who_has_left_reads_nothing(api, postgres, path):
    leaver = api.register()
    postgres.query("SELECT pay.erase(%s)", leaver.id)
    problem(api.get(f"/pay/{path}", token=leaver), 404, "not_found")
    problem(api.get(f"/pay/{path}"), 401, "token_missing")
