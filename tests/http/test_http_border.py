"""Input that no well-meaning client sends: each gets a clear problem document, and the programs go on."""

import concurrent.futures
import json
import secrets
import socket

import pytest

import fcgi
from client import assert_problem, exchange
from moa import Program
from servers import until

LOGIN = "/auth/login"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def alone(place, system):
    """The auth program without a web server before it."""
    program = Program("auth", place, {**system.env, **system.auth_env}).start()
    yield program
    assert program.stop() == 0


@pytest.fixture(scope="module")
def customer(api):
    return api.register()


@pytest.mark.parametrize("body", [
    b"{",
    b'{"email": "a@example.com", "password": "0123456789"',
    b'{"email": "a@example.com", "password": "01234',
    b'{"email": "a@example.com", "email": "b@example.com", "password": "0123456789"}',
    b'{"email": "a@example.com", "\\u0065mail": "b@example.com", "password": "0123456789"}',
    b'{"email": "a@example.com", "password": "0123456789"} x',
    b'{"email": "a@example.com", "password": "0123456789"}{}',
    b'{"email": "a@example.com", "password": "0123456789",}',
    b"{'email': 'a@example.com', 'password': '0123456789'}",
    b'{"email": "a@example.com", "password": NaN}',
    b'{"email": "a@example.com", "password": -Infinity}',
    b'{"email": "a@example.com", "password": 01}',
    b'{"email": "a@example.com", "password": "0123456789" /* why */}',
    b"nul",
    b'{"email": "a@example.com", "password": "012345\x006789"}',
    b'{"email": "a@example.com", "password": "012345\\u00006789"}',
    b'{"email": "a@example.com", "password": "012345\x016789"}',
    b'{"email": "a@example.com", "password": "012345\n6789"}',
    b'{"email": "a@example.com", "password": "012345\\ud8006789"}',
    b'{"email": "a@example.com", "password": "012345\xff\xfe6789"}',
    b'{"email": "a@example.com", "password": "012345\xc0\xaf6789"}',
    b'{"email": "a@example.com", "password": "012345\xed\xa0\x806789"}',
    "{\"email\": \"a@example.com\", \"password\": \"0123456789\"}".encode("utf-16"),
    b"\xef\xbb\xbf" + b'{"email": "a@example.com", "password": "0123456789"}',
    b"[" * 30000,
    b'{"email":' * 5000 + b"1" + b"}" * 5000,
], ids=lambda body: repr(body[:70])[2:-1])
def test_malformed_json(api, body):
    assert_problem(api.post(LOGIN, data=body, headers=JSON), 400, "malformed_json")


@pytest.mark.parametrize("body", [b"", b"[]", b'"email"', b"5", b"true", b"null"])
def test_a_body_that_is_no_object(api, body):
    assert_problem(api.post(LOGIN, data=body, headers=JSON), 422, "validation_failed")


def test_oversized_bodies(api):
    """64 KiB is the program's ceiling, 1 MiB the web server's."""
    for size in (64 * 1024 + 1, 1024 * 1024 + 1, 8 * 1024 * 1024):
        body = b'{"email": "' + b"a" * (size - 13) + b'"}'
        assert_problem(api.post(LOGIN, data=body, headers=JSON), 413, "body_too_large")


@pytest.mark.parametrize("fields, field", [
    ({"email": 5}, "email"),
    ({"email": None}, "email"),
    ({"email": ["a@example.com"]}, "email"),
    ({"email": {"a": 1}}, "email"),
    ({"email": True}, "email"),
    ({"email": "not an address"}, "email"),
    ({"email": "a" * 300 + "@example.com"}, "email"),
    ({"name": ""}, "name"),
    ({"name": "bell\u0007"}, "name"),
    ({"name": "two\nlines"}, "name"),
    ({"name": "\u0085"}, "name"),
    ({"birth_date": "2023-02-29"}, "birth_date"),
    ({"birth_date": "1995-4-3"}, "birth_date"),
    ({"birth_date": 19950403}, "birth_date"),
    ({"language": "fr"}, "language"),
    ({"password": "short"}, "password"),
    ({"password": "x" * 129}, "password"),
    ({"surprise": 1}, "surprise"),
    ({"": 1}, ""),
    ({"role": "admin"}, "role"),
])
def test_wrong_fields(api, fields, field):
    body = {"email": "somebody@example.com", "password": "long enough", "name": "모아",
            "birth_date": "1995-04-03", **fields}
    problem = assert_problem(api.post("/auth/register", json=body), 422, "validation_failed")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert all(error["code"] and error["message"] for error in problem["errors"])


