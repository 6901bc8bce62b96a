-- Bills as the calendar sees them: extension, the jobs of the 16th and the 1st, blocks by administrators; and the check
-- that every figure of the ledger is what its entries say.

SET LOCAL ROLE moa_pay_owner;


-- pay.entry: what each journal must have moved, as the things it is about tell: one row for each pair of books.
CREATE VIEW pay.entry AS
	SELECT kind, about, unit, debit, debit_owner, credit, credit_owner, sum(amount)::bigint AS amount
	FROM (
		SELECT 'purchase' AS kind, p.id::text AS about, e.*
		FROM pay.payment p, LATERAL (VALUES
			('won', 'owed', p.customer_id, 'merchant', p.merchant_id, p.credit_won),
			('won', 'rewards', NULL, 'merchant', p.merchant_id, p.points_used),
			('points', 'points', p.customer_id, 'issued', NULL, p.points_used),
			('points', 'issued', NULL, 'points', p.customer_id, p.points_earned)
		) AS e (unit, debit, debit_owner, credit, credit_owner, amount)
		UNION ALL
		SELECT 'refund', r.id::text, e.*
		FROM pay.refund r JOIN pay.payment p ON p.id = r.payment_id, LATERAL (VALUES
			('won', 'merchant', p.merchant_id, 'owed', p.customer_id, r.owed_down_won),
			('won', 'merchant', p.merchant_id, 'refunding', NULL, r.give_back_won),
			('won', 'merchant', p.merchant_id, 'rewards', NULL, r.points_back),
			('points', 'issued', NULL, 'points', p.customer_id, r.points_back),
			('points', 'points', p.customer_id, 'issued', NULL, r.points_taken),
			('points', 'rewards', NULL, 'issued', NULL, r.points_missing)
		) AS e
		UNION ALL
		SELECT 'refunded', r.id::text, 'won', 'refunding', NULL, 'gateway', NULL, r.give_back_won
		FROM pay.refund r WHERE r.given_back_at IS NOT NULL
		UNION ALL
		SELECT 'repayment', r.id::text, 'won', 'gateway', NULL, 'owed', r.customer_id, r.amount_won
		FROM pay.repayment r WHERE r.status = 'paid'
	) AS moved
	WHERE amount > 0
	GROUP BY kind, about, unit, debit, debit_owner, credit, credit_owner;

-- What is wrong with the ledger: which rule is broken, by what, and the figure that stands there beside the one that the
-- entries give.
CREATE TYPE pay.fault AS (rule text, about text, stands text, should text);

-- pay.misbooked(): a journal that did not move what it is about, or moved it without being about anything.
CREATE FUNCTION pay.misbooked() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT 'a journal moves what it is about', concat_ws(' ', kind, about, unit, debit, '->', credit),
		concat_ws(' ', m.debit_owner, '->', m.credit_owner, m.amount), concat_ws(' ', e.debit_owner, '->', e.credit_owner, e.amount)
	FROM pay.entry e FULL JOIN (
		SELECT j.kind, j.about, t.unit, t.debit, t.debit_owner, t.credit, t.credit_owner,
			sum(t.amount)::bigint AS amount
		FROM pay.journal j JOIN pay.transfer t ON t.journal_id = j.id
		WHERE j.kind IN ('purchase', 'refund', 'refunded', 'repayment')
		GROUP BY 1, 2, 3, 4, 5, 6, 7
	) AS m USING (kind, about, unit, debit, credit)
	WHERE (e.amount, e.debit_owner, e.credit_owner) IS DISTINCT FROM (m.amount, m.debit_owner, m.credit_owner)
	LIMIT 1;
END
$$;

-- pay.misawarded(): a journal that moved nothing, or points for something else than it says.
CREATE FUNCTION pay.misawarded() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT 'a journal moves something, once', concat_ws(' ', a.kind, a.about), coalesce(a.stands, 'nothing'), a.should
	FROM (
		SELECT j.kind, j.about,
			string_agg(concat_ws(' ', t.unit, t.debit, '->', t.credit, t.customer_id), ', ' ORDER BY t.id) AS stands,
			CASE WHEN j.kind = 'expiry' THEN 'points points -> issued '
				WHEN j.kind IN ('check_in', 'watch') THEN 'points issued -> points '
			END || split_part(j.about, ':', 1) AS should
		FROM pay.journal j LEFT JOIN pay.transfer t ON t.journal_id = j.id
		GROUP BY j.id
	) AS a
	WHERE a.stands IS NULL OR a.stands <> a.should
	LIMIT 1;
