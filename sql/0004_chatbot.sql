-- Chatbot: the product catalog and its search, and conversations: sessions, messages, turns.
--
-- Redis holds a copy of where each conversation stands (lib/flow.h); what is here decides.  A turn is acknowledged by
-- the one statement that adds its two messages and moves the session from one version to the next.

SET LOCAL ROLE moa_chatbot_owner;


-- A product somebody could buy.  Texts come in Korean and English; codes (category, colour) are lower-case English
-- words.
CREATE TABLE chatbot.product (
	id text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9_-]{1,40}$'),
	name_ko text NOT NULL,
	name_en text NOT NULL,
	brand text NOT NULL,
	category text NOT NULL CHECK (category ~ '^[a-z0-9_]{1,40}$'),
	category_ko text NOT NULL,
	category_en text NOT NULL,
	colour text CHECK (colour ~ '^[a-z]{1,20}$'),  -- null: it comes in no colour worth naming
	colour_ko text,
	price_won bigint NOT NULL CHECK (price_won > 0),
	mall text NOT NULL,
	url text NOT NULL CHECK (url ~ '^(https?://|/[^/])'),
	image_url text NOT NULL CHECK (image_url ~ '^(https?://|/[^/])'),
	keywords_ko text NOT NULL DEFAULT '',          -- further words people look for it by, separated by spaces
	keywords_en text NOT NULL DEFAULT '',
	reason_ko text NOT NULL,                       -- one honest sentence: what it is good for
	reason_en text NOT NULL,
	-- Hangul is decomposed into its letters, so that trigrams are of letters and a slip of one still finds the
	-- word.
	search text NOT NULL GENERATED ALWAYS AS (normalize(lower(
		name_ko || ' ' || name_en || ' ' || brand || ' ' || category_ko || ' ' || category_en || ' ' ||
		coalesce(colour_ko, '') || ' ' || coalesce(colour, '') || ' ' ||
		keywords_ko || ' ' || keywords_en), NFD)) STORED
);
CREATE INDEX product_search ON chatbot.product USING gin (search gin_trgm_ops);
CREATE INDEX product_category ON chatbot.product (category, price_won);
CREATE INDEX product_price ON chatbot.product (price_won);


-- A conversation.  flow is where it stands, as the assistant needs it to go on: the members of struct flow, all
-- strings.
CREATE TABLE chatbot.session (
	id text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9_-]{22}$'),  -- 128 random bits: nobody guesses it
	customer_id uuid NOT NULL,
	version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),   -- turns so far; the fence of the next one
	flow jsonb NOT NULL CHECK (jsonb_typeof(flow) = 'object'),
	state text NOT NULL GENERATED ALWAYS AS (flow->>'state') STORED CHECK (state IN
		('mood_check', 'hobby_check', 'choose', 'recommendation', 're_recommendation', 'done')),
	language text NOT NULL GENERATED ALWAYS AS (flow->>'language') STORED CHECK (language IN ('ko', 'en')),
	outcome text GENERATED ALWAYS AS (nullif(flow->>'outcome', '')) STORED
		CHECK (outcome IN ('accepted', 'declined', 'dashboard')),
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	updated_at timestamptz NOT NULL DEFAULT moa.now()
);
CREATE INDEX session_customer ON chatbot.session (customer_id, created_at DESC, id DESC);


-- What was said, by whom, in order.  detail is what came with the assistant's words: state, choices, products,
-- engine, outcome, link.
CREATE TABLE chatbot.message (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	session_id text NOT NULL REFERENCES chatbot.session ON DELETE CASCADE,
	position bigint NOT NULL CHECK (position >= 0),  -- 0 is the greeting, then question and answer by turns
	role text NOT NULL CHECK (role IN ('customer', 'assistant')),
	text text NOT NULL,
	detail jsonb CHECK ((detail IS NOT NULL) = (role = 'assistant')),
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	UNIQUE (session_id, position)
);


