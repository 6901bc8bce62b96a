"""Load for the tests of bad weather: threads that call again and again and write down what came back."""

import itertools
import secrets
import threading
import time
import uuid
from collections import defaultdict
from dataclasses import dataclass

import requests

from servers import until


@dataclass
class Call:
    """One call: what it was about, when it ended, how long it took, its status (0: no answer at all), a refusal's code."""

    subject: str
    ended: float
    seconds: float
    status: int
    code: str = ""


class Load:
    """with Load(call, threads): call(session, number) -> (subject, response) in each thread until the block ends.

    Between its calls a thread pauses for so many seconds.
    """

    def __init__(self, call, threads=6, pause=0.0):
        self.call = call
        self.pause = pause
        self.calls = []
        self.numbers = itertools.count()
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def _run(self):
        session = requests.Session()
        session.trust_env = False
        while not self.ending.is_set():
            begun = time.monotonic()
            subject = code = ""
            try:
                subject, reply = self.call(session, next(self.numbers))
                status = reply.status_code
                if reply.headers.get("Content-Type") == "application/problem+json":
                    code = reply.json()["code"]
            except requests.RequestException:
                status = 0
            ended = time.monotonic()
            self.calls.append(Call(subject, ended, ended - begun, status, code))
            self.ending.wait(self.pause)

    def wait_calls(self, n, since=0.0, status=None):
        """Wait until n calls (of that status) have ended after the time since, and return them."""
        def enough():
            found = [c for c in list(self.calls) if c.ended - c.seconds >= since and status in (None, c.status)]
            return found if len(found) >= n else None

        return until(enough, f"{n} calls with status {status or 'any'}", 30)


def register_calls(system):
    """Calls that each register somebody: the acknowledged ones must be found afterwards."""
    tag = secrets.token_hex(4)

    def call(session, number):
        email = f"load-{tag}-{number}@example.com"
        reply = session.post(f"{system.url}/api/v1/auth/register", timeout=20, json={
            "email": email, "password": "a long password", "name": "모아", "birth_date": "1995-04-03"})
        return email, reply

    return call


def me_calls(system, customer):
    """Calls of GET /auth/me."""
    headers = {"Authorization": f"Bearer {customer.access_token}"}

    def call(session, _):
        return customer.email, session.get(f"{system.url}/api/v1/auth/me", headers=headers, timeout=20)

    return call


class Turns:
    """Calls that converse, for as many threads as there are talks: each in one of its own, with something new at
    every call, but for what has not been answered: that it repeats, as clients should."""

    def __init__(self, talks):
        self.talks = talks
        self.answered = defaultdict(list)  # {conversation: ids of the replies}
        self.pending = {}  # {conversation: the message to repeat}
        self.mine = threading.local()
        self.free = iter(talks)

    def __call__(self, session, number):
        if not hasattr(self.mine, "talk"):
            self.mine.talk = next(self.free)
        return self._send(session, self.mine.talk, number)

    def _send(self, session, talk, number):
        message = self.pending.setdefault(talk.id, {"text": f"더 보여줘 {number}번째 부탁",
                                                    "client_message_id": str(uuid.uuid4())})
        reply = session.post(talk.api.url(f"{talk.path}/messages"), json=message, timeout=20,
                             headers={"Authorization": f"Bearer {talk.customer.access_token}"})
        if reply.status_code == 200:
            del self.pending[talk.id]
            self.answered[talk.id].append(reply.json()["message_id"])
        return talk.id, reply

    def assert_each_counted_once(self):
        """Everything answered is there, in its order, and nothing else: no turn was lost and none ran twice."""
        for talk in self.talks:
            if talk.id in self.pending:
                until(lambda t=talk: self._send(requests, t, 0)[1].status_code == 200, "what was left to be answered")
            replies = [message["id"] for message in talk.messages() if message["role"] == "assistant"]
            assert replies[1:] == self.answered[talk.id]  # the first one opens the conversation
            assert talk.now()["turns"] == len(self.answered[talk.id]) > 0
