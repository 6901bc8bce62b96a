"""Codes under attack and at their end: wrong input, others' requests, guesses, and the 120 seconds, by the test clock."""

import pytest

import worker
from caller import limits, new_caller
from client import assert_problem
from shop import Shop, balance, fresh, shop  # noqa: F401

WON = [-1, 0, -12_900, 100_000_001, 2**53, 2**70, 1.5, 12_900.0, "12900", None, True, [1], {}]
POINTS = [-1, 100_000_001, 2**63, 0.5, "1", None, False]


@pytest.mark.parametrize("amount", WON, ids=repr)
def test_an_amount_is_a_whole_number_of_won(shop, amount):
    """Zero and negative amounts were accepted once."""
    assert_problem(shop.ask(amount), 422, "validation_failed")


@pytest.mark.parametrize("points", POINTS, ids=repr)
def test_points_are_a_whole_number(api, system, shop, points):
    """Negative points made the price larger and earned more; points above the price raised the limit."""
    customer, request = api.register(), shop.request(1_000)
    shop.claim(customer, request)
    assert_problem(shop.approve(customer, request, points), 422, "validation_failed")
    assert balance(system, customer) == (0, 0)


def test_points_above_price_or_balance(api, system, shop):
    customer = api.register()
    system.postgres.query("UPDATE pay.account SET points = 500 WHERE customer_id = %s", customer.id)
    for amount, points, status, code in ((400, 401, 422, "validation_failed"), (1_000, 501, 409, "insufficient_points")):
        request = shop.request(amount)
        shop.claim(customer, request)
        problem = assert_problem(shop.approve(customer, request, points), status, code)
        assert [fault["field"] for fault in problem.get("errors", [])] == (["points"] if status == 422 else [])
        assert shop.approve(customer, request, 0).status_code == 201
    assert balance(system, customer)[0] == 1_400


@pytest.mark.parametrize("body", [
    {"order_id": "", "name": "x", "amount_won": 1}, {"order_id": "x" * 101, "name": "x", "amount_won": 1},
    {"order_id": "1", "name": " ", "amount_won": 1}, {"order_id": "1", "name": "x" * 101, "amount_won": 1},
    {"order_id": "1", "name": "a\nb", "amount_won": 1}, {"order_id": "1", "name": "x"},
    {"order_id": "1", "name": "x", "amount_won": 1, "price": 1},
    {"order_id": "1", "name": "x", "amount_won": 1, "metadata": [1]},
    {"order_id": "1", "name": "x", "amount_won": 1, "metadata": {"deep": {"er": 1}}},
    {"order_id": "1", "name": "x", "amount_won": 1, "metadata": {"n": 1.5}},
    {"order_id": "1", "name": "x", "amount_won": 1, "metadata": {"": "x"}},
    {"order_id": "1", "name": "x", "amount_won": 1, "metadata": {"long": "x" * 501}},
    {"order_id": "1", "name": "x", "amount_won": 1, "metadata": {str(n): n for n in range(21)}},
], ids=lambda body: repr(body)[:60])
def test_a_request_is_checked_field_by_field(api, shop, body):
    assert_problem(api.post("/pay/requests", token=shop.key, headers=fresh(), json=body), 422, "validation_failed")


def test_calls_that_move_money_need_a_key(api, shop):
    customer, request = api.register(), shop.request()
    shop.claim(customer, request)
    for headers in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "a b"}, {"Idempotency-Key": "x" * 256}):
        reply = api.post(f"/pay/requests/{request['id']}/approve", token=customer, headers=headers, json={})
        assert_problem(reply, 400, "idempotency_key_required")


def test_a_request_is_for_who_has_claimed_it(api, shop):
    """Whoever knew a request's number could pay it; two could hold the same code."""
    customer, other, request = api.register(), api.register(), shop.request()
    assert_problem(shop.approve(customer, request), 404, "not_found")
    shop.claim(customer, request)
    for kind, value in (("pin", request["pin"]), ("qr", request["qr"]["payload"])):
        reply = api.post("/pay/codes/claim", token=other, json={"type": kind, "value": value})
        assert_problem(reply, 409, "code_claimed")
    assert_problem(shop.approve(other, request), 404, "not_found")
    assert shop.approve(customer, request).status_code == 201
    assert_problem(shop.approve(other, request), 404, "not_found")


def test_a_used_code_leads_nowhere(api, shop):
    customer, request = api.register(), shop.request()
    shop.claim(customer, request)
    shop.approve(customer, request)
    for kind, value in (("pin", request["pin"]), ("qr", request["qr"]["payload"])):
        reply = api.post("/pay/codes/claim", token=api.register(), json={"type": kind, "value": value})
        assert_problem(reply, 404, "code_unknown")