-- A turn: a customer's message and its answer, found again by the id the client gave the message.
CREATE TABLE chatbot.turn (
	session_id text NOT NULL REFERENCES chatbot.session ON DELETE CASCADE,
	client_message_id uuid NOT NULL,
	question_id uuid NOT NULL REFERENCES chatbot.message ON DELETE CASCADE,
	answer_id uuid NOT NULL REFERENCES chatbot.message ON DELETE CASCADE,
	PRIMARY KEY (session_id, client_message_id)
);
CREATE INDEX turn_question ON chatbot.turn (question_id);
CREATE INDEX turn_answer ON chatbot.turn (answer_id);


-- What a conversation has shown; the key sees to it that nothing is shown twice.  The product may have left the
-- catalog.
CREATE TABLE chatbot.shown (
	session_id text NOT NULL REFERENCES chatbot.session ON DELETE CASCADE,
	product_id text NOT NULL,
	PRIMARY KEY (session_id, product_id)
);


-- What the customer thought of an answer; the last word counts.
CREATE TABLE chatbot.feedback (
	message_id uuid PRIMARY KEY REFERENCES chatbot.message ON DELETE CASCADE,
	rating smallint NOT NULL CHECK (rating IN (-1, 1)),
	comment text,
	given_at timestamptz NOT NULL DEFAULT moa.now()
);


-- chatbot.turn_json(answer): the answer as clients get it, the first time and at every repeat.
CREATE FUNCTION chatbot.turn_json(answer chatbot.message) RETURNS json
LANGUAGE sql STABLE AS $$
	SELECT json_build_object(
		'message_id', answer.id, 'state', answer.detail->'state', 'reply', answer.text,
		'choices', answer.detail->'choices', 'products', answer.detail->'products',
		'engine', answer.detail->'engine', 'outcome', answer.detail->'outcome', 'link', answer.detail->'link')
$$;

-- chatbot.session_json(s): a conversation as lists show it.
CREATE FUNCTION chatbot.session_json(s chatbot.session) RETURNS jsonb
LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object(
		'id', s.id, 'state', s.state, 'language', s.language, 'outcome', s.outcome, 'turns', s.version,
		'created_at', moa.rfc3339(s.created_at), 'updated_at', moa.rfc3339(s.updated_at))
$$;

-- chatbot.lock_customer(customer): until the end of the transaction no conversation of theirs begins.
CREATE FUNCTION chatbot.lock_customer(customer uuid) RETURNS void
LANGUAGE sql AS $$
	SELECT pg_advisory_xact_lock(hashtextextended('chatbot.lock_customer ' || customer, 0))
$$;

-- chatbot.open_session(…): a new conversation with its greeting; conflict when the customer keeps 100 already,
-- token_invalid when they have left, for their token may be good a little longer.
CREATE FUNCTION chatbot.open_session(new_id text, customer uuid, new_flow jsonb, greeting text, new_detail jsonb,
	OUT code text, OUT result json)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM chatbot.lock_customer(customer);
	IF NOT EXISTS (SELECT FROM auth.profile(ARRAY[customer])) THEN
		code := 'token_invalid';
		RETURN;
	ELSIF (SELECT count(*) FROM chatbot.session WHERE customer_id = customer) >= 100 THEN
		code := 'conflict';
		RETURN;
	END IF;
	INSERT INTO chatbot.session (id, customer_id, flow) VALUES (new_id, customer, new_flow);
	INSERT INTO chatbot.message (session_id, position, role, text, detail)
	VALUES (new_id, 0, 'assistant', greeting, new_detail);
	result := json_build_object('id', new_id, 'state', new_detail->'state', 'language', new_flow->'language',
		'reply', greeting, 'choices', new_detail->'choices');
END
$$;

-- chatbot.sessions(customer, cursor, most): the customer's conversations, newest first; invalid_cursor.  A cursor
-- is the time and id of the last one seen, so that conversations which go on, begin or are deleted meanwhile move
-- nothing.
CREATE FUNCTION chatbot.sessions(customer uuid, cursor text, most integer, OUT code text, OUT result json)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	after_at timestamptz := 'infinity';
	after_id text := '';
