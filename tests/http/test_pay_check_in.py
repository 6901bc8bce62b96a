"""The daily check-in: drawn by the server, once a day of Seoul."""

import datetime
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from caller import problem
from history import today

WHEEL = [5, 10, 20, 30, 40, 50]


@pytest.fixture
def customer(api):
    return api.register()


def points(api, customer):
    return api.get("/pay/summary", token=customer).json()["points"]


def test_before_and_after_checking_in(api, customer):
    before = api.get("/pay/check_in", token=customer).json()
    midnight = datetime.datetime.combine(today(), datetime.time()) + datetime.timedelta(hours=15)
    assert before == {"day": str(today()), "checked_in": False, "points": None, "sector": None, "sectors": WHEEL,
                      "next_at": f"{midnight.isoformat()}.000Z"}
    drawn = api.post("/pay/check_in", token=customer).json()
    assert (drawn["day"], drawn["points"], drawn["balance_points"]) == (str(today()), WHEEL[drawn["sector"]], drawn["points"])
    assert api.get("/pay/check_in", token=customer).json() == {
        **before, "checked_in": True, "points": drawn["points"], "sector": drawn["sector"]}
    assert points(api, customer) == drawn["points"]


def test_checking_in_twice(api, customer):
    """A second check-in ended in being signed out; it is refused by name, and nothing moves."""
    drawn = api.post("/pay/check_in", token=customer).json()
    problem(api.post("/pay/check_in", token=customer), 409, "already_checked_in")
    assert points(api, customer) == drawn["points"]
    assert len(api.get("/pay/points", token=customer).json()["items"]) == 1


def test_of_check_ins_at_once_one_wins(api, customer):
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: api.post("/pay/check_in", token=customer), range(8)))
    assert sorted(reply.status_code for reply in replies) == [200] + [409] * 7
    [drawn] = [reply.json() for reply in replies if reply.status_code == 200]
    assert points(api, customer) == drawn["points"]


def test_a_new_day_of_seoul_begins_at_midnight_there(make_database):
    """Days were those of UTC."""
    database = make_database()
    customer = str(uuid.uuid4())
    database.query("SELECT pay.open_account(%s)", customer)
    database.query("UPDATE moa.clock SET test_mode = true")

    def check_in(at):
        database.query("UPDATE moa.clock SET shift = justify_interval('0') + make_interval(secs => extract(epoch FROM %s - now()))",
                       datetime.datetime.fromisoformat(at))
        return database.query("SELECT code, result->>'day' FROM pay.check_in(%s, 0)", customer)[0]

    assert check_in("2026-11-22T14:59:00+00:00") == (None, "2026-11-22")
    assert check_in("2026-11-22T14:59:30+00:00") == ("already_checked_in", None)
    assert check_in("2026-11-22T15:00:30+00:00") == (None, "2026-11-23")


def test_the_ledger_adds_up(make_database):
    """Balance and history are one: what they were made of can be recomputed."""
    database = make_database()
    customer = str(uuid.uuid4())
    database.query("SELECT pay.open_account(%s)", customer)
    for statement in ("SELECT pay.check_in(%s, 5)", "SELECT pay.check_in(%s, 0)", "SELECT pay.award_points(%s, '2026-11-22:1', 10)",
                      "SELECT pay.award_points(%s, '2026-11-22:1', 10)"):
        database.query(statement, customer)
    assert database.query("SELECT points FROM pay.account WHERE customer_id = %s", customer) == [(60,)]
    assert database.query("SELECT * FROM pay.verify()") == []


def test_the_server_draws(api, postgres):
    """What was drawn is not the client's to say, and all sectors come up."""
    customer = api.register()
    problem(api.post("/pay/check_in", token=customer, json={"sector": 5}), 422, "validation_failed")
    problem(api.post("/pay/check_in", token=customer, params={"points": 50}), 422, "validation_failed")
    drawn = Counter()
    for _ in range(120):
        sector = api.post("/pay/check_in", token=customer).json()["sector"]
        drawn[sector] += 1
        yesterday(postgres, customer)
    assert set(drawn) == set(range(6)), drawn


def yesterday(postgres, customer):
    """Let the customer's check-in of today be one of another day; only who may switch the ledger's triggers off can."""
    with closing(postgres.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE pay.journal SET about = about || '/' || id WHERE kind = 'check_in' AND about = %s",
                       (f"{customer.id}:{today()}",))