def test_a_pin_may_come_back(api, system, shop):
    """A PIN that an earlier request had was found twice, and the lookup failed."""
    earlier = shop.request()
    api.post(f"/pay/requests/{earlier['id']}/cancel", token=shop.key)
    later = shop.request()
    system.postgres.query("UPDATE pay.request SET pin = %s WHERE id = %s", earlier["pin"], later["id"])
    claimed = api.post("/pay/codes/claim", token=api.register(), json={"type": "pin", "value": earlier["pin"]})
    assert claimed.json()["request_id"] == later["id"]


@pytest.mark.parametrize("value", ["1234567", "12345", "٣٣٣٣٣٣", "'; --", "%", "x" * 300, "#"])
def test_odd_codes_are_unknown(api, value):
    for kind in ("pin", "qr"):
        reply = api.post("/pay/codes/claim", token=api.register(), json={"type": kind, "value": value})
        assert_problem(reply, 404, "code_unknown")


@pytest.mark.parametrize("body", [{"type": "qrcode", "value": "1"}, {"type": "pin"}, {"type": "pin", "value": 123456},
                                  {"type": "pin", "value": ""}, {"type": "qr", "value": "x" * 301}])
def test_a_claim_is_checked_field_by_field(api, body):
    """Any type but "qrcode" was taken for a PIN."""
    assert_problem(api.post("/pay/codes/claim", token=api.register(), json=body), 422, "validation_failed")


def test_pins_are_not_guessed(api, system, shop):
    """There was no limit.  Ten wrong codes in ten minutes are counted as rows though each call fails; then not even the
    right one helps, while others are served."""
    guesser, request = api.register(), shop.request()
    for _ in range(10):
        reply = api.post("/pay/codes/claim", token=guesser, json={"type": "qr", "value": "wrong"})
        assert_problem(reply, 404, "code_unknown")
    for _ in range(2):
        reply = api.post("/pay/codes/claim", token=guesser, json={"type": "pin", "value": request["pin"]})
        assert_problem(reply, 429, "rate_limited")
        assert 500 < int(reply.headers["Retry-After"]) <= 600
        assert '"codes";q=10;w=600' in reply.headers["RateLimit-Policy"] and '"codes";r=0' in reply.headers["RateLimit"]
    assert system.postgres.query("SELECT count(*) FROM pay.wrong_code WHERE customer_id = %s", guesser.id) == [(10,)]
    shop.claim(api.register(), request)


def test_pins_are_not_guessed_with_many_accounts(api, system, shop):
    """300 wrong codes from one address, by whomever, and nobody there can send another for ten minutes; elsewhere they can."""
    caller, elsewhere = new_caller(system), new_caller(system)
    system.postgres.query("INSERT INTO pay.wrong_code_from SELECT %s, moa.now() FROM generate_series(1, 299)", caller.address)
    first, second, request = api.register(), api.register(), shop.request()
    code = {"type": "pin", "value": request["pin"]}
    assert_problem(caller.post("/pay/codes/claim", token=first, json={"type": "pin", "value": "none"}), 404, "code_unknown")
    for customer in (first, second):
        reply = caller.post("/pay/codes/claim", token=customer, json=code)
        assert_problem(reply, 429, "rate_limited")
        assert 500 < int(reply.headers["Retry-After"]) <= 600
        assert limits(reply, "RateLimit-Policy") == {"codes-from-address": "q=300;w=600"}
    assert elsewhere.post("/pay/codes/claim", token=second, json=code).status_code == 200
    system.postgres.query("UPDATE pay.wrong_code_from SET at = at - interval '10 minutes' WHERE address = %s", caller.address)
    assert caller.post("/pay/codes/claim", token=second, json=code).status_code == 200


@pytest.fixture
def crowd(system, shop):
    """crowd(n): so many requests of the shop wait for a customer."""
    yield lambda n: system.postgres.query("""
        INSERT INTO pay.request (checkout_id, merchant_id, order_id, name, amount_won, pin, qr)
        SELECT lpad(pin, 22, 'x'), %s, pin, 'waits', 1, pin, lpad(pin, 22, 'x')
        FROM (SELECT lpad(n::text, 6, '0') AS pin FROM generate_series(0, 99999) n) made
        WHERE NOT EXISTS (SELECT FROM pay.request r WHERE r.pin = made.pin AND r.status IN ('pending', 'claimed')) LIMIT %s""",
                          shop.id, n)
    system.postgres.query("DELETE FROM pay.request WHERE merchant_id = %s AND name = 'waits'", shop.id)


def test_the_requests_that_wait_have_a_ceiling(api, ctl, shop, crowd):
    """PINs are a million for all: one shop takes a hundredth of them at most.  Requests that customers have taken up do not count."""
    taken_up, cancelled = shop.request(), shop.request()
    shop.claim(api.register(), taken_up)
    crowd(9_999)
    headers = fresh()
    reply = shop.ask(order_id="one more", headers=headers)
    assert_problem(reply, 429, "too_many_open")
    assert 0 < int(reply.headers["Retry-After"]) <= 120
    assert limits(reply, "RateLimit-Policy") == {"open-requests": "q=10000;w=120"}
    assert Shop(api, ctl, "다른 가게").ask().status_code == 201
    api.post(f"/pay/requests/{cancelled['id']}/cancel", token=shop.key)
    assert shop.ask(order_id="one more", headers=headers).status_code == 201