BEGIN
	IF cursor !~ '^0[0-9a-f]{15}[.][A-Za-z0-9_-]{22}$' THEN
		code := 'invalid_cursor';
		RETURN;
	ELSIF cursor IS NOT NULL THEN
		after_at := to_timestamp(0) + ('x' || left(cursor, 16))::bit(64)::bigint * interval '1 microsecond';
		after_id := substr(cursor, 18);
	END IF;
	WITH page AS (
		SELECT s.*, row_number() OVER (ORDER BY s.created_at DESC, s.id DESC) AS n
		FROM chatbot.session s
		WHERE s.customer_id = customer AND (s.created_at, s.id) < (after_at, after_id)
		ORDER BY s.created_at DESC, s.id DESC LIMIT most + 1
	)
	SELECT json_build_object(
		'items', coalesce(json_agg(chatbot.session_json(s) ORDER BY p.n) FILTER (WHERE p.n <= most), '[]'),
		'next_cursor', CASE WHEN count(*) > most THEN max(
			lpad(to_hex((extract(epoch FROM p.created_at) * 1000000)::bigint), 16, '0') || '.' || p.id)
			FILTER (WHERE p.n = most) END)
	INTO result FROM page p JOIN chatbot.session s USING (id);
END
$$;

-- chatbot.messages(customer, in_session, cursor, most): what was said, oldest first; not_found, invalid_cursor.
CREATE FUNCTION chatbot.messages(customer uuid, in_session text, cursor text, most integer,
	OUT code text, OUT result json)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	after bigint := -1;
BEGIN
	IF NOT EXISTS (SELECT FROM chatbot.session s WHERE s.id = in_session AND s.customer_id = customer) THEN
		code := 'not_found';
		RETURN;
	ELSIF cursor !~ '^m[0-9]{1,18}$' THEN
		code := 'invalid_cursor';
		RETURN;
	ELSIF cursor IS NOT NULL THEN
		after := substr(cursor, 2)::bigint;
	END IF;
	WITH page AS (
		SELECT m.*, f.rating, row_number() OVER (ORDER BY m.position) AS n
		FROM chatbot.message m LEFT JOIN chatbot.feedback f ON f.message_id = m.id
		WHERE m.session_id = in_session AND m.position > after
		ORDER BY m.position LIMIT most + 1
	)
	SELECT json_build_object(
		'items', coalesce(json_agg(
			jsonb_build_object('id', p.id, 'role', p.role, 'text', p.text,
				'created_at', moa.rfc3339(p.created_at))
			|| CASE p.role WHEN 'assistant'
				THEN p.detail || jsonb_build_object('rating', p.rating) ELSE '{}' END
			ORDER BY p.n) FILTER (WHERE p.n <= most), '[]'),
		'next_cursor', CASE WHEN count(*) > most THEN 'm' || max(p.position) FILTER (WHERE p.n = most) END)
	INTO result FROM page p;
END
$$;

