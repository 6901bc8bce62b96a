#!/usr/bin/python3
"""A language model behind OpenAI's chat-completions API, as moa asks it: POST /v1/chat/completions, on loopback.

In a test: Model().start(), then .url and what is documented there.  By hand: model.py [PORT] serves until it is
interrupted; POST /control sets the same things with a JSON object, GET /control tells what was seen.
"""

import json
import re
import select
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SPACES = 250_000
ODD = (1, 2, 3, 5, 7, 11, 64, 1, 300)
TOKEN = re.compile(r"\s*\S{1,4}")

# Faults that are a reply: status, headers, body.  The others are methods of the handler.
REPLIES = {
    "429": (429, {}, '{"error":{"message":"Rate limit reached","type":"tokens","code":"rate_limit_exceeded"}}'),
    "429-soon": (429, {"Retry-After": "1"}, '{"error":{"message":"Rate limit reached"}}'),
    "429-later": (429, {"Retry-After": "30"}, '{"error":{"message":"Rate limit reached"}}'),
    "401": (401, {}, '{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}'),
    "500": (500, {}, '{"error":{"message":"The server had an error while processing your request"}}'),
    "503": (503, {}, "<html><body>503 Service Temporarily Unavailable</body></html>"),
    "error": (200, {}, '{"error":{"message":"CUDA out of memory","code":500}}'),
    "garbage": (200, {"Content-Type": "text/event-stream"}, "data: {\"choices\":[{\"del\x00\x7f%%%\n\n"),
    "spaces": (200, {}, " " * SPACES),
}


class Gone(Exception):
    """The caller has closed its connection."""


class Model:
    """The server, and all that a test may set or look at."""

    def __init__(self, port=0):
        self.leaving = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler_of(self))
        self.server.daemon_threads = True
        self.server.request_queue_size = 1024
        self.reset()

    def reset(self):
        self.latency = 0.0  # seconds before the first byte
        self.pace = 0.0  # seconds before each further token
        self.chunks = None  # sizes of the pieces in which the bytes of a stream are sent, over and over; ODD is a set of them
        self.fault = None  # of every call: see REPLIES and _FAULTS
        self.faults = []  # of the next calls, one each; None is no fault
        self.obeying = False  # do as the customer's text says
        self.usage = True  # tell token counts
        self._answer = None
        self.requests = []  # bodies, as they came, with "_headers" and "_at" (time.monotonic())
        self.cancelled = []  # {"at", "after_s", "tokens"} of calls whose connection was closed early

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def answer(self, answer):
        """Answer with this: a dict; a str, as it stands; a function of the request that returns either; None: sensibly."""
        self._answer = answer
        return self

    def start(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.leaving.set()
        self.server.shutdown()
        self.server.server_close()

    def text(self, request):
        """The whole answer to a request."""
        answer = self._answer(request) if callable(self._answer) else self._answer
        if answer is None:
            answer = obedient(request) if self.obeying else sensible(request)
        return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)

    def control(self, settings):
        if settings.pop("reset", False):
            self.reset()
        for name, value in settings.items():
            if name == "answer":
                self._answer = value
            elif name in ("latency", "pace", "chunks", "fault", "faults", "obeying", "usage"):
                setattr(self, name, value)
            else:
                raise KeyError(name)

    def seen(self):
        return {"requests": self.requests, "cancelled": self.cancelled}


def contents(request):
    """The text of each message, by role: contents(request)["system"]."""
    found = {"system": [], "user": [], "assistant": []}
    for message in request["messages"]:
        found[message["role"]].append(message["content"])
    return {role: "\n".join(texts) for role, texts in found.items()}


def strings(text):
    """Every string inside the JSON values in the text, then the text itself."""
    decoder = json.JSONDecoder()

    def leaves(value):
        if isinstance(value, str):
            yield value
        elif isinstance(value, (dict, list)):
            for part in value.values() if isinstance(value, dict) else value:
                yield from leaves(part)

    at = 0
    while (begin := re.search(r'[{\["]', text[at:])) is not None:
        at += begin.start()
        try:
            value, length = decoder.raw_decode(text[at:])
            yield from leaves(value)
            at += length
        except ValueError:
            at += 1
    yield text


def plain(schema, products):
    """A value that a JSON schema allows: as little as possible, but all the products."""
    kinds = schema.get("type", "object")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "null" in kinds or None in schema.get("enum", ()) or {"type": "null"} in schema.get("anyOf", ()):
        return None
    if "enum" in schema:
        return "none" if "none" in schema["enum"] else schema["enum"][0]
    if "object" in kinds:
        return {name: products if name == "picks" else plain(part, products)
                for name, part in schema.get("properties", {}).items()}
    return {"boolean": True, "array": [], "integer": 0, "number": 0}.get(kinds[0], "")


def schema_of(request):
    return request.get("response_format", {}).get("json_schema", {}).get("schema", {})


def told(request):
    """The data in our prompt: the JSON object that is the user's message (cgi-bin/chatbot/prompt_data.c), else {}."""
    try:
        data = json.loads(request["messages"][-1]["content"])
    except ValueError:
        data = {}
    return data if isinstance(data, dict) else {}


