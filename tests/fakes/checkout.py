"""A stand-in for moa behind the payment window, which answers as a test says: with lies about the time, with errors, or not at
all.  Its files are those of htdocs, under the shipped content policy; it also serves a shop's page, of another origin.

moa = Checkout(htdocs).start(); moa.say(status="claimed"); moa.script = lambda method, what: (503, {…}) or None for silence
"""

import json
import re
import threading
import time
from contextlib import suppress

from chat import Chat

ID = "C" * 22
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
          "form-action 'none'; frame-ancestors *")
QR = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#fff"/>'
      '<path d="M1 1h3v3H1zM5 5h2v2H5z"/></svg>')


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


class Checkout(Chat):
    """calls are (method, what) of the calls below the checkout: "", "/events", "/close", "/qr.svg"."""

    policy = POLICY

    def __init__(self, htdocs):
        super().__init__(htdocs)
        self.changed = threading.Condition()
        self.clock_s = 0  # how much its clock is ahead of ours
        self.bill = {"status": "pending", "name": "따뜻한 담요", "merchant": "모아 상점", "amount_won": 12900,
                     "pin": "012345", "expires_at": None}
        self.live(120)

    def live(self, seconds):
        self.ends = time.time() + seconds
        self.bill["expires_at"] = rfc3339(self.ends + self.clock_s)

    def left_ms(self):
        return max(0, int((self.ends - time.time()) * 1000))

    def say(self, **changes):
        """Change what the checkout says of itself; open streams tell a new status."""
        with self.changed:
            self.bill.update(changes)
            if self.bill["status"] != "pending":
                self.bill["pin"] = None
            self.changed.notify_all()

    def handle(self, handler):
        path = handler.path.partition("?")[0]
        found = re.fullmatch(rf"/api/v1/pay/checkout/{ID}(|/events|/close|/qr\.svg)", path)
        if not found:
            self.file(handler, re.sub(r"^/checkout/[\w-]{22}$", "/checkout/index.html", path))
            return
        self.calls.append((handler.command, found[1]))
        scripted = self.script and self.script(handler.command, found[1])
        if scripted == "silence":
            self.cancelled.wait(30)
        elif scripted:
            handler.answer(*scripted, ("Access-Control-Allow-Origin", "*"))
        elif found[1] == "/events":
            with suppress(ConnectionError):
                self.stream(handler)
        elif found[1] == "/qr.svg":
            handler.head(200, "image/svg+xml", ("Content-Length", str(len(QR))))
            handler.wfile.write(QR.encode())
        else:
            if found[1] == "/close" and self.bill["status"] in ("pending", "claimed"):
                self.say(status="cancelled")
            handler.answer(200, {**self.bill, "now": rfc3339(time.time() + self.clock_s)},
                           ("Access-Control-Allow-Origin", "*"))

    def stream(self, handler):
        """Until the last status has been told, or the window has left."""
        handler.head(200, "text/event-stream", ("Connection", "close"))
        told = None
        with self.changed:
            while told not in ("paid", "expired", "cancelled"):
                if self.bill["status"] != told:
                    told = self.bill["status"]
                    data = json.dumps({"status": told, "left_ms": self.left_ms()})
                    handler.wfile.write(f"event: status\ndata: {data}\n\n".encode())
                    handler.wfile.flush()
                else:
                    self.changed.wait(30)
