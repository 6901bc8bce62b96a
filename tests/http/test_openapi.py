"""doc/openapi.yaml says what the programs do, all of it and nothing else."""

import re
import subprocess
import uuid

import pytest

from checkouts import make_checkouts, make_merchant
from described import ANYWHERE, Description
from hooks import emit
from moa import PROGRAMS, TREE, binary
from nodes import node
from shop import Shop, fresh
from shorts_calls import shorts_calls

# The web server answers it, from a file.
STATIC = {("GET", "/api/v1/openapi.yaml")}


@pytest.fixture(scope="module")
def description():
    return Description()


@pytest.fixture(scope="module")
def routes():
    """{(method, path): flags} of all programs, as they print their tables."""
    found = {}
    for program in PROGRAMS:
        printed = subprocess.run([binary(f"{program}.fcgi"), "-r"], text=True, capture_output=True, check=True).stdout
        for line in printed.splitlines():
            method, path, *flags = line.split()
            found[method, nameless(path)] = set(flags)
    return found


def nameless(path):
    """The path with "*" for each parameter: ":id" or "{id}"."""
    return re.sub(r":\w+|\{\w+\}", "*", path)


def test_every_route_is_described_and_nothing_else(description, routes):
    described = {(method, nameless(path)) for method, path, _ in description.operations()}
    assert described - STATIC == set(routes)


def test_security_is_that_of_the_route(description, routes):
    for method, path, operation in description.operations():
        if (method, path) in STATIC:
            continue
        flags = routes[method, nameless(path)]
        security = operation.get("security", description.document["security"])
        scheme = "merchant_key" if "MERCHANT" in flags else "access_token"
        needs_token = bool(security) and all(scheme in way for way in security)
        assert needs_token == (not flags & {"PUBLIC", "GUEST"}), (method, path)
        assert (security == [{}, {"access_token": []}]) == ("GUEST" in flags), (method, path)
        assert ("401" in operation["responses"]) or not flags & {"GUEST"} and not needs_token, (method, path)
        assert ("administration" in operation["tags"]) == ("ADMIN" in flags), (method, path)
        assert "403" in operation["responses"] or "ADMIN" not in flags, (method, path)


def test_input_is_that_of_the_route(description, routes):
    """What the programs read, they say they read, and refuse elsewhere."""
    for method, path, operation in description.operations():
        if (method, path) not in STATIC:
            flags = routes[method, nameless(path)]
            parameters = [description.resolve(parameter) for parameter in operation.get("parameters", [])]
            assert ("requestBody" in operation) == bool(flags & {"BODY", "UPLOAD"}), (method, path)
            assert any(parameter["in"] == "query" for parameter in parameters) == ("QUERY" in flags), (method, path)


def test_codes_and_statuses_are_those_of_the_program(description):
    """Every (status, code) in the description is a row of the one table of failures."""
    rows = set(re.findall(r'\{ (\d{3}), "([a-z_]+)"', (TREE / "lib/err.c").read_text()))
    assert rows
    for method, path, operation in description.operations():
        for status, response in operation["responses"].items():
            for code in codes(description, response):
                assert (status, code) in rows, (method, path, status, code)
    assert {(str(status), code) for status, code in ANYWHERE} <= rows


def codes(description, response):
    content = description.resolve(response).get("content", {}).get("application/problem+json", {})
    for part in content.get("schema", {}).get("allOf", []):
        yield from part.get("properties", {}).get("code", {}).get("enum", [])


def test_examples_keep_their_schemas(description):
    schemas = description.document["components"]["schemas"]
    checked = 0
    for name, schema in schemas.items():
        if "example" in schema:
            assert description.faults(schema, schema["example"]) == [], name
            checked += 1
    for response in description.document["components"]["responses"].values():
        for content in response.get("content", {}).values():
            if "example" in content and content["schema"].get("type") != "string":
                assert description.faults(content["schema"], content["example"]) == []
                checked += 1
    assert checked > 20


