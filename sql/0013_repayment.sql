-- Repaying.  The gateway's server is asked between two commits: "confirming" with the gateway's key for the payment is committed
-- first, what came of it afterwards.  Whatever is found between them is finished by asking the gateway what it has done.
--
--	pending -> confirming -> paid
--	   |           `-------> failed    the gateway has not taken the money, and never will
--	   |-------------------> expired   after ten minutes
--	   `-------------------> replaced  by a newer one, or what it was for has changed

SET LOCAL ROLE moa_pay_owner;


-- pay.repayment_shown(r): a repayment as its customer sees it.
CREATE FUNCTION pay.repayment_shown(r pay.repayment) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN jsonb_build_object('id', r.id, 'amount_won', r.amount_won, 'status', r.status,
		'payment_ids', (SELECT jsonb_agg(i.payment_id ORDER BY i.payment_id) FROM pay.repayment_item i
			WHERE i.repayment_id = r.id),
		'created_at', moa.rfc3339(r.created_at), 'expires_at', moa.rfc3339(r.expires_at));
END
$$;

-- pay.end_repayments(customer, so): the pending repayment, if any, has come to this end.
CREATE FUNCTION pay.end_repayments(customer uuid, so text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE pay.repayment SET status = so, ended_at = moa.now() WHERE customer_id = customer AND status = 'pending';
END
$$;

-- pay.start_repayment(customer, key, hash, payments, bill, gateway): what these payments, or all of a month's bill, still cost is
-- to be repaid.  An older month comes before a newer one.  gateway is what the customer's page has to know to open the
-- gateway's window.
CREATE FUNCTION pay.start_repayment(customer uuid, key text, hash bytea, payments uuid[], bill date, gateway jsonb,
	OUT code text, OUT result jsonb, OUT replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	newest date;
	sum_won bigint;
	made repayment;
BEGIN
	PERFORM FROM account WHERE customer_id = customer AND erased_at IS NULL FOR NO KEY UPDATE;
	SELECT c.code, c.result, c.replayed INTO code, result, replayed FROM claim_key(customer::text, key, hash) c;
	IF code IS NOT NULL OR replayed THEN
		RETURN;
	END IF;
	IF payments IS NULL THEN
		payments := ARRAY(SELECT p.id FROM payment p
			WHERE p.customer_id = customer AND p.month = bill AND p.owed_won > 0);
	END IF;
	SELECT max(p.month) FILTER (WHERE p.owed_won > 0), sum(p.owed_won) INTO newest, sum_won
	FROM payment p WHERE p.customer_id = customer AND p.id = ANY (payments);
	code := CASE
		WHEN EXISTS (SELECT FROM unnest(payments) wanted
			WHERE NOT EXISTS (SELECT FROM payment p WHERE p.id = wanted AND p.customer_id = customer)) THEN 'not_found'
		WHEN newest IS NULL THEN 'nothing_owed'
		WHEN EXISTS (SELECT FROM payment p WHERE p.customer_id = customer AND p.owed_won > 0 AND p.month < newest
			AND p.id <> ALL (payments)) THEN 'older_bill_first'
		WHEN EXISTS (SELECT FROM repayment r WHERE r.customer_id = customer AND r.status = 'confirming') THEN 'conflict'
	END;
	IF code IS NOT NULL THEN
		PERFORM release_key(customer::text, key);
		RETURN;
	END IF;
	PERFORM end_repayments(customer, 'replaced');
	INSERT INTO repayment (customer_id, order_id, amount_won)
	VALUES (customer, 'moa-' || replace(gen_random_uuid()::text, '-', ''), sum_won) RETURNING * INTO made;
	INSERT INTO repayment_item (repayment_id, payment_id, amount_won)
	SELECT made.id, p.id, p.owed_won FROM payment p WHERE p.customer_id = customer AND p.id = ANY (payments) AND p.owed_won > 0;
	result := repayment_shown(made) || jsonb_build_object('gateway', gateway || jsonb_build_object(
		'order_id', made.order_id, 'window_url', (gateway ->> 'window_url') || format('?clientKey=%s&orderId=%s&amount=%s',
			gateway ->> 'client_key', made.order_id, made.amount_won)));
	PERFORM keep_result(customer::text, key, result);
END
$$;


-- pay.book_repayment(r): the gateway has taken the money.  What it was for is repaid, the limit is whole again, and each full
-- 10,000 won earns a grade point; what is left over counts towards the next.
CREATE FUNCTION pay.book_repayment(r pay.repayment) RETURNS void
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
	UPDATE pay.account a SET owed_won = a.owed_won - r.amount_won,
		grade_points = least(150, a.grade_points + (a.repaid_rest_won + r.amount_won) / 10000),
		repaid_rest_won = (a.repaid_rest_won + r.amount_won) % 10000
	WHERE a.customer_id = r.customer_id RETURNING a.owed_won INTO left_won;
	WITH j AS (INSERT INTO pay.journal (kind, about) VALUES ('repayment', r.id::text) RETURNING id)
	INSERT INTO pay.transfer (journal_id, unit, debit, credit, credit_owner, amount, customer_id, balance)
	SELECT j.id, 'won', 'gateway', 'owed', r.customer_id, r.amount_won, r.customer_id, left_won FROM j;
	PERFORM pay.unblock_if_clear(r.customer_id);
END
$$;

-- pay.repayment_end(r, key): what became of a repayment, for its customer's request with this key (null: nobody's).
CREATE FUNCTION pay.repayment_end(r pay.repayment, key text, OUT code text, OUT result jsonb)
LANGUAGE plpgsql AS $$
BEGIN
	IF r.status = 'paid' THEN
		result := pay.repayment_shown(r);
		PERFORM pay.keep_result(r.customer_id::text, key, result);
	ELSE
		code := CASE r.status WHEN 'failed' THEN 'gateway_refused' ELSE 'repayment_ended' END;
		PERFORM pay.release_key(r.customer_id::text, key);
	END IF;
END
$$;

-- pay.begin_confirm(customer, key, hash, id, payment_key, order_id, amount): the first of two commits.  Without a code and a result
-- the gateway is to be asked about payment_key, and step says how: "ask" it to confirm; "look" at what comes of a call that
-- somebody else made just now; "resume" what is no longer under way, by looking first.
CREATE FUNCTION pay.begin_confirm(customer uuid, key text, hash bytea, wanted uuid, its_key text, its_order text, its_won bigint,
	OUT code text, OUT result jsonb, OUT replayed boolean, OUT step text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	r repayment;
BEGIN
	PERFORM FROM account a WHERE a.customer_id = customer FOR NO KEY UPDATE;
	SELECT c.code, c.result, c.replayed INTO code, result, replayed FROM claim_key(customer::text, key, hash) c;
	-- A claim without a result is of a call between its commits, or of one that ended there: the repayment tells.
	IF code = 'idempotency_key_reused' OR replayed THEN
		RETURN;
	END IF;
	SELECT * INTO r FROM repayment t WHERE t.id = wanted AND t.customer_id = customer FOR NO KEY UPDATE;
	IF r.status = 'pending' AND r.expires_at <= moa.now() THEN
		PERFORM end_repayments(customer, 'expired');
		r.status := 'expired';
	END IF;
	code := CASE
		WHEN r.id IS NULL THEN 'not_found'
		WHEN r.status IN ('expired', 'replaced') OR r.status = 'failed' AND r.payment_key <> its_key THEN 'repayment_ended'
		WHEN (r.order_id, r.amount_won) IS DISTINCT FROM (its_order, its_won) OR r.payment_key <> its_key
			OR EXISTS (SELECT FROM repayment o WHERE o.payment_key = its_key AND o.status IN ('confirming', 'paid')
				AND o.id <> r.id) THEN 'amount_mismatch'
	END;
	IF code IS NOT NULL THEN
		PERFORM release_key(customer::text, key);
	ELSIF r.status IN ('paid', 'failed') THEN
		SELECT e.code, e.result INTO code, result FROM repayment_end(r, key) e;
	ELSE
		step := CASE WHEN r.status = 'pending' THEN 'ask' WHEN r.asked_at > moa.now() - interval '5 seconds' THEN 'look'
			ELSE 'resume' END;
		UPDATE repayment t SET status = 'confirming', payment_key = its_key, asked_at = moa.now()
		WHERE t.id = r.id AND step <> 'look';
	END IF;
END
$$;

-- pay.end_confirm(id, key, taken, why): the second commit: the gateway has taken the money, or it has not and why.  Safe to
-- repeat: only the first word counts.
CREATE FUNCTION pay.end_confirm(wanted uuid, key text, taken boolean, why text,
	OUT code text, OUT result jsonb, OUT replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	r repayment;
BEGIN
	replayed := false;
	PERFORM FROM account a WHERE a.customer_id = (SELECT t.customer_id FROM repayment t WHERE t.id = wanted) FOR NO KEY UPDATE;
	SELECT * INTO r FROM repayment t WHERE t.id = wanted FOR NO KEY UPDATE;
	IF r.status = 'confirming' THEN
		UPDATE repayment t SET status = CASE WHEN taken THEN 'paid' ELSE 'failed' END, ended_at = moa.now(),
			fault = CASE WHEN NOT taken THEN why END
		WHERE t.id = wanted RETURNING * INTO r;
		IF taken THEN
			PERFORM book_repayment(r);
		END IF;
	END IF;
	SELECT e.code, e.result INTO code, result FROM repayment_end(r, key) e;
END
$$;

-- pay.noticed(order_id, payment_key): the repayment that a notice of the gateway can tell something new about, if there is one.
CREATE FUNCTION pay.noticed(its_order text, its_key text) RETURNS TABLE (id uuid, amount_won bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT r.id, r.amount_won FROM repayment r
		WHERE r.order_id = its_order AND r.payment_key = its_key AND r.status = 'confirming';
END
$$;

-- pay.next_repayment(): one that stopped between its commits, for the worker to finish.  It is not given out again for five
-- seconds, and more seldom the longer it lasts.
CREATE FUNCTION pay.next_repayment() RETURNS TABLE (id uuid, payment_key text, order_id text, amount_won bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	RETURN QUERY UPDATE repayment r SET asked_at = moa.now()
		WHERE r.id = (SELECT t.id FROM repayment t
			WHERE t.status = 'confirming'
				AND t.asked_at < moa.now() - least(greatest((moa.now() - t.created_at) / 10, interval '5 seconds'),
					interval '10 minutes')
			ORDER BY t.asked_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
		RETURNING r.id, r.payment_key, r.order_id, r.amount_won;
END
$$;

-- pay.expire_repayments(): end those that have waited ten minutes for their customers.  The gateway forgets them by then, too.
CREATE FUNCTION pay.expire_repayments() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	ended bigint;
BEGIN
	UPDATE repayment SET status = 'expired', ended_at = moa.now() WHERE id IN (
		SELECT id FROM repayment WHERE status = 'pending' AND expires_at <= moa.now()
		ORDER BY id LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED);
	GET DIAGNOSTICS ended = ROW_COUNT;
	RETURN ended;
END
$$;

GRANT EXECUTE ON FUNCTION
	pay.start_repayment(uuid, text, bytea, uuid[], date, jsonb),
	pay.begin_confirm(uuid, text, bytea, uuid, text, text, bigint),
	pay.noticed(text, text) TO moa_pay;
GRANT EXECUTE ON FUNCTION pay.end_confirm(uuid, text, boolean, text) TO moa_pay, moa_worker;
GRANT EXECUTE ON FUNCTION pay.next_repayment(), pay.expire_repayments() TO moa_worker;
