"""The harness: a whole moa in a temporary directory, through the web servers' shipped templates.

Everything listens on unix sockets there, but for the web server's port on loopback.
"""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import requests

from servers import end, processes, spawn, until

TREE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("MOA_BUILD", TREE / "build")).resolve()
APACHE_MODULES = Path("/usr/lib/apache2/modules")
PROGRAMS = ("auth", "pay", "chatbot", "shorts")
# The web servers and the programs they spawn do not run as root.
WWW_USER = "www-data" if os.geteuid() == 0 else None


def binary(name):
    """The program of that name in the build directory."""
    path = BUILD / name
    if path.is_file():
        return path
    raise FileNotFoundError(f"{name} is not in {BUILD}: build first, or set MOA_BUILD")


class Ctl:
    """moa-ctl against one scratch system: ctl("migrate") runs it and returns what it printed."""

    def __init__(self, postgres, server, secret):
        self.env = {"PATH": os.environ["PATH"], "MOA_PG": postgres.dsn(), "MOA_REDIS": f"unix:{server.socket}",
                    "MOA_AUTH_SECRET_FILE": str(secret), "MOA_SQL_DIR": str(TREE / "sql"), **sanitizers()}

    def __call__(self, *args, check=True):
        done = self.run(*args)
        if check and done.returncode:
            raise RuntimeError(f"moa-ctl {' '.join(args)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def run(self, *args, env=None):
        """The same, whatever its exit status; returns subprocess's CompletedProcess."""
        return subprocess.run([binary("moa-ctl"), *args], env={**self.env, **(env or {})}, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)


def sanitizers():
    """The caller's options for sanitized builds, which must reach every program."""
    return {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}


class Program:
    """A program that runs by itself on a unix socket, as under systemd, with its log in a file."""

    def __init__(self, name, place, env, path=None):
        self.path = path or binary(f"{name}.fcgi")
        self.socket = Path(place) / f"{name}.sock"
        self.log = Path(place) / f"{name}.log"
        self.env = {"PATH": os.environ["PATH"], **env}
        self.process = None

    def start(self):
        self.process = spawn([self.path, "-s", self.socket], self.log, env=self.env)
        until(self._listens, f"{self.path.name} to listen")
        return self

    def _listens(self):
        if self.process.poll() is not None:
            raise RuntimeError(self.log.read_text())
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(self.socket))
        return True

    def stop(self, how=signal.SIGTERM):
        """Ask the program to end and return its exit status."""
        return end(self.process, how) if self.process else None


