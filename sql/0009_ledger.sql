-- The ledger of pay: what was moved, between whom, and why; and the things that money is moved for.
--
-- Every movement is a transfer of an amount from one book to another, in one unit, so that each unit sums to zero whatever
-- happens.  Nothing that was booked is ever changed: a mistake is answered by another transfer.  A customer's balances stand
-- in pay.account and are moved by the same statement, under the row's lock, and each transfer that touches a customer says
-- what the balance was afterwards; books of merchants and of the house are sums of their transfers, since a row that every
-- purchase updates would make all purchases wait for each other.
--
--	book       unit    whose       a debit means                      a credit means
--	owed       won     customer    bought on credit                   repaid, or refunded before that
--	merchant   won     merchant    taken back by a refund             sold
--	gateway    won     the house   came in through the gateway        went back through it
--	refunding  won     the house   has gone back through the gateway  is on its way back
--	rewards    won     the house   points that were paid with         such a purchase was refunded
--	points     points  customer    spent, taken back, expired         earned, given back
--	issued     points  the house   points given out                   points that came back
--	rewards    points  the house   were to come back and had been spent

SET LOCAL ROLE moa_pay_owner;

SELECT moa.install_idempotency('pay');


-- pay.day(t): the business day of a time: Seoul's.
CREATE FUNCTION pay.day(t timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT (t AT TIME ZONE 'Asia/Seoul')::date $$;

-- pay.month(t): the first day of the business month of a time.
CREATE FUNCTION pay.month(t timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT date_trunc('month', t AT TIME ZONE 'Asia/Seoul')::date $$;


-- Why something was moved.  What a journal is about can be booked once in each kind.
CREATE TABLE pay.journal (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN (
		'purchase', 'refund', 'refunded', 'repayment', 'check_in', 'watch', 'expiry')),
	about text NOT NULL CHECK (about <> ''),  -- the id of the payment, refund, repayment; who and when of an award
	at timestamptz NOT NULL DEFAULT moa.now(),
	UNIQUE (kind, about)
);

CREATE TABLE pay.transfer (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	journal_id bigint NOT NULL REFERENCES pay.journal,
	unit text NOT NULL,
	debit text NOT NULL,
	debit_owner uuid,
	credit text NOT NULL,
	credit_owner uuid,
	amount bigint NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
	customer_id uuid REFERENCES pay.account,  -- whose balance it moves, if a customer's
	balance bigint CHECK (balance >= 0),      -- and what it was afterwards: won owed, or points
	CHECK (debit <> credit),
	CHECK (unit = 'won' AND debit IN ('owed', 'merchant', 'gateway', 'refunding', 'rewards')
		AND credit IN ('owed', 'merchant', 'gateway', 'refunding', 'rewards')
		OR unit = 'points' AND debit IN ('points', 'issued', 'rewards') AND credit IN ('points', 'issued', 'rewards')),
	CHECK ((debit IN ('owed', 'merchant', 'points')) = (debit_owner IS NOT NULL)),
	CHECK ((credit IN ('owed', 'merchant', 'points')) = (credit_owner IS NOT NULL)),
	CHECK (customer_id IS NOT DISTINCT FROM CASE
		WHEN debit IN ('owed', 'points') THEN debit_owner
		WHEN credit IN ('owed', 'points') THEN credit_owner END),
	CHECK ((customer_id IS NULL) = (balance IS NULL))
);
CREATE INDEX transfer_customer ON pay.transfer (customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX transfer_journal ON pay.transfer (journal_id);

-- What was booked stays, whoever asks.
CREATE FUNCTION pay.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'the ledger is only ever added to';
END
$$;
CREATE TRIGGER journal_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON pay.journal
	FOR EACH STATEMENT EXECUTE FUNCTION pay.refuse_change();
CREATE TRIGGER transfer_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON pay.transfer
	FOR EACH STATEMENT EXECUTE FUNCTION pay.refuse_change();


-- Who sells.  Keys are kept as BLAKE2b-256; a merchant may have two for a while, when one is being replaced.
CREATE TABLE pay.merchant (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	closed_at timestamptz
);
CREATE TABLE pay.merchant_key (
	hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
	merchant_id uuid NOT NULL REFERENCES pay.merchant,
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	revoked_at timestamptz  -- it counts until then
);
CREATE INDEX ON pay.merchant_key (merchant_id);

-- pay.merchant_of(hash): whose key that is, null if it is nobody's any more.
CREATE FUNCTION pay.merchant_of(key_hash bytea) RETURNS uuid
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT k.merchant_id FROM pay.merchant_key k JOIN pay.merchant m ON m.id = k.merchant_id
		WHERE k.hash = key_hash AND (k.revoked_at IS NULL OR k.revoked_at > moa.now())
			AND m.closed_at IS NULL);
END
$$;


-- What a merchant asks for: 120 seconds long, by whoever scans or types its code first.
CREATE TABLE pay.request (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	checkout_id text NOT NULL UNIQUE CHECK (checkout_id ~ '^[A-Za-z0-9_-]{22}$'),  -- for the customer's browser: 128 random bits
	merchant_id uuid NOT NULL REFERENCES pay.merchant,
	order_id text NOT NULL CHECK (length(order_id) BETWEEN 1 AND 100),
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
	amount_won bigint NOT NULL CHECK (amount_won BETWEEN 1 AND 100000000),
	metadata jsonb,
	status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'claimed', 'paid', 'expired', 'cancelled')),
	pin text NOT NULL CHECK (pin ~ '^[0-9]{6}$'),
	qr text NOT NULL CHECK (qr ~ '^[A-Za-z0-9_-]{22}$'),  -- what the QR code holds besides moa's own prefix: 128 random bits
	customer_id uuid REFERENCES pay.account,              -- who has claimed it
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	expires_at timestamptz NOT NULL DEFAULT moa.now() + interval '120 seconds',
	ended_at timestamptz,
	CHECK ((customer_id IS NOT NULL) = (status IN ('claimed', 'paid')) OR status IN ('expired', 'cancelled')),
	CHECK ((ended_at IS NOT NULL) = (status IN ('paid', 'expired', 'cancelled')))
);
-- What has run out still counts here until somebody marks it: the next request does.
CREATE UNIQUE INDEX request_pin ON pay.request (pin) WHERE status IN ('pending', 'claimed');
CREATE UNIQUE INDEX request_qr ON pay.request (qr) WHERE status IN ('pending', 'claimed');
CREATE UNIQUE INDEX request_order ON pay.request (merchant_id, order_id) WHERE status NOT IN ('expired', 'cancelled');
CREATE INDEX request_live ON pay.request (expires_at) WHERE status IN ('pending', 'claimed');
CREATE INDEX request_merchant ON pay.request (merchant_id, order_id, created_at);


