"""Webhook endpoints as merchants manage them, and what they hear of a purchase from end to end."""

import base64
import json
import secrets
import signal
import uuid
from contextlib import closing

import pytest

from client import assert_problem
from hooks import Receiver, emit, signature
from nodes import node
from servers import end, until
from shop import Shop, shop  # noqa: F401
from worker import run, start

# Webhooks may go to loopback, and their secrets are made of a key.
INSIDE = {"MOA_WEBHOOK_PRIVATE": "1", "MOA_WEBHOOK_KEY": secrets.token_hex(32)}
NOWHERE = "http://127.0.0.1:9/"  # nobody listens there
ENDPOINTS = "/pay/webhook_endpoints"


@pytest.fixture(scope="module")
def inside(make_shared_system):
    """A system with all that."""
    return make_shared_system(env=INSIDE)


@pytest.fixture
def near(inside):
    """A merchant there."""
    return Shop(inside.api, inside.ctl)


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.stop()


def make(shop, url="https://shop.example/moa", *events, status=201, **more):
    reply = shop.api.post(ENDPOINTS, token=shop.key, json={"url": url, "events": list(events or ["request.paid"]), **more})
    assert reply.status_code == status, reply.text
    return reply.json()


def listed(shop, path=ENDPOINTS, **params):
    reply = shop.api.get(path, token=shop.key, params=params)
    assert reply.status_code == 200, reply.text
    return reply.json()


def deliveries(shop, endpoint, **params):
    return listed(shop, f"{ENDPOINTS}/{endpoint['id']}/deliveries", **params)


def faults(problem):
    return [(fault["field"], fault["code"]) for fault in problem["errors"]]


def work(system):
    done = run(system, "--once", **INSIDE)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_an_endpoint_and_its_secret(shop):
    made = make(shop, "https://shop.example/moa?x=1", "request.paid", "payment.refunded", "request.paid")
    assert len(base64.b64decode(made.pop("secret").removeprefix("whsec_"), validate=True)) == 32
    assert (made["url"], made["events"], made["status"], made["last_delivery"]) == (
        "https://shop.example/moa?x=1", ["payment.refunded", "request.paid"], "enabled", None)
    assert listed(shop) == {"items": [made], "next_cursor": None}


