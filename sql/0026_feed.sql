-- The feed: shorts in an order that is made every minute and then stays as it is, so that who has begun to look through it meets
-- each short once, whatever is liked, made, hidden or ranked anew meanwhile.

SET LOCAL ROLE moa_auth_owner;

-- What customers are called by others: auth.profile's, for who joins it to many rows.
CREATE VIEW auth.nickname AS SELECT id, nickname FROM auth.customer;
GRANT SELECT ON auth.nickname TO moa_shorts_owner;


SET LOCAL ROLE moa_shorts_owner;


-- The best 5,000 shorts as they were ranked at one time.
CREATE TABLE shorts.page_set (
	number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	made_at timestamptz NOT NULL,
	size integer NOT NULL,       -- how many, without reading them
	ids uuid[] NOT NULL,         -- the best first
	likes bigint[] NOT NULL,     -- what each had then, in the same order, to explain its score
	comments bigint[] NOT NULL,
	ages_h integer[] NOT NULL,
	tagged boolean[] NOT NULL
);


-- shorts.age_h(created_at, now): whole hours, none for what is yet to come; no more than make a difference to a score.
CREATE FUNCTION shorts.age_h(created_at timestamptz, now timestamptz) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
	SELECT least(greatest(floor(date_part('epoch', now - created_at) / 3600), 0), 20000)
$$;

