"""DELETE /auth/me: a customer leaves."""

from caller import caller, problem  # noqa: F401


def leave(caller, customer, password):
    return caller.delete("/auth/me", token=customer, json={"password": password})


def test_leaving_forgets_the_person(caller, postgres):
    customer = caller.register()
    caller.post("/auth/login", json={"email": customer.email, "password": "certainly wrong"})
    assert leave(caller, customer, customer.password).status_code == 204
    problem(caller.post("/auth/login", json={"email": customer.email, "password": customer.password}), 401, "bad_credentials")
    problem(caller.post("/auth/refresh", json={"refresh_token": customer.refresh_token}), 401, "token_invalid")
    problem(caller.get("/auth/me", token=customer), 401, "token_invalid")
    problem(caller.patch("/auth/me", token=customer, json={"nickname": "x"}), 401, "token_invalid")
    problem(leave(caller, customer, customer.password), 401, "token_invalid")
    for table, column in (("customer", "id"), ("session", "customer_id")):
        assert postgres.query(f"SELECT count(*) FROM auth.{table} WHERE {column} = %s", customer.id) == [(0,)]
    again = caller.register(email=customer.email)
    assert again.id != customer.id


def test_nobody_who_left_begins_a_conversation(caller, postgres):
    """With the language given, too, for which no profile is needed."""
    customer = caller.register()
    assert caller.post("/chat/sessions", token=customer).status_code == 201
    leave(caller, customer, customer.password)
    for body in ({}, {"language": "ko"}):
        problem(caller.post("/chat/sessions", token=customer, json=body), 401, "token_invalid")
    assert postgres.query("SELECT count(*) FROM chatbot.session WHERE customer_id = %s", customer.id)[0][0] <= 1


def test_every_domain_is_asked_to_erase(caller, postgres):
    customer = caller.register()
    leave(caller, customer, customer.password)
    asked = {row[0] for row in postgres.query("SELECT domain FROM auth.erasure WHERE customer_id = %s", customer.id)}
    have = {row[0] for row in postgres.query(
        "SELECT n.nspname FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace "
        "WHERE f.proname = 'erase' AND n.nspname <> 'auth'")}
    assert asked == have and "pay" in asked


def test_a_wrong_password_keeps_the_account_and_counts(caller, postgres):
    customer = caller.register()
    problem(leave(caller, customer, "certainly wrong"), 401, "bad_credentials")
    assert caller.get("/auth/me", token=customer).status_code == 200
    assert postgres.query("SELECT count(*) FROM auth.failure WHERE account = %s", customer.email) == [(1,)]
    for _ in range(9):
        leave(caller, customer, "certainly wrong")
    problem(leave(caller, customer, customer.password), 429, "rate_limited")


def test_who_owes_money_stays(caller, postgres):
    customer = caller.register()
    postgres.query("UPDATE pay.account SET owed_won = 12000 WHERE customer_id = %s", customer.id)
    problem(leave(caller, customer, customer.password), 409, "money_owed")
    assert caller.get("/auth/me", token=customer).status_code == 200
    postgres.query("UPDATE pay.account SET owed_won = 0 WHERE customer_id = %s", customer.id)
    assert leave(caller, customer, customer.password).status_code == 204


def test_the_password_is_required(caller):
    errors = problem(caller.delete("/auth/me", token=caller.register()), 422, "validation_failed")["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [("password", "required")]