-- What a customer owes for what was bought in a month: due on the 15th of the next, or on its last day when extended.
CREATE TABLE pay.bill (
	customer_id uuid NOT NULL REFERENCES pay.account,
	month date NOT NULL CHECK (extract(day FROM month) = 1),
	due_on date NOT NULL,
	extended text CHECK (extended IN ('asked', 'automatic')),
	owed_won bigint NOT NULL DEFAULT 0 CHECK (owed_won >= 0),  -- of its payments, not yet repaid
	PRIMARY KEY (customer_id, month)
);
CREATE INDEX bill_owed ON pay.bill (due_on) WHERE owed_won > 0;

-- pay.due_on(month), pay.extended_due_on(month): when the bill of a month falls due: the 15th of the next, or its last day.
CREATE FUNCTION pay.due_on(month date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT (month + interval '1 month 14 days')::date $$;
CREATE FUNCTION pay.extended_due_on(month date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT (month + interval '2 months - 1 day')::date $$;

-- A purchase.  amount = points used + credit; credit = owed + repaid + taken off by refunds before it was repaid.
CREATE TABLE pay.payment (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	request_id uuid NOT NULL UNIQUE REFERENCES pay.request,
	customer_id uuid NOT NULL REFERENCES pay.account,
	merchant_id uuid NOT NULL REFERENCES pay.merchant,
	name text NOT NULL,
	merchant_name text NOT NULL,
	letters text NOT NULL,   -- both names to search in: lower case, NFD
	initials text NOT NULL,  -- and their initial consonants: 스타벅스 is ㅅㅌㅂㅅ
	month date NOT NULL,     -- the bill it stands on
	paid_at timestamptz NOT NULL DEFAULT moa.now(),
	amount_won bigint NOT NULL CHECK (amount_won > 0),
	points_used bigint NOT NULL CHECK (points_used BETWEEN 0 AND amount_won),
	credit_won bigint NOT NULL CHECK (credit_won = amount_won - points_used),
	points_earned bigint NOT NULL CHECK (points_earned >= 0),
	owed_won bigint NOT NULL CHECK (owed_won >= 0),
	repaid_won bigint NOT NULL DEFAULT 0 CHECK (repaid_won >= 0),  -- of which refunds may have given back
	-- by refunds so far
	refunded_won bigint NOT NULL DEFAULT 0 CHECK (refunded_won BETWEEN 0 AND amount_won),
	points_back bigint NOT NULL DEFAULT 0 CHECK (points_back BETWEEN 0 AND points_used),
	points_taken bigint NOT NULL DEFAULT 0 CHECK (points_taken BETWEEN 0 AND points_earned),  -- of those earned, the missing ones included
	owed_down_won bigint NOT NULL DEFAULT 0 CHECK (owed_down_won >= 0),
	given_back_won bigint NOT NULL DEFAULT 0 CHECK (given_back_won BETWEEN 0 AND repaid_won), -- of what was repaid
	CHECK (credit_won = owed_won + repaid_won + owed_down_won),
	CHECK (refunded_won = points_back + owed_down_won + given_back_won),
	FOREIGN KEY (customer_id, month) REFERENCES pay.bill
);
CREATE INDEX payment_customer ON pay.payment (customer_id, paid_at DESC, id DESC);
CREATE INDEX payment_owed ON pay.payment (customer_id, month, paid_at) WHERE owed_won > 0;
CREATE INDEX payment_merchant ON pay.payment (merchant_id, paid_at);

CREATE TABLE pay.refund (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	payment_id uuid NOT NULL REFERENCES pay.payment,
	merchant_id uuid NOT NULL REFERENCES pay.merchant,
	amount_won bigint NOT NULL CHECK (amount_won > 0),
	reason text,
	points_back bigint NOT NULL CHECK (points_back >= 0),
	points_taken bigint NOT NULL CHECK (points_taken >= 0),    -- of those earned: really taken
	points_missing bigint NOT NULL CHECK (points_missing >= 0), -- had been spent: at the house's cost
	owed_down_won bigint NOT NULL CHECK (owed_down_won >= 0),
	give_back_won bigint NOT NULL CHECK (give_back_won >= 0),  -- through the gateway, by a job
	given_back_at timestamptz,                                 -- when all of it had gone
	tries integer NOT NULL DEFAULT 0,                          -- how often the gateway was asked for that
	due_at timestamptz NOT NULL DEFAULT moa.now(),             -- when it is to be asked next
	refunded_at timestamptz NOT NULL DEFAULT moa.now(),
	CHECK (amount_won = points_back + owed_down_won + give_back_won),
	CHECK (give_back_won > 0 OR given_back_at IS NULL)
);
CREATE INDEX ON pay.refund (payment_id);
CREATE INDEX ON pay.refund (merchant_id, refunded_at);
CREATE INDEX refund_pending ON pay.refund (refunded_at) WHERE give_back_won > 0 AND given_back_at IS NULL;


-- What a customer pays back, in one go through the gateway.
CREATE TABLE pay.repayment (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	customer_id uuid NOT NULL REFERENCES pay.account,
	order_id text NOT NULL UNIQUE CHECK (order_id ~ '^[A-Za-z0-9_-]{6,64}$'),  -- as the gateway knows it
	amount_won bigint NOT NULL CHECK (amount_won > 0),
	status text NOT NULL DEFAULT 'pending'
		CHECK (status IN ('pending', 'confirming', 'paid', 'failed', 'expired', 'replaced')),
	payment_key text CHECK (length(payment_key) BETWEEN 1 AND 200),  -- the gateway's name for it
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	expires_at timestamptz NOT NULL DEFAULT moa.now() + interval '10 minutes',
	asked_at timestamptz,     -- when the gateway was last asked about it
	ended_at timestamptz,
	fault text,               -- why it failed, in the gateway's words
	given_back_won bigint NOT NULL DEFAULT 0 CHECK (given_back_won BETWEEN 0 AND amount_won),
	CHECK (status NOT IN ('confirming', 'paid') OR payment_key IS NOT NULL),
	CHECK ((ended_at IS NULL) = (status IN ('pending', 'confirming')))
);
CREATE UNIQUE INDEX repayment_key ON pay.repayment (payment_key) WHERE status IN ('confirming', 'paid');
-- One at a time for a customer: no bill is paid twice over.
CREATE UNIQUE INDEX repayment_open ON pay.repayment (customer_id) WHERE status IN ('pending', 'confirming');
CREATE INDEX repayment_unfinished ON pay.repayment (created_at) WHERE status IN ('pending', 'confirming');

CREATE TABLE pay.repayment_item (
	repayment_id uuid NOT NULL REFERENCES pay.repayment,
	payment_id uuid NOT NULL REFERENCES pay.payment,
	amount_won bigint NOT NULL CHECK (amount_won > 0),
	PRIMARY KEY (repayment_id, payment_id)
);
CREATE INDEX ON pay.repayment_item (payment_id);


-- What merchants hear of: appended by the operation itself, in its commit, and delivered by the worker.
CREATE TABLE pay.event (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	merchant_id uuid NOT NULL REFERENCES pay.merchant,
	type text NOT NULL CHECK (type IN ('request.paid', 'request.cancelled', 'request.expired', 'payment.refunded')),
	data jsonb NOT NULL,
	at timestamptz NOT NULL DEFAULT moa.now()
);

-- pay.emit(merchant, type, data): one event.
CREATE FUNCTION pay.emit(merchant uuid, event_type text, event_data jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO pay.event (merchant_id, type, data) VALUES (merchant, event_type, event_data);
END
$$;

-- Jobs of the calendar: which has been done for which day, once however many workers there are.
CREATE TABLE pay.job_run (
	job text NOT NULL,
	day date NOT NULL,
	started_at timestamptz NOT NULL DEFAULT moa.now(),
	ended_at timestamptz,
	result jsonb,
	PRIMARY KEY (job, day)
);

-- What administrators did.
CREATE TABLE pay.audit (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT moa.now(),
	admin_id uuid NOT NULL,
	action text NOT NULL,
	about text NOT NULL,
	detail jsonb
);

ALTER TABLE pay.account
	ADD COLUMN auto_extended_count integer NOT NULL DEFAULT 0 CHECK (auto_extended_count >= 0),
	ADD COLUMN blocked_count integer NOT NULL DEFAULT 0 CHECK (blocked_count >= 0),
	ADD COLUMN blocked_by text CHECK (blocked_by IN ('overdue', 'admin')),
	ADD CHECK (blocked_by IS NULL OR standing = 'blocked');

-- pay.audit_call(admin, action, about, detail): leave a row.
CREATE FUNCTION pay.audit_call(admin uuid, action text, about text, detail jsonb DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO pay.audit (admin_id, action, about, detail) VALUES (admin, action, about, detail);
END
$$;

-- pay.grades: the table as clients see it.
CREATE VIEW pay.grades AS
	SELECT json_build_object('items', json_agg(json_build_object(
		'grade', grade, 'from_points', from_points, 'limit_won', limit_won, 'earn_per_mille', earn_per_mille)
		ORDER BY from_points)) AS result
	FROM pay.grade;

GRANT USAGE ON SCHEMA pay TO moa_pay;
GRANT SELECT ON pay.grades TO moa_pay;
