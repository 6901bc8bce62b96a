"""Search: the tails for frequent and rare words, right and misspelt, alone and together; and what a listing adds to making a short."""

import statistics
import time
import urllib.parse

from measure import in_turn
from yardstick import wrk

# Words of tests/bench/shorts.sql: the most frequent, some further down, and some with a wrong letter.
FREQUENT = ("고양이", "오늘", "서울", "cat", "dog", "day")
SELDOM = ("낚시", "주식", "적금", "fly", "art", "zoo")
MISSPELT = {"산첵": "산책", "서을": "서울", "낚지": "낚시", "dgo": "dog", "cqt": "cat", "fooc": "food"}
SEVERAL = ("고양이 cat", "오늘 서울 산책", "낚시 art", "고양이 날씨 ski")
NONE = ("qqxqq",)

RARE = "SELECT word FROM shorts.word WHERE word ~ %s ORDER BY md5(word) LIMIT 3"
MAKE = """INSERT INTO shorts.short (customer_id, upload_id, title, description, status, media, width, height, duration_s)
SELECT customer_id, gen_random_uuid(), title, description, 'ready', gen_random_uuid(), 720, 1280, 9
FROM shorts.short WHERE created_at > moa.now() - interval '1 day' LIMIT 500"""


def search(table, bench, args):
    write(table, bench, args)
    rare = [row[0] for pattern in ("^[가-힣]{2}$", "^[a-z]{3}$") for row in bench.query(bench.many, RARE, pattern)]
    tails(table, bench, args, {"frequent": FREQUENT, "seldom": SELDOM, "rare": rare, "with a wrong letter": tuple(MISSPELT),
                               "several": SEVERAL, "of none": NONE})
    found = [right for wrong, right in MISSPELT.items() if right in page(bench.many, wrong)]
    table.goal("words with a wrong letter that find the right one", f"{len(found)} of {len(MISSPELT)}", "all", len(found) == len(MISSPELT))
    making(table, bench)


def write(table, bench, args):
    """List what was loaded past the trigger, which only search needs."""
    begun = time.monotonic()
    bench.query(bench.many, "SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; DROP INDEX shorts.listing_words; "
                "SELECT shorts.list_all(); CREATE INDEX listing_words ON shorts.listing USING gin (words) WITH (fastupdate = off)")
    for relation in ("listing", "word", "channel_name"):
        bench.query(bench.many, f"VACUUM ANALYZE shorts.{relation}")
    table.note(f"{args.shorts} shorts listed in, s", f"{time.monotonic() - begun:.0f}")


def url(api, q):
    return f"{api.system.url}/api/v1/shorts/search?limit=20&q={urllib.parse.quote(q)}"


def page(api, q):
    """All that is said of what a search finds, as one text."""
    items = api.get("/shorts/search", params={"q": q}).json()["items"]
    return " ".join(f"{item['title']} {item['description']}" for item in items)


def tails(table, bench, args, kinds):
    """The p99 of each word by itself, from as many clients as there are cores; the slowest word of a kind counts."""
    for kind, words in kinds.items():
        found = in_turn(args.rounds, **{q: lambda q=q: wrk(url(bench.many, q), 1, connections=2)[2] for q in words})
        medians = {q: statistics.median(times) for q, times in found.items()}
        worst = max(medians, key=medians.get)
        table.goal(f"search, words {kind}: p99, ms", f"{medians[worst]:.1f} ({worst})", "< 50", medians[worst] < 50)


def making(table, bench):
    """What a short costs that is made, with its listing and without."""
    def timed(trigger):
        begun = time.monotonic()
        bench.query(bench.many, f"BEGIN; ALTER TABLE shorts.short {trigger} TRIGGER list_short; {MAKE}; ROLLBACK")
        return (time.monotonic() - begun) / 500 * 1000

    found = in_turn(3, bare=lambda: timed("DISABLE"), listed=lambda: timed("ENABLE"))
    table.note("a short more, ms: without its listing, with it",
               f"{statistics.median(found['bare']):.2f}, {statistics.median(found['listed']):.2f}")
