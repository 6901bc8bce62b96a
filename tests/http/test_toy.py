"""What all programs share, seen through both web servers with toy.fcgi, a program with a route for each thing a
route can be: idempotency, event streams, uploads, slots for long requests, and a clean stop."""

import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from types import SimpleNamespace

import pytest
import requests

from client import assert_problem
from moa import WWW_USER, Apache, Lighttpd, Program, binary, new_place, sanitizers
from servers import until

THREADS = 16
SLOTS = THREADS // 2
# At once, on a busy test machine; what hangs would take many times as long.
SOON = 3

SCHEMA = """
CREATE SCHEMA toy;
SELECT moa.install_idempotency('toy');
CREATE TABLE toy.total (sum bigint NOT NULL);
INSERT INTO toy.total VALUES (0);
CREATE FUNCTION toy.add(caller text, key text, hash bytea, number bigint,
	OUT code text, OUT result jsonb, OUT replayed boolean)
LANGUAGE plpgsql AS $$
BEGIN
	SELECT * INTO code, result, replayed FROM toy.claim_key(caller, key, hash);
	IF code IS NOT NULL OR replayed THEN
		RETURN;
	END IF;
	UPDATE toy.total SET sum = sum + number RETURNING jsonb_build_object('sum', sum) INTO result;
	PERFORM toy.keep_result(caller, key, result);
END
$$;
"""

# How the toy is mounted: beside the shipped configuration, with its means for streams and uploads.
MOUNTS = {
    Lighttpd: """
$HTTP["url"] =~ "^/api/v1/toy/" {{
	fastcgi.server = ( "/" => ( "toy" => ( "socket" => "{socket}", "check-local" => "disable" ) ) )
	server.stream-response-body = 1
}}
$HTTP["url"] == "/api/v1/toy/upload" {{ server.stream-request-body = 1 }}
""",
    Apache: """
ServerLimit 1
StartServers 1
MaxRequestWorkers 64
<Proxy "fcgi://toy" enablereuse=on max=14 flushpackets=on timeout=30>
</Proxy>
<Location "/api/v1/toy">
	SetHandler "proxy:unix:{socket}|fcgi://toy"
	CGIPassAuth On
</Location>
""",
}


class Toy:
    """The toy behind a web server."""

    def __init__(self, kind, database, postgres, redis_server, secret):
        self.place = new_place()
        self.database = database
        self.httpd = kind(self.place / "httpd", postgres, redis_server, secret)
        self.program = Program("toy", self.place / "httpd/run", {
            "MOA_PG": postgres.dsn(dbname=database.name), "MOA_REDIS": f"unix:{redis_server.socket}",
            "MOA_THREADS": str(THREADS), **sanitizers()}, binary("tests/unit/toy.fcgi"))
        self.httpd.extra = MOUNTS[kind].format(socket=self.program.socket)
        self.session = requests.Session()
        self.session.trust_env = False

    def start(self):
        self.start_program()
        self.httpd.start(ready=False)
        self.wait_ready()
        return self

    def start_program(self):
        self.program.start()
        if WWW_USER:
            shutil.chown(self.program.socket, WWW_USER, WWW_USER)

    def wait_ready(self):
        until(lambda: self.call("GET", "readyz").status_code == 200, "the toy to be ready")

    def stop(self):
        self.httpd.stop()
        self.program.stop()
        shutil.rmtree(self.place, ignore_errors=True)

    def call(self, method, path, **more):
        return self.session.request(method, f"{self.httpd.url}/api/v1/toy/{path}", timeout=20, **more)

    def counts(self):
        return SimpleNamespace(**self.call("GET", "counts").json())

    def add(self, number, key):
        return self.call("POST", "sum", json={"number": number}, headers={"Idempotency-Key": key})

    def events(self):
        """An open stream of events: the response, and an iterator of its lines."""
        response = self.call("GET", "events", stream=True)
        lines = response.iter_lines(chunk_size=1, decode_unicode=True)
        return response, (line for line in lines if line and line != ":")


