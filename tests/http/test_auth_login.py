"""POST /auth/login, and the limits that guard passwords."""

import hashlib
import secrets
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from caller import caller, claims, limits, new_caller, problem  # noqa: F401
from servers import until


def attempt(caller, email, password="certainly wrong", **more):
    return caller.post("/auth/login", json={"email": email, "password": password}, **more)


def stranger():
    return f"nobody-{secrets.token_hex(8)}@example.com"


def test_signing_in(caller):
    customer = caller.register()
    reply = attempt(caller, customer.email, customer.password)
    assert reply.status_code == 200
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Server-Timing" not in reply.headers
    tokens = reply.json()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in"}
    header, said = claims(tokens["access_token"])
    assert (header["alg"], header["typ"]) == ("EdDSA", "JWT")
    assert set(said) == {"iss", "aud", "sub", "iat", "exp", "jti", "sid", "role"}
    assert (said["sub"], said["role"], said["exp"] - said["iat"]) == (customer.id, "customer", 900)
    assert caller.get("/auth/me", token=tokens["access_token"]).status_code == 200


def test_the_email_is_compared_in_any_case(caller):
    customer = caller.register(email=f"Mixed.{secrets.token_hex(4)}@Example.com")
    assert attempt(caller, customer.email.swapcase(), customer.password).status_code == 200


def test_each_sign_in_is_a_session_of_its_own(caller):
    customer = caller.register()
    ids = [claims(caller.login(customer.email, customer.password)["access_token"])[1] for _ in range(2)]
    assert ids[0]["sid"] != ids[1]["sid"] and ids[0]["jti"] != ids[1]["jti"]


def test_an_unknown_email_reads_like_a_wrong_password(caller):
    customer = caller.register()
    known, unknown = attempt(caller, customer.email), attempt(caller, stranger())
    one, other = problem(known, 401, "bad_credentials"), problem(unknown, 401, "bad_credentials")
    assert {**one, "request_id": ""} == {**other, "request_id": ""}
    varying = {"X-Request-Id", "Date"}
    assert {name: value for name, value in known.headers.items() if name not in varying} == {
        name: value for name, value in unknown.headers.items() if name not in varying}
    assert known.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.timed
def test_an_unknown_email_takes_as_long_as_a_wrong_password(caller):
    customer = caller.register()

    def seconds(email):
        start = time.perf_counter()
        assert attempt(caller, email).status_code == 401
        return time.perf_counter() - start

    pairs = [(seconds(customer.email), seconds(stranger())) for _ in range(9)]
    known, unknown = (statistics.median(times) for times in zip(*pairs))
    # Without the hash the ratio would be about ten.
    assert 1 / 3 < known / unknown < 3


@pytest.mark.parametrize("exists", [True, False])
def test_ten_failures_close_an_account(caller, exists):
    customer = caller.register()
    email = customer.email if exists else stranger()
    for _ in range(10):
        problem(attempt(caller, email), 401, "bad_credentials")
    reply = attempt(caller, email.upper(), customer.password)
    problem(reply, 429, "rate_limited")
    assert 590 <= int(reply.headers["Retry-After"]) <= 600
    assert limits(reply, "RateLimit-Policy")["account"] == "q=10;w=600"
    assert limits(reply, "RateLimit")["account"].startswith("r=0;t=")
    # From another address too; but other accounts are free.
    problem(attempt(new_caller(caller.system), email, customer.password), 429, "rate_limited")
    other = caller.register()
    assert attempt(caller, other.email, other.password).status_code == 200


def test_of_forty_guesses_at_once_ten_are_compared(caller, postgres):
    customer = caller.register()
    with ThreadPoolExecutor(40) as pool:
        replies = list(pool.map(lambda n: attempt(caller, customer.email, f"guess number {n}"), range(40)))
    assert sorted(reply.status_code for reply in replies) == [401] * 10 + [429] * 30
    assert postgres.query("SELECT count(*) FROM auth.failure WHERE account = %s", customer.email) == [(10,)]
    assert attempt(caller, customer.email, customer.password).status_code == 429


def test_a_limited_caller_costs_no_statement(caller):
    email = stranger()
    for _ in range(10):
        problem(attempt(caller, email), 401, "bad_credentials")
    replies = [attempt(caller, email) for _ in range(12)]
    assert {reply.status_code for reply in replies} == {429}
    # Each process asks once for itself.
    statements = [caller.system.logged(reply)["statements"] for reply in replies]
    assert sum(statements) <= 4 and 0 in statements


def test_a_hundred_failures_close_an_address(caller, postgres):
    customer = caller.register()
    postgres.query("INSERT INTO auth.failure (account, address) SELECT 'somebody-' || n, %s FROM generate_series(1, 99) n",
                   caller.address)
    problem(attempt(caller, stranger()), 401, "bad_credentials")
    reply = attempt(caller, customer.email, customer.password)
    problem(reply, 429, "rate_limited")
    assert limits(reply, "RateLimit-Policy")["address"] == "q=100;w=600"
    assert attempt(new_caller(caller.system), customer.email, customer.password).status_code == 200


