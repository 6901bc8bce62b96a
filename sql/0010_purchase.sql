-- Buying: merchants and their keys, what they ask for, the codes that lead to it, and the purchase itself.
--
-- Whether a request has run out is decided once, under its row's lock: whoever is the first to see it late marks it
-- (pay.expire), and nobody says "expired" before that.  So a purchase that is being approved at the last moment has
-- either happened or never will when its merchant hears.

SET LOCAL ROLE moa_pay_owner;


-- Wrong codes of the last 10 minutes, counted so that PINs cannot be guessed.
CREATE TABLE pay.wrong_code (
	customer_id uuid NOT NULL REFERENCES pay.account,
	at timestamptz NOT NULL
);
CREATE INDEX ON pay.wrong_code (customer_id, at);

-- Where a code is looked up that leads to nothing any more: late customers are told so.
CREATE INDEX request_late_pin ON pay.request (pin, ended_at) WHERE status IN ('expired', 'cancelled');
CREATE INDEX request_late_qr ON pay.request (qr, ended_at) WHERE status IN ('expired', 'cancelled');


-- pay.initials(text): every syllable of Hangul as the consonant it begins with, the rest in lower case.  Of the letters of
-- a syllable the vowels and finals, which stand behind the 19 initials here, have none to become, and go.
CREATE FUNCTION pay.initials(words text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT normalize(translate(normalize(lower(words), NFD),
		U&'\1100\1101\1102\1103\1104\1105\1106\1107\1108\1109\110A\110B\110C\110D\110E\110F\1110\1111\1112'
		'\1161\1162\1163\1164\1165\1166\1167\1168\1169\116A\116B\116C\116D\116E\116F\1170\1171\1172\1173\1174\1175'
		'\11A8\11A9\11AA\11AB\11AC\11AD\11AE\11AF\11B0\11B1\11B2\11B3\11B4\11B5\11B6\11B7\11B8\11B9\11BA\11BB\11BC'
		'\11BD\11BE\11BF\11C0\11C1\11C2',
		'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ'), NFC)
$$;


-- pay.expire(late): mark a request that has run out, whose row the caller has locked, and tell its merchant.
CREATE FUNCTION pay.expire(late pay.request) RETURNS pay.request
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE pay.request r SET status = 'expired', ended_at = late.expires_at WHERE r.id = late.id
	RETURNING r.* INTO late;
	PERFORM pay.emit(late.merchant_id, 'request.expired', jsonb_build_object(
		'request_id', late.id, 'order_id', late.order_id, 'amount_won', late.amount_won));
	RETURN late;
END
$$;

-- pay.is_late(request): has it run out without having ended?
CREATE FUNCTION pay.is_late(r pay.request) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT r.status IN ('pending', 'claimed') AND r.expires_at <= moa.now()
$$;

-- pay.expire_requests(most): mark up to ${most} of those that have run out and that nobody is working on; how many.
CREATE FUNCTION pay.expire_requests(most integer DEFAULT 100) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	late request;
	marked bigint := 0;
BEGIN
	FOR late IN
		SELECT * FROM request WHERE status IN ('pending', 'claimed') AND expires_at <= moa.now()
		ORDER BY expires_at LIMIT most FOR UPDATE SKIP LOCKED
	LOOP
		PERFORM expire(late);
		marked := marked + 1;
	END LOOP;
	RETURN marked;
END
$$;

-- pay.request_now(request): the row as it is by now: what has run out is marked, waiting for whoever approves it.
CREATE FUNCTION pay.request_now(r pay.request) RETURNS pay.request
LANGUAGE plpgsql AS $$
BEGIN
	IF pay.is_late(r) THEN
		SELECT * INTO r FROM pay.request q WHERE q.id = r.id FOR UPDATE;
		IF pay.is_late(r) THEN
			r := pay.expire(r);
		END IF;
	END IF;
	RETURN r;
END
$$;


-- pay.code_urls(request, base): what its QR code holds, and where its pictures are.
CREATE FUNCTION pay.code_urls(r pay.request, base text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_build_object('payload', base || '/pay/#' || r.qr,
		'png_url', base || '/api/v1/pay/checkout/' || r.checkout_id || '/qr.png',
		'svg_url', base || '/api/v1/pay/checkout/' || r.checkout_id || '/qr.svg')
$$;

-- pay.request_json(request, base): a request as its merchant sees it.  Codes are shown while somebody may yet use them.
CREATE FUNCTION pay.request_json(r pay.request, base text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object('id', r.id, 'order_id', r.order_id, 'name', r.name, 'amount_won', r.amount_won,
		'metadata', r.metadata, 'status', r.status,
		'pin', CASE WHEN r.status = 'pending' THEN r.pin END,
		'qr', CASE WHEN r.status = 'pending' THEN pay.code_urls(r, base) END,
		'checkout_id', r.checkout_id, 'checkout_url', base || '/checkout/' || r.checkout_id,
		'payment_id', (SELECT p.id FROM pay.payment p WHERE r.status = 'paid' AND p.request_id = r.id),
		'created_at', moa.rfc3339(r.created_at), 'expires_at', moa.rfc3339(r.expires_at),
		'ended_at', moa.rfc3339(r.ended_at))
$$;

-- pay.payment_json(payment): a purchase as its customer sees it.
CREATE FUNCTION pay.payment_json(p pay.payment) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN jsonb_build_object('id', p.id, 'request_id', p.request_id, 'merchant', p.merchant_name, 'name', p.name,
		'amount_won', p.amount_won, 'points_used', p.points_used, 'credit_won', p.credit_won,
		'points_earned', p.points_earned, 'owed_won', p.owed_won, 'repaid_won', p.repaid_won,
		'refunded_won', p.refunded_won, 'month', to_char(p.month, 'YYYY-MM'),
		'due_on', (SELECT b.due_on FROM pay.bill b WHERE b.customer_id = p.customer_id AND b.month = p.month),
		'paid_at', moa.rfc3339(p.paid_at));
END
$$;


-- pay.create_request(...): something to pay, with a PIN out of ${pins}, which are tried in turn.  Codes: token_invalid,
-- order_id_taken; overloaded when each of the PINs belongs to somebody else.
CREATE FUNCTION pay.create_request(
	key_hash bytea, idem_key text, idem_hash bytea, p_order_id text, p_name text, p_amount_won bigint, p_metadata jsonb,
	p_checkout_id text, p_qr text, pins text[], base text,
	OUT code text, OUT result jsonb, OUT replayed boolean)
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
	WHERE r.merchant_id = m AND r.order_id = p_order_id AND r.status NOT IN ('expired', 'cancelled') FOR UPDATE;
	IF FOUND AND is_late(earlier) THEN
		PERFORM expire(earlier);
	END IF;
	PERFORM expire_requests();
	FOREACH try IN ARRAY pins LOOP
		INSERT INTO request (checkout_id, merchant_id, order_id, name, amount_won, metadata, pin, qr)
		VALUES (p_checkout_id, m, p_order_id, p_name, p_amount_won, p_metadata, try, p_qr)
		ON CONFLICT DO NOTHING RETURNING * INTO made;
		EXIT WHEN FOUND OR EXISTS (SELECT FROM request r WHERE r.merchant_id = m AND r.order_id = p_order_id
			AND r.status NOT IN ('expired', 'cancelled'));
	END LOOP;
	IF made.id IS NULL THEN
		PERFORM release_key(m::text, idem_key);
		code := CASE WHEN EXISTS (SELECT FROM request r WHERE r.merchant_id = m AND r.order_id = p_order_id
			AND r.status NOT IN ('expired', 'cancelled')) THEN 'order_id_taken' ELSE 'overloaded' END;
		RETURN;
	END IF;
	result := request_json(made, base);
	PERFORM keep_result(m::text, idem_key, result);
END
$$;


-- pay.claim(customer, type, value): the request behind a code is this customer's to approve, and nobody else's.  Codes:
-- token_invalid, account_blocked, code_unknown, code_claimed, code_expired, request_cancelled; rate_limited after 10 such
-- answers about codes in 10 minutes.  The account's lock makes the guesses of a customer come one after another.
CREATE FUNCTION pay.claim(customer uuid, type text, value text,
	OUT code text, OUT result jsonb, OUT retry_after_s integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	buyer account;
	r request;
	nth timestamptz;
	clock timestamptz := moa.now();
BEGIN
	SELECT * INTO buyer FROM account a WHERE a.customer_id = customer AND a.erased_at IS NULL FOR NO KEY UPDATE;
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
	r := request_of_code(type, value);
	IF r.id IS NULL THEN
		code := 'code_unknown';
	ELSIF r.status = 'cancelled' THEN
		code := 'request_cancelled';
	ELSIF r.status = 'expired' OR r.expires_at <= clock THEN
		code := 'code_expired';
	ELSIF r.customer_id <> customer THEN
		code := 'code_claimed';
	END IF;
	IF code IS NOT NULL THEN
		DELETE FROM wrong_code w WHERE w.customer_id = customer AND w.at <= clock - interval '10 minutes';
		INSERT INTO wrong_code (customer_id, at) VALUES (customer, clock);
		RETURN;
	END IF;
	IF r.status = 'pending' THEN
		UPDATE request q SET status = 'claimed', customer_id = customer WHERE q.id = r.id;
	END IF;
	SELECT jsonb_build_object('request_id', r.id, 'merchant', m.name, 'name', r.name, 'amount_won', r.amount_won,
		'points_available', buyer.points, 'limit_available_won', available_won(customer),
		'expires_at', moa.rfc3339(r.expires_at))
	INTO result FROM merchant m WHERE m.id = r.merchant_id;
END
$$;

-- pay.request_of_code(type, value): the request that the code leads to, locked if it can still be paid; else one that it
-- led to until 10 minutes ago, nobody's if there was none.
CREATE FUNCTION pay.request_of_code(type text, value text) RETURNS pay.request
LANGUAGE plpgsql AS $$
DECLARE
	r pay.request;
BEGIN
	IF type = 'pin' THEN
		SELECT * INTO r FROM pay.request q
		WHERE q.pin = value AND q.status IN ('pending', 'claimed') FOR NO KEY UPDATE;
		IF NOT FOUND THEN
			SELECT * INTO r FROM pay.request q WHERE q.pin = value AND q.status IN ('expired', 'cancelled')
				AND q.ended_at > moa.now() - interval '10 minutes' ORDER BY q.ended_at DESC LIMIT 1;
		END IF;
	ELSE
		SELECT * INTO r FROM pay.request q
		WHERE q.qr = value AND q.status IN ('pending', 'claimed') FOR NO KEY UPDATE;
		IF NOT FOUND THEN
			SELECT * INTO r FROM pay.request q WHERE q.qr = value AND q.status IN ('expired', 'cancelled')
				AND q.ended_at > moa.now() - interval '10 minutes' ORDER BY q.ended_at DESC LIMIT 1;
		END IF;
	END IF;
	RETURN r;
END
$$;


-- pay.refusal(buyer, grade, request, points): why this purchase cannot be, or null.
CREATE FUNCTION pay.refusal(buyer pay.account, g pay.grade, r pay.request, points bigint) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN CASE
		-- Somebody else's, or not yet claimed: its id alone gives nobody a right.
		WHEN r.customer_id IS DISTINCT FROM buyer.customer_id THEN 'not_found'
		WHEN r.status = 'paid' THEN 'already_paid'
		WHEN r.status = 'cancelled' THEN 'request_cancelled'
		WHEN r.status = 'expired' THEN 'code_expired'
		WHEN buyer.standing = 'blocked' THEN 'account_blocked'
		WHEN points > r.amount_won THEN 'validation_failed'
		WHEN points > buyer.points THEN 'insufficient_points'
		WHEN r.amount_won > points AND buyer.owed_won + r.amount_won - points > g.limit_won THEN 'insufficient_limit'
	END;
END
$$;

-- pay.approve(customer, key, hash, request, points): buy it, with so many points, the rest on credit.  Codes: token_invalid
-- and those of pay.refusal; validation_failed is about points.
CREATE FUNCTION pay.approve(customer uuid, key text, hash bytea, request uuid, points bigint,
	OUT code text, OUT result jsonb, OUT replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	buyer account;
	g grade;
	r request;
	bought payment;
BEGIN
	SELECT c.* INTO code, result, replayed FROM claim_key(customer::text, key, hash) c;
	IF code IS NOT NULL OR replayed THEN
		RETURN;
	END IF;
	SELECT * INTO buyer FROM account a WHERE a.customer_id = customer AND a.erased_at IS NULL FOR NO KEY UPDATE;
	IF FOUND THEN
		SELECT * INTO g FROM grade WHERE grade.grade = buyer.grade;
		SELECT * INTO r FROM pay.request q WHERE q.id = approve.request FOR NO KEY UPDATE;
		IF is_late(r) AND r.customer_id = customer THEN
			r := expire(r);
		END IF;
		code := refusal(buyer, g, r, points);
	ELSE
		code := 'token_invalid';
	END IF;
	IF code IS NOT NULL THEN
		PERFORM release_key(customer::text, key);
		RETURN;
	END IF;
	bought := purchase(buyer, g, r, points);
	result := payment_json(bought);
	PERFORM keep_result(customer::text, key, result);
END
$$;

-- pay.purchase(buyer, grade, request, points): the purchase itself; rows are locked and everything is allowed.
CREATE FUNCTION pay.purchase(buyer pay.account, g pay.grade, r pay.request, points bigint) RETURNS pay.payment
LANGUAGE plpgsql AS $$
DECLARE
	clock timestamptz := moa.now();
	seller text := (SELECT m.name FROM pay.merchant m WHERE m.id = r.merchant_id);
	credit bigint := r.amount_won - points;
	earned bigint := credit * g.earn_per_mille / 1000;
	bought pay.payment;
BEGIN
	UPDATE pay.request q SET status = 'paid', ended_at = clock WHERE q.id = r.id AND q.status = 'claimed';
	UPDATE pay.account a SET owed_won = a.owed_won + credit, points = a.points - purchase.points + earned
	WHERE a.customer_id = buyer.customer_id;
	INSERT INTO pay.bill (customer_id, month, due_on, owed_won)
	VALUES (buyer.customer_id, pay.month(clock), pay.due_on(pay.month(clock)), credit)
	ON CONFLICT (customer_id, month) DO UPDATE SET owed_won = bill.owed_won + excluded.owed_won;
	INSERT INTO pay.payment (request_id, customer_id, merchant_id, name, merchant_name, letters, initials, month,
		paid_at, amount_won, points_used, credit_won, points_earned, owed_won)
	VALUES (r.id, buyer.customer_id, r.merchant_id, r.name, seller,
		normalize(lower(r.name || ' ' || seller), NFD), pay.initials(r.name || ' ' || seller), pay.month(clock),
		clock, r.amount_won, points, credit, earned, credit)
	RETURNING * INTO bought;
	PERFORM pay.book_purchase(bought, buyer.owed_won, buyer.points);
	PERFORM pay.emit(r.merchant_id, 'request.paid', jsonb_build_object(
		'request_id', r.id, 'order_id', r.order_id, 'payment_id', bought.id, 'amount_won', bought.amount_won));
	RETURN bought;
END
$$;

-- pay.book_purchase(payment, owed, points): its transfers, for a customer who owed and had so much before.
CREATE FUNCTION pay.book_purchase(p pay.payment, owed bigint, points bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	WITH j AS (
		INSERT INTO pay.journal (kind, about, at) VALUES ('purchase', p.id::text, p.paid_at) RETURNING id
	)
	INSERT INTO pay.transfer (journal_id, unit, debit, debit_owner, credit, credit_owner, amount, customer_id, balance)
	SELECT j.id, t.unit, t.debit, t.debit_owner, t.credit, t.credit_owner, t.amount, t.customer_id, t.balance
	FROM j CROSS JOIN (VALUES
		(1, 'won', 'owed', p.customer_id, 'merchant', p.merchant_id, p.credit_won,
			p.customer_id, owed + p.credit_won),
		(2, 'won', 'rewards', NULL, 'merchant', p.merchant_id, p.points_used, NULL, NULL),
		(3, 'points', 'points', p.customer_id, 'issued', NULL, p.points_used,
			p.customer_id, book_purchase.points - p.points_used),
		(4, 'points', 'issued', NULL, 'points', p.customer_id, p.points_earned,
			p.customer_id, book_purchase.points - p.points_used + p.points_earned)
	) AS t (nth, unit, debit, debit_owner, credit, credit_owner, amount, customer_id, balance)
	WHERE t.amount > 0 ORDER BY t.nth;
END
$$;


-- pay.show_request(hash, id, base): a request of the merchant whose key that is; token_invalid, not_found.
CREATE FUNCTION pay.show_request(key_hash bytea, request uuid, base text, OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	m uuid := merchant_of(key_hash);
	r request;
BEGIN
	SELECT * INTO r FROM pay.request q WHERE q.id = show_request.request AND q.merchant_id = m;
	IF r.id IS NULL THEN
		code := CASE WHEN m IS NULL THEN 'token_invalid' ELSE 'not_found' END;
		RETURN;
	END IF;
	result := request_json(request_now(r), base);
END
$$;

-- pay.requests_of_order(hash, order, cursor, most, base): the merchant's requests for an order, newest first: all but the
-- first have run out or were cancelled.  Codes: token_invalid, invalid_cursor.
CREATE FUNCTION pay.requests_of_order(key_hash bytea, p_order_id text, p_cursor text, most integer, base text,
	OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	m uuid := merchant_of(key_hash);
	after record := cursor_read(p_cursor);
	found request[];
BEGIN
	IF m IS NULL OR after.id IS NULL THEN
		code := CASE WHEN m IS NULL THEN 'token_invalid' ELSE 'invalid_cursor' END;
		RETURN;
	END IF;
	found := ARRAY(SELECT q FROM request q
		WHERE q.merchant_id = m AND q.order_id = p_order_id AND (q.created_at, q.id) < (after.at, after.id)
		ORDER BY q.created_at DESC, q.id DESC LIMIT most + 1);
	result := jsonb_build_object(
		'items', (SELECT coalesce(jsonb_agg(request_json(request_now(r), base) ORDER BY r.created_at DESC, r.id DESC), '[]')
			FROM unnest(found[:most]) AS r),
		'next_cursor', CASE WHEN cardinality(found) > most THEN cursor_at(found[most].created_at, found[most].id) END);
END
$$;

-- pay.cancel_request(hash, id, base): nobody can pay it any more; what has ended otherwise stays as it is, and is shown.
-- Codes: token_invalid, not_found, already_paid.
CREATE FUNCTION pay.cancel_request(key_hash bytea, request uuid, base text, OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	m uuid := merchant_of(key_hash);
	r request;
BEGIN
	SELECT * INTO r FROM pay.request q
	WHERE q.id = cancel_request.request AND q.merchant_id = m FOR NO KEY UPDATE;
	IF r.id IS NULL OR r.status = 'paid' THEN
		code := CASE WHEN m IS NULL THEN 'token_invalid' WHEN r.id IS NULL THEN 'not_found' ELSE 'already_paid' END;
		RETURN;
	END IF;
	IF is_late(r) THEN
		r := expire(r);
	ELSIF r.status IN ('pending', 'claimed') THEN
		UPDATE pay.request q SET status = 'cancelled', ended_at = moa.now() WHERE q.id = r.id RETURNING * INTO r;
		PERFORM emit(m, 'request.cancelled', jsonb_build_object(
			'request_id', r.id, 'order_id', r.order_id, 'amount_won', r.amount_won));
	END IF;
	result := request_json(r, base);
END
$$;


-- pay.checkout(id, base): a request as whoever holds its checkout id may see it; not_found.
CREATE FUNCTION pay.checkout(p_checkout_id text, base text, OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	r request;
BEGIN
	SELECT * INTO r FROM request q WHERE q.checkout_id = p_checkout_id;
	IF r.id IS NULL THEN
		code := 'not_found';
		RETURN;
	END IF;
	r := request_now(r);
	SELECT jsonb_build_object('id', r.checkout_id, 'status', r.status, 'merchant', m.name, 'name', r.name,
		'amount_won', r.amount_won, 'pin', CASE WHEN r.status = 'pending' THEN r.pin END,
		'qr', CASE WHEN r.status = 'pending' THEN code_urls(r, base) END,
		'now', moa.rfc3339(moa.now()), 'expires_at', moa.rfc3339(r.expires_at))
	INTO result FROM merchant m WHERE m.id = r.merchant_id;
END
$$;


-- pay.cursor_at(at, id), pay.cursor_read(cursor): a place in a list that is sorted by time and id, newest first.
-- cursor_read gives the place before all items for null, and nulls for what is not a cursor.
CREATE FUNCTION pay.cursor_at(at timestamptz, id uuid) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT lpad(to_hex((extract(epoch FROM at) * 1000000)::bigint), 16, '0') || replace(id::text, '-', '')
$$;

CREATE FUNCTION pay.cursor_read(p_cursor text, OUT at timestamptz, OUT id uuid)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF p_cursor IS NULL THEN
		at := 'infinity';
		id := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
	ELSIF p_cursor ~ '^000[0-9a-f]{45}$' THEN
		at := to_timestamp(0) + ('x' || left(p_cursor, 16))::bit(64)::bigint * interval '1 microsecond';
		id := right(p_cursor, 32)::uuid;
	END IF;
END
$$;


-- pay.merchant_json(merchant): one as administrators see it, with the keys that count now.
CREATE FUNCTION pay.merchant_json(m pay.merchant) RETURNS jsonb
LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object('id', m.id, 'name', m.name, 'created_at', moa.rfc3339(m.created_at),
		'keys', (SELECT coalesce(jsonb_agg(jsonb_build_object('created_at', moa.rfc3339(k.created_at),
				'until', moa.rfc3339(k.revoked_at)) ORDER BY k.created_at DESC, k.hash), '[]')
			FROM pay.merchant_key k
			WHERE k.merchant_id = m.id AND (k.revoked_at IS NULL OR k.revoked_at > moa.now())))
$$;

-- pay.add_merchant(admin, name, hash): somebody who sells, with a first key; ${admin} is nil for moa-ctl.
CREATE FUNCTION pay.add_merchant(admin uuid, p_name text, p_hash bytea, OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	made merchant;
BEGIN
	INSERT INTO merchant (name) VALUES (p_name) RETURNING * INTO made;
	INSERT INTO merchant_key (hash, merchant_id) VALUES (p_hash, made.id);
	PERFORM audit_call(admin, 'merchant.add', made.id::text, jsonb_build_object('name', p_name));
	result := merchant_json(made);
END
$$;

-- pay.rotate_key(admin, merchant, hash, overlap): a new key; those before it count so much longer.  Codes: not_found.
CREATE FUNCTION pay.rotate_key(admin uuid, p_merchant uuid, p_hash bytea, overlap interval,
	OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	held merchant;
	clock timestamptz := moa.now();
BEGIN
	SELECT * INTO held FROM merchant m WHERE m.id = p_merchant AND m.closed_at IS NULL FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		code := 'not_found';
		RETURN;
	END IF;
	UPDATE merchant_key k SET revoked_at = clock + overlap
	WHERE k.merchant_id = held.id AND (k.revoked_at IS NULL OR k.revoked_at > clock + overlap);
	INSERT INTO merchant_key (hash, merchant_id) VALUES (p_hash, held.id);
	PERFORM audit_call(admin, 'merchant.rotate', held.id::text,
		jsonb_build_object('until', moa.rfc3339(clock + overlap)));
	result := merchant_json(held);
END
$$;

-- pay.admin_merchants(admin, cursor, most): the merchants, newest first; invalid_cursor.
CREATE FUNCTION pay.admin_merchants(admin uuid, p_cursor text, most integer, OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	after record := cursor_read(p_cursor);
	found merchant[];
BEGIN
	IF after.id IS NULL THEN
		code := 'invalid_cursor';
		RETURN;
	END IF;
	found := ARRAY(SELECT m FROM merchant m WHERE (m.created_at, m.id) < (after.at, after.id)
		ORDER BY m.created_at DESC, m.id DESC LIMIT most + 1);
	PERFORM audit_call(admin, 'merchant.list', coalesce(p_cursor, '-'));
	result := jsonb_build_object(
		'items', (SELECT coalesce(jsonb_agg(merchant_json(m) ORDER BY m.created_at DESC, m.id DESC), '[]')
			FROM unnest(found[:most]) AS m),
		'next_cursor', CASE WHEN cardinality(found) > most THEN cursor_at(found[most].created_at, found[most].id) END);
END
$$;


GRANT EXECUTE ON FUNCTION
	pay.create_request(bytea, text, bytea, text, text, bigint, jsonb, text, text, text[], text),
	pay.show_request(bytea, uuid, text),
	pay.requests_of_order(bytea, text, text, integer, text),
	pay.cancel_request(bytea, uuid, text),
	pay.checkout(text, text),
	pay.claim(uuid, text, text),
	pay.approve(uuid, text, bytea, uuid, bigint),
	pay.add_merchant(uuid, text, bytea),
	pay.rotate_key(uuid, uuid, bytea, interval),
	pay.admin_merchants(uuid, text, integer)
	TO moa_pay;
-- For who watches many requests at once, and for the worker, so that merchants hear in time.
GRANT EXECUTE ON FUNCTION pay.expire_requests(integer) TO moa_pay, moa_worker;
