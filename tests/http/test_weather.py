"""Bad weather: servers that are down, stopped or hung, programs that are killed.

The rule (contract, 503): an answer within 3 seconds, never a hang; the service returns by itself; what
was acknowledged is there afterwards.
"""

import os
import signal
import time

import pytest

import fcgi
from client import assert_problem
from load import Load, Turns, me_calls, register_calls
from moa import Program
from servers import halt, resume, until
from talk import Talk

pytestmark = pytest.mark.timed

# 3 s is the promise; beyond it, what a busy test machine adds.
SOON = 3.5


def assert_unavailable(api, method, path, **more):
    begun = time.monotonic()
    reply = api.request(method, path, **more)
    assert time.monotonic() - begun < SOON
    assert_problem(reply, 503, "dependency_unavailable")
    assert int(reply.headers["Retry-After"]) >= 1


def assert_nothing_lost(system, load):
    """Everybody whose registration was acknowledged is there."""
    acknowledged = {call.subject for call in load.calls if call.status == 201}
    there = {row[0] for row in system.postgres.query("SELECT lower(email) FROM auth.customer")}
    assert acknowledged
    assert acknowledged <= there


def assert_weathered(load, since):
    """While it lasted, calls were answered, soon, by a success or a 503."""
    calls = [call for call in load.calls if call.ended >= since]
    assert {call.status for call in calls} <= {200, 201, 503}, {call.status for call in calls}
    assert max(call.seconds for call in calls) < SOON


def break_postgres(system, how):
    system.postgres.freeze() if how == "frozen" else system.postgres.stop()


def mend_postgres(system, how):
    system.postgres.thaw() if how == "frozen" else system.postgres.start()


def test_postgres_down_at_start(make_system):
    system = make_system(start=False)
    system.redis.start()
    system.start(ready=False)
    api = system.api
    assert api.get("/auth/healthz").status_code == 200
    for program in ("auth", "chat"):
        assert api.get(f"/{program}/readyz").status_code == 503
    assert_unavailable(api, "POST", "/auth/login", json={"email": "a@example.com", "password": "0123456789"})
    system.postgres.start()
    system.wait_ready()
    customer = api.register()
    assert api.get("/auth/me", token=customer).status_code == 200


@pytest.mark.parametrize("how", ["stopped", "frozen"])
def test_postgres_goes_and_comes_back(own_system, how):
    customer = own_system.api.register()
    with Load(register_calls(own_system), 3) as writing, Load(me_calls(own_system, customer), 3) as reading:
        writing.wait_calls(5, status=201)
        reading.wait_calls(5, status=200)
        broken = time.monotonic()
        break_postgres(own_system, how)
        reading.wait_calls(10, since=broken, status=503)
        writing.wait_calls(3, since=broken, status=503)
        assert_unavailable(own_system.api, "GET", "/auth/me", token=customer)
        assert own_system.api.get("/auth/healthz").status_code == 200
        mended = time.monotonic()
        mend_postgres(own_system, how)
        reading.wait_calls(10, since=mended, status=200)
        writing.wait_calls(5, since=mended, status=201)
    assert_weathered(writing, broken)
    assert_weathered(reading, broken)
    assert_nothing_lost(own_system, writing)
    assert own_system.api.get("/auth/me", token=customer).status_code == 200


def test_postgres_restarts_under_load(own_system):
    """A restart closes every connection: the pools notice, and nothing acknowledged is lost."""
    with Load(register_calls(own_system), 4) as writing:
        for _ in range(3):
            writing.wait_calls(5, status=201, since=time.monotonic())
            own_system.postgres.restart()
        writing.wait_calls(5, status=201, since=time.monotonic())
    assert {call.status for call in writing.calls} <= {201, 503}
    assert_nothing_lost(own_system, writing)


def test_redis_down_at_start(make_system):
    system = make_system(start=False)
    system.postgres.start()
    system.start(ready=False)
    until(lambda: system.api.get("/auth/readyz").status_code == 200, "auth to be ready without Redis")
    customer = system.api.register()
    assert system.api.get("/auth/me", token=customer).status_code == 200
    assert system.api.get("/chat/readyz").status_code == 503
    assert_unavailable(system.api, "POST", "/chat/sessions", token=customer, json={})
    system.redis.start()
    system.wait_ready()
    assert system.api.post("/chat/sessions", token=customer, json={}).status_code == 201


