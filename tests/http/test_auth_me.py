"""GET and PATCH /auth/me."""

import pytest

from caller import caller, problem  # noqa: F401


def test_what_is_not_sent_stays(caller):
    customer = caller.register()
    before = caller.get("/auth/me", token=customer).json()
    reply = caller.patch("/auth/me", token=customer, json={"nickname": "모아 🐿"})
    assert reply.status_code == 200
    assert reply.json() == {**before, "nickname": "모아 🐿"} == caller.get("/auth/me", token=customer).json()
    assert caller.patch("/auth/me", token=customer, json={}).json() == reply.json()


def test_everything_that_may_change(caller):
    customer = caller.register()
    new = {"name": "이모아", "nickname": "아모", "introduction": "첫 줄\n둘째 줄", "birth_date": "1980-12-31", "language": "en",
           "interests": ["캠핑", "coffee \"beans\" \\ {a,b}"]}
    changed = caller.patch("/auth/me", token=customer, json={**new, "bank_code": "090", "bank_account": "3333-01-1234567"})
    assert changed.status_code == 200, changed.text
    me = caller.get("/auth/me", token=customer).json()
    assert {name: me[name] for name in new} == new
    assert (me["bank_code"], me["bank_account"]) == ("090", "****4567")


def test_null_clears(caller):
    customer = caller.register(bank_code="004", bank_account="123-456-789012")
    caller.patch("/auth/me", token=customer, json={"nickname": "모아", "introduction": "안녕", "interests": ["책"]})
    cleared = {"nickname": None, "introduction": None, "bank_code": None, "bank_account": None}
    me = caller.patch("/auth/me", token=customer, json={**cleared, "interests": []}).json()
    assert {name: me[name] for name in cleared} == cleared
    assert me["interests"] == []


@pytest.mark.parametrize("field, value, code", [
    ("name", None, "wrong_type"),
    ("name", "", "too_short"),
    ("language", None, "wrong_type"),
    ("language", "kr", "not_a_choice"),
    ("nickname", "가" * 21, "too_long"),
    ("nickname", "", "too_short"),
    ("introduction", "가" * 101, "too_long"),
    ("birth_date", "1899-12-31", "out_of_range"),
    ("interests", ["x"] * 11, "too_long"),
    ("interests", None, "wrong_type"),
    ("interests", "책", "wrong_type"),
    ("email", "other@example.com", "unknown_field"),
    ("role", "admin", "unknown_field"),
    ("standing", "good", "unknown_field"),
    ("id", "00000000-0000-4000-8000-000000000000", "unknown_field"),
])
def test_what_is_wrong_is_named_and_nothing_changes(caller, field, value, code):
    customer = caller.register()
    before = caller.get("/auth/me", token=customer).json()
    reply = caller.patch("/auth/me", token=customer, json={field: value})
    errors = problem(reply, 422, "validation_failed")["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [(field, code)]
    assert caller.get("/auth/me", token=customer).json() == before


@pytest.mark.parametrize("body, missing", [
    ({"bank_code": "004"}, "bank_account"), ({"bank_account": "123-456-789012"}, "bank_code"),
    ({"bank_code": None}, "bank_account"), ({"bank_account": None}, "bank_code"),
    ({"bank_code": "004", "bank_account": None}, "bank_account"),
])
def test_bank_code_and_account_change_together(caller, body, missing):
    customer = caller.register(bank_code="088", bank_account="110-123-456789")
    errors = problem(caller.patch("/auth/me", token=customer, json=body), 422, "validation_failed")["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [(missing, "required")]


def test_a_sealed_account_opens_for_its_customer_only(caller, postgres):
    customer, other = (caller.register(bank_code="004", bank_account="123-456-789012") for _ in range(2))
    postgres.query("UPDATE auth.customer SET bank_account = (SELECT bank_account FROM auth.customer WHERE id = %s) "
                   "WHERE id = %s", customer.id, other.id)
    assert caller.get("/auth/me", token=other).json()["bank_account"] is None
    assert caller.get("/auth/me", token=customer).json()["bank_account"] == "****9012"


def test_a_token_in_use_survives_the_end_of_its_session(caller):
    customer = caller.register()
    caller.post("/auth/logout", token=customer, json={"refresh_token": customer.refresh_token})
    assert caller.get("/auth/me", token=customer).status_code == 200


def test_a_changed_token_is_refused(caller):
    header, payload, signature = caller.register().access_token.split(".")
    other_payload = caller.register().access_token.split(".")[1]
    for forged in (f"{header}.{other_payload}.{signature}", f"{header}.{payload}.", f"{header}.{payload}"):
        reply = caller.get("/auth/me", token=forged)
        problem(reply, 401, "token_invalid")
        assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]
