-- The demo's customers, after ./ci/demo has registered them: one of every grade, and one who is blocked.  Their past is played
-- with pay's own functions, by a clock that is moved for this transaction only: the books are as such lives would have left them.

-- What this session alone needs.
CREATE TEMPORARY TABLE shop AS
	SELECT name, sha256(name::bytea) AS key_hash, goods FROM (VALUES
		('달빛커피', '{아메리카노 두 잔,원두 1kg,딸기 케이크}'::text[]),
		('책갈피서점', '{여행 에세이,요리책과 엽서,만년필}'),
		('도토리마트', '{장보기,김장 재료,캠핑 장작}')) AS s (name, goods);
SELECT pay.add_merchant('00000000-0000-0000-0000-000000000000', name, key_hash) FROM shop;

-- pg_temp.at(t): let it be that time.
CREATE FUNCTION pg_temp.at(t timestamptz) RETURNS void LANGUAGE sql AS $$
	UPDATE moa.clock SET test_mode = true, shift = make_interval(secs => extract(epoch FROM t - pg_catalog.now())::float8)
$$;

-- pg_temp.buy(customer, won, nth): the nth thing bought, at a shop.
CREATE FUNCTION pg_temp.buy(customer uuid, won bigint, nth integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	word text := replace(gen_random_uuid()::text, '-', '');
	s record;
	made record;
	code text;
BEGIN
	SELECT * INTO s FROM shop ORDER BY name OFFSET nth % 3 LIMIT 1;
	SELECT * INTO made FROM pay.create_request(s.key_hash, word, s.key_hash, word, s.goods[1 + nth / 3 % 3], won, NULL,
		left(word, 22), right(word, 22), ARRAY(SELECT lpad(floor(random() * 1000000)::text, 6, '0') FROM generate_series(1, 9)), '');
	SELECT c.code INTO code FROM pay.claim(customer, 'pin', made.result ->> 'pin') c;
	ASSERT code IS NULL, code;
	SELECT a.code INTO code FROM pay.approve(customer, word, s.key_hash, (made.result ->> 'id')::uuid, 0) a;
	ASSERT code IS NULL, code;
END
$$;

-- pg_temp.repay(buyer): all that is owed.
CREATE FUNCTION pg_temp.repay(buyer uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	word text := gen_random_uuid()::text;
	hash CONSTANT bytea := sha256('demo');
	made record;
	code text;
BEGIN
	SELECT * INTO made FROM pay.start_repayment(buyer, word, hash,
		ARRAY(SELECT p.id FROM pay.payment p WHERE p.customer_id = buyer AND p.owed_won > 0), NULL, '{}');
	PERFORM pay.begin_confirm(buyer, word || ' confirm', hash, (made.result ->> 'id')::uuid, 'demo-' || word,
		made.result #>> '{gateway,order_id}', (made.result ->> 'amount_won')::bigint);
	SELECT c.code INTO code FROM pay.end_confirm((made.result ->> 'id')::uuid, word || ' confirm', true, NULL) c;
	ASSERT code IS NULL, code;
END
$$;

DO $$
DECLARE
	before moa.clock;
	today timestamptz := moa.now();
	past timestamptz := pay.midnight((pay.month(today) - interval '3 months')::date);
	life record;
	nth integer;
BEGIN
	SELECT * INTO before FROM moa.clock;
	-- Who has repaid how many purchases, what is owed now, what is never repaid, and the points there are in the end.
	CREATE TEMPORARY TABLE life ON COMMIT DROP AS
		SELECT c.id, l.* FROM (VALUES
			('bronze@moa.example',    1,     0,      0,   120),
			('silver@moa.example',    6, 30000,      0,  1800),
			('gold@moa.example',     12, 52000,      0,  5400),
			('platinum@moa.example', 17, 80000,      0,  9900),
			('diamond@moa.example',  30,     0,      0, 24000),
			('blocked@moa.example',   0,     0, 100000,   200)
		) AS l (email, repaid, owed_won, overdue_won, points) JOIN auth.customer c ON lower(c.email) = l.email;
	UPDATE pay.account SET opened_at = past;
	FOR life IN SELECT * FROM life LOOP
		FOR nth IN 1 .. life.repaid LOOP
			PERFORM pg_temp.at(past + nth * interval '30 hours' + nth * interval '17 minutes'),
				pg_temp.buy(life.id, 40500 + nth * 37 % 23 * 100, nth);
			PERFORM pg_temp.at(moa.now() + interval '5 hours'), pg_temp.repay(life.id);
		END LOOP;
		IF life.overdue_won > 0 THEN
			PERFORM pg_temp.at(past + interval '40 days'), pg_temp.buy(life.id, life.overdue_won, 2);
		END IF;
	END LOOP;
	PERFORM pg_temp.at(today);
	-- The months turn.
	LOOP
		PERFORM FROM pay.run_job();
		EXIT WHEN NOT FOUND;
	END LOOP;
	FOR life IN SELECT * FROM life WHERE owed_won > 0 LOOP
		PERFORM pg_temp.at(today - interval '1 hour'), pg_temp.buy(life.id, life.owed_won, 0);
	END LOOP;
	PERFORM pg_temp.at(today);
	PERFORM pay.award_points(l.id, 'demo', l.points - a.points)
	FROM life l JOIN pay.account a ON a.customer_id = l.id WHERE l.points > a.points;
	UPDATE moa.clock SET test_mode = before.test_mode, shift = before.shift;
END
$$;
