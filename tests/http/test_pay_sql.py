"""The pay schema's accounts: what other domains ask about them, and what no statement can make of them."""

import threading
import uuid
from contextlib import closing

import psycopg2.errors
import pytest

from servers import until


@pytest.fixture(scope="module")
def database(make_database):
    return make_database()


@pytest.fixture
def customer(database):
    number = str(uuid.uuid4())
    database.query("SELECT pay.open_account(%s)", number)
    return number


def ask(database, function, customer):
    return database.query(f"SELECT pay.{function}(%s)", customer)[0][0]


def change(database, customer, **columns):
    for name, value in columns.items():
        database.query(f"UPDATE pay.account SET {name} = %s WHERE customer_id = %s", value, customer)


def test_the_one_grade_table(database):
    assert database.query("SELECT grade, from_points, limit_won, earn_per_mille FROM pay.grade ORDER BY from_points") == [
        ("bronze", 0, 100_000, 2), ("silver", 20, 150_000, 6), ("gold", 40, 200_000, 10),
        ("platinum", 60, 250_000, 15), ("diamond", 90, 300_000, 20)]


def test_new_account(database, customer):
    assert database.query("SELECT grade, grade_points, owed_won, points FROM pay.account WHERE customer_id = %s",
                          customer) == [("bronze", 0, 0, 0)]
    assert ask(database, "standing", customer) == "good"
    assert ask(database, "available_won", customer) == 100_000
    assert ask(database, "may_close", customer) is True


def test_account_is_opened_once(database, customer):
    with pytest.raises(psycopg2.errors.UniqueViolation):
        database.query("SELECT pay.open_account(%s)", customer)


@pytest.mark.parametrize("grade, owed, available", [
    ("bronze", 30_000, 70_000), ("bronze", 100_000, 0), ("bronze", 180_000, 0), ("diamond", 180_000, 120_000),
])
def test_available_is_limit_less_owed_and_never_negative(database, customer, grade, owed, available):
    change(database, customer, grade=grade, owed_won=owed)
    assert ask(database, "available_won", customer) == available


def test_blocked_is_said_by_standing_alone(database, customer):
    change(database, customer, standing="blocked", owed_won=1)
    assert ask(database, "standing", customer) == "blocked"
    assert ask(database, "available_won", customer) == 99_999


def test_who_owes_may_not_close(database, customer):
    change(database, customer, owed_won=1)
    assert ask(database, "may_close", customer) is False


def test_may_close_waits_for_a_purchase_under_way(database, customer):
    """It must not say yes because the purchase has not been committed yet."""
    answers = []
    with closing(database.connect()) as buyer, closing(database.connect()) as leaver:
        buying, leaving = buyer.cursor(), leaver.cursor()
        buying.execute("BEGIN")
        buying.execute("UPDATE pay.account SET owed_won = 5000 WHERE customer_id = %s", (customer,))

        def leave():
            leaving.execute("SELECT pay.may_close(%s)", (customer,))
            answers.extend(leaving.fetchone())

        thread = threading.Thread(target=leave, daemon=True)
        thread.start()
        until(lambda: database.query("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'",
                                     leaver.get_backend_pid()), "may_close to wait")
        buying.execute("COMMIT")
        thread.join(20)
    assert answers == [False]


def test_erased_account_answers_nobody(database, customer):
    change(database, customer, points=12)
    for _ in range(2):
        database.query("SELECT pay.erase(%s)", customer)
    assert ask(database, "standing", customer) is None
    assert ask(database, "available_won", customer) is None
    assert database.query("SELECT points, erased_at IS NOT NULL FROM pay.account WHERE customer_id = %s",
                          customer) == [(12, True)]


def test_nobody(database):
    stranger = str(uuid.uuid4())
    assert ask(database, "standing", stranger) is None
    assert ask(database, "available_won", stranger) is None
    assert ask(database, "may_close", stranger) is True
    database.query("SELECT pay.erase(%s)", stranger)


@pytest.mark.parametrize("column, value", [
    ("owed_won", -1), ("points", -1), ("repaid_won", -1), ("standing", "fine"),
])
def test_impossible_accounts(database, customer, column, value):
    with pytest.raises(psycopg2.errors.CheckViolation):
        change(database, customer, **{column: value})


def test_unknown_grade(database, customer):
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        change(database, customer, grade="iron")


@pytest.mark.parametrize("lookup", [
    "pay.request WHERE pin = '123456' AND live",
    "pay.request WHERE qr = 'x' AND live",
    "pay.request WHERE pin = '123456' AND void AND ended_at > now()",
    "pay.request WHERE merchant_id = gen_random_uuid() AND order_id = 'x' AND status NOT IN ('expired', 'cancelled')",
    "pay.request WHERE checkout_id = 'x'",
    "pay.request WHERE live AND expires_at < now() ORDER BY expires_at",
    "pay.payment WHERE customer_id = gen_random_uuid() AND owed_won > 0",
    "pay.payment WHERE customer_id = gen_random_uuid() ORDER BY paid_at DESC, id DESC",
    "pay.bill WHERE owed_won > 0 AND due_on < now()",
])
def test_what_is_looked_up_has_an_index(database, lookup):
    """There was none for codes, orders and unpaid bills: each look went through the whole table."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT 1 FROM " + lookup)
        plan = "\n".join(line for line, in cursor.fetchall())
    assert "Index" in plan and "Seq Scan" not in plan, plan
