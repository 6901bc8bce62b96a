-- Grade points that a refund takes back exactly, grades with their history, and a check of the ledger that leaves nothing out.

SET LOCAL ROLE moa_pay_owner;


-- Grade points follow from what has been repaid, whatever the order in which it was repaid and given back: one for each
-- 10,000 won, and not more than 150.  What goes beyond those counts for nothing, and so nothing is lost when it goes back.
ALTER TABLE pay.account ADD COLUMN repaid_won bigint NOT NULL DEFAULT 0 CHECK (repaid_won >= 0);  -- and not given back
UPDATE pay.account a SET repaid_won = s.won
FROM (
	SELECT customer_id, sum(repaid_won - given_back_won) AS won FROM pay.payment GROUP BY customer_id
) AS s
WHERE a.customer_id = s.customer_id;
ALTER TABLE pay.account
	DROP COLUMN grade_points,
	DROP COLUMN repaid_rest_won,
	ADD COLUMN grade_points integer NOT NULL GENERATED ALWAYS AS (least(150, repaid_won / 10000)::integer) STORED,
	ADD COLUMN repaid_rest_won bigint NOT NULL GENERATED ALWAYS AS (repaid_won % 10000) STORED;  -- not yet a grade point


-- Which grade each customer had when: a row for each change.  Its place among what was booked for the customer is told by its
-- id, which is of the journals' sequence and drawn under the account's lock like theirs.  Without was, what was before is not
-- known: of accounts older than this table.  A migration that changes limits or rates adds such a row for every account.
CREATE TABLE pay.graded (
	id bigint PRIMARY KEY DEFAULT nextval('pay.journal_id_seq'),
	customer_id uuid NOT NULL REFERENCES pay.account,
	was text REFERENCES pay.grade,
	became text NOT NULL REFERENCES pay.grade
);
CREATE INDEX ON pay.graded (customer_id, id);
CREATE TRIGGER graded_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON pay.graded
	FOR EACH STATEMENT EXECUTE FUNCTION pay.refuse_change();
INSERT INTO pay.graded (customer_id, became) SELECT customer_id, grade FROM pay.account;


-- pay.book_repayment(r): the gateway has taken the money.  What it was for is repaid and the limit is whole again.
CREATE OR REPLACE FUNCTION pay.book_repayment(r pay.repayment) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	left_won bigint;
	booked bigint;
	items bigint := (SELECT count(*) FROM pay.repayment_item i WHERE i.repayment_id = r.id);
BEGIN
	PERFORM FROM pay.payment p WHERE p.id IN (SELECT i.payment_id FROM pay.repayment_item i WHERE i.repayment_id = r.id)
	ORDER BY p.id FOR NO KEY UPDATE;
	UPDATE pay.payment p SET owed_won = 0, repaid_won = p.repaid_won + i.amount_won
	FROM pay.repayment_item i
	WHERE i.repayment_id = r.id AND p.id = i.payment_id AND p.owed_won = i.amount_won;
	GET DIAGNOSTICS booked = ROW_COUNT;
	IF booked <> items THEN
		RAISE EXCEPTION 'repayment % is not for what is owed', r.id;
	END IF;
	UPDATE pay.bill b SET owed_won = b.owed_won - s.won
	FROM (SELECT p.month, sum(i.amount_won) AS won FROM pay.repayment_item i JOIN pay.payment p ON p.id = i.payment_id
		WHERE i.repayment_id = r.id GROUP BY p.month) s
	WHERE b.customer_id = r.customer_id AND b.month = s.month;
	UPDATE pay.account a SET owed_won = a.owed_won - r.amount_won, repaid_won = a.repaid_won + r.amount_won
	WHERE a.customer_id = r.customer_id RETURNING a.owed_won INTO left_won;
	WITH j AS (INSERT INTO pay.journal (kind, about, at) VALUES ('repayment', r.id::text, r.ended_at) RETURNING id)
	INSERT INTO pay.transfer (journal_id, unit, debit, credit, credit_owner, amount, customer_id, balance)
	SELECT j.id, 'won', 'gateway', 'owed', r.customer_id, r.amount_won, r.customer_id, left_won FROM j;
	PERFORM pay.unblock_if_clear(r.customer_id);
END
$$;

-- pay.book_refund(r, p): the transfers of a refund, and the balances they move.  What has been repaid is not any more.
CREATE OR REPLACE FUNCTION pay.book_refund(r pay.refund, p pay.payment) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	left_won bigint;
	left_points bigint;
	entry bigint;
