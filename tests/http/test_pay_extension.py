"""Extending a bill, and the blocks of administrators, over HTTP and by the test clock."""

import threading
from types import SimpleNamespace

import pytest

from books import Books
from caller import problem
from shop import fresh


@pytest.fixture(scope="module")
def own(make_shared_system):
    """A system in test mode, with .api, .books and .admin."""
    system = make_shared_system(start=False)
    system.postgres.start()
    system.redis.start()
    system.ctl("clock", "on")
    system.start()
    books = Books(SimpleNamespace(connect=system.postgres.connect, ctl=system.ctl))
    admin = system.api.register()
    system.ctl("admin", "add", admin.email)
    admin.access_token = system.api.login(admin.email, admin.password)["access_token"]
    return SimpleNamespace(api=system.api, books=books, admin=admin)


@pytest.fixture
def buyer(own):
    """A customer who has bought for 30,000 won in November 2026; it is the 15th of December."""
    own.books.at("2026-11-28")
    customer = own.api.register()
    own.books.buy(customer.id, 30_000)
    own.books.at("2026-12-15 23:58")
    return customer


def ask(own, customer, **headers):
    return own.api.post("/pay/extension", token=customer, headers=headers or fresh())


def bill(due_on, extended):
    return {"month": "2026-11", "owed_won": 30_000, "due_on": due_on, "new_due_on": "2026-12-31", "extended": extended}


def test_what_would_change_and_has_changed(own, buyer):
    before = {"available": True, "used": False, "until": "2026-12-15", "fee_won": 0, "bills": [bill("2026-12-15", None)]}
    after = {**before, "available": False, "used": True, "bills": [bill("2026-12-31", "asked")]}
    assert own.api.get("/pay/extension", token=buyer).json() == before
    reply = ask(own, buyer)
    assert (reply.status_code, reply.json()) == (200, after)
    assert own.api.get("/pay/extension", token=buyer).json() == after
    problem(ask(own, buyer), 409, "extension_closed")
    assert own.books.account(buyer.id, "auto_extended_count") == (0,)


def test_the_same_key_again(own, buyer):
    key = fresh()
    first, second = (ask(own, buyer, **key) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"


def test_a_refusal_keeps_no_claim(own, buyer):
    key = fresh()
    own.books.at("2026-12-16 00:00")
    problem(ask(own, buyer, **key), 409, "extension_closed")
    own.books.at("2026-12-15 23:59")
    assert ask(own, buyer, **key).status_code == 200


def test_a_key_is_required(own, buyer):
    problem(own.api.post("/pay/extension", token=buyer), 400, "idempotency_key_required")


@pytest.mark.parametrize("time", ["2026-11-30 12:00", "2026-12-16 00:00", "2027-01-05 12:00"])
def test_only_from_the_1st_to_the_15th_of_the_month_after(own, buyer, time):
    """There was no window: any day before or after would do, and a bill of any month."""
    own.books.at(time)
    assert own.api.get("/pay/extension", token=buyer).json()["available"] is False
    assert ask(own, buyer).status_code == 409


def test_nothing_owed(own, buyer):
    own.books.repay(buyer.id, "2026-11")
    assert own.api.get("/pay/extension", token=buyer).json()["bills"] == []
    problem(ask(own, buyer), 409, "nothing_owed")


def test_many_at_once(own, buyer):
    """With keys of their own: one extends, the others come too late."""
    replies = []
    crowd = [threading.Thread(target=lambda: replies.append(ask(own, buyer).status_code)) for _ in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sorted(replies) == [200] + [409] * 5


def test_a_failure_has_a_message(own, buyer):
    """Failures of an extension were swallowed by the page: here each has a text in the customer's language."""
    own.books.at("2026-12-20")
    korean = own.api.post("/pay/extension", token=buyer, headers={**fresh(), "Accept-Language": "ko"}).json()
    assert "15일" in korean["detail"]


def change(own, customer, verb, **body):
    return own.api.post(f"/pay/customers/{customer.id}/{verb}", token=own.admin, **body)


def test_a_block_by_an_administrator_is_not_lifted_by_repaying(own, buyer):
    assert change(own, buyer, "block", json={"reason": "도용 신고"}).json() == {
        "customer_id": buyer.id, "standing": "blocked", "blocked_by": "admin"}
    problem(ask(own, buyer), 403, "account_blocked")
    own.books.repay(buyer.id, "2026-11")
    assert own.books.account(buyer.id, "standing, blocked_by") == ("blocked", "admin")
    assert change(own, buyer, "unblock").json() == {"customer_id": buyer.id, "standing": "good", "blocked_by": None}
    assert own.books.account(buyer.id, "blocked_count") == (0,)
    assert own.books.query("SELECT action, detail->>'reason' FROM pay.audit WHERE admin_id = %s AND about = %s ORDER BY id",
                           own.admin.id, buyer.id) == [("customer.block", "도용 신고"), ("customer.unblock", None)]


def test_blocks_of_nobody(own):
    for wanted in ("00000000-0000-4000-8000-000000000000", "nonsense"):
        problem(change(own, SimpleNamespace(id=wanted), "block"), 404, "not_found")


def test_customers_are_not_administrators(own, buyer):
    for verb in ("block", "unblock"):
        problem(own.api.post(f"/pay/customers/{own.admin.id}/{verb}", token=buyer), 403, "forbidden")
    problem(own.api.get("/pay/jobs", token=buyer), 403, "forbidden")


def test_jobs_for_administrators(own, buyer):
    own.books.at("2026-12-16 00:00")
    due = own.api.get("/pay/jobs", token=own.admin).json()["items"]
    assert due[0] == {"job": "extend", "day": "2026-12-16", "status": "due", "started_at": None, "ended_at": None, "changed": None}
    own.books.ctl("jobs", "run")
    seen, query = [], {"limit": 1}
    while True:
        page = own.api.get("/pay/jobs", token=own.admin, params=query).json()
        seen += page["items"]
        if not page["next_cursor"]:
            break
        query["cursor"] = page["next_cursor"]
    assert [(job["day"], job["job"], job["status"]) for job in seen] == [
        ("2026-12-16", "extend", "done"), ("2026-12-01", "grade", "done"), ("2026-12-01", "block", "done")]
    problem(own.api.get("/pay/jobs", token=own.admin, params={"cursor": "nonsense"}), 400, "invalid_cursor")
    assert own.books.query("SELECT count(*) > 0 FROM pay.audit WHERE action = 'jobs.list' AND admin_id = %s",
                           own.admin.id) == [(True,)]
