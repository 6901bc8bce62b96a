"""The audit: is all that pay says of everybody what the model holds, and has everybody else heard the same?"""

import time
from collections import Counter

from state import Contradiction, day, expect, month
from world import signature

PAGE = 100


def verify(world):
    """The ledger adds up by its own entries."""
    done = world.ctl.run("ledger", "verify")
    if done.returncode:
        raise Contradiction(f"ledger verify: {done.stdout}{done.stderr}")


def pages(world, path, who, whole):
    """The items of a list, newest first: all, or the first page."""
    items, cursor = [], ""
    while True:
        reply = world.read(f"{path}?limit={PAGE}{cursor}", who)
        items += reply.body["items"]
        if not whole or not reply.body["next_cursor"]:
            return items
        cursor = f"&cursor={reply.body['next_cursor']}"


def person(play, who, whole=False):
    """One customer's summary, payments, points and ledger."""
    try:
        books(play, who, whole)
    except Contradiction as e:
        raise Contradiction(f"{e}\n  the model's {play.model.customers[who.id]}") from e


def books(play, who, whole):
    held = play.model.customers[who.id]
    play.model.summary(*play.summary(who.id))
    for path, judge in (("/extension", play.model.extension), ("/check_in", play.model.checked_in)):
        reply = play.world.read(path, who)
        judge(who.id, reply.body, reply.ended)
    payments = pages(play.world, "/payments", who, whole)
    for body in payments:
        play.model.payment(who.id, body)
    told = {body["id"] for body in payments}
    count = len(held.payments) if whole else min(PAGE, len(held.payments))
    expect("so many payments, each once", (len(payments), len(told)), (count, count))
    oldest = min((held.payments[name].at for name in told), default=0)
    expect("payments that are not told", [p for p in held.payments.values() if p.at > oldest and p.id not in told], [])
    entries(held.entries, pages(play.world, "/ledger", who, whole), "ledger")
    entries([entry for entry in held.entries if entry[0] == "points"], pages(play.world, "/points", who, whole), "points")


def entry(one):
    """One of the ledger's entries, as the model keeps it."""
    if one["unit"] == "points":
        return one["unit"], one["kind"], one["points"], one["balance_points"]
    return one["unit"], one["kind"], one["amount_won"], one["balance_won"]


def entries(held, items, what):
    """The customer's entries, as both tell them."""
    told = [entry(one) for one in items]
    should = held[::-1][:len(told)]
    expect(f"entries of the {what}", len(told), len(held) if len(held) < PAGE else max(PAGE, len(told)))
    for nth, (one, other) in enumerate(zip(told, should)):
        expect(f"entry {nth} of the {what} from the end", one, other)


def people(play, whole=False):
    """Everybody of whom it is known what has been done."""
    for who in play.free():
        person(play, who, whole)


def drain(play):
    """Let time pass until the worker has nothing left to do."""
    pending = """SELECT (SELECT count(*) FROM pay.webhook_delivery WHERE status = 'pending'),
        (SELECT count(*) FROM pay.request WHERE status IN ('pending', 'claimed')),
        (SELECT count(*) FROM pay.repayment WHERE status IN ('pending', 'confirming')),
        (SELECT count(*) FROM pay.refund WHERE give_back_won > 0 AND given_back_at IS NULL)"""
    deadline = time.monotonic() + 120
    while (left := play.world.query(pending)[0]) != (0, 0, 0, 0):
        if time.monotonic() > deadline:
            raise Contradiction(f"deliveries, requests, repayments, refunds are never finished: {left}")
        play.jump(90 if left[1] else 1200)
        time.sleep(0.3)


def everything(play):
    """At the end, when nothing is under way."""
    people(play, whole=True)
    refunds(play)
    settlements(play)
    for shop in play.shops:
        events(play, shop)
    gateway(play)


def refunds(play):
    """What was to go back has gone, and the merchants' payments are the customers'."""
    for who in play.people:
        for p in play.model.customers[who.id].payments.values():
            if p.refunds:
                told = play.world.read(f"/payments/{p.id}", who).body["refunds"]
                expect(f"refunds of {p.id}", sorted((one["id"], one["amount_won"], one["refund_pending_won"]) for one in told),
                       sorted((name, won, 0) for name, won, _, _ in p.refunds))


def settlements(play):
    """What each merchant has sold and given back, by day."""
    for shop in play.shops:
        sold = [p for c in play.model.customers.values() for p in c.payments.values() if p.merchant == shop.id]
        days = {}
        for p in sold:
            days.setdefault(day(p.at), Counter()).update(count=1, gross_won=p.amount)
            for _, won, at, _ in p.refunds:
                days.setdefault(day(at), Counter()).update(refunds_won=won)
        for of in sorted({month(one) for one in days}):
            told = play.world.read(f"/settlements?month={of}", shop).body["items"]
            expect(f"the settlement of {of}", [(one["day"], one["count"], one["gross_won"], one["refunds_won"]) for one in told],
                   [(str(one), days[one]["count"], days[one]["gross_won"], days[one]["refunds_won"])
                    for one in sorted(days) if month(one) == of])


def events(play, shop):
    """The merchant has heard of everything, of each thing under one id, and of nothing else."""
    should = Counter()
    for r in play.model.requests.values():
        if r.merchant == shop.id:
            should[f"request.{r.status if r.status in ('paid', 'cancelled') else 'expired'}", r.id] += 1
    for c in play.model.customers.values():
        for p in c.payments.values():
            if p.merchant == shop.id:
                should.update(("payment.refunded", refund[0]) for refund in p.refunds)
    heard = {}
    for call in shop.receiver.heard:
        if call.answer != 200:
            continue  # it was not taken
        expect("the signature", call.headers["webhook-signature"], signature(shop.secret, call))
        name = (call.json["type"], call.json["data"].get("refund_id") or call.json["data"]["request_id"])
        if heard.setdefault(call.headers["webhook-id"], name) != name:
            raise Contradiction(f"the event {call.headers['webhook-id']} is of {name} and of {heard[call.headers['webhook-id']]}")
    told = Counter(heard.values())
    expect("events that the merchant has not heard of", dict(should - told), {})
    expect("events that the merchant should not have heard of", dict(told - should), {})


def gateway(play):
    """The gateway's book is ours: by what it holds of each payment, and by moa-ctl for each day."""
    repaid = {r.key: (r.order, r.amount) for c in play.model.customers.values() for r in c.repayments.values() if r.status == "paid"}
    held = play.world.gateway.payments
    taken = {key: (one["orderId"], one["totalAmount"]) for key, one in held.items()
             if one["status"] in ("DONE", "PARTIAL_CANCELED") or one["status"] == "CANCELED" and key in repaid}
    expect("what the gateway has taken", taken, repaid)
    back = sum(one["totalAmount"] - one["balanceAmount"] for key, one in held.items() if key in repaid)
    expect("won that the gateway gave back", back, sum(
        refund[3] for c in play.model.customers.values() for p in c.payments.values() for refund in p.refunds))
    days = sorted({one["transactionAt"][:10] for one in play.world.gateway.transactions})
    for of in days[-40:]:
        done = play.world.ctl.run("gateway", "reconcile", of)
        if done.returncode:
            raise Contradiction(f"gateway reconcile {of}: {done.stdout}{done.stderr}")
