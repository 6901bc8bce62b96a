"""A stand-in for moa that says what a test has scripted, as slowly and as brokenly as it likes: for the chat page, which
must bear what a real one does only in bad weather.  Its files are those of htdocs, under the shipped content policy.

chat = Chat(htdocs).start(); chat.script = lambda turn: …: turn.event("token", {"text": "Hi"}), turn.cut(), turn.wait(), …
"""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

POLICY = "default-src 'self'; img-src 'self' data: https:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
SESSION = "A" * 22
TALK = {"id": SESSION, "state": "mood_check", "language": "en", "outcome": None, "turns": 0,
        "created_at": "2026-11-22T03:04:05.123Z", "updated_at": "2026-11-22T03:04:05.123Z"}
GREETING = {"id": "0", "role": "assistant", "text": "Hello!", "state": "mood_check", "choices": ["Great"],
            "products": [], "engine": "house", "outcome": None, "link": None, "rating": None}
TIMEOUT_S = 20


def whole(reply, **more):
    """A turn with that reply."""
    return {"message_id": "1", "state": "hobby_check", "reply": reply, "choices": [], "products": [], "engine": "llm",
            "outcome": None, "link": None, **more}


class Turn:
    """One reply to the client, as the script makes it.  calls is what was called before, this call the last of it."""

    def __init__(self, handler, calls):
        self.handler = handler
        self.calls = calls
        self.begun = False

    def event(self, name, data, number=None):
        """Send an event; number makes its id of the run "run-1"."""
        lines = [f"id: run-1-{number}"] if number else []
        self.raw("\n".join([*lines, f"event: {name}", f"data: {json.dumps(data)}", "", ""]))

    def raw(self, text):
        if not self.begun:
            self.begun = True
            self.handler.head(200, "text/event-stream", ("Connection", "close"))
        self.handler.wfile.write(text.encode())
        self.handler.wfile.flush()

    def problem(self, status, code, *headers):
        self.handler.answer(status, {"status": status, "code": code, "title": code}, *headers)

    def wait(self, event):
        assert event.wait(TIMEOUT_S)


class Chat:
    """The server.  calls are (method, path, headers, body) of the turns' calls, in their order."""

    policy = POLICY

    def __init__(self, htdocs):
        self.htdocs = Path(htdocs)
        self.calls = []
        self.cancelled = threading.Event()
        self.script = None
        self.signed_in = True
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                chat.handle(self)

            def log_message(self, *args):
                pass

            def head(self, status, kind, *headers):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Security-Policy", chat.policy)
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()

            def answer(self, status, data=None, *headers):
                body = b"" if data is None else json.dumps(data).encode()
                kind = "application/json" if status < 400 else "application/problem+json"
                self.head(status, kind, ("Content-Length", str(len(body))), *headers)
                self.wfile.write(body)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def start(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, handler):
        size = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(size)) if size else None
        path = handler.path.partition("?")[0]
        if not path.startswith("/api/"):
            self.file(handler, path)
            return
        call = f"{handler.command} {path.removeprefix('/api/v1').replace(SESSION, ':id')}"
        if call in ("POST /chat/sessions/:id/messages", "GET /chat/sessions/:id/stream"):
            self.calls.append((call, dict(handler.headers), body))
            self.script(Turn(handler, self.calls))
            return
        if call == "POST /chat/sessions/:id/cancel":
            self.cancelled.set()
        status, data = self.plain(call)
        handler.answer(status, data)

    def plain(self, call):
        """What the calls beside the turns get."""
        tokens = {"access_token": "t", "token_type": "Bearer", "expires_in": 900, "refresh_expires_in": 900}
        replies = {
            "POST /auth/login": (200, tokens),
            "POST /auth/refresh": (200, tokens) if self.signed_in else (401, {"code": "token_expired", "title": "over"}),
            "GET /chat/sessions": (200, {"items": [TALK], "next_cursor": None}),
            "GET /chat/sessions/:id/messages": (200, {"items": [GREETING], "next_cursor": None}),
        }
        return replies.get(call, (204, None))

    def file(self, handler, path):
        path += "index.html" if path.endswith("/") else ""
        if ".." in path or not re.fullmatch(r"[\w./-]+", path) or not (self.htdocs / path[1:]).is_file():
            handler.answer(404)
            return
        data = (self.htdocs / path[1:]).read_bytes()
        handler.head(200, TYPES[Path(path).suffix], ("Content-Length", str(len(data))))
        handler.wfile.write(data)