END
$$;

-- pay.misbalanced(): a transfer whose customer's balance is not the one before it, moved by its amount.
CREATE FUNCTION pay.misbalanced() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT 'each transfer says the balance after it', format('transfer %s of %s in %s', t.id, t.customer_id, t.unit),
		t.balance::text, t.sum::text
	FROM (
		SELECT id, customer_id, unit, balance, sum(CASE WHEN debit = 'owed' OR credit = 'points' THEN amount ELSE -amount END)
			OVER (PARTITION BY customer_id, unit ORDER BY id)
		FROM pay.transfer WHERE customer_id IS NOT NULL
	) AS t
	WHERE t.balance <> t.sum
	ORDER BY t.id LIMIT 1;
END
$$;

-- pay.misstated(): an account whose figures are not the sums of its transfers, or of its bills.
CREATE FUNCTION pay.misstated() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT 'an account is the sum of its transfers', format('account %s: won owed, points', a.customer_id),
		concat_ws(', ', a.owed_won, a.points), concat_ws(', ', coalesce(t.owed_won, 0), coalesce(t.points, 0))
	FROM pay.account a LEFT JOIN (
		SELECT customer_id,
			sum(CASE WHEN debit = 'owed' THEN amount WHEN credit = 'owed' THEN -amount END) AS owed_won,
			sum(CASE WHEN credit = 'points' THEN amount WHEN debit = 'points' THEN -amount END) AS points
		FROM pay.transfer WHERE customer_id IS NOT NULL GROUP BY customer_id
	) AS t USING (customer_id)
	WHERE (a.owed_won, a.points) <> (coalesce(t.owed_won, 0), coalesce(t.points, 0))
	LIMIT 1;
	IF NOT FOUND THEN
		RETURN QUERY
		SELECT 'an account owes what its bills do', format('account %s', a.customer_id), a.owed_won::text,
			coalesce(b.owed_won, 0)::text
		FROM pay.account a LEFT JOIN (
			SELECT customer_id, sum(owed_won) AS owed_won FROM pay.bill GROUP BY customer_id
		) AS b USING (customer_id)
		WHERE a.owed_won <> coalesce(b.owed_won, 0)
		LIMIT 1;
	END IF;
END
$$;

-- pay.misbilled(): a bill that does not owe what its payments do, or falls due on a day that is none of its two.
CREATE FUNCTION pay.misbilled() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT 'a bill owes what its payments do, by its day', format('bill %s of %s', b.month, b.customer_id),
		concat_ws(', ', b.owed_won, b.due_on),
		concat_ws(', ', coalesce(p.owed_won, 0), d.due_on)
	FROM pay.bill b LEFT JOIN (
		SELECT customer_id, month, sum(owed_won) AS owed_won FROM pay.payment GROUP BY customer_id, month
	) AS p USING (customer_id, month), LATERAL (
		SELECT CASE WHEN b.extended IS NULL THEN pay.due_on(b.month) ELSE pay.extended_due_on(b.month) END AS due_on
	) AS d
	WHERE (b.owed_won, b.due_on) <> (coalesce(p.owed_won, 0), d.due_on)
	LIMIT 1;
END
$$;

