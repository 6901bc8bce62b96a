"""The world of the simulation: a whole pay as its users have it, its gateway, its merchants' servers, and the clock.

PostgreSQL is durable, programs and worker are real, and all of them can be killed at any moment.
"""

import json
import os
import secrets
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import psycopg2

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "http"), str(HERE.parent / "fakes")]

import worker  # noqa: E402
from fcgi import Connection  # noqa: E402
from gateway import Gateway  # noqa: E402
from hooks import Receiver, signature  # noqa: E402
from moa import Ctl, Program, binary, new_place, new_secret  # noqa: E402
from servers import Postgres, Redis, end, spawn, until  # noqa: E402

SEOUL = timezone(timedelta(hours=9))
TOKEN_S = 600  # access tokens live a little longer
SHAKEN_S = 5   # so long after something was killed and started again calls may still meet a connection that it had
EVENTS = ["request.paid", "request.cancelled", "request.expired", "payment.refunded"]


@dataclass
class Reply:
    """What a call was answered with, and between which times of the business clock that was decided."""

    status: int
    body: dict
    replayed: bool
    began: float
    ended: float

    @property
    def code(self):
        """A refusal's code; None for a success."""
        return self.body.get("code") if self.status >= 400 else None


def _has_lost(connection):
    """Is it one that PostgreSQL has ended?"""
    try:
        connection.cursor().execute("SELECT 1")
        return False
    except psycopg2.Error:
        return True


