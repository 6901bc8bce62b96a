"""tus 1.0.0 by hand, for the tests: an upload and its bytes, whole or cut, by requests or on a bare socket."""

import hashlib
import random
import socket

from servers import until

TUS = {"Tus-Resumable": "1.0.0"}
STREAM = {**TUS, "Content-Type": "application/offset+octet-stream"}
MIB = 1024 * 1024

# A form by hand: what stands before the video, and after it.
FORM_HEAD = (b'--X\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n'
             b'--X\r\nContent-Disposition: form-data; name="video"; filename="v"\r\n\r\n')
FORM_END = b"\r\n--X--\r\n"


def some_bytes(size, seed=1):
    return random.Random(seed).randbytes(size)


def start(api, customer, method, path, length, **headers):
    """A request whose head has been sent and whose body, of so many bytes, is the caller's to send: its socket."""
    about = {"Host": f"127.0.0.1:{api.system.port}", "Authorization": f"Bearer {customer.access_token}",
             "Content-Length": str(length), **headers}
    connection = socket.create_connection(("127.0.0.1", api.system.port), 20)
    connection.sendall("".join([f"{method} {path} HTTP/1.1\r\n", *(f"{name}: {value}\r\n" for name, value in about.items()),
                                "\r\n"]).encode())
    return connection


def start_form(api, customer, length):
    """A form of so many bytes, sent as far as its video's first: its socket."""
    connection = start(api, customer, "POST", "/api/v1/shorts", length, **{"Content-Type": "multipart/form-data; boundary=X"})
    connection.sendall(FORM_HEAD)
    return connection


class Upload:
    """An upload of a customer's: Upload(api, customer, data).create()."""

    def __init__(self, api, customer, data):
        self.api, self.customer, self.data = api, customer, data
        self.path = None

    def create(self, first=0, **headers):
        """Make it; with first, so many bytes come along."""
        about = {**(STREAM if first else TUS), "Upload-Length": str(len(self.data)), **headers}
        reply = self.api.post("/shorts/uploads", token=self.customer, headers=about, data=self.data[:first])
        if reply.status_code == 201:
            self.path = reply.headers["Location"]
        self.created = reply
        return self

    @property
    def id(self):
        return self.path.rsplit("/", 1)[1]

    def head(self, api=None):
        return (api or self.api).request("HEAD", self.path, token=self.customer, headers=TUS)

    def offset(self):
        return int(self.head().headers["Upload-Offset"])

    def patch(self, at, size=None, api=None, **headers):
        data = self.data[at:] if size is None else self.data[at:at + size]
        return (api or self.api).patch(self.path, token=self.customer, data=data,
                                       headers={**STREAM, "Upload-Offset": str(at), **headers})

    def start(self, at, api=None):
        """A PATCH of all from at on whose head has been sent and whose body is the caller's to send: its socket."""
        return start(api or self.api, self.customer, "PATCH", self.path, len(self.data) - at, **{**STREAM, "Upload-Offset": str(at)})

    def start_creation(self):
        """A creation with all of it whose head has been sent and whose body is the caller's to send: its socket."""
        return start(self.api, self.customer, "POST", "/api/v1/shorts/uploads", len(self.data),
                     **{**STREAM, "Upload-Length": str(len(self.data))})

    def cut(self, at, until_byte, api=None):
        """A PATCH whose connection breaks after the byte until_byte, when the line has nothing more under way: a phone's is slow."""
        with self.start(at, api) as connection:
            connection.sendall(self.data[at:until_byte])
            until(lambda: until_byte - self.row()[0] < MIB, "what has come to be counted", 30)

    def row(self):
        [row] = self.api.system.postgres.query(
            "SELECT received, file, fence, leased_until IS NOT NULL AS leased FROM shorts.upload WHERE id = %s", self.id)
        return row

    def bytes(self):
        """What counts of the file."""
        received, file, _, _ = self.row()
        return (self.api.system.shorts_dir / "uploads" / file).read_bytes()[:received]

    def settled(self):
        """Wait until nobody writes; the offset then."""
        until(lambda: not self.row()[3], "the lease to be given back", 30)
        return self.row()[0]

    def finish(self):
        """Send what is missing; the file is then the data."""
        at = self.offset()
        if at < len(self.data):
            assert self.patch(at).status_code == 204
        assert self.offset() == len(self.data)
        assert hashlib.sha256(self.bytes()).digest() == hashlib.sha256(self.data).digest()
