"""POST /auth/password and /auth/password/reset."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from caller import caller, limits, new_caller, problem  # noqa: F401
from servers import until

NEW = "a new and longer one"


def change(caller, customer, current, new=NEW):
    return caller.post("/auth/password", token=customer, json={"current_password": current, "new_password": new})


def login(caller, customer, password):
    return caller.post("/auth/login", json={"email": customer.email, "password": password})


def refresh(caller, token):
    return caller.post("/auth/refresh", json={"refresh_token": token})


def reset(caller, token, new=NEW):
    return caller.post("/auth/password/reset", json={"token": token, "new_password": new})


def reset_token(ctl, customer):
    return ctl("customer", "reset", customer.email).split()[-1]


def test_changing_it_ends_the_other_sessions(caller):
    customer = caller.register()
    other = caller.login(customer.email, customer.password)["refresh_token"]
    assert change(caller, customer, customer.password).status_code == 204
    problem(login(caller, customer, customer.password), 401, "bad_credentials")
    assert login(caller, customer, NEW).status_code == 200
    problem(refresh(caller, other), 401, "token_invalid")
    assert refresh(caller, customer.refresh_token).status_code == 200


def test_a_wrong_current_password_counts(caller):
    customer = caller.register()
    for _ in range(4):
        problem(change(caller, customer, "certainly wrong"), 401, "bad_credentials")
    for _ in range(6):
        problem(login(caller, customer, "certainly wrong"), 401, "bad_credentials")
    for reply in (change(caller, customer, customer.password), login(caller, customer, customer.password)):
        problem(reply, 429, "rate_limited")
        assert limits(reply, "RateLimit-Policy")["account"] == "q=10;w=600"


def test_parallel_guesses_are_counted_one_by_one(caller, postgres):
    customer = caller.register()
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda n: change(caller, customer, f"guess number {n}").status_code, range(20)))
    assert sorted(statuses) == [401] * 10 + [429] * 10
    assert postgres.query("SELECT count(*) FROM auth.failure WHERE account = %s", customer.email) == [(10,)]


@pytest.mark.parametrize("body, field, code", [
    ({"new_password": NEW}, "current_password", "required"),
    ({"current_password": "x"}, "new_password", "required"),
    ({"current_password": "x", "new_password": "short"}, "new_password", "too_short"),
    ({"current_password": "x", "new_password": NEW, "email": "x"}, "email", "unknown_field"),
])
def test_what_is_wrong_is_named(caller, body, field, code):
    errors = problem(caller.post("/auth/password", token=caller.register(), json=body), 422, "validation_failed")["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [(field, code)]


def test_a_reset_token_works_once(caller, ctl):
    customer = caller.register()
    token, other = reset_token(ctl, customer), reset_token(ctl, customer)
    reply = reset(caller, token)
    assert reply.status_code == 204, reply.text
    assert "Server-Timing" not in reply.headers
    assert login(caller, customer, NEW).status_code == 200
    problem(login(caller, customer, customer.password), 401, "bad_credentials")
    problem(refresh(caller, customer.refresh_token), 401, "token_invalid")
    for used in (token, other):
        problem(reset(caller, used, "yet another one"), 401, "token_invalid")
    assert login(caller, customer, NEW).status_code == 200


def test_of_parallel_resets_one_wins(caller, ctl):
    token = reset_token(ctl, caller.register())
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda n: reset(caller, token, f"password number {n}").status_code, range(6)))
    assert sorted(statuses) == [204] + [401] * 5


def test_a_reset_token_runs_out(caller, ctl, postgres):
    customer = caller.register()
    token = reset_token(ctl, customer)
    (minutes,), = postgres.query("SELECT extract(epoch FROM expires_at - moa.now()) / 60 FROM auth.reset_token "
                                 "WHERE customer_id = %s", customer.id)
    assert 29 < minutes <= 30
    postgres.query("UPDATE auth.reset_token SET expires_at = moa.now() WHERE customer_id = %s", customer.id)
    problem(reset(caller, token), 401, "token_invalid")


def test_only_the_hash_of_a_reset_token_is_stored(caller, ctl, postgres):
    customer = caller.register()
    token = reset_token(ctl, customer)
    (row,), = postgres.query("SELECT reset_token::text FROM auth.reset_token WHERE customer_id = %s", customer.id)
    assert token.split(".")[-1] not in row


def test_a_reset_opens_a_closed_account(caller, ctl):
    customer = caller.register()
    for _ in range(10):
        login(caller, customer, "certainly wrong")
    problem(login(caller, customer, customer.password), 429, "rate_limited")
    assert reset(caller, reset_token(ctl, customer)).status_code == 204
    until(lambda: login(new_caller(caller.system), customer, NEW).status_code == 200, "the account to open")


@pytest.mark.parametrize("token", ["x", "00000000-0000-4000-8000-000000000000." + "A" * 43])
def test_an_invented_reset_token(caller, token):
    body = problem(reset(caller, token), 401, "token_invalid")
    assert "30 minutes" in body["detail"]
