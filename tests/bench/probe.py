"""GET /auth/me fifty times a second from a process of its own: what others feel while something else goes on."""

import contextlib
import http.client
import multiprocessing
import os
import time

from measure import percentile

PER_SECOND = 50


def _call(port, token, seconds, results):
    """Send on time, whether the last answer was late or not, and count from when it was due; ahead of what is measured, if allowed."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {token}"}
    begun, latencies = time.monotonic(), []
    for n in range(int(seconds * PER_SECOND)):
        due = begun + n / PER_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        connection.request("GET", "/api/v1/auth/me", headers=headers)
        reply = connection.getresponse()
        reply.read()
        assert reply.status == 200, reply.status
        latencies.append((time.monotonic() - due) * 1000)
        if n % 500 == 499:  # lighttpd ends a connection after a thousand requests
            connection.close()
    results.put(latencies)


class Probe:
    """probe = Probe(system, customer, seconds); …; probe.result() -> p99 in ms."""

    def __init__(self, system, customer, seconds):
        self.results = multiprocessing.Queue()
        self.process = multiprocessing.Process(
            target=_call, args=(system.port, customer.access_token, seconds, self.results))
        self.process.start()

    def result(self):
        latencies = self.results.get()
        self.process.join()
        return percentile(latencies, 99)
