"""A merchant for the tests: it asks for money, and customers pay it."""

import itertools
import uuid

import pytest

_orders = itertools.count(1)


def fresh(headers=None):
    """Headers with an Idempotency-Key that nobody has used."""
    return {"Idempotency-Key": str(uuid.uuid4()), **(headers or {})}


class Shop:
    """shop.buy(customer, 12_900) → payment; shop.request(…), shop.claim(…) and shop.approve(…) are its steps."""

    def __init__(self, api, ctl, name="모아상점"):
        self.api = api
        made = dict(line.split(": ", 1) for line in ctl("merchant", "add", name).splitlines())
        self.id, self.name, self.key = made["id"], made["name"], made["key"]

    def ask(self, amount_won=12_900, name="아메리카노", order_id=None, headers=None, **more):
        """POST /requests, whatever comes of it."""
        body = {"order_id": order_id or f"order-{next(_orders)}-{uuid.uuid4()}", "name": name, "amount_won": amount_won}
        return self.api.post("/pay/requests", token=self.key, headers=headers or fresh(), json={**body, **more})

    def request(self, amount_won=12_900, **more):
        """Something to pay, as its JSON."""
        reply = self.ask(amount_won, **more)
        assert reply.status_code == 201, reply.text
        return reply.json()

    def claim(self, customer, request, by="pin"):
        """The customer scans (by="qr") or types the code; returns the reply's JSON."""
        value = request["pin"] if by == "pin" else request["qr"]["payload"]
        reply = self.api.post("/pay/codes/claim", token=customer, json={"type": by, "value": value})
        assert reply.status_code == 200, reply.text
        return reply.json()

    def approve(self, customer, request, points=0, headers=None):
        """POST /requests/{id}/approve, whatever comes of it."""
        return self.api.post(f"/pay/requests/{request['id']}/approve", token=customer, headers=headers or fresh(),
                             json={"points": points})

    def buy(self, customer, amount_won=12_900, points=0, **more):
        """All of it; returns the payment's JSON."""
        request = self.request(amount_won, **more)
        self.claim(customer, request)
        reply = self.approve(customer, request, points)
        assert reply.status_code == 201, reply.text
        return reply.json()


def balance(system, customer):
    """(won owed, points) of the customer's account."""
    return system.postgres.query("SELECT owed_won, points FROM pay.account WHERE customer_id = %s", customer.id)[0]


@pytest.fixture
def shop(api, ctl):
    return Shop(api, ctl)
