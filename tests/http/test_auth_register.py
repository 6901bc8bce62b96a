"""POST /auth/register."""

import re
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from caller import caller, claims, problem  # noqa: F401


def new_body(**fields):
    return {"email": f"new-{secrets.token_hex(6)}@example.com", "password": "long enough 123", "name": "김모아",
            "birth_date": "1995-04-03", **fields}


def test_registering_signs_in(caller):
    body = new_body(language="ko")
    reply = caller.post("/auth/register", json=body)
    assert reply.status_code == 201
    assert reply.headers["Location"] == "/api/v1/auth/me"
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Server-Timing" not in reply.headers
    made = reply.json()
    customer = made.pop("customer")
    assert set(made) == {"access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in"}
    assert (made["token_type"], made["expires_in"], made["refresh_expires_in"]) == ("Bearer", 900, 30 * 86400)
    assert customer == {
        "id": customer["id"], "email": body["email"], "name": "김모아", "nickname": None, "introduction": None,
        "birth_date": "1995-04-03", "bank_code": None, "bank_account": None, "language": "ko", "interests": [],
        "standing": "good", "role": "customer", "created_at": customer["created_at"]}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", customer["created_at"])
    assert caller.get("/auth/me", token=made["access_token"]).json() == customer
    assert claims(made["access_token"])[1]["sub"] == customer["id"]


def test_registering_opens_a_pay_account(caller, postgres):
    customer = caller.register()
    assert postgres.query("SELECT grade, standing, owed_won FROM pay.account WHERE customer_id = %s",
                          customer.id) == [("bronze", "good", 0)]


def test_only_an_argon2id_hash_is_stored(caller, postgres):
    customer = caller.register()
    (stored,), = postgres.query("SELECT password FROM auth.customer WHERE id = %s", customer.id)
    assert re.fullmatch(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}", stored)


def test_the_same_password_has_another_hash_for_another_email(caller, postgres):
    both = [caller.register(password="the very same one").id for _ in range(2)]
    rows = postgres.query("SELECT DISTINCT password FROM auth.customer WHERE id::text = ANY (%s)", both)
    assert len(rows) == 2


def test_an_email_is_taken_in_any_case(caller):
    customer = caller.register()
    reply = caller.post("/auth/register", json=new_body(email=customer.email.upper()))
    problem(reply, 409, "email_taken")


def test_of_parallel_twins_one_is_registered(caller, postgres):
    body = new_body()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: caller.post("/auth/register", json=body), range(8)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 7
    assert postgres.query("SELECT count(*) FROM auth.customer WHERE email = %s", body["email"]) == [(1,)]


@pytest.mark.parametrize("field, value, code", [
    ("email", "not-an-address", "bad_format"),
    ("email", ".a@example.com", "bad_format"),
    ("email", "a..b@example.com", "bad_format"),
    ("email", "a.@example.com", "bad_format"),
    ("email", 7, "wrong_type"),
    ("password", "too short", "too_short"),
    ("password", "x" * 129, "too_long"),
    ("password", "nul\u0001 in a password", "control_characters"),
    ("name", "", "too_short"),
    ("name", "두\n줄", "control_characters"),
    ("name", "   ", "blank"),
    ("name", "\u202e\u200b", "blank"),
    ("name", "모\u202e아", "control_characters"),
    ("birth_date", "1995-02-29", "bad_format"),
    ("birth_date", "1899-12-31", "out_of_range"),
    ("birth_date", "2999-01-01", "out_of_range"),
    ("bank_code", "999", "not_a_choice"),
    ("bank_account", "12-34-56-x", "bad_format"),
    ("bank_account", "12345", "too_short"),
    ("bank_account", "1" * 21, "too_long"),
    ("bank_account", "1-----", "bad_format"),
    ("language", "fr", "not_a_choice"),
])
def test_what_is_wrong_is_named(caller, field, value, code):
    bank = {"bank_code": "004", "bank_account": "123-456-789012"} if field.startswith("bank") else {}
    reply = caller.post("/auth/register", json=new_body(**{**bank, field: value}))
    errors = problem(reply, 422, "validation_failed")["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [(field, code)]
    assert errors[0]["message"]


@pytest.mark.parametrize("field", ["email", "password", "name", "birth_date"])
def test_required_fields(caller, field):
    body = new_body()
    del body[field]
    errors = problem(caller.post("/auth/register", json=body), 422, "validation_failed")["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [(field, "required")]


@pytest.mark.parametrize("field", ["id", "role", "standing", "created_at"])
def test_nobody_chooses_what_is_not_theirs(caller, field):
    errors = problem(caller.post("/auth/register", json=new_body(**{field: "admin"})), 422, "validation_failed")["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [(field, "unknown_field")]


@pytest.mark.parametrize("given, missing", [("bank_code", "bank_account"), ("bank_account", "bank_code")])
def test_bank_code_and_account_come_together(caller, given, missing):
    value = {"bank_code": "088", "bank_account": "110-123-456789"}[given]
    errors = problem(caller.post("/auth/register", json=new_body(**{given: value})), 422, "validation_failed")["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [(missing, "required")]


def test_a_bank_account_is_sealed_and_masked(caller, postgres):
    customer = caller.register(bank_code="088", bank_account="110-123-456789")
    me = caller.get("/auth/me", token=customer).json()
    assert (me["bank_code"], me["bank_account"]) == ("088", "****6789")
    (sealed,), = postgres.query("SELECT bank_account FROM auth.customer WHERE id = %s", customer.id)
    assert b"6789" not in bytes(sealed)


@pytest.mark.parametrize("accept, language", [("ko-KR,ko;q=0.9,en;q=0.8", "ko"), ("en", "en"), (None, "en")])
def test_the_language_is_the_callers_by_default(caller, accept, language):
    reply = caller.post("/auth/register", json=new_body(), headers={"Accept-Language": accept} if accept else None)
    assert reply.json()["customer"]["language"] == language


def test_problems_speak_korean_to_koreans(caller):
    reply = caller.post("/auth/register", json=new_body(birth_date="2999-01-01"), headers={"Accept-Language": "ko"})
    body = problem(reply, 422, "validation_failed")
    assert reply.headers["Content-Language"] == "ko"
    assert re.search("[가-힣]", body["detail"]) and re.search("[가-힣]", body["errors"][0]["message"])


def test_one_address_cannot_register_without_end(caller, redis_server):
    redis = redis_server.client()
    before = set(redis.keys("limit:register:*"))
    caller.register()
    key, = set(redis.keys("limit:register:*")) - before
    redis.set(key, 600, keepttl=True)
    reply = caller.post("/auth/register", json=new_body())
    problem(reply, 429, "rate_limited")
    assert 0 < int(reply.headers["Retry-After"]) <= 600
    assert reply.headers["RateLimit-Policy"] == '"register";q=600;w=600'