class World:
    """world.call("POST", "/api/v1/pay/…") → Reply, or None when it was lost; world.kill("postgres"); world.jump(seconds)."""

    def __init__(self, seed, template=None, secret=None):
        self.seed = seed
        self.place = new_place()
        self.killed = Counter()
        self.restarts = 0
        self.lost = 0
        self.shift = 0.0
        self.down = set()  # what was killed and has not been started again
        self.postgres = Postgres(self.place / "pg", template)
        self.postgres.settings |= {"fsync": "on", "full_page_writes": "on"}
        self.redis = Redis(self.place / "redis")
        self.secret = secret or new_secret(self.place)
        self.ctl = Ctl(self.postgres, self.redis, self.secret)
        self.hook_key = secrets.token_hex(32)
        self.gateway = Gateway()
        self.gateway.server.handle_error = lambda *_: None  # callers that were killed
        self.gateway.now = lambda: self.today(SEOUL)
        self.ctl.env |= self.gateway.env
        self.fresh = template is None
        self.connection = None
        self.worker = None
        self.auth, self.pays = None, []
        self.lock = threading.Lock()
        self.unread = []  # what callers have hung up on: program, its pid, how long its log was, the call's name
        self.shaken_at = -1e9

    # Beginning and end.

    def start(self):
        self.postgres.start()
        self.redis.start()
        self.gateway.start()
        if self.fresh:
            self.postgres.connect(dbname="postgres").cursor().execute("CREATE DATABASE moa")
            self.ctl("migrate")
            self.ctl("keys", "rotate")
        self.ctl("clock", "on")
        env = {**self.ctl.env, "MOA_THREADS": "32", "MOA_PUBLIC_URL": "https://pay.example", "MOA_WEBHOOK_PRIVATE": "1",
               "MOA_WEBHOOK_KEY": self.hook_key, "MOA_AUTH_SECRET_FILE": str(self.secret)}
        del env["MOA_PG"]
        for name, twin in (("auth", 0), ("pay", 0), ("pay", 1)):
            place = self.place / f"{name}{twin}"
            place.mkdir()
            program = Program(name, place, {**env, "MOA_PG": self.postgres.dsn(user=f"moa_{name}")}).start()
            if name == "pay":
                self.pays.append(program)
            else:
                self.auth = program
        self.wait_ready()
        self.start_worker()
        return self

    def stop(self):
        for program in (self.worker, self.auth, *self.pays):
            if isinstance(program, Program):
                program.stop(signal.SIGKILL)
            elif program:
                end(program, signal.SIGKILL)
        self.gateway.stop()
        self.redis.stop()
        if self.postgres.process and self.postgres.process.poll() is None:
            self.postgres.kill()

    def wait_ready(self):
        for program, prefix in ((self.auth, "auth"), *((pay, "pay") for pay in self.pays)):
            until(lambda p=program, n=prefix: self._talk(p, "GET", f"/api/v1/{n}/readyz")[0] == 200, f"{prefix} to be ready", 30)

    # Time.

    def now(self):
        """The time of the business rules, in seconds since 1970."""
        return time.time() + self.shift

    def today(self, zone=SEOUL):
        return datetime.fromtimestamp(self.now(), zone)

    def jump(self, seconds):
        """The test clock goes forward while nobody is at work: within a transaction there is one time."""
        shift = round((self.shift + seconds) * 1e6)
        if self.worker:
            self.worker.send_signal(signal.SIGSTOP)
        until(self.is_quiet, "all that is under way in PostgreSQL")
        self.query("UPDATE moa.clock SET shift = %s * interval '1 microsecond' WHERE test_mode", shift)
        self.shift = shift / 1e6
        if self.worker:
            self.worker.send_signal(signal.SIGCONT)

    def is_quiet(self):
        """Does PostgreSQL do nothing for the programs?"""
        return self.query("SELECT count(*) FROM pg_stat_activity WHERE usename IN ('moa_pay', 'moa_worker') "
                          "AND state <> 'idle'") == [(0,)]

    # The database, behind everybody's back: only to look, and to set the clock.

    def query(self, sql, *args):
        for _ in range(3):
            try:
                if self.connection is None:
                    self.connection = until(self.postgres.connect, "PostgreSQL")
                with self.connection.cursor() as cursor:
                    cursor.execute(sql, args or None)
                    return cursor.fetchall() if cursor.description else []
            except psycopg2.Error:
                self.connection = None
        raise RuntimeError(f"PostgreSQL does not answer: {sql}")

    # Calls.

    def _talk(self, program, method, path, body=None, token=None, headers=(), hang_up=None, address="192.0.2.7"):
        connection = Connection(program.socket, timeout=20)
        try:
            headers = {**dict(headers), **({"Authorization": f"Bearer {token}"} if token else {})}
            data = b"" if body is None else json.dumps(body).encode()
            if hang_up is not None:
                headers["X-Request-Id"] = self.note(program)
            connection.send(method, path, data, headers, address=address)
            if hang_up is not None:
                time.sleep(hang_up)
                return None
            status, headers, data = connection.receive()
            return status, headers, json.loads(data) if data.startswith(b"{") else {}
        finally:
            connection.close()

    def note(self, program):
        """A name for a call whose caller will hang up: the program's log tells when it is done with it."""
        name = f"sim-{secrets.token_hex(8)}"
        with self.lock:
            self.unread.append((program, program.process.pid, program.log.stat().st_size, name.encode()))
        return name

    def quiesce(self):
        """Until the programs are done with all that has been sent, also with what nobody waits for any more."""
        self.repair()
        with self.lock:
            unread, self.unread = self.unread, []
        for program, pid, size, name in unread:
            until(lambda p=program, n=pid, at=size, w=name: p.process.pid != n or self._logged(p, at, w), f"{name} to be done with")
        until(self.is_quiet, "what the programs have left behind in PostgreSQL")

    @staticmethod
    def _logged(program, size, name):
        """Is this said in the program's log, behind so much?"""
        with open(program.log, "rb") as log:
            log.seek(size)
            return name in log.read()

    def call(self, method, path, body=None, token=None, key=None, hang_up=None, twin=0, address="192.0.2.7"):
        """One call of pay; None when nobody knows what came of it."""
        began = self.now()
        headers = {"Idempotency-Key": key} if key else {}
        try:
            answer = self._talk(self.pays[twin], method, f"/api/v1/pay{path}", body, token, headers, hang_up, address)
        except (OSError, ValueError):
            answer = None
        if answer is None:
            with self.lock:
                self.lost += 1
            return None
        status, headers, body = answer
        names = {name.lower() for name in headers}
        return Reply(status, body, "idempotent-replayed" in names, began, self.now())

    def read(self, path, who):
        """GET something, until it is there: → Reply."""
        def answer():
            self.repair()
            reply = self.call("GET", path, token=who.token() if who.token else None)
            return reply if reply and reply.status < 500 else None

        return until(answer, path, 40)

    def _made(self, body):
        """Registered, or None while the machine is too busy for that."""
        status, _, made = self._talk(self.auth, "POST", "/api/v1/auth/register", body)
        if status not in (201, 503):
            raise RuntimeError(made)
        return made if status == 201 else None

    def register(self, number, admin=False):
        """Somebody new: .id, and .token() for a token that counts."""
        email, password = f"sim-{self.seed}-{number}@example.com", "correct horse battery"
        body = {"email": email, "password": password, "name": "김모의", "birth_date": "1990-01-02"}
        made = until(lambda: self._made(body), "to be registered", 60)
        if admin:
            self.ctl("admin", "add", email)
        person = SimpleNamespace(id=made["customer"]["id"], made_at=time.monotonic() if not admin else -TOKEN_S,
                                 held=made["access_token"])

        def token():
            if time.monotonic() - person.made_at >= TOKEN_S:
                body = {"email": email, "password": password}
                answer = until(lambda: self._talk(self.auth, "POST", "/api/v1/auth/login", body), "to be signed in")
                assert answer[0] == 200, answer[2]
                person.held, person.made_at = answer[2]["access_token"], time.monotonic()
            return person.held

        person.token = token
        return person

    def merchant(self, number):
        """A merchant with a key, whose server hears of everything."""
        lines = self.ctl("merchant", "add", f"가게 {number}").splitlines()
        made = dict(line.split(": ", 1) for line in lines)
        shop = SimpleNamespace(id=made["id"], key=made["key"], receiver=Receiver())
        shop.receiver.server.handle_error = lambda *_: None
        shop.token = lambda: shop.key
        reply = self.call("POST", "/webhook_endpoints", {"url": shop.receiver.url, "events": EVENTS}, shop.key)
        assert reply.status == 201, reply.body
        shop.endpoint, shop.secret = reply.body["id"], reply.body["secret"]
        return shop

    # Violence.

    def start_worker(self):
        """The worker as a service; its log is worker.log."""
        env = worker.environment(worker.own_dsn(self), MOA_WEBHOOK_PRIVATE="1", MOA_WEBHOOK_DEADLINE_MS="500",
                                 MOA_WEBHOOK_KEY=self.hook_key, **self.gateway.env)
        self.worker = spawn([binary("moa-worker")], self.place / "worker.log", env=env)

    def stop_worker(self):
        """kill -9: what it was doing stays undone."""
        if self.worker:
            end(self.worker, signal.SIGKILL)
            self.worker = None

    def kill(self, what, twin=0):
        """kill -9 of "pay", "worker", "postgres", or of one "backend" of PostgreSQL, which then ends all others by itself."""
        self.killed[what] += 1
        self.shaken_at = time.monotonic()
        self.down.add((what, twin))
        if what == "pay":
            self.pays[twin].stop(signal.SIGKILL)
        elif what == "worker":
            self.stop_worker()
        elif what == "postgres":
            self.postgres.kill()
        else:
            self.kill_backend()

    def kill_backend(self):
        """One that serves pay, if there is any; and wait until PostgreSQL has ended all others for it."""
        witness = until(self.postgres.connect, "PostgreSQL")
        with witness.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'moa_pay' ORDER BY state, pid LIMIT 1")
            for pid, in cursor.fetchall():
                os.kill(pid, signal.SIGKILL)
                until(lambda: _has_lost(witness), "PostgreSQL to notice", 30)
        witness.close()

    def is_shaken(self):
        """Has something been killed just now, so that calls may fail for it?"""
        return self.down or time.monotonic() - self.shaken_at < SHAKEN_S

    def repair(self):
        """Start what was killed again, and wait until everybody can serve; true if there was anything."""
        down, self.down = self.down, set()
        for what, twin in sorted(down):
            if what == "postgres":
                self.postgres.start()
            elif what == "backend":
                until(lambda: self.postgres.connect().close() is None, "PostgreSQL to recover", 60)
            elif what == "worker":
                self.start_worker()
        # Programs last: they look for the database when they start.
        for what, twin in sorted(down):
            if what == "pay":
                self.pays[twin].start()
        if down:
            self.connection = None if {"postgres", "backend"} & {what for what, _ in down} else self.connection
            self.wait_ready()
            self.shaken_at = time.monotonic()
            self.restarts += 1
        return bool(down)