@pytest.fixture(scope="module")
def database(make_database):
    made = make_database()
    made.query(SCHEMA)
    return made


@pytest.fixture(scope="module", params=[Lighttpd, Apache], ids=["lighttpd", "apache"])
def toy(request, database, postgres, redis_server, secret):
    made = Toy(request.param, database, postgres, redis_server, secret)
    yield made.start()
    made.stop()


@pytest.fixture
def key(request):
    """An Idempotency-Key of the test's own."""
    return f"{request.node.name}-{time.monotonic_ns()}".replace(" ", "-")


def test_a_repeated_operation_happens_once(toy, key):
    first = toy.add(7, key)
    again = toy.add(7, key)
    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert again.content == first.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert toy.database.query("SELECT sum FROM toy.total") == [(first.json()["sum"],)]


def test_a_key_is_for_one_request(toy, key):
    assert toy.add(1, key).status_code == 201
    assert_problem(toy.add(2, key), 422, "idempotency_key_reused")
    assert_problem(toy.call("POST", "sum", json={"number": 1}), 400, "idempotency_key_required")


def test_a_refused_operation_keeps_no_claim(toy, key):
    assert_problem(toy.add(101, key), 409, "conflict")
    assert toy.add(1, key).status_code == 201


def test_the_second_request_with_a_key_waits_for_the_first(toy, key):
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"

    def waiting(n):
        return toy.database.query(waits, toy.database.name) == [(n,)]

    with toy.database.connect() as holder, ThreadPoolExecutor(2) as pool:
        holder.autocommit = False
        holder.cursor().execute("SELECT FROM toy.total FOR UPDATE")
        first = pool.submit(toy.add, 3, key)
        until(lambda: waiting(1), "the first to wait for the row")
        second = pool.submit(toy.add, 3, key)
        until(lambda: waiting(2), "the second to wait for the first")
        holder.rollback()
        replies = [first.result(), second.result()]
    holder.close()
    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].content == replies[1].content
    assert ["Idempotent-Replayed" in reply.headers for reply in replies] == [False, True]


def test_a_request_that_waits_too_long_for_the_first_is_told_so(toy, key):
    """It costs no connection, and may be repeated."""
    def connections():
        return set(toy.database.query("SELECT pid FROM pg_stat_activity WHERE datname = %s AND "
                                      "application_name = 'moa_toy'", toy.database.name))

    first = toy.add(3, key)
    before = connections()
    with closing(toy.database.connect()) as holder:
        holder.autocommit = False
        holder.cursor().execute("DELETE FROM toy.idempotency")
        refused = toy.add(3, key)
        holder.rollback()
    assert_problem(refused, 409, "idempotency_in_progress")
    assert before and before <= connections()
    assert toy.add(3, key).content == first.content


def test_events_arrive_one_by_one(toy):
    response, lines = toy.events()
    with response:
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
        assert [next(lines), next(lines)] == ["event: open", "data: "]
        for _ in range(3):
            # The next event is made only when the one before has arrived.
            assert toy.call("POST", "ticks").status_code == 204
            number = toy.counts().ticks
            assert [next(lines) for _ in range(3)] == [f"id: {number}", "event: tick", f"data: {number}"]


def test_a_client_that_leaves_a_stream_is_noticed(toy):
    gone = toy.counts().gone
    response, lines = toy.events()
    assert next(lines) == "event: open"
    response.close()
    until(lambda: toy.counts().gone == gone + 1, "the stream to end")
    until(lambda: toy.counts().streams == 0, "no stream to be left")


def test_an_upload_arrives_whole(toy):
    reply = toy.call("PATCH", "upload", data=b"x" * 777777)
    assert reply.json() == {"bytes": 777777}, reply.text


