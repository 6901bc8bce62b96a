"""Refresh tokens, signing out, the list of sessions, and the cookie of browsers."""

import hashlib
from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor

import pytest

from caller import caller, claims, problem  # noqa: F401


def refresh(caller, token, **more):
    return caller.post("/auth/refresh", json={"refresh_token": token}, **more)


def stored_hash(token):
    """How the database knows a refresh token."""
    return hashlib.blake2b(urlsafe_b64decode(token + "="), digest_size=32).digest()


def age(postgres, token, seconds):
    """Make the rotation of a token that many seconds older."""
    postgres.query("UPDATE auth.refresh_token SET rotated_at = rotated_at - %s * interval '1 second' WHERE hash = %s",
                   seconds, stored_hash(token))


def test_refreshing_rotates(caller):
    customer = caller.register()
    reply = refresh(caller, customer.refresh_token)
    assert reply.status_code == 200 and reply.headers["Cache-Control"] == "no-store"
    assert "Server-Timing" not in reply.headers
    tokens = reply.json()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in"}
    assert tokens["refresh_token"] != customer.refresh_token
    old, new = claims(customer.access_token)[1], claims(tokens["access_token"])[1]
    assert (new["sid"], new["sub"]) == (old["sid"], old["sub"]) and new["jti"] != old["jti"]
    assert caller.get("/auth/me", token=tokens["access_token"]).status_code == 200
    assert refresh(caller, tokens["refresh_token"]).status_code == 200


def test_a_repeat_within_the_grace_gets_the_same_successor(caller, postgres):
    customer = caller.register()
    first = refresh(caller, customer.refresh_token).json()["refresh_token"]
    age(postgres, customer.refresh_token, 15)
    assert refresh(caller, customer.refresh_token).json()["refresh_token"] == first
    assert refresh(caller, first).status_code == 200


def test_reuse_after_the_grace_ends_the_family(caller, postgres):
    customer = caller.register()
    successor = refresh(caller, customer.refresh_token).json()["refresh_token"]
    age(postgres, customer.refresh_token, 21)
    reply = refresh(caller, customer.refresh_token)
    problem(reply, 401, "refresh_reused")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    problem(refresh(caller, successor), 401, "token_invalid")
    assert postgres.query("SELECT count(*) FROM auth.session WHERE customer_id = %s AND revoked_at IS NULL",
                          customer.id) == [(0,)]


def rotate_long_ago(caller, postgres, issued, rotated):
    """A customer whose first token is of so many days ago, and its successor; what has run out is swept away."""
    customer = caller.register()
    successor = refresh(caller, customer.refresh_token).json()["refresh_token"]
    postgres.query("UPDATE auth.refresh_token SET issued_at = issued_at - %s * interval '1 day', "
                   "rotated_at = rotated_at - %s * interval '1 day' WHERE hash = %s",
                   issued, rotated, stored_hash(customer.refresh_token))
    postgres.query("SELECT auth.sweep()")
    return customer, successor


def test_the_sweep_leaves_reuse_to_be_noticed(caller, postgres):
    """Rotated on its 29th day, used again on its 31st."""
    customer, successor = rotate_long_ago(caller, postgres, issued=31, rotated=2)
    problem(refresh(caller, customer.refresh_token), 401, "refresh_reused")
    problem(refresh(caller, successor), 401, "token_invalid")


def test_the_sweep_forgets_what_was_rotated_a_refresh_lifetime_ago(caller, postgres):
    customer, successor = rotate_long_ago(caller, postgres, issued=59, rotated=31)
    problem(refresh(caller, customer.refresh_token), 401, "token_invalid")
    assert refresh(caller, successor).status_code == 200


def test_reuse_leaves_other_sessions_alone(caller, postgres):
    customer = caller.register()
    other = caller.login(customer.email, customer.password)["refresh_token"]
    refresh(caller, customer.refresh_token)
    age(postgres, customer.refresh_token, 21)
    problem(refresh(caller, customer.refresh_token), 401, "refresh_reused")
    assert refresh(caller, other).status_code == 200


def test_parallel_refreshes_agree(caller, postgres):
    customer = caller.register()
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: refresh(caller, customer.refresh_token), range(16)))
    assert {reply.status_code for reply in replies} == {200}
    successor, = {reply.json()["refresh_token"] for reply in replies}
    assert postgres.query("SELECT count(*) FROM auth.refresh_token t JOIN auth.session s ON s.id = t.session_id "
                          "WHERE s.customer_id = %s", customer.id) == [(2,)]
    assert refresh(caller, successor).status_code == 200


