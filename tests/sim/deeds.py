"""What each of them does by himself, as the simulation draws it: mostly what is allowed, and sometimes what is not."""

import secrets

import calls
from state import Contradiction, month_before

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
    """Once, or once more."""
    who = one_of(rng, play.free())
    for _ in range(rng.choice([1, 1, 2])):
        if who and who.id not in play.frozen:
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