-- pay.mispaid(): a payment whose figures are not what was refunded and repaid of it, or that is not its request's.
CREATE FUNCTION pay.mispaid() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT 'a payment is what became of it', format('payment %s: owed, repaid, owed down, given back, refunded, points '
			'back, points taken', p.id),
		concat_ws(', ', p.owed_won, p.repaid_won, p.owed_down_won, p.given_back_won, p.refunded_won, p.points_back,
			p.points_taken),
		concat_ws(', ', p.credit_won - s.repaid_won - s.owed_down_won, s.repaid_won, s.owed_down_won, s.given_back_won,
			s.refunded_won, s.points_back, s.points_taken)
	FROM pay.payment p LEFT JOIN (
		SELECT payment_id, sum(owed_down_won) AS owed_down_won, sum(give_back_won) AS given_back_won,
			sum(amount_won) AS refunded_won, sum(points_back) AS points_back,
			sum(points_taken + points_missing) AS points_taken
		FROM pay.refund GROUP BY payment_id
	) AS f ON f.payment_id = p.id LEFT JOIN (
		SELECT i.payment_id, sum(i.amount_won) AS repaid_won
		FROM pay.repayment_item i JOIN pay.repayment r ON r.id = i.repayment_id AND r.status = 'paid'
		GROUP BY i.payment_id
	) AS i ON i.payment_id = p.id, LATERAL (
		SELECT coalesce(i.repaid_won, 0) AS repaid_won, coalesce(f.owed_down_won, 0) AS owed_down_won,
			coalesce(f.given_back_won, 0) AS given_back_won, coalesce(f.refunded_won, 0) AS refunded_won,
			coalesce(f.points_back, 0) AS points_back, coalesce(f.points_taken, 0) AS points_taken
	) AS s
	WHERE (p.owed_won, p.repaid_won, p.owed_down_won, p.given_back_won, p.refunded_won, p.points_back, p.points_taken)
		<> (p.credit_won - s.repaid_won - s.owed_down_won, s.repaid_won, s.owed_down_won, s.given_back_won,
			s.refunded_won, s.points_back, s.points_taken)
	LIMIT 1;
	IF NOT FOUND THEN
		RETURN QUERY
		SELECT 'what is paid is what was asked for', format('request %s: status, customer, merchant, won, month', r.id),
			concat_ws(', ', 'paid', p.customer_id, p.merchant_id, p.amount_won, p.month),
			concat_ws(', ', r.status, r.customer_id, r.merchant_id, r.amount_won, pay.month(p.paid_at))
		FROM pay.request r LEFT JOIN pay.payment p ON p.request_id = r.id
		WHERE (r.status = 'paid') <> (p.id IS NOT NULL) OR p.id IS NOT NULL
			AND (p.customer_id, p.merchant_id, p.amount_won, p.month)
				<> (r.customer_id, r.merchant_id, r.amount_won, pay.month(p.paid_at))
		LIMIT 1;
	END IF;
END
$$;

-- pay.misrepaid(): a repayment that is not the sum of its items, or pays for somebody else; a refund by another merchant.
CREATE FUNCTION pay.misrepaid() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT 'a repayment is of its customer''s own payments', format('repayment %s', r.id), r.amount_won::text,
		coalesce(i.amount_won, 0)::text
	FROM pay.repayment r LEFT JOIN (
		SELECT i.repayment_id, p.customer_id, sum(i.amount_won) AS amount_won
		FROM pay.repayment_item i JOIN pay.payment p ON p.id = i.payment_id
		GROUP BY i.repayment_id, p.customer_id
	) AS i ON i.repayment_id = r.id
	WHERE (r.customer_id, r.amount_won) IS DISTINCT FROM (i.customer_id, i.amount_won)
	LIMIT 1;
	IF NOT FOUND THEN
		RETURN QUERY
		SELECT 'a refund is by the merchant who sold', format('refund %s', r.id), r.merchant_id::text, p.merchant_id::text
		FROM pay.refund r JOIN pay.payment p ON p.id = r.payment_id
		WHERE r.merchant_id <> p.merchant_id
		LIMIT 1;
	END IF;
END
$$;

-- pay.misadded(): a unit of which the customers' balances and the sums of all other books are not zero together.
CREATE FUNCTION pay.misadded() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT 'each unit adds up to zero', u.unit, u.sum::text, '0'
	FROM (
		SELECT unit, sum(amount)
		FROM (
			SELECT unit, CASE WHEN debit IN ('owed', 'points') THEN 0 ELSE amount END
				- CASE WHEN credit IN ('owed', 'points') THEN 0 ELSE amount END AS amount
			FROM pay.transfer
			UNION ALL SELECT 'won', owed_won FROM pay.account
			UNION ALL SELECT 'points', -points FROM pay.account
		) AS moved
		GROUP BY unit
	) AS u
	WHERE u.sum <> 0
	LIMIT 1;
END
$$;

