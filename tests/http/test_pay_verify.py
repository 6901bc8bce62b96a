"""moa-ctl ledger verify: every figure is recomputed from the entries, and the first that is wrong is told."""

import pytest

from books import Books


@pytest.fixture(scope="module")
def books(make_database):
    """Two customers who have bought with and without points, and repaid one of two bills."""
    made = Books(make_database())
    made.ctl("clock", "on")
    made.at("2026-03-10")
    made.customers = [made.customer() for _ in range(2)]
    for customer in made.customers:
        made.buy(customer, 40_000)
        made.buy(customer, 5_000, points=80)
    made.at("2026-04-10")
    for customer in made.customers:
        made.buy(customer, 20_000)
        made.repay(customer, "2026-03")
    return made


def test_an_empty_ledger_adds_up(make_database):
    assert make_database().ctl("ledger", "verify") == "the ledger adds up: 0 transfers, 0 accounts\n"


def test_a_ledger_adds_up(books):
    [(transfers,)] = books.query("SELECT count(*) FROM pay.transfer")
    assert transfers == 2 * (2 + 4 + 2 + 1)
    assert books.ctl("ledger", "verify") == f"the ledger adds up: {transfers} transfers, 2 accounts\n"


def spoiled(books, change):
    """What verify says after the change, which is undone; whatever guards the rows must look away for it."""
    connection = books.connect()
    with connection.cursor() as cursor:
        try:
            cursor.execute("BEGIN")
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(change)
            assert cursor.rowcount > 0
            cursor.execute("SELECT rule, about, stands, should FROM pay.verify()")
            return cursor.fetchall()
        finally:
            cursor.execute("ROLLBACK")
            connection.close()



@pytest.mark.parametrize("rule, change", [
    ("a journal moves what it is about", "UPDATE pay.transfer SET amount = amount + 1 WHERE credit = 'merchant' "
     "AND id = (SELECT min(id) FROM pay.transfer)"),
    ("a journal moves what it is about", "DELETE FROM pay.transfer WHERE debit = 'gateway'"),
    ("a journal moves what it is about", "DELETE FROM pay.payment WHERE repaid_won = 0"),
    ("a journal moves what it is about", "UPDATE pay.transfer SET credit_owner = gen_random_uuid() WHERE credit = 'merchant'"),
    ("a journal moves what it is about", "UPDATE pay.journal SET kind = 'refund' WHERE kind = 'repayment'"),
    ("a journal moves what it is about", "UPDATE pay.repayment SET status = 'failed'"),
    ("a journal moves what it is about", "INSERT INTO pay.transfer (journal_id, unit, debit, credit, amount) "
     "SELECT min(id), 'won', 'gateway', 'refunding', 1 FROM pay.journal"),
    ("a journal moves something, once", "INSERT INTO pay.journal (kind, about) VALUES ('check_in', 'nobody')"),
    ("each transfer says the balance after it", "UPDATE pay.transfer SET balance = balance + 1 "
     "WHERE id = (SELECT max(id) FROM pay.transfer)"),
    ("an account is the sum of its transfers", "UPDATE pay.account SET points = points + 1"),
    ("an account is the sum of its transfers", "UPDATE pay.account SET owed_won = owed_won - 1"),
    ("an account owes what its bills do", "UPDATE pay.bill SET owed_won = owed_won + 1"),
    ("a bill owes what its payments do, by its day", "UPDATE pay.bill SET owed_won = 20000 - owed_won"),
    ("a bill owes what its payments do, by its day", "UPDATE pay.bill SET due_on = due_on + 1"),
    ("a bill owes what its payments do, by its day", "UPDATE pay.bill SET extended = 'asked'"),
    ("a payment is what became of it", "UPDATE pay.payment SET repaid_won = repaid_won - 1, owed_down_won = 1, refunded_won = 1 "
     "WHERE repaid_won > 0"),
    ("what is paid is what was asked for", "UPDATE pay.request SET amount_won = amount_won + 1"),
    ("what is paid is what was asked for", "UPDATE pay.request SET status = 'cancelled'"),
    ("a repayment is of its customer's own payments",
     "INSERT INTO pay.repayment (customer_id, order_id, amount_won) SELECT customer_id, 'nothing', 7 FROM pay.account LIMIT 1"),
])
def test_what_does_not_add_up_is_told(books, rule, change):
    [(told, about, stands, should)] = spoiled(books, change)
    assert told == rule
    assert about and stands != should
    assert spoiled(books, "UPDATE pay.grade SET limit_won = limit_won") == []


def test_the_first_bad_row_is_printed_and_the_status_is_1(make_database):
    mine = Books(make_database())
    customer = mine.customer()
    mine.query("UPDATE pay.account SET points = 12 WHERE customer_id = %s", customer)
    done = mine.ctl.run("ledger", "verify")
    assert done.returncode == 1
    assert done.stdout == (f"rule: an account is the sum of its transfers\nabout: account {customer}: won owed, points\n"
                           "stands: 0, 12\nshould: 0, 0\n")
    assert "does not add up" in done.stderr


@pytest.mark.parametrize("change", ["UPDATE pay.transfer SET amount = 1", "DELETE FROM pay.transfer", "TRUNCATE pay.transfer",
                                    "UPDATE pay.journal SET about = 'x'", "DELETE FROM pay.journal"])
def test_what_was_booked_stays(books, change):
    """Balances once were mutable totals with a best-effort history; entries cannot be changed, not even by the superuser."""
    with pytest.raises(Exception, match="only ever added to"):
        books.query(change)
