-- Looking at the ledger: what a customer owes, has bought and was given, what a merchant has sold; and the points that are
-- not for buying.
--
-- However long a customer's history is, a call looks at a page of it: lists go on from a place in an index, bills have their
-- own rows, and what is unpaid is bounded by the limit.

CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public;

SET LOCAL ROLE moa_pay_owner;

CREATE INDEX transfer_points ON pay.transfer (customer_id, id) WHERE unit = 'points' AND customer_id IS NOT NULL;
-- For words that are rare among a customer's payments.  Trigrams of decomposed Hangul are of letters.
CREATE INDEX payment_search ON pay.payment USING gin (customer_id, letters gin_trgm_ops, initials gin_trgm_ops);


-- pay.bill_json(bill, today): an unpaid bill with its oldest 100 unpaid payments.
CREATE FUNCTION pay.bill_json(b pay.bill, today date) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 100;
	unpaid jsonb[] := ARRAY(
		SELECT pay.payment_json(p) FROM pay.payment p
		WHERE p.customer_id = b.customer_id AND p.month = b.month AND p.owed_won > 0
		ORDER BY p.paid_at, p.id LIMIT most + 1);
BEGIN
	RETURN jsonb_build_object('month', to_char(b.month, 'YYYY-MM'), 'due_on', b.due_on, 'days_left', b.due_on - today,
		'total_won', b.owed_won, 'extended', b.extended,
		'status', CASE WHEN b.due_on < today THEN 'overdue' WHEN b.month >= date_trunc('month', today::timestamp) THEN 'open' ELSE 'due' END,
		'payments', to_jsonb(unpaid[:most]), 'more_payments', cardinality(unpaid) > most);
END
$$;

