"""What several do at once, so that only some of it can be done."""

import calls
from deeds import ask, beginning, bought, claim_of, one_of, owed_by, points_for, refund_of, requests, trouble


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


def approve(play, rng):
    """One request is approved several times."""
    who, found = claimed_by_one(play, rng)
    if found:
        [r] = found
        at_once(play, rng, [calls.approve(who, r, points_for(play, rng, who, r.amount), play.key())
                            for _ in range(rng.randint(2, 5))])


def cancel(play, rng):
    """Approve against cancel, and against the closed window."""
    who, found = claimed_by_one(play, rng)
    if found:
        [r] = found
        ops = [calls.approve(who, r, 0, play.key()), calls.cancel(play.shop(r.merchant), r),
               calls.close(play.nobody, r), calls.look(play.shop(r.merchant), r)]
        rng.shuffle(ops)
        at_once(play, rng, ops[:rng.randint(2, 4)])


def limit(play, rng):
    """Several purchases, of which the limit allows some."""
    who = one_of(rng, play.free())
    if who is None:
        return
    c = play.model.customers[who.id]
    room = max(c.limit - c.owed, 4000)
    who, found = claimed_by_one(play, rng, rng.randint(2, 8), room)
    if found:
        at_once(play, rng, [calls.approve(who, r, 0, play.key()) for r in found])


def refund(play, rng):
    """One payment is refunded several times, or repaid meanwhile."""
    who, p = bought(play, rng, lambda p: p.refunded < p.amount)
    if p:
        at_once(play, rng, [refund_of(play, rng, p, who) for _ in range(rng.randint(2, 5))])


def check_in(play, rng):
    who = one_of(rng, play.free())
    if who:
        at_once(play, rng, [calls.check_in(who) for _ in range(rng.randint(2, 5))])


def repay(play, rng):
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


def claim(play, rng):
    """Two customers type one code."""
    r = one_of(rng, requests(play, "pending")) or ask(play, rng)
    frees = play.free()
    if r and r.id not in play.frozen and len(frees) > 1:
        at_once(play, rng, [claim_of(rng, who, r) for who in rng.sample(frees, 2)])


def same(play, rng):
    """One call is sent several times at once, with one key."""
    who, found = claimed_by_one(play, rng)
    if found:
        points, key = points_for(play, rng, who, found[0].amount), play.key()
        at_once(play, rng, [calls.approve(who, found[0], points, key) for _ in range(rng.randint(2, 4))])


def expiry(play, rng):
    """Approved at the last moment."""
    who, found = claimed_by_one(play, rng)
    if found:
        [r] = found
        play.jump(r.expires - play.world.now() - rng.random() * 0.03)
        ops = [calls.approve(who, r, 0, play.key()), calls.look(play.nobody, r), calls.cancel(play.shop(r.merchant), r),
               calls.close(play.nobody, r)]
        at_once(play, rng, [ops[0], *rng.sample(ops[1:], rng.randint(0, 2))])


def anything(play, rng):
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
