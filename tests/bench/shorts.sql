-- Shorts, reactions, comments and channels, as many as moa.bench says ("<shorts> <reactions> <comments> <channels>"): straight into
-- the tables, as the programs and the worker would have left them, but for files, which nobody reads here.  A year's shorts,
-- evenly; a few have most of the reactions; words are drawn as in real texts, the second most frequent half as often as the
-- first, and so on.  The same numbers give the same texts again.
SET session_replication_role = replica;  -- a short at a time would take an hour
SET synchronous_commit = off;
SET work_mem = '256MB';
SET maintenance_work_mem = '512MB';
SET jit = off;
SELECT setseed(0.5);

-- Indexes of what is many are made again afterwards, which is quicker than to keep them up.
CREATE TEMPORARY TABLE put_aside AS
	SELECT i.indrelid::regclass::text AS relation, i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition,
		c.conname AS key, pg_get_constraintdef(c.oid) AS key_definition
	FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u')
	WHERE i.indrelid IN ('shorts.short'::regclass, 'shorts.tally'::regclass, 'shorts.reaction'::regclass, 'shorts.comment'::regclass)
		AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conindid = i.indexrelid AND f.contype = 'f');
DO $$
DECLARE
	aside put_aside;
BEGIN
	FOR aside IN SELECT * FROM put_aside LOOP
		IF aside.key IS NULL THEN
			EXECUTE 'DROP INDEX ' || aside.name;
		ELSE
			EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', aside.relation, aside.key);
		END IF;
	END LOOP;
END
$$;

CREATE TEMPORARY TABLE asked AS
	SELECT n[1] AS shorts, n[2] AS reactions, n[3] AS comments, n[4] AS channels
	FROM (SELECT string_to_array(current_setting('moa.bench'), ' ')::bigint[] AS n) AS numbers;

-- Words in the order of how frequent they are: Korean and English by turns, first real ones, then such as could be.
CREATE TEMPORARY TABLE words AS
SELECT array_agg(word ORDER BY place, language) AS all_of FROM (
	SELECT DISTINCT ON (word) * FROM (
		SELECT 'ko' AS language, place, word FROM string_to_table(
			'고양이 강아지 오늘 일상 여행 서울 맛집 카페 사랑 친구 음악 노래 댄스 춤 아기 요리 커피 바다 하늘 산책 야경 한강 부산 제주 캠핑 등산 운동 '
			'헬스 축구 야구 농구 게임 공부 학교 회사 퇴근 출근 주말 아침 점심 저녁 간식 라면 김밥 떡볶이 치킨 피자 빵집 케이크 과일 사과 딸기 수박 여름 '
			'겨울 가을 봄날 눈길 비오는 날씨 꽃길 벚꽃 단풍 나무 정원 식물 화분 청소 정리 인테리어 이사 자취 혼밥 혼자 가족 엄마 아빠 동생 할머니 결혼 육아 '
			'생일 선물 축제 공연 영화 드라마 웃긴 꿀팁 비밀 정보 추천 후기 리뷰 신상 화장 피부 머리 염색 네일 패션 코디 신발 가방 모자 안경 사진 영상 촬영 '
			'편집 그림 만화 소설 독서 도서관 자전거 자동차 기차 비행기 공항 호텔 수영 스키 낚시 강의 영어 수학 과학 역사 경제 주식 저축 절약 할인 포인트 모아',
			' ') WITH ORDINALITY AS real (word, place)
		UNION ALL
		SELECT 'en', place, word FROM string_to_table(
			'cat dog day vlog trip seoul food cafe love friend music song dance pop baby cook coffee sea sky walk night river busan jeju camp hike '
			'gym run ball game study school work home week morning lunch dinner snack noodle rice chicken pizza bread cake fruit apple berry melon '
			'summer winter autumn spring snow rain sun flower road tree garden plant pot clean tidy room move alone family mom dad kid granny '
			'wedding party gift fest show movie drama funny tip secret info best review new makeup skin hair color nail style shoes bag hat eye '
			'photo video shoot edit art comic novel book bike car train plane hotel swim ski fish lesson english math science history money save '
			'sale point daily life fun easy quick slow happy sad big small hot cold red blue green black white gold star moon world city town',
			' ') WITH ORDINALITY AS real (word, place)
		UNION ALL
		SELECT 'ko', 200 + row_number() OVER (ORDER BY a.n * 7 % 41, b.n * 5 % 37), a.s || b.s
		FROM string_to_table('가 강 고 구 나 노 다 도 라 루 마 모 미 바 보 사 산 서 소 수 아 양 오 우 유 은 이 자 정 조 주 지 차 초 카 타 파 하 한 해 화', ' ')
			WITH ORDINALITY AS a (s, n),
			string_to_table('가 기 나 날 너 님 도 리 마 미 방 보 비 사 산 상 서 성 수 순 아 양 어 원 이 자 장 전 정 주 지 진 집 차 터 한 호', ' ')
			WITH ORDINALITY AS b (s, n)
		UNION ALL
		SELECT 'en', 200 + row_number() OVER (ORDER BY a.n * 5 % 18, b.n * 3 % 11, c.n * 7 % 13), a.s || b.s || c.s
		FROM string_to_table('b c d f g h k l m n p r s t v w st br', ' ') WITH ORDINALITY AS a (s, n),
			string_to_table('a e i o u ai ea oo ou ee ar', ' ') WITH ORDINALITY AS b (s, n),
			string_to_table('n t l m sh ck nd ly per ton ver mer ling', ' ') WITH ORDINALITY AS c (s, n)
	) AS several ORDER BY word, place
) AS once;

