-- Speed, of reading: the summary is one statement, and what is only told is JSON's text from the start.  Searching looks at a
-- bounded number of payments a page whatever is sought, so that no purchase has to keep an index of trigrams.

SET LOCAL ROLE moa_pay_owner;


-- pay.payment_json(payment, due_on): a purchase as its customer sees it, whose bill falls due then.
DROP FUNCTION pay.payment_json(pay.payment, date);
CREATE FUNCTION pay.payment_json(p pay.payment, due_on date) RETURNS json
LANGUAGE sql STABLE AS $$
	SELECT json_build_object('id', p.id, 'request_id', p.request_id, 'merchant', p.merchant_name, 'name', p.name,
		'amount_won', p.amount_won, 'points_used', p.points_used, 'credit_won', p.credit_won,
		'points_earned', p.points_earned, 'owed_won', p.owed_won, 'repaid_won', p.repaid_won,
		'refunded_won', p.refunded_won, 'month', to_char(p.month, 'YYYY-MM'), 'due_on', due_on,
		'paid_at', moa.rfc3339(p.paid_at))
$$;
DROP FUNCTION pay.payment_json(pay.payment);

-- pay.summary(customer): how the customer stands, with the unpaid bills, oldest first, and the oldest 100 unpaid payments of
-- each; not_found.
DROP FUNCTION pay.summary(uuid);
DROP FUNCTION pay.bill_json(pay.bill, date);
CREATE FUNCTION pay.summary(customer uuid, OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	most CONSTANT integer := 100;
	now timestamptz := moa.now();
	today date := day(now);
	this_month date := month(now);
	last_month date := this_month - interval '1 month';
BEGIN
	SELECT json_build_object('grade', a.grade, 'grade_points', a.grade_points, 'limit_won', g.limit_won,
		'used_won', a.owed_won, 'available_won', greatest(g.limit_won - a.owed_won, 0), 'points', a.points,
		'standing', a.standing,
		'extension', json_build_object('used', e.extended IS NOT NULL, 'until', CASE WHEN e.extended IS NOT NULL THEN e.due_on END),
		'bills', array_to_json(ARRAY(
			SELECT json_build_object('month', to_char(b.month, 'YYYY-MM'), 'due_on', b.due_on,
				'days_left', b.due_on - today, 'total_won', b.owed_won, 'extended', b.extended,
				'status', CASE WHEN b.due_on < today THEN 'overdue' WHEN b.month >= this_month THEN 'open' ELSE 'due' END,
				'payments', array_to_json(u.unpaid[:most]), 'more_payments', cardinality(u.unpaid) > most)
			FROM bill b, LATERAL (SELECT ARRAY(
				SELECT payment_json(p, b.due_on) FROM payment p
				WHERE p.customer_id = b.customer_id AND p.month = b.month AND p.owed_won > 0
				ORDER BY p.paid_at, p.id LIMIT most + 1) AS unpaid) u
			WHERE b.customer_id = customer AND b.owed_won > 0 ORDER BY b.month)))
	INTO result
	FROM account a JOIN grade g ON g.grade = a.grade
	LEFT JOIN bill e ON e.customer_id = a.customer_id AND e.month = last_month
	WHERE a.customer_id = customer AND a.erased_at IS NULL;
	IF NOT FOUND THEN
		code := 'not_found';
	END IF;
END
$$;


DROP INDEX pay.payment_search;
DROP FUNCTION pay.rare_payments(uuid, timestamptz, timestamptz, uuid, text, boolean, integer);

-- pay.search_payments(customer, low, at, id, words, most): up to ${most} payments after a place, not before low, that have the
-- words in a name; of initial consonants alone, in the names' initials.  Looks at the newest 50,000 after that place; where
-- there are more, rest_at, rest_id say where to go on.
CREATE OR REPLACE FUNCTION pay.search_payments(customer uuid, low timestamptz, p_at timestamptz, p_id uuid, words text,
	most integer, OUT hits pay.payment[], OUT rest_at timestamptz, OUT rest_id uuid)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	look CONSTANT integer := 50000;
	by_initials boolean := words ~ '^[ㄱ-ㅎ]+( +[ㄱ-ㅎ]+)*$' COLLATE "C";
	sought text := CASE WHEN by_initials THEN words ELSE normalize(lower(words), NFD) END;
	pattern text := '%' || regexp_replace(sought, '([\\%_])', '\\\1', 'g') || '%';
BEGIN
	hits := ARRAY(SELECT q FROM (
			SELECT p.* FROM pay.payment p
			WHERE p.customer_id = customer AND (p.paid_at, p.id) < (p_at, p_id) AND p.paid_at >= low
			ORDER BY p.paid_at DESC, p.id DESC LIMIT look
		) q
		WHERE CASE WHEN by_initials THEN q.initials ELSE q.letters END LIKE pattern
		ORDER BY q.paid_at DESC, q.id DESC LIMIT most);
	IF cardinality(hits) < most THEN
		SELECT p.paid_at, p.id INTO rest_at, rest_id FROM pay.payment p
		WHERE p.customer_id = customer AND (p.paid_at, p.id) < (p_at, p_id) AND p.paid_at >= low
		ORDER BY p.paid_at DESC, p.id DESC OFFSET look - 1 LIMIT 1;
	END IF;
END
$$;

-- pay.payments(customer, first, last, words, cursor, most): the customer's payments of the days first to last that have the
-- words in a name, newest first; nulls do not restrict; invalid_cursor, not_found.
DROP FUNCTION pay.payments(uuid, date, date, text, text, integer);
CREATE FUNCTION pay.payments(customer uuid, first date, last date, words text, cursor text, most integer,
	OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	after record := cursor_read(cursor);
	low timestamptz := coalesce(first::timestamp AT TIME ZONE 'Asia/Seoul', '-infinity');
	high timestamptz := (last + 1)::timestamp AT TIME ZONE 'Asia/Seoul';
	hits payment[];
	rest_at timestamptz;
	rest_id uuid;
BEGIN
	code := CASE WHEN after.id IS NULL THEN 'invalid_cursor' WHEN standing(customer) IS NULL THEN 'not_found' END;
	IF code IS NOT NULL THEN
		RETURN;
	END IF;
	IF high <= after.at THEN
		after.at := high;
		after.id := '00000000-0000-0000-0000-000000000000';
	END IF;
	IF btrim(words) <> '' THEN
		SELECT s.* INTO hits, rest_at, rest_id
		FROM search_payments(customer, low, after.at, after.id, btrim(words), most + 1) s;
	ELSE
		hits := ARRAY(SELECT p FROM payment p
			WHERE p.customer_id = customer AND (p.paid_at, p.id) < (after.at, after.id) AND p.paid_at >= low
			ORDER BY p.paid_at DESC, p.id DESC LIMIT most + 1);
	END IF;
	result := json_build_object(
		'items', array_to_json(ARRAY(
			SELECT payment_json(p, (SELECT b.due_on FROM bill b WHERE b.customer_id = customer AND b.month = p.month))
			FROM unnest(hits[:most]) p)),
		'next_cursor', CASE WHEN cardinality(hits) > most THEN cursor_at(hits[most].paid_at, hits[most].id)
			WHEN rest_id IS NOT NULL THEN cursor_at(rest_at, rest_id) END);
END
$$;

-- pay.payment(customer, id): one of the customer's payments with its newest 100 refunds; not_found.
CREATE OR REPLACE FUNCTION pay.payment(customer uuid, payment_id uuid, OUT code text, OUT result jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	SELECT payment_json(p, b.due_on)::jsonb || jsonb_build_object('refunds', ARRAY(
		SELECT jsonb_build_object('id', r.id, 'amount_won', r.amount_won, 'points_back', r.points_back,
			'owed_down_won', r.owed_down_won,
			'refund_pending_won', CASE WHEN r.given_back_at IS NULL THEN r.give_back_won ELSE 0 END,
			'reason', r.reason, 'refunded_at', moa.rfc3339(r.refunded_at))
		FROM refund r WHERE r.payment_id = p.id ORDER BY r.refunded_at DESC, r.id LIMIT 100))
	INTO result FROM payment p JOIN bill b ON b.customer_id = p.customer_id AND b.month = p.month
	WHERE p.id = payment.payment_id AND p.customer_id = customer AND standing(customer) IS NOT NULL;
	IF NOT FOUND THEN
		code := 'not_found';
	END IF;
END
$$;

GRANT EXECUTE ON FUNCTION pay.summary(uuid), pay.payments(uuid, date, date, text, text, integer) TO moa_pay;
