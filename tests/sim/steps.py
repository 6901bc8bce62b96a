"""The steps of the simulation, drawn from the seed: what is done, how time passes, and when there is no worker.

Each step draws from a generator of its own, made of the seed and its number, so that what one step finds does not change what the
next one draws.
"""

import random

import calls
import deeds
import races
from state import day


def tick(play, rng):
    play.jump(rng.uniform(0.5, 40))


def wait(play, rng):
    play.jump(rng.uniform(40, 1500))


def hours(play, rng):
    play.jump(rng.uniform(0.5, 14) * 3600)


def calendar(play, rng):
    """To the morning, noon or evening of the next day that the calendar has something for."""
    today = play.world.today()
    wanted = rng.choice([1, 2, 15, 16, 17, 28])
    days = (wanted - today.day) % 31 or 1
    while (day(play.world.now() + days * 86400)).day != wanted and days < 62:
        days += 1
    at = today.replace(hour=0, minute=2, second=0) if rng.random() < 0.5 else today.replace(hour=rng.randint(1, 22), minute=30)
    play.jump(days * 86400 + (at - today).total_seconds())


def away(play, rng):
    """No worker for a while: days may pass."""
    if not play.away_since:
        play.go_away()
        if rng.random() < 0.7:
            calendar(play, rng)


def back(play, rng):
    """It catches up, while customers go on: alone, or against something that is done at the same time."""
    if play.away_since:
        frees = play.free()
        ops = []
        for who in rng.sample(frees, min(3, len(frees))):
            owed = deeds.owed_by(play, who)
            ops.append(deeds.refund_of(play, rng, rng.choice(owed), who) if owed else calls.check_in(who))
        play.come_back(ops)


# How often each is drawn.
WEIGHTS = {
    deeds.buy: 20, deeds.ask: 8, deeds.claim: 8, deeds.approve: 8, deeds.guess: 1, deeds.cancel: 3, deeds.close: 2,
    deeds.look: 4, deeds.refund: 7, deeds.again: 5, deeds.repay: 9, deeds.begin: 2, deeds.confirm: 2, deeds.extend: 3,
    deeds.check_in: 4, deeds.block: 1, deeds.unblock: 1.2, deeds.read: 2, deeds.redeliver: 1, deeds.notice: 1,
    deeds.deaf: 1, deeds.weather: 2,
    races.approve: 2, races.cancel: 2, races.limit: 3, races.refund: 2, races.check_in: 1, races.repay: 2,
    races.claim: 1, races.same: 2, races.expiry: 2, races.anything: 2,
    tick: 5, wait: 3, hours: 2, calendar: 3, away: 0.6, back: 1.2,
}


def draw(play, n):
    """Do the step with that number."""
    rng = random.Random(f"{play.seed}/{n}")
    play.n = n
    play.resolve(upto=n)
    play.mind_midnight()
    play.counts["step"] += 1
    [step] = rng.choices(list(WEIGHTS), WEIGHTS.values())
    step(play, rng)