def test_all_faults_at_once(api):
    problem = assert_problem(api.post("/auth/register", json={"email": 1, "surprise": 2}), 422, "validation_failed")
    assert {"email", "password", "name", "birth_date", "surprise"} == {error["field"] for error in problem["errors"]}


def test_problems_speak_the_callers_language(api):
    korean = api.get("/auth/nowhere", headers={"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8"})
    english = api.get("/auth/nowhere", headers={"Accept-Language": "en, ko;q=0.5"})
    assert korean.json()["detail"] != english.json()["detail"]
    assert english.json()["detail"].isascii()


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/x-www-form-urlencoded",
                                          "multipart/form-data; boundary=x", "application/jsonp", "text/json"])
def test_wrong_content_type(api, content_type):
    headers = {"Content-Type": content_type} if content_type is not None else {}
    reply = api.post(LOGIN, data=b'{"email": "a@example.com", "password": "0123456789"}', headers=headers)
    assert_problem(reply, 415, "unsupported_media_type")


def test_content_type_with_parameters(api, customer):
    body = json.dumps({"email": customer.email, "password": customer.password})
    for content_type in ("application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"):
        assert api.post(LOGIN, data=body, headers={"Content-Type": content_type}).status_code == 200


@pytest.mark.parametrize("path", ["/auth", "/auth/nowhere", "/auth/me/more", "/auth/ME", "/authority", "/chat",
                                  "/chat/nowhere", "/nowhere", "/"])
def test_unknown_path(api, path):
    assert_problem(api.get(path), 404, "not_found")


@pytest.mark.parametrize("path", ["/auth/%2e%2e/me", "/auth/a%2Fb", "/auth/a%00b", "/auth/%zz", "/auth/%", "/auth/%c3",
                                  "/auth//me", "/auth/me/", "/auth/./me", "/auth/%ff", "/auth/a\\b"])
def test_unreadable_path(system, path):
    """Refused by whoever sees it first; never a 200, never a 5xx, never another route."""
    answer = exchange(system, f"GET /api/v1{path} HTTP/1.1\r\nHost: moa\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b" ")[1] in (b"400", b"404"), answer


@pytest.mark.parametrize("path", ["/auth/sessions", "/auth/me", "/auth/jwks.json"])
@pytest.mark.parametrize("query", ["a=%zz", "q=%00", "q=%ff", "%"])
def test_unreadable_queries(api, alone, customer, path, query):
    """Whether the route reads a query or not; lighttpd refuses some before any program sees them."""
    authorization = f"Bearer {customer.access_token}"
    head = f"GET /api/v1{path}?{query} HTTP/1.1\r\nHost: moa\r\nConnection: close\r\n"
    answer = exchange(api.system, f"{head}Authorization: {authorization}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    connection = fcgi.Connection(alone.socket)
    status, _, text = connection.request("GET", f"/api/v1{path}?{query}", headers={"Authorization": authorization})
    assert (status, json.loads(text)["code"]) == (400, "malformed_request")
    connection.close()


@pytest.mark.parametrize("method, path", [
    ("GET", "/auth/sessions"),
    ("GET", "/auth/me"),
    ("GET", "/auth/jwks.json"),
    ("GET", "/auth/healthz"),
    ("POST", "/auth/refresh"),
    ("DELETE", "/auth/sessions/00000000-0000-4000-8000-000000000000"),
    ("GET", "/chat/sessions/x"),
])
def test_unknown_query_fields(api, customer, method, path):
    """Nothing is ignored, whether the route reads a query or not."""
    problem = assert_problem(api.request(method, f"{path}?bogus=1&b=2", token=customer), 422, "validation_failed")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        ("bogus", "unknown_field"), ("b", "unknown_field")]


@pytest.mark.parametrize("method, path", [
    ("DELETE", "/auth/sessions/00000000-0000-4000-8000-000000000000"),
    ("DELETE", "/chat/sessions/x"),
    ("POST", "/auth/customers/x/revoke_sessions"),
])
def test_bodies_that_nobody_reads(api, ctl, method, path):
    customer = api.register()
    ctl("admin", "add", customer.email)
    customer.access_token = api.login(customer.email, customer.password)["access_token"]
    problem = assert_problem(api.request(method, path, token=customer, json={"all": True}), 422, "validation_failed")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("all", "unknown_field")]
    broken = api.request(method, path, token=customer, data=b"{", headers=JSON)
    assert_problem(broken, 400, "malformed_json")


