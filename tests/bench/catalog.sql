-- A catalog of 100,000 products for measurements, made from the parts of the demo catalog, which must be loaded.
--
-- Each is one of the demo's with a maker, a quality, a colour, a model number and a price of its own, always the same.  Words
-- are as common as in a shop: what a thing is called stands in hundreds of names, a model number in few.  SET
-- moa.bench_products = N makes N instead.

WITH quality (n, ko, en) AS (
	SELECT row_number() OVER () - 1, ko, en FROM (VALUES
		('가벼운', 'light'), ('튼튼한', 'sturdy'), ('접이식', 'folding'), ('미니', 'mini'), ('대형', 'large'), ('프리미엄', 'premium'),
		('보급형', 'basic'), ('휴대용', 'portable'), ('가정용', 'home'), ('전문가용', 'professional'), ('어린이', 'children''s'),
		('선물용', 'gift'), ('초경량', 'ultralight'), ('방수', 'waterproof'), ('저소음', 'quiet'), ('친환경', 'eco-friendly'),
		('수제', 'handmade'), ('빈티지', 'vintage'), ('모던한', 'modern'), ('클래식', 'classic'), ('슬림', 'slim'), ('컴팩트', 'compact'),
		('넉넉한', 'roomy'), ('부드러운', 'soft'), ('단단한', 'solid'), ('따뜻한', 'warm'), ('시원한', 'cool'), ('알뜰', 'thrifty'),
		('신형', 'new'), ('한정판', 'limited')) q (ko, en)
), syllable (n, ko, en) AS (
	SELECT row_number() OVER () - 1, ko, en FROM (VALUES
		('가람', 'garam'), ('나래', 'narae'), ('다솜', 'dasom'), ('라온', 'raon'), ('마루', 'maru'), ('바름', 'bareum'), ('새움', 'saeum'),
		('아라', 'ara'), ('자람', 'jaram'), ('차오름', 'chaoreum'), ('파란', 'paran'), ('하늬', 'hanui'), ('고운', 'goun'), ('누리', 'nuri'),
		('도담', 'dodam'), ('미르', 'mireu'), ('보람', 'boram'), ('슬기', 'seulgi'), ('윤슬', 'yunseul'), ('한별', 'hanbyeol')) s (ko, en)
), colour (n, code, ko) AS (
	SELECT row_number() OVER (ORDER BY colour) - 1, colour, max(colour_ko) FROM chatbot.product
	WHERE colour IS NOT NULL GROUP BY colour
), base AS (
	SELECT p.*, row_number() OVER (ORDER BY id) - 1 AS n, count(*) OVER () AS of,
		-- What it is, without who makes it.
		regexp_replace(name_ko, '^[^\s『]+ ', '') AS thing_ko, replace(name_en, brand || ' ', '') AS thing_en
	FROM chatbot.product p WHERE id ~ '^[a-z0-9_]+-[0-9]+$'
), made AS (
	SELECT b.*, m.m, ('x' || md5(b.id || '/' || m.m))::bit(32)::bigint & 2147483647 AS r
	FROM generate_series(0, coalesce(nullif(current_setting('moa.bench_products', true), ''), '100000')::bigint - 1) m (m)
	JOIN base b ON b.n = m.m % b.of
)
INSERT INTO chatbot.product (id, name_ko, name_en, brand, category, category_ko, category_en, colour, colour_ko, price_won,
	mall, url, image_url, keywords_ko, keywords_en, reason_ko, reason_en)
SELECT m.id || '-' || m.m,
	f.ko || s.ko || ' ' || q.ko || ' ' || m.thing_ko || ' ' || model, initcap(f.en || s.en) || ' ' || q.en || ' ' || m.thing_en || ' ' || model,
	initcap(f.en || s.en), m.category, m.category_ko, m.category_en, CASE WHEN m.colour IS NOT NULL THEN c.code END,
	CASE WHEN m.colour IS NOT NULL THEN c.ko END,
	greatest(1000, round(m.price_won * (60 + r % 191) / 100 / 100) * 100), m.mall, m.url || '-' || m.m, m.image_url,
	m.keywords_ko, m.keywords_en, m.reason_ko, m.reason_en
FROM made m
CROSS JOIN LATERAL (SELECT upper(left(md5(r::text), 2)) || r % 1000 AS model) o
JOIN quality q ON q.n = r / 7 % 30
JOIN syllable f ON f.n = r / 211 % 20
JOIN syllable s ON s.n = r / 4231 % 20
JOIN colour c ON c.n = r / 84631 % (SELECT count(*) FROM colour)
ON CONFLICT (id) DO NOTHING;

ANALYZE chatbot.product;
