-- Product search for large catalogs: words instead of trigrams of whole texts, and bounded looks at prices near the aim.
--
-- A search looks up the words of the wish, and where the catalog has no such word, those spelt almost like it; fetches a few
-- hundred products of these words and of the categories wished for, nearest in price; and judges only these.  What it
-- needs to know of a product stands in chatbot.listing, whose rows are narrow enough to stay in memory.

CREATE EXTENSION IF NOT EXISTS fuzzystrmatch SCHEMA public;

SET LOCAL ROLE moa_chatbot_owner;


-- chatbot.tokens(t): the words in a text, in lower case, Hangul composed.
CREATE FUNCTION chatbot.tokens(t text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE AS $$
	SELECT w FROM regexp_split_to_table(lower(normalize(t, NFC)) COLLATE "C", '[^0-9a-z가-힣]+') w WHERE w <> ''
$$;

-- chatbot.forms(w): the word, which is whole, and what of it is looked for, too: Hangul compounds are written in one, so their
-- beginnings and ends (무선이어폰 is an 이어폰); of English plurals the singular.
CREATE FUNCTION chatbot.forms(w text) RETURNS TABLE (form text, whole boolean)
LANGUAGE sql IMMUTABLE AS $$
	SELECT w, true
	UNION ALL SELECT f, false FROM generate_series(2, length(w) - 1) n, unnest(ARRAY[left(w, n), right(w, n)]) f
		WHERE w >= '가' COLLATE "C"
	UNION ALL SELECT left(w, -1), true WHERE w ~ '^[a-z]{3,}[^s]s$'
$$;

-- chatbot.word_key(w): a word as a number, from 0 up.
CREATE FUNCTION chatbot.word_key(w text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT hashtext(w) & 2147483647 $$;

-- chatbot.price_key(price, steps): the price's place on a scale of so many steps for every e-fold, as a number below 0, so that
-- it stands among word_keys.  There are two scales: of 48, each step 2 %, and of 6, each 18 %.
CREATE FUNCTION chatbot.price_key(price bigint, steps integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT -100000 * steps - floor(ln(greatest(price, 1)) * steps)::integer $$;

-- The words there are, and how many products have them, for finding those that were meant.
CREATE TABLE chatbot.word (
	word text PRIMARY KEY,
	letters text,  -- Hangul decomposed; null: no letters, too few to tell a slip, or only ever part of a word
	products bigint NOT NULL CHECK (products >= 0)
);
CREATE INDEX word_letters ON chatbot.word USING gin (letters gin_trgm_ops) WITH (fastupdate = off);

-- What the search looks at: a product's row of chatbot.product in short, kept by triggers there.
CREATE TABLE chatbot.listing (
	product_id text PRIMARY KEY,
	category text NOT NULL,
	price_won bigint NOT NULL,
	colour text,
	brand text NOT NULL,   -- in lower case, as is the next
	title text NOT NULL,   -- names and brand, and in a second line the names of the category
	keys integer[] NOT NULL  -- word_keys of all its words in all forms, and its two price_keys
);
CREATE INDEX listing_keys ON chatbot.listing USING gin (keys) WITH (fastupdate = off);
CREATE INDEX listing_category ON chatbot.listing (category, price_won);
CREATE INDEX listing_price ON chatbot.listing (price_won);


-- chatbot.words_of(p): all words of a product, in all forms, some more than once.
CREATE FUNCTION chatbot.words_of(p chatbot.product) RETURNS TABLE (word text, whole boolean)
LANGUAGE sql STABLE AS $$
	SELECT f.form, f.whole FROM chatbot.tokens(concat_ws(' ', p.name_ko, p.name_en, p.brand, p.category_ko, p.category_en,
		p.colour_ko, p.colour, p.keywords_ko, p.keywords_en)) t, chatbot.forms(t) f
$$;

-- chatbot.list_products(): keeps listing and words when the catalog changes, which is loaded by one at a time.
CREATE FUNCTION chatbot.list_products() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = chatbot, pg_temp AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('chatbot.list_products', 0));
	IF TG_OP = 'TRUNCATE' THEN
		DELETE FROM listing;
		DELETE FROM word;
		RETURN NULL;
	END IF;
	IF TG_OP IN ('UPDATE', 'DELETE') AND EXISTS (SELECT FROM listing) THEN
		DELETE FROM listing l USING removed r WHERE l.product_id = r.id;
		UPDATE word w SET products = greatest(w.products - g.n, 0)
		FROM (SELECT o.word, count(DISTINCT r.id) AS n FROM removed r, words_of(r::product) o GROUP BY o.word) g
		WHERE w.word = g.word;
	END IF;
	IF TG_OP IN ('UPDATE', 'INSERT') THEN
		WITH worded AS MATERIALIZED (
			SELECT a.*, o.words, o.wholes FROM added a CROSS JOIN LATERAL (
				SELECT array_agg(g.word) AS words, array_agg(g.whole) AS wholes
				FROM (SELECT o.word, bool_or(o.whole) AS whole FROM words_of(a::product) o GROUP BY o.word) g
			) o
		), listed AS (
			INSERT INTO listing
			SELECT a.id, a.category, a.price_won, a.colour, lower(a.brand),
				lower(normalize(format(E'%s %s %s\n%s %s', a.name_ko, a.name_en, a.brand, a.category_ko, a.category_en), NFC)),
				ARRAY(SELECT word_key(w) FROM unnest(a.words) w) || price_key(a.price_won, 48) || price_key(a.price_won, 6)
			FROM worded a
		)
		INSERT INTO word AS w (word, letters, products)
		SELECT o.word, CASE WHEN bool_or(o.whole) AND o.word ~ '^([가-힣]{2,20}|[a-z]{4,40})$' COLLATE "C" THEN normalize(o.word, NFD) END,
			count(*)
		FROM worded a, unnest(a.words, a.wholes) o (word, whole) GROUP BY o.word
		ON CONFLICT (word) DO UPDATE SET
			products = w.products + excluded.products, letters = coalesce(w.letters, excluded.letters);
	END IF;
	RETURN NULL;
END
$$;

CREATE TRIGGER product_inserted AFTER INSERT ON chatbot.product REFERENCING NEW TABLE AS added
	FOR EACH STATEMENT EXECUTE FUNCTION chatbot.list_products();
CREATE TRIGGER product_updated AFTER UPDATE ON chatbot.product REFERENCING OLD TABLE AS removed NEW TABLE AS added
	FOR EACH STATEMENT EXECUTE FUNCTION chatbot.list_products();
CREATE TRIGGER product_deleted AFTER DELETE ON chatbot.product REFERENCING OLD TABLE AS removed
	FOR EACH STATEMENT EXECUTE FUNCTION chatbot.list_products();
CREATE TRIGGER product_truncated AFTER TRUNCATE ON chatbot.product
	FOR EACH STATEMENT EXECUTE FUNCTION chatbot.list_products();

-- Nothing looks for trigrams in whole texts any more.
DROP INDEX chatbot.product_search;

-- List what is there already.
UPDATE chatbot.product SET id = id;


-- chatbot.sorted(letters): the letters in their order of the alphabet.
CREATE FUNCTION chatbot.sorted(letters text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT string_agg(c, '' ORDER BY c COLLATE "C") FROM string_to_table(letters, NULL) c $$;

-- chatbot.meant_words(terms): the words of the catalog that are meant by the words of a wish, at most 8 of these: nth of
-- them, the word, how close it is to what was written, and how many products have it.
--
-- The very word is meant where there is one.  Where hardly any product has it, two words written in one are, too, and where
-- there is neither, what is spelt almost like it: three letters in ten may be wrong, and Hangul counts by its letters.
CREATE FUNCTION chatbot.meant_words(terms text[])
RETURNS TABLE (nth integer, word text, closeness double precision, products bigint)
LANGUAGE plpgsql STABLE SET pg_trgm.similarity_threshold = 0.25 AS $$
#variable_conflict use_column
DECLARE
	token text;
	written text;  -- in letters
	exact bigint;  -- products that have the very word
BEGIN
	nth := 0;
	FOR token IN
		SELECT t.token FROM unnest(terms) WITH ORDINALITY u (term, n), chatbot.tokens(u.term) t (token)
		GROUP BY t.token ORDER BY min(u.n) LIMIT 8
	LOOP
		nth := nth + 1;
		-- Of English, number makes no difference.
		RETURN QUERY SELECT nth, w.word, 1.0::float8, w.products FROM chatbot.word w
			WHERE w.word IN (token, CASE WHEN token ~ '^[a-z]{4,}s$' THEN left(token, -1) END,
				CASE WHEN token ~ '^[a-z]{3,}$' THEN token || 's' END)
			AND w.products > 0;
		exact := (SELECT sum(w.products) FROM chatbot.word w WHERE w.word = token);
		CONTINUE WHEN exact >= 24 OR token !~ '^([가-힣]{2,20}|[a-z]{4,40})$' COLLATE "C";
		RETURN QUERY SELECT nth + (w.word <> left(token, s.k))::integer, w.word, 0.9::float8, w.products
			FROM (SELECT k FROM generate_series(2, length(token) - 2) k
				WHERE EXISTS (SELECT FROM chatbot.word w WHERE w.word = left(token, k) AND w.letters <> '' AND w.products > 0)
				AND EXISTS (SELECT FROM chatbot.word w WHERE w.word = substr(token, k + 1) AND w.letters <> '' AND w.products > 0)
				AND token >= '가' COLLATE "C" LIMIT 1) s, chatbot.word w
			WHERE w.word IN (left(token, s.k), substr(token, s.k + 1));
		nth := nth + FOUND::integer;
		CONTINUE WHEN FOUND OR exact > 0;
		written := normalize(token, NFD);
		RETURN QUERY SELECT nth, c.word, c.closeness, c.products FROM (
				SELECT w.word, w.products, 1 - CASE
					-- Two letters that have changed places are one slip.
					WHEN s.slips = 2 AND chatbot.sorted(w.letters) = chatbot.sorted(written) THEN 1
					ELSE s.slips END::float8 / greatest(length(written), length(w.letters)) AS closeness
				FROM chatbot.word w, public.levenshtein(written, w.letters) s (slips)
				WHERE w.letters OPERATOR(public.%) written AND w.products > 0
			) c WHERE c.closeness >= 0.7 ORDER BY c.closeness DESC, c.products DESC LIMIT 5;
	END LOOP;
END
$$;

-- chatbot.may_show(l, …): never shown, of no unwanted brand, without unwanted words.
CREATE FUNCTION chatbot.may_show(l chatbot.listing, shown text[], unwanted_brands text[], unwanted_patterns text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT l.product_id <> ALL (shown) AND l.brand <> ALL (unwanted_brands) AND l.title NOT LIKE ALL (unwanted_patterns)
$$;

-- chatbot.is_colour(colour, wanted, unwanted): is it the colour wished for (null: any), and none that was turned down?
CREATE FUNCTION chatbot.is_colour(colour text, wanted text, unwanted text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT (wanted IS NULL OR colour IS NOT DISTINCT FROM wanted)
		AND (cardinality(unwanted) = 0 OR colour <> ALL (unwanted)) IS TRUE
$$;

-- chatbot.find_products(…): up to 24 products for a conversation, best first, none dearer than cap_won, none shown before.
--
-- fit says how well one meets the wish: 0 in all; 1 the right kind, but not the colour; 2 the right kind, but dearer or
-- cheaper than wished; 3 not the kind, but of a category looked for or of the customer's interests; 4 something else. The
-- caller prefers the lower and says so when it had to give way.  cap_won, floor_won, unwanted brands and unwanted words are
-- never given way.
CREATE OR REPLACE FUNCTION chatbot.find_products(
	in_session text,
	cap_won bigint,
	floor_won bigint,
	aim_won bigint,            -- the price that suits best
	wanted_below_won bigint,   -- 0: any
	wanted_from_won bigint,
	terms text[],              -- words looked for, as the customer wrote them
	topics text[],             -- categories looked for
	nearby text[],             -- categories of the customer's interests
	wanted_colour text,        -- null: any
	unwanted_colours text[],
	unwanted_brands text[],    -- lower case
	unwanted_words text[])
RETURNS TABLE (id text, fit integer, score double precision)
LANGUAGE plpgsql STABLE ROWS 24 SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
	shown text[] := ARRAY(SELECT s.product_id FROM chatbot.shown s WHERE s.session_id = in_session);
	unwanted text[] := ARRAY(SELECT '%' || regexp_replace(lower(normalize(u, NFC)), '([\\%_])', '\\\1', 'g') || '%'
		FROM unnest(unwanted_words) u WHERE u <> '');
	-- The words that are meant, side by side, and the keys of those meant by each of the first four words of the wish.
	meant_nths integer[];
	meant_words text[];
	meant_keys integer[];
	meant_closes float8[];
	keys_1 integer[];
	keys_2 integer[];
	keys_3 integer[];
	keys_4 integer[];
	best float8;    -- the closest of them
	listed bigint;  -- products that have them
	asked integer;  -- words of the wish
	-- Where to look first: at the aim, or at the price nearest to it that is wished for.
	centre bigint := greatest(least(aim_won, cap_won, coalesce(nullif(wanted_below_won, 0) - 1, cap_won)),
		wanted_from_won, floor_won);
	bands integer[];       -- the steps of price around it that have enough products of one of the words
	wide_bands integer[];  -- and of all the words
	coloured boolean := wanted_colour IS NOT NULL OR cardinality(unwanted_colours) > 0;
	anything boolean := cardinality(terms || topics) = 0;
BEGIN
	SELECT coalesce(array_agg(m.nth), '{}'), coalesce(array_agg(m.word), '{}'),
		coalesce(array_agg(chatbot.word_key(m.word)), '{}'), coalesce(array_agg(m.closeness), '{}'),
		array_agg(chatbot.word_key(m.word)) FILTER (WHERE m.nth = 1), array_agg(chatbot.word_key(m.word)) FILTER (WHERE m.nth = 2),
		array_agg(chatbot.word_key(m.word)) FILTER (WHERE m.nth = 3), array_agg(chatbot.word_key(m.word)) FILTER (WHERE m.nth = 4),
		coalesce(max(m.closeness), 0), coalesce(sum(m.products), 0), greatest(max(m.nth), cardinality(terms))
	INTO meant_nths, meant_words, meant_keys, meant_closes, keys_1, keys_2, keys_3, keys_4, best, listed, asked
	FROM chatbot.meant_words(terms) m;
	-- Prices spread over some 150 steps of 2 %, or 20 of 18 %; 150 products are enough, and rare words need no steps.
	bands := CASE WHEN listed >= 3000 THEN
		ARRAY(SELECT chatbot.price_key(centre, 48) + b FROM generate_series(-1 - 5600 / listed, 1 + 5600 / listed) b)
		ELSE ARRAY(SELECT chatbot.price_key(centre, 6) + b FROM generate_series(-1 - 600 / (listed + 1), 1 + 600 / (listed + 1)) b
		WHERE listed >= 400) END;
	wide_bands := ARRAY(SELECT chatbot.price_key(centre, 6) + b FROM generate_series(-2, 2) b);

	-- One plan for all wishes: adding 0 keeps a bitmap of all affordable products out of it, and comparing rows of two columns
	-- makes it walk the index and stop.
	RETURN QUERY
	WITH all_words AS MATERIALIZED (
		SELECT l.* FROM chatbot.listing l
		WHERE keys_2 IS NOT NULL AND l.keys && keys_1 AND l.keys && keys_2 AND l.keys && coalesce(keys_3, keys_1)
		AND l.keys && coalesce(keys_4, keys_1) AND l.keys && wide_bands
		AND l.price_won + 0 BETWEEN floor_won AND cap_won
		AND chatbot.may_show(l, shown, unwanted_brands, unwanted)
		ORDER BY chatbot.is_colour(l.colour, wanted_colour, unwanted_colours) DESC, abs(l.price_won - centre) LIMIT 60
	), near_words AS MATERIALIZED (
		SELECT l.* FROM chatbot.listing l
		WHERE listed >= 400 AND (SELECT count(*) FROM all_words) < 60 AND l.keys && meant_keys AND l.keys && bands
		AND l.price_won + 0 BETWEEN floor_won AND cap_won
		AND chatbot.may_show(l, shown, unwanted_brands, unwanted)
		ORDER BY chatbot.is_colour(l.colour, wanted_colour, unwanted_colours) DESC, abs(l.price_won - centre) LIMIT 120
	), far_words AS MATERIALIZED (
		SELECT l.* FROM chatbot.listing l
		WHERE listed > 0 AND (SELECT count(*) FROM all_words) + (SELECT count(*) FROM near_words) < 24 AND l.keys && meant_keys
		AND l.price_won + 0 BETWEEN floor_won AND cap_won
		AND chatbot.may_show(l, shown, unwanted_brands, unwanted)
		ORDER BY chatbot.is_colour(l.colour, wanted_colour, unwanted_colours) DESC, abs(l.price_won - centre) LIMIT 120
	), in_topics AS MATERIALIZED (
		SELECT l.* FROM (SELECT DISTINCT c FROM unnest(topics || nearby) c LIMIT 12) c CROSS JOIN LATERAL (
			(SELECT l.* FROM chatbot.listing l WHERE (l.category, l.price_won) <= (c.c, centre)
			AND (l.category, l.price_won) >= (c.c, floor_won)
			AND chatbot.may_show(l, shown, unwanted_brands, unwanted)
			ORDER BY l.category DESC, l.price_won DESC LIMIT 30)
			UNION ALL
			(SELECT l.* FROM chatbot.listing l WHERE (l.category, l.price_won) > (c.c, centre)
			AND (l.category, l.price_won) <= (c.c, cap_won)
			AND chatbot.may_show(l, shown, unwanted_brands, unwanted)
			ORDER BY l.category, l.price_won LIMIT 30)
			UNION ALL
			(SELECT l.* FROM chatbot.listing l WHERE coloured AND (l.category, l.price_won) <= (c.c, centre)
			AND (l.category, l.price_won) >= (c.c, floor_won)
			AND chatbot.is_colour(l.colour, wanted_colour, unwanted_colours)
			AND chatbot.may_show(l, shown, unwanted_brands, unwanted)
			ORDER BY l.category DESC, l.price_won DESC LIMIT 15)
			UNION ALL
			(SELECT l.* FROM chatbot.listing l WHERE coloured AND (l.category, l.price_won) > (c.c, centre)
			AND (l.category, l.price_won) <= (c.c, cap_won)
			AND chatbot.is_colour(l.colour, wanted_colour, unwanted_colours)
			AND chatbot.may_show(l, shown, unwanted_brands, unwanted)
			ORDER BY l.category, l.price_won LIMIT 15)
		) l
	), of_kind AS MATERIALIZED (
		SELECT * FROM all_words UNION ALL SELECT * FROM near_words UNION ALL SELECT * FROM far_words
		UNION ALL SELECT * FROM in_topics
	), any_kind AS MATERIALIZED (
		(SELECT l.* FROM chatbot.listing l WHERE (anything OR (SELECT count(*) FROM of_kind) < 24)
		AND l.price_won <= centre AND l.price_won >= floor_won
		AND chatbot.may_show(l, shown, unwanted_brands, unwanted)
		ORDER BY l.price_won DESC LIMIT 60)
		UNION ALL
		(SELECT l.* FROM chatbot.listing l WHERE (anything OR (SELECT count(*) FROM of_kind) < 24)
		AND l.price_won > centre AND l.price_won <= cap_won
		AND chatbot.may_show(l, shown, unwanted_brands, unwanted)
		ORDER BY l.price_won LIMIT 60)
	), candidate AS (
		SELECT DISTINCT ON (product_id) * FROM (SELECT * FROM of_kind UNION ALL SELECT * FROM any_kind) c
	), named AS (
		-- All of the words count, the best one most, and more where the very name has it.
		SELECT c.*, coalesce(m.closeness, 0) AS closeness,
			coalesce(0.4 * m.closeness + (0.5 * m.sum + 0.2 * m.titled) / asked, 0) AS match,
			c.category = ANY (topics) AS is_topic, c.category = ANY (topics || nearby) AS is_near
		FROM candidate c CROSS JOIN LATERAL (
			SELECT max(n.closeness) AS closeness, sum(n.closeness) AS sum, sum(n.titled) AS titled
			FROM (
				SELECT max(w.closeness) AS closeness, max((strpos(split_part(c.title, E'\n', 1), w.word) > 0)::integer) AS titled
				FROM unnest(meant_nths, meant_words, meant_keys, meant_closes) w (nth, word, key, closeness)
				WHERE w.key = ANY (c.keys) GROUP BY w.nth
			) n
		) m
	), fitted AS (
		SELECT n.product_id, n.category, n.brand, CASE
			-- Where the catalog has the very word, only that is the kind: a trip is no tripod.  Where it has not, words
			-- spelt almost like it are, and the categories.
			WHEN anything OR (n.closeness > 0 AND n.closeness >= 0.8 * best) OR (best < 0.8 AND n.is_topic) THEN CASE
				WHEN (wanted_below_won > 0 AND n.price_won >= wanted_below_won) OR n.price_won < wanted_from_won THEN 2
				WHEN NOT chatbot.is_colour(n.colour, wanted_colour, unwanted_colours) THEN 1
				ELSE 0 END
			WHEN n.is_near THEN 3 ELSE 4 END AS fit,
			n.match + CASE WHEN n.is_topic THEN 0.5 WHEN n.is_near THEN 0.2 ELSE 0 END
			+ 0.3 * (1 - least(abs(n.price_won - aim_won)::float8 / greatest(aim_won, 1), 1))
			-- A little chance, the same throughout a conversation: not everybody sees the same three.
			+ 0.1 * (hashtext(in_session || n.product_id) & 65535) / 65535.0 AS score
		FROM named n
	), ranked AS (
		SELECT f.*, row_number() OVER (PARTITION BY f.fit, f.brand ORDER BY f.score DESC, f.product_id) AS of_brand,
			row_number() OVER (PARTITION BY f.fit, f.category ORDER BY f.score DESC, f.product_id) AS of_category
		FROM fitted f
	)
	-- Those that follow many of their brand and category make room for others.
	SELECT r.product_id, r.fit, r.score FROM ranked r
	ORDER BY r.fit, r.score - 0.05 * (r.of_brand - 1) - 0.01 * (r.of_category - 1) DESC, r.product_id LIMIT 24;
END
$$;

-- chatbot.kind_from(terms, topics, unwanted_brands): the least price of what is wished for, of what has all of its words, whatever
-- was shown and whoever asks; null when the catalog has nothing of the kind.
CREATE FUNCTION chatbot.kind_from(terms text[], topics text[], unwanted_brands text[]) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
	nths integer[];
	meant_keys integer[];
BEGIN
	SELECT array_agg(m.nth), array_agg(chatbot.word_key(m.word)) INTO nths, meant_keys
	FROM chatbot.meant_words(terms) m WHERE m.closeness >= 0.8;
	IF meant_keys IS NULL THEN
		RETURN (SELECT min(l.price_won) FROM chatbot.listing l
			WHERE l.category = ANY (topics) AND l.brand <> ALL (unwanted_brands));
	END IF;
	RETURN (SELECT min(l.price_won) FROM chatbot.listing l
		WHERE l.keys && meant_keys AND l.brand <> ALL (unwanted_brands)
		AND (SELECT count(DISTINCT k.nth) FROM unnest(nths, meant_keys) k (nth, key) WHERE k.key = ANY (l.keys))
			>= cardinality(terms));
END
$$;

GRANT SELECT ON chatbot.word, chatbot.listing TO moa_chatbot;
GRANT EXECUTE ON FUNCTION chatbot.tokens(text), chatbot.sorted(text), chatbot.word_key(text), chatbot.price_key(bigint, integer), chatbot.meant_words(text[]),
	chatbot.kind_from(text[], text[], text[]),
	chatbot.may_show(chatbot.listing, text[], text[], text[]), chatbot.is_colour(text, text, text[]) TO moa_chatbot;