@pytest.mark.parametrize("method, path, allow", [
    ("GET", "/auth/login", {"POST"}),
    ("DELETE", "/auth/login", {"POST"}),
    ("POST", "/auth/me", {"GET", "PATCH", "DELETE"}),
    ("PUT", "/auth/me", {"GET", "PATCH", "DELETE"}),
    ("PATCH", "/chat/sessions", {"GET", "POST"}),
])
def test_wrong_method(api, method, path, allow):
    reply = api.request(method, path)
    assert_problem(reply, 405, "method_not_allowed")
    assert set(reply.headers["Allow"].replace(" ", "").split(",")) - {"OPTIONS", "HEAD"} == allow


def test_unknown_methods(api):
    """Those that HTTP knows get as far as the program; lighttpd refuses others before it looks at the path."""
    for method in ("TRACE", "PROPFIND"):
        assert_problem(api.request(method, "/auth/me"), 405, "method_not_allowed")
    assert api.request("BREW", "/auth/me").status_code == 501


def test_head(api, customer):
    reply = api.request("HEAD", "/auth/me", token=customer)
    assert (reply.status_code, reply.text) == (200, "")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Token x"])
def test_missing_token(api, header):
    headers = {"Authorization": header} if header is not None else {}
    reply = api.get("/auth/me", headers=headers)
    assert_problem(reply, 401, "token_missing")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["x", "a.b.c", "..", "....", "msk_123", "eyJhbGciOiJub25lIn0.e30.", "a" * 4000, "é"])
def test_nonsense_tokens(api, token):
    reply = api.get("/auth/me", headers={"Authorization": f"Bearer {token}".encode()})
    assert_problem(reply, 401, "token_invalid")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")


def test_changed_tokens(api, customer):
    """Every part of a token is under its signature."""
    parts = customer.access_token.split(".")
    for part in range(3):
        for at in (0, len(parts[part]) // 2):
            changed = list(parts)
            letter = "A" if parts[part][at] != "A" else "B"
            changed[part] = parts[part][:at] + letter + parts[part][at + 1:]
            assert_problem(api.get("/auth/me", token=".".join(changed)), 401, "token_invalid")
    assert_problem(api.get("/auth/me", token=".".join(parts[:2]) + "."), 401, "token_invalid")
    assert api.get("/auth/me", token=customer).status_code == 200


def test_spoofed_address(api, customer):
    """The address is the connection's, whatever the headers say."""
    headers = {"X-Forwarded-For": "203.0.113.9", "X_Forwarded_For": "203.0.113.9", "X-Real-IP": "203.0.113.9",
               "Forwarded": "for=203.0.113.9", "Client-IP": "203.0.113.9", "User-Agent": "spoof"}
    reply = api.post(LOGIN, json={"email": customer.email, "password": customer.password}, headers=headers)
    sessions = api.get("/auth/sessions", token=reply.json()["access_token"]).json()["items"]
    assert sessions
    assert {session["address"] for session in sessions} == {"127.0.0.1"}


def test_body_shorter_than_announced(system, api):
    """To lighttpd this client has left: no program hears of the request.  Apache answers, see its tests."""
    head = f"POST /api/v1{LOGIN} HTTP/1.1\r\nHost: moa\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    answer = exchange(system, head.encode() + b'{"email"')
    assert answer == b""
    assert api.get("/auth/jwks.json").status_code == 200


def test_body_longer_than_announced(system):
    """What is behind the body is another request, here an unreadable one."""
    head = f"POST /api/v1{LOGIN} HTTP/1.1\r\nHost: moa\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    answer = exchange(system, head.encode() + b"{}" + b"x" * 50 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 422"), answer
    assert b"HTTP/1.1 200" not in answer