@pytest.mark.parametrize("how", ["stopped", "frozen"])
def test_redis_goes_and_comes_back(own_system, how):
    """Sign-in goes on, conversations wait, and continue where they were although Redis forgot them."""
    api, redis = own_system.api, own_system.redis
    customer = api.register()
    session = api.post("/chat/sessions", token=customer, json={"language": "ko"}).json()["id"]
    turn = {"text": "오늘 기분이 좋아요", "client_message_id": "00000000-0000-4000-8000-000000000001"}
    with Load(me_calls(own_system, customer), 2) as load:
        redis.freeze() if how == "frozen" else redis.stop()
        broken = time.monotonic()
        assert_unavailable(api, "POST", f"/chat/sessions/{session}/messages", token=customer, json=turn)
        assert_unavailable(api, "POST", "/chat/sessions", token=customer, json={})
        begun = time.monotonic()
        assert api.login(customer.email, customer.password)["access_token"]
        assert time.monotonic() - begun < SOON
        load.wait_calls(10, since=broken, status=200)
        redis.thaw() if how == "frozen" else redis.start()
        until(lambda: api.get("/chat/readyz").status_code == 200, "chat to be ready again")
        reply = until(lambda: api.post(f"/chat/sessions/{session}/messages", token=customer, json=turn), "the turn")
        assert reply.status_code == 200, reply.text
    assert {call.status for call in load.calls} == {200}


@pytest.fixture
def turns(own_system):
    """Six conversations, to be carried on under load."""
    return Turns([Talk(own_system.api, own_system.api.register(), "ko") for _ in range(6)])


def converse(turns):
    # A customer has 60 turns a minute.
    return Load(turns, len(turns.talks), pause=0.5)


@pytest.mark.parametrize("broken, how", [("redis", "stop"), ("redis", "freeze"), ("postgres", "freeze"),
                                         ("redis postgres", "freeze")])
def test_conversations_outlast_their_servers(own_system, turns, broken, how):
    servers = [getattr(own_system, name) for name in broken.split()]
    with converse(turns) as load:
        load.wait_calls(12, status=200)
        for server in servers:
            getattr(server, how)()
        load.wait_calls(12, since=time.monotonic(), status=503)
        mended = time.monotonic()
        for server in servers:
            server.thaw() if how == "freeze" else server.start()
        load.wait_calls(12, since=mended, status=200)
        # A Redis that wakes up hands out the tickets it was asked for in its sleep: they run out before long.
        load.wait_calls(12, since=mended + 2 * SOON, status=200)
    assert {call.status for call in load.calls if call.ended > mended + 2 * SOON} == {200}
    assert_conversed(turns, load, {409} if broken != "postgres" and how == "freeze" else set())


def test_conversations_outlast_a_restart_of_redis(own_system, turns):
    """It forgets everything, again and again."""
    with converse(turns) as load:
        for _ in range(3):
            load.wait_calls(12, since=time.monotonic(), status=200)
            own_system.redis.restart()
        load.wait_calls(12, since=time.monotonic(), status=200)
    assert_conversed(turns, load)


def test_conversations_outlast_their_programs(own_system, turns):
    """Killed one after the other; only what runs inside the killed one fails."""
    with converse(turns) as load:
        for _ in range(4):
            load.wait_calls(12, since=time.monotonic(), status=200)
            before = own_system.programs()["chatbot"]
            os.kill(before[0], signal.SIGKILL)
            until(lambda b=before: len(set(own_system.programs().get("chatbot", [])) - set(b)) == 1, "the successor")
        load.wait_calls(12, since=time.monotonic(), status=200)
    assert_conversed(turns, load, {500})


def assert_conversed(turns, load, besides=frozenset()):
    """Every call was answered soon, and what was answered is there, once."""
    assert {call.status for call in load.calls} <= {200, 503, *besides}
    assert max(call.seconds for call in load.calls) < SOON
    turns.assert_each_counted_once()


@pytest.mark.parametrize("program", ["auth", "chatbot"])
def test_kill_under_load(own_system, program):
    """Only requests inside the killed process fail; lighttpd starts another, and the twin serves meanwhile."""
    customer = own_system.api.register()
    with Load(register_calls(own_system), 3) as writing, Load(me_calls(own_system, customer), 3) as reading:
        for _ in range(3):
            before = own_system.programs()[program]
            os.kill(before[0], signal.SIGKILL)
            until(lambda b=before: len(set(own_system.programs().get(program, [])) - set(b)) == 1, "the successor")
            own_system.wait_ready()
            reading.wait_calls(5, since=time.monotonic(), status=200)
            writing.wait_calls(2, since=time.monotonic(), status=201)
    assert {call.status for call in reading.calls + writing.calls} <= {200, 201, 500, 503}
    failed = [call for call in reading.calls + writing.calls if call.status >= 500]
    assert len(failed) <= (3 * 6 if program == "auth" else 0)
    assert_nothing_lost(own_system, writing)


def test_both_twins_killed(own_system):
    """With no process of a program left there is a moment of 503, as a problem document, and then service again."""
    customer = own_system.api.register()
    for pid in own_system.programs()["auth"]:
        os.kill(pid, signal.SIGKILL)
    reply = own_system.api.get("/auth/me", token=customer)
    if reply.status_code != 200:
        assert_problem(reply, reply.status_code, reply.json()["code"])
        assert reply.status_code in (500, 503)
    own_system.wait_ready()
    assert own_system.api.get("/auth/me", token=customer).status_code == 200