def test_only_hashes_are_stored(caller, postgres):
    customer = caller.register()
    rows = postgres.query("SELECT t.hash FROM auth.refresh_token t JOIN auth.session s ON s.id = t.session_id "
                          "WHERE s.customer_id = %s", customer.id)
    assert [bytes(row[0]) for row in rows] == [stored_hash(customer.refresh_token)]


def test_each_refresh_gives_thirty_days_more(caller, postgres):
    customer = caller.register()
    postgres.query("UPDATE auth.session SET expires_at = expires_at - interval '29 days' WHERE customer_id = %s", customer.id)
    tokens = refresh(caller, customer.refresh_token).json()
    assert tokens["refresh_expires_in"] == 30 * 86400


def test_a_session_runs_out(caller, postgres):
    customer = caller.register()
    postgres.query("UPDATE auth.session SET expires_at = moa.now() WHERE customer_id = %s", customer.id)
    problem(refresh(caller, customer.refresh_token), 401, "token_expired")


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 42 + "!", "A" * 200])
def test_an_invented_token_is_refused(caller, token):
    problem(refresh(caller, token), 401, "token_invalid")


@pytest.mark.parametrize("body, field, code", [
    ({}, "refresh_token", "required"),
    ({"refresh_token": 1}, "refresh_token", "wrong_type"),
    ({"refresh_token": "x", "all": True}, "all", "unknown_field"),
])
@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/logout"])
def test_what_is_wrong_is_named(caller, path, body, field, code):
    reply = caller.post(path, json=body, token=caller.register() if path == "/auth/logout" else None)
    errors = problem(reply, 422, "validation_failed")["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [(field, code)]


def test_a_new_role_comes_with_the_next_refresh(caller, postgres):
    customer = caller.register()
    postgres.query("UPDATE auth.customer SET role = 'admin' WHERE id = %s", customer.id)
    tokens = refresh(caller, customer.refresh_token).json()
    assert claims(tokens["access_token"])[1]["role"] == "admin"


def test_signing_out(caller):
    customer = caller.register()
    for _ in range(2):
        reply = caller.post("/auth/logout", token=customer, json={"refresh_token": customer.refresh_token})
        assert (reply.status_code, reply.text) == (204, "")
    problem(refresh(caller, customer.refresh_token), 401, "token_invalid")


def test_signing_out_with_an_older_token_of_the_family(caller):
    customer = caller.register()
    successor = refresh(caller, customer.refresh_token).json()["refresh_token"]
    caller.post("/auth/logout", token=customer, json={"refresh_token": customer.refresh_token})
    problem(refresh(caller, successor), 401, "token_invalid")


def test_nobody_signs_somebody_else_out(caller):
    customer, other = caller.register(), caller.register()
    reply = caller.post("/auth/logout", token=other, json={"refresh_token": customer.refresh_token})
    assert reply.status_code == 204
    assert refresh(caller, customer.refresh_token).status_code == 200


@pytest.mark.parametrize("method, path", [
    ("POST", "/auth/logout"), ("GET", "/auth/me"), ("PATCH", "/auth/me"), ("DELETE", "/auth/me"),
    ("POST", "/auth/password"), ("GET", "/auth/sessions"), ("DELETE", "/auth/sessions/x"),
    ("GET", "/auth/customers"), ("POST", "/auth/customers/x/revoke_sessions"),
])
def test_who_is_not_signed_in_is_told_so(caller, method, path):
    reply = caller.request(method, path)
    problem(reply, 401, "token_missing")
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    problem(caller.request(method, path, token="not.a.token"), 401, "token_invalid")


def test_the_list_of_sessions(caller):
    customer = caller.register()
    reply = caller.post("/auth/login", json={"email": customer.email, "password": customer.password},
                        headers={"User-Agent": "Firefox on 전화기".encode()})
    phone = reply.json()
    listed = caller.get("/auth/sessions", token=phone["access_token"]).json()
    assert listed["next_cursor"] is None
    newest, oldest = listed["items"]
    assert set(newest) == {"id", "device", "address", "created_at", "last_used_at", "current"}
    assert newest["id"] == claims(phone["access_token"])[1]["sid"]
    assert (newest["device"], newest["address"]) == ("Firefox on 전화기", caller.address)
    assert (newest["current"], oldest["current"]) == (True, False)
    assert newest["created_at"] >= oldest["created_at"]


def test_the_list_has_pages(caller):
    customer = caller.register()
    for _ in range(4):
        caller.login(customer.email, customer.password)
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = caller.get("/auth/sessions", token=customer, params=query).json()
        assert 1 <= len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    whole = caller.get("/auth/sessions", token=customer).json()["items"]
    assert seen == [item["id"] for item in whole] and len(set(seen)) == 5


@pytest.mark.parametrize("cursor", ["x", "0" * 47, "f" * 48, ""])
def test_a_bad_cursor(caller, cursor):
    reply = caller.get("/auth/sessions", token=caller.register(), params={"cursor": cursor})
    problem(reply, 400, "invalid_cursor")


@pytest.mark.parametrize("query, code", [("limit=0", "too_small"), ("limit=101", "too_large"), ("page=1", "unknown_field")])
def test_a_bad_query(caller, query, code):
    errors = problem(caller.get(f"/auth/sessions?{query}", token=caller.register()), 422, "validation_failed")["errors"]
    assert [error["code"] for error in errors] == [code]


def test_ending_one_session(caller):
    customer = caller.register()
    tokens = caller.login(customer.email, customer.password)
    ended = claims(tokens["access_token"])[1]["sid"]
    assert caller.delete(f"/auth/sessions/{ended}", token=customer).status_code == 204
    problem(refresh(caller, tokens["refresh_token"]), 401, "token_invalid")
    problem(caller.delete(f"/auth/sessions/{ended}", token=customer), 404, "not_found")
    assert len(caller.get("/auth/sessions", token=customer).json()["items"]) == 1
    assert refresh(caller, customer.refresh_token).status_code == 200


def test_sessions_of_others_are_not_found(caller):
    customer, other = caller.register(), caller.register()
    theirs = claims(other.access_token)[1]["sid"]
    for wanted in (theirs, "00000000-0000-4000-8000-000000000000", "not-a-uuid", "x" * 300):
        problem(caller.delete(f"/auth/sessions/{wanted}", token=customer), 404, "not_found")
    assert refresh(caller, other.refresh_token).status_code == 200


def cookie_of(reply):
    """The value and the attributes of the one cookie that is set."""
    pair, *attributes = reply.headers["Set-Cookie"].split("; ")
    name, _, value = pair.partition("=")
    assert name == "moa_refresh"
    assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/api/v1/auth"} <= set(attributes)
    return value, attributes


def with_cookie(caller, value, origin=None):
    own = caller.system.url
    return {"Cookie": f"other=1; moa_refresh={value}", **({"Origin": own if origin is None else origin} if origin != "" else {})}


def test_browsers_keep_the_token_in_a_cookie(caller):
    customer = caller.register()
    reply = caller.post("/auth/login?cookie=1", json={"email": customer.email, "password": customer.password})
    assert set(reply.json()) == {"access_token", "token_type", "expires_in", "refresh_expires_in"}
    value, attributes = cookie_of(reply)
    assert f"Max-Age={30 * 86400}" in attributes
    reply = caller.post("/auth/refresh", headers=with_cookie(caller, value))
    assert reply.status_code == 200 and "refresh_token" not in reply.json()
    successor, _ = cookie_of(reply)
    assert successor != value
    reply = caller.post("/auth/logout", token=reply.json()["access_token"], headers=with_cookie(caller, successor))
    assert reply.status_code == 204
    assert cookie_of(reply) == ("", ["Max-Age=0", "Path=/api/v1/auth", "HttpOnly", "Secure", "SameSite=Strict"])
    reply = caller.post("/auth/refresh", headers=with_cookie(caller, successor))
    problem(reply, 401, "token_invalid")
    assert cookie_of(reply)[0] == ""


def test_registering_with_a_cookie(caller):
    body = {"email": caller.register().email.replace("customer", "browser"), "password": "long enough 123", "name": "모아",
            "birth_date": "1990-01-01"}
    reply = caller.post("/auth/register?cookie=1", json=body)
    assert reply.status_code == 201 and "refresh_token" not in reply.json()
    assert cookie_of(reply)[0]


@pytest.mark.parametrize("origin", ["", "https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1"])
@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/logout"])
def test_the_cookie_counts_from_our_pages_only(caller, path, origin):
    customer = caller.register()
    headers = with_cookie(caller, customer.refresh_token, origin)
    problem(caller.post(path, headers=headers, token=customer if path == "/auth/logout" else None), 403, "forbidden")
    assert refresh(caller, customer.refresh_token).status_code == 200


def test_the_cookie_counts_from_allowed_origins(caller):
    customer = caller.register()
    reply = caller.post("/auth/refresh", headers=with_cookie(caller, customer.refresh_token, "https://shop.example"))
    assert reply.status_code == 200


def test_a_token_in_the_body_goes_before_the_cookie(caller):
    customer, other = caller.register(), caller.register()
    headers = {"Cookie": f"moa_refresh={other.refresh_token}"}
    tokens = refresh(caller, customer.refresh_token, headers=headers).json()
    assert claims(tokens["access_token"])[1]["sub"] == customer.id and "refresh_token" in tokens
