"""A FastCGI client (FastCGI 1.0 §3), to hand programs what no web server would and to keep connections open."""

import socket
import struct

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = range(1, 8)
KEEP = 1


def record(kind, content=b""):
    return struct.pack("!BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def pair(name, value):
    def length(n):
        return struct.pack("!B", n) if n < 128 else struct.pack("!I", n | 1 << 31)

    return length(len(name)) + length(len(value)) + name + value


class Connection:
    """One connection to a program's socket; with keep, request() may be called again and again."""

    def __init__(self, path, keep=False, timeout=40):
        self.keep = keep
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))

    def send(self, method, uri, body=b"", headers=(), length=None, whole=True, address="192.0.2.7"):
        """Send a request; length is what CONTENT_LENGTH claims, and without whole the input's end is not sent."""
        params = {
            "REQUEST_METHOD": method,
            "REQUEST_URI": uri,
            "REMOTE_ADDR": address,
            "CONTENT_TYPE": "application/json" if body else "",
            "CONTENT_LENGTH": str(len(body) if length is None else length),
            **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in dict(headers).items()},
        }
        text = b"".join(pair(name.encode(), value.encode()) for name, value in params.items())
        message = record(BEGIN, struct.pack("!HB5x", 1, KEEP if self.keep else 0))
        message += record(PARAMS, text) + record(PARAMS)
        for at in range(0, len(body), 60000):
            message += record(STDIN, body[at:at + 60000])
        self.socket.sendall(message + (record(STDIN) if whole else b""))

    def receive(self):
        """Read one reply: (status, headers, body)."""
        out = b""
        while True:
            kind, content = self._record()
            if kind == STDOUT:
                out += content
            elif kind == END:
                break
        head, _, body = out.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return int(headers.get("Status", "200").split()[0]), headers, body

    def request(self, *args, **more):
        self.send(*args, **more)
        return self.receive()

    def _record(self):
        _, kind, _, length, padding, _ = struct.unpack("!BBHHBB", self._exactly(8))
        return kind, self._exactly(length + padding)[:length]

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            piece = self.socket.recv(n - len(data))
            if not piece:
                raise ConnectionError("the program closed the connection")
            data += piece
        return data

    def close(self):
        self.socket.close()