class Httpd:
    """What lighttpd and Apache have in common: a place of their own, a port, the programs' log."""

    user = None  # as whom the server is started

    def __init__(self, place, postgres, server, secret, env=None):
        self.place = Path(place)
        self.postgres = postgres
        self.redis = server
        self.process = None
        self.port = None
        self.twins = 2  # processes of each program
        self.extra = ""  # lines to append to the web server's configuration
        self.env = {
            "MOA_PG": f"host={postgres.sockets} dbname=moa",
            "MOA_REDIS": f"unix:{server.socket}",
            "MOA_CORS_ORIGINS": "https://shop.example",
            "MOA_THREADS": "48",  # enough for the tests, of which several run at once
            **sanitizers(),
            **(env or {}),
        }
        self.auth_env = {"MOA_AUTH_SECRET_FILE": str(secret)}
        self.pay_env = {}  # wins over env, as auth_env does
        self.chatbot_env = {}
        self.shorts_dir = self.place / "shorts"
        self.shorts_env = {"MOA_SHORTS_DIR": str(self.shorts_dir)}
        self._install()
        self.programs_log = self.place / "log/moa.log"
        self.ctl = Ctl(postgres, server, secret)

    def _install(self):
        """Copy what the web server needs: its user may be unable to enter the build directory."""
        for name in ("etc/moa", "libexec/moa", "share/moa", "run", "log", "tmp", "shorts"):
            (self.place / name).mkdir(parents=True)
        for name in PROGRAMS:
            shutil.copy(binary(f"{name}.fcgi"), self.place / "libexec/moa")
        for name, source in (("doc", "doc"), ("htdocs", "htdocs"), ("problem", "httpd-conf/problem")):
            shutil.copytree(TREE / source, self.place / "share/moa" / name)
        if WWW_USER:
            for name in ("run", "log", "tmp", "shorts"):
                shutil.chown(self.place / name, WWW_USER, WWW_USER)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def render(self, template, target, **values):
        """Fill in a shipped template, as an installation would, and return where the result is."""
        paths = {name: self.place / directory for name, directory in (
            ("sysconfdir", "etc"), ("libexecdir", "libexec"), ("datadir", "share"), ("rundir", "run"),
            ("logdir", "log"), ("tmpdir", "tmp"))}
        values = {**paths, **values}
        text = (TREE / "httpd-conf" / template).read_text()
        text = re.sub(r"@(\w+)@", lambda found: str(values[found[1]]), text)
        path = self.place / "etc/moa" / target
        path.write_text(text + (self.extra if "standalone" in target else ""))
        return path

    def start(self, ready=True):
        """Start on a free port; with ready, wait until every program says that it can serve."""
        for _ in range(5):
            self.port = free_port()
            self.process = spawn(self.command(), self.place / "log/httpd.out", self.user)
            until(lambda: self.process.poll() is not None or self._listens(), "the web server", 60)
            if self.process.poll() is None:
                break
        else:
            raise RuntimeError((self.place / "log/httpd.out").read_text())
        if ready:
            self.wait_ready()
        return self

    def _listens(self):
        """Both servers write their pid when the port is theirs, and not if somebody was faster."""
        return int((self.place / "run/httpd.pid").read_text() or 0) == self.process.pid

    def wait_ready(self, programs=PROGRAMS, seconds=60):
        for name in programs:
            prefix = "chat" if name == "chatbot" else name
            until(lambda p=prefix: requests.get(f"{self.url}/api/v1/{p}/readyz", timeout=5).status_code == 200,
                  f"{name} to be ready", seconds)

    def stop(self):
        if self.process:
            end(self.process)
            until(lambda: not self.programs(), "the programs to end", 35)

    def restart(self):
        self.stop()
        self.start()

    def _missing(self, shared, own):
        """What a program is to be given besides what all get."""
        return {name: value for name, value in {**self.env, **own}.items() if name not in shared}

    def programs(self):
        """{"auth": [pid, …]} of the programs that run."""
        found = {}
        for pid, _, executable in processes():
            name = executable.removesuffix(".fcgi")
            if name in PROGRAMS and self._owns(pid):
                found.setdefault(name, []).append(pid)
        return found

    def _owns(self, pid):
        try:
            return os.readlink(f"/proc/{pid}/exe").startswith(f"{self.place}/")
        except OSError:
            return False

    def log(self):
        """The programs' log lines so far, each as a dict of its key=value pairs."""
        pairs = re.compile(r'(\w+)=("[^"]*"|\S*)')
        text = self.programs_log.read_text(errors="replace") if self.programs_log.exists() else ""
        return [{key: value.strip('"') for key, value in pairs.findall(line)}
                for line in text.splitlines() if "event=" in line]

    def logged(self, response):
        """The log line of the request that response answers, with its statements=N as a number."""
        wanted = response.headers["X-Request-Id"]
        line = until(lambda: [line for line in self.log()
                              if line.get("event") == "request" and wanted in line.values()],
                     f"the log line of request {wanted}")[-1]
        return {**line, "statements": int(line["statements"])}


