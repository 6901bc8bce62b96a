"""The same system through Apache: mod_fcgid for short requests, mod_proxy_fcgi for conversations."""

import json
import os
import signal
import uuid

import pytest

from client import assert_problem, exchange
from servers import until


def test_an_account_from_beginning_to_end(apache):
    customer = apache.register()
    assert apache.get("/auth/me", token=customer).json()["email"] == customer.email
    changed = apache.patch("/auth/me", token=customer, json={"nickname": "모아모아"})
    assert changed.json()["nickname"] == "모아모아"
    tokens = apache.login(customer.email, customer.password)
    pair = apache.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert pair.status_code == 200
    sessions = apache.get("/auth/sessions", token=pair.json()["access_token"]).json()["items"]
    assert {session["address"] for session in sessions} == {"127.0.0.1"}
    done = apache.post("/auth/logout", token=customer, json={"refresh_token": pair.json()["refresh_token"]})
    assert done.status_code == 204
    gone = apache.delete("/auth/me", token=customer, json={"password": customer.password})
    assert gone.status_code == 204


def test_a_conversation(apache):
    customer = apache.register(language="en")
    session = apache.post("/chat/sessions", token=customer, json={"language": "en"}).json()
    assert session["state"] == "mood_check"
    turn = {"text": "I feel great today", "client_message_id": str(uuid.uuid4())}
    path = f"/chat/sessions/{session['id']}/messages"
    first = apache.post(path, token=customer, json=turn)
    assert first.status_code == 200, first.text
    assert apache.post(path, token=customer, json=turn).json() == first.json()


def test_both_servers_show_the_same(api, apache):
    """An account made through one is there through the other, and public replies are equal to the byte."""
    customer = api.register()
    assert apache.get("/auth/me", token=customer).json() == api.get("/auth/me", token=customer).json()
    for path in ("/auth/jwks.json", "/.well-known/jwks.json", "/openapi.yaml"):
        assert apache.get(path).content == api.get(path).content
        assert apache.get(path).headers["Content-Type"] == api.get(path).headers["Content-Type"]


def test_refusals(apache):
    assert_problem(apache.get("/auth/me"), 401, "token_missing")
    assert_problem(apache.get("/auth/me", headers={"Authorization": "Bearer x"}), 401, "token_invalid")
    assert_problem(apache.get("/auth/nowhere"), 404, "not_found")
    assert_problem(apache.get("/nowhere"), 404, "not_found")
    assert_problem(apache.get("/auth/login"), 405, "method_not_allowed")
    assert_problem(apache.get("/auth/a%2Fb"), 400, "malformed_request")
    assert_problem(apache.post("/auth/login", data=b"{", headers={"Content-Type": "application/json"}), 400,
                   "malformed_json")
    for path in ("/auth/login", "/chat/sessions/x/messages"):
        for size in (64 * 1024 + 1, 2 * 1024 * 1024):
            reply = apache.post(path, data=b"x" * size, token=None, headers={"Content-Type": "application/json"})
            assert reply.status_code in ((413,) if "login" in path or size > 1 << 20 else (401, 413)), reply.text
            assert reply.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path, status, code", [
    ("/auth/login", 500, "internal"),  # mod_fcgid makes no difference between a client and a program that failed
    ("/chat/sessions/x/messages", 400, "malformed_request"),
])
def test_body_shorter_than_announced(apache, path, status, code):
    """Signed in: otherwise the program may refuse before it misses the rest."""
    head = (f"POST /api/v1{path} HTTP/1.1\r\nHost: moa\r\nConnection: close\r\n"
            f"Authorization: Bearer {apache.register().access_token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n")
    head, _, body = exchange(apache.system, head.encode() + b'{"email"').partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()) and b"application/problem+json" in head, head
    assert json.loads(body)["code"] == code
    assert apache.get("/auth/jwks.json").status_code == 200


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v2/auth/me", "/api/v1x/", "/api/auth/me"])
def test_what_is_below_api_but_nowhere(api, apache, path):
    for server in (api, apache):
        reply = server.file(path)
        assert_problem(reply, 404, "not_found")
        assert reply.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_what_only_begins_like_the_api(api, apache):
    """It is the site's own."""
    for server in (api, apache):
        reply = server.file("/apiary")
        assert reply.status_code == 404 and "problem" not in reply.headers["Content-Type"]


def test_security_headers(apache):
    for path in ("/auth/jwks.json", "/auth/me", "/nowhere", "/openapi.yaml"):
        headers = apache.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "Strict-Transport-Security" not in headers


def test_request_ids_and_log(apache):
    reply = apache.get("/auth/me", headers={"X-Request-Id": "through-apache"})
    assert reply.headers["X-Request-Id"] == "through-apache"
    assert apache.system.logged(reply)["status"] == "401"


def test_health_is_closed_to_others(make_system):
    from moa import APACHE_MODULES, Apache

    system = make_system(kind=Apache, start=False)
    system.extra = (f"\nLoadModule remoteip_module {APACHE_MODULES}/mod_remoteip.so\n"
                    "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n")
    system.postgres.start()
    system.redis.start()
    system.start()
    outside = {"X-Forwarded-For": "203.0.113.9"}
    for program in ("auth", "chat"):
        for name in ("healthz", "readyz", "metrics", "metrics/"):
            assert_problem(system.api.get(f"/{program}/{name}", headers=outside), 403, "forbidden")
    assert system.api.get("/auth/metrics").status_code == 200
    assert system.api.get("/auth/jwks.json", headers=outside).status_code == 200


def test_a_killed_program_is_replaced(make_system):
    from moa import Apache

    system = make_system(kind=Apache)
    customer = system.api.register()
    for pid in system.programs()["auth"]:
        os.kill(pid, signal.SIGKILL)
    until(lambda: system.api.get("/auth/me", token=customer).status_code == 200, "another process")
    system.streams.stop()
    reply = system.api.post("/chat/sessions/x/messages", token=customer, json={})
    assert_problem(reply, 503, "dependency_unavailable")
    assert system.api.get("/auth/me", token=customer).status_code == 200