-- shorts.score(likes, comments, tagged, age_h): what the feed is ranked by, in millionths: what is as good is the same number.
CREATE FUNCTION shorts.score(likes bigint, comments bigint, tagged boolean, age_h double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
	SELECT round((1.5 * ln(1 + likes::double precision) + 1.2 * ln(1 + comments::double precision)
		+ CASE WHEN tagged THEN 1.2::double precision ELSE 0 END + 5 * exp(-age_h / 72)) * 1000000)
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
	INSERT INTO page_set AS s (made_at, size, ids, likes, comments, ages_h, tagged)
	SELECT now, count(*), coalesce(array_agg(short_id), '{}'), coalesce(array_agg(likes), '{}'), coalesce(array_agg(comments), '{}'),
		coalesce(array_agg(age_h::integer), '{}'), coalesce(array_agg(tagged), '{}')
	FROM (SELECT short_id, likes, comments, age_h(created_at, now), tagged FROM tally WHERE live
		ORDER BY score(likes, comments, tagged, age_h(created_at, now)) DESC, created_at DESC, short_id DESC LIMIT most) best
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


-- shorts.address(media, ending, hidden_at): of one of a short's files; null of what is not served: not ready yet, or hidden.
CREATE FUNCTION shorts.address(media text, ending text, hidden_at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN hidden_at IS NULL THEN '/media/shorts/' || media || ending END
$$;

-- shorts.card_head(...): how a short's card begins, up to its channel's name: what of it is the same for everybody and changes seldom.
-- The files of a hidden one have no address.  Said to be immutable, which to_json and to_char are for such values.
CREATE FUNCTION shorts.card_head(id uuid, customer_id uuid, status text, progress integer, reason text, media text, width integer,
	height integer, duration_s numeric, title text, description text, tags text[], hidden_at timestamptz, created_at timestamptz) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN concat('{"id":"', id, '","status":"', status, '","reason":', coalesce(to_json(reason)::text, 'null'),
		',"reason_text":', coalesce(shorts.reason_text(reason)::text, 'null'),
		',"progress":', CASE status WHEN 'processing' THEN progress::text ELSE 'null' END,
		',"video_url":', coalesce(to_json(shorts.address(media, '.mp4', hidden_at))::text, 'null'),
		',"thumbnail_url":', coalesce(to_json(shorts.address(media, '.jpg', hidden_at))::text, 'null'),
		',"width":', coalesce(width::text, 'null'), ',"height":', coalesce(height::text, 'null'),
		',"duration_s":', coalesce(duration_s::double precision::text, 'null'),
		',"title":', to_json(title), ',"description":', to_json(description), ',"tags":', array_to_json(tags),
		',"hidden":', CASE WHEN hidden_at IS NULL THEN 'false' ELSE 'true' END, ',"created_at":"', moa.rfc3339(created_at),
		'","channel":{"id":"', customer_id, '","nickname":');
END
$$;
-- Kept beside what it is made of: to print it for each reader would be a third of what a page of the feed costs.
ALTER TABLE shorts.short ADD head text GENERATED ALWAYS AS (shorts.card_head(id, customer_id, status, progress, reason, media, width, height,
	duration_s, title, description, tags, hidden_at, created_at)) STORED;

-- shorts.card_texts(ids, viewer, own): these shorts as clients see them, JSON each, in this order; those that are no more, or that
-- not everybody may see, are left out, but with own the viewer's (null: a guest's).
CREATE FUNCTION shorts.card_texts(ids uuid[], viewer uuid, own boolean) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN ARRAY(
		SELECT concat(s.head, to_json(shorts.shown_name(s.customer_id, p.nickname)),
			'},"like_count":', t.likes, ',"dislike_count":', t.dislikes, ',"comment_count":', t.comments, ',"view_count":', t.views,
			CASE r.type WHEN 'like' THEN ',"my_reaction":"like"' WHEN 'dislike' THEN ',"my_reaction":"dislike"' ELSE ',"my_reaction":null' END,
			CASE WHEN f.channel_id IS NULL THEN ',"subscribed":false' ELSE ',"subscribed":true' END,
			CASE WHEN s.customer_id = viewer THEN ',"mine":true}' ELSE ',"mine":false}' END)
		FROM unnest(ids) WITH ORDINALITY o (id, n)
		JOIN shorts.tally t ON t.short_id = o.id
		JOIN shorts.short s ON s.id = o.id
		LEFT JOIN auth.nickname p ON p.id = s.customer_id
		LEFT JOIN shorts.reaction r ON r.short_id = o.id AND r.customer_id = viewer
		LEFT JOIN shorts.subscription f ON f.customer_id = viewer AND f.channel_id = s.customer_id
		WHERE t.live OR own AND s.customer_id = viewer ORDER BY o.n);
END
$$;

-- shorts.cards(ids, viewer): the same as an array, with the viewer's own.
CREATE FUNCTION shorts.cards(ids uuid[], viewer uuid) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN '[' || array_to_string(shorts.card_texts(ids, viewer, true), ',') || ']';
END
$$;


-- shorts.feed_place(cursor): where a page begins: a set, 0 before there was one, and after so many of it, and a place among the
-- newest; nulls for what is not a cursor, or of a set that is no more.  The first page is of the last set.
CREATE FUNCTION shorts.feed_place(cursor text, OUT set bigint, OUT size integer, OUT place integer, OUT at timestamptz, OUT id uuid)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF cursor IS NULL THEN
		SELECT s.number, s.size INTO set, size FROM shorts.page_set s ORDER BY s.number DESC LIMIT 1;
	ELSIF cursor ~ '^f[0-9a-f]{19}([0-9a-f]{48})?$' THEN
		SELECT s.number, s.size INTO set, size FROM shorts.page_set s
		WHERE s.number = ('x0' || substr(cursor, 2, 15))::bit(64)::bigint;
		IF set IS NULL AND cursor NOT LIKE 'f0000000000000000000%' THEN
			RETURN;
		END IF;
		place := ('x' || substr(cursor, 17, 4))::bit(16)::integer;
	ELSE
		RETURN;
	END IF;
	set := coalesce(set, 0);
	size := coalesce(size, 0);
	place := coalesce(place, 0);
	IF place <= size THEN
		SELECT r.at, r.id INTO at, id FROM shorts.cursor_read(nullif(substr(cursor, 21), '')) r;
	END IF;
END
$$;

-- shorts.feed_newest(set, at, id, most): the newest shorts after that place that everybody may see and that are not in the set.
CREATE FUNCTION shorts.feed_newest(set bigint, p_at timestamptz, p_id uuid, most integer) RETURNS uuid[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN ARRAY(SELECT t.short_id FROM shorts.tally t
		WHERE t.live AND (t.created_at, t.short_id) < (p_at, p_id)
			AND t.short_id NOT IN (SELECT unnest(s.ids) FROM shorts.page_set s WHERE s.number = set)
		ORDER BY t.created_at DESC, t.short_id DESC LIMIT most);
END
$$;

-- shorts.feed_scores(cards, set): these shorts, JSON each, with their scores and what those are made of: as of the set where they
-- are in it, as of now where not.
CREATE FUNCTION shorts.feed_scores(cards text[], set bigint) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN ARRAY(
		SELECT c.card::jsonb || jsonb_build_object('score', shorts.score(v.likes, v.comments, v.tagged, v.age_h) / 1000000,
			'score_parts', jsonb_build_object(
				'likes', shorts.score(v.likes, 0, false, 20000) / 1000000, 'comments', shorts.score(0, v.comments, false, 20000) / 1000000,
				'tag', shorts.score(0, 0, v.tagged, 20000) / 1000000, 'recency', shorts.score(0, 0, false, v.age_h) / 1000000,
				'ranked_at', moa.rfc3339(f.made_at)))
		FROM unnest(cards) WITH ORDINALITY c (card, n)
		JOIN shorts.tally t ON t.short_id = (c.card::json->>'id')::uuid
		LEFT JOIN (SELECT s.made_at, u.* FROM shorts.page_set s,
				unnest(s.ids, s.likes, s.comments, s.ages_h, s.tagged) u (id, likes, comments, age_h, tagged)
			WHERE s.number = set) f ON f.id = t.short_id,
		LATERAL (SELECT coalesce(f.likes, t.likes) AS likes, coalesce(f.comments, t.comments) AS comments,
			coalesce(f.tagged, t.tagged) AS tagged, coalesce(f.age_h, shorts.age_h(t.created_at, moa.now())) AS age_h) v
		ORDER BY c.n);
END
$$;

-- shorts.feed(viewer, cursor, most, explain): the feed, the best first, and after those the newest; invalid_cursor.
CREATE FUNCTION shorts.feed(viewer uuid, cursor text, most integer, explain boolean, OUT code text, OUT result text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	start record := feed_place(cursor);
	cards text[] := '{}';
	take integer;
	newest uuid[];
	next text;
BEGIN
	IF start.id IS NULL THEN
		code := 'invalid_cursor';
		RETURN;
	END IF;
	WHILE cardinality(cards) < most AND start.place < start.size LOOP
		take := most - cardinality(cards);
		cards := cards || card_texts((SELECT s.ids[start.place + 1:start.place + take] FROM page_set s WHERE s.number = start.set),
			viewer, false);
		start.place := least(start.place + take, start.size);
	END LOOP;
	IF start.place < start.size THEN
		next := '';
	ELSE
		take := most - cardinality(cards);
		newest := feed_newest(start.set, start.at, start.id, take + 1);
		cards := cards || card_texts(newest[:take], viewer, false);
		IF cardinality(newest) > take THEN
			next := coalesce((SELECT cursor_at(t.created_at, t.short_id) FROM tally t WHERE t.short_id = newest[take]), '');
		END IF;
	END IF;
	IF explain THEN
		cards := feed_scores(cards, start.set);
	END IF;
	result := concat('{"items":[', array_to_string(cards, ','), '],"next_cursor":',
		coalesce('"f' || lpad(to_hex(start.set), 15, '0') || lpad(to_hex(start.place), 4, '0') || next || '"', 'null'), '}');
END
$$;

GRANT EXECUTE ON FUNCTION shorts.feed(uuid, text, integer, boolean) TO moa_shorts;
GRANT EXECUTE ON FUNCTION shorts.make_page_set() TO moa_worker;
