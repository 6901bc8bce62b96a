"""A play: who takes part, what has not been decided yet, and how operations, time and violence are carried out.

What has been sent and not answered leaves everybody whom it may concern alone ("frozen") until its repetition has been answered;
only then does the model hear of it.
"""

import json
import threading
import time
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import audit
from op import Job
from oracle import Model
from serial import Seen, explain
from state import Customer, day, midnight
from world import World, until

CUSTOMERS, SHOPS = 10, 3
LOSE, KILL = 0.05, 0.0015  # how often a caller hangs up, how often something is killed meanwhile
LATER_MAX = 60  # steps until a caller who hung up tries again
DELIVERED_WITHIN_S = 25 * 86400  # what was not delivered is forgotten after 30 days


class Play:
    """play.run(ops, rng) carries operations out, at once if there are several."""

    def __init__(self, seed, kill=KILL, template=None, secret=None):
        self.world = World(seed, template, secret)
        self.seed, self.kill = seed, kill
        self.model = Model()
        self.n = 0
        self.keys = 0
        self.open = []  # (step when it is tried again, operations)
        self.done = []  # the latest operations with a key, to be repeated
        self.jobs = []  # (name, day) of what the calendar has due, while there is no worker
        self.murder = None  # what is killed during the next operations, whatever is drawn
        self.away_since = None  # when the worker was killed for long
        self.counts, self.refused = Counter(), Counter()
        self.born = None
        self.last = None  # what is told when something does not fit

    def start(self):
        self.world.start()
        self.born = self.world.today()
        self.world.jump((15 - self.world.today().hour) * 3600)
        self.admin = self.world.register("admin", admin=True)
        self.people = [self.world.register(n) for n in range(CUSTOMERS)]
        for n, person in enumerate(self.people):
            person.address = f"198.51.100.{n + 1}"
            self.model.customers[person.id] = Customer(person.id)
        self.shops = [self.world.merchant(n) for n in range(SHOPS)]
        self.nobody = SimpleNamespace(id="nobody", token=None)
        return self

    def stop(self):
        self.world.stop()
        for shop in getattr(self, "shops", ()):
            shop.receiver.stop()

    # Who can take part.

    @property
    def frozen(self):
        """Customers, requests and (merchant, order) of what is undecided."""
        return {name for _, ops, _ in self.open for op in ops for name in (
            *op.customers, *op.requests, *([(op.caller, op.order)] if op.kind == "ask" else []))}

    def free(self):
        frozen = self.frozen
        return [person for person in self.people if person.id not in frozen]

    def person(self, customer):
        return next(person for person in self.people if person.id == customer)

    def shop(self, merchant):
        return next(shop for shop in self.shops if shop.id == merchant)

    def key(self):
        """An Idempotency-Key that nobody has used."""
        self.keys += 1
        return f"sim-{self.seed}-{self.keys}"

    # Operations.

    def run(self, ops, rng):
        """Carry them out; true when all of them are decided and fit."""
        self.last = ops
        for op in ops:
            op.twin = rng.randrange(2)
            op.wait = rng.random() * 0.004 if len(ops) > 1 else 0
            if rng.random() < LOSE:
                op.hang_up = rng.choice([0, 0.001, 0.003, 0.01])
            self.counts[op.kind] += 1
        victim = self.victim(rng, len(ops))
        seen = self.newest(ops)
        self.fire(ops, victim)
        delay = rng.choice([0, 0, 0, 1 + rng.randrange(LATER_MAX)])
        if any(not op.decided for op in ops) and delay and not victim:
            self.open.append((self.n + delay, ops, seen))
            return False
        self.decide(ops, seen)
        if victim:
            self.recover()
        return True

    def victim(self, rng, many):
        """What is killed during so many operations, which one of it, and when; mostly nothing."""
        drawn = rng.random() < self.kill * (4 if many > 1 else 1)
        victim = rng.choice(["pay", "pay", "worker", "postgres", "backend"]), rng.randrange(2), rng.random() * 0.02
        if self.murder:
            victim, self.murder = (self.murder, *victim[1:]), None
            return victim
        return victim if drawn else None

    def fire(self, ops, victim=None):
        """All at once; and meanwhile something is killed."""
        if len(ops) == 1 and not victim:
            return ops[0].attempt(self.world)
        faults = []

        def guard(act, *args):
            try:
                act(*args)
            except Exception as e:  # pylint: disable=broad-except
                faults.append(e)

        def send(op):
            time.sleep(op.wait)
            op.attempt(self.world)

        def strike():
            time.sleep(victim[2])
            if victim[0] != "worker" or self.world.worker:
                self.world.kill(*victim[:2])

        threads = [threading.Thread(target=guard, args=(send, op)) for op in ops]
        threads += [threading.Thread(target=guard, args=(strike,))] if victim else []
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]
        return None

    def newest(self, ops):
        """Of customers with whom several things are done at once, the number of the ledger's last entry before that."""
        if len(ops) < 2:
            return {}
        return {name: next((one["id"] for one in self.world.read("/ledger?limit=1", self.person(name)).body["items"]), 0)
                for name in sorted({name for op in ops for name in op.customers})}

    def decide(self, ops, seen):
        """Have all of them answered, and explained."""
        self.last = ops
        for op in ops:
            op.settle(self.world)
            if op.reply.code:
                self.refused[op.reply.code] += 1
        explain(self.model, ops, [self.seen(name, last) for name, last in seen.items()])
        if not seen and self.n % 5 == 0:
            for name in {name for op in ops for name in op.customers}:
                self.model.summary(*self.summary(name))
        self.done = [*self.done, *(op for op in ops if op.key and not op.reply.code)][-60:]

    def summary(self, customer):
        reply = self.world.read("/summary", self.person(customer))
        return customer, reply.body, reply.ended

    def seen(self, customer, last):
        """What a customer sees when all is done: the summary, and the entries behind the last one before."""
        items = self.world.read("/ledger?limit=100", self.person(customer)).body["items"]
        return Seen(*self.summary(customer), len(self.model.customers[customer].entries),
                    [audit.entry(one) for one in reversed(items) if one["id"] > last])

    def check(self, who):
        """Somebody reads all there is to read."""
        self.last = None
        audit.person(self, who)

    def resolve(self, upto=None):
        """Try again what is due by a step, or all."""
        due = [one for one in self.open if upto is None or one[0] <= upto]
        self.open = [one for one in self.open if upto is not None and one[0] > upto]
        for _, ops, seen in due:
            self.decide(ops, seen)

    def recover(self):
        """After a restart everything must be there."""
        self.world.repair()
        audit.verify(self.world)
        audit.people(self)

    # Time.

    def jump(self, wanted):
        """Time passes, and with it what the calendar does: at once, or when there is a worker again."""
        now = self.world.now()
        then = now + wanted
        gap = midnight(day(then) + timedelta(days=1)) - then
        then += gap + 60 if gap < 60 else 0
        if self.away_since and then > self.away_since + DELIVERED_WITHIN_S:
            self.come_back()
        if then - now > 86400 and self.undelivered():
            then = now + 43200
        if day(then) != day(now):
            self.resolve()
        self.world.jump(then - self.world.now())
        self.jobs += self.model.due_jobs(day(now), day(self.world.now()))
        if self.jobs and self.world.worker:
            self.keep_calendar()

    def undelivered(self):
        return self.world.query("SELECT count(*) FROM pay.webhook_delivery WHERE status = 'pending'")[0][0]

    def keep_calendar(self, ops=()):
        """The worker is there: it does what is due, and the model does; meanwhile others may do something."""
        jobs, self.jobs = [Job(name, of, self.world.now()) for name, of in self.jobs], []
        seen = self.newest(ops) or self.newest([*ops, *ops])
        if ops:
            self.fire(ops)
        until(lambda: self.world.query("SELECT count(*) FROM pay.jobs WHERE status <> 'done'") == [(0,)], "the jobs", 60)
        for job in jobs:
            job.ended = self.world.now()
        self.decide([*jobs, *ops], seen)

    def mind_midnight(self):
        """Nothing shall be done in the last seconds of a day: it would be unclear on which day it was."""
        now = self.world.now()
        if midnight(day(now) + timedelta(days=1)) - now < 45:
            self.jump(90)

    def go_away(self):
        """No worker for a while."""
        self.world.kill("worker")
        self.world.down.clear()
        self.away_since = self.world.now()

    def come_back(self, ops=()):
        self.away_since = None
        self.world.start_worker()
        self.world.restarts += 1
        for op in ops:
            self.counts[op.kind] += 1
        self.keep_calendar(ops)

    # The end.

    def finish(self):
        """All is decided, done and delivered."""
        self.resolve()
        if self.away_since:
            self.come_back()
        for shop in self.shops:
            shop.receiver.answers.clear()
            shop.receiver.released.set()
        for orders in (self.world.gateway.faults, self.world.gateway.refusals, self.world.gateway.late):
            orders.clear()
        audit.drain(self)
        audit.verify(self.world)
        audit.everything(self)

    def tell(self, e):
        """A contradiction, with what led to it."""
        lines = [f"seed {self.seed}, step {self.n}: {e}"]
        lines += [f"  {op}" for op in self.last or ()]
        names = {name for op in self.last or () for name in op.customers}
        lines += [f"  the model's {self.model.customers[name]}" for name in names if name in self.model.customers]
        return "\n".join(lines)

    def line(self, elapsed):
        """What has been done, on one line."""
        return json.dumps({"seed": self.seed, "steps": self.n, "days": (self.world.today() - self.born).days,
                           "operations": dict(sorted(self.counts.items())), "refusals": dict(sorted(self.refused.items())),
                           "lost": self.world.lost, "killed": dict(sorted(self.world.killed.items())),
                           "restarts": self.world.restarts, "seconds": round(elapsed)})