@pytest.fixture
def same_pin(system):
    """same_pin(pin): all PINs that are tried from now on are this one."""
    def let(pin):
        system.postgres.query("""
            CREATE FUNCTION pay.same_pin() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN new.pin := tg_argv[0]; RETURN new; END $$;
            CREATE TRIGGER same_pin BEFORE INSERT ON pay.request FOR EACH ROW EXECUTE FUNCTION pay.same_pin(%s)""", pin)

    def end():
        system.postgres.query("DROP FUNCTION IF EXISTS pay.same_pin() CASCADE")

    yield let, end
    end()


def test_every_pin_that_is_tried_belongs_to_somebody(api, shop, same_pin):
    """No endless search, and no second request with a PIN that is in use: 503, and the key can be used again."""
    let, end = same_pin
    let(shop.request()["pin"])
    headers, body = fresh(), {"order_id": "unlucky", "name": "우산", "amount_won": 100}
    for _ in range(2):
        reply = api.post("/pay/requests", token=shop.key, headers=headers, json=body, shed=True)
        assert_problem(reply, 503, "overloaded")
        assert int(reply.headers["Retry-After"]) > 0
    end()
    assert api.post("/pay/requests", token=shop.key, headers=headers, json=body).status_code == 201


def test_the_blocked_do_not_buy(api, system, shop):
    """Blocking was looked at when signing in and never again."""
    customer, request, later = api.register(), shop.request(), shop.request()
    shop.claim(customer, request)
    system.postgres.query("UPDATE pay.account SET standing = 'blocked' WHERE customer_id = %s", customer.id)
    assert_problem(shop.approve(customer, request), 403, "account_blocked")
    reply = api.post("/pay/codes/claim", token=customer, json={"type": "pin", "value": later["pin"]})
    assert_problem(reply, 403, "account_blocked")


@pytest.fixture(scope="module")
def later(make_shared_system):
    """A system whose clock can be moved."""
    made = make_shared_system()
    made.ctl("clock", "on")
    return made


@pytest.mark.parametrize("marked", [False, True], ids=["as it is", "marked by another request"])
def test_the_120_seconds_are_the_servers(later, marked):
    """A code lived until the merchant's page ended it: for ever, when that was closed."""
    api, shop = later.api, Shop(later.api, later.ctl)
    customer, slow = api.register(), api.register()
    claimed, pending = shop.request(order_id=f"claimed {marked}"), shop.request(order_id=f"pending {marked}")
    shop.claim(slow, claimed)
    later.ctl("clock", "advance", "121 seconds")
    if marked:
        shop.request()
    for kind, value in (("pin", pending["pin"]), ("qr", pending["qr"]["payload"])):
        reply = api.post("/pay/codes/claim", token=customer, json={"type": kind, "value": value})
        assert_problem(reply, 410, "code_expired")
    assert_problem(shop.approve(slow, claimed), 410, "code_expired")
    for request in (claimed, pending):
        seen = api.get(f"/pay/requests/{request['id']}", token=shop.key).json()
        assert (seen["status"], seen["pin"], seen["ended_at"]) == ("expired", None, request["expires_at"])
        assert api.get(f"/pay/checkout/{request['checkout_id']}").json()["status"] == "expired"
        assert api.post(f"/pay/requests/{request['id']}/cancel", token=shop.key).json()["status"] == "expired"
        assert later.postgres.query("SELECT type FROM pay.event WHERE data ->> 'request_id' = %s", request["id"]) == [
            ("request.expired",)]
        shop.buy(customer, 1_000, order_id=request["order_id"])


def test_guessing_may_go_on_after_ten_minutes(later):
    api, shop = later.api, Shop(later.api, later.ctl)
    guesser = api.register()
    for _ in range(10):
        api.post("/pay/codes/claim", token=guesser, json={"type": "pin", "value": "none"})
    later.ctl("clock", "advance", "601 seconds")
    guesser.access_token = api.login(guesser.email, guesser.password)["access_token"]
    shop.claim(guesser, shop.request())


def test_the_worker_marks_what_nobody_asks_about(later):
    """So that a merchant hears that a request has run out."""
    shop = Shop(later.api, later.ctl)
    requests = [shop.request() for _ in range(3)]
    later.ctl("clock", "advance", "121 seconds")
    assert worker.run(later, "--once").returncode == 0
    for request in requests:
        assert later.postgres.query("SELECT type FROM pay.event WHERE data ->> 'request_id' = %s", request["id"]) == [
            ("request.expired",)]
