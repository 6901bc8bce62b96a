-- The feed: shorts in an order that is made every minute and then stays as it is, so that who has begun to look through it meets
-- each short once, whatever is liked, made, hidden or ranked anew meanwhile.

SET LOCAL ROLE moa_shorts_owner;

GRANT USAGE ON SCHEMA shorts TO moa_worker;


-- The best shorts as they were ranked at one time, in two long values of which a page reads a few bytes.
CREATE TABLE shorts.page_set (
	number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	made_at timestamptz NOT NULL,
	size integer NOT NULL,
	ids bytea NOT NULL,   -- 16 bytes of each, the best first
	facts bytea NOT NULL  -- 16 bytes of each: likes, comments, whole hours of age, and whether it has a tag, as they were then
);
-- Not compressed: a part of it can be read by itself.
ALTER TABLE shorts.page_set ALTER ids SET STORAGE EXTERNAL;


-- shorts.age_h(created_at, now): whole hours, none for what is yet to come; no more than make a difference to a score.
CREATE FUNCTION shorts.age_h(created_at timestamptz, now timestamptz) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
	SELECT least(greatest(floor(date_part('epoch', now - created_at) / 3600), 0), 20000)
$$;

-- shorts.score(likes, comments, tagged, age_h): what the feed is ranked by, in millionths: what is as good is the same number.
CREATE FUNCTION shorts.score(likes bigint, comments bigint, tagged boolean, age_h double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
	SELECT round((1.5 * ln(1 + likes::double precision) + 1.2 * ln(1 + comments::double precision)
		+ CASE WHEN tagged THEN 1.2 ELSE 0 END + 5 * exp(-age_h / 72)) * 1000000)
$$;

-- shorts.make_page_set(): rank what everybody may see, at most once a minute however many workers ask for it; nothing when it was
-- not due.  A set can be read for a day after the next one was made.
CREATE FUNCTION shorts.make_page_set(OUT number bigint, OUT size integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	most CONSTANT integer := 5000;
	now timestamptz := moa.now();
	last timestamptz;
BEGIN
	IF NOT pg_try_advisory_xact_lock(hashtextextended('shorts.make_page_set', 0)) THEN
		RETURN;
	END IF;
	SELECT s.made_at INTO last FROM page_set s ORDER BY s.number DESC LIMIT 1;
	IF last > now - interval '1 minute' AND last <= now THEN
		RETURN;
	END IF;
	INSERT INTO page_set AS s (made_at, size, ids, facts)
	SELECT now, count(*), coalesce(string_agg(uuid_send(short_id), '' ORDER BY n), ''),
		coalesce(string_agg(int4send(least(likes, 2147483647)::integer) || int4send(least(comments, 2147483647)::integer)
			|| int4send(age_h(created_at, now)::integer) || int4send(tagged::integer), '' ORDER BY n), '')
	FROM (
		SELECT *, row_number() OVER (ORDER BY score DESC, created_at DESC, short_id DESC) AS n
		FROM (SELECT t.*, score(likes, comments, tagged, age_h(created_at, now)) FROM tally t WHERE live
			ORDER BY score DESC, created_at DESC, short_id DESC LIMIT most) best
	) ranked
	RETURNING s.number, s.size INTO number, size;
	DELETE FROM page_set s WHERE s.number < (SELECT max(o.number) FROM page_set o WHERE o.made_at <= now - interval '1 day');
END
$$;


-- shorts.cursor_at(at, id), shorts.cursor_read(cursor): a place in a list that is sorted by time and id, newest first.
-- cursor_read gives the place before all items for null, and nulls for what is not a cursor.
CREATE FUNCTION shorts.cursor_at(at timestamptz, id uuid) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT lpad(to_hex((extract(epoch FROM at) * 1000000)::bigint), 16, '0') || replace(id::text, '-', '')
$$;

CREATE FUNCTION shorts.cursor_read(p_cursor text, OUT at timestamptz, OUT id uuid)
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

-- shorts.ids_of(bytes): the ids that are in it, 16 bytes each.
CREATE FUNCTION shorts.ids_of(bytes bytea) RETURNS uuid[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN ARRAY(SELECT encode(substr(bytes, 1 + 16 * i, 16), 'hex')::uuid FROM generate_series(0, length(bytes) / 16 - 1) i);
END
$$;

-- shorts.feed_ranked(set, place, most): the next shorts of the set after so many that everybody may see still, and the place
-- after them.
CREATE FUNCTION shorts.feed_ranked(set bigint, size integer, INOUT place integer, most integer, OUT hits uuid[])
LANGUAGE plpgsql STABLE AS $$
DECLARE
	take integer;
BEGIN
	hits := '{}';
	WHILE cardinality(hits) < most AND place < size LOOP
		take := least(most - cardinality(hits), size - place);
		hits := hits || ARRAY(
			SELECT o.id FROM unnest(shorts.ids_of((SELECT substr(s.ids, 1 + 16 * feed_ranked.place, 16 * take)
				FROM shorts.page_set s WHERE s.number = set))) WITH ORDINALITY o (id, n)
			JOIN shorts.tally t ON t.short_id = o.id WHERE t.live ORDER BY o.n);
		place := place + take;
	END LOOP;
END
$$;

-- shorts.feed_newest(set, at, id, most): the newest shorts after that place that are not in the set.
CREATE FUNCTION shorts.feed_newest(set bigint, p_at timestamptz, p_id uuid, most integer) RETURNS uuid[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
	-- Read once as a whole, and not a piece of it for each id.
	members uuid[] := shorts.ids_of((SELECT s.ids || '' FROM shorts.page_set s WHERE s.number = set));
BEGIN
	RETURN ARRAY(SELECT t.short_id FROM shorts.tally t
		WHERE t.live AND (t.created_at, t.short_id) < (p_at, p_id) AND t.short_id NOT IN (SELECT unnest(members))
		ORDER BY t.created_at DESC, t.short_id DESC LIMIT most);
END
$$;

-- shorts.feed_scores(cards, set): these shorts with their scores and what those are made of: as of the set where they are in it,
-- as of now where not.
CREATE FUNCTION shorts.feed_scores(cards json, set bigint) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
	ids bytea;
	facts bytea;
	made_at timestamptz;
BEGIN
	SELECT s.ids || '', s.facts || '', s.made_at INTO ids, facts, made_at FROM shorts.page_set s WHERE s.number = set;
	RETURN (SELECT coalesce(json_agg(c.card || jsonb_build_object('score', shorts.score(f.likes, f.comments, f.tagged, f.age_h) / 1000000,
			'score_parts', jsonb_build_object(
				'likes', shorts.score(f.likes, 0, false, 20000) / 1000000, 'comments', shorts.score(0, f.comments, false, 20000) / 1000000,
				'tag', shorts.score(0, 0, f.tagged, 20000) / 1000000, 'recency', shorts.score(0, 0, false, f.age_h) / 1000000,
				'ranked_at', CASE WHEN o.at IS NOT NULL THEN moa.rfc3339(made_at) END)) ORDER BY c.n), '[]')
		FROM jsonb_array_elements(cards::jsonb) WITH ORDINALITY c (card, n)
		JOIN shorts.tally t ON t.short_id = (c.card->>'id')::uuid
		LEFT JOIN unnest(shorts.ids_of(ids)) WITH ORDINALITY o (id, at) ON o.id = t.short_id,
		LATERAL (SELECT encode(substr(facts, (16 * o.at - 15)::integer, 16), 'hex') AS hex) h,
		LATERAL (SELECT
			coalesce(('x' || substr(hex, 1, 8))::bit(32)::integer, t.likes) AS likes,
			coalesce(('x' || substr(hex, 9, 8))::bit(32)::integer, t.comments) AS comments,
			coalesce(('x' || substr(hex, 17, 8))::bit(32)::integer, shorts.age_h(t.created_at, moa.now())) AS age_h,
			coalesce(right(hex, 1) = '1', t.tagged) AS tagged) f);
END
$$;

-- shorts.feed_place(cursor): where a page begins: a set, none before there was one, and so many of it, or a place among the newest;
-- nulls for what is not a cursor, or of a set that is no more.
CREATE FUNCTION shorts.feed_place(cursor text, OUT set bigint, OUT size integer, OUT place integer, OUT at timestamptz, OUT id uuid)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF cursor IS NULL THEN
		SELECT s.number, s.size INTO set, size FROM shorts.page_set s ORDER BY s.number DESC LIMIT 1;
		set := coalesce(set, 0);
	ELSIF cursor ~ '^f[0-9a-f]{15}[0-9a-f]{4}([0-9a-f]{48})?$' THEN
		set := ('x0' || substr(cursor, 2, 15))::bit(64)::bigint;
		SELECT s.size INTO size FROM shorts.page_set s WHERE s.number = set;
	ELSE
		RETURN;
	END IF;
	place := coalesce(('x' || substr(cursor, 17, 4))::bit(16)::integer, 0);
	SELECT r.at, r.id INTO at, id FROM shorts.cursor_read(nullif(substr(cursor, 21), '')) r;
	IF place > coalesce(size, 0) OR size IS NULL AND set > 0 THEN
		id := NULL;
	END IF;
END
$$;

-- shorts.feed(viewer, cursor, most, explain): the feed, the best first, and after those the newest; invalid_cursor.
CREATE FUNCTION shorts.feed(viewer uuid, cursor text, most integer, explain boolean, OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	start record := feed_place(cursor);
	after integer;
	hits uuid[];
	rest uuid[] := '{}';
	more text;  -- the place after this page, when something follows
BEGIN
	IF start.id IS NULL THEN
		code := 'invalid_cursor';
		RETURN;
	END IF;
	SELECT r.place, r.hits INTO after, hits FROM feed_ranked(start.set, start.size, start.place, most) r;
	IF after >= coalesce(start.size, 0) THEN
		rest := feed_newest(start.set, start.at, start.id, most - cardinality(hits) + 1);
	END IF;
	IF cardinality(hits) + cardinality(rest) > most THEN
		rest := trim_array(rest, 1);
		more := coalesce((SELECT cursor_at(t.created_at, t.short_id) FROM tally t WHERE t.short_id = rest[cardinality(rest)]), '');
	ELSIF after < start.size THEN
		more := '';
	END IF;
	hits := hits || rest;
	result := json_build_object('items', CASE WHEN explain THEN feed_scores(cards(hits, viewer), start.set) ELSE cards(hits, viewer) END,
		'next_cursor', 'f' || lpad(to_hex(start.set), 15, '0') || lpad(to_hex(after), 4, '0') || more);
END
$$;

GRANT EXECUTE ON FUNCTION shorts.feed(uuid, text, integer, boolean) TO moa_shorts;
GRANT EXECUTE ON FUNCTION shorts.make_page_set() TO moa_worker;
