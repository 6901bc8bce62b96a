"""The oracle, a model of pay: what it has to answer, and what is then owed, repaid and owned, by the rules of the contract alone.

model.judge(op) holds an operation's reply against what it must be, and does to the model what the operation did; Contradiction
says what does not fit.  It knows nothing of SQL: an operation may be refused for any reason that holds, and must be for one.
"""

import pickle
from datetime import timedelta

from state import (AMOUNT_MAX, Bill, CODES_MAX, CODES_S, Contradiction, GRADES, POINT_WON, Payment, Repayment, Request,
                   SLACK_S, WHEEL, WRONG_CODES, day, expect, fits, midnight, month, month_after, month_before, seconds)


class Model:
    """Everybody, and everything that was asked for."""

    def __init__(self):
        self.customers = {}
        self.requests = {}
        self.codes = {}  # (type, value): the last request with it
        self.orders = {}  # (merchant, order): likewise
        self.kept = {}  # (caller, key): (operation, status, body, seconds)

    # Judging one operation after another.

    def judge(self, op):
        """Hold op.reply against the model, and do what was done."""
        reply = op.reply
        name = (op.caller, op.key)
        if op.key and name in self.kept:
            body, status, kept, _ = self.kept[name]
            if body != op.same:
                return expect("the same key with another body", reply.code, "idempotency_key_reused")
            return expect("a repeated call", (reply.replayed, reply.status, reply.body), (True, status, kept))
        if reply.replayed and op.tries == 1:
            raise Contradiction("a reply is said to be a repetition, and is not")
        getattr(self, op.kind)(op)
        if op.key and reply.code is None:
            self.kept[name] = op.same, reply.status, reply.body, op.ended
        return None

    def save(self, op):
        """Whatever the operation may change, to be handed to restore()."""
        customers = self.customers if op.kind == "job" else {name: self.customers[name] for name in op.customers}
        requests = {name: self.requests[name] for name in op.requests if name in self.requests}
        order = (op.caller, getattr(op, "order", None))
        return (pickle.dumps((customers, requests)), order, self.orders.get(order), op.caller, op.key,
                (op.caller, op.key) in self.kept, dict(self.codes) if op.kind == "ask" else None, set(self.requests))

    def restore(self, saved):
        held, order, earlier, caller, key, kept, codes, requests = saved
        customers, changed = pickle.loads(held)
        self.customers.update(customers)
        for name in set(self.requests) - requests:
            del self.requests[name]
        self.requests.update(changed)
        if earlier:
            self.orders[order] = earlier
        else:
            self.orders.pop(order, None)
        if not kept:
            self.kept.pop((caller, key), None)
        if codes is not None:
            self.codes = codes

    @staticmethod
    def allowed(op, must, may=()):
        """Was it done?  It may not have been for one of these reasons, and must not have been for one of those."""
        code = op.reply.code
        if code is None and must:
            raise Contradiction(f"it was done, and should have been refused: {sorted(must)}")
        if code is not None and code not in must and code not in may:
            raise Contradiction(f"it was refused as {code}, and should have been "
                                f"{'refused as ' + '/'.join(sorted(must)) if must else 'done'}")
        return code is None

    @staticmethod
    def lateness(ends, op):
        """Of something that ends at a time: (surely over, perhaps over)."""
        return op.began >= ends + SLACK_S, op.ended >= ends - SLACK_S

    def end_late(self, r, op, is_expired):
        """Somebody has looked at an open request: has it run out?"""
        surely, perhaps = self.lateness(r.expires, op)
        if is_expired and not perhaps or not is_expired and surely:
            raise Contradiction(f"the request of {r.amount} won {'has' if is_expired else 'has not'} run out, "
                                f"{r.expires - op.began:.3f} s before its end")
        if is_expired:
            r.status = "expired"

    # Merchants.

    def ask(self, op):
        earlier = self.requests.get(self.orders.get((op.caller, op.order)))
        must, may = set(), set()
        if not 1 <= op.amount <= AMOUNT_MAX:
            must.add("validation_failed")
        elif earlier and earlier.status == "paid":
            must.add("order_id_taken")
        elif earlier and earlier.open:
            surely, perhaps = self.lateness(earlier.expires, op)
            if not surely:
                (may if perhaps else must).add("order_id_taken")
        if not self.allowed(op, must, may):
            return
        if earlier and earlier.open:
            self.end_late(earlier, op, True)
        body = op.reply.body
        fits("the request", body, order_id=op.order, amount_won=op.amount, status="pending", name=op.name)
        begun = seconds(body["created_at"])
        if not op.began - SLACK_S <= begun <= op.ended + SLACK_S:
            raise Contradiction(f"it was asked for at {body['created_at']}")
        expect("its life", round(seconds(body["expires_at"]) - begun, 2), 120.0)
        made = Request(body["id"], op.caller, op.order, op.amount, body["pin"], body["qr"]["payload"],
                       body["checkout_id"], seconds(body["expires_at"]))
        if made.id in self.requests:
            raise Contradiction("a new request has an old one's id")
        other = self.requests.get(self.codes.get(("pin", made.pin)))
        if other and other.open and not self.lateness(other.expires, op)[1]:
            raise Contradiction(f"two open requests have the PIN {made.pin}")
        self.requests[made.id] = made
        self.orders[op.caller, op.order] = made.id
        self.codes["pin", made.pin] = self.codes["qr", made.qr] = made.id

    def cancel(self, op):
        r = self.requests[op.request]
        if self.allowed(op, {"already_paid"} if r.status == "paid" else set()):
            self.ended(op, r, "cancelled")

    def close(self, op):
        r = self.requests[op.request]
        self.allowed(op, set())
        self.ended(op, r, "cancelled")

    def ended(self, op, r, so):
        """An open request has ended so, unless it had run out."""
        if r.open:
            self.end_late(r, op, op.reply.body["status"] == "expired")
            if r.open:
                r.status = so
        fits("the request", op.reply.body, status=r.status)

    def look(self, op):
        """At a request, by its merchant or in the window."""
        r = self.requests[op.request]
        self.allowed(op, set())
        if r.open:
            self.end_late(r, op, op.reply.body["status"] == "expired")
        fits("the request", op.reply.body, status=r.status, amount_won=r.amount)
        if "payment_id" in op.reply.body:
            fits("the request", op.reply.body, payment_id=r.payment, order_id=r.order)
        expect("its PIN is shown", op.reply.body["pin"] is not None, r.status == "pending")

    def refund(self, op):
        c = self.customers[op.customer]
        p = c.payments[op.payment]
        left = p.amount - p.refunded
        won = left if op.amount is None else op.amount
        must = {"refund_too_large"} if won == 0 or won > left else set()
        if op.caller != p.merchant:
            must = {"not_found"}
        if op.amount is not None and op.amount < 1:
            must = {"validation_failed"}
        if not self.allowed(op, must, {"conflict"} if op.confirming else ()):
            return
        total = p.refunded + won
        back = p.points_used * total // p.amount - p.points_back
        taken = p.earned * total // p.amount - p.points_taken
        down = min(won - back, p.owed)
        through = won - back - down
        fits("the refund", op.reply.body, amount_won=won, points_back=back, owed_down_won=down, refund_pending_won=through)
        if c.pending and p.id in c.pending.items:
            c.pending.status = "replaced"
        p.refunded, p.points_back, p.points_taken, p.owed = total, p.points_back + back, p.points_taken + taken, p.owed - down
        at = seconds(op.reply.body["refunded_at"])
        p.refunds.append((op.reply.body["id"], won, at, through))
        c.settles(p.month, down, at)
        c.owes(-down, "refund")
        c.gets(back, "refund")
        c.gets(-min(taken, c.points), "refund")
        if through:
            c.repays(-through, at)
        c.unblock(day(at))

    # Customers.

    def claim(self, op):
        c = self.customers[op.customer]
        r = self.requests.get(self.codes.get((op.type, op.value)))
        must, may = set(), set()
        if c.blocked:
            must.add("account_blocked")
        if sum(1 for began, _, surely, _ in c.wrong if surely and began > op.ended - CODES_S) >= CODES_MAX:
            must.add("rate_limited")
        if sum(most for _, ended, _, most in c.wrong if ended > op.began - CODES_S - 1) + op.tries - 1 >= CODES_MAX:
            may.add("rate_limited")
        if r is None:
            must.add("code_unknown")
        elif not r.open:
            must |= {"code_unknown"} | {"cancelled": {"request_cancelled"}, "expired": {"code_expired"}}.get(r.status, set())
        else:
            surely, perhaps = self.lateness(r.expires, op)
            if r.customer not in (None, c.id):
                must.add("code_claimed")
            if surely:
                must |= {"code_expired", "code_unknown"}  # once somebody else has marked it, for some minutes only
            elif perhaps:
                may |= {"code_expired", "code_unknown"}
        if not self.allowed(op, must, may):
            if op.reply.code in WRONG_CODES or op.tries > 1:
                c.wrong.append((op.began, op.ended, op.reply.code in WRONG_CODES, op.tries))
            if r and r.open and op.tries > 1 and op.reply.code in may:
                r.status, r.unclear = "expired", True
            return
        fits("the code's request", op.reply.body, request_id=r.id, amount_won=r.amount, points_available=c.points,
             limit_available_won=max(c.limit - c.owed, 0))
        r.status, r.customer = "claimed", c.id

    def approve(self, op):
        c, r = self.customers[op.customer], self.requests[op.request]
        must, may = set(), set()
        if op.points < 0:
            must.add("validation_failed")
        elif r.customer != c.id:
            must.add("not_found")
        else:
            surely, perhaps = self.lateness(r.expires, op)
            must = {name for name, holds in (
                ("already_paid", r.status == "paid"), ("request_cancelled", r.status == "cancelled"),
                ("code_expired", r.status == "expired" or r.open and surely), ("account_blocked", c.blocked),
                ("validation_failed", op.points > r.amount), ("insufficient_points", op.points > c.points),
                ("insufficient_limit", r.amount > op.points and c.owed + r.amount - op.points > c.limit)) if holds}
            may = {"code_expired"} if r.open and perhaps else set()
        if not self.allowed(op, must, may):
            if op.reply.code == "code_expired" and r.open:
                self.end_late(r, op, True)
            return
        self.buy(op, c, r)

    def buy(self, op, c, r):
        """The purchase itself."""
        body = op.reply.body
        credit = r.amount - op.points
        at = seconds(body["paid_at"])
        if not op.began - SLACK_S <= at <= op.ended + SLACK_S:
            raise Contradiction(f"it was paid at {body['paid_at']}")
        of = month(day(at))
        bill = c.bills.setdefault(of, Bill(month_after(of, 15)))
        p = Payment(body["id"], r.id, r.merchant, r.amount, op.points, credit * c.rule[3] // 1000, of, at, credit)
        fits("the payment", body, request_id=r.id, amount_won=r.amount, points_used=op.points, credit_won=credit,
             points_earned=p.earned, owed_won=credit, month=of, due_on=str(bill.due))
        r.status, r.payment = "paid", p.id
        c.payments[p.id] = p
        bill.owed += credit
        c.owes(credit, "purchase")
        c.gets(-op.points, "spend")
        c.gets(p.earned, "purchase")

    def begin(self, op):
        """A repayment."""
        c = self.customers[op.customer]
        wanted = op.payments if op.payments is not None else [p.id for p in c.payments.values() if p.month == op.month]
        mine = [c.payments[name] for name in wanted if name in c.payments]
        owed = {p.id: p.owed for p in mine if p.owed}
        must = set()
        if len(mine) < len(wanted):
            must.add("not_found")
        if not owed:
            must.add("nothing_owed")
        elif any(p.owed and p.id not in owed and p.month < max(c.payments[name].month for name in owed)
                 for p in c.payments.values()):
            must.add("older_bill_first")
        if not self.allowed(op, must, {"conflict"} if op.confirming else ()):
            return
        body = op.reply.body
        fits("the repayment", body, amount_won=sum(owed.values()), status="pending", payment_ids=sorted(owed))
        if c.pending:
            c.pending.status = "replaced"
        c.repayments[body["id"]] = Repayment(body["id"], body["gateway"]["order_id"], owed, seconds(body["expires_at"]))

    def confirm(self, op):
        c = self.customers[op.customer]
        r = c.repayments.get(op.repayment)
        must, may = set(), {"amount_mismatch"} if op.confirming else set()
        is_same = r and (r.order, r.amount) == (op.order, op.amount)
        if r is None:
            must.add("not_found")
        elif r.status == "pending":
            surely, perhaps = self.lateness(r.expires, op)
            must = {name for name, holds in (("repayment_ended", surely), ("amount_mismatch", not is_same),
                                             ("gateway_refused", is_same and not op.payable)) if holds}
            may |= {"repayment_ended"} if perhaps else set()
        elif r.status == "paid":
            must = set() if is_same and r.key == op.payment_key else {"amount_mismatch"}
        else:
            must = {"repayment_ended"} | ({"gateway_refused"} if r.key == op.payment_key else set())
        if not self.allowed(op, must, may):
            if op.reply.code == "gateway_refused":
                r.status, r.key = "failed", op.payment_key
            return
        fits("the repayment", op.reply.body, id=r.id, amount_won=r.amount, status="paid")
        if r.status == "pending":
            self.repay(op, c, r)

    def repay(self, op, c, r):
        """The gateway has the money."""
        for name, won in r.items.items():
            p = c.payments[name]
            expect("what is owed of what is repaid", p.owed, won)
            p.owed, p.repaid = 0, p.repaid + won
            c.settles(p.month, won, op.ended)
        r.status, r.key = "paid", op.payment_key
        c.owes(-r.amount, "repayment")
        c.repays(r.amount, op.ended)
        c.unblock(day(op.ended))

    def extend(self, op):
        c, today = self.customers[op.customer], day(op.ended)
        bill = c.bills.get(month_before(today))
        must = {name for name, holds in (
            ("account_blocked", c.blocked), ("extension_closed", today.day > 15 or bill and bill.extended),
            ("nothing_owed", not bill or not bill.owed)) if holds}
        if self.allowed(op, must):
            bill.extended, bill.due = True, month_after(month_before(today), 0)
            expect("the new due date", [one["due_on"] for one in op.reply.body["bills"]], [str(bill.due)])

    def check_in(self, op):
        c, today = self.customers[op.customer], day(op.ended)
        body = op.reply.body
        if op.reply.code and op.tries > 1 and today not in c.days:
            body = op.probe  # the reply that was lost had said it
            expect("checked in", body["checked_in"], True)
        elif not self.allowed(op, {"already_checked_in"} if today in c.days else set()):
            return
        expect("the wheel's sector", WHEEL[body["sector"]], body["points"])
        expect("the day", body["day"], str(today))
        c.days.add(today)
        c.gets(body["points"], "check_in")
        if "balance_points" in body:
            fits("the check-in", body, balance_points=c.points)

    # Administrators and the calendar.

    def block(self, op):
        self.allowed(op, set())
        self.customers[op.customer].blocked = "admin"

    def unblock(self, op):
        self.allowed(op, set())
        self.customers[op.customer].blocked = None

    def job(self, op):
        """One of the calendar's, as of its day, however late."""
        for c in self.customers.values():
            late = [(name, bill) for name, bill in c.bills.items() if bill.due < op.day]
            if op.name == "grade":
                points = c.won_at(midnight(op.day)) // POINT_WON
                c.grade = [rule[0] for rule in GRADES if rule[1] <= points][-1]
            elif op.name == "block":
                if not c.blocked and any(bill.owed for _, bill in late):
                    c.blocked = "overdue"
            else:
                self.extend_late(op, c, late)

    @staticmethod
    def extend_late(op, c, late):
        """Bills that were owed when the day began, even if they have been repaid since."""
        changed = False
        for name, bill in late:
            if not bill.extended and (bill.owed or c.settled.get(name, 0) >= midnight(op.day)):
                bill.extended, bill.due = True, month_after(name, 0)
                changed = True
        if changed:
            c.unblock(day(op.ended))

    @staticmethod
    def due_jobs(after, upto):
        """(name, day) of what the calendar has for the days behind one and up to another, in its order."""
        days = (after + timedelta(days=n + 1) for n in range((upto - after).days))
        return [(name, one) for one in days for name in {1: ("block", "grade"), 16: ("extend",)}.get(one.day, ())]

    # Reading.

    def summary(self, name, body, t):
        """What a customer is told of himself."""
        c, today = self.customers[name], day(t)
        last = c.bills.get(month_before(today))
        used = bool(last and last.extended)
        fits("the summary", body, grade=c.grade, grade_points=c.grade_points, limit_won=c.limit, used_won=c.owed,
             available_won=max(c.limit - c.owed, 0), points=c.points, standing="blocked" if c.blocked else "good",
             extension={"used": used, "until": str(last.due) if used else None})
        bills = [{"month": of, "due_on": str(bill.due), "total_won": bill.owed, "days_left": (bill.due - today).days,
                  "status": "overdue" if bill.due < today else "open" if of >= month(today) else "due",
                  "payments": sorted(p.id for p in c.payments.values() if p.month == of and p.owed)}
                 for of, bill in sorted(c.bills.items()) if bill.owed]
        told = [{**{key: one[key] for key in ("month", "due_on", "total_won", "days_left", "status")},
                 "payments": sorted(p["id"] for p in one["payments"])} for one in body["bills"]]
        for one, should in zip(told, bills):
            if len(should["payments"]) > 100:  # no more are shown
                should["payments"] = one["payments"]
        expect("the summary's bills", told, bills)

    def extension(self, name, body, t):
        """What extending last month's bill would change, or has."""
        c, today = self.customers[name], day(t)
        of = month_before(today)
        bill = c.bills.get(of)
        owed = bool(bill and bill.owed)
        fits("the extension", body, used=bool(bill and bill.extended), until=str(today.replace(day=15)), fee_won=0,
             available=owed and not bill.extended and today.day <= 15 and not c.blocked)
        expect("the bills of the extension", [(one["month"], one["owed_won"], one["due_on"], one["new_due_on"]) for one in body["bills"]],
               [(of, bill.owed, str(bill.due), str(month_after(of, 0)))] if owed else [])

    def checked_in(self, name, body, t):
        """Today's wheel, turned or not."""
        fits("the wheel", body, day=str(day(t)), checked_in=day(t) in self.customers[name].days)

    def payment(self, name, body):
        """One of a customer's payments."""
        c = self.customers[name]
        p = c.payments.get(body["id"])
        if p is None:
            raise Contradiction(f"nobody has made the payment {body}")
        fits(f"the payment {p.id}", body, request_id=p.request, amount_won=p.amount, points_used=p.points_used,
             credit_won=p.credit, points_earned=p.earned, owed_won=p.owed, repaid_won=p.repaid, refunded_won=p.refunded,
             month=p.month, due_on=str(c.bills[p.month].due))
