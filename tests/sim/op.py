"""An operation: a call that somebody makes, again and again until it is known what came of it."""

import time

from state import Contradiction

ENDING = {"code_expired", "repayment_ended", "gateway_refused"}  # refusals that may end something
UNDECIDED = {"idempotency_in_progress"}
PATIENCE_S = 40


class Op:
    """One call; what the model has to know of it are its attributes."""

    def __init__(self, kind, who, path, body=None, method="POST", key=None, **facts):
        self.kind = kind
        self.who = who  # has .id and .token()
        self.caller = who.id
        self.path, self.body, self.method, self.key = path, body, method, key
        self.customers, self.requests = (), ()  # by id: what may change
        self.confirming = False  # does somebody else ask the gateway about the same money meanwhile?
        self.wait = 0.0  # before it is sent, when several are at once
        self.hang_up = None  # so soon after sending, the first time
        self.twin = 0
        self.tries = 0
        self.is_last = False  # asked when all tries before had ended
        self.reply = None
        self.probe = None
        self.first = None  # when it was sent first
        self.__dict__.update(facts)

    @property
    def same(self):
        """What a repetition must be the same as."""
        return self.path, repr(self.body)

    @property
    def began(self):
        return self.first

    @property
    def ended(self):
        return self.reply.ended

    @property
    def decided(self):
        return self.reply is not None and self.reply.status < 500 and self.reply.code not in UNDECIDED

    @property
    def is_idle(self):
        """Refused, so that nothing was changed, by this try or by one before."""
        return self.reply.code is not None and self.reply.code not in ENDING and (
            self.tries == 1 or self.kind not in ("check_in", "claim"))

    def attempt(self, world):
        """Once."""
        self.tries += 1
        hang_up, self.hang_up = self.hang_up, None
        if self.first is None:
            self.first = world.now()
        token = self.who.token() if self.who.token else None
        self.reply = world.call(self.method, self.path, self.body, token, self.key, hang_up, self.twin,
                                getattr(self.who, "address", "192.0.2.7"))
        if self.reply is not None and self.reply.status == 500 and not world.is_shaken():
            raise Contradiction(f"internal error: {self.reply.body}")

    def settle(self, world):
        """Until it is known what came of it.

        Without a key, or refused, a repetition says nothing of a try that is still on its way and may yet be done: that is waited
        for, and then it is asked again.
        """
        while True:
            self.repeat(world)
            if self.tries == 1 or self.is_last or self.key and not self.reply.code:
                break
            world.quiesce()
            self.is_last = True
            self.attempt(world)
        if self.kind == "check_in" and self.reply.code and self.tries > 1:
            self.probe = world.read("/check_in", self.who).body

    def repeat(self, world):
        """Until it is answered."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.decided:
            self.is_last = False
            world.repair()
            if time.monotonic() > deadline:
                raise Contradiction(f"it is never answered: {self.reply}")
            if self.tries:
                time.sleep(0.02)
            self.twin = 1 - self.twin
            self.attempt(world)

    def __str__(self):
        told = f"{self.method} {self.path} {self.body or ''} key={self.key} by {self.caller} after {self.tries} tries"
        return f"{self.kind}: {told} -> " + (f"{self.reply.status} {self.reply.body}" if self.reply else "no reply")


class Job:
    """What the calendar has done."""

    kind, caller, key, customers, requests, confirming, tries = "job", None, None, (), (), False, 1

    def __init__(self, name, day, began):
        self.name, self.day, self.began, self.ended = name, day, began, None
        self.reply = self

    def settle(self, _):
        """It has been waited for."""

    code, replayed, is_idle = None, False, False

    def __str__(self):
        return f"job {self.name} of {self.day}"
