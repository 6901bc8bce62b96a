"""Purchases for the tests that begin after them: merchants with keys, and payments as approving a request leaves them."""

import hashlib
import secrets
import uuid

MERCHANT = """
WITH made AS (INSERT INTO pay.merchant (name) VALUES (%s) RETURNING id)
INSERT INTO pay.merchant_key (hash, merchant_id) SELECT %s, id FROM made RETURNING merchant_id"""

# One purchase: request, bill, payment, and what the ledger says of it.
PURCHASE = """
DO $$
DECLARE
	customer uuid := '{customer}';
	shop uuid := '{merchant}';
	bought timestamptz := coalesce({at}, moa.now());
	credit bigint := {amount} - {points};
	earned bigint;
	request uuid;
	left_won bigint;
	left_points bigint;
	entry bigint;
BEGIN
	SELECT credit * earn_per_mille / 1000 INTO earned FROM pay.account JOIN pay.grade USING (grade)
	WHERE customer_id = customer;
	INSERT INTO pay.request (checkout_id, merchant_id, order_id, name, amount_won, status, pin, qr, customer_id, ended_at)
	VALUES ('{token}', shop, '{token}', '커피', {amount}, 'paid', '000000', '{token}', customer, bought)
	RETURNING id INTO request;
	UPDATE pay.account SET owed_won = owed_won + credit, points = points - {points} + earned
	WHERE customer_id = customer RETURNING owed_won, points INTO left_won, left_points;
	INSERT INTO pay.bill (customer_id, month, due_on, owed_won)
	VALUES (customer, pay.month(bought), pay.due_on(pay.month(bought)), credit)
	ON CONFLICT (customer_id, month) DO UPDATE SET owed_won = pay.bill.owed_won + credit;
	INSERT INTO pay.payment (id, request_id, customer_id, merchant_id, name, merchant_name, letters, initials, month, paid_at,
		amount_won, points_used, credit_won, points_earned, owed_won)
	VALUES ('{id}', request, customer, shop, '커피', '가게', '', '', pay.month(bought), bought, {amount}, {points}, credit,
		earned, credit);
	INSERT INTO pay.journal (kind, about, at) VALUES ('purchase', '{id}', bought) RETURNING id INTO entry;
	INSERT INTO pay.transfer (journal_id, unit, debit, debit_owner, credit, credit_owner, amount, customer_id, balance)
	SELECT entry, * FROM (VALUES
		('won', 'owed', customer, 'merchant', shop, credit, customer, left_won),
		('won', 'rewards', NULL, 'merchant', shop, {points}, NULL, NULL),
		('points', 'points', customer, 'issued', NULL, {points}, customer, left_points - earned),
		('points', 'issued', NULL, 'points', customer, earned, customer, left_points)) t (u, d, dw, c, cw, amount, who, left_over)
	WHERE amount > 0;
END
$$"""


class Seller:
    """A merchant.  Pass it as token= to call with its key."""

    ids = []  # of all of them

    def __init__(self, postgres, name="가게"):
        self.postgres = postgres
        self.access_token = "msk_" + secrets.token_urlsafe(32)
        digest = hashlib.blake2b(self.access_token.encode(), digest_size=32).digest()
        self.id = postgres.query(MERCHANT, name, digest)[0][0]
        Seller.ids.append(self.id)

    def sell(self, customer, amount, points=0, at=None):
        """Something bought by the customer, now or at a time, and not yet repaid; returns the payment's id."""
        number = str(uuid.uuid4())
        self.postgres.query(PURCHASE.format(
            customer=customer.id, merchant=self.id, amount=amount, points=points, id=number,
            token=secrets.token_urlsafe(16), at=f"'{at}'::timestamptz" if at else "NULL"))
        return number


def give_points(postgres, customer, points):
    """Points from nowhere in particular."""
    postgres.query("""
        WITH a AS (UPDATE pay.account SET points = points + %(n)s WHERE customer_id = %(who)s RETURNING points),
        j AS (INSERT INTO pay.journal (kind, about) VALUES ('check_in', %(who)s || ':' || gen_random_uuid()) RETURNING id)
        INSERT INTO pay.transfer (journal_id, unit, debit, credit, credit_owner, amount, customer_id, balance)
        SELECT j.id, 'points', 'issued', 'points', %(who)s, %(n)s, %(who)s, a.points FROM a, j""".replace(
            "%(n)s", str(points)).replace("%(who)s", f"'{customer.id}'"))


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
