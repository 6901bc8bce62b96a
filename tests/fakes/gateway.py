#!/usr/bin/python3
"""A sandbox payment gateway in the shape of Toss Payments' API, with a payment window, on loopback.

It knows what the real one knows: money is authorised in the window, taken by POST /v1/payments/confirm, looked at by GET
/v1/payments/{paymentKey}, given back by POST …/cancel, listed by GET /v1/transactions; Idempotency-Key is honoured; notices go to
webhook_url.  In a test: Gateway().start(), then .url, .pay(), .faults and .calls.

By hand: gateway.py [--port 8082] [--webhook URL] [--book FILE], where FILE keeps its payments from one start to the next.
"""

import argparse
import base64
import html
import json
import secrets
import threading
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT_KEY, SECRET_KEY = "test_ck_sandbox", "test_sk_sandbox"
SEOUL = timezone(timedelta(hours=9))

# How a call can fail.  "before": nothing has been done; "after": it has, and the caller does not learn it.
FAULTS = ("hang-before", "hang-after", "cut-before", "cut-after", "half-after", "500-before", "500-after", "garbage-after")

WINDOW = """<!doctype html>
<html lang="ko"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>결제창 (sandbox)</title><link rel="icon" href="data:,">
<style>:root {{ color-scheme: light dark }}
main {{ font: 1rem/1.5 sans-serif; max-width: 24rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }}
button {{ width: 100%; padding: .8rem; margin: .3rem 0; font-size: 1rem }}</style>
<main><h1>{amount}원</h1><p>시험 결제창이에요. 돈은 오가지 않아요. <span lang="en">A sandbox: no money is moved.</span></p>
<p>주문 {order}</p>
<form method="post" action="/window"><input type="hidden" name="query" value="{query}">
<button name="what" value="pay">결제하기</button>
<button name="what" value="leave">취소</button></form></main></html>
"""


