"""Metrics in Prometheus' format: promtool finds no fault, and requests are counted."""

import re
import subprocess

import pytest


@pytest.mark.parametrize("program", ["auth", "chat"])
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
    """Of one process: which of the two answers is chance, so ask until both have."""
    figures = {}
    while len(figures) < 2:
        reply = api.get("/auth/metrics")
        line = api.system.logged(reply)
        found = re.findall(r'^moa_\w*requests_total\{[^}]*\} (\d+)$', reply.text, re.M)
        figures[line["pid"]] = sum(int(n) for n in found)
    return sum(figures.values())


def test_requests_are_counted(own_system):
    before = requests_counted(own_system.api)
    for _ in range(10):
        own_system.api.get("/auth/jwks.json")
    assert requests_counted(own_system.api) >= before + 10
