"""How many statements each of pay's calls runs: one, but where the table says otherwise.  Growth is a fault."""

import re
import subprocess
from collections import defaultdict

import pytest

from client import Api
from moa import binary
from servers import until
from shop import Shop, fresh
from test_openapi import bill_calls, merchant_calls, pay_calls, repay_calls, window_calls

ELSE = {
    # Before the gateway is asked, and after it.
    "POST /repayments/:id/confirm": 2,
    # One thread asks for all who watch.
    "GET /checkout/:id/events": 0,
}


@pytest.fixture(scope="module")
def counted(system):
    """An Api whose calls are counted: counted.statements() says how many each route has run, as {"GET /summary": {1}}."""
    api = Api(system)
    replies = []
    customer = api.register()
    routes = [(method, re.compile(re.sub(r":\w+", "[^/]+", path.replace(".", r"\."))), path.removeprefix("/api/v1/pay"))
              for method, path in table()]

    def route(request):
        path = request.path_url.partition("?")[0]
        return next((f"{method} {name}" for method, pattern, name in routes
                     if method == request.method and pattern.fullmatch(path)), None)

    def statements():
        found = defaultdict(set)
        for reply in replies:
            if name := route(reply.request):
                found[name].add(system.logged(reply)["statements"])
        replies.clear()
        return dict(found)

    def keys_are_read():
        """A process reads the public keys before its first token, which is not the call's own doing."""
        return {system.logged(api.get("/pay/check_in", token=customer))["statements"] for _ in range(20)} == {1}

    until(keys_are_read, "the keys to be read")
    api.session.hooks["response"] = [lambda reply, *args, **more: replies.append(reply)]
    api.statements = statements
    return api


def table():
    """(method, path) of the routes, the plainer ones first."""
    printed = subprocess.run([binary("pay.fcgi"), "-r"], text=True, capture_output=True, check=True).stdout
    return sorted((tuple(line.split()[:2]) for line in printed.splitlines()), key=lambda route: (route[1].count(":"), route))


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
    routes = {f"{method} {path.removeprefix('/api/v1/pay')}" for method, path in table()}
    expected = {route: {ELSE.get(route, 1)} for route in routes if not route.endswith(("healthz", "readyz", "metrics"))}
    assert counted.statements() == expected


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