-- chatbot.find_products(…): up to 40 products for a conversation, best first, none dearer than cap_won, none shown
-- before.
--
-- fit says how well one meets the wish: 0 in all; 1 the right kind, but not the colour; 2 the right kind, but
-- dearer or cheaper than wished; 3 not the kind, but of a category looked for or of the customer's interests; 4
-- something else. The caller prefers the lower and says so when it had to give way.  cap_won, floor_won, unwanted
-- brands and unwanted words are never given way.
CREATE FUNCTION chatbot.find_products(
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
LANGUAGE sql STABLE SET pg_trgm.word_similarity_threshold = 0.6 AS $$
	WITH word AS (
		SELECT normalize(lower(t), NFD) AS word FROM unnest(terms) t
	), hit AS MATERIALIZED (
		SELECT p.id, word_similarity(w.word, p.search) AS closeness
		FROM word w JOIN chatbot.product p ON w.word <% p.search
	), named AS (
		-- All of the words count, the best one most.
		SELECT h.id, max(closeness) AS closeness,
			0.6 * max(closeness) + 0.4 * sum(closeness) / cardinality(terms) AS match
		FROM hit h GROUP BY h.id
	), kind AS (
		-- Where the catalog has the very word, only that is the kind: a trip is no tripod.  Where it has
		-- not, words spelt almost like it are, and the categories.
		SELECT coalesce(max(closeness), 0) >= 0.8 AS is_known, 0.8 * coalesce(max(closeness), 0) AS close_enough
		FROM named
	), candidate AS (
		SELECT n.id FROM named n
		UNION
		SELECT p.id FROM chatbot.product p WHERE p.category = ANY (topics || nearby)
		UNION
		(SELECT p.id FROM chatbot.product p WHERE p.price_won <= aim_won ORDER BY p.price_won DESC LIMIT 200)
		UNION
		(SELECT p.id FROM chatbot.product p WHERE p.price_won > aim_won ORDER BY p.price_won LIMIT 200)
	), judged AS (
		SELECT p.*, coalesce(n.match, 0) AS match,
			n.closeness >= k.close_enough OR (NOT k.is_known AND p.category = ANY (topics))
				OR cardinality(terms || topics) = 0 AS is_kind,
			p.category = ANY (topics) AS is_topic,
			p.category = ANY (topics || nearby) AS is_near,
			(wanted_colour IS NULL OR p.colour IS NOT DISTINCT FROM wanted_colour) AND
			(cardinality(unwanted_colours) = 0 OR p.colour <> ALL (unwanted_colours)) IS TRUE AS is_colour,
			(wanted_below_won = 0 OR p.price_won < wanted_below_won) AND
			p.price_won >= wanted_from_won AS is_price,
			-- A little chance, the same throughout a conversation: not everybody sees the same three.
			('x' || substr(md5(in_session || p.id), 1, 4))::bit(16)::integer / 65535.0 AS luck
		FROM kind k, candidate JOIN chatbot.product p USING (id) LEFT JOIN named n USING (id)
		WHERE p.price_won BETWEEN floor_won AND cap_won
		AND lower(p.brand) <> ALL (unwanted_brands)
		-- Not by its keywords: those of a category hold for its neighbours, too.
		AND NOT EXISTS (
			SELECT FROM unnest(unwanted_words) u
			WHERE strpos(lower(concat_ws(' ', p.name_ko, p.name_en, p.brand, p.category_ko, p.category_en)),
			             lower(normalize(u, NFC))) > 0)
		AND NOT EXISTS (SELECT FROM chatbot.shown s WHERE s.session_id = in_session AND s.product_id = p.id)
	), fitted AS (
		SELECT j.*, CASE
			WHEN is_kind
			THEN CASE WHEN NOT is_price THEN 2 WHEN NOT is_colour THEN 1 ELSE 0 END
			WHEN is_near THEN 3 ELSE 4 END AS fit
		FROM judged j
	)
	SELECT f.id, f.fit,
		match + CASE WHEN is_topic THEN 0.5 WHEN is_near THEN 0.2 ELSE 0 END
		+ 0.3 * (1 - least(abs(f.price_won - aim_won)::float8 / greatest(aim_won, 1), 1)) + 0.1 * luck AS score
	FROM fitted f ORDER BY fit, score DESC, f.id LIMIT 40
$$;

-- chatbot.erase(customer): somebody has left: everything they said goes, after what is just beginning.  Copies in Redis
-- end by themselves within a day.
CREATE FUNCTION chatbot.erase(customer uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = chatbot, pg_temp AS $$
	SELECT lock_customer(customer);
	DELETE FROM session WHERE customer_id = customer
$$;


GRANT SELECT ON chatbot.product TO moa_chatbot;
GRANT SELECT, INSERT, UPDATE, DELETE ON chatbot.session TO moa_chatbot;
GRANT SELECT, INSERT ON chatbot.message, chatbot.turn, chatbot.shown TO moa_chatbot;
GRANT SELECT, INSERT, UPDATE ON chatbot.feedback TO moa_chatbot;
GRANT USAGE ON TYPE chatbot.message, chatbot.session TO moa_chatbot;
GRANT EXECUTE ON FUNCTION
	chatbot.lock_customer(uuid),
	chatbot.turn_json(chatbot.message), chatbot.session_json(chatbot.session),
	chatbot.open_session(text, uuid, jsonb, text, jsonb),
	chatbot.sessions(uuid, text, integer), chatbot.messages(uuid, text, text, integer),
	chatbot.find_products(text, bigint, bigint, bigint, bigint, bigint, text[], text[], text[], text, text[],
		text[], text[])
	TO moa_chatbot;
GRANT USAGE ON SCHEMA chatbot TO moa_worker;
GRANT EXECUTE ON FUNCTION chatbot.erase(uuid) TO moa_worker;
