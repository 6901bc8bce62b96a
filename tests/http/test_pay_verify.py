"""moa-ctl ledger verify: every figure is recomputed from the entries, and the first that is wrong is told."""

import pytest

from books import Books
from moa import TREE


@pytest.fixture(scope="module")
def books(make_database):
    """Two customers who have bought with and without points, and repaid one of two bills; a third who did all there is."""
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
    busy(made)
    return made


def busy(books):
    """A customer who becomes a silver one, checks in and watches, has refunds of what is owed and of what was repaid, before
    and after it has gone back, and no longer has all the points that a refund takes."""
    books.at("2026-03-10")
    customer = books.busy = books.customer()
    first, second = (repaid(books, customer, 100_000) for _ in range(2))
    books.at("2026-04-10")
    books.ctl("jobs", "run")
    books.query("SELECT pay.check_in(%s, 2), pay.award_points(%s, 'lap', 10)", customer, customer)
    books.unpaid = books.buy(customer, 30_000)
    books.refund(books.unpaid, 10_000)
    books.buy(customer, 550, points=550)
    books.refund(first)
    books.give_back()
    books.refund(second, 50_000)
    assert books.account(customer, "grade, points, owed_won, grade_points") == ("silver", 0, 20_000, 5)


def repaid(books, customer, won):
    payment = books.buy(customer, won)
    books.repay(customer, "2026-03")
    return payment


def test_an_empty_ledger_adds_up(make_database):
    assert make_database().ctl("ledger", "verify") == "the ledger adds up: 0 transfers, 0 accounts\n"


def test_grades_are_not_expected_before_the_first_1st(make_database):
    """Who repays much in the first month has the points of a higher grade, but no job has yet given that."""
    first = Books(make_database())
    customer = first.customer()
    for _ in range(2):
        first.buy(customer, 100_000)
        [(month,)] = first.query("SELECT to_char(max(month), 'YYYY-MM') FROM pay.bill")
        first.repay(customer, month)
    assert first.account(customer, "grade, grade_points") == ("bronze", 20)
    assert first.ctl("ledger", "verify").startswith("the ledger adds up")


def test_what_happens_is_booked_then_though_the_clock_is_moved_meanwhile(make_database):
    """As the simulation found: between the statements of one operation."""
    moved = Books(make_database())
    moved.ctl("clock", "on")
    moved.at("2026-03-10")
    customer = moved.customer()
    moved.query("CREATE FUNCTION pay.moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
                "'BEGIN UPDATE moa.clock SET shift = shift + ''1 hour''; RETURN NULL; END'")
    for table, change in (("account", "UPDATE"), ("refund", "INSERT OR UPDATE"), ("repayment", "UPDATE")):
        moved.query(f"CREATE TRIGGER moved AFTER {change} ON pay.{table} FOR EACH ROW EXECUTE FUNCTION pay.moved()")
    payment = repaid(moved, customer, 10_000)
    moved.refund(payment, 4_000)
    moved.give_back()
    moved.refund(moved.buy(customer, 10_000))
    assert moved.ctl("ledger", "verify").startswith("the ledger adds up")


def test_a_ledger_adds_up(books):
    [(transfers,)] = books.query("SELECT count(*) FROM pay.transfer")
    assert books.ctl("ledger", "verify") == f"the ledger adds up: {transfers} transfers, 3 accounts\n"


