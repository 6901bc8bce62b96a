"""The steps of the simulation, drawn from the seed: what somebody does, and what goes wrong meanwhile.

Each step draws from a generator of its own, made of the seed and its number, so that what one step finds does not change what the
next one draws.
"""

import random
import secrets

import calls
from oracle import Contradiction, day, month_before

GATEWAY_FAULTS = ["cut-before", "cut-after", "500-before", "500-after", "garbage-after", "hang-before", "hang-after"]


# Choosing.


def one_of(rng, found):
    """One of those that there are, or None."""
    return rng.choice(found) if found else None


def amount(rng, limit=100_000):
    kind = rng.random()
    if kind < 0.01:
        return rng.choice([0, -1, -12_900, 100_000_001, 2**62])
    if kind < 0.3:
        return rng.randint(1, 3000)
    if kind < 0.85:
        return rng.randint(min(3000, limit // 4), limit // 4)
    return rng.randint(limit // 4, int(limit * 1.1))


def requests(play, *statuses):
    """The latest requests in one of these states that nobody is at."""
    frozen = play.frozen
    return [r for r in list(play.model.requests.values())[-80:] if r.status in statuses
            and not r.unclear and r.id not in frozen and r.customer not in frozen]


def bought(play, rng, want=lambda p: True):
    """(customer, payment) of one of the latest, or of any."""
    who = one_of(rng, play.free())
    if who is None:
        return None, None
    payments = [p for p in play.model.customers[who.id].payments.values() if want(p)]
    return who, one_of(rng, payments[-rng.choice([3, 30, 1000]):])


def points_for(play, rng, who, won):
    """Of one's points, for so much: mostly what is allowed."""
    have = play.model.customers[who.id].points
    most = min(have, won)
    return rng.choice([0, 0, most, rng.randint(0, most), rng.randint(0, most), have + 1, -1,
                       won + 1 + rng.randint(0, 9)]
                      if rng.random() < 0.3 else [0, most, rng.randint(0, most)])


# Merchants.


def ask(play, rng, limit=100_000):
    shop = rng.choice(play.shops)
    order = f"order {play.n}-{rng.randrange(1000)}"
    if rng.random() < 0.08 and play.model.requests:
        old = rng.choice(list(play.model.requests.values())[-20:])
        shop, order = play.shop(old.merchant), old.order
        if {old.id, (shop.id, order)} & play.frozen:
            return None
    op = calls.ask(shop, order, amount(rng, limit), rng.choice(["아메리카노", "책", "Scarf & 장갑", "우유 1L"]), play.key())
    if play.run([op], rng) and not op.reply.code:
        return play.model.requests[op.reply.body["id"]]
    return None


def cancel(play, rng):
    states = ("pending", "claimed") if rng.random() < 0.7 else ("paid", "cancelled", "expired")
    r = one_of(rng, requests(play, *states))
    if r:
        play.run([calls.cancel(play.shop(r.merchant), r)], rng)


def close(play, rng):
    r = one_of(rng, requests(play, "pending", "claimed", "paid") if rng.random() < 0.2 else requests(play, "pending", "claimed"))
    if r:
        play.run([calls.close(play.nobody, r)], rng)


def look(play, rng):
    r = one_of(rng, requests(play, "pending", "claimed", "paid", "cancelled", "expired"))
    if r:
        play.run([calls.look(rng.choice([play.shop(r.merchant), play.nobody]), r)], rng)


def refund_of(play, rng, p, who):
    left = p.amount - p.refunded
    won = rng.choice([None, left, max(1, left // 2), max(1, left // 3), rng.randint(1, max(1, left)), left + 1,
                      rng.choice([0, -1, left])])
    shop = play.shop(p.merchant) if rng.random() < 0.95 else rng.choice(play.shops)
    return calls.refund(shop, who.id, p, won, play.key())


def refund(play, rng):
    kind = rng.random()
    who, p = bought(play, rng, lambda p: (p.refunded < p.amount or kind < 0.1)
                    and (kind < 0.3 or kind < 0.6 and p.repaid or kind >= 0.6 and p.owed))
    if p:
        play.run([refund_of(play, rng, p, who)], rng)


def again(play, rng):
    """A reply that had come is asked for once more, or its key is used for something else."""
    young = [op for op in play.done if op.ended > play.world.now() - 20 * 3600]
    op = one_of(rng, young)
    if op is None:
        return
    body = None
    if op.body and rng.random() < 0.2:
        body = {**op.body, **({"amount_won": 77} if "amount_won" in op.body else {"points": 77} if "points" in op.body else {})}
        body = None if body == op.body else body
    if op.kind == "extend" or body is None or op.kind in ("ask", "approve", "refund"):
        play.run([calls.again(op, body)], rng)


def redeliver(play, rng):
    """A merchant wants to hear of something once more."""
    shop = rng.choice(play.shops)
    items = play.world.read(f"/webhook_endpoints/{shop.endpoint}/deliveries?limit=20", shop).body["items"]
    if items:
        path = f"/webhook_endpoints/{shop.endpoint}/deliveries/{rng.choice(items)['id']}/replay"
        reply = play.world.call("POST", path, token=shop.key)
        if reply and reply.status not in (202, 409, 503):
            raise Contradiction(f"a replay: {reply}")


def deaf(play, rng):
    """A merchant's server fails for a while."""
    answers = rng.choices([500, 503, 404, "cut", "garbage", "flood", "hang"], [5, 5, 2, 3, 2, 1, 1], k=rng.randint(1, 4))
    rng.choice(play.shops).receiver.answers.extend(answers)


# Customers.


def claim_of(rng, who, r):
    by = rng.choice(["pin", "qr"])
    return calls.claim(who, r, by, r.pin if by == "pin" else r.qr)


def buy(play, rng):
    """From the request to the payment."""
    who = one_of(rng, play.free())
    if who is None:
        return
    r = ask(play, rng, play.model.customers[who.id].limit)
    if r is None or who.id in play.frozen:
        return
    claimed = claim_of(rng, who, r)
    if not play.run([claimed], rng) or claimed.reply.code or who.id in play.frozen or rng.random() < 0.1:
        return
    play.run([calls.approve(who, r, points_for(play, rng, who, r.amount), play.key())], rng)


def claim(play, rng):
    states = ("pending",) if rng.random() < 0.8 else ("claimed", "paid", "cancelled", "expired")
    who, r = one_of(rng, play.free()), one_of(rng, requests(play, *states))
    if who and r:
        play.run([claim_of(rng, who, r)], rng)


def guess(play, rng):
    """A code that nobody was given."""
    who = one_of(rng, play.free())
    for _ in range(rng.choice([1, 1, 3, 12])):
        if who and who.id not in play.frozen:
            play.run([calls.claim(who, None, "pin", f"{rng.randrange(1_000_000):06}")], rng)


def approve(play, rng):
    r = one_of(rng, requests(play, "claimed") if rng.random() < 0.85 else requests(play, "pending", "paid", "cancelled", "expired"))
    if r is None:
        return
    mine = r.customer and rng.random() < 0.93
    who = play.person(r.customer) if mine else one_of(rng, play.free())
    if who:
        play.run([calls.approve(who, r, points_for(play, rng, who, r.amount), play.key())], rng)


def check_in(play, rng):
    who = one_of(rng, play.free())
    if who:
        play.run([calls.check_in(who)], rng)


def extend(play, rng):
    who = one_of(rng, play.free())
    if who:
        play.run([calls.extend(who, play.key())], rng)


def owed_by(play, who):
    return [p for p in play.model.customers[who.id].payments.values() if p.owed]


def beginning(play, rng, who):
    """A repayment of the oldest bill mostly; of some of its payments; of a later one; of what is not owed, or not one's own."""
    owed = owed_by(play, who)
    months = sorted({p.month for p in owed}) or [month_before(play.world.today())]
    of = months[0] if rng.random() < 0.7 else months[-1]
    kind = rng.random()
    key = play.key()
    if kind < 0.5 or not owed:
        return calls.begin(who, None, of, key)
    if kind < 0.65:
        return calls.begin(who, [p.id for p in owed][:100], None, key)
    mine = [p.id for p in owed if p.month == of]
    chosen = rng.sample(mine, rng.randint(1, min(len(mine), 20)))
    if kind > 0.95:
        _, other = bought(play, rng)
        chosen += [other.id] if other and other.id not in chosen else []
    return calls.begin(who, chosen, None, key)


def begin(play, rng):
    who = one_of(rng, play.free())
    if who:
        play.run([beginning(play, rng, who)], rng)


def confirming(play, rng, who, r):
    """What comes back from the gateway's window, and is sent to be confirmed."""
    key = play.key()
    kind = rng.random()
    if kind < 0.05:  # the window was for another amount
        return calls.confirm(who, r.id, play.world.gateway.pay(r.order, r.amount + 1), key, amount=r.amount, payable=False)
    given = play.world.gateway.pay(r.order, r.amount)
    if kind < 0.1:
        return calls.confirm(who, r.id, given, key, amount=r.amount + 1)
    if kind < 0.14:  # it never was in the window
        return calls.confirm(who, r.id, {**given, "payment_key": f"forged{secrets.token_hex(8)}"}, key, payable=False)
    return calls.confirm(who, r.id, given, key)


def trouble(play, rng, often=0.12):
    """How the gateway answers the next calls."""
    if rng.random() < often:
        for operation in rng.sample(["confirm", "query"], rng.choice([1, 1, 2])):
            faults = rng.choices(GATEWAY_FAULTS, [4, 4, 4, 4, 4, 1, 1], k=rng.choice([1, 1, 2]))
            play.world.gateway.faults.setdefault(operation, []).extend(faults)


def repay(play, rng):
    """All the way; whoever owes most is the likeliest."""
    frees = play.free()
    if not frees:
        return
    who = max(rng.sample(frees, min(3, len(frees))), key=lambda one: play.model.customers[one.id].owed)
    op = beginning(play, rng, who)
    if not play.run([op], rng) or op.reply.code or who.id in play.frozen or rng.random() < 0.1:
        return
    r = play.model.customers[who.id].repayments[op.reply.body["id"]]
    trouble(play, rng)
    play.run([confirming(play, rng, who, r)], rng)


def confirm(play, rng):
    """One that was begun some time ago, and may be over."""
    who = one_of(rng, play.free())
    r = who and one_of(rng, list(play.model.customers[who.id].repayments.values())[-3:])
    if r:
        trouble(play, rng)
        play.run([confirming(play, rng, who, r)], rng)


def notice(play, rng):
    """The gateway, or somebody who says to be it, tells of a payment; also of what has never been."""
    key, held = one_of(rng, list(play.world.gateway.payments.items())[-20:]) or ("nothing", {"orderId": "nothing"})
    data = {"paymentKey": key, "orderId": held["orderId"], "status": rng.choice(["DONE", "CANCELED", "ABORTED"]), "totalAmount": 1}
    reply = play.world.call("POST", "/gateway/webhooks", {"eventType": "PAYMENT_STATUS_CHANGED", "data": data})
    if reply and reply.status not in (204, 503):
        raise Contradiction(f"a notice: {reply}")


def weather(play, rng):
    """The gateway is slow, or refuses to give back for now."""
    gateway = play.world.gateway
    gateway.late = {"confirm": 0.05} if rng.random() < 0.2 else {}
    if rng.random() < 0.5:
        gateway.faults.setdefault("cancel", []).extend(rng.choices(GATEWAY_FAULTS[:5], k=rng.randint(1, 3)))


# Administrators.


def block(play, rng):
    who = one_of(rng, play.free())
    if who:
        play.run([calls.block(play.admin, who.id, True)], rng)


def unblock(play, rng):
    blocked = [who for who in play.free() if play.model.customers[who.id].blocked]
    who = one_of(rng, blocked or play.free())
    if who:
        play.run([calls.block(play.admin, who.id, False)], rng)


def read(play, rng):
    who = one_of(rng, play.free())
    if who:
        play.check(who)


# Several at once.


def claimed_by_one(play, rng, count=1, limit=None):
    """Somebody who has claimed so many requests, and these."""
    who = one_of(rng, play.free())
    if who is None or play.model.customers[who.id].blocked:
        return None, []
    found = []
    for _ in range(count):
        r = ask(play, rng, limit or play.model.customers[who.id].limit)
        if r and who.id not in play.frozen:
            op = claim_of(rng, who, r)
            if play.run([op], rng) and not op.reply.code:
                found.append(r)
    return (who, found) if found and who.id not in play.frozen else (None, [])


def at_once(play, rng, ops):
    """Those operations, while it is told of all whether the gateway is asked about the same money."""
    asked = {name for op in ops if op.kind == "confirm" for name in op.customers}
    for op in ops:
        op.confirming = any(name in asked for name in op.customers) and (op.kind != "confirm" or len(ops) > 1)
    play.run(ops, rng)


def race_approve(play, rng):
    """One request is approved several times."""
    who, found = claimed_by_one(play, rng)
    if found:
        [r] = found
        at_once(play, rng, [calls.approve(who, r, points_for(play, rng, who, r.amount), play.key())
                            for _ in range(rng.randint(2, 5))])


def race_cancel(play, rng):
    """Approve against cancel, and against the closed window."""
    who, found = claimed_by_one(play, rng)
    if found:
        [r] = found
        ops = [calls.approve(who, r, 0, play.key()), calls.cancel(play.shop(r.merchant), r),
               calls.close(play.nobody, r), calls.look(play.shop(r.merchant), r)]
        rng.shuffle(ops)
        at_once(play, rng, ops[:rng.randint(2, 4)])


def race_limit(play, rng):
    """Several purchases, of which the limit allows some."""
    who = one_of(rng, play.free())
    if who is None:
        return
    c = play.model.customers[who.id]
    room = max(c.limit - c.owed, 4000)
    who, found = claimed_by_one(play, rng, rng.randint(2, 8), room)
    if found:
        at_once(play, rng, [calls.approve(who, r, 0, play.key()) for r in found])


def race_refund(play, rng):
    """One payment is refunded several times, or repaid meanwhile."""
    who, p = bought(play, rng, lambda p: p.refunded < p.amount)
    if p:
        at_once(play, rng, [refund_of(play, rng, p, who) for _ in range(rng.randint(2, 5))])


def race_check_in(play, rng):
    who = one_of(rng, play.free())
    if who:
        at_once(play, rng, [calls.check_in(who) for _ in range(rng.randint(2, 5))])


def race_repay(play, rng):
    """Repayments are begun, confirmed, and what they are for is refunded, all at once."""
    who = one_of(rng, [one for one in play.free() if owed_by(play, one)])
    if who is None:
        return
    op = beginning(play, rng, who)
    if not play.run([op], rng) or op.reply.code or who.id in play.frozen:
        return
    r = play.model.customers[who.id].repayments[op.reply.body["id"]]
    p = play.model.customers[who.id].payments[rng.choice(list(r.items))]
    given = play.world.gateway.pay(r.order, r.amount)
    trouble(play, rng, 0.3)
    ops = [calls.confirm(who, r.id, given, play.key()), calls.confirm(who, r.id, given, play.key()),
           calls.confirm(who, r.id, play.world.gateway.pay(r.order, r.amount), play.key()),
           beginning(play, rng, who), refund_of(play, rng, p, who), calls.check_in(who)]
    at_once(play, rng, rng.sample(ops, rng.randint(2, 5)))


def race_claim(play, rng):
    """Two customers type one code."""
    r = one_of(rng, requests(play, "pending")) or ask(play, rng)
    frees = play.free()
    if r and r.id not in play.frozen and len(frees) > 1:
        at_once(play, rng, [claim_of(rng, who, r) for who in rng.sample(frees, 2)])


def race_same(play, rng):
    """One call is sent several times at once, with one key."""
    who, found = claimed_by_one(play, rng)
    if found:
        points, key = points_for(play, rng, who, found[0].amount), play.key()
        at_once(play, rng, [calls.approve(who, found[0], points, key) for _ in range(rng.randint(2, 4))])


def race_expiry(play, rng):
    """Approved at the last moment."""
    who, found = claimed_by_one(play, rng)
    if found:
        [r] = found
        play.jump(r.expires - play.world.now() - rng.random() * 0.03)
        ops = [calls.approve(who, r, 0, play.key()), calls.look(play.nobody, r), calls.cancel(play.shop(r.merchant), r),
               calls.close(play.nobody, r)]
        at_once(play, rng, [ops[0], *rng.sample(ops[1:], rng.randint(0, 2))])


def race_any(play, rng):
    """What one customer does, and others do to him."""
    who, found = claimed_by_one(play, rng, rng.randint(1, 3))
    if who is None:
        return
    ops = [calls.approve(who, r, points_for(play, rng, who, r.amount), play.key()) for r in found]
    ops += [calls.check_in(who), beginning(play, rng, who), calls.extend(who, play.key()),
            calls.block(play.admin, who.id, rng.random() < 0.3)]
    payments = [p for p in play.model.customers[who.id].payments.values() if p.refunded < p.amount]
    ops += [refund_of(play, rng, p, who) for p in rng.sample(payments, min(2, len(payments)))]
    at_once(play, rng, rng.sample(ops, rng.randint(2, min(8, len(ops)))))


# Time, and the worker.


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
            owed = owed_by(play, who)
            ops.append(refund_of(play, rng, rng.choice(owed), who) if owed else calls.check_in(who))
        play.come_back(ops)


# How often each is drawn.
WEIGHTS = {
    buy: 20, ask: 8, claim: 8, approve: 8, guess: 1, cancel: 3, close: 2, look: 4, refund: 7, again: 5, repay: 9,
    begin: 2, confirm: 2, extend: 3, check_in: 4, block: 1, unblock: 1.2, read: 2, redeliver: 1, notice: 1, deaf: 1,
    weather: 2, race_approve: 2, race_cancel: 2, race_limit: 3, race_refund: 2, race_check_in: 1, race_repay: 2,
    race_claim: 1, race_same: 2, race_expiry: 2, race_any: 2, tick: 5, wait: 3, hours: 2, calendar: 3, away: 0.6,
    back: 1.2,
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