-- pg_temp.texts(count): so many titles and descriptions.
CREATE FUNCTION pg_temp.texts(count bigint, OUT n bigint, OUT title text, OUT description text, OUT tags text[]) RETURNS SETOF record
LANGUAGE plpgsql AS $$
DECLARE
	all_of text[] := (SELECT w.all_of FROM words w);
	most double precision := ln(cardinality(all_of));
BEGIN
	FOR i IN 1 .. count LOOP
		n := i;
		title := '';
		description := '';
		tags := '{}';
		FOR k IN 1 .. 2 + i % 4 LOOP
			title := title || ' ' || all_of[exp(random() * most)];
		END LOOP;
		title := substr(title, 2, 50);
		FOR k IN 1 .. 3 + i % 9 LOOP
			description := description || ' ' || all_of[exp(random() * most)];
		END LOOP;
		FOR k IN 1 .. i % 3 LOOP
			tags := tags || all_of[exp(random() * most)];
			description := description || ' #' || tags[k];
		END LOOP;
		description := substr(description, 2, 150);
		IF tags[1] = tags[2] THEN
			tags := tags[:1];
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;

-- Channels, which are the customers who react as well.
CREATE TEMPORARY TABLE people AS
	SELECT n - 1 AS n, gen_random_uuid() AS id, left(replace(t.title, ' ', ''), 8) || n AS nickname
	FROM asked, pg_temp.texts(channels) AS t (n, title, description, tags);
CREATE UNIQUE INDEX ON people (n);
INSERT INTO auth.customer (id, email, password, name, nickname, birth_date, language)
SELECT id, 'bench-' || id || '@example.com', '$argon2id$none', '김벤치', nickname, '1990-01-01', 'ko' FROM people;
INSERT INTO pay.account (customer_id) SELECT id FROM people;
INSERT INTO shorts.subscription (channel_id, customer_id)
SELECT channel.id, who.id FROM asked CROSS JOIN people AS who CROSS JOIN generate_series(1, 20) AS k
	JOIN people AS channel ON channel.n = (who.n + k * k * 37) % channels
WHERE channel.id <> who.id ON CONFLICT DO NOTHING;

-- How many reactions and comments each short has adds up to what was asked for; nobody reacts to a short twice.
CREATE TEMPORARY TABLE made AS
SELECT n, gen_random_uuid() AS id, replace(gen_random_uuid()::text, '-', '') AS media, (n * 7919 + floor(random() * 50)::bigint) % channels AS owner,
	date_trunc('milliseconds', moa.now()) - (shorts - n) * (interval '365 days' / shorts) AS at,
	least(round(sum(weight) OVER upto * reactions / total) - round((sum(weight) OVER upto - weight) * reactions / total), channels)::bigint AS reactions,
	(round(sum(weight) OVER upto * comments / total) - round((sum(weight) OVER upto - weight) * comments / total))::bigint AS comments
FROM (SELECT n, weight, sum(weight) OVER () AS total
		FROM (SELECT n, least((1 - random()) ^ -0.7, 300)::numeric AS weight FROM asked, generate_series(1, shorts) AS n) AS drawn) AS weighed, asked
WINDOW upto AS (ORDER BY n);

INSERT INTO shorts.short (id, customer_id, upload_id, title, description, tags, status, progress, media, width, height, duration_s, created_at)
SELECT m.id, p.id, gen_random_uuid(), t.title, t.description, t.tags, 'ready', 100, m.media, 720, 1280, 3 + m.n % 57, m.at
FROM asked CROSS JOIN LATERAL pg_temp.texts(shorts) AS t JOIN made AS m USING (n) JOIN people AS p ON p.n = m.owner ORDER BY m.n;
INSERT INTO shorts.tally (short_id, created_at, live, tagged, likes, dislikes, comments, views)
SELECT s.id, s.created_at, true, cardinality(s.tags) > 0, m.reactions - m.reactions / 10, m.reactions / 10, m.comments, m.reactions * 20
FROM shorts.short AS s JOIN made AS m USING (id) ORDER BY m.n;
INSERT INTO shorts.reaction (short_id, customer_id, type, created_at)
SELECT m.id, p.id, CASE k % 10 WHEN 9 THEN 'dislike' ELSE 'like' END, m.at + k * interval '1 second'
FROM asked CROSS JOIN made AS m CROSS JOIN generate_series(0, m.reactions - 1) AS k
	JOIN people AS p ON p.n = (m.n * 31 + k * 7919) % channels;
INSERT INTO shorts.comment (short_id, customer_id, text, created_at)
SELECT m.id, p.id, said.all_of[1 + (m.n + k) % 100], m.at + k * interval '1 minute'
FROM asked CROSS JOIN made AS m CROSS JOIN generate_series(0, m.comments - 1) AS k
	JOIN people AS p ON p.n = (m.n * 17 + k * 7919) % channels
	CROSS JOIN (SELECT array_agg(t.title) AS all_of FROM pg_temp.texts(100) AS t) AS said;

DO $$
DECLARE
	aside put_aside;
BEGIN
	FOR aside IN SELECT * FROM put_aside ORDER BY key_definition LIKE 'PRIMARY%' DESC LOOP
		IF aside.key IS NULL THEN
			EXECUTE aside.definition;
		ELSE
			EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', aside.relation, aside.key, aside.key_definition);
		END IF;
	END LOOP;
END
$$;
DROP TABLE asked, words, people, made, put_aside;
SET session_replication_role = DEFAULT;
RESET synchronous_commit;
RESET work_mem;
RESET maintenance_work_mem;
RESET jit;
