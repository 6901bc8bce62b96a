-- What people do with shorts: reactions, comments, following, lists of one's own, channels, editing, reports, and leaving.
--
-- What is counted of a short is changed in shorts.tally by the statement that changes what is counted, under the tally's lock:
-- all changes of one short's reactions and comments come one after the other.  Locks are taken in one order: the short (so that
-- it stays), its tally, then the rest.

SET LOCAL ROLE moa_shorts_owner;


-- A comment, or a reply to one.  Of a deleted one with replies a stub stays: nobody's, without a text, with deleted_at.
CREATE TABLE shorts.comment (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	short_id uuid NOT NULL REFERENCES shorts.short ON DELETE CASCADE,
	parent_id uuid,   -- of a reply: a comment of the same short that is no reply
	customer_id uuid,
	text text CHECK (length(text) BETWEEN 1 AND 255),
	replies integer NOT NULL DEFAULT 0 CHECK (replies >= 0),
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	deleted_at timestamptz,
	CHECK (parent_id IS NULL OR replies = 0),
	CHECK ((deleted_at IS NULL) = (customer_id IS NOT NULL) AND (deleted_at IS NULL) = (text IS NOT NULL))
);
CREATE INDEX comment_short ON shorts.comment (short_id, parent_id, created_at, id);
CREATE INDEX comment_customer ON shorts.comment (customer_id, created_at DESC, id DESC);
CREATE INDEX comment_customer_short ON shorts.comment (customer_id, short_id, created_at, id);

CREATE INDEX reaction_customer ON shorts.reaction (customer_id, created_at DESC, short_id DESC);
CREATE INDEX subscription_newest ON shorts.subscription (customer_id, created_at DESC, channel_id DESC);
CREATE INDEX subscription_channel ON shorts.subscription (channel_id, created_at DESC, customer_id DESC);

-- A customer finds that a short should not be there.
CREATE TABLE shorts.report (
	short_id uuid NOT NULL REFERENCES shorts.short ON DELETE CASCADE,
	customer_id uuid NOT NULL,
	reason text NOT NULL CHECK (reason IN ('spam', 'sexual', 'violence', 'hate', 'copyright', 'other')),
	text text CHECK (length(text) BETWEEN 1 AND 500),
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	PRIMARY KEY (short_id, customer_id)
);
CREATE INDEX report_customer ON shorts.report (customer_id);
CREATE INDEX report_at ON shorts.report (created_at);

CREATE INDEX short_deleted ON shorts.short (id) WHERE status = 'deleted';

-- What administrators did.
CREATE TABLE shorts.audit (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT moa.now(),
	admin_id uuid NOT NULL,
	action text NOT NULL,
	about text NOT NULL,
	detail jsonb
);


-- shorts.hold(customer): the customer's standing, and until the end of the transaction nothing of theirs is erased; null for who
-- has left, for their token may be good a little longer.
CREATE FUNCTION shorts.hold(customer uuid) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock_shared(hashtextextended('shorts.erase ' || customer, 0));
	RETURN (SELECT pay.standing(customer) FROM auth.profile(ARRAY[customer]));
END
$$;

-- shorts.shown_name(customer, nickname): what others read: never nothing, and never the name somebody registered with.
CREATE FUNCTION shorts.shown_name(customer uuid, nickname text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(nickname, 'moa-' || left(customer::text, 8)) $$;

-- shorts.names_of(ids): {id: what others read}.
CREATE FUNCTION shorts.names_of(ids uuid[]) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT coalesce(jsonb_object_agg(i.id, shorts.shown_name(i.id, p.nickname)), '{}')
		FROM (SELECT DISTINCT unnest(ids) AS id) i LEFT JOIN auth.profile(ids) p ON p.id = i.id WHERE i.id IS NOT NULL);
END
$$;

-- shorts.place_at(list, at, id), shorts.place_read(list, cursor): a place in the list of that name (a letter), which is sorted by
-- time and id.  place_read gives nulls for what is not a cursor of this list; without a cursor the place before all items, newest
-- first (or, in the list of replies, oldest first).
CREATE FUNCTION shorts.place_at(list text, at timestamptz, id uuid) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT list || lpad(to_hex((extract(epoch FROM at) * 1000000)::bigint), 16, '0') || replace(id::text, '-', '')
$$;

CREATE FUNCTION shorts.place_read(list text, cursor text, OUT at timestamptz, OUT id uuid)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF cursor IS NULL THEN
		at := 'infinity';
		id := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
	ELSIF left(cursor, 1) = list AND substr(cursor, 2) ~ '^0[0-9a-f]{47}$' THEN
		at := to_timestamp(0) + ('x' || substr(cursor, 2, 16))::bit(64)::bigint * interval '1 microsecond';
		id := right(cursor, 32)::uuid;
	END IF;
END
$$;


-- shorts.lock_short(short): keep a short that everybody may see, and be the one who counts on it; false if there is none.
CREATE FUNCTION shorts.lock_short(short uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM shorts.short s WHERE s.id = short FOR KEY SHARE;
	PERFORM FROM shorts.tally t WHERE t.short_id = short AND t.live FOR NO KEY UPDATE;
	RETURN FOUND;
END
$$;

-- shorts.can_see(short, viewer): may the viewer (null: a guest) look at it?
CREATE FUNCTION shorts.can_see(short uuid, viewer uuid) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM shorts.short s JOIN shorts.tally t ON t.short_id = s.id
		WHERE s.id = short AND (t.live OR s.customer_id = viewer));
