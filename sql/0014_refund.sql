-- Refunds: all or a part of a purchase is undone.  What had not been repaid lowers what is owed; what had been is on its way back
-- until the worker has had the gateway cancel so much of the repayment, once for each refund.

SET LOCAL ROLE moa_pay_owner;


-- pay.repaid_in(payment): the repayment that paid for it, whose money the gateway can give back.
CREATE FUNCTION pay.repaid_in(payment uuid) RETURNS uuid
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT r.id FROM pay.repayment_item i JOIN pay.repayment r ON r.id = i.repayment_id
		WHERE i.payment_id = payment AND r.status = 'paid');
END
$$;

-- pay.take_grade_points(customer, won): so much has not been repaid after all.
CREATE FUNCTION pay.take_grade_points(customer uuid, won bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE pay.account a SET
		grade_points = greatest(0, a.grade_points - greatest(0, won - a.repaid_rest_won + 9999) / 10000),
		repaid_rest_won = ((a.repaid_rest_won - won) % 10000 + 10000) % 10000
	WHERE a.customer_id = customer AND won > 0;
END
$$;

-- pay.book_refund(r, p): the transfers of a refund, and the balances they move.
CREATE FUNCTION pay.book_refund(r pay.refund, p pay.payment) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	left_won bigint;
	left_points bigint;
	entry bigint;
BEGIN
	UPDATE pay.account a SET owed_won = a.owed_won - r.owed_down_won, points = a.points + r.points_back - r.points_taken
	WHERE a.customer_id = p.customer_id RETURNING a.owed_won, a.points INTO left_won, left_points;
	INSERT INTO pay.journal (kind, about) VALUES ('refund', r.id::text) RETURNING id INTO entry;
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
	PERFORM pay.take_grade_points(p.customer_id, r.give_back_won);
	PERFORM pay.unblock_if_clear(p.customer_id);
END
$$;

-- pay.make_refund(p, amount, reason): undo so much of a payment, which is not more than is left of it.  Points go back and earned ones
-- are taken in proportion to all that has been refunded by now, rounded down, so that the last refund takes the rest.
CREATE FUNCTION pay.make_refund(p pay.payment, amount bigint, reason text) RETURNS pay.refund
LANGUAGE plpgsql AS $$
DECLARE
	back bigint := p.points_used * (p.refunded_won + amount) / p.amount_won - p.points_back;
	taken bigint := p.points_earned * (p.refunded_won + amount) / p.amount_won - p.points_taken;
	down_won bigint := least(amount - back, p.owed_won);
	own bigint := (SELECT a.points FROM pay.account a WHERE a.customer_id = p.customer_id) + back;
	made pay.refund;
BEGIN
	UPDATE pay.payment t SET refunded_won = t.refunded_won + amount, points_back = t.points_back + back,
		points_taken = t.points_taken + taken, owed_won = t.owed_won - down_won, owed_down_won = t.owed_down_won + down_won,
		given_back_won = t.given_back_won + amount - back - down_won
	WHERE t.id = p.id;
	UPDATE pay.bill b SET owed_won = b.owed_won - down_won
	WHERE b.customer_id = p.customer_id AND b.month = p.month AND down_won > 0;
	INSERT INTO pay.refund (payment_id, merchant_id, amount_won, reason, points_back, points_taken, points_missing, owed_down_won,
		give_back_won)
	VALUES (p.id, p.merchant_id, amount, reason, back, least(taken, own), taken - least(taken, own), down_won,
		amount - back - down_won)
	RETURNING * INTO made;
	PERFORM pay.book_refund(made, p);
	RETURN made;
END
$$;

-- pay.refund_shown(r): a refund as its merchant sees it.
CREATE FUNCTION pay.refund_shown(r pay.refund) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN jsonb_build_object('id', r.id, 'payment_id', r.payment_id, 'amount_won', r.amount_won, 'reason', r.reason,
		'points_back', r.points_back, 'owed_down_won', r.owed_down_won,
		'refund_pending_won', CASE WHEN r.given_back_at IS NULL THEN r.give_back_won ELSE 0 END,
		'refunded_at', moa.rfc3339(r.refunded_at));
END
$$;

-- pay.refund_payment(merchant_key, key, hash, payment, amount, reason): give back so much of what one of this merchant's customers
-- bought, or all that is left of it.  While the gateway is being asked for the money it is not known what has been repaid:
-- the refund has to wait.
CREATE FUNCTION pay.refund_payment(merchant_key bytea, key text, hash bytea, wanted uuid, asked_won bigint, why text,
	OUT code text, OUT result jsonb, OUT replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	merchant uuid := merchant_of(merchant_key);
	p payment;
	made refund;
	open_ones text[];
BEGIN
	replayed := false;
	SELECT * INTO p FROM payment t WHERE t.id = wanted AND t.merchant_id = merchant;
	IF p.id IS NULL THEN
		code := CASE WHEN merchant IS NULL THEN 'token_invalid' ELSE 'not_found' END;
		RETURN;
	END IF;
	PERFORM FROM account a WHERE a.customer_id = p.customer_id FOR NO KEY UPDATE;
	SELECT c.code, c.result, c.replayed INTO code, result, replayed FROM claim_key(merchant::text, key, hash) c;
	IF code IS NOT NULL OR replayed THEN
		RETURN;
	END IF;
	SELECT * INTO p FROM payment t WHERE t.id = wanted FOR NO KEY UPDATE;
	open_ones := ARRAY(SELECT r.status FROM repayment r JOIN repayment_item i ON i.repayment_id = r.id
		WHERE r.customer_id = p.customer_id AND i.payment_id = p.id AND r.status IN ('pending', 'confirming'));
	asked_won := coalesce(asked_won, p.amount_won - p.refunded_won);
	code := CASE
		WHEN asked_won = 0 OR asked_won > p.amount_won - p.refunded_won THEN 'refund_too_large'
		WHEN 'confirming' = ANY (open_ones) THEN 'conflict'
	END;
	IF code IS NOT NULL THEN
		PERFORM release_key(merchant::text, key);
		RETURN;
	END IF;
	IF 'pending' = ANY (open_ones) THEN
		PERFORM end_repayments(p.customer_id, 'replaced');
	END IF;
	made := make_refund(p, asked_won, why);
	result := refund_shown(made);
	PERFORM emit(merchant, 'payment.refunded', jsonb_build_object('refund_id', made.id, 'payment_id', p.id, 'request_id', p.request_id,
		'order_id', (SELECT q.order_id FROM request q WHERE q.id = p.request_id), 'amount_won', made.amount_won));
	PERFORM keep_result(merchant::text, key, result);
END
$$;


-- pay.next_give_back(): a refund whose repaid part is to go back through the gateway, for the worker to have that done.  It is due
-- again a while later, unless pay.given_back has been called; again says that the gateway may have done it already.
CREATE FUNCTION pay.next_give_back() RETURNS TABLE (id uuid, payment_key text, amount_won bigint, again boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	RETURN QUERY
	UPDATE refund r SET tries = r.tries + 1, due_at = moa.now() + least(interval '30 seconds' * 2 ^ least(r.tries, 10), interval '1 hour')
	FROM repayment t
	WHERE t.id = repaid_in(r.payment_id) AND r.id = (SELECT o.id FROM refund o
		WHERE o.give_back_won > 0 AND o.given_back_at IS NULL AND o.due_at <= moa.now()
			AND repaid_in(o.payment_id) IS NOT NULL
		ORDER BY o.due_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
	RETURNING r.id, t.payment_key, r.give_back_won, r.tries > 1;
END
$$;

-- pay.given_back(id): the gateway has done it.  Once, however often this is said.
CREATE FUNCTION pay.given_back(wanted uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	r refund;
BEGIN
	PERFORM FROM account a WHERE a.customer_id = (SELECT p.customer_id FROM payment p JOIN refund o ON o.payment_id = p.id
		WHERE o.id = wanted) FOR NO KEY UPDATE;
	UPDATE refund o SET given_back_at = moa.now() WHERE o.id = wanted AND o.give_back_won > 0 AND o.given_back_at IS NULL
	RETURNING * INTO r;
	IF r.id IS NULL THEN
		RETURN;
	END IF;
	UPDATE repayment t SET given_back_won = t.given_back_won + r.give_back_won WHERE t.id = repaid_in(r.payment_id);
	WITH j AS (INSERT INTO journal (kind, about) VALUES ('refunded', r.id::text) RETURNING id)
	INSERT INTO transfer (journal_id, unit, debit, credit, amount) SELECT j.id, 'won', 'refunding', 'gateway', r.give_back_won FROM j;
END
$$;

GRANT EXECUTE ON FUNCTION pay.refund_payment(bytea, text, bytea, uuid, bigint, text) TO moa_pay;
GRANT EXECUTE ON FUNCTION pay.next_give_back(), pay.given_back(uuid) TO moa_worker;


-- pay.reconcile_keys(day, list): the gateway's payments of which something was given back on that day, by its list of transactions or
-- by our books: what it says of each is wanted, too.
CREATE FUNCTION pay.reconcile_keys(of_day date, list jsonb) RETURNS TABLE (payment_key text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT t ->> 'paymentKey' FROM jsonb_array_elements(list) t
	WHERE t ->> 'status' IN ('CANCELED', 'PARTIAL_CANCELED') AND pay.day((t ->> 'transactionAt')::timestamptz) = of_day
	UNION
	SELECT r.payment_key FROM pay.refund f JOIN pay.repayment r ON r.id = pay.repaid_in(f.payment_id)
	WHERE pay.day(f.given_back_at) = of_day;
END
$$;

-- pay.reconcile(day, list, payments): what the gateway's books and ours say differently of a day.  list is its transactions from the
-- day before to the day after, since a booking may follow late; payments are those of pay.reconcile_keys.
CREATE FUNCTION pay.reconcile(of_day date, list jsonb, payments jsonb)
RETURNS TABLE (fault text, order_id text, payment_key text, gateway_won bigint, booked_won bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	WITH taken AS (
		SELECT t ->> 'orderId' AS order_id, t ->> 'paymentKey' AS key, (t ->> 'amount')::bigint AS won,
			pay.day((t ->> 'transactionAt')::timestamptz) AS day
		FROM jsonb_array_elements(list) t WHERE t ->> 'status' = 'DONE'
	), now_at_gateway AS (
		SELECT p ->> 'orderId' AS order_id, p ->> 'paymentKey' AS key, (p ->> 'totalAmount')::bigint AS won,
			(p ->> 'totalAmount')::bigint - (p ->> 'balanceAmount')::bigint AS back_won
		FROM jsonb_array_elements(payments) p
	)
	SELECT 'taken, and not booked so', t.order_id, t.key, t.won, coalesce(r.amount_won, 0)
	FROM taken t LEFT JOIN pay.repayment r ON r.payment_key = t.key AND r.order_id = t.order_id AND r.status = 'paid'
	WHERE t.day = of_day AND r.amount_won IS DISTINCT FROM t.won
		AND NOT (r.id IS NULL AND EXISTS (SELECT FROM now_at_gateway n WHERE n.key = t.key AND n.back_won = n.won))
	UNION ALL
	SELECT 'booked, and not taken', r.order_id, r.payment_key, 0, r.amount_won FROM pay.repayment r
	WHERE r.status = 'paid' AND pay.day(r.ended_at) = of_day AND NOT EXISTS (SELECT FROM taken t WHERE t.key = r.payment_key)
	UNION ALL
	SELECT 'given back, and not booked so', n.order_id, n.key, n.back_won, coalesce(r.given_back_won, 0)
	FROM now_at_gateway n LEFT JOIN pay.repayment r ON r.payment_key = n.key AND r.status = 'paid'
	WHERE n.back_won <> coalesce(r.given_back_won, CASE WHEN n.back_won = n.won THEN n.won ELSE 0 END)
	ORDER BY 2, 1;
END
$$;
