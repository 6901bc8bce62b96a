-- Speed: what a purchase costs PostgreSQL.  The rules are those of before, said in a way that costs less:
--
-- - A purchase is two statements, one that looks and locks and one that writes: each costs as much as several rows.
-- - A table's CHECKs are read and compiled anew by every statement that writes to it.  Where money moves, all of a table are
--   one call of a function, whose plan is kept.
-- - An index on what a purchase changes makes it add to all the others of the table.

SET LOCAL ROLE moa_pay_owner;


-- Of a request, what indexes ask of its status: that a customer claims it changes neither, so it changes no index.
ALTER TABLE pay.request
	ADD COLUMN live boolean NOT NULL GENERATED ALWAYS AS (status IN ('pending', 'claimed')) STORED,
	ADD COLUMN void boolean NOT NULL GENERATED ALWAYS AS (status IN ('expired', 'cancelled')) STORED;
DROP INDEX pay.request_pin, pay.request_qr, pay.request_order, pay.request_live, pay.request_late_pin, pay.request_late_qr;
CREATE UNIQUE INDEX request_pin ON pay.request (pin) WHERE live;
CREATE UNIQUE INDEX request_qr ON pay.request (qr) WHERE live;
CREATE UNIQUE INDEX request_order ON pay.request (merchant_id, order_id) WHERE NOT void;
CREATE INDEX request_live ON pay.request (expires_at) WHERE live;
CREATE INDEX request_late_pin ON pay.request (pin, ended_at) WHERE void;
CREATE INDEX request_late_qr ON pay.request (qr, ended_at) WHERE void;
-- Rows that change leave room for their next version on the same page.
ALTER TABLE pay.request SET (fillfactor = 70);
ALTER TABLE pay.account SET (fillfactor = 50);
ALTER TABLE pay.bill SET (fillfactor = 50);

-- For sweeping, which reads what is old: that lies together.
DROP INDEX pay.idempotency_created_at_idx, pay.event_at;
CREATE INDEX idempotency_at ON pay.idempotency USING brin (created_at) WITH (pages_per_range = 16);
CREATE INDEX event_at ON pay.event USING brin (at) WITH (pages_per_range = 16);

-- Whose payment it is is checked by its bill, which is a customer's.  Who has sold is copied from the request, whose merchant is
-- checked and stays as long as it; pay.verify compares the two.  Foreign keys of their own would make
-- purchases at one merchant's meet at its row, each with a lock on it.
ALTER TABLE pay.payment DROP CONSTRAINT payment_customer_id_fkey, DROP CONSTRAINT payment_merchant_id_fkey;
ALTER TABLE pay.event DROP CONSTRAINT event_merchant_id_fkey;


