"""Requests for payment as rows of the database, and their event streams, for tests of what watches them."""

import json
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests


def make_merchant(postgres, name="모아 상점"):
    return postgres.query("INSERT INTO pay.merchant (name) VALUES (%s) RETURNING id", name)[0][0]


def make_checkouts(postgres, merchant, n=1, seconds=120, name="따뜻한 담요"):
    """n requests of that merchant that live so many seconds; returns their checkout ids."""
    ids = [secrets.token_urlsafe(16) for _ in range(n)]
    postgres.query("""
        INSERT INTO pay.request (checkout_id, merchant_id, order_id, name, amount_won, pin, qr, expires_at)
        SELECT id, %s, 'order ' || id, %s, 12900, lpad(coalesce((SELECT max(pin)::int FROM pay.request
            WHERE status IN ('pending', 'claimed')), 0) + place || '', 6, '0'), reverse(id),
            moa.now() + make_interval(secs => %s)
        FROM unnest(%s) WITH ORDINALITY AS made (id, place)""", merchant, name, seconds, ids)
    return ids


def set_status(postgres, checkouts, status, customer=None):
    postgres.query("""
        UPDATE pay.request SET status = %s, customer_id = coalesce(%s::uuid, customer_id),
            ended_at = CASE WHEN %s IN ('paid', 'expired', 'cancelled') THEN moa.now() END
        WHERE checkout_id = ANY (%s)""", status, customer, status, checkouts)


class Watcher:
    """A stream of events that is read by a thread of its own; .seen has (status, when) of each."""

    def __init__(self, system, checkout):
        self.checkout = checkout
        self.seen = []
        self.comments = 0
        self.ended = False
        self.reply = requests.get(f"{system.url}/api/v1/pay/checkout/{checkout}/events", stream=True, timeout=40)
        self.status_code = self.reply.status_code
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        name, rest = None, b""
        try:
            for piece in self.reply.iter_content(None):
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    if line.startswith(b":"):
                        self.comments += 1
                    elif line.startswith(b"event: "):
                        name = line[7:]
                    elif line.startswith(b"data: "):
                        assert name == b"status"
                        self.seen.append((json.loads(line[6:])["status"], time.monotonic()))
        except AttributeError:
            pass  # close() takes the connection away from the library while it reads
        except requests.RequestException as e:
            self.fault = e
        self.ended = True

    @property
    def statuses(self):
        return [status for status, _ in self.seen]

    def close(self):
        self.reply.close()


def at_once(calls, threads=32):
    """Run the calls in a few threads and return what they returned, in order."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda call: call(), calls))
