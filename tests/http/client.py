"""A client for the tests: requests, with the API's prefix, tokens, ready-made customers, and the description as judge."""

import itertools
import secrets
import socket
import time
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy

import requests

from described import Description

# So often a call is sent: guesses at one account that all come at once have done after a few rounds.
SHED_MAX = 20

_numbers = itertools.count(1)
_description = Description()


def assert_problem(reply, status, code):
    """The reply is a whole problem document (RFC 9457) with this status and code; returns it."""
    assert reply.status_code == status, reply.text
    assert reply.headers["Content-Type"] == "application/problem+json", reply.text
    problem = reply.json()
    assert (problem["status"], problem["code"]) == (status, code), reply.text
    assert {"type", "title", "detail", "request_id"} <= problem.keys()
    if problem["request_id"] is not None:  # what the web server itself answers has none
        assert problem["request_id"] == reply.headers["X-Request-Id"]
    return problem


def overloaded(reply):
    """Was the call shed before anything was done?"""
    return reply.status_code == 503 and b'"code":"overloaded"' in reply.content


def exchange(system, data, timeout=10):
    """Send raw bytes to the web server, half-close, and return all it sends back."""
    with socket.create_connection(("127.0.0.1", system.port), timeout) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


@dataclass
class Customer:
    """Somebody who has registered.  Pass it as token= to call as this customer."""

    id: str
    email: str
    password: str
    access_token: str
    refresh_token: str


class Api:
    """api.get("/auth/me", token=customer): paths are below /api/v1 but for those that start with /. or /api."""

    def __init__(self, system):
        self.system = system
        self.session = requests.Session()
        self.used_at = 0.0
        self.session.trust_env = False
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def url(self, path):
        whole = path.startswith(("/api/", "/."))
        return self.system.url + ("" if whole else "/api/v1") + path

    def request(self, method, path, shed=False, **more):
        """Call; what a busy server has shed (503 overloaded) did nothing and is sent again, unless shed asks for that too."""
        for _ in range(SHED_MAX):
            reply = self._send(method, path, **more)
            if shed or not overloaded(reply):
                break
            time.sleep(int(reply.headers["Retry-After"]))
        return reply

    def _send(self, method, path, token=None, headers=None, timeout=30, **more):
        headers = dict(headers or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {getattr(token, 'access_token', token)}"
        self._renew()
        reply = self.session.request(method, self.url(path), headers=headers, timeout=timeout,
                                     allow_redirects=False, **more)
        _description.check(reply)
        return reply

    def _renew(self):
        """The server may be closing what has been idle for seconds at this very moment."""
        if time.monotonic() - self.used_at > 2:
            self.session.close()
        self.used_at = time.monotonic()

    def file(self, path):
        """What the web server has beside the API."""
        self._renew()
        return self.session.get(self.system.url + path, timeout=10)

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, **more):
        return self.request("POST", path, **more)

    def put(self, path, **more):
        return self.request("PUT", path, **more)

    def patch(self, path, **more):
        return self.request("PATCH", path, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def options(self, path, **more):
        return self.request("OPTIONS", path, **more)

    def register(self, **fields):
        """Register somebody new; fields override what the body holds."""
        body = {
            "email": f"customer-{next(_numbers)}-{secrets.token_hex(6)}@example.com",
            "password": f"correct horse {secrets.token_hex(4)}",
            "name": "김모아",
            "birth_date": "1995-04-03",
            **fields,
        }
        reply = self.post("/auth/register", json=body)
        assert reply.status_code == 201, reply.text
        made = reply.json()
        return Customer(made["customer"]["id"], body["email"], body["password"], made["access_token"],
                        made["refresh_token"])

    def login(self, email, password):
        """Sign in and return the tokens' body."""
        reply = self.post("/auth/login", json={"email": email, "password": password})
        assert reply.status_code == 200, reply.text
        return reply.json()
