"""The jobs of pay's calendar: in their order, once, as of their day; by the worker, however many there are."""

import time

import pytest

from books import Books
from worker import run, start


@pytest.fixture
def books(make_database):
    """Books at noon of January 20th, 2026, in Seoul."""
    books = Books(make_database())
    books.ctl("clock", "on")
    books.at("2026-01-20")
    return books


def jobs(books):
    """What has been done, in the order in which it was."""
    return books.query("SELECT to_char(day, 'MM-DD'), job, (result->>'changed')::int FROM pay.job_run "
                       "WHERE ended_at IS NOT NULL ORDER BY ended_at, started_at, day, job = 'grade'")


def standing(books, customer):
    return books.account(customer, "standing, blocked_by, blocked_count, auto_extended_count")


def test_the_months_way(books):
    """Due on the 15th, extended on the 16th, blocked on the 1st, free when it is repaid; each of it counted where it happens: the
    score looked for payments called EXTENSION, which nothing made."""
    customer = books.customer()
    books.buy(customer, 30_000)
    assert books.bill(customer, "2026-01") == ("2026-02-15", None, 30_000)
    books.at("2026-02-15 23:59")
    books.ctl("jobs", "run")
    assert books.bill(customer, "2026-01") == ("2026-02-15", None, 30_000)
    books.at("2026-02-16 00:00")
    assert books.ctl("jobs", "run") == "2026-02-16 extend: 1 changed\n"
    assert books.bill(customer, "2026-01") == ("2026-02-28", "automatic", 30_000)
    books.at("2026-02-28 23:59")
    assert books.ctl("jobs", "run") == ""
    books.at("2026-03-01 00:00")
    assert books.ctl("jobs", "run") == "2026-03-01 block: 1 changed\n2026-03-01 grade: 0 changed\n"
    assert standing(books, customer) == ("blocked", "overdue", 1, 1)
    books.repay(customer, "2026-01")
    assert standing(books, customer) == ("good", None, 1, 1)
    books.ctl("ledger", "verify")


def test_who_extended_and_repaid_is_not_blocked(books):
    """Release was inverted once: whoever had repaid everything was blocked, without a look at what was owed."""
    customer = books.customer()
    books.buy(customer, 30_000)
    books.at("2026-02-10")
    books.extend(customer)
    books.at("2026-02-20")
    books.ctl("jobs", "run")
    books.repay(customer, "2026-01")
    books.at("2026-03-01 00:01")
    books.ctl("jobs", "run")
    assert standing(books, customer) == ("good", None, 0, 0)


def test_blocks_come_before_grades(books):
    """Two jobs at one instant had no order: whoever lost their credit might get a new grade first."""
    books.customer()
    books.at("2026-02-01 00:00")
    assert books.ctl("jobs", "run").splitlines()[0].startswith("2026-02-01 block")
    assert books.ctl("jobs", "run") == ""


def test_the_limit_is_not_reset_by_a_new_month(books):
    """It was, whatever was owed: exposure grew from month to month."""
    customer = books.customer()
    books.buy(customer, 70_000)
    books.at("2026-02-01 00:01")
    books.ctl("jobs", "run")
    assert books.query("SELECT pay.available_won(%s)", customer) == [(30_000,)]


def test_months_are_seouls(books):
    """A month was compared with the server's: at its turn everybody's bills were another month's."""
    customer = books.customer()
    books.at("2026-01-31 23:59")
    books.buy(customer, 1_000)
    books.at("2026-02-01 00:00")  # still January in UTC
    books.buy(customer, 2_000)
    assert [books.bill(customer, month)[2] for month in ("2026-01", "2026-02")] == [1_000, 2_000]


def test_after_downtime_all_is_done_in_order(books):
    """Three months without a worker: each job is done for its own day, and an unpaid bill ends as it would have."""
    customer, clear = books.customer(), books.customer()
    for each in (customer, clear):
        books.buy(each, 30_000)
    books.at("2026-02-10")
    books.repay(clear, "2026-01")
    books.at("2026-04-03")
    done = run(books, "--once")
    assert done.returncode == 0, done.stderr
    assert [f"{day} {job}" for day, job, _ in sorted(jobs(books), key=lambda row: (row[0], row[1]))] == [
        "02-01 block", "02-01 grade", "02-16 extend", "03-01 block", "03-01 grade", "03-16 extend", "04-01 block", "04-01 grade"]
    log = [line for line in done.stderr.splitlines() if "event=job " in line]
    assert [line.split("job=")[1] for line in log] == [
        "block day=2026-02-01 changed=0", "grade day=2026-02-01 changed=0", "extend day=2026-02-16 changed=1",
        "block day=2026-03-01 changed=1", "grade day=2026-03-01 changed=0", "extend day=2026-03-16 changed=0",
        "block day=2026-04-01 changed=0", "grade day=2026-04-01 changed=0"]
    assert standing(books, customer) == ("blocked", "overdue", 1, 1)
    assert standing(books, clear) == ("good", None, 0, 0)


def test_who_repaid_while_the_worker_was_away_was_late_all_the_same(books):
    """Counted as of the day, and not blocked for what is repaid by now; each block counts once, however long it would have been."""
    late, later, clear = (books.customer() for _ in range(3))
    for each in (late, later, clear):
        books.buy(each, 30_000)
    books.at("2026-02-16 09:00")
    books.repay(clear, "2026-01")
    books.at("2026-03-04")
    books.repay(late, "2026-01")
    books.at("2026-04-04")
    books.repay(later, "2026-01")
    books.at("2026-04-05")
    books.ctl("jobs", "run")
    assert standing(books, clear) == ("good", None, 0, 1)
    assert standing(books, late) == ("good", None, 1, 1)
    assert standing(books, later) == ("good", None, 1, 1)
    books.ctl("ledger", "verify")