-- pay.summary(customer): how the customer stands, with the unpaid bills, oldest first; not_found.
CREATE FUNCTION pay.summary(customer uuid, OUT code text, OUT result jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	a account;
	most_won bigint;
	now timestamptz := moa.now();
	extended_until date;
BEGIN
	SELECT * INTO a FROM account WHERE customer_id = customer AND erased_at IS NULL;
	IF NOT FOUND THEN
		code := 'not_found';
		RETURN;
	END IF;
	SELECT limit_won INTO most_won FROM grade g WHERE g.grade = a.grade;
	SELECT due_on INTO extended_until FROM bill b
	WHERE b.customer_id = customer AND b.month = (month(now) - interval '1 month')::date AND b.extended IS NOT NULL;
	result := jsonb_build_object('grade', a.grade, 'grade_points', a.grade_points, 'limit_won', most_won,
		'used_won', a.owed_won, 'available_won', greatest(most_won - a.owed_won, 0), 'points', a.points,
		'standing', a.standing,
		'extension', jsonb_build_object('used', extended_until IS NOT NULL, 'until', extended_until),
		'bills', to_jsonb(ARRAY(
			SELECT bill_json(b, day(now)) FROM bill b WHERE b.customer_id = customer AND b.owed_won > 0 ORDER BY b.month)));
END
$$;


-- pay.rare_payments(customer, low, at, id, pattern, by_initials, most): those after a place, by the index of trigrams.  The
-- pattern decides how, so each is planned for itself.
CREATE FUNCTION pay.rare_payments(customer uuid, low timestamptz, p_at timestamptz, p_id uuid, pattern text,
	by_initials boolean, most integer) RETURNS pay.payment[]
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	IF by_initials THEN
		RETURN ARRAY(SELECT p FROM pay.payment p
			WHERE p.customer_id = customer AND p.initials LIKE pattern AND (p.paid_at, p.id) < (p_at, p_id) AND p.paid_at >= low
			ORDER BY p.paid_at DESC, p.id DESC LIMIT most);
	END IF;
	RETURN ARRAY(SELECT p FROM pay.payment p
		WHERE p.customer_id = customer AND p.letters LIKE pattern AND (p.paid_at, p.id) < (p_at, p_id) AND p.paid_at >= low
		ORDER BY p.paid_at DESC, p.id DESC LIMIT most);
END
$$;

-- pay.search_payments(customer, low, at, id, words, most): up to ${most} payments after a place, not before low, that have the
-- words in a name; of initial consonants alone, in the names' initials.  Looks at the newest first, where common words are found;
-- for what is not, in the index, if three letters in a row give it something to look for; else the search ends there for
-- now, and rest_at, rest_id say where.
CREATE FUNCTION pay.search_payments(customer uuid, low timestamptz, p_at timestamptz, p_id uuid, words text, most integer,
	OUT hits pay.payment[], OUT rest_at timestamptz, OUT rest_id uuid)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	by_initials boolean := words ~ '^[ㄱ-ㅎ]+( +[ㄱ-ㅎ]+)*$' COLLATE "C";
	sought text := CASE WHEN by_initials THEN words ELSE normalize(lower(words), NFD) END;
	pattern text := '%' || regexp_replace(sought, '([\\%_])', '\\\1', 'g') || '%';
	indexed boolean := sought ~ '[[:alnum:]]{3}';
	look integer := CASE WHEN indexed THEN 2000 ELSE 50000 END;
BEGIN
	hits := ARRAY(SELECT q FROM (
			SELECT p.* FROM pay.payment p
			WHERE p.customer_id = customer AND (p.paid_at, p.id) < (p_at, p_id) AND p.paid_at >= low
			ORDER BY p.paid_at DESC, p.id DESC LIMIT look
		) q
		WHERE CASE WHEN by_initials THEN q.initials ELSE q.letters END LIKE pattern
		ORDER BY q.paid_at DESC, q.id DESC LIMIT most);
	IF cardinality(hits) = most THEN
		RETURN;
	END IF;
	SELECT p.paid_at, p.id INTO rest_at, rest_id FROM pay.payment p
	WHERE p.customer_id = customer AND (p.paid_at, p.id) < (p_at, p_id) AND p.paid_at >= low
	ORDER BY p.paid_at DESC, p.id DESC OFFSET look - 1 LIMIT 1;
	IF rest_id IS NOT NULL AND indexed THEN
		hits := hits || pay.rare_payments(customer, low, rest_at, rest_id, pattern, by_initials, most - cardinality(hits));
		rest_at := NULL;
		rest_id := NULL;
	END IF;
END
$$;

-- pay.payments(customer, first, last, words, cursor, most): the customer's payments of the days first to last that have the
-- words in a name, newest first; nulls do not restrict; invalid_cursor, not_found.
CREATE FUNCTION pay.payments(customer uuid, first date, last date, words text, cursor text, most integer,
	OUT code text, OUT result jsonb)
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
	result := jsonb_build_object(
		'items', to_jsonb(ARRAY(SELECT payment_json(p) FROM unnest(hits[:most]) p)),
		'next_cursor', CASE WHEN cardinality(hits) > most THEN cursor_at(hits[most].paid_at, hits[most].id)
			WHEN rest_id IS NOT NULL THEN cursor_at(rest_at, rest_id) END);
END
$$;

-- pay.payment(customer, id): one of the customer's payments with its newest 100 refunds; not_found.
CREATE FUNCTION pay.payment(customer uuid, payment_id uuid, OUT code text, OUT result jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	SELECT payment_json(p) || jsonb_build_object('refunds', ARRAY(
		SELECT jsonb_build_object('id', r.id, 'amount_won', r.amount_won, 'points_back', r.points_back,
			'owed_down_won', r.owed_down_won,
			'refund_pending_won', CASE WHEN r.given_back_at IS NULL THEN r.give_back_won ELSE 0 END,
			'reason', r.reason, 'refunded_at', moa.rfc3339(r.refunded_at))
		FROM refund r WHERE r.payment_id = p.id ORDER BY r.refunded_at DESC, r.id LIMIT 100))
	INTO result FROM payment p
	WHERE p.id = payment.payment_id AND p.customer_id = customer AND standing(customer) IS NOT NULL;
	IF NOT FOUND THEN
		code := 'not_found';
	END IF;
END
$$;


-- pay.entry_json(transfer): what it did to its customer: more or fewer won owed, more or fewer points.
CREATE FUNCTION pay.entry_json(t pay.transfer) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
	more boolean := t.unit = 'won' AND t.debit = 'owed' OR t.unit = 'points' AND t.credit = 'points';
	change bigint := CASE WHEN more THEN t.amount ELSE -t.amount END;
	why pay.journal;
	bought uuid;
BEGIN
	SELECT * INTO why FROM pay.journal j WHERE j.id = t.journal_id;
	bought := CASE why.kind WHEN 'purchase' THEN why.about::uuid
		WHEN 'refund' THEN (SELECT r.payment_id FROM pay.refund r WHERE r.id = why.about::uuid) END;
	RETURN jsonb_build_object('id', t.id, 'unit', t.unit, 'at', moa.rfc3339(why.at),
		'kind', CASE WHEN t.debit = 'points' AND why.kind = 'purchase' THEN 'spend' ELSE why.kind END,
		'payment_id', bought, 'name', (SELECT p.name FROM pay.payment p WHERE p.id = bought))
		|| CASE t.unit WHEN 'points' THEN jsonb_build_object('points', change, 'balance_points', t.balance)
			ELSE jsonb_build_object('amount_won', change, 'balance_won', t.balance,
				'repayment_id', CASE why.kind WHEN 'repayment' THEN why.about::uuid END) END;
END
$$;

-- pay.entries(customer, only_points, cursor, most): what was booked for a customer, newest first; invalid_cursor, not_found.  A
-- customer's entries are made one after the other, so their ids are in the order of the balances.
CREATE FUNCTION pay.entries(customer uuid, only_points boolean, cursor text, most integer, OUT code text, OUT result jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	after bigint := CASE WHEN cursor IS NULL THEN 9223372036854775807
		WHEN cursor ~ '^t[0-9]{1,18}$' THEN substr(cursor, 2)::bigint END;
	hits transfer[];
BEGIN
	code := CASE WHEN after IS NULL THEN 'invalid_cursor' WHEN standing(customer) IS NULL THEN 'not_found' END;
	IF code IS NOT NULL THEN
		RETURN;
	END IF;
	IF only_points THEN
		hits := ARRAY(SELECT t FROM transfer t WHERE t.customer_id = customer AND t.id < after AND t.unit = 'points'
			ORDER BY t.id DESC LIMIT most + 1);
	ELSE
		hits := ARRAY(SELECT t FROM transfer t WHERE t.customer_id = customer AND t.id < after ORDER BY t.id DESC LIMIT most + 1);
	END IF;
	result := jsonb_build_object('items', to_jsonb(ARRAY(SELECT entry_json(t) FROM unnest(hits[:most]) t)),
		'next_cursor', CASE WHEN cardinality(hits) > most THEN 't' || hits[most].id END);
END
$$;


-- pay.give_points(customer, kind, about, amount): points for something that is paid for once; false if they were given before.
-- The caller has locked the account.
CREATE FUNCTION pay.give_points(customer uuid, kind text, about text, amount bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	why bigint;
	have bigint;
BEGIN
	INSERT INTO pay.journal (kind, about) VALUES (give_points.kind, give_points.about) ON CONFLICT DO NOTHING RETURNING id INTO why;
	IF why IS NULL THEN
		RETURN false;
	END IF;
	UPDATE pay.account a SET points = a.points + amount WHERE a.customer_id = customer RETURNING a.points INTO have;
	INSERT INTO pay.transfer (journal_id, unit, debit, credit, credit_owner, amount, customer_id, balance)
	VALUES (why, 'points', 'issued', 'points', customer, amount, customer, have);
	RETURN true;
END
$$;

-- pay.award_points(customer, about, amount): what other domains give points for: once for each ${about}, however often it is
-- called.  True if that was now, false if it had been before, null for nobody's account.
CREATE FUNCTION pay.award_points(customer uuid, about text, amount bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	PERFORM FROM account a WHERE a.customer_id = customer AND a.erased_at IS NULL FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	RETURN give_points(customer, 'watch', customer || ':' || about, amount);
END
$$;


-- pay.wheel(): what the sectors of the check-in's wheel are worth, from sector 0 on.
CREATE FUNCTION pay.wheel() RETURNS bigint[]
LANGUAGE sql IMMUTABLE AS $$ SELECT '{5,10,20,30,40,50}'::bigint[] $$;

-- pay.check_in_today(customer): today's state; not_found.
CREATE FUNCTION pay.check_in_today(customer uuid, OUT code text, OUT result jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	today date := day(moa.now());
	won bigint;
BEGIN
	IF standing(customer) IS NULL THEN
		code := 'not_found';
		RETURN;
	END IF;
	SELECT t.amount INTO won FROM journal j JOIN transfer t ON t.journal_id = j.id
	WHERE j.kind = 'check_in' AND j.about = customer || ':' || today;
	result := jsonb_build_object('day', today, 'checked_in', won IS NOT NULL, 'points', won,
		'sector', array_position(wheel(), won) - 1, 'sectors', wheel(),
		'next_at', moa.rfc3339((today + 1)::timestamp AT TIME ZONE 'Asia/Seoul'));
END
$$;

-- pay.check_in(customer, sector): today's points, from the sector that was drawn; not_found, already_checked_in.
CREATE FUNCTION pay.check_in(customer uuid, sector integer, OUT code text, OUT result jsonb, OUT replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	today date := day(moa.now());
	won bigint := (wheel())[sector + 1];
BEGIN
	replayed := false;
	PERFORM FROM account a WHERE a.customer_id = customer AND a.erased_at IS NULL FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		code := 'not_found';
	ELSIF NOT give_points(customer, 'check_in', customer || ':' || today, won) THEN
		code := 'already_checked_in';
	ELSE
		result := jsonb_build_object('day', today, 'points', won, 'sector', sector,
			'balance_points', (SELECT a.points FROM account a WHERE a.customer_id = customer));
	END IF;
END
$$;


-- pay.settlement(key_hash, month): what a merchant has sold and given back in a month (null: this one), by the days of Seoul on
-- which that was, as JSON and as CSV; token_invalid.
CREATE FUNCTION pay.settlement(key_hash bytea, month date, OUT code text, OUT result jsonb, OUT csv text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	m uuid := merchant_of(key_hash);
	first date := coalesce(settlement.month, pay.month(moa.now()));
	low timestamptz := first::timestamp AT TIME ZONE 'Asia/Seoul';
	high timestamptz := (first::timestamp + interval '1 month') AT TIME ZONE 'Asia/Seoul';
	items jsonb;
	total jsonb;
BEGIN
	IF m IS NULL THEN
		code := 'token_invalid';
		RETURN;
	END IF;
	WITH days AS (
		SELECT moved.day, sum(sold) AS sold, sum(gross) AS gross, sum(refunds) AS refunds, sum(gross) - sum(refunds) AS net
		FROM (
			SELECT day(p.paid_at), count(*) AS sold, sum(p.amount_won) AS gross, 0 AS refunds
			FROM payment p WHERE p.merchant_id = m AND p.paid_at >= low AND p.paid_at < high GROUP BY 1
			UNION ALL
			SELECT day(r.refunded_at), 0, 0, sum(r.amount_won)
			FROM refund r WHERE r.merchant_id = m AND r.refunded_at >= low AND r.refunded_at < high GROUP BY 1
		) moved GROUP BY moved.day
	)
	SELECT coalesce(jsonb_agg(jsonb_build_object('day', d.day, 'count', d.sold, 'gross_won', d.gross, 'refunds_won', d.refunds,
			'net_won', d.net) ORDER BY d.day), '[]'),
		jsonb_build_object('count', coalesce(sum(d.sold), 0), 'gross_won', coalesce(sum(d.gross), 0),
			'refunds_won', coalesce(sum(d.refunds), 0), 'net_won', coalesce(sum(d.net), 0)),
		E'day,count,gross_won,refunds_won,net_won\r\n' || coalesce(string_agg(
			concat_ws(',', d.day, d.sold, d.gross, d.refunds, d.net) || E'\r\n', '' ORDER BY d.day), '')
	INTO items, total, csv FROM days d;
	result := jsonb_build_object('month', to_char(first, 'YYYY-MM'), 'items', items, 'total', total);
END
$$;


GRANT EXECUTE ON FUNCTION pay.summary(uuid), pay.payments(uuid, date, date, text, text, integer), pay.payment(uuid, uuid),
	pay.entries(uuid, boolean, text, integer), pay.check_in_today(uuid), pay.check_in(uuid, integer),
	pay.settlement(bytea, date) TO moa_pay;
GRANT EXECUTE ON FUNCTION pay.award_points(uuid, text, bigint) TO moa_shorts, moa_shorts_owner;