class Lighttpd(Httpd):
    """moa behind lighttpd, which spawns the programs."""

    # From the start: if it changed to that user by itself, it would not end with pytest (see spawn).
    user = WWW_USER

    def command(self):
        def table(env):
            return "( " + ", ".join(f'"{name}" => "{value}"' for name, value in env.items()) + " )"

        # lighttpd takes no name twice.
        own = {**self.auth_env, **self.pay_env, **self.chatbot_env, **self.shorts_env}
        shared = {name: value for name, value in self.env.items() if name not in own}
        settings = f"""
            var.moa_procs = {self.twins}
            var.moa_run = "{self.place}/run"
            var.moa_log = "{self.programs_log}"
            var.moa_internal = "127.0.0.0/8"
            var.moa_env = {table(shared)}
            var.moa_auth_env = {table(self._missing(shared, self.auth_env))}
            var.moa_pay_env = {table(self._missing(shared, self.pay_env))}
            var.moa_chatbot_env = {table(self._missing(shared, self.chatbot_env))}
            var.moa_shorts_env = {table(self._missing(shared, self.shorts_env))}
            var.moa_shorts_dir = "{self.shorts_dir}"
            """
        (self.place / "etc/moa/lighttpd-settings.conf").write_text(settings)
        self.render("lighttpd/moa.conf.in", "lighttpd.conf")
        main = self.render("lighttpd/standalone.conf.in", "lighttpd-standalone.conf", bind="127.0.0.1",
                           port=self.port, user="")
        return ["lighttpd", "-D", "-f", main]


class Apache(Httpd):
    """moa behind Apache: mod_fcgid spawns the programs, streams and uploads go to programs of their own."""

    def start(self, ready=True):
        self.start_streams()
        self.pay_streams = self._start_alone("pay", self.pay_env)
        self.start_uploads()
        return super().start(ready)

    def start_streams(self):
        self.streams = self._start_alone("chatbot", self.chatbot_env)

    def start_uploads(self):
        self.uploads = self._start_alone("shorts", self.shorts_env)

    def _start_alone(self, name, env):
        program = Program(name, self.place / "run", {**self.env, **env}, self.place / f"libexec/moa/{name}.fcgi")
        program.start()
        if WWW_USER:
            shutil.chown(program.socket, WWW_USER, WWW_USER)
        return program

    def stop(self):
        if self.process:
            self.streams.stop()
            self.pay_streams.stop()
            self.uploads.stop()
        super().stop()

    def command(self):
        def options(name, env):
            few = {"MOA_THREADS": "2", "MOA_PG_POOL": "1", "MOA_REDIS_POOL": "1"}
            given = " ".join(f'InitialEnv "{key}={value}"' for key, value in {**env, **few}.items())
            return f'FcgidCmdOptions "{self.place}/libexec/moa/{name}.fcgi" MinProcesses 2 MaxProcesses 8 {given}'

        settings = [
            "Define MOA_INTERNAL 127.0.0.0/8",
            f"Define MOA_RUN {self.place}/run",
            options("auth", {**self.env, **self.auth_env}),
            options("pay", {**self.env, **self.pay_env}),
            options("chatbot", {**self.env, **self.chatbot_env}),
            options("shorts", {**self.env, **self.shorts_env}),
            f"Define MOA_SHORTS_DIR {self.shorts_dir}",
        ]
        (self.place / "etc/moa/apache-settings.conf").write_text("\n".join(settings) + "\n")
        self.render("apache/moa.conf.in", "apache.conf")
        user = f"User {WWW_USER}\nGroup {WWW_USER}" if WWW_USER else ""
        main = self.render("apache/standalone.conf.in", "apache-standalone.conf", bind="127.0.0.1",
                           port=self.port, user=user, modules=APACHE_MODULES)
        return ["apache2", "-D", "FOREGROUND", "-f", main]


def free_port():
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def new_place():
    """A temporary directory that every user may enter (PostgreSQL does not run as root), short enough for sockets."""
    place = Path(tempfile.mkdtemp(prefix="moa-", dir="/tmp"))
    place.chmod(0o711)
    return place


def new_secret(place):
    """A file with a fresh secret for auth."""
    path = Path(place) / "auth.secret"
    path.write_text(secrets.token_hex(32))
    path.chmod(0o600)
    if WWW_USER:
        shutil.chown(path, WWW_USER)
    return path
