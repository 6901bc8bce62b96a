"""Uploads beside the same bytes sent through the same web server into a program that drops them (sink.c)."""

import http.client
import subprocess
import time
from pathlib import Path
from statistics import median

from measure import cpu_seconds, in_turn, pids, resident_mb
from yardstick import PROCESSES

HERE = Path(__file__).resolve().parent
MIB = 1024 * 1024
SIZE = 100 * MIB
GOAL = 0.5
GROWTH_MB = 4


def add_sink(httpd):
    """Let the web server, which does not run yet, hand what comes for /sink to sink.c, as it hands uploads to shorts."""
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fcgi"], check=True, capture_output=True, text=True).stdout.split()
    sink = httpd.place / "libexec/sink.fcgi"
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-g", "-pthread", HERE / "sink.c", "-o", sink, *flags], check=True)
    httpd.extra += (f'\n$HTTP["url"] == "/sink" {{\n\tfastcgi.server = ( "/" => (( "bin-path" => "{sink}",'
                    f' "socket" => "{httpd.place}/run/sink.sock", "max-procs" => {PROCESSES}, "check-local" => "disable" )) )\n'
                    "\tserver.stream-request-body = 2\n\tserver.max-request-size = 210000\n}\n")


class Line:
    """A connection that is kept, as a phone's."""

    def __init__(self, system, token=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", system.port, timeout=60)
        self.headers = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def renew(self):
        """The web server hangs up when nothing comes for a few seconds."""
        self.connection.close()

    def ask(self, method, path, body=b"", **headers):
        self.connection.request(method, path, body, {**self.headers, **headers})
        reply = self.connection.getresponse()
        reply.read()
        if reply.status not in (201, 204):
            raise SystemExit(f"{method} {path}: {reply.status}")
        return reply


def send(line, path, size, chunk):
    """Send so many bytes in such chunks; bytes per second."""
    data = bytes(chunk)
    line.renew()
    begun = time.monotonic()
    for at in range(0, size, chunk):
        line.ask("PATCH", path, data, **{"Upload-Offset": str(at)})
    return size / (time.monotonic() - begun)


def upload(table, bench, args):
    """100 MiB in chunks of 1 MiB, and in one, beside the sink; and what of memory that takes."""
    system = bench.few.system
    customer = bench.few.register()
    line, plain = Line(system, customer.access_token), Line(system)

    def moa(chunk, size=SIZE):
        line.renew()
        made = line.ask("POST", "/api/v1/shorts/uploads", **{"Upload-Length": str(size), "Content-Type": ""})
        path = made.headers["Location"]
        rate = send(line, path, size, chunk)
        line.ask("DELETE", path)
        return rate

    small = moa(MIB, 10 * MIB)
    table.note("upload of 10 MiB in chunks of 1 MiB, MB/s", f"{small / 1e6:.0f}")
    before = max(resident_mb(pid) for pid in pids(system, "shorts"))
    for name, chunk in (("1 MiB", MIB), ("100 MiB", SIZE)):
        cpu = cpu_seconds(pids(system, "shorts"))
        rates = in_turn(args.rounds, moa=lambda c=chunk: moa(c), sink=lambda c=chunk: send(plain, "/sink", SIZE, c))
        cpu = (cpu_seconds(pids(system, "shorts")) - cpu) / (args.rounds + 1)
        own, bare = median(rates["moa"]), median(rates["sink"])
        table.goal(f"upload of 100 MiB in chunks of {name}, of the sink's rate", f"{own / bare:.2f} ({own / 1e6:.0f} of {bare / 1e6:.0f} MB/s)",
                   f">= {GOAL}", own / bare >= GOAL)
        table.note("  processor time of the program for it, s", f"{cpu:.2f}")
    table.note("resident memory of lighttpd, MB", f"{resident_mb(system.process.pid):.1f}")
    after = max(resident_mb(pid) for pid in pids(system, "shorts"))
    table.goal("resident memory of a process, after 10 and 100 MiB", f"{before:.1f}, {after:.1f} MB", f"< {GROWTH_MB} MB more",
               after - before < GROWTH_MB)