-- pay.verify(): the first thing that is wrong with the ledger; no row when it adds up.  All of it is read as of one moment,
-- whatever goes on meanwhile: these functions are STABLE, and see what their caller's statement sees.
CREATE FUNCTION pay.verify() RETURNS SETOF pay.fault
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT * FROM misbooked();
	IF NOT FOUND THEN
		RETURN QUERY SELECT * FROM misawarded();
	END IF;
	IF NOT FOUND THEN
		RETURN QUERY SELECT * FROM misbalanced();
	END IF;
	IF NOT FOUND THEN
		RETURN QUERY SELECT * FROM misstated();
	END IF;
	IF NOT FOUND THEN
		RETURN QUERY SELECT * FROM misbilled();
	END IF;
	IF NOT FOUND THEN
		RETURN QUERY SELECT * FROM mispaid();
	END IF;
	IF NOT FOUND THEN
		RETURN QUERY SELECT * FROM misrepaid();
	END IF;
	IF NOT FOUND THEN
		RETURN QUERY SELECT * FROM misadded();
	END IF;
END
$$;


-- The calendar.  A job belongs to a day of Seoul's and is done once for it, in the order of pay.calendar.  After downtime each
-- is still done as of its own day: who has repaid since was late all the same, and who was not yet late is not.

-- Blocks come before grades on the same day, whenever the worker gets to them.
CREATE VIEW pay.calendar AS
	SELECT * FROM (VALUES (1, 'block', 1), (2, 'grade', 1), (3, 'extend', 16)) AS job (nth, job, day_of_month);

CREATE INDEX account_opened ON pay.account (opened_at);
CREATE INDEX repayment_paid ON pay.repayment (ended_at) WHERE status = 'paid';
CREATE INDEX refund_at ON pay.refund (refunded_at);

-- pay.midnight(day): when a day begins.
CREATE FUNCTION pay.midnight(on_day date) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT on_day::timestamp AT TIME ZONE 'Asia/Seoul' $$;

-- pay.due_jobs(most): jobs whose day has come and that are not done, the next one first.
CREATE FUNCTION pay.due_jobs(most integer) RETURNS TABLE (nth integer, job text, day date)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	today date := pay.day(moa.now());
	-- All before the last one that is done has been done; before the first account there was nothing to do.
	first date := coalesce((SELECT max(d.day) FROM pay.job_run d WHERE d.ended_at IS NOT NULL),
		(SELECT pay.day(min(a.opened_at)) FROM pay.account a));
BEGIN
	RETURN QUERY
	SELECT c.nth, c.job, d.day
	FROM generate_series(date_trunc('month', first::timestamp), today::timestamp, interval '1 month') AS month,
		pay.calendar c, LATERAL (SELECT month::date + c.day_of_month - 1 AS day) AS d
	WHERE d.day BETWEEN first AND today
		AND NOT EXISTS (SELECT FROM pay.job_run r WHERE r.job = c.job AND r.day = d.day AND r.ended_at IS NOT NULL)
	ORDER BY d.day, c.nth LIMIT most;
END
$$;

-- pay.owing(on_day, after, upto): the bills past due when the day began, of customers behind ${after} and up to ${upto} (null:
-- of all behind it).  What has been repaid or refunded since was owed then.
CREATE FUNCTION pay.owing(on_day date, after uuid, upto uuid) RETURNS SETOF pay.bill
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT b.* FROM pay.bill b
	WHERE b.owed_won > 0 AND b.due_on < on_day AND b.customer_id > after AND (upto IS NULL OR b.customer_id <= upto)
	UNION
	SELECT b.* FROM pay.bill b JOIN (
		SELECT p.customer_id, p.month
		FROM pay.repayment r JOIN pay.repayment_item i ON i.repayment_id = r.id JOIN pay.payment p ON p.id = i.payment_id
		WHERE r.status = 'paid' AND r.ended_at >= pay.midnight(on_day)
		UNION
		SELECT p.customer_id, p.month
		FROM pay.refund f JOIN pay.payment p ON p.id = f.payment_id
		WHERE f.owed_down_won > 0 AND f.refunded_at >= pay.midnight(on_day)
	) AS since USING (customer_id, month)
	WHERE b.due_on < on_day AND b.customer_id > after AND (upto IS NULL OR b.customer_id <= upto);
END
$$;

