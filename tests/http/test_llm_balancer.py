"""The guide's Apache in front of several model providers (doc/operations.md, "Several providers"), word for word."""

import re
import shutil
import textwrap
import time
import uuid

import pytest
import requests

from model import Model
from moa import APACHE_MODULES, TREE, WWW_USER, free_port, new_place
from servers import end, spawn, until
from worker import run

MODULES = ("mpm_event", "authz_core", "headers", "proxy", "proxy_http", "proxy_balancer", "lbmethod_bybusyness",
           "slotmem_shm", "ssl")


def of_the_guide(ports, providers):
    """The configuration the guide shows, with these ports and providers for its own."""
    text = (TREE / "doc/operations.md").read_text()
    shown = textwrap.dedent(re.search(r"^    Listen 127\.0\.0\.1:8071\n(?:    .*\n|\n)+?(?=    a2enmod)", text, re.M)[0])
    assert shown.count("SSLProxyEngine on") == 2
    for port, mine in zip(("8071", "8072", "8073"), ports):
        shown = shown.replace(f"127.0.0.1:{port}", f"127.0.0.1:{mine}")
    for name, url in zip(("first", "second"), providers):
        shown = shown.replace(f"https://{name}.example/v1/", f"{url}/")
    modules = re.search(r"^    a2enmod (headers lbmethod.*)$", text, re.M)[1].split()
    assert set(modules) <= set(MODULES)
    return shown


@pytest.fixture
def providers():
    pair = Model().start(), Model().start()
    yield pair
    for each in pair:
        each.stop()


@pytest.fixture
def balancer(providers):
    """Apache in front of two providers; its base URL."""
    place, ports = new_place(), [free_port() for _ in range(3)]
    place.chmod(0o777)
    lines = [f'ServerRoot "{place}"', "ServerName localhost", f'PidFile "{place}/pid"', f'ErrorLog "{place}/log"',
             f'DefaultRuntimeDir "{place}"', f'Mutex file:{place} default',
             *(f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so" for name in MODULES)]
    (place / "conf").write_text("\n".join(lines) + "\n" + of_the_guide(ports, [each.url for each in providers]))
    process = spawn(["apache2", "-D", "FOREGROUND", "-f", place / "conf"], place / "out", WWW_USER)
    url = f"http://127.0.0.1:{ports[0]}/v1"
    until(lambda: requests.post(f"{url}/chat/completions", json={}, timeout=5).status_code == 400, "the balancer")
    yield url
    end(process)
    shutil.rmtree(place)


def talk(database, number):
    name = f"{number:022d}"
    database.query("INSERT INTO chatbot.session (id, customer_id, version, flow) VALUES (%s, %s, 4, "
                   "'{\"state\": \"choose\", \"language\": \"ko\"}')", name, str(uuid.uuid4()))
    database.query("INSERT INTO chatbot.message (session_id, position, role, text) VALUES (%s, 1, 'customer', '안녕')", name)


def summarised(database):
    [(count,)] = database.query("SELECT count(*) FROM chatbot.session WHERE summary <> ''")
    return count


def test_each_provider_gets_its_own_key(make_database, providers, balancer):
    database = make_database()
    for number in range(8):
        talk(database, number)
    done = run(database, "--once", MOA_LLM_URL=balancer)
    assert done.returncode == 0, done.stderr
    assert summarised(database) == 8
    for provider, key in zip(providers, ("first-key", "second-key")):
        assert provider.requests
        assert {request["_headers"]["Authorization"] for request in provider.requests} == {f"Bearer {key}"}


@pytest.mark.parametrize("fault", ["500", "429", "gone"])
def test_a_provider_that_fails_is_left_out(make_database, providers, balancer, fault):
    """Whichever of the two it is, no call is lost: the one that meets it is tried again."""
    database = make_database()
    first, second = providers
    if fault == "gone":
        first.stop()
    else:
        first.fault = fault
    for number in range(8):
        talk(database, number)
    done = run(database, "--once", MOA_LLM_URL=balancer)
    assert done.returncode == 0, done.stderr
    assert summarised(database) == 8 and len(second.requests) == 8
    assert len(first.requests) == (0 if fault == "gone" else 1)


def test_events_pass_as_they_come(providers, balancer):
    for provider in providers:
        provider.answer("하나 둘 셋 넷").pace = 0.2
    body = {"model": "m", "messages": [{"role": "user", "content": "안녕"}], "stream": True}
    with requests.post(f"{balancer}/chat/completions", json=body, stream=True, timeout=10) as reply:
        arrived = [time.monotonic() for _ in reply.iter_content(None)]
    assert len(arrived) > 4 and arrived[-1] - arrived[0] > 0.5