def found(books, change):
    """What verify says after the change, which is undone."""
    with books.rewritten(), books.connection.cursor() as cursor:
        cursor.execute(change)
        assert cursor.rowcount > 0
        return books.query("SELECT rule, about, stands, should FROM pay.verify()")


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
    ("a journal moves something, once", "INSERT INTO pay.journal (kind, about) VALUES ('purchase', 'nothing')"),
    ("all that is moved has its journal", "DELETE FROM pay.journal WHERE kind = 'watch'"),
    ("a check-in is of its day, by the wheel", "UPDATE pay.transfer t SET amount = 25 FROM pay.journal j "
     "WHERE j.id = t.journal_id AND j.kind = 'check_in'"),
    ("a check-in is of its day, by the wheel", "UPDATE pay.journal SET at = at + interval '1 day' WHERE kind = 'check_in'"),
    ("each transfer says the balance after it", "UPDATE pay.transfer SET balance = balance + 1 "
     "WHERE id = (SELECT max(id) FROM pay.transfer WHERE balance > 0)"),
    ("an account is the sum of its transfers", "UPDATE pay.account SET points = points + 1"),
    ("an account is the sum of its transfers", "UPDATE pay.account SET owed_won = owed_won - 1"),
    ("an account owes what its bills do", "UPDATE pay.bill SET owed_won = owed_won + 1"),
    ("a bill owes what its payments do, by its day", "UPDATE pay.bill SET owed_won = 20000 - owed_won"),
    ("a bill owes what its payments do, by its day", "UPDATE pay.bill SET due_on = due_on + 1"),
    ("a bill owes what its payments do, by its day", "UPDATE pay.bill SET extended = 'asked'"),
    ("a payment is what became of it", "UPDATE pay.payment SET repaid_won = repaid_won - 1, owed_down_won = 1, refunded_won = 1 "
     "WHERE repaid_won > 0 AND refunded_won = 0"),
    ("what is paid is what was asked for", "UPDATE pay.request SET amount_won = amount_won + 1"),
    ("what is paid is what was asked for", "UPDATE pay.request SET status = 'cancelled'"),
    ("a repayment is of its customer's own payments",
     "INSERT INTO pay.repayment (customer_id, order_id, amount_won) SELECT customer_id, 'nothing', 7 FROM pay.account LIMIT 1"),
    ("what is paid is what was asked for", "INSERT INTO pay.request (checkout_id, merchant_id, order_id, name, amount_won, "
     "status, pin, qr, customer_id, ended_at) SELECT reverse(checkout_id), merchant_id, 'never', name, 1, 'paid', pin, reverse(qr), "
     "customer_id, ended_at FROM pay.request LIMIT 1"),
    ("a refund is by the merchant who sold", "UPDATE pay.refund SET merchant_id = gen_random_uuid()"),
    ("a repayment has given back what its refunds have", "UPDATE pay.repayment SET given_back_won = 0"),
    ("a repayment has given back what its refunds have", "UPDATE pay.repayment SET given_back_won = 1 WHERE given_back_won = 0"),
    ("grade points are those of what was repaid", "UPDATE pay.account SET repaid_won = repaid_won + 1"),
    ("a grade follows the one before", "UPDATE pay.account SET grade = 'gold'"),
    ("a grade follows the one before", "UPDATE pay.graded SET was = 'gold'"),
    ("a grade is that of the points on the 1st", "WITH made AS (UPDATE pay.graded SET became = 'gold' RETURNING customer_id) "
     "UPDATE pay.account a SET grade = 'gold' FROM made WHERE a.customer_id = made.customer_id"),
    ("a purchase earns by its grade, within its limit", "UPDATE pay.grade SET earn_per_mille = 3 WHERE grade = 'bronze'"),
    ("a purchase earns by its grade, within its limit", "UPDATE pay.grade SET earn_per_mille = 5 WHERE grade = 'silver'"),
    ("a purchase earns by its grade, within its limit", "UPDATE pay.grade SET limit_won = 99999 WHERE grade = 'bronze'"),
    ("what happens is booked then", "UPDATE pay.payment SET paid_at = paid_at + interval '1 second'"),
    ("what happens is booked then", "UPDATE pay.repayment SET ended_at = ended_at - interval '1 second'"),
    ("what happens is booked then", "UPDATE pay.journal SET at = at - interval '1 day' WHERE kind = 'refund'"),
    ("what happens is booked then", "UPDATE pay.journal SET at = at - interval '1 day' WHERE kind = 'refunded'"),
])
def test_what_does_not_add_up_is_told(books, rule, change):
    [(told, about, stands, should)] = found(books, change)
    assert told == rule
    assert about and stands != should
    assert found(books, "UPDATE pay.grade SET limit_won = limit_won") == []