@pytest.mark.parametrize("length", [0, 10, 45, 47, 60000])
def test_programs_count_for_themselves(alone, length):
    """Whatever a web server lets through: a body that is not as long as announced is not read."""
    body = b'{"email": "a@example.com", "password": "012345"}'
    connection = fcgi.Connection(alone.socket)
    status, _, text = connection.request("POST", f"/api/v1{LOGIN}", body, length=length)
    assert (status, json.loads(text)["code"]) == (400, "malformed_request")
    connection.close()


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "99999999999999999999", " ", "0x10"])
def test_nonsense_content_length(alone, length):
    connection = fcgi.Connection(alone.socket)
    status, _, _ = connection.request("POST", f"/api/v1{LOGIN}", b"{}", length=length)
    assert status in (400, 413)
    connection.close()


def test_kept_connections(alone):
    """Many requests on one connection, refused ones included: none leaves anything behind for the next."""
    connection = fcgi.Connection(alone.socket, keep=True)
    for _ in range(20):
        assert connection.request("GET", "/api/v1/auth/jwks.json")[0] == 200
        assert connection.request("POST", "/api/v1/auth/login", b"{" * 200)[0] == 400
        assert connection.request("GET", "/api/v1/auth/me", b"unasked for")[0] == 401
    connection.close()


def test_clients_that_leave(system, api, customer):
    """Clients vanish at every stage of a request; nobody else notices, and no process ends."""
    before = system.programs()
    head = (f"GET /api/v1/auth/me HTTP/1.1\r\nHost: moa\r\nAuthorization: Bearer {customer.access_token}\r\n\r\n"
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: moa\r\nContent-Length: 50\r\n"
            'Content-Type: application/json\r\n\r\n{"email": "a@example.com", "password": "01234"}').encode()

    def leave(at):
        with socket.create_connection(("127.0.0.1", system.port)) as connection:
            # Zero linger: the connection is reset rather than closed politely.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(head[:at])

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        list(pool.map(leave, range(0, len(head), 3)))
    assert api.get("/auth/me", token=customer).status_code == 200
    assert system.programs() == before


def test_clients_that_leave_a_program(alone):
    """The same without a web server between: cut in the parameters, in the body, before the reply."""
    for whole in (True, False):
        for body in (b"", b'{"email": "a@example.com"'):
            connection = fcgi.Connection(alone.socket)
            connection.send("POST", "/api/v1/auth/login", body, length=100, whole=whole)
            connection.close()
    connection = fcgi.Connection(alone.socket)
    connection.socket.sendall(fcgi.record(fcgi.BEGIN, b"\0\1\0\0\0\0\0\0") + fcgi.record(fcgi.PARAMS, b"\x20\x20HT"))
    connection.close()
    connection = fcgi.Connection(alone.socket)
    assert connection.request("GET", "/api/v1/auth/healthz")[0] == 200
    connection.close()


def test_request_ids(api, system):
    mine = secrets.token_hex(8) + "._-A"
    reply = api.get("/auth/me", headers={"X-Request-Id": mine})
    assert reply.headers["X-Request-Id"] == mine == reply.json()["request_id"]
    line = system.logged(reply)
    assert (line["status"], line["path"], line["statements"]) == ("401", "/api/v1/auth/me", 0)


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "ä", 'a"b', "a=b", "<x>"])
def test_request_ids_that_are_replaced(api, sent):
    reply = api.get("/auth/me", headers={"X-Request-Id": sent.encode()})
    assert reply.headers["X-Request-Id"] not in ("", sent)
    assert api.get("/auth/me").headers["X-Request-Id"] != reply.headers["X-Request-Id"]


def test_log_keeps_secrets(api, system, customer):
    """Neither tokens nor passwords nor addresses of people are in the log."""
    api.post(LOGIN + "?password=in-the-query", json={"email": customer.email, "password": customer.password})
    system.logged(api.get("/auth/me?token=in-the-query", token=customer))
    text = system.programs_log.read_text()
    for secret in (customer.password, customer.email, customer.access_token[-40:], customer.refresh_token,
                   "in-the-query"):
        assert secret not in text