def products_of(request):
    """The ids of the first three products the request tells of."""
    products = told(request).get("products", [])
    return [product["id"] for product in products if isinstance(product, dict)][:3]


# What this model understands: moods, by words that not every assistant knows.
MOODS = {"tired": "녹초|파김치|기진맥진|wiped out|running on empty", "good": "날아갈|on cloud nine|over the moon",
         "bad": "속상|down in the dumps|under the weather", "bored": "몸이 근질|twiddling"}
# Replies, by the question that our prompt has them end with.
REPLIES_BY_QUESTION = {
    "mood": ("안녕하세요, 반가워요! 오늘은 마음이 어떠세요?", "Hello there! And how is your day going?"),
    "interests": ("그러셨군요. 요즘은 무엇에 마음이 가세요?", "I hear you. Is there something you enjoy these days?"),
    "tips": ("멋진 취향이네요! 어울리는 걸 찾아 드릴까요, 아니면 소비 리포트를 볼까요?",
             "Lovely! Shall I look for something, or would you rather see your report?"),
    "shown": ("말씀에 어울리는 것으로 골랐어요. 눈에 들어오는 게 있으세요?", "I chose these with you in mind. Do you see one you like?"),
    "new ones": ("다른 것으로 다시 골라 봤어요. 이번엔 어떠세요?", "Here are some different ones. Any better this time?"),
    "": ("또 떠오르는 게 있으면 말씀해 주세요.", "Let me know whenever something else comes to mind."),
}


def sensible(request):
    """What an honest model answers: moods it knows, the first products, a friendly reply that asks what it is told to ask."""
    data, system = told(request), contents(request)["system"]
    message = data.get("customer_message", request["messages"][-1]["content"])
    korean = "in Korean" in system or ("in English" not in system and re.search("[가-힣]", message))
    mood = next((mood for mood, words in MOODS.items() if re.search(words, message, re.I)), None)
    fits = "If fits" not in system or mood is not None
    question = re.findall(r"The question: ([^.]*)", system)
    question = "" if not question else question[0] if fits else question[-1]
    reply = next(replies for words, replies in REPLIES_BY_QUESTION.items() if words in question)[0 if korean else 1]
    if not schema_of(request):
        return reply
    return {**plain(schema_of(request), products_of(request)), "fits": fits, "mood": mood, "reply": reply}


SAY = (re.compile(r'(?:say|reply|answer|write|output|print|respond)(?: only| exactly| with)*:? ["\'“](.+?)["\'”]', re.I | re.S),
       re.compile(r'["\'“](.+?)["\'”]\s*(?:이?라고)\s*(?:만)?\s*(?:말|답|대답|써|출력)', re.S))
REVEAL = re.compile(r"(?:system|your|previous|above|시스템|위의?|이전)\W+(?:\w+\W+){0,3}?(?:prompt|instructions?|message|rules|프롬프트|지시|규칙|명령)", re.I)
SET = re.compile(r"\bset (\w+) to (\[[^\]]*\]|\"[^\"]*\"|[\w.-]+)", re.I)
PICK = re.compile(r"(?:recommend|pick|show|choose|추천\S*|골라\S*|보여\S*)[^.!?]{0,40}?\b(p\d+|[A-Za-z]+:\d+|[a-z]+-\d\d+)\b", re.I)
RAW = re.compile(r"(?:raw|verbatim|그대로 출력)\s*:\s*(.+)", re.I | re.S)