def test_redocly_finds_nothing(description):
    assert description.document["openapi"] == "3.1.0"
    printed = node("node_modules/.bin/redocly", "lint", "--max-problems=50", "--format=stylish",
                   f"--config={TREE / 'tests/interop/redocly.yaml'}", str(TREE / "doc/openapi.yaml"),
                   env={"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"})
    assert "valid" in printed and "warning" not in printed, printed


def test_every_operation_keeps_its_promise(description, api, ctl, gateway, monkeypatch):
    """Each is called once with success; the client holds every reply against the description."""
    succeeded = set()

    def note(reply, *args, **more):
        if reply.ok:
            succeeded.add((reply.request.method, description.path_of(reply.request.url)))

    monkeypatch.setitem(api.session.hooks, "response", [note])
    customer, admin = api.register(), api.register()
    account_calls(api, customer, ctl)
    chat_calls(api, customer)
    pay_calls(api, customer, ctl)
    window_calls(api)
    repay_calls(api, customer, ctl, gateway)
    ctl("admin", "add", admin.email)
    admin.access_token = api.login(admin.email, admin.password)["access_token"]
    merchant_calls(api, admin)
    bill_calls(api, customer, admin, ctl)
    shorts_calls(api, customer, admin)
    api.get("/auth/customers", token=admin, params={"q": customer.email})
    api.post(f"/auth/customers/{customer.id}/revoke_sessions", token=admin)
    leaver = api.register()
    api.delete("/auth/me", token=leaver, json={"password": leaver.password})
    for path in ("/auth/jwks.json", "/.well-known/jwks.json", "/openapi.yaml"):
        api.get(path)
    for program in ("auth", "pay", "chat", "shorts"):
        for name in ("healthz", "readyz", "metrics"):
            api.get(f"/{program}/{name}")
    assert succeeded == {(method, path) for method, path, _ in description.operations()}


def account_calls(api, customer, ctl):
    api.get("/auth/me", token=customer)
    api.patch("/auth/me", token=customer, json={"nickname": "모아", "interests": ["캠핑"], "bank_code": "088",
                                                "bank_account": "110-123-456789"})
    tokens = api.login(customer.email, customer.password)
    tokens = api.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).json()
    sessions = api.get("/auth/sessions", token=tokens["access_token"]).json()["items"]
    other = next(session["id"] for session in sessions if not session["current"])
    api.delete(f"/auth/sessions/{other}", token=customer)
    api.post("/auth/logout", token=customer, json={"refresh_token": tokens["refresh_token"]})
    api.post("/auth/password", token=customer, json={"current_password": customer.password,
                                                     "new_password": "another long phrase"})
    api.post("/auth/password/reset", json={"token": ctl("customer", "reset", customer.email).split()[0],
                                           "new_password": "yet another phrase"})


def chat_calls(api, customer):
    path = "/chat/sessions/" + api.post("/chat/sessions", token=customer).json()["id"]
    for text in ("피곤해요", "캠핑 좋아해요", "3만원 이하로 추천해 주세요"):
        turn = api.post(path + "/messages", token=customer,
                        json={"text": text, "client_message_id": str(uuid.uuid4())}).json()
    assert len(turn["products"]) == 3
    api.post(f"/chat/messages/{turn['message_id']}/feedback", token=customer, json={"rating": 1})
    api.get(path + "/messages", token=customer)
    api.get(path + "/export", token=customer)
    api.get(path + "/stream", token=customer)
    api.post(path + "/cancel", token=customer)
    api.get("/chat/sessions", token=customer)
    api.get(path, token=customer)
    api.delete(path, token=customer)


def pay_calls(api, customer, ctl):
    shop = Shop(api, ctl)
    api.get("/pay/grades")
    reading_calls(api, customer, shop, shop.buy(customer))
    request_calls(api, shop)
    webhook_calls(api, shop)