def test_a_bill_that_is_not_yet_late_is_left_alone_by_an_old_job(books):
    """The 1st's block, done on the 20th, does not look at what fell due on the 15th."""
    customer = books.customer()
    books.at("2026-02-05")
    books.buy(customer, 30_000)
    books.at("2026-03-20")
    books.ctl("jobs", "run")
    assert books.bill(customer, "2026-02") == ("2026-03-31", "automatic", 30_000)
    assert standing(books, customer) == ("good", None, 0, 1)


def test_grades_are_those_of_the_day(books):
    """Points earned since the 1st wait for the next, also when the worker comes late."""
    early, late = books.customer(), books.customer()
    for customer in (early, late):
        for _ in range(2):
            books.buy(customer, 100_000)
            if customer == early:
                books.repay(customer, "2026-01")
            else:
                books.query("UPDATE pay.account SET repaid_won = 150000 WHERE customer_id = %s", customer)
                break
    books.at("2026-02-03")
    books.repay(late, "2026-01")
    books.ctl("jobs", "run")
    assert books.account(early, "grade, grade_points") == ("silver", 20)
    assert books.account(late, "grade, grade_points") == ("bronze", 25)
    books.at("2026-03-01 00:00")
    books.ctl("jobs", "run")
    assert books.account(late, "grade") == ("silver",)


def test_a_grade_can_be_lost(books):
    customer = books.customer()
    books.query("UPDATE pay.account SET grade = 'gold', repaid_won = 390000 WHERE customer_id = %s", customer)
    books.at("2026-02-01 00:00")
    books.ctl("jobs", "run")
    assert books.account(customer, "grade") == ("silver",)


def test_free_on_the_16th(books):
    """Who clears an old bill just after midnight, while the next awaits its extension, is blocked no longer than until that."""
    customer = books.customer()
    books.buy(customer, 30_000)
    books.at("2026-02-20")
    books.ctl("jobs", "run")
    books.buy(customer, 30_000)
    books.at("2026-03-01 00:01")
    books.ctl("jobs", "run")
    books.at("2026-03-16 00:00")
    books.repay(customer, "2026-01")
    assert standing(books, customer)[0] == "blocked"
    books.ctl("jobs", "run")
    assert standing(books, customer) == ("good", None, 1, 2)


def test_many_workers_do_it_once(books):
    customers = [books.customer() for _ in range(20)]
    for customer in customers:
        books.buy(customer, 10_000)
    books.at("2026-03-01 00:00")
    crowd = [start(books, "--once") for _ in range(4)]
    logs = "".join(worker.communicate(timeout=60)[1] for worker in crowd)
    assert [worker.returncode for worker in crowd] == [0] * 4, logs
    assert logs.count("event=job ") == 5
    assert {standing(books, customer) for customer in customers} == {("blocked", "overdue", 1, 1)}


def test_a_large_table_goes_in_batches_and_goes_on_where_it_was(books):
    """A call does so many accounts; whoever comes next, after a crash or not, goes on behind them."""
    customers = [books.customer() for _ in range(10)]
    for customer in customers:
        books.buy(customer, 10_000)
    books.at("2026-02-16 00:00")
    books.query("INSERT INTO pay.job_run (job, day, ended_at, result) SELECT job, '2026-02-01', moa.now(), '{}' "
                "FROM pay.calendar WHERE day_of_month = 1")
    calls = [books.query("SELECT job, changed, done FROM pay.run_job(4)") for _ in range(2)]
    assert calls == [[("extend", 4, False)], [("extend", 8, False)]]
    assert books.query("SELECT status, changed FROM pay.jobs ORDER BY place DESC LIMIT 1") == [("running", 8)]
    assert books.ctl("jobs", "run") == "2026-02-16 extend: 10 changed\n"
    assert {standing(books, customer) for customer in customers} == {("good", None, 0, 1)}


def test_a_hundred_thousand_customers(books):
    """No loop over customers: a month's turn of so many takes seconds."""
    books.query("INSERT INTO pay.account (customer_id, repaid_won) SELECT gen_random_uuid(), i % 151 * 10000 "
                "FROM generate_series(1, 100000) i")
    books.at("2026-02-01 00:00")
    began = time.monotonic()
    books.ctl("jobs", "run")
    assert time.monotonic() - began < 30
    assert books.query("SELECT count(*) FROM pay.account a JOIN pay.grade g USING (grade) WHERE a.grade_points < g.from_points "
                       "OR EXISTS (SELECT FROM pay.grade o WHERE o.from_points > g.from_points "
                       "AND a.grade_points >= o.from_points)") == [(0,)]


def test_jobs_are_listed(books):
    books.customer()
    assert books.ctl("jobs", "list") == ""
    books.at("2026-02-01 00:00")
    assert books.ctl("jobs", "list").count("status: due") == 2
    books.ctl("jobs", "run")
    listed = books.ctl("jobs", "list")
    assert listed.count("status: done") == 2
    assert listed.startswith("job: grade\nday: 2026-02-01\nstatus: done\nended_at: 2026-01-31T15:00:")
