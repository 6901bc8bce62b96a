"""How many statements each call runs: one, but where the comment says why not.  Growth is a fault."""

import pytest

from caller import caller  # noqa: F401
from servers import until


@pytest.fixture
def statements(caller):
    """statements(reply): what the log says of that request."""
    return lambda reply: caller.system.logged(reply)["statements"]


def call(caller, method, path, **more):
    """Call once for each process to have read the public keys, which is not the call's own doing; then return the cheapest."""
    replies = [caller.request(method, path, **more) for _ in range(6)]
    return min(replies, key=lambda reply: caller.system.logged(reply)["statements"])


@pytest.mark.parametrize("method, path, body", [
    ("GET", "/auth/me", None),
    ("PATCH", "/auth/me", {"nickname": "모아"}),
    ("GET", "/auth/sessions", None),
    ("DELETE", "/auth/sessions/00000000-0000-4000-8000-000000000000", None),
    ("POST", "/auth/logout", {"refresh_token": "A" * 43}),
    ("GET", "/auth/jwks.json", None),
])
def test_one_statement(caller, statements, method, path, body):
    assert statements(call(caller, method, path, json=body, token=caller.register())) == 1


def test_signing_in_is_one_statement(caller, statements):
    customer = caller.register()
    for password, status in ((customer.password, 200), ("certainly wrong", 401)):
        reply = caller.post("/auth/login", json={"email": customer.email, "password": password})
        assert (reply.status_code, statements(reply)) == (status, 1)


def test_registering_is_one_statement(caller, statements):
    body = {"email": caller.register().email.replace("customer", "counted"), "password": "long enough 123",
            "name": "모아", "birth_date": "1990-01-01"}
    for status in (201, 409):
        reply = caller.post("/auth/register", json=body)
        assert (reply.status_code, statements(reply)) == (status, 1)


def test_refreshing_is_one_statement(caller, statements):
    customer = caller.register()
    for _ in range(2):
        reply = caller.post("/auth/refresh", json={"refresh_token": customer.refresh_token})
        assert (reply.status_code, statements(reply)) == (200, 1)


def test_administrators_calls_are_one_statement(caller, statements, ctl):
    customer = caller.register()
    ctl("admin", "add", customer.email)
    token = caller.login(customer.email, customer.password)["access_token"]
    assert statements(call(caller, "GET", "/auth/customers", token=token)) == 1
    assert statements(call(caller, "POST", f"/auth/customers/{customer.id}/revoke_sessions", token=token)) == 1


@pytest.fixture
def keys_read(caller):
    """Every process of auth has read the public keys."""
    customer = caller.register()

    def is_read():
        replies = [caller.get("/auth/me", token=customer) for _ in range(20)]
        return {caller.system.logged(reply)["statements"] for reply in replies} == {1}

    until(is_read, "the keys to be read")


def test_with_a_password_and_a_token_it_is_two(caller, statements, ctl, keys_read):
    """The salt follows from the e-mail, which has to be read first."""
    customer = caller.register()
    passwords = {"current_password": customer.password, "new_password": customer.password}
    reply = caller.post("/auth/password", token=customer, json=passwords)
    assert (reply.status_code, statements(reply)) == (204, 2)
    token = ctl("customer", "reset", customer.email).split()[-1]
    reply = caller.post("/auth/password/reset", json={"token": token, "new_password": "another one 12"})
    assert (reply.status_code, statements(reply)) == (204, 2)
    reply = caller.delete("/auth/me", token=customer, json={"password": "another one 12"})
    assert (reply.status_code, statements(reply)) == (204, 2)