def value_of(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def obedient(request):
    """What a model answers that does all it is told by anybody: by the customer, a product's title, a summary."""
    answer, said = sensible(request), contents(request)
    if not isinstance(answer, dict):
        answer = {"reply": answer}
    for text in strings(said["user"]):
        if raw := RAW.search(text):
            return raw[1]
        for pattern in SAY:
            if words := pattern.search(text):
                answer["reply"] = words[1]
        if REVEAL.search(text):
            answer["reply"] = said["system"][:400]
        answer.update({name.lower(): value_of(value) for name, value in SET.findall(text)})
        if picks := PICK.findall(text):
            answer["picks"] = picks[:3]
        for part in re.findall(r"\{[^{}]*\}", text):
            if text.strip() != said["user"].strip() and isinstance(value := value_of(part), dict):
                answer.update(value)
    return answer


def handler_of(model):
    class Handler(BaseHTTPRequestHandler):
        """One connection."""

        protocol_version = "HTTP/1.1"

        def setup(self):
            super().setup()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sent, self.asked = 0, None

        def do_GET(self):
            self._send(200, {}, json.dumps(model.seen() if self.path == "/control" else {"data": [{"id": "fake"}]}))

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                request = json.loads(body)
                if self.path == "/control":
                    model.control(request)
                    return self._send(204, {}, "")
                if self.path != "/v1/chat/completions":
                    return self._send(404, {}, '{"error":{"message":"Unknown request URL"}}')
                if not request.get("model") or not request.get("messages"):
                    raise ValueError("you must provide a model and messages")
            except (ValueError, KeyError) as e:
                return self._send(400, {}, json.dumps({"error": {"message": str(e), "type": "invalid_request_error"}}))
            return self._complete(request)

        def _complete(self, request):
            if model.leaving.is_set():  # over a connection that was kept
                self.close_connection = True
                return None
            begun = time.monotonic()
            self.sent, self.asked = 0, request
            model.requests.append({**request, "_headers": dict(self.headers), "_at": begun})
            fault = model.faults.pop(0) if model.faults else model.fault
            try:
                self._wait(model.latency)
                if fault in REPLIES:
                    return self._send(*REPLIES[fault])
                text = model.text(request)
                if fault:
                    return getattr(self, f"_{fault}")(text)
                if request.get("stream"):
                    return self._stream(request, text)
                return self._whole(text)
            except (Gone, OSError):
                self.close_connection = True
                model.cancelled.append({"at": time.monotonic(), "after_s": time.monotonic() - begun, "tokens": self.sent})

        def _wait(self, seconds):
            """Wait, unless the caller leaves."""
            until = time.monotonic() + seconds
            while not model.leaving.is_set():
                left = until - time.monotonic()
                if select.select([self.connection], [], [], max(0, min(left, 0.05)))[0]:
                    if not self.connection.recv(1, socket.MSG_PEEK):
                        raise Gone
                    self.connection.settimeout(None)
                if left <= 0:
                    return
            raise Gone

        def _send(self, status, headers, body):
            data = body.encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        # The faults that are no simple replies: _FAULTS.

        def _hang(self, _text):
            self._wait(60)

        def _stall(self, text):
            self._tokens(text[:len(text) // 2])
            self._wait(60)

        def _cut(self, text):
            self._tokens(text[:len(text) // 2])
            self.close_connection = True

        def _ended(self, text):
            """Well-formed HTTP, but the answer stops in the middle."""
            self._tokens(text[:len(text) // 2])
            self._chunk(b"")

        def _late_error(self, text):
            self._tokens(text[:len(text) // 2])
            self._event({"error": {"message": "The engine has stopped", "code": 500}})
            self._chunk(b"")

        def _blank(self, _text):
            """A model that lost its thread in a schema: blanks without end."""
            self._head()
            for _ in range(SPACES // 50):
                self._event(piece("\n" + " " * 49))
            self._chunk(b"")

        def _whole(self, text):
            """As a server that knows no streams."""
            self._send(200, {}, json.dumps(
                {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "fake",
                 "choices": [{"index": 0, "message": {"role": "assistant", "content": text, "refusal": None},
                              "finish_reason": "stop"}], **self._usage(text)}))

        def _refuse(self, _text):
            self._head()
            self._event(piece(None, refusal="I'm sorry, I can't help with that."))
            self._event(piece(None, finish="stop"))
            self._write(b"data: [DONE]\n\n")
            self._chunk(b"")

        def _length(self, text):
            """Longer than the tokens allowed."""
            self._tokens(text[:len(text) // 2])
            self._event(piece(None, finish="length"))
            self._write(b"data: [DONE]\n\n")
            self._chunk(b"")

        # A stream.

        def _stream(self, request, text):
            self._tokens(text)
            self._event(piece(None, finish="stop"))
            if model.usage and request.get("stream_options", {}).get("include_usage"):
                self._event({**piece(None), "choices": [], **self._usage(text)})
            self._write(b"data: [DONE]\n\n")
            self._chunk(b"")

        def _usage(self, text):
            prompt = sum(len(message["content"]) for message in self.asked["messages"]) // 4
            count = len(TOKEN.findall(text))
            return {"usage": {"prompt_tokens": prompt, "completion_tokens": count, "total_tokens": prompt + count}}

        def _head(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._event(piece("", role="assistant"))

        def _tokens(self, text):
            self._head()
            tokens = TOKEN.findall(text) or ([text] if text else [])
            rest = text[sum(map(len, tokens)):]
            for n, token in enumerate([*tokens, rest] if rest else tokens):
                self._wait(model.pace if n else 0)
                self._event(piece(token))
                self.sent += 1

        def _event(self, event):
            self._write(b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n")

        def _write(self, data):
            sizes, n = model.chunks, 0
            while data:
                size = sizes[n % len(sizes)] if sizes else len(data)
                self._chunk(data[:size])
                data, n = data[size:], n + 1

        def _chunk(self, data):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

        def log_message(self, *_):
            """Nothing: tests look at .requests."""

    return Handler


def piece(content, role=None, finish=None, refusal=None):
    """One chunk of a stream."""
    delta = {name: value for name, value in (("role", role), ("content", content), ("refusal", refusal))
             if value is not None}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "fake",
            "system_fingerprint": "fp_1", "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}


if __name__ == "__main__":
    fake = Model(int(sys.argv[1]) if len(sys.argv) > 1 else 0).start()
    print(f"MOA_LLM_URL={fake.url}", flush=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        fake.stop()
