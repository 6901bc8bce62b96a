-- A customer's history of so many purchases, an hour apart, all paid for with points that were given for watching: straight into
-- the tables, as pay.approve would have left it.  moa.bench says whose, where, how many: "<customer> <merchant> <count>".
SET session_replication_role = replica;  -- a purchase at a time would take an hour
SET synchronous_commit = off;

-- Indexes that are no constraints are made again afterwards, which is quicker than to keep them up.
CREATE TEMPORARY TABLE put_aside AS
	SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
	FROM pg_index i WHERE i.indrelid IN ('pay.request'::regclass, 'pay.payment'::regclass, 'pay.transfer'::regclass)
		AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid);
DO $$
DECLARE
	index text;
BEGIN
	FOR index IN SELECT name FROM put_aside LOOP
		EXECUTE 'DROP INDEX ' || index;
	END LOOP;
END
$$;

CREATE TEMPORARY TABLE bought AS
	SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS request, lpad(to_hex(n), 10, '0') || substr(c, 1, 12) AS code, c::uuid AS customer,
		m::uuid AS merchant, date_trunc('hour', moa.now()) - (count - n + 1) * interval '1 hour' * least(1, 80000.0 / count) AS at
	FROM (SELECT split_part(words, ' ', 1) AS c, split_part(words, ' ', 2) AS m, split_part(words, ' ', 3)::bigint AS count
		FROM current_setting('moa.bench') AS words) AS asked, generate_series(1, count) AS n;
ANALYZE bought;

INSERT INTO pay.request (id, checkout_id, merchant_id, order_id, name, amount_won, status, pin, qr, customer_id, created_at, expires_at,
	ended_at)
SELECT request, code, merchant, code, '커피', 100, 'paid', '000000', code, customer, at, at + interval '120 seconds', at FROM bought;
INSERT INTO pay.bill (customer_id, month, due_on)
SELECT DISTINCT customer, pay.month(at), pay.due_on(pay.month(at)) FROM bought ON CONFLICT DO NOTHING;
INSERT INTO pay.payment (id, request_id, customer_id, merchant_id, name, merchant_name, letters, initials, month, paid_at, amount_won,
	points_used, credit_won, points_earned, owed_won)
SELECT b.id, request, customer, merchant, '커피', m.name, normalize(lower('커피 ' || m.name), NFD), pay.initials('커피 ' || m.name),
	pay.month(at), at, 100, 100, 0, 0, 0
FROM bought b JOIN pay.merchant m ON m.id = b.merchant;

-- What was given for watching before it was spent; it is more than what anybody could watch.
WITH why AS (
	INSERT INTO pay.journal (kind, about, at) SELECT 'watch', customer || ':bench', at FROM bought WHERE n = 1 RETURNING id, at
), given AS (
	UPDATE pay.account a SET points = a.points + 1000 FROM bought b WHERE b.n = 1 AND a.customer_id = b.customer
)
INSERT INTO pay.transfer (journal_id, unit, debit, credit, credit_owner, amount, customer_id, balance)
SELECT why.id, 'points', 'issued', 'points', customer, 100 * n + 1000, customer, 100 * n + 1000
FROM why, (SELECT customer, n FROM bought ORDER BY n DESC LIMIT 1) AS last;
INSERT INTO pay.journal (kind, about, at) SELECT 'purchase', id::text, at FROM bought ORDER BY n;
INSERT INTO pay.transfer (journal_id, unit, debit, debit_owner, credit, credit_owner, amount, customer_id, balance)
SELECT j.id, line.*
FROM bought b JOIN pay.journal j ON j.kind = 'purchase' AND j.about = b.id::text CROSS JOIN (SELECT max(n) AS count FROM bought) AS all_of,
	LATERAL (VALUES ('won', 'rewards', NULL, 'merchant', merchant, 100, NULL::uuid, NULL::bigint),
		('points', 'points', customer, 'issued', NULL, 100, customer, 100 * (count - n) + 1000)) AS line
ORDER BY b.n;

DO $$
DECLARE
	index text;
BEGIN
	FOR index IN SELECT definition FROM put_aside LOOP
		EXECUTE index;
	END LOOP;
END
$$;
DROP TABLE bought, put_aside;