@pytest.mark.parametrize("rule, old, new", [
    ("a refund is its share of the payment", "p.points_earned * (p.refunded_won + amount) / p.amount_won",
     "p.points_earned * amount / p.amount_won"),
    ("points are missing where none are left", "least(taken, own), taken - least(taken, own)", "0, taken"),
])
def test_a_refund_of_the_wrong_share_is_told(books, rule, old, new):
    """However well it is booked: the points of two refunds of a third each, taken by a function with a fault."""
    with books.rewritten():
        books.mutate("make_refund", old, new)
        books.query("SELECT pay.award_points(%s, 'more', 1000)", books.busy)
        books.refund(books.unpaid, 10_001)
        assert books.query("SELECT rule FROM pay.verify()") == [(rule,)]
    assert books.query("SELECT rule FROM pay.verify()") == []


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
                                    "UPDATE pay.journal SET about = 'x'", "DELETE FROM pay.journal",
                                    "UPDATE pay.graded SET was = NULL", "DELETE FROM pay.graded"])
def test_what_was_booked_stays(books, change):
    """Balances once were mutable totals with a best-effort history; entries cannot be changed, not even by the superuser."""
    with pytest.raises(Exception, match="only ever added to"):
        books.query(change)


def test_the_demos_customers_add_up(make_database):
    """They have lived by pay's own functions, and the clock is where it was."""
    mine = make_database()
    for who in ("bronze", "silver", "gold", "platinum", "diamond", "blocked"):
        mine.query("INSERT INTO auth.customer (id, email, password, name, birth_date, language) "
                   "VALUES (gen_random_uuid(), %s, '$argon2id$', '김모아', '2000-01-01', 'ko')", f"{who}@moa.example")
    mine.query("SELECT pay.open_account(id) FROM auth.customer")
    mine.query((TREE / "sql/demo/customers.sql").read_text())
    assert mine.ctl("ledger", "verify").startswith("the ledger adds up")
    assert mine.query("SELECT test_mode, shift = '0' FROM moa.clock") == [(False, True)]
    assert mine.query("SELECT grade, standing, owed_won FROM pay.account JOIN auth.customer ON id = customer_id "
                      "WHERE email ~ '^(gold|blocked)@' ORDER BY 1") == [("bronze", "blocked", 100_000), ("gold", "good", 52_000)]


def test_a_ledger_from_before_its_grades_had_a_history_adds_up(make_database, tmp_path):
    """What had been repaid is found out by the migration; at which grade somebody bought before it is not known, and not asked."""
    for path in (TREE / "sql").glob("00*.sql"):
        if path.name < "0017":
            (tmp_path / path.name).symlink_to(path)
    database = make_database(migrated=False)
    assert database.ctl.run("migrate", env={"MOA_SQL_DIR": str(tmp_path)}).returncode == 0
    old = Books(database)
    old.ctl("clock", "on")
    busy(old)
    before = old.account(old.busy, "grade_points, repaid_rest_won")
    old.ctl("migrate")
    assert old.account(old.busy, "grade_points, repaid_rest_won") == before
    assert old.ctl("ledger", "verify").startswith("the ledger adds up")
    old.buy(old.busy, 10_000)
    old.refund(old.unpaid)
    assert old.ctl("ledger", "verify").startswith("the ledger adds up")
    with old.rewritten():
        old.query("UPDATE pay.grade SET earn_per_mille = 5 WHERE grade = 'silver'")
        assert len(old.query("SELECT * FROM pay.verify()")) == 1
