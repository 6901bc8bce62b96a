"""Purchases for the tests that begin after them: merchants with keys, payments as approving a request leaves them, repayments."""

import hashlib
import secrets
import uuid
from contextlib import closing

import pytest

from shop import fresh

MERCHANT = """
WITH made AS (INSERT INTO pay.merchant (name) VALUES (%s) RETURNING id)
INSERT INTO pay.merchant_key (hash, merchant_id) SELECT %s, id FROM made RETURNING merchant_id"""

# One purchase as approving leaves it: request, bill, payment, and what the ledger says of it.
PURCHASE = """
WITH asked AS (
	INSERT INTO pay.request (checkout_id, merchant_id, order_id, name, amount_won, status, pin, qr, customer_id, ended_at)
	VALUES (%(token)s, %(merchant)s, %(id)s, %(name)s, %(amount)s, 'paid', '000000', %(token)s, %(customer)s,
		coalesce(%(at)s, moa.now()))
	RETURNING *, amount_won - %(points)s AS credit, amount_won - %(points)s - %(repaid)s AS owed,
		coalesce(%(earned)s, (SELECT (amount_won - %(points)s) * earn_per_mille / 1000 FROM pay.account JOIN pay.grade USING (grade)
			WHERE customer_id = %(customer)s)) AS earned
), billed AS (
	INSERT INTO pay.bill (customer_id, month, due_on, owed_won)
	SELECT customer_id, pay.month(ended_at), pay.due_on(pay.month(ended_at)), owed FROM asked
	ON CONFLICT (customer_id, month) DO UPDATE SET owed_won = bill.owed_won + excluded.owed_won
), bought AS (
	INSERT INTO pay.payment (id, request_id, customer_id, merchant_id, name, merchant_name, letters, initials, month, paid_at,
		amount_won, points_used, credit_won, points_earned, owed_won, repaid_won)
	SELECT %(id)s, id, customer_id, merchant_id, name, %(merchant_name)s,
		normalize(lower(name || ' ' || %(merchant_name)s), NFD), pay.initials(name || ' ' || %(merchant_name)s),
		pay.month(ended_at), ended_at, amount_won, %(points)s, credit, earned, owed, %(repaid)s FROM asked
), now AS (
	UPDATE pay.account a SET owed_won = a.owed_won + owed, points = a.points - %(points)s + earned
	FROM asked WHERE a.customer_id = asked.customer_id RETURNING a.owed_won, a.points
), why AS (
	INSERT INTO pay.journal (kind, about, at) SELECT 'purchase', %(id)s, ended_at FROM asked RETURNING id
)
INSERT INTO pay.transfer (journal_id, unit, debit, debit_owner, credit, credit_owner, amount, customer_id, balance)
SELECT why.id, t.* FROM why, asked, now, LATERAL (VALUES
	('won', 'owed', asked.customer_id, 'merchant', merchant_id, owed, asked.customer_id, now.owed_won),
	('won', 'rewards', NULL, 'merchant', merchant_id, %(points)s, NULL, NULL),
	('points', 'points', asked.customer_id, 'issued', NULL, %(points)s, asked.customer_id, now.points - earned),
	('points', 'issued', NULL, 'points', asked.customer_id, earned, asked.customer_id, now.points)
) AS t (unit, debit, debit_owner, credit, credit_owner, amount, customer_id, balance)
WHERE t.amount > 0"""


def book_purchase(postgres, **what):
    """Something bought: customer, merchant (ids), name, merchant_name, amount, points, earned (None: by the grade), repaid, at
    (None: now).  What is repaid has no repayment.  Returns the payment's id."""
    number = str(uuid.uuid4())
    with closing(postgres.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(PURCHASE, {"id": number, "token": secrets.token_urlsafe(16), **what})
    return number


class Seller:
    """A merchant.  Pass it as token= to call with its key."""

    ids = []  # of all of them

    def __init__(self, postgres, name="가게"):
        self.postgres = postgres
        self.name = name
        self.access_token = "msk_" + secrets.token_urlsafe(32)
        digest = hashlib.blake2b(self.access_token.encode(), digest_size=32).digest()
        self.id = postgres.query(MERCHANT, name, digest)[0][0]
        Seller.ids.append(self.id)

    def sell(self, customer, amount, points=0, at=None):
        """Something bought by the customer, now or at a time, and not yet repaid; returns the payment's id."""
        return book_purchase(self.postgres, customer=customer.id, merchant=self.id, name="커피", merchant_name=self.name,
                             amount=amount, points=points, earned=None, repaid=0, at=at)


@pytest.fixture
def customer(api):
    return api.register()


@pytest.fixture(scope="module")
def seller(postgres):
    return Seller(postgres)


@pytest.fixture
def books_balance(postgres):
    """After the test, too."""
    yield
    assert faults(postgres) == []


def give_points(postgres, customer, points):
    """Points from nowhere in particular."""
    postgres.query("SELECT pay.award_points(%s, gen_random_uuid()::text, %s)", customer.id, points)


def start(api, customer, headers=None, **body):
    """POST /repayments, whatever comes of it."""
    return api.post("/pay/repayments", token=customer, headers=headers or fresh(), json=body)


def begin(api, gateway, customer, *payments):
    """A repayment that the customer has agreed to in the window: it, and what the window handed back."""
    reply = start(api, customer, payment_ids=list(payments))
    assert reply.status_code == 201, reply.text
    repayment = reply.json()
    return repayment, gateway.pay(repayment["gateway"]["order_id"], repayment["amount_won"])


def confirm(api, customer, repayment, given, headers=None):
    """POST /repayments/{id}/confirm, whatever comes of it."""
    return api.post(f"/pay/repayments/{repayment['id']}/confirm", token=customer, headers=headers or fresh(), json=given)


def account(postgres, customer):
    """owed_won, points, grade_points, repaid_rest_won."""
    return postgres.query("SELECT owed_won, points, grade_points, repaid_rest_won FROM pay.account WHERE customer_id = %s",
                          customer.id)[0]


def faults(postgres):
    """What contradicts itself in the books of those who bought here: nothing.  Other tests set balances by hand."""
    return postgres.query("""
        WITH buyer AS (SELECT DISTINCT customer_id FROM pay.payment WHERE merchant_id = ANY (%s::uuid[]))
        SELECT 'account', a.customer_id::text FROM pay.account a JOIN buyer USING (customer_id)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(CASE WHEN debit = 'owed' THEN amount WHEN credit = 'owed' THEN -amount END), 0) AS owed,
                coalesce(sum(CASE WHEN credit = 'points' THEN amount WHEN debit = 'points' THEN -amount END), 0) AS points
            FROM pay.transfer t WHERE t.customer_id = a.customer_id) s
        WHERE (a.owed_won, a.points) <> (s.owed, s.points)
        UNION ALL
        SELECT 'bill', b.customer_id::text FROM pay.bill b JOIN buyer USING (customer_id)
        WHERE b.owed_won <> (SELECT coalesce(sum(p.owed_won), 0) FROM pay.payment p
            WHERE p.customer_id = b.customer_id AND p.month = b.month)
        UNION ALL
        SELECT 'balance', t.id::text FROM pay.transfer t JOIN buyer USING (customer_id) JOIN LATERAL (
            SELECT sum(CASE WHEN debit = 'owed' OR credit = 'points' THEN amount ELSE -amount END) AS total
            FROM pay.transfer o WHERE o.customer_id = t.customer_id AND o.unit = t.unit AND o.id <= t.id) s
            ON t.balance <> s.total""", Seller.ids)
