"""Reading a turn as server-sent events, for the tests: a strict reader of the format, with times."""

import json
import time
import uuid
from dataclasses import dataclass


@dataclass
class Event:
    id: str
    name: str
    data: dict
    at: float  # time.monotonic() when it was whole


class Events:
    """for event in Events(response): …; comments are counted.  A stream that ends before its last event ends the loop."""

    def __init__(self, reply):
        self.reply = reply
        self.seen = []
        self.comments = 0
        self._events = self._read()

    def __iter__(self):
        """The events from where the last reader stopped."""
        return self._events

    def _read(self):
        block = []
        for line in self._lines():
            if line.startswith(":"):
                self.comments += 1
            elif line:
                block.append(line)
            elif block:
                yield self._event(block)
                block = []

    def _lines(self):
        rest = b""
        for piece in self.reply.iter_content(None):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield line.decode()

    def _event(self, block):
        fields = dict(line.split(": ", 1) for line in block)
        assert list(fields) == ["id", "event", "data"], block
        event = Event(fields["id"], fields["event"], json.loads(fields["data"]), time.monotonic())
        self.seen.append(event)
        return event

    def until(self, name):
        """Read up to the first event of that name and return it."""
        return next(event for event in self if event.name == name)

    def rest(self):
        """Read to the end and return everything seen."""
        for _ in self:
            pass
        return self.seen

    def close(self):
        self.reply.close()


def stream(talk, text, message_id=None, **more):
    """Say something and read the turn as events."""
    reply = talk.api.post(f"{talk.path}/messages", token=talk.customer, stream=True,
                          headers={"Accept": "text/event-stream"},
                          json={"text": text, "client_message_id": str(message_id or uuid.uuid4())}, **more)
    return Events(reply)


def resume(talk, last=None, api=None):
    """GET …/stream after the event with that id; a response of 204 has no events."""
    headers = {"Last-Event-ID": last} if last else {}
    return Events((api or talk.api).get(f"{talk.path}/stream", token=talk.customer, stream=True, headers=headers))


def words(events):
    """The words a client would have on the screen: those since the last state event."""
    text = ""
    for event in events:
        text = "" if event.name == "state" else text + event.data.get("text", "") if event.name == "token" else text
    return text


def assert_whole(events):
    """A stream as it should be: numbered, a state first, one end, the words those of the turn.  Returns the turn."""
    tag, _, first = events[0].id.rpartition("-")
    first = int(first)
    assert [event.id for event in events] == [f"{tag}-{n}" for n in range(first, first + len(events))]
    assert events[0].name == "state" and events[-1].name == "done"
    assert [event.name for event in events].count("done") == 1
    turn = events[-1].data
    assert words(events) == turn["reply"]
    shown = [event.data["products"] for event in events if event.name == "products"]
    assert shown == ([turn["products"]] if turn["products"] else [])
    states = [event.data for event in events if event.name == "state"]
    assert states[-1] == {"state": turn["state"], "engine": turn["engine"]}
    return turn