class Gateway:
    """The service: what it holds, how it fails, and what it was asked."""

    def __init__(self, port=0, webhook_url=None, book=None):
        self.payments = {}  # by paymentKey, as the API shows them
        self.transactions = []
        self.answers = {}  # by Idempotency-Key
        self.book = book  # a file that keeps these three
        if book and book.exists():
            self.payments, self.transactions, self.answers = json.loads(book.read_text())
        self.calls = []  # (operation, its body or path)
        self.faults = {}  # {"confirm": [fault, …]}: the next calls of an operation fail so
        self.refusals = {}  # {"confirm": (403, "REJECT_CARD_PAYMENT", "…")}: it is refused so
        self.late = {}  # {"confirm": seconds} before the answer
        self.arrived = threading.Event()  # a call that hangs has come in
        self.webhook_url = webhook_url
        self.copies = 1  # of each notice
        self.now = lambda: datetime.now(SEOUL)
        self.lock = threading.Lock()
        self.leaving = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.server.daemon_threads = True

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def env(self):
        """What moa's programs have to know."""
        return {"MOA_GATEWAY_URL": self.url, "MOA_GATEWAY_CLIENT_KEY": CLIENT_KEY,
                "MOA_GATEWAY_SECRET_KEY": SECRET_KEY, "MOA_GATEWAY_WINDOW_URL": f"{self.url}/window",
                "MOA_GATEWAY_BREAKER": "0"}  # which would remember one test's bad weather in the next

    def start(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.leaving.set()
        self.server.shutdown()
        self.server.server_close()

    def count(self, operation):
        return sum(name == operation for name, _ in self.calls)

    def pay(self, order_id, amount):
        """The customer agrees in the window: what is then handed to the shop's page is returned."""
        key = f"tsand{self.now():%Y%m%d%H%M%S}{secrets.token_hex(6)}"
        self.payments[key] = {
            "version": "2022-11-16", "mId": "tsandbox", "paymentKey": key, "orderId": order_id, "orderName": "moa",
            "status": "IN_PROGRESS", "requestedAt": self.now().isoformat(timespec="seconds"), "approvedAt": None,
            "type": "NORMAL", "method": "카드", "currency": "KRW", "totalAmount": amount, "balanceAmount": amount,
            "cancels": None, "lastTransactionKey": None}
        return {"payment_key": key, "order_id": order_id, "amount_won": amount}

    def notify(self, key, copies=1, **claims):
        """Send the notice of a payment's status; claims override what it says.  Returns the statuses of the replies."""
        payment = {**self.payments.get(key, {"paymentKey": key}), **claims}
        notice = {"eventType": "PAYMENT_STATUS_CHANGED", "createdAt": self.now().isoformat(), "data": payment}
        statuses = []
        for number in range(copies):
            call = urllib.request.Request(self.webhook_url, json.dumps(notice).encode(), {
                "Content-Type": "application/json", "tosspayments-webhook-transmission-id": secrets.token_hex(8),
                "tosspayments-webhook-transmission-retried-count": str(number)})
            try:
                with urllib.request.urlopen(call, timeout=10) as reply:
                    statuses.append(reply.status)
            except urllib.error.HTTPError as e:
                statuses.append(e.code)
            except OSError:
                statuses.append(0)
        return statuses

    def _changed(self, key):
        if self.webhook_url:
            threading.Thread(target=self.notify, args=(key, self.copies), daemon=True).start()

    def _book(self, payment, amount):
        key = secrets.token_hex(16)
        payment["lastTransactionKey"] = key
        self.transactions.append({
            "mId": "tsandbox", "transactionKey": key, "paymentKey": payment["paymentKey"],
            "orderId": payment["orderId"], "method": "카드", "customerKey": None, "useEscrow": False,
            "receiptUrl": None, "status": payment["status"],
            "transactionAt": self.now().isoformat(timespec="seconds"), "currency": "KRW", "amount": amount})
        return key

    def confirm(self, body):
        payment = self.payments.get(body.get("paymentKey"))
        if payment is None:
            return fail(404, "NOT_FOUND_PAYMENT_SESSION", "결제 시간이 만료되어 결제 진행 데이터가 존재하지 않습니다.")
        if payment["status"] not in ("READY", "IN_PROGRESS"):
            return fail(400, "ALREADY_PROCESSED_PAYMENT", "이미 처리된 결제 입니다.")
        if (payment["orderId"], payment["totalAmount"]) != (body.get("orderId"), body.get("amount")):
            return fail(400, "INVALID_REQUEST", "잘못된 요청입니다.")
        payment.update(status="DONE", approvedAt=self.now().isoformat(timespec="seconds"))
        self._book(payment, payment["totalAmount"])
        self._changed(payment["paymentKey"])
        return 200, payment

    def cancel(self, key, body):
        payment = self.payments.get(key)
        if payment is None:
            return fail(404, "NOT_FOUND_PAYMENT", "존재하지 않는 결제 정보 입니다.")
        amount = body.get("cancelAmount", payment["balanceAmount"])
        if payment["status"] not in ("DONE", "PARTIAL_CANCELED"):
            return fail(400, "ALREADY_CANCELED_PAYMENT", "이미 취소된 결제 입니다.")
        if not 0 < amount <= payment["balanceAmount"]:
            return fail(403, "NOT_CANCELABLE_AMOUNT", "취소 할 수 없는 금액 입니다.")
        payment["balanceAmount"] -= amount
        payment["status"] = "PARTIAL_CANCELED" if payment["balanceAmount"] else "CANCELED"
        payment["cancels"] = [*(payment["cancels"] or []), {
            "cancelAmount": amount, "cancelReason": body["cancelReason"], "cancelStatus": "DONE",
            "canceledAt": self.now().isoformat(timespec="seconds"), "transactionKey": self._book(payment, -amount)}]
        self._changed(key)
        return 200, payment

    def listed(self, query):
        """The transactions of a time in Seoul."""
        start, end = (datetime.fromisoformat(query[name]).replace(tzinfo=SEOUL) for name in ("startDate", "endDate"))
        found = [one for one in self.transactions if start <= datetime.fromisoformat(one["transactionAt"]) <= end]
        if "startingAfter" in query:
            keys = [one["transactionKey"] for one in found]
            found = found[keys.index(query["startingAfter"]) + 1:]
        return 200, found[:int(query.get("limit", "100"))]

    def once(self, key, act):
        """Act, or answer as the first time; what failed on our side is not remembered."""
        with self.lock:
            if key in self.answers:
                return self.answers[key]
            answer = act()
            if key is not None:
                answer = self.answers[key] = answer[0], json.loads(json.dumps(answer[1]))
            if self.book:
                written = self.book.with_suffix(".new")
                written.write_text(json.dumps([self.payments, self.transactions, self.answers]))
                written.replace(self.book)
            return answer

    def refused(self, operation, key):
        """The refusal of an operation.  It, too, is the answer to its Idempotency-Key from now on, unless we have failed ourselves."""
        status, code, message = self.refusals[operation]
        answer = fail(status, code, message)
        if key and status in (400, 403, 404):
            self.answers[f"{operation} {key}"] = answer
        return answer

    def answer(self, method, path, query, body, key):
        """The operation, and what does it."""
        parts = path.strip("/").split("/")
        if (method, path) == ("POST", "/v1/payments/confirm"):
            return "confirm", lambda: self.once(key and f"confirm {key}", lambda: self.confirm(body))
        if method == "POST" and parts[:2] == ["v1", "payments"] and parts[3:] == ["cancel"]:
            return "cancel", lambda: self.once(key and f"cancel {key}", lambda: self.cancel(parts[2], body))
        if method == "GET" and parts[:2] == ["v1", "payments"] and len(parts) == 3:
            return "query", lambda: (200, self.payments[parts[2]]) if parts[2] in self.payments else fail(
                404, "NOT_FOUND_PAYMENT", "존재하지 않는 결제 정보 입니다.")
        if (method, path) == ("GET", "/v1/transactions"):
            return "list", lambda: self.listed(query)
        return "unknown", lambda: fail(404, "NOT_FOUND", "존재하지 않는 API 입니다.")

    def _handler(self):
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            """One call."""

            protocol_version = "HTTP/1.1"

            def do_GET(self):
                target = urlsplit(self.path)
                if target.path == "/window":
                    return self._window(target.query)
                return self._api("GET", {})

            def do_POST(self):
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/window":
                    return self._decide({name: values[-1] for name, values in parse_qs(data.decode()).items()})
                try:
                    return self._api("POST", json.loads(data or b"{}"))
                except ValueError:
                    return self._send(*fail(400, "INVALID_REQUEST", "잘못된 요청입니다."))

            def _api(self, method, body):
                wanted = "Basic " + base64.b64encode(f"{SECRET_KEY}:".encode()).decode()
                if self.headers.get("Authorization") != wanted:
                    return self._send(*fail(401, "UNAUTHORIZED_KEY", "인증되지 않은 시크릿 키 혹은 클라이언트 키 입니다."))
                target = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(target.query).items()}
                operation, act = gateway.answer(method, target.path, query, body, self.headers.get("Idempotency-Key"))
                gateway.calls.append((operation, body or self.path))
                queue = gateway.faults.get(operation)
                how, _, when = (queue.pop(0) if queue else "").partition("-")
                if operation in gateway.refusals:
                    return self._send(*gateway.refused(operation, self.headers.get("Idempotency-Key")))
                reply = None if when == "before" else act()
                if how:
                    return getattr(self, f"_{how}")()
                gateway.leaving.wait(gateway.late.get(operation, 0))
                return self._send(*reply)

            def _window(self, query):
                given = {name: values[-1] for name, values in parse_qs(query).items()}
                if not given.get("amount", "").isdecimal() or not given.get("orderId"):
                    return self._page(400, "<!doctype html><meta charset=utf-8><p>orderId and amount are wanted")
                return self._page(200, WINDOW.format(amount=f"{int(given['amount']):,}", query=html.escape(query),
                                                     order=html.escape(given["orderId"])))

            def _decide(self, form):
                """Back to the shop's page, as the real window does; without one, say what it would have been told."""
                given = {name: values[-1] for name, values in parse_qs(form["query"]).items()}
                paid = form.get("what") == "pay"
                if paid:
                    made = gateway.pay(given["orderId"], int(given["amount"]))
                    told = {"paymentType": "NORMAL", "paymentKey": made["payment_key"], "orderId": made["order_id"],
                            "amount": made["amount_won"]}
                else:
                    told = {"code": "PAY_PROCESS_CANCELED", "message": "사용자에 의해 결제가 취소되었습니다.",
                            "orderId": given.get("orderId", "")}
                back = given.get("successUrl" if paid else "failUrl")
                if not back:
                    return self._page(200, f"<!doctype html><meta charset=utf-8><pre>{html.escape(json.dumps(told))}</pre>")
                self.send_response(303)
                self.send_header("Location", back + ("&" if "?" in back else "?") + urlencode(told))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _page(self, status, text):
                self._bytes(status, "text/html; charset=utf-8", text.encode())

            def _send(self, status, body):
                self._bytes(status, "application/json;charset=UTF-8", json.dumps(body, ensure_ascii=False).encode())

            def _bytes(self, status, kind, data):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:  # who asked has not waited
                    self.close_connection = True

            def _hang(self):
                gateway.arrived.set()
                gateway.leaving.wait(30)
                self.close_connection = True

            def _cut(self):
                self.close_connection = True

            def _half(self):
                """The connection ends in the middle of an answer that began well."""
                self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"status":"DONE",')
                self.close_connection = True

            def _500(self):
                self._send(*fail(500, "FAILED_INTERNAL_SYSTEM_PROCESSING", "내부 시스템 처리 작업이 실패했습니다."))

            def _garbage(self):
                self._bytes(200, "text/html", b"<html>")

            def log_message(self, *_):
                """Nothing: tests look at .calls."""

        return Handler


def fail(status, code, message):
    return status, {"code": code, "message": message}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8082)
    parser.add_argument("--webhook", metavar="URL", help="where notices go")
    parser.add_argument("--book", metavar="FILE", type=Path, help="keeps the payments from one start to the next")
    given = parser.parse_args()
    service = Gateway(given.port, given.webhook, given.book)
    print(service.url, flush=True)
    service.server.serve_forever()


if __name__ == "__main__":
    main()