def request_calls(api, shop):
    request = shop.request()
    api.get("/pay/requests", token=shop.key, params={"order_id": request["order_id"]})
    api.get(f"/pay/requests/{request['id']}", token=shop.key)
    for path in ("", "/qr.png", "/qr.svg"):
        api.get(f"/pay/checkout/{request['checkout_id']}{path}")
    api.post(f"/pay/requests/{request['id']}/cancel", token=shop.key)


def reading_calls(api, customer, shop, payment):
    for path in ("summary", "payments", f"payments/{payment['id']}", "points", "ledger", "check_in"):
        api.get(f"/pay/{path}", token=customer)
    api.post("/pay/check_in", token=customer)
    api.get("/pay/settlements", token=shop.key)


def window_calls(api):
    checkout = make_checkouts(api.system.postgres, make_merchant(api.system.postgres))[0]
    api.post(f"/pay/checkout/{checkout}/close")
    api.get(f"/pay/checkout/{checkout}/events")


def repay_calls(api, customer, ctl, gateway):
    shop = Shop(api, ctl)
    payment = shop.buy(customer)
    api.post(f"/pay/payments/{payment['id']}/refunds", token=shop.key, headers=fresh(), json={"amount_won": 900})
    repayment = api.post("/pay/repayments", token=customer, headers=fresh(), json={"month": payment["month"]}).json()
    given = gateway.pay(repayment["gateway"]["order_id"], repayment["amount_won"])
    api.post(f"/pay/repayments/{repayment['id']}/confirm", token=customer, headers=fresh(), json=given)
    api.post("/pay/gateway/webhooks", json={"data": {"paymentKey": given["payment_key"], "orderId": given["order_id"]}})


def webhook_calls(api, shop):
    made = api.post("/pay/webhook_endpoints", token=shop.key, json={"url": "https://shop.example/moa", "events": ["request.expired"]})
    path = f"/pay/webhook_endpoints/{made.json()['id']}"
    api.get("/pay/webhook_endpoints", token=shop.key)
    emit(api.system, shop.id, "request.expired", order_id="order-1")
    [delivery] = api.get(path + "/deliveries", token=shop.key).json()["items"]
    api.post(f"{path}/deliveries/{delivery['id']}/replay", token=shop.key)
    api.delete(path, token=shop.key)


def merchant_calls(api, admin):
    made = api.post("/pay/merchants", token=admin, json={"name": "도토리마트"}).json()
    api.post(f"/pay/merchants/{made['id']}/rotate_key", token=admin)
    api.get("/pay/merchants", token=admin)


def bill_calls(api, customer, admin, ctl):
    """Of last month's bill: by the test clock this month's is that, on the 5th of the next."""
    query = api.system.postgres.query
    Shop(api, ctl).buy(customer)
    query("UPDATE moa.clock SET test_mode = true, shift = make_interval(secs => extract(epoch FROM "
          "date_trunc('month', now()) + interval '1 month 4 days' - now()))")
    try:
        api.get("/pay/extension", token=customer)
        api.post("/pay/extension", token=customer, headers=fresh())
    finally:
        query("UPDATE moa.clock SET test_mode = false, shift = '0'")
    api.get("/pay/jobs", token=admin)
    for verb in ("block", "unblock"):
        api.post(f"/pay/customers/{customer.id}/{verb}", token=admin, json={"reason": "test"})


def test_the_judge_is_strict(description, api):
    """A reply with a member too many, one too few, or an unknown code does not pass."""
    customer = api.register()
    schema = {"$ref": "#/components/schemas/Customer"}
    me = api.get("/auth/me", token=customer).json()
    assert description.faults(schema, me) == []
    assert description.faults(schema, {**me, "shoe_size": 42})
    assert description.faults(schema, {name: value for name, value in me.items() if name != "role"})
    assert description.faults(schema, {**me, "created_at": "yesterday"})