def test_a_limit_ends_after_ten_minutes(caller, postgres):
    customer = caller.register()
    for _ in range(10):
        attempt(caller, customer.email)
    assert attempt(caller, customer.email, customer.password).status_code == 429
    postgres.query("UPDATE auth.failure SET at = at - interval '10 minutes' WHERE account = %s", customer.email)
    until(lambda: attempt(caller, customer.email, customer.password).status_code == 200, "the limit to end")


def use_up(redis_server, policy, subject, most):
    key = hashlib.blake2b(subject.encode(), digest_size=16).hexdigest()
    redis_server.client().set(f"limit:{policy}:600:{key}", most, ex=600)


def test_an_account_signs_in_3000_times_in_10_minutes(caller, redis_server):
    customer = caller.register()
    reply = attempt(caller, customer.email, customer.password)
    assert reply.headers["RateLimit-Policy"] == '"sign-ins";q=3000;w=600'
    assert reply.headers["RateLimit"] == '"sign-ins";r=2999;t=600'
    use_up(redis_server, "sign-ins", customer.email, 3000)
    reply = attempt(caller, customer.email.upper(), customer.password)
    problem(reply, 429, "rate_limited")
    assert reply.headers["RateLimit-Policy"] == '"sign-ins";q=3000;w=600'
    assert 590 <= int(reply.headers["Retry-After"]) <= 600
    other = caller.register()
    assert attempt(caller, other.email, other.password).status_code == 200


def test_a_password_is_changed_60_times_in_10_minutes(caller, redis_server):
    customer = caller.register()
    body = {"current_password": customer.password, "new_password": customer.password}
    reply = caller.post("/auth/password", token=customer, json=body)
    assert (reply.status_code, reply.headers["RateLimit-Policy"]) == (204, '"password-changes";q=60;w=600')
    use_up(redis_server, "password-changes", customer.id, 60)
    problem(caller.post("/auth/password", token=customer, json=body), 429, "rate_limited")


def test_the_101st_session_ends_the_first(caller, postgres):
    customer = caller.register()
    postgres.query("INSERT INTO auth.session (customer_id, device, address, expires_at) "
                   "SELECT %s, 'test', 'test', moa.now() + interval '1 day' FROM generate_series(1, 99)", customer.id)

    def open_sessions():
        return postgres.query("SELECT count(*) FROM auth.session WHERE customer_id = %s AND revoked_at IS NULL",
                              customer.id)[0][0]

    assert open_sessions() == 100
    last = caller.login(customer.email, customer.password)
    assert open_sessions() == 100
    problem(caller.post("/auth/refresh", json={"refresh_token": customer.refresh_token}), 401, "token_invalid")
    assert caller.post("/auth/refresh", json={"refresh_token": last["refresh_token"]}).status_code == 200


def test_the_address_is_not_what_a_client_says(caller):
    customer = caller.register()
    spoofed = {"X-Forwarded-For": "203.0.113.9", "X_Forwarded_For": "203.0.113.9", "X-Real-IP": "203.0.113.9",
               "Forwarded": "for=203.0.113.9"}
    tokens = attempt(caller, customer.email, customer.password, headers=spoofed).json()
    items = caller.get("/auth/sessions", token=tokens["access_token"]).json()["items"]
    assert {item["address"] for item in items} == {caller.address}


def test_a_blocked_customer_can_sign_in(caller, postgres):
    customer = caller.register()
    postgres.query("UPDATE pay.account SET standing = 'blocked' WHERE customer_id = %s", customer.id)
    tokens = caller.login(customer.email, customer.password)
    assert caller.get("/auth/me", token=tokens["access_token"]).json()["standing"] == "blocked"


@pytest.mark.parametrize("body, field, code", [
    ({"password": "x"}, "email", "required"),
    ({"email": "a@example.com"}, "password", "required"),
    ({"email": "a@example.com", "password": ""}, "password", "too_short"),
    ({"email": "a@example.com", "password": "x", "remember": True}, "remember", "unknown_field"),
    ({"email": "nonsense", "password": "x"}, "email", "bad_format"),
])
def test_what_is_wrong_is_named(caller, body, field, code):
    errors = problem(caller.post("/auth/login", json=body), 422, "validation_failed")["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [(field, code)]


def test_a_storm_is_shed_and_the_rest_goes_on(caller):
    customer = caller.register()

    def timed(n):
        start = time.monotonic()
        reply = attempt(new_caller(caller.system), stranger(), shed=True)
        return reply, time.monotonic() - start

    with ThreadPoolExecutor(200) as pool:
        storm = [pool.submit(timed, n) for n in range(400)]
        assert caller.get("/auth/me", token=customer).status_code == 200
    for reply, _ in (one.result() for one in storm):
        assert reply.status_code in (401, 503)
        if reply.status_code == 503:
            problem(reply, 503, "overloaded")
            assert int(reply.headers["Retry-After"]) >= 1
    assert attempt(caller, customer.email, customer.password).status_code == 200