-- pay.one_check(table, function): all CHECKs of the table become one, that the function holds.
CREATE FUNCTION pay.one_check(of regclass, test text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	old name;
BEGIN
	FOR old IN SELECT c.conname FROM pg_constraint c WHERE c.conrelid = of AND c.contype = 'c' LOOP
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', of, old);
	END LOOP;
	EXECUTE format('ALTER TABLE %s ADD CHECK (%s)', of, test);
END
$$;

-- pay.is_request(...): what holds of every request.
CREATE FUNCTION pay.is_request(checkout_id text, order_id text, name text, amount_won bigint, status text, pin text, qr text,
	customer_id uuid, ended_at timestamptz) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN checkout_id ~ '^[A-Za-z0-9_-]{22}$' AND qr ~ '^[A-Za-z0-9_-]{22}$' AND pin ~ '^[0-9]{6}$'
		AND length(order_id) BETWEEN 1 AND 100 AND length(name) BETWEEN 1 AND 100 AND amount_won BETWEEN 1 AND 100000000
		AND CASE status
			WHEN 'pending' THEN customer_id IS NULL AND ended_at IS NULL
			WHEN 'claimed' THEN customer_id IS NOT NULL AND ended_at IS NULL
			WHEN 'paid' THEN customer_id IS NOT NULL AND ended_at IS NOT NULL
			WHEN 'expired' THEN ended_at IS NOT NULL
			WHEN 'cancelled' THEN ended_at IS NOT NULL
			ELSE false END;
END
$$;
SELECT pay.one_check('pay.request',
	'pay.is_request(checkout_id, order_id, name, amount_won, status, pin, qr, customer_id, ended_at)');

-- pay.is_payment(...): what holds of the figures of every payment.
CREATE FUNCTION pay.is_payment(amount_won bigint, points_used bigint, credit_won bigint, points_earned bigint, owed_won bigint,
	repaid_won bigint, refunded_won bigint, points_back bigint, points_taken bigint, owed_down_won bigint, given_back_won bigint)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN amount_won > 0 AND points_used BETWEEN 0 AND amount_won AND credit_won = amount_won - points_used
		AND owed_won >= 0 AND repaid_won >= 0 AND owed_down_won >= 0 AND credit_won = owed_won + repaid_won + owed_down_won
		AND refunded_won BETWEEN 0 AND amount_won AND points_back BETWEEN 0 AND points_used
		AND given_back_won BETWEEN 0 AND repaid_won AND refunded_won = points_back + owed_down_won + given_back_won
		AND points_taken BETWEEN 0 AND points_earned;
END
$$;
SELECT pay.one_check('pay.payment', 'pay.is_payment(amount_won, points_used, credit_won, points_earned, owed_won, repaid_won, '
	'refunded_won, points_back, points_taken, owed_down_won, given_back_won)');

-- pay.is_transfer(...): what holds of every transfer: two books of one unit, owned or not, and a balance if one is a customer's.
CREATE FUNCTION pay.is_transfer(unit text, debit text, debit_owner uuid, credit text, credit_owner uuid, amount bigint,
	customer_id uuid, balance bigint) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN amount BETWEEN 1 AND 9007199254740991 AND debit <> credit
		AND CASE unit
			WHEN 'won' THEN debit IN ('owed', 'merchant', 'gateway', 'refunding', 'rewards')
				AND credit IN ('owed', 'merchant', 'gateway', 'refunding', 'rewards')
			WHEN 'points' THEN debit IN ('points', 'issued', 'rewards') AND credit IN ('points', 'issued', 'rewards')
			ELSE false END
		AND (debit IN ('owed', 'merchant', 'points')) = (debit_owner IS NOT NULL)
		AND (credit IN ('owed', 'merchant', 'points')) = (credit_owner IS NOT NULL)
		AND customer_id IS NOT DISTINCT FROM CASE
			WHEN debit IN ('owed', 'points') THEN debit_owner
			WHEN credit IN ('owed', 'points') THEN credit_owner END
		AND (customer_id IS NULL) = (balance IS NULL) AND coalesce(balance, 0) >= 0;
END
$$;
SELECT pay.one_check('pay.transfer',
	'pay.is_transfer(unit, debit, debit_owner, credit, credit_owner, amount, customer_id, balance)');

-- pay.is_account(...): what holds of every account.
CREATE FUNCTION pay.is_account(standing text, blocked_by text, owed_won bigint, points bigint, auto_extended_count integer,
	blocked_count integer) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN owed_won >= 0 AND points >= 0 AND auto_extended_count >= 0 AND blocked_count >= 0
		AND standing IN ('good', 'blocked')
		AND (blocked_by IS NULL OR blocked_by IN ('overdue', 'admin') AND standing = 'blocked');
END
$$;
ALTER TABLE pay.account
	DROP CONSTRAINT account_owed_won_check, DROP CONSTRAINT account_points_check, DROP CONSTRAINT account_standing_check,
	DROP CONSTRAINT account_auto_extended_count_check, DROP CONSTRAINT account_blocked_count_check,
	DROP CONSTRAINT account_blocked_by_check, DROP CONSTRAINT account_check,
	ADD CHECK (pay.is_account(standing, blocked_by, owed_won, points, auto_extended_count, blocked_count));
DROP FUNCTION pay.one_check(regclass, text);


-- Who works with a key of a caller's has an advisory lock on both: nobody waits inside PostgreSQL's tables for a row to be.

-- pay.key_lock(caller, key): the number of that lock.
CREATE FUNCTION pay.key_lock(caller text, key text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT hashtextextended(caller || ' ' || key, 18) $$;

-- pay.wait_for_key(caller, key): wait for that lock; false after a second.
CREATE FUNCTION pay.wait_for_key(caller text, key text) RETURNS boolean
LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(pay.key_lock(caller, key));
	RETURN true;
EXCEPTION WHEN lock_not_available THEN
	RETURN false;
END
$$;

-- pay.earlier_answer(its hash, its result, hash): what somebody is told who uses a key again.
CREATE FUNCTION pay.earlier_answer(its_hash bytea, its_result jsonb, hash bytea,
	OUT code text, OUT result jsonb, OUT replayed boolean)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	replayed := its_hash = hash AND its_result IS NOT NULL;
	IF replayed THEN
		result := its_result;
	ELSE
		code := CASE WHEN its_hash = hash THEN 'idempotency_in_progress' ELSE 'idempotency_key_reused' END;
	END IF;
END
$$;

-- pay.claim_key(caller, key, hash), pay.keep_result(caller, key, result), pay.release_key(caller, key): as
-- moa.install_idempotency made them.
CREATE OR REPLACE FUNCTION pay.claim_key(claim_caller text, claim_key text, claim_hash bytea,
	OUT code text, OUT result jsonb, OUT replayed boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	earlier pay.idempotency;
BEGIN
	replayed := false;
	IF NOT pg_try_advisory_xact_lock(pay.key_lock(claim_caller, claim_key)) AND NOT pay.wait_for_key(claim_caller, claim_key) THEN
		code := 'idempotency_in_progress';
		RETURN;
	END IF;
	LOOP
		INSERT INTO pay.idempotency (caller, key, request_hash)
		VALUES (claim_caller, claim_key, claim_hash) ON CONFLICT DO NOTHING;
		IF FOUND THEN
			RETURN;
		END IF;
		SELECT * INTO earlier FROM pay.idempotency i WHERE i.caller = claim_caller AND i.key = claim_key;
		-- Not found: swept away between the two statements, so the key is free again.
		EXIT WHEN FOUND;
	END LOOP;
	SELECT e.code, e.result, e.replayed INTO code, result, replayed
	FROM pay.earlier_answer(earlier.request_hash, earlier.result, claim_hash) e;
END
$$;

CREATE OR REPLACE FUNCTION pay.keep_result(claim_caller text, claim_key text, kept jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE pay.idempotency SET result = kept WHERE caller = claim_caller AND key = claim_key;
END
$$;

CREATE OR REPLACE FUNCTION pay.release_key(claim_caller text, claim_key text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM pay.idempotency WHERE caller = claim_caller AND key = claim_key;
END
$$;


-- pay.payment_json(payment, due_on): a purchase as its customer sees it, whose bill falls due then.
CREATE FUNCTION pay.payment_json(p pay.payment, due_on date) RETURNS jsonb
LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object('id', p.id, 'request_id', p.request_id, 'merchant', p.merchant_name, 'name', p.name,
		'amount_won', p.amount_won, 'points_used', p.points_used, 'credit_won', p.credit_won,
		'points_earned', p.points_earned, 'owed_won', p.owed_won, 'repaid_won', p.repaid_won,
		'refunded_won', p.refunded_won, 'month', to_char(p.month, 'YYYY-MM'), 'due_on', due_on,
		'paid_at', moa.rfc3339(p.paid_at))
$$;

CREATE OR REPLACE FUNCTION pay.payment_json(p pay.payment) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN pay.payment_json(p,
		(SELECT b.due_on FROM pay.bill b WHERE b.customer_id = p.customer_id AND b.month = p.month));
END
$$;


-- What a purchase is decided on: the buyer's account, locked, the request as it was then, and what came of the same key before.
CREATE TYPE pay.sale AS (
	customer_id uuid, owed_won bigint, points bigint, standing text, limit_won bigint, earn_per_mille integer,
	request_id uuid, merchant_id uuid, order_id text, name text, merchant_name text, amount_won bigint, status text, late boolean,
	key_hash bytea, kept jsonb, at timestamptz);

-- pay.sale_of(customer, key, request, clock): all of that; null for nobody's account.  The request is the customer's, or null.
CREATE FUNCTION pay.sale_of(customer uuid, key text, request uuid, clock timestamptz) RETURNS pay.sale
LANGUAGE plpgsql AS $$
DECLARE
	s pay.sale;
BEGIN
	-- The grade is looked up again, as a join is not, if the account has changed while it was waited for.
	SELECT a.customer_id, a.owed_won, a.points, a.standing, (SELECT g.limit_won FROM pay.grade g WHERE g.grade = a.grade),
		(SELECT g.earn_per_mille FROM pay.grade g WHERE g.grade = a.grade), r.id, r.merchant_id, r.order_id, r.name, m.name,
		r.amount_won, r.status, r.live AND r.expires_at <= clock, i.request_hash, i.result, clock
	INTO s
	FROM pay.account a
	LEFT JOIN pay.request r ON r.id = sale_of.request AND r.customer_id = customer
	LEFT JOIN pay.merchant m ON m.id = r.merchant_id
	LEFT JOIN pay.idempotency i ON i.caller = customer::text AND i.key = sale_of.key
	WHERE a.customer_id = customer AND a.erased_at IS NULL
	FOR NO KEY UPDATE OF a;
	RETURN s;
END
$$;

-- pay.refusal(sale, points): why this purchase cannot be, or null.
DROP FUNCTION pay.refusal(pay.account, pay.grade, pay.request, bigint);
CREATE FUNCTION pay.refusal(s pay.sale, points bigint) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN CASE
		-- Somebody else's, or not yet claimed: its id alone gives nobody a right.
		WHEN s.request_id IS NULL THEN 'not_found'
		WHEN s.status = 'paid' THEN 'already_paid'
		WHEN s.status = 'cancelled' THEN 'request_cancelled'
		WHEN s.status = 'expired' THEN 'code_expired'
		WHEN s.standing = 'blocked' THEN 'account_blocked'
		WHEN points > s.amount_won THEN 'validation_failed'
		WHEN points > s.points THEN 'insufficient_points'
		WHEN s.amount_won > points AND s.owed_won + s.amount_won - points > s.limit_won THEN 'insufficient_limit'
	END;
END
$$;

-- pay.purchase(sale, points, key, hash): the purchase itself, which nothing refuses, and what came of it: the payment's JSON, kept
-- for the key.  Null, and nothing is written, if the request is no longer claimed: somebody has just cancelled it.
DROP FUNCTION pay.purchase(pay.account, pay.grade, pay.request, bigint);
DROP FUNCTION pay.book_purchase(pay.payment, bigint, bigint);
CREATE FUNCTION pay.purchase(s pay.sale, points bigint, key text, hash bytea) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
	this_month date := pay.month(s.at);
	credit bigint := s.amount_won - points;
	earned bigint := credit * s.earn_per_mille / 1000;
	names text := s.name || ' ' || s.merchant_name;
	result jsonb;
BEGIN
	WITH sold AS (
		UPDATE pay.request r SET status = 'paid', ended_at = s.at
		WHERE r.id = s.request_id AND r.status = 'claimed' RETURNING r.id
	), charged AS (
		UPDATE pay.account a SET owed_won = a.owed_won + credit, points = a.points - purchase.points + earned
		FROM sold WHERE a.customer_id = s.customer_id
	), billed AS (
		INSERT INTO pay.bill (customer_id, month, due_on, owed_won)
		SELECT s.customer_id, this_month, pay.due_on(this_month), credit FROM sold
		ON CONFLICT (customer_id, month) DO UPDATE SET owed_won = bill.owed_won + excluded.owed_won
		RETURNING due_on
	), bought AS (
		INSERT INTO pay.payment (request_id, customer_id, merchant_id, name, merchant_name, letters, initials, month,
			paid_at, amount_won, points_used, credit_won, points_earned, owed_won)
		SELECT sold.id, s.customer_id, s.merchant_id, s.name, s.merchant_name,
			normalize(lower(names), NFD), pay.initials(names), this_month,
			s.at, s.amount_won, points, credit, earned, credit FROM sold
		RETURNING *
	), why AS (
		INSERT INTO pay.journal (kind, about, at) SELECT 'purchase', b.id::text, s.at FROM bought b RETURNING id
	), booked AS (
		INSERT INTO pay.transfer (journal_id, unit, debit, debit_owner, credit, credit_owner, amount, customer_id, balance)
		SELECT why.id, t.*
		FROM why CROSS JOIN (VALUES
			('won', 'owed', s.customer_id, 'merchant', s.merchant_id, credit, s.customer_id, s.owed_won + credit),
			('won', 'rewards', NULL, 'merchant', s.merchant_id, points, NULL, NULL),
			('points', 'points', s.customer_id, 'issued', NULL, points, s.customer_id, s.points - points),
			('points', 'issued', NULL, 'points', s.customer_id, earned, s.customer_id, s.points - points + earned)
		) AS t (unit, debit, debit_owner, credit, credit_owner, amount, customer_id, balance)
		WHERE t.amount > 0
	), told AS (
		INSERT INTO pay.event (merchant_id, type, data, at)
		SELECT s.merchant_id, 'request.paid', jsonb_build_object('request_id', b.request_id, 'order_id', s.order_id,
			'payment_id', b.id, 'amount_won', b.amount_won), s.at FROM bought b
	)
	INSERT INTO pay.idempotency AS i (caller, key, request_hash, result, created_at)
	SELECT s.customer_id::text, purchase.key, hash, pay.payment_json(b, billed.due_on), s.at FROM bought b CROSS JOIN billed
	RETURNING i.result INTO result;
	RETURN result;
END
$$;

-- pay.approve(customer, key, hash, request, points): buy it, with so many points, the rest on credit.  Codes: token_invalid
-- and those of pay.refusal; validation_failed is about points.
CREATE OR REPLACE FUNCTION pay.approve(customer uuid, key text, hash bytea, request uuid, points bigint,
	OUT code text, OUT result jsonb, OUT replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	clock timestamptz := moa.now();
	s sale;
BEGIN
	replayed := false;
	IF NOT pg_try_advisory_xact_lock(key_lock(customer::text, key)) AND NOT wait_for_key(customer::text, key) THEN
		code := 'idempotency_in_progress';
		RETURN;
	END IF;
	WHILE code IS NULL AND result IS NULL LOOP
		s := sale_of(customer, key, request, clock);
		IF s.key_hash IS NOT NULL THEN
			SELECT e.* INTO code, result, replayed FROM earlier_answer(s.key_hash, s.kept, hash) e;
		ELSIF s.late THEN
			-- Now it is: whoever is the first to say so has the row.
			PERFORM request_now(r) FROM pay.request r WHERE r.id = approve.request;
		ELSE
			code := CASE WHEN s.customer_id IS NULL THEN 'token_invalid' ELSE refusal(s, points) END;
			IF code IS NULL THEN
				result := purchase(s, points, key, hash);
			END IF;
		END IF;
	END LOOP;
END
$$;


-- pay.request_of_code(type, value): the request that the code leads to, locked if it can still be paid; else one that it
-- led to until 10 minutes ago, nobody's if there was none.
CREATE OR REPLACE FUNCTION pay.request_of_code(type text, value text) RETURNS pay.request
LANGUAGE plpgsql AS $$
DECLARE
	r pay.request;
BEGIN
	IF type = 'pin' THEN
		SELECT * INTO r FROM pay.request q WHERE q.pin = value AND q.live FOR NO KEY UPDATE;
		IF NOT FOUND THEN
			SELECT * INTO r FROM pay.request q WHERE q.pin = value AND q.void
				AND q.ended_at > moa.now() - interval '10 minutes' ORDER BY q.ended_at DESC LIMIT 1;
		END IF;
	ELSE
		SELECT * INTO r FROM pay.request q WHERE q.qr = value AND q.live FOR NO KEY UPDATE;
		IF NOT FOUND THEN
			SELECT * INTO r FROM pay.request q WHERE q.qr = value AND q.void
				AND q.ended_at > moa.now() - interval '10 minutes' ORDER BY q.ended_at DESC LIMIT 1;
		END IF;
	END IF;
	RETURN r;
END
$$;

-- pay.expire_requests(most): mark up to ${most} of those that have run out and that nobody is working on; how many.
CREATE OR REPLACE FUNCTION pay.expire_requests(most integer DEFAULT 100) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	late request;
	marked bigint := 0;
BEGIN
	FOR late IN
		SELECT * FROM request WHERE live AND expires_at <= moa.now() ORDER BY expires_at LIMIT most FOR UPDATE SKIP LOCKED
	LOOP
		PERFORM expire(late);
		marked := marked + 1;
	END LOOP;
	RETURN marked;
END
$$;

-- pay.claim(customer, type, value): the request behind a code is this customer's to approve, and nobody else's.  Codes:
-- token_invalid, account_blocked, code_unknown, code_claimed, code_expired, request_cancelled; rate_limited after 10 such
-- answers about codes in 10 minutes.  The account's lock makes the guesses of a customer come one after another.
CREATE OR REPLACE FUNCTION pay.claim(customer uuid, type text, value text,
	OUT code text, OUT result jsonb, OUT retry_after_s integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	clock timestamptz := moa.now();
	buyer record;
	r request;
	nth timestamptz;
BEGIN
	SELECT a.points, a.standing,
		greatest((SELECT g.limit_won FROM grade g WHERE g.grade = a.grade) - a.owed_won, 0) AS available_won INTO buyer
	FROM account a WHERE a.customer_id = customer AND a.erased_at IS NULL FOR NO KEY UPDATE;
	IF NOT FOUND OR buyer.standing = 'blocked' THEN
		code := CASE WHEN FOUND THEN 'account_blocked' ELSE 'token_invalid' END;
		RETURN;
	END IF;
	SELECT w.at INTO nth FROM wrong_code w
	WHERE w.customer_id = customer AND w.at > clock - interval '10 minutes' ORDER BY w.at DESC OFFSET 9 LIMIT 1;
	IF FOUND THEN
		code := 'rate_limited';
		retry_after_s := greatest(1, ceil(extract(epoch FROM nth + interval '10 minutes' - clock)))::integer;
		RETURN;
	END IF;
	-- As a rule it is there for the taking.
	IF type = 'pin' THEN
		UPDATE request q SET status = 'claimed', customer_id = customer
		WHERE q.pin = value AND q.live AND q.status = 'pending' AND q.expires_at > clock RETURNING q.* INTO r;
	ELSE
		UPDATE request q SET status = 'claimed', customer_id = customer
		WHERE q.qr = value AND q.live AND q.status = 'pending' AND q.expires_at > clock RETURNING q.* INTO r;
	END IF;
	IF r.id IS NULL THEN
		r := request_of_code(type, value);
		IF is_late(r) THEN
			r := expire(r);
		END IF;
		code := CASE WHEN r.id IS NULL THEN 'code_unknown' WHEN r.status = 'cancelled' THEN 'request_cancelled'
			WHEN r.status = 'expired' THEN 'code_expired' WHEN r.customer_id <> customer THEN 'code_claimed' END;
		IF code IS NOT NULL THEN
			DELETE FROM wrong_code w WHERE w.customer_id = customer AND w.at <= clock - interval '10 minutes';
			INSERT INTO wrong_code (customer_id, at) VALUES (customer, clock);
			RETURN;
		END IF;
	END IF;
	result := jsonb_build_object('request_id', r.id, 'merchant', (SELECT m.name FROM merchant m WHERE m.id = r.merchant_id),
		'name', r.name, 'amount_won', r.amount_won, 'points_available', buyer.points,
		'limit_available_won', buyer.available_won, 'expires_at', moa.rfc3339(r.expires_at));
END
$$;


-- pay.bill_json(bill, today): an unpaid bill with its oldest 100 unpaid payments.
CREATE OR REPLACE FUNCTION pay.bill_json(b pay.bill, today date) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 100;
	unpaid jsonb[] := ARRAY(
		SELECT pay.payment_json(p, b.due_on) FROM pay.payment p
		WHERE p.customer_id = b.customer_id AND p.month = b.month AND p.owed_won > 0
		ORDER BY p.paid_at, p.id LIMIT most + 1);
BEGIN
	RETURN jsonb_build_object('month', to_char(b.month, 'YYYY-MM'), 'due_on', b.due_on, 'days_left', b.due_on - today,
		'total_won', b.owed_won, 'extended', b.extended,
		'status', CASE WHEN b.due_on < today THEN 'overdue' WHEN b.month >= date_trunc('month', today::timestamp) THEN 'open' ELSE 'due' END,
		'payments', to_jsonb(unpaid[:most]), 'more_payments', cardinality(unpaid) > most);
END
$$;
