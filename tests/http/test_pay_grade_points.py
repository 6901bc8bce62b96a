"""Grade points are those of what has been repaid and not given back: exactly, at the cap, and over a month's turn."""

import pytest

from books import Books


@pytest.fixture
def books(make_database):
    books = Books(make_database())
    books.ctl("clock", "on")
    return books


@pytest.fixture
def customer(books):
    """Somebody who has an account since the 10th of January, and what was to be done until then is done."""
    books.at("2026-01-10")
    return books.customer()


def repaid(books, customer, won, month="2026-01"):
    """A payment of so much that has been repaid."""
    payment = books.buy(customer, won)
    books.repay(customer, month)
    return payment


def points(books, customer):
    return books.account(customer, "grade_points, repaid_rest_won")


def test_what_was_lost_to_the_cap_is_not_taken_back_too(books, customer):
    """150 points are 1,500,000 won.  What is repaid beyond that gives none, and takes none when it is refunded: whichever of the
    payments that is."""
    payments = [repaid(books, customer, 100_000) for _ in range(15)]
    assert points(books, customer) == (150, 0)
    beyond = repaid(books, customer, 35_000)
    assert points(books, customer) == (150, 5_000)
    books.refund(payments[0], 20_000)
    assert points(books, customer) == (150, 5_000)
    books.refund(beyond, 20_000)
    assert points(books, customer) == (149, 5_000)
    books.refund(beyond)
    books.refund(payments[1])
    assert points(books, customer) == (138, 0)


def test_what_comes_back_in_pieces_takes_as_much_as_at_once(books, customer):
    payment = repaid(books, customer, 34_567)
    for won in (1, 4_566, 9_999, 1, 10_000):
        books.refund(payment, won)
    assert points(books, customer) == (1, 0)
    repaid(books, customer, 25_000)
    assert points(books, customer) == (3, 5_000)


def test_a_refund_after_the_turn_of_the_month_does_not_reach_behind_it(books, customer):
    """The worker is away on the 1st: what was repaid or refunded before it came back counts only for the month after."""
    before, after = customer, books.customer()
    for _ in range(2):
        payment = repaid(books, before, 100_000)
    repaid(books, after, 100_000)
    books.at("2026-01-31 23:58")
    books.refund(payment, 1)
    assert points(books, before) == (19, 9_999)
    repaid(books, before, 1)
    books.at("2026-02-01 00:00")
    books.refund(payment, 50_000)
    for _ in range(2):
        repaid(books, after, 100_000, "2026-02")
    books.at("2026-02-09")
    books.run_jobs()
    assert [books.account(who, "grade, grade_points") for who in (before, after)] == [("silver", 15), ("bronze", 30)]
    books.at("2026-03-02")
    books.run_jobs()
    assert [books.account(who, "grade") for who in (before, after)] == [("bronze",), ("silver",)]


def test_the_cap_is_that_of_the_day_too(books, customer):
    """Points beyond the cap cannot save the grade of a day on which there were fewer."""
    for _ in range(8):
        payment = repaid(books, customer, 100_000)
    books.at("2026-04-01 00:00")
    for _ in range(10):
        repaid(books, customer, 100_000, "2026-04")
    books.refund(payment)
    assert points(books, customer) == (150, 0)
    books.at("2026-04-03")
    books.run_jobs()
    assert books.account(customer, "grade") == ("platinum",)


def test_all_of_it_adds_up(books):
    assert books.ctl("ledger", "verify").startswith("the ledger adds up")
