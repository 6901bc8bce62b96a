"""moa-ctl gateway reconcile: what the gateway's books and ours say differently of a day, and that they do not otherwise."""

import uuid

import pytest

import worker
from debts import Seller
from gateway import Gateway


@pytest.fixture
def shop(make_system):
    """A system of the test's own with a gateway of its own, and somebody who repaid three purchases, one of them refunded since."""
    gateway = Gateway().start()
    system = make_system(gateway.env)
    seller, customer = Seller(system.postgres), system.api.register()

    def call(path, token, body):
        reply = system.api.post(path, token=token, headers={"Idempotency-Key": str(uuid.uuid4())}, json=body)
        assert reply.ok, reply.text
        return reply.json()

    payments = [seller.sell(customer, won) for won in (1_000, 2_000, 3_000)]
    system.keys = []
    for payment in payments:
        repayment = call("/pay/repayments", customer, {"payment_ids": [payment]})
        given = gateway.pay(repayment["gateway"]["order_id"], repayment["amount_won"])
        call(f"/pay/repayments/{repayment['id']}/confirm", customer, given)
        system.keys.append(given["payment_key"])
    call(f"/pay/payments/{payments[1]}/refunds", seller, {"amount_won": 500})
    assert worker.run(system, "--once", **gateway.env).returncode == 0
    system.gateway = gateway
    yield system
    gateway.stop()


def reconcile(system, *day):
    return system.ctl.run("gateway", "reconcile", *day, env=system.gateway.env)


def today(system):
    return f"{system.gateway.now():%Y-%m-%d}"


def test_the_books_agree(shop):
    """Of today; and of yesterday, when there was nothing."""
    done = reconcile(shop, today(shop))
    assert (done.returncode, done.stderr) == (0, "")
    assert "(4 transactions" in done.stdout
    assert reconcile(shop).returncode == 0


def test_taken_and_not_booked(shop):
    """Somebody else's program took money with our keys, or we lost a booking: not if it has gone back as a whole."""
    for order in ("moa-unknown-1", "moa-unknown-2"):
        given = shop.gateway.pay(order, 700)
        shop.gateway.confirm({"paymentKey": given["payment_key"], "orderId": order, "amount": 700})
    shop.gateway.cancel(given["payment_key"], {"cancelReason": "by hand"})
    done = reconcile(shop, today(shop))
    assert done.returncode == 1
    assert "fault: taken, and not booked so" in done.stdout and "moa-unknown-1" in done.stdout
    assert "moa-unknown-2" not in done.stdout
    assert "1 differences" in done.stderr


def test_booked_and_not_taken(shop):
    shop.gateway.transactions[:] = [one for one in shop.gateway.transactions if one["paymentKey"] != shop.keys[0]]
    done = reconcile(shop, today(shop))
    assert done.returncode == 1
    assert "fault: booked, and not taken" in done.stdout and shop.keys[0] in done.stdout


def test_given_back_by_hand(shop):
    """In the gateway's own console: our books do not know of it."""
    shop.gateway.cancel(shop.keys[1], {"cancelReason": "by hand", "cancelAmount": 100})
    done = reconcile(shop, today(shop))
    assert done.returncode == 1
    assert "gateway_won: 600" in done.stdout and "booked_won: 500" in done.stdout


def test_without_the_gateway(shop):
    shop.gateway.refusals["list"] = (500, "FAILED_INTERNAL_SYSTEM_PROCESSING", "")
    done = reconcile(shop, today(shop))
    assert (done.returncode, "refuses: 500" in done.stderr) == (1, True)
    assert shop.ctl.run("gateway", "reconcile").returncode == 1
    assert reconcile(shop, "someday").returncode == 1
