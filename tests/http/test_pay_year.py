"""A year of twelve customers' bills, played by the test clock and held against a table."""

from dataclasses import dataclass

import pytest

from books import Books, Refused

MONTHS = [f"2026-{month:02}" for month in range(1, 13)]


@dataclass
class Life:
    """What a customer does, and what becomes of it.

    Each month's 26th something is bought for won, if that is allowed.  What is done about the bill, by its letter in plan, one for
    each month:

    P   repaid on the 28th of the month itself        l   repaid on the 5th of the month after next, when it blocks
    p   repaid on the 10th of the next month          1…9 repaid on the 20th of that month
    x   extended on the 10th, repaid on the 25th      -   never repaid
    a   left until the 25th of the next month         .   nothing bought

    standings has the grade's first letter on the 2nd of each month: a capital while blocked.
    """

    who: str
    won: int
    plan: str
    standings: str
    grade_points: int
    rest_won: int
    owed_won: int
    points: int
    extended: int  # automatically
    blocked: int   # for what was overdue


YEAR = [
    Life("pays in time",           80_000, "pppppppppppp", "bbbbssgggppp",  88,     0,  80_000,  7_600,  0, 0),
    Life("pays before it is due", 100_000, "PPPPPPPPPPPP", "bbssggpppddd", 120,     0,       0, 14_100,  0, 0),
    Life("extends every bill",     50_000, "xxxxxxxxxxxx", "bbbbbssssggg",  55,     0,  50_000,  3_200,  0, 0),
    Life("is extended each time",  50_000, "aaaaaaaaaaaa", "bbbbbssssggg",  55,     0,  50_000,  3_200, 11, 0),
    Life("is late once",           50_000, "pplppppppppp", "bbbbBssssggg",  55,     0,  50_000,  3_200,  1, 1),
    Life("is late twice",          20_000, "lppppplppppp", "bbBbbbbbBbbs",  22,     0,  20_000,    560,  2, 2),
    Life("never pays",             50_000, "------------", "bbBBBBBBBBBB",   0,     0, 100_000,    200,  2, 1),
    Life("comes back in August",   30_000, "88.....ppppp", "bbBBBBBBbbbb",  18,     0,  30_000,    420,  2, 1),
    Life("repays one of two",      30_000, "6-..........", "bbBBBBBBBBBB",   3,     0,  30_000,    120,  2, 1),
    Life("is blocked by an admin", 40_000, "ppppp...pppp", "bbbbbBSSssss",  32,     0,  40_000,  1_360,  0, 0),
    Life("keeps the remainder",    12_900, "pppppppppppp", "bbbbbbbbbbbb",  14, 1_900,  12_900,    300,  0, 0),
    Life("buys nothing",                0, "............", "bbbbbbbbbbbb",   0,     0,       0,      0,  0, 0),
]


@pytest.fixture(scope="module")
def books(make_database):
    books = Books(make_database())
    books.ctl("clock", "on")
    books.at("2026-01-02")
    books.customers = {life.who: books.customer() for life in YEAR}
    books.standings = {life.who: "" for life in YEAR}
    books.refused = {life.who: set() for life in YEAR}
    for nth in range(12):
        play(books, nth)
    return books


def play(books, nth):
    """The nth month, from 0."""
    month, last, before = MONTHS[nth], MONTHS[nth - 1], MONTHS[nth - 2]

    def repay(letters, back, bill):
        for life in YEAR:
            if nth >= back and life.plan[nth - back] in letters:
                books.repay(books.customers[life.who], bill)

    books.at(f"{month}-01 00:01")
    books.run_jobs()
    books.at(f"{month}-02")
    for blocked in {5: [True], 8: [False]}.get(nth, []):
        books.query("SELECT pay.admin_standing(gen_random_uuid(), %s, %s, 'test')",
                    books.customers["is blocked by an admin"], blocked)
    note(books)
    books.at(f"{month}-05")
    repay("l", 2, before)
    books.at(f"{month}-10")
    repay("p", 1, last)
    for life in YEAR:
        if nth >= 1 and life.plan[nth - 1] == "x":
            books.extend(books.customers[life.who])
    books.at(f"{month}-16 00:01")
    books.run_jobs()
    books.at(f"{month}-20")
    for life in YEAR:
        for bill, letter in zip(MONTHS, life.plan):
            if letter == str(nth + 1):
                books.repay(books.customers[life.who], bill)
    books.at(f"{month}-25")
    repay("xa", 1, last)
    books.at(f"{month}-26")
    for life in filter(lambda life: life.won, YEAR):
        try:
            books.buy(books.customers[life.who], life.won)
        except Refused as refused:
            books.refused[life.who].add(str(refused))
    books.at(f"{month}-28")
    repay("P", 0, month)


def note(books):
    """Write down how everybody stands."""
    for who, customer in books.customers.items():
        grade, standing = books.account(customer, "grade, standing")
        books.standings[who] += grade[0].upper() if standing == "blocked" else grade[0]


@pytest.mark.parametrize("life", YEAR, ids=lambda life: life.who.replace(" ", "-"))
def test_the_year(books, life):
    assert books.standings[life.who] == life.standings
    assert books.account(books.customers[life.who], "grade_points, repaid_rest_won, owed_won, points, auto_extended_count, "
                         "blocked_count") == (life.grade_points, life.rest_won, life.owed_won, life.points, life.extended,
                                              life.blocked)
    assert books.refused[life.who] == ({"account_blocked"} if life.standings != life.standings.lower() and "." in life.plan
                                       or "-" in life.plan else set())


def test_every_job_ran_once(books):
    assert books.query("SELECT job, count(*) FROM pay.job_run WHERE ended_at IS NOT NULL GROUP BY job ORDER BY job") == [
        ("block", 11), ("extend", 12), ("grade", 11)]
    assert books.query("SELECT count(*) FROM pay.jobs WHERE status <> 'done'") == [(0,)]


def test_the_ledger_adds_up(books):
    assert books.ctl("ledger", "verify").startswith("the ledger adds up")