def test_a_secret_is_shown_once_and_never_stored_for_a_repeat(system, shop):
    """An Idempotency-Key is of no meaning here: each call makes an endpoint with a secret of its own."""
    headers = {"Idempotency-Key": "same"}
    body = {"url": "https://shop.example/moa", "events": ["request.paid"]}
    pair = [shop.api.post(ENDPOINTS, token=shop.key, headers=headers, json=body) for _ in range(2)]
    assert [reply.status_code for reply in pair] == [201, 201]
    assert len({reply.json()["secret"] for reply in pair}) == len({reply.json()["id"] for reply in pair}) == 2
    assert all("Idempotent-Replayed" not in reply.headers for reply in pair)
    with closing(system.postgres.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pay.idempotency WHERE result::text LIKE '%%whsec%%'")
        assert cursor.fetchone() == (0,)
    assert "whsec" not in json.dumps(listed(shop))
    assert not any("whsec" in line for line in system.programs_log.read_text().splitlines())


@pytest.mark.parametrize("url, code", [
    ("http://shop.example/moa", "bad_format"), ("shop.example", "bad_format"), ("ftp://shop.example/", "bad_format"),
    ("file:///etc/passwd", "bad_format"), ("https://user:word@shop.example/", "bad_format"),
    ("https://shop.example/#a", "bad_format"), ("https://다람쥐.example/", "bad_format"), ("https://shop.example/a b", "bad_format"),
    ("https://127.0.0.1/", "private_address"), ("https://127.1/", "private_address"), ("https://2130706433/", "private_address"),
    ("https://10.1.2.3/", "private_address"), ("https://169.254.169.254/latest/meta-data/", "private_address"),
    ("https://224.0.0.1/", "private_address"), ("https://[::1]/", "private_address"), ("https://[fe80::1]/", "private_address"),
    ("https://[::ffff:10.0.0.1]/", "private_address"), ("https://localhost/", "private_address"),
    ("https://redis/", "private_address"), ("https://db.internal/", "private_address"),
    ("", "too_short"), ("https://shop.example/" + "a" * 2000, "too_long"),
])
def test_targets_that_are_refused(shop, url, code):
    """Nothing inside is reached by a merchant's word, and nothing travels in the open."""
    assert faults(make(shop, url, status=422)) == [("url", code)]


@pytest.mark.parametrize("body, expected", [
    ({}, [("url", "required"), ("events", "required")]),
    ({"url": "https://shop.example/", "events": []}, [("events", "too_short")]),
    ({"url": "https://shop.example/", "events": ["request.paid", "everything"]}, [("events", "not_a_choice")]),
    ({"url": "https://shop.example/", "events": "request.paid"}, [("events", "wrong_type")]),
    ({"url": 7, "events": ["request.paid"]}, [("url", "wrong_type")]),
    ({"url": "https://shop.example/", "events": ["request.paid"], "secret": "mine"}, [("secret", "unknown_field")]),
])
def test_bad_bodies(api, shop, body, expected):
    problem = assert_problem(api.post(ENDPOINTS, token=shop.key, json=body), 422, "validation_failed")
    assert sorted(fault for fault in faults(problem)) == sorted(expected)


def test_korean(api, shop):
    reply = api.post(ENDPOINTS, token=shop.key, headers={"Accept-Language": "ko"},
                     json={"url": "https://localhost/", "events": ["none"]})
    assert [fault["message"] for fault in reply.json()["errors"]] == [
        "인터넷에서 닿을 수 있는 주소여야 해요.", "모르는 이벤트가 있어요."]


def test_ten_endpoints_and_no_more(api, shop):
    made = [make(shop, f"https://shop.example/{number}") for number in range(10)]
    problem = assert_problem(api.post(ENDPOINTS, token=shop.key, json={"url": "https://shop.example/11", "events": ["request.paid"]}),
                             409, "conflict")
    assert "10 endpoints" in problem["detail"]
    assert api.delete(f"{ENDPOINTS}/{made[0]['id']}", token=shop.key).status_code == 204
    make(shop, "https://shop.example/11")


def test_pages(api, shop):
    made = [make(shop, f"https://shop.example/{number}")["id"] for number in range(5)]
    seen, cursor = [], None
    for expected in (2, 2, 1):
        page = listed(shop, limit=2, **({"cursor": cursor} if cursor else {}))
        assert len(page["items"]) == expected
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None and seen == made[::-1]
    assert_problem(api.get(ENDPOINTS, token=shop.key, params={"cursor": "x"}), 400, "invalid_cursor")
    assert_problem(api.get(ENDPOINTS, token=shop.key, params={"limit": 101}), 422, "validation_failed")


def test_other_merchants_see_nothing(api, ctl, system, shop):
    """Not the endpoint, nor its deliveries: they answer as what is not there."""
    endpoint, other = make(shop), Shop(api, ctl, "남의가게")
    emit(system, shop.id, "request.paid", order_id="1")
    [delivery] = deliveries(shop, endpoint)["items"]
    path = f"{ENDPOINTS}/{endpoint['id']}"
    assert listed(other)["items"] == []
    for reply in (api.delete(path, token=other.key), api.get(path + "/deliveries", token=other.key),
                  api.post(f"{path}/deliveries/{delivery['id']}/replay", token=other.key),
                  api.delete(f"{ENDPOINTS}/{uuid.uuid4()}", token=shop.key), api.delete(f"{ENDPOINTS}/7", token=shop.key),
                  api.post(f"{path}/deliveries/{uuid.uuid4()}/replay", token=shop.key)):
        assert_problem(reply, 404, "not_found")
    second = make(shop)
    assert_problem(api.post(f"{ENDPOINTS}/{second['id']}/deliveries/{delivery['id']}/replay", token=shop.key), 404, "not_found")
    assert [item["id"] for item in listed(shop)["items"]] == [second["id"], endpoint["id"]]


@pytest.mark.parametrize("method, path", [
    ("POST", ""), ("GET", ""), ("DELETE", "/{id}"), ("GET", "/{id}/deliveries"), ("POST", "/{id}/deliveries/{id}/replay")])
def test_only_with_a_merchants_key(api, method, path):
    """Neither without one, nor with a customer's token, nor with a key that nobody has."""
    path = ENDPOINTS + path.replace("{id}", str(uuid.uuid4()))
    body = {"json": {"url": "https://shop.example/", "events": ["request.paid"]}} if path == ENDPOINTS and method == "POST" else {}
    assert_problem(api.request(method, path, **body), 401, "token_missing")
    assert_problem(api.request(method, path, token=api.register(), **body), 401, "token_invalid")
    assert_problem(api.request(method, path, token="msk_" + secrets.token_urlsafe(32), **body), 401, "token_invalid")


def test_deleted_is_gone(api, system, shop):
    endpoint = make(shop)
    path = f"{ENDPOINTS}/{endpoint['id']}"
    assert api.delete(path, token=shop.key).status_code == 204
    assert_problem(api.delete(path, token=shop.key), 404, "not_found")
    assert_problem(api.get(path + "/deliveries", token=shop.key), 404, "not_found")
    assert listed(shop)["items"] == []


def test_a_purchase_is_heard_of_at_once(inside, near, receiver):
    """From the customer's approval to the merchant's server: within a second, once, and signed."""
    endpoint = make(near, receiver.url, "request.paid")
    worker = start(inside, **INSIDE)
    try:
        customer = inside.api.register()
        payment = near.buy(customer, 12_900, order_id="주문-1")
        until(lambda: receiver.heard, "the webhook", 3)
        [call] = receiver.heard
        assert call.headers["webhook-signature"] == signature(endpoint["secret"], call)
        assert call.json["type"] == "request.paid"
        assert call.json["data"].items() >= {"order_id": "주문-1", "payment_id": payment["id"],
                                             "request_id": payment["request_id"], "amount_won": 12_900}.items()
        until(lambda: deliveries(near, endpoint)["items"][0]["status"] == "delivered", "its record")
        assert listed(near)["items"][0]["last_delivery"]["last_answer"] == 200
    finally:
        end(worker, signal.SIGKILL)
        worker.stderr.close()


def raw(endpoint):
    return base64.b64decode(endpoint["secret"].removeprefix("whsec_"), validate=True)


def test_the_table_holds_no_secret(inside, near, receiver):
    """Nor does anything else in the database: without the programs' key a copy of it signs nothing."""
    endpoint = make(near, receiver.url)
    [(seed, key_id)] = inside.postgres.query("SELECT seed, key_id FROM pay.webhook_endpoint WHERE id = %s", endpoint["id"])
    assert len(seed) == 32 and seed != raw(endpoint) and key_id
    emit(inside, near.id, "request.paid", order_id="1")
    stranger = run(inside, "--once", **{**INSIDE, "MOA_WEBHOOK_KEY": secrets.token_hex(32)})
    assert "level=error" in stranger.stderr and "MOA_WEBHOOK_KEY" in stranger.stderr
    assert receiver.heard == []
    [delivery] = deliveries(near, endpoint)["items"]
    assert (delivery["status"], delivery["last_fault"]) == ("pending", "unsigned")
    assert inside.api.post(f"{ENDPOINTS}/{endpoint['id']}/deliveries/{delivery['id']}/replay", token=near.key).status_code == 202
    work(inside)
    [call] = receiver.heard
    assert call.headers["webhook-signature"] == signature(endpoint["secret"], call)


def test_secrets_from_before_there_was_a_key(inside, near, receiver):
    """They are in the table as they are, and go on to count."""
    old = secrets.token_bytes(32)
    inside.postgres.query("INSERT INTO pay.webhook_endpoint (merchant_id, url, events, seed) VALUES (%s, %s, %s, %s)",
                          near.id, receiver.url, ["request.paid"], old)
    emit(inside, near.id, "request.paid", order_id="1")
    work(inside)
    [call] = receiver.heard
    assert call.headers["webhook-signature"] == signature("whsec_" + base64.b64encode(old).decode(), call)


def test_standardwebhooks_verifies(inside, near, receiver):
    """The library that merchants use accepts what comes, and nothing else."""
    endpoint = make(near, receiver.url)
    near.buy(inside.api.register(), 12_900, name="도토리묵 한 접시")
    work(inside)
    [call] = receiver.heard
    delivery = {"secret": endpoint["secret"], "body": call.body.decode(),
                "headers": {name: call.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}}
    printed = node("node", "--test", "--test-reporter=tap", "webhooks.test.mjs", env={"MOA_WEBHOOK": json.dumps(delivery)})
    assert "# fail 0" in printed and "# skipped 0" in printed and "# pass 8" in printed, printed


def test_replay(inside, near, receiver):
    """A delivery that has arrived, or was given up, comes again under its id when the merchant asks for it."""
    endpoint = make(near, receiver.url)
    emit(inside, near.id, "request.paid", order_id="1")
    work(inside)
    [first] = deliveries(near, endpoint)["items"]
    path = f"{ENDPOINTS}/{endpoint['id']}/deliveries/{first['id']}/replay"
    for attempts in (2, 3):
        reply = inside.api.post(path, token=near.key)
        assert (reply.status_code, reply.json()["status"], reply.json()["id"]) == (202, "pending", first["id"])
        work(inside)
        [again] = deliveries(near, endpoint)["items"]
        assert (again["status"], again["attempts"], again["event_id"]) == ("delivered", attempts, first["event_id"])
    assert receiver.ids() == [first["event_id"]] * 3
    assert len({call.body for call in receiver.heard}) == 1


def test_no_replay_while_it_is_being_sent_or_disabled(inside, near, receiver):
    endpoint = make(near, receiver.url)
    emit(inside, near.id, "request.paid", order_id="1")
    receiver.answers = ["hang", 410]
    worker = start(inside, **INSIDE)
    try:
        until(lambda: receiver.heard, "the webhook")
        [sent] = deliveries(near, endpoint)["items"]
        assert (sent["status"], sent["next_attempt_at"]) == ("pending", None)
        path = f"{ENDPOINTS}/{endpoint['id']}/deliveries/{sent['id']}/replay"
        assert_problem(inside.api.post(path, token=near.key), 409, "conflict")
        receiver.released.set()
        until(lambda: deliveries(near, endpoint)["items"][0]["status"] == "delivered", "its record")
        emit(inside, near.id, "request.paid", order_id="2")
        until(lambda: listed(near)["items"][0]["status"] == "disabled", "410 to count")
        assert_problem(inside.api.post(path, token=near.key), 409, "conflict")
    finally:
        end(worker, signal.SIGKILL)
        worker.stderr.close()


def test_pages_of_deliveries(inside, near):
    endpoint = make(near, NOWHERE)
    for number in range(5):
        emit(inside, near.id, "request.paid", number=number)
    whole = [item["id"] for item in deliveries(near, endpoint)["items"]]
    first = deliveries(near, endpoint, limit=3)
    rest = deliveries(near, endpoint, limit=3, cursor=first["next_cursor"])
    assert [item["id"] for item in first["items"] + rest["items"]] == whole and len(set(whole)) == 5
    assert rest["next_cursor"] is None
    assert {(item["status"], item["attempts"], item["type"]) for item in first["items"]} == {("pending", 0, "request.paid")}
    assert_problem(inside.api.get(f"{ENDPOINTS}/{endpoint['id']}/deliveries", token=near.key, params={"cursor": "0"}),
                   400, "invalid_cursor")
