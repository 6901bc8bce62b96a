"""How many statements each of shorts' calls runs: one, but where the table says otherwise.  Growth is a fault."""

import pytest

from clips import make_short
from counted import count, expected
from shorts_calls import shorts_calls

ELSE = {
    # Says what the program is, and asks nobody.
    "OPTIONS /uploads": {0},
    "OPTIONS /uploads/:id": {0},
    # Takes the lease, then counts each MiB, the last one when it gives the lease back.
    "PATCH /uploads/:id": {2},
    # Alone, and with the first bytes.
    "POST /uploads": {1, 2},
}


@pytest.fixture(scope="module")
def counted(system):
    return count(system, "shorts", "/shorts/me/uploads")


def test_each_call_is_one_statement(counted, ctl):
    customer, admin = counted.register(), counted.register()
    ctl("admin", "add", admin.email)
    admin.access_token = counted.login(admin.email, admin.password)["access_token"]
    shorts_calls(counted, customer, admin)
    assert counted.statements() == expected("shorts", ELSE)


def test_what_is_refused_costs_no_more(counted, system):
    customer, other = counted.register(), counted.register()
    short = make_short(system, customer)
    counted.statements()
    counted.post("/shorts/nonsense/comments", token=other, json={"text": "?"})
    counted.put(f"/shorts/{short}/reaction", token=other, json={"type": "love"})
    counted.get(f"/shorts/{short}/comments", params={"limit": 0})
    counted.get("/shorts/reports", token=other)
    counted.get("/shorts/me/liked")
    assert set.union(*counted.statements().values()) == {0}
    counted.delete(f"/shorts/{short}", token=other)
    counted.get("/shorts/me/liked", token=other, params={"cursor": "x"})
    assert set.union(*counted.statements().values()) == {1}
