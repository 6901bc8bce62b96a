"""What administrators may do: find customers and end their sessions, on the record."""

import secrets

import pytest

from caller import caller, problem  # noqa: F401


@pytest.fixture
def admin(caller, ctl):
    """A customer who has become an administrator and signed in since."""
    customer = caller.register()
    ctl("admin", "add", customer.email)
    customer.access_token = caller.login(customer.email, customer.password)["access_token"]
    return customer


def find(caller, admin, **query):
    return caller.get("/auth/customers", token=admin, params=query)


def audited(postgres, admin):
    return postgres.query("SELECT action, subject, detail FROM auth.audit WHERE actor = %s ORDER BY id", admin.id)


def test_customers_are_not_administrators(caller):
    customer = caller.register()
    problem(find(caller, customer), 403, "forbidden")
    problem(caller.post(f"/auth/customers/{customer.id}/revoke_sessions", token=customer), 403, "forbidden")


def test_finding_a_customer(caller, admin, postgres):
    word = secrets.token_hex(5)
    customer = caller.register(email=f"{word}@example.com", name=f"홍길동{word}")
    caller.patch("/auth/me", token=customer, json={"nickname": f"의적{word}"})
    for q in (word.upper(), f"홍길동{word}", f"길동{word[:3]}", f"의적{word}", f"{word}@"):
        items = find(caller, admin, q=q).json()["items"]
        assert [item["id"] for item in items] == [customer.id], q
    assert set(items[0]) == {"id", "email", "name", "nickname", "language", "role", "standing", "created_at"}
    assert find(caller, admin, q=f"nobody {word}").json() == {"items": [], "next_cursor": None}


def test_the_record_holds_no_names(caller, admin, postgres):
    """What was looked for is usually somebody's name or e-mail, and would outlive the customer."""
    find(caller, admin, q="홍길동@example.com")
    find(caller, admin)
    assert audited(postgres, admin) == [("customers.list", None, {"q_length": 15}),
                                        ("customers.list", None, {"q_length": None})]


@pytest.mark.parametrize("wildcard", ["%", "_", "\\"])
def test_wildcards_are_letters(caller, admin, wildcard):
    word = secrets.token_hex(5)
    caller.register(name=f"{word}xx")
    named = caller.register(name=f"{word}{wildcard}x")
    items = find(caller, admin, q=f"{word}{wildcard}x").json()["items"]
    assert [item["id"] for item in items] == [named.id]


def test_the_list_has_pages(caller, admin):
    word = secrets.token_hex(5)
    made = [caller.register(name=f"{word} {n}").id for n in range(5)]
    seen, query = [], {"q": word, "limit": 2}
    while True:
        page = find(caller, admin, **query).json()
        seen += [item["id"] for item in page["items"]]
        if not page["next_cursor"]:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == made[::-1]
    problem(find(caller, admin, cursor="nonsense"), 400, "invalid_cursor")
    problem(find(caller, admin, limit=101), 422, "validation_failed")


def test_ending_all_sessions_of_a_customer(caller, admin, postgres):
    customer = caller.register()
    caller.login(customer.email, customer.password)
    reply = caller.post(f"/auth/customers/{customer.id}/revoke_sessions", token=admin)
    assert (reply.status_code, reply.json()) == (200, {"customer_id": customer.id, "revoked": 2})
    problem(caller.post("/auth/refresh", json={"refresh_token": customer.refresh_token}), 401, "token_invalid")
    assert audited(postgres, admin) == [("customers.revoke_sessions", customer.id, {"revoked": 2})]


@pytest.mark.parametrize("wanted", ["00000000-0000-4000-8000-000000000000", "nonsense"])
def test_nobody_of_that_id(caller, admin, wanted):
    problem(caller.post(f"/auth/customers/{wanted}/revoke_sessions", token=admin), 404, "not_found")


def test_a_removed_administrator_is_refused_at_once(caller, admin, ctl):
    assert find(caller, admin).status_code == 200
    ctl("admin", "remove", admin.email)
    problem(find(caller, admin), 403, "forbidden")
    problem(caller.post(f"/auth/customers/{admin.id}/revoke_sessions", token=admin), 403, "forbidden")