-- pay.hold(customers): lock their accounts, in order.
CREATE FUNCTION pay.hold(customers uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM pay.account WHERE customer_id = ANY (customers) ORDER BY customer_id FOR NO KEY UPDATE;
END
$$;

-- pay.unblock_clear(customers): of these, whoever was blocked for what was overdue may buy again, if nothing overdue is owed.
CREATE FUNCTION pay.unblock_clear(customers uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE pay.account a SET standing = 'good', blocked_by = NULL
	WHERE a.customer_id = ANY (customers) AND a.blocked_by = 'overdue' AND NOT EXISTS (
		SELECT FROM pay.bill b
		WHERE b.customer_id = a.customer_id AND b.owed_won > 0 AND b.due_on < pay.day(moa.now()));
END
$$;

-- pay.unblock_if_clear(customer): whoever was blocked for what was overdue may buy again as soon as nothing overdue is owed.
CREATE FUNCTION pay.unblock_if_clear(customer uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pay.unblock_clear(ARRAY[customer]);
END
$$;

-- pay.extend_late(on_day, after, upto): bills past their first due date are extended, and counted.  How many.  Somebody who
-- has repaid all else on this very morning is no longer blocked for them.
CREATE FUNCTION pay.extend_late(on_day date, after uuid, upto uuid) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	late pay.bill[] := ARRAY(SELECT o FROM pay.owing(on_day, after, upto) o WHERE o.extended IS NULL);
	customers uuid[] := ARRAY(SELECT customer_id FROM unnest(late));
	changed bigint;
BEGIN
	PERFORM pay.hold(customers);
	WITH extended AS (
		UPDATE pay.bill b SET extended = 'automatic', due_on = pay.extended_due_on(b.month)
		FROM unnest(late) AS l
		WHERE b.customer_id = l.customer_id AND b.month = l.month AND b.extended IS NULL
		RETURNING b.customer_id
	), counted AS (
		UPDATE pay.account a SET auto_extended_count = a.auto_extended_count + e.count
		FROM (SELECT customer_id, count(*) FROM extended GROUP BY customer_id) AS e
		WHERE a.customer_id = e.customer_id
	)
	SELECT count(*) INTO changed FROM extended;
	PERFORM pay.unblock_clear(customers);
	RETURN changed;
END
$$;

-- pay.block_late(on_day, after, upto): customers with bills past their extended due date are blocked, and counted.  How many.
-- Who has repaid them since is only counted, unless the block of a month before would have lasted until then.
CREATE FUNCTION pay.block_late(on_day date, after uuid, upto uuid) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	late uuid[];
	newly uuid[];
	changed bigint;
BEGIN
	SELECT array_agg(customer_id), array_agg(customer_id) FILTER (WHERE oldest >= on_day - interval '1 month')
	INTO late, newly
	FROM (SELECT customer_id, min(due_on) AS oldest FROM pay.owing(on_day, after, upto) GROUP BY customer_id) AS o;
	PERFORM pay.hold(late);
	WITH owing AS (
		SELECT a.customer_id, EXISTS (SELECT FROM pay.bill b
			WHERE b.customer_id = a.customer_id AND b.owed_won > 0 AND b.due_on < on_day) AS still
		FROM pay.account a WHERE a.customer_id = ANY (late) AND a.standing = 'good'
	), blocked AS (
		UPDATE pay.account a SET blocked_count = a.blocked_count + 1,
			standing = CASE WHEN o.still THEN 'blocked' ELSE 'good' END, blocked_by = CASE WHEN o.still THEN 'overdue' END
		FROM owing o WHERE a.customer_id = o.customer_id AND (o.still OR o.customer_id = ANY (newly))
		RETURNING 1
	)
	SELECT count(*) INTO changed FROM blocked;
	RETURN changed;
END
$$;

-- pay.set_grades(on_day, after, upto): everybody gets the grade of the points they had when the day began.  How many changed.
-- Points that a repayment since then lost to the cap are not among those: nobody repays that much while a worker is away.
CREATE FUNCTION pay.set_grades(on_day date, after uuid, upto uuid) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	customers uuid[];
	grades text[];
	changed bigint;
BEGIN
	WITH since AS (
		SELECT customer_id, sum(won) AS won FROM (
			SELECT r.customer_id, r.amount_won AS won FROM pay.repayment r
			WHERE r.status = 'paid' AND r.ended_at >= pay.midnight(on_day)
			UNION ALL
			SELECT p.customer_id, -f.give_back_won FROM pay.refund f JOIN pay.payment p ON p.id = f.payment_id
			WHERE f.refunded_at >= pay.midnight(on_day)
		) AS moved GROUP BY customer_id
	), had AS (
		SELECT a.customer_id, a.grade, greatest(0, a.grade_points * 10000 + a.repaid_rest_won - coalesce(s.won, 0)) / 10000 AS points
		FROM pay.account a LEFT JOIN since s USING (customer_id)
		WHERE a.customer_id > after AND (upto IS NULL OR a.customer_id <= upto)
	), due AS (
		SELECT h.customer_id, h.grade, (SELECT g.grade FROM pay.grade g
			WHERE g.from_points <= h.points ORDER BY g.from_points DESC LIMIT 1) AS new
		FROM had h
	)
	SELECT array_agg(customer_id), array_agg(new) INTO customers, grades FROM due WHERE new <> grade;
	PERFORM pay.hold(customers);
	WITH graded AS (
		UPDATE pay.account a SET grade = d.grade
		FROM unnest(customers, grades) AS d (customer_id, grade) WHERE a.customer_id = d.customer_id
		RETURNING 1
	)
	SELECT count(*) INTO changed FROM graded;
	RETURN changed;
END
$$;

-- pay.run_job(most): of the job that is due next, what concerns the next ${most} accounts; no row when none is due.  changed
-- is what it has changed so far.  Whoever comes while another is at it waits, and then goes on with what is left.
CREATE FUNCTION pay.run_job(most integer DEFAULT 5000, OUT job text, OUT day date, OUT changed bigint, OUT done boolean)
RETURNS SETOF record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	run job_run;
	after uuid;
	upto uuid;
BEGIN
	IF NOT EXISTS (SELECT FROM due_jobs(1)) THEN
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('pay.run_job', 0));
	SELECT d.job, d.day INTO job, day FROM due_jobs(1) d;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	INSERT INTO job_run (job, day, result) VALUES (job, day, '{"changed": 0}') ON CONFLICT DO NOTHING;
	SELECT * INTO run FROM job_run r WHERE r.job = run_job.job AND r.day = run_job.day;
	after := coalesce(run.result ->> 'after', '00000000-0000-0000-0000-000000000000');
	SELECT a.customer_id INTO upto FROM account a WHERE a.customer_id > after ORDER BY a.customer_id OFFSET most - 1 LIMIT 1;
	changed := (run.result ->> 'changed')::bigint + CASE job
		WHEN 'block' THEN block_late(day, after, upto)
		WHEN 'grade' THEN set_grades(day, after, upto)
		WHEN 'extend' THEN extend_late(day, after, upto)
	END;
	done := upto IS NULL;
	UPDATE job_run r SET ended_at = CASE WHEN done THEN moa.now() END,
		result = jsonb_strip_nulls(jsonb_build_object('changed', changed, 'after', upto))
	WHERE r.job = run_job.job AND r.day = run_job.day;
	RETURN NEXT;
END
$$;

-- pay.jobs: every job that is done, under way or due.
CREATE VIEW pay.jobs AS
	SELECT to_char(day, 'YYYYMMDD')::integer * 10 + nth AS place, job, day,
		CASE WHEN started_at IS NULL THEN 'due' WHEN ended_at IS NULL THEN 'running' ELSE 'done' END AS status,
		started_at, ended_at, (result ->> 'changed')::bigint AS changed
	FROM (
		SELECT nth, job, day, started_at, ended_at, result FROM pay.job_run JOIN pay.calendar USING (job)
		UNION ALL
		SELECT d.nth, d.job, d.day, NULL, NULL, NULL FROM pay.due_jobs(1000) d
		WHERE NOT EXISTS (SELECT FROM pay.job_run r WHERE r.job = d.job AND r.day = d.day)
	) AS known;


-- pay.extension_json(customer): what extending last month's bill would change, or has changed.
CREATE FUNCTION pay.extension_json(customer uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
	today date := pay.day(moa.now());
	last_month date := (date_trunc('month', today::timestamp) - interval '1 month')::date;
BEGIN
	RETURN (SELECT jsonb_build_object(
			'available', coalesce(b.owed_won > 0 AND b.extended IS NULL AND today <= pay.due_on(last_month)
				AND a.standing = 'good', false),
			'used', b.extended IS NOT NULL, 'until', pay.due_on(last_month), 'fee_won', 0,
			'bills', CASE WHEN b.owed_won > 0 THEN jsonb_build_array(jsonb_build_object(
				'month', to_char(b.month, 'YYYY-MM'), 'owed_won', b.owed_won, 'due_on', b.due_on,
				'new_due_on', pay.extended_due_on(b.month), 'extended', b.extended)) ELSE '[]' END)
		FROM pay.account a LEFT JOIN pay.bill b ON b.customer_id = a.customer_id AND b.month = last_month
		WHERE a.customer_id = customer AND a.erased_at IS NULL);
END
$$;

-- pay.extension(customer): the same, for its customer.  Code: token_invalid.
CREATE FUNCTION pay.extension(customer uuid, OUT code text, OUT result jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	result := extension_json(customer);
	code := CASE WHEN result IS NULL THEN 'token_invalid' END;
END
$$;

-- pay.extend(customer, key, hash): extend last month's bill to the end of this month; once, and until its day has come.
-- Codes: token_invalid, account_blocked, extension_closed, nothing_owed.
CREATE FUNCTION pay.extend(customer uuid, key text, hash bytea, OUT code text, OUT result jsonb, OUT replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	now_standing text;
	bills integer;
BEGIN
	SELECT a.standing INTO now_standing FROM account a WHERE a.customer_id = customer AND a.erased_at IS NULL FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		code := 'token_invalid';
		RETURN;
	END IF;
	SELECT c.* INTO code, result, replayed FROM claim_key(customer::text, key, hash) c;
	IF code IS NOT NULL OR replayed THEN
		RETURN;
	END IF;
	result := extension_json(customer);
	code := CASE
		WHEN now_standing = 'blocked' THEN 'account_blocked'
		WHEN (result -> 'used')::boolean OR (result ->> 'until')::date < day(moa.now()) THEN 'extension_closed'
		WHEN NOT (result -> 'available')::boolean THEN 'nothing_owed'
	END;
	IF code IS NOT NULL THEN
		PERFORM release_key(customer::text, key);
		RETURN;
	END IF;
	UPDATE bill b SET extended = 'asked', due_on = extended_due_on(b.month)
	WHERE b.customer_id = customer AND b.due_on = (result ->> 'until')::date AND b.extended IS NULL;
	result := extension_json(customer);
	PERFORM keep_result(customer::text, key, result);
END
$$;


-- pay.admin_standing(admin, customer, blocked, reason): block a customer, whom repaying then does not unblock, or lift whatever
-- block there is.  Code: not_found.
CREATE FUNCTION pay.admin_standing(admin uuid, customer uuid, blocked boolean, reason text, OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	UPDATE account a SET standing = CASE WHEN blocked THEN 'blocked' ELSE 'good' END,
		blocked_by = CASE WHEN blocked THEN 'admin' END
	WHERE a.customer_id = customer AND a.erased_at IS NULL
	RETURNING jsonb_build_object('customer_id', a.customer_id, 'standing', a.standing, 'blocked_by', a.blocked_by) INTO result;
	IF NOT FOUND THEN
		code := 'not_found';
		RETURN;
	END IF;
	PERFORM audit_call(admin, CASE WHEN blocked THEN 'customer.block' ELSE 'customer.unblock' END, customer::text,
		jsonb_build_object('reason', reason));
END
$$;

-- pay.admin_jobs(admin, cursor, most): the jobs, latest first.  Code: invalid_cursor.
CREATE FUNCTION pay.admin_jobs(admin uuid, p_cursor text, most integer, OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	IF p_cursor !~ '^[0-9]{9}$' THEN
		code := 'invalid_cursor';
		RETURN;
	END IF;
	PERFORM audit_call(admin, 'jobs.list', 'jobs');
	SELECT jsonb_build_object('items', coalesce(jsonb_agg(jsonb_build_object('job', job, 'day', day, 'status', status,
			'started_at', moa.rfc3339(started_at), 'ended_at', moa.rfc3339(ended_at), 'changed', changed)
			ORDER BY place DESC) FILTER (WHERE nth <= most), '[]'),
		'next_cursor', CASE WHEN count(*) > most THEN (min(place) FILTER (WHERE nth <= most))::text END)
	INTO result
	FROM (SELECT *, row_number() OVER (ORDER BY place DESC) AS nth FROM jobs
		WHERE p_cursor IS NULL OR place < p_cursor::integer ORDER BY place DESC LIMIT most + 1) AS page;
END
$$;


GRANT EXECUTE ON FUNCTION pay.extension(uuid), pay.extend(uuid, text, bytea),
	pay.admin_standing(uuid, uuid, boolean, text), pay.admin_jobs(uuid, text, integer) TO moa_pay;
GRANT EXECUTE ON FUNCTION pay.run_job(integer) TO moa_worker;
