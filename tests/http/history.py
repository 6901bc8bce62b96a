"""Purchases of other days for the tests, written straight into the tables, and a system of a module's own for them.

What the tests read is as sql/ would have left it; the rest of the ledger is not, so that it does not belong into a shared system.
"""

import datetime
import itertools

import pytest

from debts import book_purchase, customer  # noqa: F401

SEOUL = datetime.timezone(datetime.timedelta(hours=9))
_hours = itertools.count(1)

MANY = """
WITH seller AS (INSERT INTO pay.merchant (name) VALUES ('가게') RETURNING id),
billed AS (INSERT INTO pay.bill (customer_id, month, due_on) VALUES (%(customer)s, '2025-01-01', '2025-02-15')
	ON CONFLICT DO NOTHING),
asked AS (
	INSERT INTO pay.request (checkout_id, merchant_id, order_id, name, amount_won, status, pin, qr, customer_id, ended_at)
	SELECT left(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/=', '-_'), 22), id, gen_random_uuid()::text,
		%(name)s, 1, 'paid', '000000', '0123456789012345678901', %(customer)s, moa.now()
	FROM seller, generate_series(1, %(count)s) RETURNING id, merchant_id)
INSERT INTO pay.payment (request_id, customer_id, merchant_id, name, merchant_name, letters, initials, month, paid_at,
	amount_won, points_used, credit_won, points_earned, owed_won, repaid_won)
SELECT id, %(customer)s, merchant_id, %(name)s, '가게', normalize(%(name)s || ' 가게', NFD),
	pay.initials(%(name)s || ' 가게'), '2025-01-01',
	'2025-01-01'::timestamptz + row_number() OVER () * interval '1 second', 1, 0, 1, 0, 0, 1 FROM asked
"""


@pytest.fixture(scope="module")
def system(make_shared_system):
    return make_shared_system()


@pytest.fixture(scope="module")
def api(system):
    return system.api


@pytest.fixture(scope="module")
def postgres(system):
    return system.postgres


@pytest.fixture(scope="module")
def ctl(system):
    return system.ctl


def seoul(day, hour=12, minute=0):
    """A time on that day ("2025-03-31") in Seoul."""
    return datetime.datetime.fromisoformat(f"{day}T{hour:02}:{minute:02}:00").replace(tzinfo=SEOUL)


def today():
    return datetime.datetime.now(SEOUL).date()


def bought(postgres, customer, name="아메리카노", at=None, amount=1000, owed=0, merchant="모아상점"):
    """A purchase; returns the payment's id.  Without ${at}, each is an hour later than the one before, in 2024."""
    if at is None:
        at = seoul("2024-01-01") + datetime.timedelta(hours=next(_hours))
    [(shop,)] = postgres.query("""
        WITH new AS (INSERT INTO pay.merchant (name) SELECT %s WHERE NOT EXISTS (SELECT FROM pay.merchant WHERE name = %s)
            RETURNING id)
        SELECT id FROM new UNION ALL (SELECT id FROM pay.merchant WHERE name = %s LIMIT 1)""", merchant, merchant, merchant)
    return book_purchase(postgres, customer=customer.id, merchant=shop, name=name, merchant_name=merchant, at=at, amount=amount,
                         points=0, earned=0, repaid=amount - owed)


def many(postgres, customer, count, name="물건"):
    """So many purchases in 2025, all repaid, without the entries of the ledger."""
    with postgres.connect() as connection, connection.cursor() as cursor:
        cursor.execute(MANY, {"customer": customer.id, "name": name, "count": count})


def pages(api, path, customer, **query):
    """All items of a list, page by page, and how many pages there were."""
    items, count = [], 0
    while True:
        page = api.get(path, token=customer, params=query).json()
        items, count = items + page["items"], count + 1
        if page["next_cursor"] is None:
            return items, count
        query["cursor"] = page["next_cursor"]
