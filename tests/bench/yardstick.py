"""What the benchmarks hold moa against: bare.c behind the same web server; and wrk, which asks both."""

import json
import re
import subprocess
import sys
from pathlib import Path

from moa import TREE

HERE = Path(__file__).resolve().parent
PROCESSES = 2


def add_bare(httpd, threads, connections):
    """Let the web server, which does not run yet, serve /bare?<customer's id> by bare.c, with so much of both in each process."""
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fcgi", "libpq"], check=True, capture_output=True,
                           text=True).stdout.split()
    # The options of an ordinary build, and the statement straight from auth's table.
    bare = httpd.place / "libexec/bare.fcgi"
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-g", "-pthread", "-I", TREE / "lib", "-I", TREE / "cgi-bin/auth",
                    HERE / "bare.c", TREE / "cgi-bin/auth/auth_sql.c", "-o", bare, *flags], check=True)
    # The arguments come from a file: lighttpd splits bin-path at blanks, and a connection string has some.
    script = httpd.place / "libexec/bare"
    script.write_text(f"#!/bin/sh\nexec {bare} {threads} {connections} "
                      f"'host={httpd.postgres.sockets} dbname=moa user=moa_auth'\n")
    script.chmod(0o755)
    httpd.extra = (f'\n$HTTP["url"] == "/bare" {{ fastcgi.server = ( "/" => (( "bin-path" => "{script}",'
                   f' "socket" => "{httpd.place}/run/bare.sock", "max-procs" => {PROCESSES},'
                   ' "check-local" => "disable" )) ) }\n')


def shipped_env(program):
    """What the shipped settings give to a program."""
    text = (TREE / "httpd-conf/lighttpd/settings.conf.in").read_text()
    table = re.search(rf"^var\.moa_{program}_env = \((.*?)^\)", text, re.M | re.S)
    return dict(re.findall(r'^\s*"(\w+)" => "(.*)",$', table[1], re.M))


def wrk(url, seconds, token=None, connections=32):
    """Load for so long: (requests, requests per second, p99 in ms).  One in a thousand may fail, on a busy machine."""
    header = ["-H", f"Authorization: Bearer {token}"] if token else []
    out = subprocess.run(["wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s", *header, url], check=True,
                         capture_output=True, text=True).stdout
    words = out.split()
    count = int(words[words.index("requests") - 1])
    if "Non-2xx" in out and int(words[words.index("Non-2xx") + 4]) * 1000 > count:
        sys.exit(f"{url} failed:\n{out}")
    p99 = words[words.index("99%") + 1]
    scale = {"us": 0.001, "ms": 1, "s": 1000}[p99.lstrip("0123456789.")]
    return (count, float(words[words.index("Requests/sec:") + 1]),
            float(p99.rstrip("mus")) * scale)


class Calls:
    """
    What came of calls that were prepared, each sent at most once: the file has a line for each, path, token, Idempotency-Key
    and body with tabs between them.  sent: how many lines were used; replies, and rate of them per second; p50, p99 in ms; failed:
    replies that were no success, or none at all.
    """

    def __init__(self, url, path, seconds, connections):
        out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "calls.lua", url, "--", path],
                             check=True, capture_output=True, text=True).stdout
        told = json.loads(out.splitlines()[-1])
        if told["sent"] >= sum(1 for _ in path.open()):
            sys.exit(f"{path.name}: too few calls for {seconds} s were prepared")
        self.sent, self.replies, self.failed = told["sent"], told["replies"], told["failed"]
        self.rate = self.replies / told["us"] * 1e6
        self.p50, self.p99 = told["p50_us"] / 1000, told["p99_us"] / 1000
