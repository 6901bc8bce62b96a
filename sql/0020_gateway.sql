-- What the payment gateway does not give back is somebody's business; and what it all comes to, for those who watch.
--
-- A give-back that the gateway refuses for good is not asked for again before an operator has looked at it; one that it
-- refuses for now is, under another Idempotency-Key, since a key is answered once.  What it has not answered keeps its key:
-- it may have been done.
--
-- And webhook secrets: where the programs have a key for it, the table keeps a seed, which the secret is made of with that key,
-- so that a copy of the database signs nothing.

SET LOCAL ROLE moa_pay_owner;

ALTER TABLE pay.refund
	ADD COLUMN key_number integer NOT NULL DEFAULT 0 CHECK (key_number >= 0),  -- of the Idempotency-Key that is used now
	ADD COLUMN fault text,              -- why the gateway had not given it back when it was last asked, in its own words
	ADD COLUMN refused_at timestamptz;  -- when it refused for good

-- pay.give_back_key(r): the Idempotency-Key under which the gateway is asked now.
CREATE FUNCTION pay.give_back_key(r pay.refund) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT r.id::text || CASE WHEN r.key_number > 0 THEN '-' || r.key_number ELSE '' END $$;

-- pay.next_give_back(): a refund whose repaid part is to go back through the gateway, for the worker to have that done.  It is due
-- again a while later, unless pay.given_back or pay.not_given_back has been called; again says that it may have gone back already.
DROP FUNCTION pay.next_give_back();
CREATE FUNCTION pay.next_give_back() RETURNS TABLE (id uuid, payment_key text, amount_won bigint, again boolean, key text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	RETURN QUERY
	UPDATE refund r SET tries = r.tries + 1, due_at = moa.now() + least(interval '30 seconds' * 2 ^ least(r.tries, 10), interval '1 hour')
	FROM repayment t
	WHERE t.id = repaid_in(r.payment_id) AND r.id = (SELECT o.id FROM refund o
		WHERE o.give_back_won > 0 AND o.given_back_at IS NULL AND o.refused_at IS NULL AND o.due_at <= moa.now()
			AND repaid_in(o.payment_id) IS NOT NULL
		ORDER BY o.due_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
	RETURNING r.id, t.payment_key, r.give_back_won, r.tries > 1, give_back_key(r);
END
$$;

-- pay.not_given_back(id, key, so, why): asked under this key, the gateway has not given it back: "refused" for good, to be asked
-- "later", or "unknown".  Who comes late, when another key is used already, says nothing.
CREATE FUNCTION pay.not_given_back(wanted uuid, its_key text, so text, why text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	UPDATE refund r SET fault = coalesce(why, 'no answer'), key_number = r.key_number + CASE so WHEN 'later' THEN 1 ELSE 0 END,
		refused_at = CASE so WHEN 'refused' THEN moa.now() END
	WHERE r.id = wanted AND r.given_back_at IS NULL AND r.refused_at IS NULL AND give_back_key(r) = its_key;
END
$$;

-- What is still to go back, and how far that has come.
CREATE VIEW pay.give_backs AS
	SELECT r.id, CASE WHEN r.refused_at IS NOT NULL THEN 'refused' WHEN r.tries > 0 THEN 'waiting' ELSE 'new' END AS status,
		r.give_back_won, r.refunded_at, r.tries, r.fault, r.refused_at, CASE WHEN r.refused_at IS NULL THEN r.due_at END AS due_at,
		t.payment_key, t.order_id
	FROM pay.refund r LEFT JOIN pay.repayment t ON t.id = pay.repaid_in(r.payment_id)
	WHERE r.give_back_won > 0 AND r.given_back_at IS NULL;

-- pay.retry_give_back(id): somebody has looked at it: it is asked for anew.  False: there is no such thing to give back.
CREATE FUNCTION pay.retry_give_back(wanted uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE pay.refund r SET refused_at = NULL, key_number = r.key_number + 1, due_at = moa.now()
	WHERE r.id = wanted AND r.give_back_won > 0 AND r.given_back_at IS NULL;
	RETURN FOUND;
END
$$;

-- pay.gauges(): what to watch, as rows of metrics: few rows of small partial indexes each.
CREATE FUNCTION pay.gauges() RETURNS TABLE (name text, labels text, help text, value bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
#variable_conflict use_column
DECLARE
	t timestamptz := moa.now();
BEGIN
	RETURN QUERY
	SELECT 'moa_pay_give_backs', format('state="%s"', s.status), 'Refunds of what was repaid that are still to go back through the gateway.',
		(SELECT count(*) FROM give_backs g WHERE g.status = s.status)
	FROM unnest('{new,waiting,refused}'::text[]) WITH ORDINALITY s (status, nth) ORDER BY s.nth;
	RETURN QUERY VALUES
		('moa_pay_give_back_age_seconds', NULL, 'How old the oldest of them is.',
			(SELECT coalesce(extract(epoch FROM t - min(g.refunded_at)), 0)::bigint FROM give_backs g)),
		('moa_pay_repayments_confirming', NULL, 'Repayments that the gateway has not decided yet.',
			(SELECT count(*) FROM repayment r WHERE r.status = 'confirming')),
		('moa_pay_webhooks_due', NULL, 'Webhooks that should be on their way by now.',
			(SELECT count(*) FROM webhook_delivery d WHERE d.status = 'pending' AND d.due_at <= t)),
		('moa_pay_jobs_due', NULL, 'Jobs of the calendar that are due.', (SELECT count(*) FROM due_jobs(100)));
END
$$;

GRANT EXECUTE ON FUNCTION pay.next_give_back(), pay.not_given_back(uuid, text, text, text) TO moa_worker;
GRANT EXECUTE ON FUNCTION pay.gauges() TO moa_pay;


-- What the secret is made of, with the key that key_id tells from others; where that is null, it is the secret itself.
ALTER TABLE pay.webhook_endpoint RENAME COLUMN secret TO seed;
ALTER TABLE pay.webhook_endpoint ADD COLUMN key_id text CHECK (key_id ~ '^[0-9a-f]{16}$');

-- pay.add_webhook_endpoint(key, url, events, seed, key_id): a new endpoint, without its secret; conflict when the merchant has 10
-- already.  The merchant's row is locked, so that two of these do not make an eleventh.
CREATE FUNCTION pay.add_webhook_endpoint(p_key bytea, p_url text, p_events text[], p_seed bytea, p_key_id text,
	OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	merchant uuid := merchant_of(p_key);
	made webhook_endpoint;
BEGIN
	IF merchant IS NULL THEN
		code := 'token_invalid';
		RETURN;
	END IF;
	PERFORM FROM merchant m WHERE m.id = merchant FOR NO KEY UPDATE;
	IF (SELECT count(*) FROM webhook_endpoint e WHERE e.merchant_id = merchant AND e.deleted_at IS NULL) >= 10 THEN
		code := 'conflict';
		RETURN;
	END IF;
	INSERT INTO webhook_endpoint (merchant_id, url, events, seed, key_id)
	VALUES (merchant, p_url, ARRAY(SELECT DISTINCT unnest(p_events) ORDER BY 1), p_seed, p_key_id)
	RETURNING * INTO made;
	result := endpoint_json(made);
END
$$;

-- The same as programs of before call it: with a secret, which is stored as it is and shown in the result.
CREATE OR REPLACE FUNCTION pay.add_webhook_endpoint(p_key bytea, p_url text, p_events text[], p_secret bytea,
	OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	SELECT a.code, a.result || jsonb_build_object('secret', 'whsec_' || encode(p_secret, 'base64')) INTO code, result
	FROM add_webhook_endpoint(p_key, p_url, p_events, p_secret, NULL) a;
END
$$;

-- pay.next_delivery(): the delivery that has been due for longest, leased to the calling worker for a minute; no row when
-- there is nothing to do.  At most 4 run at once for one merchant, so that a slow one does not hold the others up.
-- What belongs to an endpoint that has gone meanwhile is put aside here.  secret is the secret only where key_id is null.
DROP FUNCTION pay.next_delivery();
CREATE FUNCTION pay.next_delivery()
RETURNS TABLE (id uuid, attempt integer, endpoint_id uuid, url text, secret bytea, key_id text, event_id uuid, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
#variable_conflict use_column
DECLARE
	t timestamptz := moa.now();
	d webhook_delivery;
	e webhook_endpoint;
BEGIN
	LOOP
		SELECT w.* INTO d FROM webhook_delivery w
		WHERE w.status = 'pending' AND w.due_at <= t AND w.merchant_id NOT IN (
			SELECT b.merchant_id FROM webhook_delivery b WHERE b.leased AND b.due_at > t
			GROUP BY b.merchant_id HAVING count(*) >= 4)
		ORDER BY w.due_at LIMIT 1 FOR UPDATE SKIP LOCKED;
		IF NOT FOUND THEN
			RETURN;
		END IF;
		SELECT * INTO e FROM webhook_endpoint x WHERE x.id = d.endpoint_id;
		EXIT WHEN e.deleted_at IS NULL AND e.disabled_at IS NULL;
		UPDATE webhook_delivery w SET status = 'failed', leased = false, fault = 'disabled' WHERE w.id = d.id;
	END LOOP;
	UPDATE webhook_delivery w SET leased = true, due_at = t + interval '1 minute', attempts = w.attempts + 1,
		tries = w.tries + 1, attempted_at = t
	WHERE w.id = d.id RETURNING w.* INTO d;
	RETURN QUERY SELECT d.id, d.attempts, d.endpoint_id, e.url, e.seed, e.key_id, d.event_id,
		json_build_object('type', v.type, 'timestamp', moa.rfc3339(v.at), 'data', v.data)::text
	FROM event v WHERE v.id = d.event_id;
END
$$;

GRANT EXECUTE ON FUNCTION pay.add_webhook_endpoint(bytea, text, text[], bytea, text) TO moa_pay;
GRANT EXECUTE ON FUNCTION pay.next_delivery() TO moa_worker;
