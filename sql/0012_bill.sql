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
