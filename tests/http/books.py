"""Purchases and repayments straight into the tables, for tests of what the ledger and the calendar make of them.

No request has to be claimed for it and no gateway asked: a year goes by in seconds.
"""

import uuid

# Like pay.approve and the end of a repayment, without their refusals.
FUNCTIONS = """
CREATE SCHEMA books;

CREATE FUNCTION books.move(journal bigint, unit text, debit text, debit_owner uuid, credit text, credit_owner uuid,
	won bigint) RETURNS void LANGUAGE sql AS $$
	INSERT INTO pay.transfer (journal_id, unit, debit, debit_owner, credit, credit_owner, amount, customer_id, balance)
	SELECT journal, unit, debit, debit_owner, credit, credit_owner, won, a.customer_id,
		CASE unit WHEN 'won' THEN a.owed_won ELSE a.points END
	FROM (VALUES (1)) one LEFT JOIN pay.account a ON a.customer_id = CASE WHEN debit IN ('owed', 'points') THEN debit_owner
		WHEN credit IN ('owed', 'points') THEN credit_owner END
	WHERE won > 0
$$;

CREATE FUNCTION books.buy(customer uuid, merchant uuid, won bigint, used bigint) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	payment uuid := gen_random_uuid();
	request uuid := gen_random_uuid();
	this_month date := pay.month(moa.now());
	credit bigint := won - used;
	earned bigint;
	j bigint;
BEGIN
	SELECT credit * g.earn_per_mille / 1000 INTO earned FROM pay.account a JOIN pay.grade g USING (grade)
	WHERE a.customer_id = customer FOR NO KEY UPDATE OF a;
	INSERT INTO pay.request (id, checkout_id, merchant_id, order_id, name, amount_won, status, pin, qr, customer_id, ended_at)
	VALUES (request, substr(replace(request::text, '-', ''), 1, 22), merchant, request::text, '커피', won, 'paid',
		'000000', substr(replace(request::text, '-', ''), 1, 22), customer, moa.now());
	INSERT INTO pay.bill (customer_id, month, due_on, owed_won) VALUES (customer, this_month, pay.due_on(this_month), credit)
	ON CONFLICT (customer_id, month) DO UPDATE SET owed_won = bill.owed_won + excluded.owed_won;
	INSERT INTO pay.payment (id, request_id, customer_id, merchant_id, name, merchant_name, letters, initials, month,
		amount_won, points_used, credit_won, points_earned, owed_won)
	VALUES (payment, request, customer, merchant, '커피', '가게', '커피 가게', 'ㅋㅍ ㄱㄱ', this_month, won, used, credit, earned, credit);
	INSERT INTO pay.journal (kind, about) VALUES ('purchase', payment::text) RETURNING id INTO j;
	UPDATE pay.account SET owed_won = owed_won + credit, points = points - used WHERE customer_id = customer;
	PERFORM books.move(j, 'won', 'owed', customer, 'merchant', merchant, credit);
	PERFORM books.move(j, 'won', 'rewards', NULL, 'merchant', merchant, used);
	PERFORM books.move(j, 'points', 'points', customer, 'issued', NULL, used);
	UPDATE pay.account SET points = points + earned WHERE customer_id = customer;
	PERFORM books.move(j, 'points', 'issued', NULL, 'points', customer, earned);
	RETURN payment;
END
$$;

CREATE FUNCTION books.repay(customer uuid, bill_month date) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
	made uuid := gen_random_uuid();
	won bigint := (SELECT owed_won FROM pay.bill WHERE customer_id = customer AND month = bill_month);
	j bigint;
BEGIN
	INSERT INTO pay.repayment (id, customer_id, order_id, amount_won, status, payment_key, ended_at)
	VALUES (made, customer, made::text, won, 'paid', made::text, moa.now());
	INSERT INTO pay.repayment_item (repayment_id, payment_id, amount_won)
	SELECT made, id, owed_won FROM pay.payment WHERE customer_id = customer AND month = bill_month AND owed_won > 0;
	UPDATE pay.payment SET repaid_won = repaid_won + owed_won, owed_won = 0
	WHERE customer_id = customer AND month = bill_month AND owed_won > 0;
	UPDATE pay.bill SET owed_won = 0 WHERE customer_id = customer AND month = bill_month;
	UPDATE pay.account SET owed_won = owed_won - won, repaid_rest_won = (repaid_rest_won + won) % 10000,
		grade_points = least(150, grade_points + (repaid_rest_won + won) / 10000)
	WHERE customer_id = customer;
	INSERT INTO pay.journal (kind, about) VALUES ('repayment', made::text) RETURNING id INTO j;
	PERFORM books.move(j, 'won', 'gateway', NULL, 'owed', customer, won);
	PERFORM pay.unblock_if_clear(customer);
	RETURN made;
END
$$;
"""


class Books:
    """The books of one database (make_database's): books.buy(customer, 12_900)."""

    def __init__(self, database):
        self.database = database
        self.query = database.query
        if not self.query("SELECT 1 FROM pg_namespace WHERE nspname = 'books'"):
            self.query(FUNCTIONS)
        [(self.merchant,)] = self.query("INSERT INTO pay.merchant (name) VALUES ('가게') RETURNING id::text")

    def customer(self):
        """A new account's customer."""
        customer = str(uuid.uuid4())
        self.query("SELECT pay.open_account(%s)", customer)
        return customer

    def account(self, customer, columns):
        """A row of the account's columns."""
        [row] = self.query(f"SELECT {columns} FROM pay.account WHERE customer_id = %s", customer)
        return row

    def buy(self, customer, won, points=0):
        """Buy something, and return the payment's id."""
        [(payment,)] = self.query("SELECT books.buy(%s, %s, %s, %s)::text", customer, self.merchant, won, points)
        return payment

    def repay(self, customer, month):
        """Repay all that is owed of a month's bill ("2026-10"), and return the repayment's id."""
        [(repayment,)] = self.query("SELECT books.repay(%s, %s)::text", customer, f"{month}-01")
        return repayment
