"""Metrics in Prometheus' format: promtool finds no fault, and requests are counted."""

import re
import subprocess

import pytest


@pytest.mark.parametrize("program", ["auth", "pay", "chat", "shorts"])
def test_promtool_finds_no_fault(api, program):
    customer = api.register()
    api.get("/auth/me", token=customer)
    api.get(f"/{program}/nowhere")
    api.post("/auth/login", json={"email": customer.email, "password": "not the password"})
    api.get("/chat/sessions", token=customer)
    text = api.get(f"/{program}/metrics").text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, ""), text


def requests_counted(api):
    text = api.get("/auth/metrics").text
    return sum(int(n) for n in re.findall(r"^moa_requests_total\{[^}]*\} (\d+)$", text, re.M))


def test_requests_are_counted(make_system):
    """Of one process, so that there is one count."""
    system = make_system(start=False)
    system.twins = 1
    system.postgres.start()
    system.redis.start()
    system.start()
    before = requests_counted(system.api)
    for _ in range(10):
        system.api.get("/auth/jwks.json")
    assert requests_counted(system.api) == before + 10 + 1
