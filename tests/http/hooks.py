"""A merchant's server that hears webhooks: it notes what comes, checks the signature, and answers as it is told."""

import base64
import hashlib
import hmac
import json
import secrets
import ssl
import subprocess
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

FLOOD_BYTES = 1 << 20


class Receiver:
    """receiver.answers = [500, "hang", 204] is what the next calls meet; afterwards, and without, it is 200."""

    def __init__(self):
        self.heard = []  # .path, .headers, .body and .answer of each call, in order
        self.answers = []
        self.released = threading.Event()  # whoever hangs, hangs until then
        self.most = 0  # calls at once, at most
        self._lock = threading.Lock()
        self._running = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.take(self)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def encrypt(self, place):
        """Speak TLS from now on, with a certificate that we have made for ourselves."""
        key, certificate = place / "hooks.key", place / "hooks.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = self.url.replace("http:", "https:")

    def take(self, call):
        body = call.rfile.read(int(call.headers["Content-Length"]))
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
            answer = self.answers.pop(0) if self.answers else 200
            self.heard.append(SimpleNamespace(path=call.path, headers=call.headers, body=body, answer=answer,
                                              json=json.loads(body), at=time.time()))
        try:
            self.answer(call, answer)
        except OSError:
            pass  # the worker has given up
        with self._lock:
            self._running -= 1

    def answer(self, call, answer):
        if answer == "hang":
            self.released.wait(60)
            answer = 200
        if answer == "flood":
            call.send_response(200)
            call.send_header("Content-Length", str(FLOOD_BYTES))
            call.end_headers()
            call.wfile.write(b"x" * FLOOD_BYTES)
        elif answer == "cut":
            call.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            call.close_connection = True
        elif answer == "garbage":
            call.wfile.write(b"+PONG\r\n\r\n")
            call.close_connection = True
        else:
            call.send_response(answer)
            call.send_header("Content-Length", "0")
            if 300 <= answer < 400:
                call.send_header("Location", "/elsewhere")
            call.end_headers()

    def ids(self):
        return [call.headers["webhook-id"] for call in self.heard]

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def signature(secret, call):
    """What webhook-signature has to be, by the specification of Standard Webhooks."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    text = b".".join([call.headers["webhook-id"].encode(), call.headers["webhook-timestamp"].encode(), call.body])
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


class Merchant:
    """A merchant with an API key, straight in the database: what webhooks need of one.  Pass it as token=."""

    def __init__(self, query):
        self.query = query
        self.access_token = "msk_" + secrets.token_urlsafe(32)
        self.hash = hashlib.blake2b(self.access_token.encode(), digest_size=32).digest()
        [(self.id,)] = query("INSERT INTO pay.merchant (name) VALUES ('다람쥐문구') RETURNING id::text")
        query("INSERT INTO pay.merchant_key (hash, merchant_id) VALUES (%s, %s)", self.hash, self.id)

    def endpoint(self, url, *events):
        """A new endpoint, past the program and what it refuses; with its secret."""
        [(code, made)] = self.query("SELECT code, result FROM pay.add_webhook_endpoint(%s, %s, %s, %s)", self.hash, url,
                                    list(events or ["request.paid"]), secrets.token_bytes(32))
        assert code is None, code
        return SimpleNamespace(**made)

    def emit(self, type="request.paid", **data):
        """What an operation of pay does in its commit; returns the event's id."""
        data = data or {"order_id": "주문-1", "amount_won": 12900}
        self.query("SELECT pay.emit(%s, %s, %s)", self.id, type, json.dumps(data))
        return self.query("SELECT id::text FROM pay.event ORDER BY at DESC, ctid DESC LIMIT 1")[0][0]

    def deliveries(self, endpoint):
        """The deliveries of an endpoint as its merchant sees them, newest first."""
        [(code, page)] = self.query("SELECT code, result FROM pay.webhook_deliveries(%s, %s, NULL, 100)", self.hash, endpoint.id)
        assert code is None, code
        return [SimpleNamespace(**item) for item in page["items"]]

    def endpoints(self):
        [(code, page)] = self.query("SELECT code, result FROM pay.webhook_endpoints(%s, NULL, 100)", self.hash)
        assert code is None, code
        return [SimpleNamespace(**item) for item in page["items"]]


def emit(system, merchant_id, type, **data):
    """What an operation of pay does in its commit, on a whole system."""
    with closing(system.postgres.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pay.emit(%s, %s, %s)", (merchant_id, type, json.dumps(data)))
