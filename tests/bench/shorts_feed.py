"""The feed: a page of it beside a bare program's row, deep pages beside the first, many shorts beside few, and what ranking takes."""

import contextlib
import itertools
import statistics
import threading
import time

from measure import cpu_seconds, in_turn, pids
from servers import descendants
from yardstick import wrk

LIKES_PER_S = 200
pairs = itertools.count()  # of people and shorts, none twice


def feed(table, bench, args):
    viewers = {api: viewer(bench, api) for api in (bench.many, bench.few)}
    for api in viewers:
        rank(bench, api)
    page(table, bench, args, viewers[bench.many])
    depth(table, bench, args, viewers)
    ranking(table, bench, args)


def viewer(bench, api):
    """Somebody who has reacted to some of the best shorts and follows some channels."""
    customer = api.register()
    rank(bench, api)
    bench.query(api, "INSERT INTO shorts.reaction (short_id, customer_id, type) SELECT unnest(ids[1:500]), %s, 'like' FROM shorts.page_set",
                customer.id)
    bench.query(api, "INSERT INTO shorts.subscription (channel_id, customer_id) SELECT DISTINCT customer_id, %s::uuid FROM "
                "(SELECT customer_id FROM shorts.short LIMIT 50) s", customer.id)
    return customer


def rank(bench, api):
    """Make a page set though the last one is not a minute old; how long it took, in seconds."""
    bench.query(api, "UPDATE shorts.page_set SET made_at = made_at - interval '1 minute'")
    with contextlib.closing(bench.postgres.connect("moa_worker", api.database)) as connection, connection.cursor() as cursor:
        begun = time.monotonic()
        cursor.execute("SELECT number FROM shorts.make_page_set()")
        return time.monotonic() - begun


def read(api, customer, args, cursor=None, connections=4):
    """Load on one page, as wrk tells it: (requests, per second, p99 in ms)."""
    path = "/api/v1/shorts/feed?limit=10" + (f"&cursor={cursor}" if cursor else "")
    return wrk(api.system.url + path, args.seconds, customer.access_token, connections)


def page(table, bench, args, customer):
    """The page everybody reads first, with as many clients as the bare program has."""
    def cpu():
        who = {"shorts": pids(bench.many.system, "shorts"), "lighttpd": [bench.many.system.process.pid],
               "PostgreSQL": list(descendants(bench.postgres.process.pid))}
        return {name: cpu_seconds(found) for name, found in who.items()}

    found = in_turn(args.rounds, bare=lambda: wrk(f"{bench.many.system.url}/bare?{customer.id}", args.seconds)[1],
                    feed=lambda: read(bench.many, customer, args, connections=32)[1])
    rate, base = statistics.median(found["feed"]), statistics.median(found["bare"])
    table.goal("feed, 10 items: 32 clients, per second, bare, ratio", f"{rate:.0f} / {base:.0f} = {rate / base:.2f}", ">= 0.35",
               rate / base >= 0.35)
    before = cpu()
    sent = read(bench.many, customer, args, connections=32)[0]
    after = cpu()
    table.note("  processor time of each, µs", ", ".join(f"{name} {(after[name] - before[name]) / sent * 1e6:.0f}" for name in after))


def depth(table, bench, args, viewers):
    """The tails of the first page and of the fiftieth, and of a system with few shorts."""
    def fiftieth(api):
        cursor = None
        for _ in range(49):
            query = {"limit": 10, **({"cursor": cursor} if cursor else {})}
            cursor = api.get("/shorts/feed", token=viewers[api], params=query).json()["next_cursor"]
        return cursor

    deep = fiftieth(bench.many)
    found = in_turn(args.rounds, first=lambda: read(bench.many, viewers[bench.many], args)[2],
                    deep=lambda: read(bench.many, viewers[bench.many], args, deep)[2],
                    few=lambda: read(bench.few, viewers[bench.few], args)[2])
    first, fifty, few = (statistics.median(found[name]) for name in ("first", "deep", "few"))
    table.goal("p99 of page 50, of page 1, ms", f"{fifty:.1f}, {first:.1f}", "<= 2 x", fifty <= 2 * first)
    table.goal(f"p99 with {args.shorts} shorts, with {min(args.shorts, 10_000)}, ms", f"{first:.1f}, {few:.1f}", "<= 2 x", first <= 2 * few)


@contextlib.contextmanager
def likes(bench, api):
    """So many a second meanwhile, of a thousand people for the best thousand, as the program books them."""
    ended, liked = threading.Event(), [0]
    people = [row[0] for row in bench.query(api, "SELECT id::text FROM auth.customer LIMIT 997")]
    [(shorts,)] = bench.query(api, "SELECT ids[1:1000]::text[] FROM shorts.page_set ORDER BY number DESC LIMIT 1")

    def like():
        with contextlib.closing(bench.postgres.connect("moa_shorts", api.database)) as connection, connection.cursor() as cursor:
            cursor.execute("PREPARE react AS SELECT code FROM shorts.react($1, $2, 'like')")
            begun = time.monotonic()
            while not ended.wait(max(0, begun + liked[0] / LIKES_PER_S - time.monotonic())):
                pair = next(pairs)
                cursor.execute("EXECUTE react (%s, %s)", (people[pair % len(people)], shorts[pair % len(shorts)]))
                liked[0] += 1

    thread = threading.Thread(target=like)
    thread.start()
    try:
        yield liked
    finally:
        ended.set()
        thread.join()


def ranking(table, bench, args):
    """How long a page set takes by itself, and while likes arrive."""
    quiet, busy, liked, lasted = [], [], 0, 0.0
    for _ in range(args.rounds):
        quiet.append(rank(bench, bench.many))
        begun = time.monotonic()
        with likes(bench, bench.many) as count:
            time.sleep(args.seconds / 2)
            busy.append(rank(bench, bench.many))
            lasted += time.monotonic() - begun
        liked += count[0]
    alone, meanwhile = statistics.median(quiet), statistics.median(busy)
    table.goal("a page set, s", f"{alone:.2f}", "< 2", alone < 2)
    table.goal(f"  with {liked / lasted:.0f} likes a second", f"{meanwhile:.2f} = {meanwhile / alone:.2f} x", "< 1.5 x", meanwhile < 1.5 * alone)