END
$$;

-- shorts.react(customer, short, wanted): like, dislike, or (null) neither any more; the counts; token_invalid, not_found.
CREATE FUNCTION shorts.react(customer uuid, short uuid, wanted text, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	was text;
BEGIN
	IF hold(customer) IS NULL THEN
		code := 'token_invalid';
		RETURN;
	ELSIF NOT lock_short(short) THEN
		code := 'not_found';
		RETURN;
	END IF;
	SELECT r.type INTO was FROM reaction r WHERE r.short_id = short AND r.customer_id = customer;
	IF wanted IS NULL THEN
		DELETE FROM reaction r WHERE r.short_id = short AND r.customer_id = customer;
	ELSIF wanted IS DISTINCT FROM was THEN
		INSERT INTO reaction AS r (short_id, customer_id, type) VALUES (short, customer, wanted)
		ON CONFLICT (short_id, customer_id) DO UPDATE SET type = wanted, created_at = moa.now();
	END IF;
	IF wanted IS DISTINCT FROM was THEN
		UPDATE tally t SET
			likes = likes + (wanted IS NOT DISTINCT FROM 'like')::integer - (was IS NOT DISTINCT FROM 'like')::integer,
			dislikes = dislikes + (wanted IS NOT DISTINCT FROM 'dislike')::integer - (was IS NOT DISTINCT FROM 'dislike')::integer
		WHERE t.short_id = short;
	END IF;
	SELECT json_build_object('like_count', t.likes, 'dislike_count', t.dislikes, 'my_reaction', wanted) INTO result
	FROM tally t WHERE t.short_id = short;
END
$$;


-- shorts.comment_json(comment, names, viewer, replies): a comment as clients see it, with the first of its replies.
CREATE FUNCTION shorts.comment_json(c shorts.comment, names jsonb, viewer uuid, replies json) RETURNS json
LANGUAGE sql STABLE AS $$
	SELECT json_build_object('id', c.id, 'parent_id', c.parent_id, 'deleted', c.deleted_at IS NOT NULL,
		'author', CASE WHEN c.deleted_at IS NULL
			THEN json_build_object('id', c.customer_id, 'nickname', names ->> c.customer_id::text) END,
		'text', c.text, 'mine', c.customer_id IS NOT DISTINCT FROM viewer AND viewer IS NOT NULL,
		'reply_count', c.replies, 'replies', replies, 'created_at', moa.rfc3339(c.created_at))
$$;

-- shorts.comments(viewer, short, parent, cursor, most): the comments of a short, newest first, each with its first three replies;
-- with a parent, all replies of that comment, oldest first.  invalid_cursor, not_found.
CREATE FUNCTION shorts.comments(viewer uuid, short uuid, parent uuid, cursor text, most integer, OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	list CONSTANT text := CASE WHEN parent IS NULL THEN 'c' ELSE 'r' END;
	after record := place_read(list, cursor);
	hits comment[];
	kin comment[];
	names jsonb;
BEGIN
	code := CASE WHEN after.id IS NULL THEN 'invalid_cursor' WHEN NOT can_see(short, viewer) THEN 'not_found' END;
	IF code IS NULL AND parent IS NOT NULL THEN
		PERFORM FROM comment c WHERE c.id = parent AND c.short_id = short AND c.parent_id IS NULL;
		code := CASE WHEN NOT FOUND THEN 'not_found' END;
	END IF;
	IF code IS NOT NULL THEN
		RETURN;
	END IF;
	IF parent IS NULL THEN
		hits := ARRAY(SELECT c FROM comment c
			WHERE c.short_id = short AND c.parent_id IS NULL AND (c.created_at, c.id) < (after.at, after.id)
			ORDER BY c.created_at DESC, c.id DESC LIMIT most + 1);
		kin := ARRAY(SELECT r.reply FROM unnest(hits[:most]) p, LATERAL (
				SELECT c AS reply FROM comment c WHERE c.short_id = short AND c.parent_id = p.id
				ORDER BY c.created_at, c.id LIMIT 3) r
			WHERE p.replies > 0);
	ELSE
		IF cursor IS NULL THEN
			after.at := '-infinity';
		END IF;
		hits := ARRAY(SELECT c FROM comment c
			WHERE c.short_id = short AND c.parent_id = parent AND (c.created_at, c.id) > (after.at, after.id)
			ORDER BY c.created_at, c.id LIMIT most + 1);
	END IF;
	names := names_of(ARRAY(SELECT c.customer_id FROM unnest(hits[:most] || kin) c));
	result := json_build_object(
		'items', array_to_json(ARRAY(
			SELECT comment_json(hits[i], names, viewer, CASE WHEN parent IS NULL THEN array_to_json(ARRAY(
				SELECT comment_json(kin[k], names, viewer, '[]') FROM generate_subscripts(kin, 1) k
				WHERE kin[k].parent_id = hits[i].id ORDER BY k)) ELSE '[]' END)
			FROM generate_subscripts(hits[:most], 1) i ORDER BY i)),
		'next_cursor', CASE WHEN cardinality(hits) > most THEN place_at(list, hits[most].created_at, hits[most].id) END);
END
$$;

-- shorts.add_comment(customer, short, parent, words): a comment, or a reply to one; a reply to a reply becomes one to what that
-- replies to.  The same words again within a minute are the same comment.  token_invalid, account_blocked, not_found (the short,
-- or the parent).
CREATE FUNCTION shorts.add_comment(customer uuid, short uuid, parent uuid, words text, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	standing text := hold(customer);
	root uuid;
	made comment;
BEGIN
	code := CASE WHEN standing IS NULL THEN 'token_invalid' WHEN standing = 'blocked' THEN 'account_blocked'
		WHEN NOT lock_short(short) THEN 'not_found' END;
	IF code IS NULL AND parent IS NOT NULL THEN
		SELECT coalesce(c.parent_id, c.id) INTO root FROM comment c
		WHERE c.id = parent AND c.short_id = short AND c.deleted_at IS NULL;
		code := CASE WHEN NOT FOUND THEN 'not_found' END;
	END IF;
	IF code IS NOT NULL THEN
		RETURN;
	END IF;
	SELECT * INTO made FROM comment c
	WHERE c.customer_id = customer AND c.short_id = short AND c.created_at > moa.now() - interval '1 minute'
	AND c.text = words AND c.parent_id IS NOT DISTINCT FROM root ORDER BY c.created_at DESC LIMIT 1;
	IF NOT FOUND THEN
		INSERT INTO comment (short_id, parent_id, customer_id, text) VALUES (short, root, customer, words) RETURNING * INTO made;
		UPDATE comment c SET replies = replies + 1 WHERE c.id = root;
		UPDATE tally t SET comments = comments + 1 WHERE t.short_id = short;
	END IF;
	result := comment_json(made, names_of(ARRAY[customer]), customer, '[]');
END
$$;

-- shorts.take_comments(ids): delete these comments: as stubs where replies hang, with the counts that they were in.  The caller
-- has locked the tallies of their shorts.
CREATE FUNCTION shorts.take_comments(ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	parents uuid[];
BEGIN
	UPDATE shorts.tally t SET comments = comments - gone.n
	FROM (SELECT c.short_id, count(*) AS n FROM shorts.comment c WHERE c.id = ANY (ids) AND c.deleted_at IS NULL GROUP BY 1) gone
	WHERE t.short_id = gone.short_id;
	WITH gone AS (
		DELETE FROM shorts.comment c WHERE c.id = ANY (ids) AND c.parent_id IS NOT NULL RETURNING c.parent_id
	), fewer AS (
		UPDATE shorts.comment p SET replies = p.replies - r.n
		FROM (SELECT g.parent_id, count(*) AS n FROM gone g GROUP BY 1) r WHERE p.id = r.parent_id
		RETURNING p.id
	)
	SELECT array_agg(f.id) INTO parents FROM fewer f;
	UPDATE shorts.comment c SET deleted_at = moa.now(), customer_id = NULL, text = NULL
	WHERE c.id = ANY (ids) AND c.deleted_at IS NULL;
	DELETE FROM shorts.comment c WHERE c.id = ANY (ids || parents) AND c.replies = 0 AND c.deleted_at IS NOT NULL;
END
$$;

-- shorts.delete_comment(customer, comment): by who wrote it, or whose short it is on; not_found.
CREATE FUNCTION shorts.delete_comment(customer uuid, comment uuid, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	short uuid;
BEGIN
	SELECT c.short_id INTO short FROM shorts.comment c JOIN shorts.short s ON s.id = c.short_id
	WHERE c.id = comment AND customer IN (c.customer_id, s.customer_id) AND s.status <> 'deleted' FOR KEY SHARE OF s;
	PERFORM FROM tally t WHERE t.short_id = short FOR NO KEY UPDATE;
	PERFORM FROM shorts.comment c WHERE c.id = comment AND c.deleted_at IS NULL;
	IF FOUND AND short IS NOT NULL THEN
		PERFORM take_comments(ARRAY[comment]);
	ELSE
		code := 'not_found';
	END IF;
END
$$;


-- shorts.follow(customer, channel): conflict: nobody follows themselves; token_invalid, not_found.
CREATE FUNCTION shorts.follow(customer uuid, channel uuid, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	code := CASE WHEN customer = channel THEN 'conflict' WHEN hold(customer) IS NULL THEN 'token_invalid'
		WHEN hold(channel) IS NULL THEN 'not_found' END;
	IF code IS NULL THEN
		INSERT INTO subscription (channel_id, customer_id) VALUES (channel, customer) ON CONFLICT DO NOTHING;
	END IF;
END
$$;

-- shorts.unfollow(customer, channel).
CREATE FUNCTION shorts.unfollow(customer uuid, channel uuid, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	DELETE FROM subscription f WHERE f.customer_id = customer AND f.channel_id = channel;
END
$$;

-- shorts.channel(viewer, channel): a channel as clients see it: everybody who has an account has one; not_found.
CREATE FUNCTION shorts.channel(viewer uuid, channel uuid, OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	SELECT json_build_object('id', p.id, 'nickname', shown_name(p.id, p.nickname),
		'subscriber_count', (SELECT count(*) FROM subscription f WHERE f.channel_id = channel),
		'short_count', (SELECT count(*) FROM short s
			WHERE s.customer_id = channel AND s.status = 'ready' AND s.hidden_at IS NULL),
		'subscribed', EXISTS (SELECT FROM subscription f WHERE f.customer_id = viewer AND f.channel_id = channel),
		'mine', viewer IS NOT NULL AND viewer = channel)
	INTO result FROM auth.profile(ARRAY[channel]) p;
	IF NOT FOUND THEN
		code := 'not_found';
	END IF;
END
$$;

-- shorts.channel_popular(channel, likes, at, id, most): ids of a channel's shorts that follow a place, the most liked first, with
-- their places.
CREATE FUNCTION shorts.channel_popular(channel uuid, p_likes bigint, p_at timestamptz, p_id uuid, most integer)
RETURNS TABLE (id uuid, place text)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY SELECT s.id, 'p' || lpad(to_hex(t.likes), 16, '0') || shorts.place_at('p', s.created_at, s.id)
	FROM shorts.short s JOIN shorts.tally t ON t.short_id = s.id
	WHERE s.customer_id = channel AND t.live AND (t.likes, s.created_at, s.id) < (p_likes, p_at, p_id)
	ORDER BY t.likes DESC, s.created_at DESC, s.id DESC LIMIT most;
END
$$;

-- shorts.channel_shorts(viewer, channel, sort, cursor, most): what everybody may see on a channel, latest, popular or oldest
-- first; invalid_cursor, not_found.
CREATE FUNCTION shorts.channel_shorts(viewer uuid, channel uuid, sort text, cursor text, most integer,
	OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	list CONSTANT text := left(sort, 1);
	likes bigint := 9223372036854775807;
	after record;
	ids uuid[];
	last text;
BEGIN
	IF list = 'p' AND cursor ~ '^p0[0-9a-f]{15}p' THEN
		likes := ('x' || substr(cursor, 2, 16))::bit(64)::bigint;
		after := place_read(list, substr(cursor, 18));
	ELSIF list <> 'p' OR cursor IS NULL THEN
		after := place_read(list, cursor);
	ELSE
		after := place_read(list, '');
	END IF;
	code := CASE WHEN after.id IS NULL THEN 'invalid_cursor'
		WHEN NOT EXISTS (SELECT FROM auth.profile(ARRAY[channel])) THEN 'not_found' END;
	IF code IS NOT NULL THEN
		RETURN;
	END IF;
	IF list = 'p' THEN
		SELECT array_agg(p.id ORDER BY p.n), max(p.place) FILTER (WHERE p.n = most) INTO ids, last
		FROM (SELECT c.*, row_number() OVER () AS n FROM channel_popular(channel, likes, after.at, after.id, most + 1) c) p;
	ELSIF list = 'o' THEN
		IF cursor IS NULL THEN
			after.at := '-infinity';
		END IF;
		ids := ARRAY(SELECT s.id FROM short s
			WHERE s.customer_id = channel AND s.status = 'ready' AND s.hidden_at IS NULL
			AND (s.created_at, s.id) > (after.at, after.id)
			ORDER BY s.created_at, s.id LIMIT most + 1);
	ELSE
		ids := ARRAY(SELECT s.id FROM short s
			WHERE s.customer_id = channel AND s.status = 'ready' AND s.hidden_at IS NULL
			AND (s.created_at, s.id) < (after.at, after.id)
			ORDER BY s.created_at DESC, s.id DESC LIMIT most + 1);
	END IF;
	IF list <> 'p' THEN
		SELECT place_at(list, s.created_at, s.id) INTO last FROM short s WHERE s.id = ids[most];
	END IF;
	result := json_build_object('items', cards(ids[:most], viewer),
		'next_cursor', CASE WHEN cardinality(ids) > most THEN last END);
END
$$;


-- shorts.my_list(customer, list, cursor, most): a customer's own: uploads in all states, liked, commented (each short once, in the
-- order of the first comment that is still there, so that writing another one moves nothing); newest first; invalid_cursor.
CREATE FUNCTION shorts.my_list(customer uuid, list text, cursor text, most integer, OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	sign CONSTANT text := CASE list WHEN 'uploads' THEN 'u' WHEN 'liked' THEN 'k' ELSE 'm' END;
	after record := place_read(sign, cursor);
	ids uuid[];
	places text[];
BEGIN
	IF after.id IS NULL THEN
		code := 'invalid_cursor';
	ELSIF list = 'uploads' THEN
		SELECT array_agg(f.id), array_agg(place_at(sign, f.at, f.id)) INTO ids, places FROM (
			SELECT s.id, s.created_at AS at FROM short s
			WHERE s.customer_id = customer AND (s.created_at, s.id) < (after.at, after.id)
			ORDER BY s.created_at DESC, s.id DESC LIMIT most + 1) f;
	ELSIF list = 'liked' THEN
		SELECT array_agg(f.id), array_agg(place_at(sign, f.at, f.id)) INTO ids, places FROM (
			SELECT r.short_id AS id, r.created_at AS at FROM reaction r
			WHERE r.customer_id = customer AND r.type = 'like' AND (r.created_at, r.short_id) < (after.at, after.id)
			AND can_see(r.short_id, customer)
			ORDER BY r.created_at DESC, r.short_id DESC LIMIT most + 1) f;
	ELSE
		SELECT array_agg(f.short_id), array_agg(place_at(sign, f.at, f.id)) INTO ids, places FROM (
			SELECT c.short_id, c.created_at AS at, c.id FROM comment c
			WHERE c.customer_id = customer AND (c.created_at, c.id) < (after.at, after.id)
			AND NOT EXISTS (SELECT FROM comment e WHERE e.customer_id = customer AND e.short_id = c.short_id
				AND (e.created_at, e.id) < (c.created_at, c.id))
			AND can_see(c.short_id, customer)
			ORDER BY c.created_at DESC, c.id DESC LIMIT most + 1) f;
	END IF;
	IF code IS NULL THEN
		result := json_build_object('items', cards(ids[:most], customer),
			'next_cursor', CASE WHEN cardinality(ids) > most THEN places[most] END);
	END IF;
END
$$;

-- shorts.my_people(customer, followers, cursor, most): who follows the customer, or else whom the customer follows, the newest
-- first; invalid_cursor.
CREATE FUNCTION shorts.my_people(customer uuid, followers boolean, cursor text, most integer, OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	list CONSTANT text := CASE WHEN followers THEN 'f' ELSE 's' END;
	after record := place_read(list, cursor);
	ids uuid[];
	times timestamptz[];
	names jsonb;
BEGIN
	IF after.id IS NULL THEN
		code := 'invalid_cursor';
		RETURN;
	ELSIF followers THEN
		SELECT array_agg(f.customer_id), array_agg(f.created_at) INTO ids, times FROM (
			SELECT f.customer_id, f.created_at FROM subscription f
			WHERE f.channel_id = customer AND (f.created_at, f.customer_id) < (after.at, after.id)
			ORDER BY f.created_at DESC, f.customer_id DESC LIMIT most + 1) f;
	ELSE
		SELECT array_agg(f.channel_id), array_agg(f.created_at) INTO ids, times FROM (
			SELECT f.channel_id, f.created_at FROM subscription f
			WHERE f.customer_id = customer AND (f.created_at, f.channel_id) < (after.at, after.id)
			ORDER BY f.created_at DESC, f.channel_id DESC LIMIT most + 1) f;
	END IF;
	names := names_of(ids[:most]);
	result := json_build_object(
		'items', array_to_json(ARRAY(
			SELECT json_build_object('id', ids[i], 'nickname', names ->> ids[i]::text,
				'subscribed', NOT followers OR EXISTS (
					SELECT FROM subscription f WHERE f.customer_id = customer AND f.channel_id = ids[i]),
				'since', moa.rfc3339(times[i]))
			FROM generate_subscripts(ids[:most], 1) i ORDER BY i)),
		'next_cursor', CASE WHEN cardinality(ids) > most THEN place_at(list, times[most], ids[most]) END);
END
$$;

-- shorts.overview(customer): the customer's own channel, with the first of each list; token_invalid.
CREATE FUNCTION shorts.overview(customer uuid, OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	most CONSTANT integer := 8;
BEGIN
	SELECT (c.result::jsonb || jsonb_build_object(
		'subscription_count', (SELECT count(*) FROM subscription f WHERE f.customer_id = customer),
		'subscriptions', (SELECT l.result -> 'items' FROM my_people(customer, false, NULL, most) l),
		'uploads', (SELECT l.result -> 'items' FROM my_list(customer, 'uploads', NULL, most) l),
		'liked', (SELECT l.result -> 'items' FROM my_list(customer, 'liked', NULL, most) l),
		'commented', (SELECT l.result -> 'items' FROM my_list(customer, 'commented', NULL, most) l)))::json
	INTO result FROM channel(customer, customer) c WHERE c.result IS NOT NULL;
	IF NOT FOUND THEN
		code := 'token_invalid';
	END IF;
END
$$;


-- shorts.edit(customer, short, title, description): what is said of a short of one's own; nulls leave it as it is; not_found.
CREATE FUNCTION shorts.edit(customer uuid, short uuid, p_title text, p_description text, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	UPDATE shorts.short s SET title = coalesce(p_title, s.title), description = coalesce(p_description, s.description),
		tags = tags_of(coalesce(p_description, s.description))
	WHERE s.id = short AND s.customer_id = customer;
	IF FOUND THEN
		result := cards(ARRAY[short], customer) -> 0;
	ELSE
		code := 'not_found';
	END IF;
END
$$;

-- shorts.mark_deleted(ids): these shorts are nobody's from now on; how many of them were somebody's.  However much hangs on them,
-- that takes no longer: it is the worker's (shorts.clear_deleted), as are their files.
CREATE FUNCTION shorts.mark_deleted(ids uuid[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	marked bigint;
BEGIN
	UPDATE shorts.short s SET status = 'deleted', reason = NULL, customer_id = NULL, form_hash = NULL, media = NULL, title = '-',
		description = '', tags = '{}'
	WHERE s.id = ANY (ids) AND s.status <> 'deleted';
	GET DIAGNOSTICS marked = ROW_COUNT;
	DELETE FROM shorts.job j WHERE j.short_id = ANY (ids);
	DELETE FROM shorts.upload u WHERE u.id IN (SELECT s.upload_id FROM shorts.short s WHERE s.id = ANY (ids));
	RETURN marked;
END
$$;

-- shorts.clear_deleted(most): of a deleted short remove up to so many rows of each kind that hangs on it, with the last of them the
-- short itself; how many, and whether there was one, for there may be others.  One that somebody has locked is left for later.
CREATE FUNCTION shorts.clear_deleted(most integer, OUT rows bigint, OUT more boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	next uuid;
BEGIN
	SELECT s.id INTO next FROM short s WHERE s.status = 'deleted' LIMIT 1 FOR UPDATE SKIP LOCKED;
	more := FOUND;
	WITH views AS (
		DELETE FROM view WHERE ctid = ANY (ARRAY(SELECT v.ctid FROM view v WHERE v.short_id = next LIMIT most)) RETURNING 1
	), reactions AS (
		DELETE FROM reaction WHERE ctid = ANY (ARRAY(SELECT r.ctid FROM reaction r WHERE r.short_id = next LIMIT most)) RETURNING 1
	), comments AS (
		DELETE FROM comment WHERE ctid = ANY (ARRAY(SELECT c.ctid FROM comment c WHERE c.short_id = next LIMIT most)) RETURNING 1
	), reports AS (
		DELETE FROM report WHERE ctid = ANY (ARRAY(SELECT r.ctid FROM report r WHERE r.short_id = next LIMIT most)) RETURNING 1
	)
	SELECT (SELECT count(*) FROM views) + (SELECT count(*) FROM reactions) + (SELECT count(*) FROM comments)
		+ (SELECT count(*) FROM reports) INTO rows;
	IF rows < most THEN
		DELETE FROM short s WHERE s.id = next;
	END IF;
END
$$;

-- shorts.remove(customer, short): delete a short of one's own; not_found.
CREATE FUNCTION shorts.remove(customer uuid, short uuid, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	IF mark_deleted(ARRAY(SELECT s.id FROM shorts.short s WHERE s.id = short AND s.customer_id = customer)) = 0 THEN
		code := 'not_found';
	END IF;
END
$$;


-- shorts.report_short(customer, short, reason, words): once for each customer and short: another one changes nothing;
-- token_invalid, not_found.
CREATE FUNCTION shorts.report_short(customer uuid, short uuid, p_reason text, words text, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	IF hold(customer) IS NULL THEN
		code := 'token_invalid';
		RETURN;
	END IF;
	INSERT INTO report (short_id, customer_id, reason, text)
	SELECT t.short_id, customer, p_reason, words FROM tally t WHERE t.short_id = short AND t.live
	ON CONFLICT DO NOTHING;
	IF NOT FOUND AND NOT EXISTS (SELECT FROM tally t WHERE t.short_id = short AND t.live) THEN
		code := 'not_found';
	END IF;
END
$$;

-- shorts.reports(admin, cursor, most): the shorts that were reported, those with the newest reports first, counted as of the first
-- page; invalid_cursor.
CREATE FUNCTION shorts.reports(admin uuid, cursor text, most integer, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
	begun record;
	after record;
	hits record;
BEGIN
	begun := place_read('a', left(cursor, 49));
	after := place_read('b', substr(cursor, 50));
	INSERT INTO audit (admin_id, action, about) VALUES (admin, 'report.list', coalesce(cursor, '-'));
	IF cursor IS NULL THEN
		begun.at := moa.now();
	ELSIF begun.id IS NULL OR after.id IS NULL THEN
		code := 'invalid_cursor';
		RETURN;
	END IF;
	SELECT array_agg(r.short_id ORDER BY r.at DESC, r.short_id DESC) AS ids, array_agg(r.at ORDER BY r.at DESC, r.short_id DESC) AS times,
		array_agg(json_build_object(
			'short', json_build_object('id', s.id, 'title', s.title, 'description', s.description,
				'channel', json_build_object('id', s.customer_id, 'nickname', names_of(ARRAY[s.customer_id]) ->> s.customer_id::text),
				'video_url', address(s.media, '.mp4', s.hidden_at), 'thumbnail_url', address(s.media, '.jpg', s.hidden_at),
				'hidden', s.hidden_at IS NOT NULL, 'created_at', moa.rfc3339(s.created_at)),
			'report_count', r.n, 'last_reported_at', moa.rfc3339(r.at),
			'newest', array_to_json(ARRAY(
				SELECT json_build_object('reason', n.reason, 'text', n.text, 'reported_at', moa.rfc3339(n.created_at))
				FROM report n WHERE n.short_id = r.short_id AND n.created_at <= begun.at
				ORDER BY n.created_at DESC, n.customer_id LIMIT 10)))
			ORDER BY r.at DESC, r.short_id DESC) AS items
	INTO hits FROM (
		SELECT g.short_id, count(*) AS n, max(g.created_at) AS at FROM report g
		WHERE g.created_at <= begun.at AND g.short_id NOT IN (SELECT d.id FROM short d WHERE d.status = 'deleted')
		GROUP BY 1 HAVING (max(g.created_at), g.short_id) < (after.at, after.id)
		ORDER BY 3 DESC, 1 DESC LIMIT most + 1
	) r JOIN short s ON s.id = r.short_id;
	result := json_build_object('items', coalesce(array_to_json(hits.items[:most]), '[]'),
		'next_cursor', CASE WHEN cardinality(hits.ids) > most
			THEN place_at('a', begun.at, nobody) || place_at('b', hits.times[most], hits.ids[most]) END);
END
$$;

-- shorts.set_hidden(admin, short, hidden, reason): take a short out of everybody's sight, its video out of its owner's, too, or give
-- it back; not_found.
CREATE FUNCTION shorts.set_hidden(admin uuid, short uuid, hide boolean, reason text, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	INSERT INTO audit (admin_id, action, about, detail)
	VALUES (admin, CASE WHEN hide THEN 'short.hide' ELSE 'short.unhide' END, short::text, jsonb_build_object('reason', reason));
	UPDATE shorts.short s SET hidden_at = CASE WHEN hide THEN coalesce(s.hidden_at, moa.now()) END
	WHERE s.id = short AND s.status <> 'deleted';
	IF FOUND THEN
		result := json_build_object('id', short, 'hidden', hide);
	ELSE
		code := 'not_found';
	END IF;
END
$$;


-- shorts.lock_many(): be the only one who locks more than one short, so that no two of them wait for each other.
CREATE FUNCTION shorts.lock_many() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('shorts.lock_many', 0));
END
$$;

-- shorts.erase(customer): somebody has left: all that was theirs goes, and the counts it was in are right afterwards; what others did
-- to their shorts follows (shorts.mark_deleted).  What is just beginning ends first (shorts.hold), and nothing begins after it.
CREATE FUNCTION shorts.erase(customer uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	touched uuid[];
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended('shorts.erase ' || customer, 0));
	PERFORM lock_many();
	PERFORM mark_deleted(ARRAY(SELECT s.id FROM short s WHERE s.customer_id = customer));
	DELETE FROM channel_name n WHERE n.customer_id = customer;
	DELETE FROM upload u WHERE u.customer_id = customer;
	DELETE FROM subscription f WHERE f.customer_id = customer;
	DELETE FROM subscription f WHERE f.channel_id = customer;
	DELETE FROM watch_lap l WHERE l.customer_id = customer;
	touched := ARRAY(SELECT r.short_id FROM reaction r WHERE r.customer_id = customer
		UNION SELECT c.short_id FROM comment c WHERE c.customer_id = customer
		UNION SELECT v.short_id FROM view v WHERE v.customer_id = customer
		UNION SELECT r.short_id FROM report r WHERE r.customer_id = customer);
	PERFORM FROM short s WHERE s.id = ANY (touched) FOR KEY SHARE;
	PERFORM FROM tally t WHERE t.short_id = ANY (touched) FOR NO KEY UPDATE;
	DELETE FROM report r WHERE r.customer_id = customer;
	WITH gone AS (
		DELETE FROM reaction r WHERE r.customer_id = customer RETURNING r.short_id, r.type
	)
	UPDATE tally t SET likes = t.likes - (g.type = 'like')::integer, dislikes = t.dislikes - (g.type = 'dislike')::integer
	FROM gone g WHERE t.short_id = g.short_id;
	WITH gone AS (
		DELETE FROM view v WHERE v.customer_id = customer RETURNING v.short_id
	)
	UPDATE tally t SET views = t.views - g.n
	FROM (SELECT short_id, count(*) AS n FROM gone GROUP BY 1) g WHERE t.short_id = g.short_id;
	PERFORM take_comments(ARRAY(SELECT c.id FROM comment c WHERE c.customer_id = customer));
END
$$;


-- shorts.differences(): what of shorts' counts is not as it should be; one statement, so that nothing changes meanwhile.  Those of
-- deleted shorts say nothing any more.
CREATE FUNCTION shorts.differences(OUT short_id uuid, OUT rule text, OUT stands text, OUT should text) RETURNS SETOF record
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH reactions AS MATERIALIZED (
		SELECT r.short_id, count(*) FILTER (WHERE r.type = 'like') AS likes, count(*) FILTER (WHERE r.type = 'dislike') AS dislikes
		FROM shorts.reaction r GROUP BY 1
	), comments AS MATERIALIZED (
		SELECT c.short_id, count(*) AS n FROM shorts.comment c WHERE c.deleted_at IS NULL GROUP BY 1
	), views AS MATERIALIZED (
		SELECT v.short_id, count(*) AS n FROM shorts.view v GROUP BY 1
	), replies AS MATERIALIZED (
		SELECT c.short_id, c.parent_id, count(*) AS n FROM shorts.comment c WHERE c.parent_id IS NOT NULL GROUP BY 1, 2
	), compared AS (
		SELECT s.id, t.short_id IS NULL AS missing,
			ARRAY[t.likes, t.dislikes, t.comments, t.views] AS have,
			ARRAY[coalesce(r.likes, 0), coalesce(r.dislikes, 0), coalesce(c.n, 0), coalesce(v.n, 0)] AS want,
			(t.created_at, t.live, t.tagged) IS NOT DISTINCT FROM
				(s.created_at, s.status = 'ready' AND s.hidden_at IS NULL, cardinality(s.tags) > 0) AS same,
			(t.created_at, t.live, t.tagged)::text AS said,
			(s.created_at, s.status = 'ready' AND s.hidden_at IS NULL, cardinality(s.tags) > 0)::text AS is
		FROM shorts.short s
		LEFT JOIN shorts.tally t ON t.short_id = s.id
		LEFT JOIN reactions r ON r.short_id = s.id
		LEFT JOIN comments c ON c.short_id = s.id
		LEFT JOIN views v ON v.short_id = s.id
	), differ (short_id, rule, stands, should) AS (
		SELECT c.id, 'every short has a tally', 'none', 'one' FROM compared c WHERE c.missing
		UNION ALL
		SELECT c.id, 'a tally repeats its short: created, live, tagged', c.said, c.is FROM compared c WHERE NOT c.missing AND NOT c.same
		UNION ALL
		SELECT c.id, 'a tally counts ' || (ARRAY['likes', 'dislikes', 'comments', 'views'])[i], c.have[i]::text, c.want[i]::text
		FROM compared c, generate_series(1, 4) i WHERE NOT c.missing AND c.have[i] <> c.want[i]
		UNION ALL
		SELECT p.short_id, 'comment ' || p.id || ' counts its replies', p.replies::text, coalesce(r.n, 0)::text
		FROM shorts.comment p LEFT JOIN replies r ON r.parent_id = p.id
		WHERE p.parent_id IS NULL AND p.replies <> coalesce(r.n, 0)
		UNION ALL
		SELECT p.short_id, 'comment ' || p.id || ' is gone when nothing hangs on it', 'deleted', 'gone'
		FROM shorts.comment p LEFT JOIN replies r ON r.parent_id = p.id
		WHERE p.deleted_at IS NOT NULL AND r.n IS NULL
		UNION ALL
		SELECT r.short_id, 'replies hang on a comment of the same short', r.parent_id::text, NULL
		FROM replies r LEFT JOIN shorts.comment p ON p.id = r.parent_id AND p.short_id = r.short_id AND p.parent_id IS NULL
		WHERE p.id IS NULL
	)
	SELECT d.* FROM differ d WHERE d.short_id NOT IN (SELECT s.id FROM shorts.short s WHERE s.status = 'deleted');
END
$$;

-- shorts.verify(): the same, sorted.
CREATE FUNCTION shorts.verify() RETURNS TABLE (short_id uuid, rule text, stands text, should text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp SET work_mem = '128MB' SET jit = off AS $$
BEGIN
	RETURN QUERY SELECT d.* FROM differences() d ORDER BY 1, 2;
END
$$;

-- shorts.recount(short): set a short's counts anew, under its lock.
CREATE FUNCTION shorts.recount(short uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM shorts.short s WHERE s.id = short FOR KEY SHARE;
	INSERT INTO shorts.tally (short_id, created_at) SELECT s.id, s.created_at FROM shorts.short s WHERE s.id = short
	ON CONFLICT DO NOTHING;
	PERFORM FROM shorts.tally t WHERE t.short_id = short FOR NO KEY UPDATE;
	DELETE FROM shorts.comment r WHERE r.short_id = short AND r.parent_id IS NOT NULL AND NOT EXISTS (
		SELECT FROM shorts.comment p WHERE p.id = r.parent_id AND p.short_id = short AND p.parent_id IS NULL);
	UPDATE shorts.comment p SET replies = r.n
	FROM (SELECT c.id, (SELECT count(*) FROM shorts.comment k WHERE k.short_id = short AND k.parent_id = c.id) AS n
		FROM shorts.comment c WHERE c.short_id = short AND c.parent_id IS NULL) r
	WHERE p.id = r.id AND p.replies <> r.n;
	DELETE FROM shorts.comment c WHERE c.short_id = short AND c.deleted_at IS NOT NULL AND c.replies = 0;
	UPDATE shorts.tally t SET created_at = s.created_at, live = s.status = 'ready' AND s.hidden_at IS NULL,
		tagged = cardinality(s.tags) > 0,
		likes = (SELECT count(*) FROM shorts.reaction r WHERE r.short_id = short AND r.type = 'like'),
		dislikes = (SELECT count(*) FROM shorts.reaction r WHERE r.short_id = short AND r.type = 'dislike'),
		comments = (SELECT count(*) FROM shorts.comment c WHERE c.short_id = short AND c.deleted_at IS NULL),
		views = (SELECT count(*) FROM shorts.view v WHERE v.short_id = short)
	FROM shorts.short s WHERE s.id = short AND t.short_id = short;
END
$$;

-- shorts.repair(): the same list, and afterwards all of it is right.
CREATE FUNCTION shorts.repair() RETURNS TABLE (short_id uuid, rule text, stands text, should text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
#variable_conflict use_column
DECLARE
	found record;
	last uuid;
BEGIN
	PERFORM lock_many();
	FOR found IN SELECT v.* FROM verify() v ORDER BY v.short_id, v.rule LOOP
		IF last IS DISTINCT FROM found.short_id THEN
			PERFORM recount(found.short_id);
			last := found.short_id;
		END IF;
		RETURN QUERY SELECT found.short_id, found.rule, found.stands, found.should;
	END LOOP;
END
$$;


GRANT EXECUTE ON FUNCTION
	shorts.react(uuid, uuid, text),
	shorts.comments(uuid, uuid, uuid, text, integer), shorts.add_comment(uuid, uuid, uuid, text),
	shorts.delete_comment(uuid, uuid),
	shorts.follow(uuid, uuid), shorts.unfollow(uuid, uuid),
	shorts.channel(uuid, uuid), shorts.channel_shorts(uuid, uuid, text, text, integer),
	shorts.my_list(uuid, text, text, integer), shorts.my_people(uuid, boolean, text, integer), shorts.overview(uuid),
	shorts.edit(uuid, uuid, text, text), shorts.remove(uuid, uuid),
	shorts.report_short(uuid, uuid, text, text), shorts.reports(uuid, text, integer),
	shorts.set_hidden(uuid, uuid, boolean, text)
	TO moa_shorts;
GRANT EXECUTE ON FUNCTION shorts.erase(uuid), shorts.clear_deleted(integer) TO moa_worker;
