-- What the payment window needs: what becomes of many checkouts at once, and an end by the customer.

SET LOCAL ROLE moa_pay_owner;

-- pay.watch(ids, known): of the checkouts ids, by their place there, those whose status is no longer the one in known;
-- 'unknown' is one that there is not; left_ms until it expires.  What has run out is marked, but for what somebody is paying at this moment.
CREATE FUNCTION pay.watch(ids text[], known text[]) RETURNS TABLE (place bigint, status text, left_ms bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	late request;
BEGIN
	FOR late IN
		SELECT * FROM request r
		WHERE r.status IN ('pending', 'claimed') AND r.expires_at <= moa.now() AND r.checkout_id = ANY (ids)
		ORDER BY r.expires_at FOR UPDATE SKIP LOCKED
	LOOP
		PERFORM expire(late);
	END LOOP;
	RETURN QUERY
	SELECT asked.place, coalesce(r.status, 'unknown'),
		greatest(0, floor(extract(epoch FROM r.expires_at - moa.now()) * 1000))::bigint
	FROM unnest(ids, known) WITH ORDINALITY AS asked (id, known, place)
	LEFT JOIN request r ON r.checkout_id = asked.id
	WHERE coalesce(r.status, 'unknown') <> asked.known;
END
$$;

-- pay.close_checkout(checkout): the customer has closed the window.  What can still be cancelled is; the result says what
-- holds from now on, for nothing changes after it.  Codes: not_found.
CREATE FUNCTION pay.close_checkout(checkout text, OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	r request;
BEGIN
	SELECT * INTO r FROM request q WHERE q.checkout_id = checkout FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		code := 'not_found';
		RETURN;
	END IF;
	IF is_late(r) THEN
		r := expire(r);
	ELSIF r.status IN ('pending', 'claimed') THEN
		UPDATE request q SET status = 'cancelled', ended_at = moa.now() WHERE q.id = r.id RETURNING q.* INTO r;
		PERFORM emit(r.merchant_id, 'request.cancelled',
			jsonb_build_object('request_id', r.id, 'order_id', r.order_id, 'amount_won', r.amount_won));
	END IF;
	result := jsonb_build_object('status', r.status);
END
$$;

GRANT EXECUTE ON FUNCTION pay.watch(text[], text[]), pay.close_checkout(text) TO moa_pay;
