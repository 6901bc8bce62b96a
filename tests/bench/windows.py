"""Payment windows that wait for their checkouts: a process of its own that holds their streams open."""

import multiprocessing
import selectors
import socket


def _hold(port, ids, pipe):
    """Open all streams, say so, read until told to end; then say how many are still open."""
    selector, told = selectors.DefaultSelector(), {}
    for checkout in ids:
        stream = socket.create_connection(("127.0.0.1", port), 30)
        stream.sendall(f"GET /api/v1/pay/checkout/{checkout}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        selector.register(stream, selectors.EVENT_READ)
        told[stream] = b""
    selector.register(pipe, selectors.EVENT_READ)
    ready = False
    while True:
        for key, _ in selector.select():
            if key.fileobj is pipe:
                pipe.send(sum(b"event: status" in text for text in told.values() if text is not None))
                return
            piece = key.fileobj.recv(65536)
            if piece:
                told[key.fileobj] += piece
            else:
                told[key.fileobj] = None
                selector.unregister(key.fileobj)
        if not ready and all(text is None or b"event: status" in text for text in told.values()):
            pipe.send("all open")
            ready = True


class Windows:
    """with Windows(port, checkout ids) as open_windows: …; open_windows.open afterwards says how many were still open."""

    def __init__(self, port, ids):
        self.pipe, end = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=_hold, args=(port, ids, end), daemon=True)
        self.open = 0

    def __enter__(self):
        self.process.start()
        if not self.pipe.poll(30):
            raise TimeoutError("not all windows could be opened")
        self.pipe.recv()
        return self

    def __exit__(self, *_):
        self.pipe.send("end")
        self.open = self.pipe.recv()
        self.process.join()
