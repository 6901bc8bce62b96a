"""Scratch servers for the tests: PostgreSQL and Redis in a directory, on unix sockets only.

Nothing here sleeps for a fixed time: until() polls a condition with a deadline.  What starts here
dies with the tests.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg2
import redis
import requests

PG_BIN = Path("/usr/lib/postgresql/15/bin")


def until(condition, what, seconds=20.0):
    """Poll condition until it returns something true, and return that; an exception counts as not yet."""
    deadline = time.monotonic() + seconds
    fault = None
    while True:
        try:
            result = condition()
            if result:
                return result
        except (OSError, psycopg2.Error, redis.RedisError, requests.RequestException) as e:
            fault = e
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}: {fault}")
        time.sleep(0.01)


def spawn(args, log, user=None, env=None, fatal=signal.SIGTERM):
    """Start a server in the background, its output appended to the file log.

    However pytest ends, the kernel then sends the server the signal fatal; for that it must run as
    its user from the start (a change of user cancels it).
    """
    def die_with_parent():
        ctypes.CDLL(None).prctl(1, fatal)

    with open(log, "ab") as out:
        who = {"user": user, "group": user, "extra_groups": []} if user else {}
        return subprocess.Popen([str(a) for a in args], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                env=env, preexec_fn=die_with_parent, **who)


def end(process, how=signal.SIGTERM, seconds=35):
    """Send a signal, wait for the end and return the exit status."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.send_signal(how)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    return process.returncode


def processes():
    """Yield (pid, parent's pid, executable's name) of every process that can be seen."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text()
                parent = int(stat.rpartition(")")[2].split()[1])
                yield int(entry), parent, os.path.basename(os.readlink(f"/proc/{entry}/exe"))
            except OSError:
                pass


def descendants(root):
    """{pid: executable's name} of all processes below root."""
    table = list(processes())
    below, found = {root}, {}
    while True:
        new = {pid: name for pid, parent, name in table if parent in below and pid not in below}
        if not new:
            return found
        found.update(new)
        below.update(new)


def _state(pid):
    """What the kernel says of the process (proc(5)): T is stopped, Z has ended."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _runs(pid):
    """Does any thread of it, or is its end all that is left?"""
    tasks = Path(f"/proc/{pid}/task").glob("*")
    return any(_state(f"{pid}/task/{task.name}") not in "TZ" for task in tasks)


def halt(pids):
    """SIGSTOP, and wait until none of them stirs: a thread may finish what it is at before it heeds the signal."""
    for pid in pids:
        _signal(pid, signal.SIGSTOP)
    until(lambda: not any(_runs(pid) for pid in pids), "the processes to stand still")


def resume(pids):
    for pid in pids:
        _signal(pid, signal.SIGCONT)


class Postgres:
    """A scratch PostgreSQL; start() again after stop() finds the same data."""

    def __init__(self, place, template=None):
        self.user = "postgres" if os.geteuid() == 0 else None
        self.sockets = Path(place)
        self.data = self.sockets / "data"
        self.log = self.sockets / "log"
        # No crash of the machine is to be survived here; who measures or pulls the plug sets these otherwise.
        self.settings = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
        self.process = None
        self.frozen = []
        self.sockets.mkdir()
        if self.user:
            shutil.chown(self.sockets, self.user, self.user)
        if template:
            subprocess.run(["cp", "-a", template.data, self.data], check=True)
        else:
            self._run("initdb", "-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
                      "-D", self.data)
        self.log.touch()
        if self.user:
            shutil.chown(self.log, self.user, self.user)

    def _run(self, command, *args):
        who = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        subprocess.run([PG_BIN / command, *args], check=True, cwd=self.sockets, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, **who)

    def start(self):
        settings = {"listen_addresses": "", "unix_socket_directories": self.sockets, "max_connections": 200,
                    "log_line_prefix": "%m %q%u ", "timezone": "UTC", **self.settings}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process = spawn([PG_BIN / "postgres", "-D", self.data, *options], self.log, self.user,
                             fatal=signal.SIGINT)
        until(lambda: self.connect(dbname="postgres").close() is None, "PostgreSQL")
        return self

    def dsn(self, user="postgres", dbname="moa"):
        return f"host={self.sockets} dbname={dbname} user={user}"

    def connect(self, user="postgres", dbname="moa"):
        """A psycopg2 connection in autocommit mode."""
        connection = psycopg2.connect(self.dsn(user, dbname))
        connection.autocommit = True
        return connection

    def query(self, sql, *args):
        """Run one statement as superuser and return its rows, if it has any."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, args or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def stop(self):
        """Fast shutdown: sessions are cut off, what was committed stays."""
        self.thaw()
        if self.process:
            end(self.process, signal.SIGINT)

    def kill(self):
        """kill -9 the server and every backend, as a power cut would; start() then recovers."""
        everybody = [self.process.pid, *descendants(self.process.pid)]
        for pid in everybody:
            _signal(pid, signal.SIGKILL)
        self.process.wait()
        # The next server waits for none of them: it refuses to start while one is left.
        until(lambda: not any(os.path.exists(f"/proc/{pid}") and _state(pid) != "Z" for pid in everybody), "its backends to end")

    def restart(self):
        self.stop()
        self.start()

    def freeze(self):
        """SIGSTOP the server and every backend: connections stay open and nobody answers."""
        # First the one that makes backends: another would not be among those that are stopped.
        halt([self.process.pid])
        self.frozen = [self.process.pid, *descendants(self.process.pid)]
        halt(self.frozen)

    def thaw(self):
        resume(self.frozen)
        self.frozen = []


class Redis:
    """A scratch Redis that keeps nothing: after stop() and start() it is empty."""

    def __init__(self, place):
        self.place = Path(place)
        self.place.mkdir()
        self.socket = self.place / "redis.sock"
        self.process = None

    def start(self):
        args = ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.place,
                "--unixsocketperm", "777", "--save", "", "--appendonly", "no"]
        self.process = spawn(args, self.place / "log")
        until(lambda: self.client().ping(), "Redis")
        return self

    def client(self):
        return redis.Redis(unix_socket_path=str(self.socket), decode_responses=True)

    def stop(self):
        if self.process:
            end(self.process)

    def restart(self):
        self.stop()
        self.start()

    def freeze(self):
        halt([self.process.pid])

    def thaw(self):
        resume([self.process.pid])