BEGIN
	UPDATE pay.account a SET owed_won = a.owed_won - r.owed_down_won, points = a.points + r.points_back - r.points_taken,
		repaid_won = a.repaid_won - r.give_back_won
	WHERE a.customer_id = p.customer_id RETURNING a.owed_won, a.points INTO left_won, left_points;
	INSERT INTO pay.journal (kind, about, at) VALUES ('refund', r.id::text, r.refunded_at) RETURNING id INTO entry;
	INSERT INTO pay.transfer (journal_id, unit, debit, debit_owner, credit, credit_owner, amount, customer_id, balance)
	SELECT entry, t.* FROM (VALUES
		('won', 'merchant', p.merchant_id, 'owed', p.customer_id, r.owed_down_won, p.customer_id, left_won),
		('won', 'merchant', p.merchant_id, 'refunding', NULL, r.give_back_won, NULL, NULL),
		('won', 'merchant', p.merchant_id, 'rewards', NULL, r.points_back, NULL, NULL),
		('points', 'issued', NULL, 'points', p.customer_id, r.points_back, p.customer_id, left_points + r.points_taken),
		('points', 'points', p.customer_id, 'issued', NULL, r.points_taken, p.customer_id, left_points),
		('points', 'rewards', NULL, 'issued', NULL, r.points_missing, NULL, NULL)
	) t (unit, debit, debit_owner, credit, credit_owner, amount, customer_id, balance)
	WHERE t.amount > 0;
	PERFORM pay.unblock_if_clear(p.customer_id);
END
$$;
DROP FUNCTION pay.take_grade_points(uuid, bigint);