def test_a_hung_program_harms_no_other(own_system):
    """Every chatbot process stopped dead: sign-in does not notice."""
    customer = own_system.api.register()
    pids = own_system.programs()["chatbot"]
    halt(pids)
    try:
        with Load(me_calls(own_system, customer), 4) as load:
            load.wait_calls(20, status=200)
        assert {call.status for call in load.calls} == {200}
        # Whoever had to wait for the stopped ones would wait for lighttpd's read-timeout, 45 s.
        assert max(call.seconds for call in load.calls) < 5
    finally:
        resume(pids)


def test_a_hung_program_is_given_up_on(own_system):
    """Every auth process stopped dead: lighttpd answers for it, and goes on when it comes back."""
    pids = own_system.programs()["auth"]
    halt(pids)
    try:
        assert_problem(own_system.api.get("/auth/jwks.json"), 504, "dependency_unavailable")
    finally:
        resume(pids)
    own_system.wait_ready()


def test_terminated_under_load(own_system):
    """SIGTERM to one process after another, as in an upgrade: no request is cut off.  On a busy machine a password may not be
    hashed in time; that is said before anything is done."""
    customer = own_system.api.register()
    with Load(register_calls(own_system), 3) as writing, Load(me_calls(own_system, customer), 5) as reading:
        for _ in range(4):
            before = own_system.programs()["auth"]
            os.kill(before[0], signal.SIGTERM)
            until(lambda b=before: not os.path.exists(f"/proc/{b[0]}"), "the process to end")
            until(lambda: len(own_system.programs().get("auth", [])) == 2, "its successor")
            reading.wait_calls(5, since=time.monotonic(), status=200)
    assert {(call.status, call.code) for call in writing.calls} <= {(201, ""), (503, "overloaded")}
    assert {call.status for call in reading.calls} == {200}
    assert_nothing_lost(own_system, writing)


@pytest.fixture
def alone(own_system):
    """An auth program that runs by itself, beside the system's."""
    program = Program("auth", own_system.place, {**own_system.env, **own_system.auth_env}).start()
    until(lambda: _call(program, "GET", "/api/v1/auth/readyz") == 200, "the program to be ready")
    yield program
    program.stop(signal.SIGKILL)


def _call(program, *args, **more):
    connection = fcgi.Connection(program.socket)
    try:
        return connection.request(*args, **more)[0]
    finally:
        connection.close()


def test_clean_stop_answers_what_runs(own_system, alone):
    """Requests that wait for PostgreSQL when the signal comes are answered; then the process ends with status 0."""
    own_system.postgres.freeze()
    body = b'{"email": "a@example.com", "password": "0123456789"}'
    running = [fcgi.Connection(alone.socket) for _ in range(6)]
    for connection in running:
        connection.send("POST", "/api/v1/auth/login", body)
    # Connections are accepted in their order: when this one is answered, those above are at work.
    assert _call(alone, "GET", "/api/v1/auth/healthz") == 200
    alone.process.send_signal(signal.SIGTERM)
    own_system.postgres.thaw()
    assert {connection.receive()[0] for connection in running} <= {401, 503}
    assert alone.process.wait(30) == 0


def test_clean_stop_answers_what_is_queued(own_system, alone):
    """More requests than threads, the signal, and every one of them is answered."""
    body = b'{"email": "a@example.com", "password": "0123456789"}'
    connections = [fcgi.Connection(alone.socket) for _ in range(300)]
    for connection in connections:
        connection.send("POST", "/api/v1/auth/login", body)
    alone.process.send_signal(signal.SIGTERM)
    statuses = {connection.receive()[0] for connection in connections}
    assert statuses <= {401, 429, 503}
    assert alone.process.wait(30) == 0


def test_clean_stop_with_idle_kept_connections(own_system, alone):
    """Connections that a web server keeps open but does not use must not hold the stop up."""
    kept = [fcgi.Connection(alone.socket, keep=True) for _ in range(40)]
    for connection in kept:
        assert connection.request("GET", "/api/v1/auth/jwks.json")[0] == 200
    begun = time.monotonic()
    assert alone.stop() == 0
    assert time.monotonic() - begun < 3
    for connection in kept:
        connection.close()


def test_stop_of_the_whole_system(own_system):
    """lighttpd takes its programs with it, soon."""
    assert {name: len(pids) for name, pids in own_system.programs().items()} == {"auth": 2, "pay": 2, "chatbot": 2, "shorts": 2}
    begun = time.monotonic()
    own_system.stop()
    assert own_system.programs() == {}
    assert time.monotonic() - begun < 10