def test_cors(api):
    """Origins that are configured may read replies, errors included; others get no such header."""
    ours, other = {"Origin": "https://shop.example"}, {"Origin": "https://evil.example"}
    reply = api.get("/auth/me", headers=ours)
    assert reply.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "X-Request-Id" in reply.headers["Access-Control-Expose-Headers"]
    assert "Origin" in reply.headers["Vary"]
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
    reply = api.options("/auth/me", headers={**ours, **asked})
    assert reply.status_code == 204
    assert "PATCH" in reply.headers["Access-Control-Allow-Methods"]
    assert "authorization" in reply.headers["Access-Control-Allow-Headers"].lower()
    for origin in (other, {"Origin": "null"}, {"Origin": "https://shop.example.evil.example"},
                   {"Origin": "https://shop.exampl"}, {"Origin": ""}):
        for reply in (api.get("/auth/me", headers=origin), api.options("/auth/me", headers={**origin, **asked})):
            assert "Access-Control-Allow-Origin" not in reply.headers


def test_security_headers(api):
    for path in ("/auth/jwks.json", "/auth/me", "/nowhere", "/openapi.yaml", "/.well-known/jwks.json"):
        headers = api.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "Strict-Transport-Security" not in headers  # plain HTTP


def test_private_replies_are_not_kept(api, customer):
    assert "no-store" in api.get("/auth/me", token=customer).headers["Cache-Control"]


def test_server_timing(api, customer):
    """Durations on every reply but those of public auth routes, where they would tell what a password cost."""
    assert "total;dur=" in api.get("/auth/me", token=customer).headers["Server-Timing"]
    assert "Server-Timing" not in api.post(LOGIN, json={"email": "a@example.com", "password": "wrong"}).headers


def test_openapi_is_served(api):
    reply = api.get("/openapi.yaml")
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "application/yaml"
    assert reply.text.startswith("openapi: ")


def test_the_front_page(api):
    """Files of htdocs, under a policy that lets only our own scripts run."""
    reply = api.file("/")
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in reply.headers["Content-Security-Policy"]


def test_jwks_at_both_addresses(api):
    assert api.get("/.well-known/jwks.json").json() == api.get("/auth/jwks.json").json()


def test_health_is_open_to_loopback(api):
    for program in ("auth", "pay", "chat", "shorts"):
        assert api.get(f"/{program}/healthz").json() == {"status": "ok"}
        assert api.get(f"/{program}/readyz").status_code == 200
        assert "# TYPE" in api.get(f"/{program}/metrics").text


def test_health_is_closed_to_others(make_system):
    """Behind a trusted gateway the client's address is known, and only a configured network gets in."""
    system = make_system(start=False)
    system.extra = 'server.modules += ( "mod_extforward" )\nextforward.forwarder = ( "127.0.0.1" => "trust" )\n'
    system.postgres.start()
    system.redis.start()
    system.start()
    outside = {"X-Forwarded-For": "203.0.113.9"}
    for name in ("healthz", "readyz", "metrics", "metrics/", "%6Detrics", "x/../metrics", "metrics?x=1", "/metrics"):
        reply = exchange(system, f"GET /api/v1/auth/{name} HTTP/1.1\r\nHost: moa\r\nConnection: close\r\n"
                                 "X-Forwarded-For: 203.0.113.9\r\n\r\n".encode())
        assert reply.split(b" ")[1] in (b"403", b"404", b"400"), reply
        assert b"moa_" not in reply
    assert_problem(system.api.get("/auth/metrics", headers=outside), 403, "forbidden")
    assert system.api.get("/auth/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 200
    assert system.api.get("/auth/jwks.json", headers=outside).status_code == 200


def test_an_endless_header_is_refused(system, api):
    answer = exchange(system, b"GET /api/v1/auth/me HTTP/1.1\r\nHost: moa\r\nX: " + b"a" * 100000 + b"\r\n\r\n")
    assert answer.split(b" ")[1] in (b"431", b"400")
    until(lambda: api.get("/auth/healthz").status_code == 200, "the next request")
