"""Purchases and repayments by pay's functions alone, for tests of what the ledger and the calendar make of them.

Nothing goes over HTTP and no gateway is asked: a year goes by in seconds.
"""

import uuid
from contextlib import contextmanager

# The gateway is said to have taken the money.
FUNCTIONS = """
CREATE SCHEMA books;

-- A merchant with the key whose hash is that of 32 zeros.
CREATE FUNCTION books.open() RETURNS void LANGUAGE sql AS $$
	WITH m AS (INSERT INTO pay.merchant (name) VALUES ('가게') RETURNING id)
	INSERT INTO pay.merchant_key (hash, merchant_id) SELECT decode(repeat('00', 32), 'hex'), id FROM m
$$;

CREATE FUNCTION books.buy(customer uuid, won bigint, points bigint, OUT code text, OUT payment text) LANGUAGE plpgsql AS $$
DECLARE
	nobody CONSTANT bytea := decode(repeat('00', 32), 'hex');
	word text := replace(gen_random_uuid()::text, '-', '');
	pins text[] := ARRAY(SELECT lpad(floor(random() * 1000000)::text, 6, '0') FROM generate_series(1, 9));
	made record;
BEGIN
	SELECT * INTO made FROM pay.create_request(nobody, word, nobody, word, '커피', won, NULL, left(word, 22), left(word, 22),
		pins, '');
	ASSERT made.code IS NULL, made.code;
	SELECT c.code INTO code FROM pay.claim(customer, 'pin', made.result ->> 'pin') c;
	IF code IS NULL THEN
		SELECT a.code, a.result ->> 'id' INTO code, payment
		FROM pay.approve(customer, word, nobody, (made.result ->> 'id')::uuid, points) a;
	END IF;
END
$$;

CREATE FUNCTION books.repay(customer uuid, bill date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	nobody CONSTANT bytea := decode(repeat('00', 32), 'hex');
	word text := gen_random_uuid()::text;
	made record;
	id uuid;
	code text;
BEGIN
	SELECT * INTO made FROM pay.start_repayment(customer, word, nobody, NULL, bill, '{}');
	IF made.code IS NOT NULL THEN
		RETURN made.code;
	END IF;
	id := made.result ->> 'id';
	word := gen_random_uuid()::text;
	SELECT c.code INTO code FROM pay.begin_confirm(customer, word, nobody, id, 'key-' || word,
		made.result #>> '{gateway,order_id}', (made.result ->> 'amount_won')::bigint) c;
	IF code IS NULL THEN
		SELECT c.code INTO code FROM pay.end_confirm(id, word, true, NULL) c;
	END IF;
	RETURN code;
END
$$;
"""


class Refused(Exception):
    """What was asked for was refused with this code."""


class Books:
    """The books of one database (make_database's): books.buy(customer, 12_900)."""

    def __init__(self, database):
        self.connect = database.connect
        self.ctl = database.ctl
        self.connection = database.connect()
        self.query(FUNCTIONS)
        self.query("SELECT books.open()")

    def query(self, sql, *args):
        """The rows of one statement."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, args or None)
            return cursor.fetchall() if cursor.description else []

    def customer(self):
        """A new account's customer."""
        customer = str(uuid.uuid4())
        self.query("SELECT pay.open_account(%s)", customer)
        return customer

    def at(self, time):
        """Let it be this time of Seoul's: "2026-03-10", or "2026-03-10 09:30"."""
        day, _, hour = time.partition(" ")
        self.query("UPDATE moa.clock SET shift = make_interval(secs => extract(epoch FROM %s::timestamptz - now()))",
                   f"{day}T{hour or '12:00'}:00+09:00")

    def account(self, customer, columns):
        """A row of the account's columns."""
        [row] = self.query(f"SELECT {columns} FROM pay.account WHERE customer_id = %s", customer)
        return row

    def bill(self, customer, month):
        """(due_on, extended, owed_won) of the bill of a month ("2026-10")."""
        [(due_on, *row)] = self.query("SELECT due_on, extended, owed_won FROM pay.bill WHERE customer_id = %s AND month = %s",
                                      customer, f"{month}-01")
        return str(due_on), *row

    def buy(self, customer, won, points=0):
        """Buy something, and return the payment's id."""
        [(code, payment)] = self.query("SELECT code, payment FROM books.buy(%s, %s, %s)", customer, won, points)
        if code:
            raise Refused(code)
        return payment

    def extend(self, customer):
        """Ask for an extension of last month's bill."""
        [(code, result)] = self.query("SELECT code, result FROM pay.extend(%s, gen_random_uuid()::text, "
                                      "decode(repeat('00', 32), 'hex'))", customer)
        if code:
            raise Refused(code)
        return result

    def repay(self, customer, month):
        """Repay all that is owed of a month's bill ("2026-10")."""
        [(code,)] = self.query("SELECT books.repay(%s, %s)", customer, f"{month}-01")
        if code:
            raise Refused(code)

    def refund(self, payment, won=None):
        """Refund so much of a payment, or all that is left of it."""
        [(code,)] = self.query("SELECT code FROM pay.refund_payment(decode(repeat('00', 32), 'hex'), gen_random_uuid()::text, "
                               "decode(repeat('00', 32), 'hex'), %s, %s, NULL)", payment, won)
        if code:
            raise Refused(code)

    def give_back(self):
        """The gateway has given back what refunds are waiting for."""
        self.query("SELECT pay.given_back(id) FROM pay.refund WHERE give_back_won > 0 AND given_back_at IS NULL")

    def run_jobs(self):
        """Whatever the calendar's jobs have to do by now."""
        while self.query("SELECT job FROM pay.run_job()"):
            pass

    @contextmanager
    def rewritten(self):
        """What is done in here did not happen afterwards; whatever guards the rows looks away."""
        self.query("BEGIN")
        try:
            self.query("SET LOCAL session_replication_role = replica")
            yield
        finally:
            self.query("ROLLBACK")

    def mutate(self, function, old, new):
        """Let a function of pay's have a fault: new in the place of old."""
        [(text,)] = self.query("SELECT pg_get_functiondef(%s::regproc)", f"pay.{function}")
        assert text.count(old) == 1, text
        self.query(text.replace(old, new))
