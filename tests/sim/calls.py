"""The calls that the simulation makes, as operations with all that the model has to know of them."""

from op import Op


def ask(shop, order, amount, name, key):
    body = {"order_id": order, "name": name, "amount_won": amount}
    return Op("ask", shop, "/requests", body, key=key, order=order, amount=amount, name=name)


def claim(who, request, by, value):
    """request: the one the code is of, if of any."""
    return Op("claim", who, "/codes/claim", {"type": by, "value": value}, type=by, value=value, customer=who.id, customers=(who.id,),
              requests=(request.id,) if request else ())


def approve(who, request, points, key):
    return Op("approve", who, f"/requests/{request.id}/approve", {"points": points}, key=key, customer=who.id,
              request=request.id, points=points, customers=(who.id,), requests=(request.id,))


def cancel(shop, request):
    return Op("cancel", shop, f"/requests/{request.id}/cancel", request=request.id, requests=(request.id,))


def close(nobody, request):
    """The customer closes the window."""
    return Op("close", nobody, f"/checkout/{request.checkout}/close", request=request.id, requests=(request.id,))


def look(who, request):
    """By its merchant, or by whoever has the window open."""
    path = f"/requests/{request.id}" if who.token else f"/checkout/{request.checkout}"
    return Op("look", who, path, method="GET", request=request.id, requests=(request.id,))


def refund(shop, customer, payment, amount, key):
    body = {"reason": "변심", **({} if amount is None else {"amount_won": amount})}
    return Op("refund", shop, f"/payments/{payment.id}/refunds", body, key=key, customer=customer, payment=payment.id,
              amount=amount, customers=(customer,))


def begin(who, payments, month, key):
    """A repayment of these payments, or of a month's bill."""
    body = {"month": month} if payments is None else {"payment_ids": payments}
    return Op("begin", who, "/repayments", body, key=key, customer=who.id, payments=payments, month=month, customers=(who.id,))


def confirm(who, repayment, given, key, payable=True, amount=None):
    """given: what the gateway's window handed back; amount: what the page says instead; payable: will the gateway do it?"""
    body = {**given, "amount_won": amount or given["amount_won"]}
    return Op("confirm", who, f"/repayments/{repayment}/confirm", body, key=key, customer=who.id, repayment=repayment,
              payment_key=given["payment_key"], order=given["order_id"], amount=body["amount_won"], payable=payable,
              customers=(who.id,))


def extend(who, key):
    return Op("extend", who, "/extension", key=key, customer=who.id, customers=(who.id,))


def check_in(who):
    return Op("check_in", who, "/check_in", customer=who.id, customers=(who.id,))


def block(admin, customer, blocked):
    kind = "block" if blocked else "unblock"
    return Op(kind, admin, f"/customers/{customer}/{kind}", {"reason": "모의"}, customer=customer, customers=(customer,))


def again(op, body=None):
    """The same call with the same key, much later; or with another body: nothing may come of it."""
    facts = {name: value for name, value in vars(op).items() if name not in (
        "kind", "who", "path", "body", "method", "key", "caller", "tries", "reply", "probe", "first", "wait", "hang_up", "is_last")}
    return Op(op.kind, op.who, op.path, body or op.body, op.method, op.key, **{**facts, "customers": (), "requests": ()})
