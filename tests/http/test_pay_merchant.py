"""Merchants and their keys: made by administrators or moa-ctl, replaced with an overlap, never stored."""

import pytest

from client import assert_problem
from shop import Shop, fresh, shop  # noqa: F401


@pytest.fixture
def admin(api, ctl):
    customer = api.register()
    ctl("admin", "add", customer.email)
    customer.access_token = api.login(customer.email, customer.password)["access_token"]
    return customer


def works(api, key):
    reply = api.get("/pay/requests", token=key, params={"order_id": "none"})
    if reply.status_code != 200:
        assert_problem(reply, 401, "token_invalid")
    return reply.status_code == 200


def test_an_administrator_makes_a_merchant(api, system, admin):
    made = api.post("/pay/merchants", token=admin, json={"name": "도토리마트"}).json()
    assert works(api, made["key"]) and len(made["keys"]) == 1
    listed = api.get("/pay/merchants", token=admin, params={"limit": 1}).json()
    assert listed["items"] == [{name: value for name, value in made.items() if name != "key"}]
    connection = system.postgres.connect()
    with connection.cursor() as cursor:
        cursor.execute("SELECT action, about FROM pay.audit WHERE admin_id = %s ORDER BY id", (admin.id,))
        assert cursor.fetchall() == [("merchant.add", made["id"]), ("merchant.list", "-")]
        cursor.execute("SELECT count(*) FROM pay.merchant_key WHERE encode(hash, 'escape') LIKE '%%msk_%%'")
        assert cursor.fetchone() == (0,)
    connection.close()


def test_only_administrators_do(api, shop):
    customer = api.register()
    for call in (lambda token: api.get("/pay/merchants", token=token),
                 lambda token: api.post("/pay/merchants", token=token, json={"name": "내 가게"}),
                 lambda token: api.post(f"/pay/merchants/{shop.id}/rotate_key", token=token)):
        assert_problem(call(customer), 403, "forbidden")
        assert_problem(call(shop.key), 401, "token_invalid")


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "two\nlines", 7, None])
def test_names_are_checked(api, admin, name):
    assert_problem(api.post("/pay/merchants", token=admin, json={"name": name}), 422, "validation_failed")


def test_a_key_is_replaced_with_an_overlap(api, admin, shop):
    """Both count for a while; a third rotation without an overlap ends all that were before."""
    new = api.post(f"/pay/merchants/{shop.id}/rotate_key", token=admin, json={"overlap_s": 600}).json()
    assert works(api, shop.key) and works(api, new["key"])
    assert [key["until"] is None for key in new["keys"]] == [True, False]
    newest = api.post(f"/pay/merchants/{shop.id}/rotate_key", token=admin, json={"overlap_s": 0}).json()
    assert not works(api, shop.key) and not works(api, new["key"]) and works(api, newest["key"])
    assert len(newest["keys"]) == 1
    assert_problem(api.post("/pay/merchants/00000000-0000-4000-8000-000000000000/rotate_key", token=admin), 404,
                   "not_found")


def test_a_key_gets_no_second_life_from_a_longer_overlap(api, ctl, admin, shop):
    api.post(f"/pay/merchants/{shop.id}/rotate_key", token=admin, json={"overlap_s": 0})
    ctl("merchant", "rotate", shop.id, "10 days")
    assert not works(api, shop.key)


def test_the_operator_does_the_same(api, ctl):
    shop = Shop(api, ctl, "명령줄 가게")
    rotated = dict(line.split(": ", 1) for line in ctl("merchant", "rotate", shop.id).splitlines())
    assert rotated["id"] == shop.id and rotated["old_key_until"].endswith("Z")
    assert works(api, shop.key) and works(api, rotated["key"])
    ctl("merchant", "rotate", shop.id, "0")
    assert not works(api, shop.key) and not works(api, rotated["key"])
    assert f"id: {shop.id}\nname: 명령줄 가게\n" in ctl("merchant", "list")
    assert ctl.run("merchant", "rotate", "00000000-0000-4000-8000-000000000000").returncode == 1
    assert ctl.run("merchant", "rotate", "no id").returncode == 1
    assert ctl.run("merchant", "add", "").returncode == 1


def test_one_shops_keys_share_their_idempotency(api, admin, shop):
    """The claim is the merchant's: a repeat after a rotation finds it."""
    new = api.post(f"/pay/merchants/{shop.id}/rotate_key", token=admin).json()
    headers = fresh()
    first = shop.ask(order_id="rotated", headers=headers)
    shop.key = new["key"]
    again = shop.ask(order_id="rotated", headers=headers)
    assert first.json() == again.json() and again.headers["Idempotent-Replayed"] == "true"
