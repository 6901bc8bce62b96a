"""The request for payment as its merchant and the customer's browser see it: states, codes as pictures, cancelling."""

import uuid

import pytest

from checkout_page import scan
from client import assert_problem
from shop import Shop, fresh, shop  # noqa: F401


def path_of(url):
    """Below the web server, whatever it was called."""
    return "/" + url.split("/", 3)[3]


@pytest.mark.parametrize("kind, media_type", [("png", "image/png"), ("svg", "image/svg+xml")])
def test_a_scanner_reads_the_qr_code(api, shop, kind, media_type):
    """And what it reads claims the request."""
    customer, request = api.register(), shop.request()
    reply = api.get(path_of(request["qr"][kind + "_url"]))
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, media_type)
    scanned = scan(reply.content, kind)
    assert scanned == request["qr"]["payload"]
    claimed = api.post("/pay/codes/claim", token=customer, json={"type": "qr", "value": scanned})
    assert claimed.json()["request_id"] == request["id"]


def test_codes_are_shown_only_while_they_wait(api, shop):
    """Ending a checkout once told its codes to whomever: now, once it is claimed, neither merchant nor browser sees them."""
    customer, request = api.register(), shop.request()
    checkout = f"/pay/checkout/{request['checkout_id']}"
    shown = api.get(checkout).json()
    assert (shown["status"], shown["pin"], shown["qr"]) == ("pending", request["pin"], request["qr"])
    assert (shown["merchant"], shown["amount_won"]) == ("모아상점", 12_900)
    shop.claim(customer, request)
    for seen in (api.get(checkout).json(), api.get(f"/pay/requests/{request['id']}", token=shop.key).json()):
        assert (seen["status"], seen["pin"], seen["qr"]) == ("claimed", None, None)
    for kind in ("png", "svg"):
        assert_problem(api.get(f"{checkout}/qr.{kind}"), 404, "not_found")
    payment = shop.approve(customer, request).json()
    seen = api.get(f"/pay/requests/{request['id']}", token=shop.key).json()
    assert (seen["status"], seen["payment_id"]) == ("paid", payment["id"])
    assert api.get(checkout).json()["status"] == "paid"


def test_a_checkout_id_is_not_guessed(api, shop):
    """Neither the request's own id, which others hear of, nor anything else opens a checkout."""
    request = shop.request()
    for name in (request["id"], request["checkout_id"][:-1], request["checkout_id"].swapcase(), "x" * 300, "%E2%82%AC"):
        assert_problem(api.get(f"/pay/checkout/{name}"), 404, "not_found")


def test_pages_of_any_origin_read_a_checkout_without_credentials(api, shop):
    """A page that asks ahead, as browsers do for requests with headers of their own, is told so too."""
    request = shop.request()
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/close")):
        reply = api.options(f"/pay/checkout/{request['checkout_id']}{path}", headers={
            "Origin": "https://anybody.example", "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "traceparent"})
        assert (reply.status_code, reply.headers["Access-Control-Allow-Origin"]) == (204, "*")
        assert method in reply.headers["Access-Control-Allow-Methods"]
        assert "traceparent" in reply.headers["Access-Control-Allow-Headers"]
    for path in ("", "/qr.png", "/qr.svg"):
        reply = api.get(f"/pay/checkout/{request['checkout_id']}{path}", headers={"Origin": "https://anybody.example"})
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in reply.headers
    reply = api.get(f"/pay/requests/{request['id']}", token=shop.key, headers={"Origin": "https://anybody.example"})
    assert "Access-Control-Allow-Origin" not in reply.headers


def test_requests_of_an_order(api, shop):
    """Newest first, page by page."""
    made = []
    for _ in range(3):
        made.insert(0, shop.request(order_id="three times")["id"])
        api.post(f"/pay/requests/{made[0]}/cancel", token=shop.key)
    seen, cursor = [], None
    while True:
        page = api.get("/pay/requests", token=shop.key,
                       params={"order_id": "three times", "limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == made
    assert api.get("/pay/requests", token=shop.key, params={"order_id": "never"}).json()["items"] == []
    assert_problem(api.get("/pay/requests", token=shop.key, params={"order_id": "x", "cursor": "bad"}), 400,
                   "invalid_cursor")
    assert_problem(api.get("/pay/requests", token=shop.key), 422, "validation_failed")


def test_an_order_has_one_open_request(api, shop):
    """A paid one keeps its order_id, a cancelled one gives it back."""
    customer, request = api.register(), shop.request(order_id="ours")
    assert_problem(shop.ask(order_id="ours"), 409, "order_id_taken")
    api.post(f"/pay/requests/{request['id']}/cancel", token=shop.key)
    shop.buy(customer, order_id="ours")
    assert_problem(shop.ask(order_id="ours"), 409, "order_id_taken")


def test_another_shop_may_use_the_same_order_id(api, ctl, shop):
    shop.request(order_id="popular")
    Shop(api, ctl, "다른 가게").request(order_id="popular")


def test_cancelling(api, shop):
    """Then nobody claims it; once it is paid it stays paid; once more is no fault."""
    customer, request = api.register(), shop.request()
    for _ in range(2):
        reply = api.post(f"/pay/requests/{request['id']}/cancel", token=shop.key)
        assert (reply.status_code, reply.json()["status"]) == (200, "cancelled")
    claim = {"type": "qr", "value": request["qr"]["payload"]}
    assert_problem(api.post("/pay/codes/claim", token=customer, json=claim), 409, "request_cancelled")
    payment = shop.buy(customer)
    assert_problem(api.post(f"/pay/requests/{payment['request_id']}/cancel", token=shop.key), 409, "already_paid")


def test_a_merchants_request_is_nobody_elses(api, ctl, shop):
    """Unauthenticated callers could once end any checkout: now it takes its own merchant's key."""
    request, other = shop.request(), Shop(api, ctl, "다른 가게")
    for token, status, code in ((other.key, 404, "not_found"), ("msk_" + "A" * 43, 401, "token_invalid"),
                                (api.register(), 401, "token_invalid"), (None, 401, "token_missing")):
        assert_problem(api.get(f"/pay/requests/{request['id']}", token=token), status, code)
        assert_problem(api.post(f"/pay/requests/{request['id']}/cancel", token=token), status, code)
    for name in (str(uuid.uuid4()), "1", request["checkout_id"]):
        assert_problem(api.get(f"/pay/requests/{name}", token=shop.key), 404, "not_found")
    assert api.get("/pay/requests", token=other.key, params={"order_id": request["order_id"]}).json()["items"] == []
    assert api.get(f"/pay/requests/{request['id']}", token=shop.key).json()["status"] == "pending"


def test_only_merchants_ask_for_money(api):
    """Anybody could once make a request for any amount: now it takes a key."""
    body = {"order_id": "1", "name": "x", "amount_won": 1}
    for token, code in ((None, "token_missing"), ("msk_guessed", "token_invalid"), (api.register(), "token_invalid")):
        assert_problem(api.post("/pay/requests", token=token, headers=fresh(), json=body), 401, code)