def test_an_upload_that_is_cut_is_noticed(toy):
    before = toy.counts()
    head = (f"PATCH /api/v1/toy/upload HTTP/1.1\r\nHost: 127.0.0.1:{toy.httpd.port}\r\n"
            "Content-Length: 500000\r\nContent-Type: application/octet-stream\r\n\r\n")
    with socket.create_connection(("127.0.0.1", toy.httpd.port)) as connection:
        connection.sendall(head.encode() + b"x" * 200000)
    until(lambda: toy.counts().cut == before.cut + 1, "the upload to be given up")
    # What had arrived was there to be kept, but for what the web server still held.
    assert 100000 <= toy.counts().cut_bytes - before.cut_bytes <= 200000


def test_long_requests_leave_room_for_short_ones(toy):
    until(lambda: toy.counts().streams == 0, "no stream to be left")
    with ExitStack() as streams:
        # An iterator of lines that nobody holds any more closes its connection.
        open_streams = [toy.events() for _ in range(SLOTS)]
        for response, lines in open_streams:
            streams.enter_context(response)
            assert next(lines) == "event: open"
        for method, path in (("GET", "events"), ("PATCH", "upload")):
            begun = time.monotonic()
            refused = toy.call(method, path)
            assert time.monotonic() - begun < SOON
            assert_problem(refused, 503, "overloaded")
            assert int(refused.headers["Retry-After"]) >= 1
        begun = time.monotonic()
        assert toy.call("GET", "hello").json() == {"greeting": "hello"}
        assert time.monotonic() - begun < SOON
    until(lambda: toy.counts().streams == 0, "the streams to end")
    response, lines = toy.events()
    with response:
        assert next(lines) == "event: open"


def end_soon(toy):
    """Ask the program to stop: it does, at once and without complaint."""
    begun = time.monotonic()
    assert toy.program.stop() == 0
    assert time.monotonic() - begun < SOON


@pytest.fixture
def mortal(toy):
    """The toy, for a test that stops it."""
    yield toy
    toy.program.stop()
    toy.start_program()
    toy.wait_ready()


def test_it_stops_while_connections_are_kept(mortal):
    """Several requests at once leave Apache with as many idle connections, each of which has a thread waiting."""
    with ThreadPoolExecutor(6) as pool:
        gates = [pool.submit(mortal.call, "GET", "gate") for _ in range(5)]
        until(lambda: mortal.counts().waiting == 5, "all to be there")
        assert mortal.call("PUT", "gate").status_code == 204
        assert {gate.result().status_code for gate in gates} == {204}
    end_soon(mortal)


def test_a_stop_ends_streams(mortal):
    response, lines = mortal.events()
    with response:
        assert next(lines) == "event: open"
        end_soon(mortal)
        assert list(lines) == ["data: "]


def test_a_running_request_is_answered_before_the_stop(mortal):
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
    with mortal.database.connect() as holder, ThreadPoolExecutor(1) as pool:
        holder.autocommit = False
        holder.cursor().execute("SELECT FROM toy.total FOR UPDATE")
        running = pool.submit(mortal.add, 5, f"stop-{time.monotonic_ns()}")
        until(lambda: mortal.database.query(waits, mortal.database.name) == [(1,)], "the request to run")
        stopper = threading.Thread(target=mortal.program.stop)
        stopper.start()
        until(lambda: not listens(mortal.program.socket), "the program to let nobody in")
        holder.rollback()
        stopper.join()
        assert running.result().status_code == 201
    holder.close()
    assert mortal.program.process.returncode == 0


def listens(path):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


@pytest.mark.parametrize("sql, status, fault", [
    ("SELECT 1", 0, ""),
    ("DROP FUNCTION toy.add", 1, "on=toy_add"),
], ids=["right", "missing function"])
def test_statements_are_checked(make_database, postgres, redis_server, sql, status, fault):
    made = make_database()
    made.query(SCHEMA)
    made.query(sql)
    env = {"MOA_PG": postgres.dsn(dbname=made.name), "MOA_REDIS": f"unix:{redis_server.socket}", **sanitizers()}
    done = subprocess.run([binary("tests/unit/toy.fcgi"), "-n"], env=env, capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.returncode == status, done.stderr
    assert fault in done.stderr