-- pay.grades_by(day, after, upto): the grade that the points of each account behind ${after} and up to ${upto} (null: of all
-- behind it) came to when the day began.
CREATE FUNCTION pay.grades_by(on_day date, after uuid, upto uuid) RETURNS TABLE (customer_id uuid, was text, by_points text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	WITH since AS (
		SELECT moved.who, sum(moved.won) AS won FROM (
			SELECT r.customer_id AS who, r.amount_won AS won FROM pay.repayment r
			WHERE r.status = 'paid' AND r.ended_at >= pay.midnight(on_day)
			UNION ALL
			SELECT p.customer_id, -f.give_back_won FROM pay.refund f JOIN pay.payment p ON p.id = f.payment_id
			WHERE f.refunded_at >= pay.midnight(on_day)
		) AS moved GROUP BY moved.who
	)
	SELECT a.customer_id, a.grade, (SELECT g.grade FROM pay.grade g
		WHERE g.from_points <= least(150, (a.repaid_won - coalesce(s.won, 0)) / 10000) ORDER BY g.from_points DESC LIMIT 1)
	FROM pay.account a LEFT JOIN since s ON s.who = a.customer_id
	WHERE a.customer_id > after AND (upto IS NULL OR a.customer_id <= upto);
END
$$;

-- pay.set_grades(on_day, after, upto): everybody gets the grade of the points they had when the day began.  How many changed.
CREATE OR REPLACE FUNCTION pay.set_grades(on_day date, after uuid, upto uuid) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	customers uuid[];
	grades text[];
	changed bigint;
BEGIN
	SELECT array_agg(g.customer_id), array_agg(g.by_points) INTO customers, grades
	FROM pay.grades_by(on_day, after, upto) g WHERE g.by_points <> g.was;
	PERFORM pay.hold(customers);
	INSERT INTO pay.graded (customer_id, was, became)
	SELECT a.customer_id, a.grade, d.grade
	FROM unnest(customers, grades) AS d (customer_id, grade) JOIN pay.account a USING (customer_id);
	GET DIAGNOSTICS changed = ROW_COUNT;
	UPDATE pay.account a SET grade = d.grade
	FROM unnest(customers, grades) AS d (customer_id, grade) WHERE a.customer_id = d.customer_id;
	RETURN changed;
END
$$;


-- What verify looks at besides what it did before.

-- pay.misawarded(): a journal that moved nothing, something that was moved without one, or points for something else than the
-- journal says.
CREATE OR REPLACE FUNCTION pay.misawarded() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT 'a journal moves something, once', concat_ws(' ', j.kind, j.about), 'nothing', 'something'
	FROM pay.journal j WHERE NOT EXISTS (SELECT FROM pay.transfer t WHERE t.journal_id = j.id)
	LIMIT 1;
	RETURN QUERY
	SELECT 'all that is moved has its journal', format('transfer %s', t.id), 'none', format('journal %s', t.journal_id)
	FROM pay.transfer t WHERE NOT EXISTS (SELECT FROM pay.journal j WHERE j.id = t.journal_id)
	LIMIT 1;
	RETURN QUERY
	SELECT 'a journal moves something, once', concat_ws(' ', a.kind, a.about), a.stands, a.should
	FROM (
		SELECT j.kind, j.about,
			string_agg(concat_ws(' ', t.unit, t.debit, '->', t.credit, t.customer_id), ', ' ORDER BY t.id) AS stands,
			CASE WHEN j.kind = 'expiry' THEN 'points points -> issued ' ELSE 'points issued -> points ' END
				|| split_part(j.about, ':', 1) AS should
		FROM pay.journal j JOIN pay.transfer t ON t.journal_id = j.id
		WHERE j.kind IN ('check_in', 'watch', 'expiry')
		GROUP BY j.id
	) AS a
	WHERE a.stands <> a.should
	LIMIT 1;
	RETURN QUERY
	SELECT 'a check-in is of its day, by the wheel', concat_ws(' ', j.kind, j.about), concat_ws(', ', pay.day(j.at), t.amount),
		concat_ws(', ', split_part(j.about, ':', 2), 'one of ' || pay.wheel()::text)
	FROM pay.journal j JOIN pay.transfer t ON t.journal_id = j.id
	WHERE j.kind = 'check_in' AND (split_part(j.about, ':', 2) <> pay.day(j.at)::text OR t.amount <> ALL (pay.wheel()))
	LIMIT 1;
END
$$;

-- pay.mistimed(): something that was booked at another time than it happened: days, months and grades go by both.
CREATE FUNCTION pay.mistimed() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT 'what happens is booked then', concat_ws(' ', j.kind, j.about), j.at::text, happened.at::text
	FROM pay.journal j JOIN (
		SELECT 'purchase' AS kind, id::text AS about, paid_at AS at FROM pay.payment
		UNION ALL SELECT 'refund', id::text, refunded_at FROM pay.refund
		UNION ALL SELECT 'refunded', id::text, given_back_at FROM pay.refund WHERE given_back_at IS NOT NULL
		UNION ALL SELECT 'repayment', id::text, ended_at FROM pay.repayment WHERE status = 'paid'
	) AS happened USING (kind, about)
	WHERE j.at <> happened.at
	LIMIT 1;
END
$$;

-- pay.misgraded(): an account whose grade points are not those of what it has repaid, or whose grade is not the one that these
-- came to when the last job set it.
CREATE FUNCTION pay.misgraded() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
DECLARE
	graded_on date := (SELECT max(day) FROM pay.job_run WHERE job = 'grade');
BEGIN
	RETURN QUERY
	SELECT 'grade points are those of what was repaid', format('account %s: won repaid, and not given back', a.customer_id),
		a.repaid_won::text, coalesce(s.won, 0)::text
	FROM pay.account a LEFT JOIN (
		SELECT moved.who, sum(moved.won) AS won FROM (
			SELECT t.customer_id AS who, t.amount AS won FROM pay.transfer t
			WHERE t.unit = 'won' AND t.debit = 'gateway' AND t.credit = 'owed'
			UNION ALL
			SELECT p.customer_id, -f.give_back_won FROM pay.refund f JOIN pay.payment p ON p.id = f.payment_id
			WHERE f.give_back_won > 0
		) AS moved GROUP BY moved.who
	) AS s ON s.who = a.customer_id
	WHERE a.repaid_won <> coalesce(s.won, 0)
	LIMIT 1;
	RETURN QUERY
	SELECT 'a grade follows the one before', format('account %s', g.customer_id), g.was, g.before
	FROM (
		SELECT customer_id, was, lag(became, 1, 'bronze') OVER (PARTITION BY customer_id ORDER BY id) AS before
		FROM (
			SELECT id, customer_id, was, became FROM pay.graded
			UNION ALL SELECT 9223372036854775807, customer_id, grade, NULL FROM pay.account
		) AS every
	) AS g
	WHERE g.was <> g.before
	LIMIT 1;
	-- Before the first of these jobs everybody has the grade to begin with.  While one is at it some have their new grade and
	-- some have not.  What was under way at that midnight may count or not.
	RETURN QUERY
	SELECT 'a grade is that of the points on the 1st', format('account %s', g.customer_id), g.was, g.by_points
	FROM pay.grades_by(graded_on, '00000000-0000-0000-0000-000000000000', NULL) g
	WHERE graded_on IS NOT NULL AND g.was <> g.by_points
		AND NOT EXISTS (SELECT FROM pay.job_run WHERE job = 'grade' AND day = graded_on AND ended_at IS NULL)
		AND NOT EXISTS (SELECT FROM pay.transfer t JOIN pay.journal j ON j.id = t.journal_id
			WHERE t.customer_id = g.customer_id
				AND j.at BETWEEN pay.midnight(graded_on) - interval '1 minute' AND pay.midnight(graded_on))
	LIMIT 1;
END
$$;

-- pay.missold(): a purchase that did not earn by its customer's grade at the time, or went beyond that grade's limit.
CREATE FUNCTION pay.missold() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT 'a purchase earns by its grade, within its limit', format('payment %s of a %s: points earned, won owed then', p.id,
			g.grade),
		concat_ws(', ', p.points_earned, t.balance),
		concat_ws(', ', p.credit_won * g.earn_per_mille / 1000, 'at most ' || g.limit_won)
	FROM pay.payment p JOIN pay.journal j ON j.kind = 'purchase' AND j.about = p.id::text
	LEFT JOIN pay.transfer t ON t.journal_id = j.id AND t.debit = 'owed'
	JOIN (
		SELECT customer_id, was AS grade, lag(id, 1, 0::bigint) OVER w AS low, id AS high
		FROM (
			SELECT id, customer_id, was FROM pay.graded
			UNION ALL SELECT 9223372036854775807, customer_id, grade FROM pay.account
		) AS every
		WINDOW w AS (PARTITION BY customer_id ORDER BY id)
	) AS had ON had.customer_id = p.customer_id AND j.id > had.low AND j.id < had.high
	JOIN pay.grade g ON g.grade = had.grade
	WHERE p.points_earned <> p.credit_won * g.earn_per_mille / 1000 OR t.balance > g.limit_won
	LIMIT 1;
END
$$;

-- pay.misrefunded(): a refund that is not the share of its payment that it should be, after those before it; or a repayment of
-- which something else was given back than its refunds say.
CREATE FUNCTION pay.misrefunded() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT 'a refund is its share of the payment', format('refund %s: points back, points taken, owed down', f.id),
		concat_ws(', ', f.back, f.taken, f.owed_down_won),
		concat_ws(', ', f.points_used * f.refunded / f.amount_won, f.points_earned * f.refunded / f.amount_won,
			least(f.part - f.part_back, f.owed))
	FROM (
		SELECT r.id, r.amount_won AS part, r.points_back AS part_back, r.owed_down_won, p.amount_won, p.points_used,
			p.points_earned, (sum(r.amount_won) OVER w)::bigint AS refunded, sum(r.points_back) OVER w AS back,
			sum(r.points_taken + r.points_missing) OVER w AS taken,
			p.credit_won - CASE WHEN paid.nth < j.id THEN paid.amount_won ELSE 0 END
				- (sum(r.owed_down_won) OVER w - r.owed_down_won) AS owed
		FROM pay.refund r JOIN pay.payment p ON p.id = r.payment_id
		JOIN pay.journal j ON j.kind = 'refund' AND j.about = r.id::text
		LEFT JOIN (
			SELECT i.payment_id, i.amount_won, k.id AS nth
			FROM pay.repayment_item i JOIN pay.repayment t ON t.id = i.repayment_id AND t.status = 'paid'
			JOIN pay.journal k ON k.kind = 'repayment' AND k.about = t.id::text
		) AS paid ON paid.payment_id = r.payment_id
		WINDOW w AS (PARTITION BY r.payment_id ORDER BY j.id)
	) AS f
	WHERE (f.back, f.taken, f.owed_down_won) <> (f.points_used * f.refunded / f.amount_won,
		f.points_earned * f.refunded / f.amount_won, least(f.part - f.part_back, f.owed))
	LIMIT 1;
	RETURN QUERY
	SELECT 'points are missing where none are left', format('refund %s', r.id), left_over.balance::text, '0'
	FROM pay.refund r JOIN pay.payment p ON p.id = r.payment_id
	JOIN pay.journal j ON j.kind = 'refund' AND j.about = r.id::text
	CROSS JOIN LATERAL (
		SELECT t.balance FROM pay.transfer t
		WHERE t.customer_id = p.customer_id AND t.unit = 'points' AND t.journal_id <= j.id ORDER BY t.id DESC LIMIT 1
	) AS left_over
	WHERE r.points_missing > 0 AND left_over.balance > 0
	LIMIT 1;
	RETURN QUERY
	SELECT 'a repayment has given back what its refunds have', format('repayment %s', r.id), r.given_back_won::text,
		coalesce(f.won, 0)::text
	FROM pay.repayment r LEFT JOIN (
		SELECT i.repayment_id, sum(o.give_back_won) AS won
		FROM pay.refund o JOIN pay.repayment_item i ON i.payment_id = o.payment_id
		JOIN pay.repayment t ON t.id = i.repayment_id AND t.status = 'paid'
		WHERE o.given_back_at IS NOT NULL GROUP BY i.repayment_id
	) AS f ON f.repayment_id = r.id
	WHERE r.given_back_won <> coalesce(f.won, 0)
	LIMIT 1;
END
$$;

-- pay.verify(): the first thing that is wrong with the ledger; no row when it adds up.  All of it is read as of one moment,
-- whatever goes on meanwhile: these functions are STABLE, and see what their caller's statement sees.  None is asked before
-- those above it have found nothing.  Each looks for the first fault only and goes through all there is when there is none: a
-- plan that looks rows up one by one would be the best for the former, and is many times slower.
CREATE OR REPLACE FUNCTION pay.verify() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp
	SET enable_nestloop = off SET enable_mergejoin = off SET work_mem = '64MB' SET jit = off AS $$
BEGIN
	RETURN QUERY
	SELECT * FROM misbooked()
	UNION ALL SELECT * FROM misawarded()
	UNION ALL SELECT * FROM misbalanced()
	UNION ALL SELECT * FROM misstated()
	UNION ALL SELECT * FROM misbilled()
	UNION ALL SELECT * FROM mispaid()
	UNION ALL SELECT * FROM misrepaid()
	UNION ALL SELECT * FROM misrefunded()
	UNION ALL SELECT * FROM misgraded()
	UNION ALL SELECT * FROM missold()
	UNION ALL SELECT * FROM mistimed()
	UNION ALL SELECT * FROM misadded()
	LIMIT 1;
END
$$;


-- Where wrong codes came from in the last 10 minutes: who makes many accounts to guess with them is stopped by the address, or by
-- the /64 network of an IPv6 address.
CREATE TABLE pay.wrong_code_from (
	address text NOT NULL,
	at timestamptz NOT NULL
);
CREATE INDEX ON pay.wrong_code_from (address, at);

-- pay.claim_from(customer, address, type, value): pay.claim for somebody who calls from there.  An address may send as many wrong
-- codes as thirty customers: many people share one.  Of a refusal by a limit, its name and how many it allows, too.  Guesses
-- that are under way at the same moment do not see each other: a few more than that can come through.
CREATE FUNCTION pay.claim_from(customer uuid, p_address text, type text, value text,
	OUT code text, OUT result jsonb, OUT retry_after_s integer, OUT limit_name text, OUT limit_max integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	clock timestamptz := moa.now();
	nth timestamptz;
BEGIN
	SELECT w.at INTO nth FROM wrong_code_from w
	WHERE w.address = p_address AND w.at > clock - interval '10 minutes' ORDER BY w.at DESC OFFSET 299 LIMIT 1;
	IF FOUND THEN
		code := 'rate_limited';
		retry_after_s := greatest(1, ceil(extract(epoch FROM nth + interval '10 minutes' - clock)))::integer;
		limit_name := 'codes-from-address';
		limit_max := 300;
		RETURN;
	END IF;
	SELECT c.code, c.result, c.retry_after_s INTO code, result, retry_after_s FROM claim(customer, type, value) c;
	IF code = 'rate_limited' THEN
		limit_name := 'codes';
		limit_max := 10;
	ELSIF code IN ('code_unknown', 'code_claimed', 'code_expired', 'request_cancelled') THEN
		INSERT INTO wrong_code_from (address, at) VALUES (p_address, clock);
	END IF;
END
$$;

-- pay.sweep_codes(): forget wrong codes that no longer count; how many.
CREATE FUNCTION pay.sweep_codes() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	forgotten bigint;
BEGIN
	WITH by_customer AS (
		DELETE FROM wrong_code WHERE at <= moa.now() - interval '10 minutes' RETURNING 1
	), by_address AS (
		DELETE FROM wrong_code_from WHERE at <= moa.now() - interval '10 minutes' RETURNING 1
	)
	SELECT (SELECT count(*) FROM by_customer) + (SELECT count(*) FROM by_address) INTO forgotten;
	RETURN forgotten;
END
$$;


-- Requests that nobody has taken up yet, of which a merchant may have 10,000 at once: a hundredth of the PINs.
CREATE INDEX request_waiting ON pay.request (merchant_id, expires_at) WHERE live;

-- pay.create_request(...): something to pay, with a PIN out of ${pins}, which are tried in turn.  Codes: token_invalid,
-- order_id_taken; too_many_open for a merchant with 10,000 requests that wait for customers (of creations at the same moment
-- a few more can come through), until the first of them has run out; overloaded when each of the PINs belongs to somebody else.
DROP FUNCTION pay.create_request(bytea, text, bytea, text, text, bigint, jsonb, text, text, text[], text);
CREATE FUNCTION pay.create_request(
	key_hash bytea, idem_key text, idem_hash bytea, p_order_id text, p_name text, p_amount_won bigint, p_metadata jsonb,
	p_checkout_id text, p_qr text, pins text[], base text,
	OUT code text, OUT result jsonb, OUT replayed boolean, OUT retry_after_s integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	m uuid := merchant_of(key_hash);
	earlier request;
	made request;
	try text;
BEGIN
	IF m IS NULL THEN
		code := 'token_invalid';
		RETURN;
	END IF;
	SELECT c.* INTO code, result, replayed FROM claim_key(m::text, idem_key, idem_hash) c;
	IF code IS NOT NULL OR replayed THEN
		RETURN;
	END IF;
	-- First what must be waited for, then what need not: no two creations can wait for each other.
	SELECT * INTO earlier FROM request r
	WHERE r.merchant_id = m AND r.order_id = p_order_id AND NOT r.void FOR UPDATE;
	IF FOUND AND is_late(earlier) THEN
		PERFORM expire(earlier);
	END IF;
	PERFORM expire_requests();
	retry_after_s := too_many_open(m);
	IF retry_after_s IS NOT NULL THEN
		PERFORM release_key(m::text, idem_key);
		code := 'too_many_open';
		RETURN;
	END IF;
	FOREACH try IN ARRAY pins LOOP
		INSERT INTO request (checkout_id, merchant_id, order_id, name, amount_won, metadata, pin, qr)
		VALUES (p_checkout_id, m, p_order_id, p_name, p_amount_won, p_metadata, try, p_qr)
		ON CONFLICT DO NOTHING RETURNING * INTO made;
		EXIT WHEN FOUND OR EXISTS (SELECT FROM request r WHERE r.merchant_id = m AND r.order_id = p_order_id
			AND NOT r.void);
	END LOOP;
	IF made.id IS NULL THEN
		PERFORM release_key(m::text, idem_key);
		code := CASE WHEN EXISTS (SELECT FROM request r WHERE r.merchant_id = m AND r.order_id = p_order_id
			AND NOT r.void) THEN 'order_id_taken' ELSE 'overloaded' END;
		RETURN;
	END IF;
	result := request_json(made, base);
	PERFORM keep_result(m::text, idem_key, result);
END
$$;

-- pay.too_many_open(merchant): null while the merchant may ask for more, else the seconds until the first of its requests has
-- run out.
CREATE FUNCTION pay.too_many_open(merchant uuid) RETURNS integer
LANGUAGE plpgsql STABLE AS $$
DECLARE
	clock timestamptz := moa.now();
BEGIN
	PERFORM FROM pay.request r WHERE r.merchant_id = merchant AND r.live AND r.status = 'pending' AND r.expires_at > clock
	ORDER BY r.expires_at OFFSET 9999 LIMIT 1;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	RETURN (SELECT greatest(1, ceil(extract(epoch FROM min(r.expires_at) - clock)))::integer FROM pay.request r
		WHERE r.merchant_id = merchant AND r.live AND r.status = 'pending' AND r.expires_at > clock);
END
$$;


GRANT EXECUTE ON FUNCTION pay.claim_from(uuid, text, text, text),
	pay.create_request(bytea, text, bytea, text, text, bigint, jsonb, text, text, text[], text) TO moa_pay;
GRANT EXECUTE ON FUNCTION pay.sweep_codes() TO moa_worker;
