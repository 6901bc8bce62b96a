#!/usr/bin/python3
"""A shop that takes moa: the least a merchant needs.  Its server part holds the key and says what things cost; its page only
opens the window, and is told by this server, which asks moa, whether it was paid.

tests/demo/shop.py --moa http://127.0.0.1:8080 --key-file KEY [--port 8081] [--bind 127.0.0.1]
"""

import argparse
import json
import signal
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FILES = {"/": ("index.html", "text/html; charset=utf-8"), "/shop.js": ("shop.js", "text/javascript; charset=utf-8"),
         "/shop.css": ("shop.css", "text/css; charset=utf-8")}
GOODS = {"blanket": ("따뜻한 담요", 12900), "mug": ("머그잔", 8500), "lamp": ("독서등", 39000)}
BODY_MAX = 4096
TIMEOUT_S = 5


class Moa:
    """What the shop asks of moa."""

    def __init__(self, url, key):
        self.url = url.rstrip("/")
        self.key = key

    def call(self, method, path, body=None, **headers):
        """(status, JSON); whoever repeats a POST repeats its Idempotency-Key, and nothing is asked for twice."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/pay{path}", method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as e:
            return e.code, {"error": e.reason}
        except (OSError, ValueError) as e:
            return 502, {"error": str(e)}

    def ask(self, goods):
        """Ask for the price of it: (status, what the page needs)."""
        name, amount_won = GOODS[goods]
        order_id = f"demo-{uuid.uuid4()}"
        status, made = self.call("POST", "/requests", {"order_id": order_id, "name": name, "amount_won": amount_won},
                                 **{"Idempotency-Key": order_id})
        if status != 201:
            return status, made
        return 201, {"order": made["id"], "checkout": made["checkout_id"], "name": name, "amount_won": amount_won}

    def status(self, order):
        """What has become of an order, which decides whether the parcel leaves."""
        status, found = self.call("GET", f"/requests/{order}")
        return status, {"status": found["status"]} if status == 200 else found


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.partition("?")[0]
        order = path.removeprefix("/orders/")
        if path in FILES:
            name, kind = FILES[path]
            text = (Path(__file__).parent / "shop" / name).read_text().replace("{moa}", self.server.moa.url)
            self.reply(200, text.encode(), kind)
        elif order != path and is_uuid(order):
            self.json(*self.server.moa.status(order))
        else:
            self.json(404, {"error": "not found"})

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        if size > BODY_MAX:
            self.close_connection = True
            self.json(413, {"error": "too large"})
            return
        try:
            goods = json.loads(self.rfile.read(size)).get("goods")
        except (ValueError, AttributeError):
            goods = None
        if self.path == "/orders" and isinstance(goods, str) and goods in GOODS:
            self.json(*self.server.moa.ask(goods))
        else:
            self.json(404, {"error": "not found"})

    def json(self, status, data):
        self.reply(status, json.dumps(data).encode(), "application/json")

    def reply(self, status, body, kind):
        moa = self.server.moa.url
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        # All that the window needs of a shop's own policy.
        self.send_header("Content-Security-Policy", f"default-src 'self'; img-src 'self' data:; script-src 'self' {moa}; "
                         f"connect-src 'self' {moa}; frame-src {moa}; frame-ancestors 'none'; base-uri 'none'")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        pass


def is_uuid(text):
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--moa", required=True)
    parser.add_argument("--key-file", required=True, type=Path)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--bind", default="127.0.0.1")
    given = parser.parse_args()
    server = ThreadingHTTPServer((given.bind, given.port), Handler)
    server.daemon_threads = True
    server.moa = Moa(given.moa, given.key_file.read_text().strip())
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(server.server_port, flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
