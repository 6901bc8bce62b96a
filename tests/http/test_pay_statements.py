"""How many statements each of pay's calls runs: one, but where the table says otherwise.  Growth is a fault."""

import pytest

from counted import count, expected
from shop import Shop, fresh
from test_openapi import bill_calls, merchant_calls, pay_calls, repay_calls, window_calls

ELSE = {
    # Before the gateway is asked, and after it.
    "POST /repayments/:id/confirm": {2},
    # One thread asks for all who watch.
    "GET /checkout/:id/events": {0},
}


@pytest.fixture(scope="module")
def counted(system):
    return count(system, "pay", "/pay/check_in")


def test_each_call_is_one_statement(counted, ctl, gateway):
    customer, admin = counted.register(), counted.register()
    ctl("admin", "add", admin.email)
    admin.access_token = counted.login(admin.email, admin.password)["access_token"]
    pay_calls(counted, customer, ctl)
    window_calls(counted)
    repay_calls(counted, customer, ctl, gateway)
    merchant_calls(counted, admin)
    counted.get("/pay/payments", token=customer, params={"q": "ㅅㅌ"})
    bill_calls(counted, customer, admin, ctl)
    assert counted.statements() == expected("pay", ELSE)


def test_what_is_refused_or_repeated_costs_no_more(counted, ctl):
    """The claim of a key, what it is for and its result are one statement; what cannot be is not asked about."""
    shop, customer, headers = Shop(counted, ctl), counted.register(), fresh()
    request = shop.request(90_000)
    shop.claim(customer, request)
    counted.statements()
    for _ in range(2):
        shop.approve(customer, request, headers=headers)
    shop.approve(customer, request)
    assert counted.statements() == {"POST /requests/:id/approve": {1}}
    counted.post("/pay/requests/nonsense/approve", token=customer, headers=fresh(), json={})
    shop.approve(customer, request, points=-1)
    counted.post("/pay/codes/claim", token=customer, json={"type": "pin"})
    counted.get("/pay/summary")
    counted.get("/pay/summary", token="msk_" + "x" * 43)
    assert set.union(*counted.statements().values()) == {0}


def test_a_notice_that_settles_takes_two(counted, ctl, gateway):
    """Whether it can tell anything new, and, when the gateway was asked, what it did; afterwards it is one."""
    customer = counted.register()
    payment = Shop(counted, ctl).buy(customer)
    repayment = counted.post("/pay/repayments", token=customer, headers=fresh(), json={"payment_ids": [payment["id"]]}).json()
    given = gateway.pay(repayment["gateway"]["order_id"], repayment["amount_won"])
    gateway.faults["confirm"] = ["cut-after"]
    gateway.refusals["query"] = (503, "UNKNOWN", "")
    counted.post(f"/pay/repayments/{repayment['id']}/confirm", token=customer, headers=fresh(), json=given)
    gateway.refusals.clear()
    counted.statements()
    for expected in (2, 1):
        counted.post("/pay/gateway/webhooks", json={"data": {"paymentKey": given["payment_key"], "orderId": given["order_id"]}})
        assert counted.statements() == {"POST /gateway/webhooks": {expected}}
