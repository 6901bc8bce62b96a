-- Shorts: what a short is, how it is counted, and how it looks to clients.
--
-- A short's own row changes seldom; what changes all the time is counted in shorts.tally, a narrow row beside it, which is also
-- all that ranking reads.

SET LOCAL ROLE moa_shorts_owner;


-- What is sent, piece by piece, before a short is made of it; its row and its bytes stay until that has been processed.
CREATE TABLE shorts.upload (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	customer_id uuid NOT NULL,
	length bigint NOT NULL CHECK (length BETWEEN 1 AND 209715200),  -- bytes, 200 MiB at most
	received bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND length),  -- of them are in the file
	file text NOT NULL UNIQUE,  -- its name below uploads/
	thumbnail text,             -- the name there of a picture that came along
	metadata text NOT NULL DEFAULT '',  -- Upload-Metadata, as it was sent
	fence bigint NOT NULL DEFAULT 0,    -- counts who has written: only the last may go on
	leased_until timestamptz,           -- somebody writes
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	expires_at timestamptz NOT NULL
);
CREATE INDEX upload_customer ON shorts.upload (customer_id, created_at);
CREATE INDEX upload_expires ON shorts.upload (expires_at);

-- A short, from the moment it is handed in.  It can be seen by everybody when it is ready and nobody has hidden it.
CREATE TABLE shorts.short (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	customer_id uuid NOT NULL,  -- whose channel it is on
	upload_id uuid NOT NULL UNIQUE,  -- what it was made from: handing that in again gives the same short
	title text NOT NULL CHECK (length(title) BETWEEN 1 AND 50),
	description text NOT NULL DEFAULT '' CHECK (length(description) <= 150),
	tags text[] NOT NULL DEFAULT '{}',  -- the words after # in the description, lower case, each once
	status text NOT NULL DEFAULT 'processing' CHECK (status IN ('processing', 'ready', 'failed')),
	progress integer NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),  -- of processing, in percent
	reason text,  -- why it failed: a word of shorts.reason
	media text UNIQUE,  -- the unguessable name of its files; null before it is ready
	width integer CHECK (width > 0),
	height integer CHECK (height > 0),
	duration_s numeric(6, 3) CHECK (duration_s > 0),
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	hidden_at timestamptz,  -- by an administrator
	CHECK ((status = 'failed') = (reason IS NOT NULL)),
	CHECK (status <> 'ready' OR (media IS NOT NULL AND width IS NOT NULL AND height IS NOT NULL AND duration_s IS NOT NULL))
);
CREATE INDEX short_channel ON shorts.short (customer_id, created_at DESC, id DESC);

-- What is counted of a short, and what ranking has to know of it.
CREATE TABLE shorts.tally (
	short_id uuid PRIMARY KEY REFERENCES shorts.short ON DELETE CASCADE,
	created_at timestamptz NOT NULL,
	live boolean NOT NULL DEFAULT false,    -- everybody may see it
	tagged boolean NOT NULL DEFAULT false,  -- it has a tag
	likes bigint NOT NULL DEFAULT 0 CHECK (likes >= 0),
	dislikes bigint NOT NULL DEFAULT 0 CHECK (dislikes >= 0),
	comments bigint NOT NULL DEFAULT 0 CHECK (comments >= 0),
	views bigint NOT NULL DEFAULT 0 CHECK (views >= 0)
) WITH (fillfactor = 50);
CREATE INDEX tally_newest ON shorts.tally (created_at DESC, short_id DESC) WHERE live;

-- One reaction of a customer to a short.
CREATE TABLE shorts.reaction (
	short_id uuid NOT NULL REFERENCES shorts.short ON DELETE CASCADE,
	customer_id uuid NOT NULL,
	type text NOT NULL CHECK (type IN ('like', 'dislike')),
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	PRIMARY KEY (short_id, customer_id)
);

-- Who follows whom.
CREATE TABLE shorts.subscription (
	channel_id uuid NOT NULL,   -- a customer
	customer_id uuid NOT NULL CHECK (customer_id <> channel_id),
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	PRIMARY KEY (customer_id, channel_id)
);


-- shorts.tags_of(description): the words after # in it, in lower case, each once, in their order.
CREATE FUNCTION shorts.tags_of(description text) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(array_agg(tag ORDER BY n), '{}') FROM (
		SELECT lower(m[1]) AS tag, min(n) AS n
		FROM regexp_matches(normalize(description, NFC), '#([0-9A-Za-z가-힣_]+)', 'g') WITH ORDINALITY r (m, n) GROUP BY 1
	) t
$$;

-- shorts.keep_tally(): what the tally repeats of a short's row.
CREATE FUNCTION shorts.keep_tally() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO tally (short_id, created_at, live, tagged)
		VALUES (NEW.id, NEW.created_at, NEW.status = 'ready' AND NEW.hidden_at IS NULL, cardinality(NEW.tags) > 0);
	ELSE
		UPDATE tally SET live = NEW.status = 'ready' AND NEW.hidden_at IS NULL, tagged = cardinality(NEW.tags) > 0
		WHERE short_id = NEW.id;
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER keep_tally AFTER INSERT OR UPDATE OF status, hidden_at, tags ON shorts.short
	FOR EACH ROW EXECUTE FUNCTION shorts.keep_tally();


-- shorts.cards(ids, viewer): these shorts as clients see them, in this order, as an array; those that are no more, or that the
-- viewer (null: a guest) may not see, are left out.
CREATE FUNCTION shorts.cards(ids uuid[], viewer uuid) RETURNS json
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (
		SELECT coalesce(json_agg(json_build_object(
			'id', s.id,
			'status', s.status,
			'reason', s.reason,
			'progress', CASE s.status WHEN 'processing' THEN s.progress END,
			'video_url', '/media/shorts/' || s.media || '.mp4',
			'thumbnail_url', '/media/shorts/' || s.media || '.jpg',
			'width', s.width,
			'height', s.height,
			'duration_s', s.duration_s::double precision,
			'title', s.title,
			'description', s.description,
			'tags', s.tags,
			'channel', json_build_object('id', s.customer_id, 'nickname', p.nickname),
			'like_count', t.likes,
			'dislike_count', t.dislikes,
			'comment_count', t.comments,
			'view_count', t.views,
			'my_reaction', r.type,
			'subscribed', viewer IS NOT NULL AND EXISTS (
				SELECT FROM shorts.subscription f WHERE f.customer_id = viewer AND f.channel_id = s.customer_id),
			'mine', s.customer_id IS NOT DISTINCT FROM viewer,
			'hidden', s.hidden_at IS NOT NULL,
			'created_at', moa.rfc3339(s.created_at)) ORDER BY o.n), '[]')
		FROM unnest(ids) WITH ORDINALITY o (id, n)
		JOIN shorts.short s ON s.id = o.id
		JOIN shorts.tally t ON t.short_id = o.id
		LEFT JOIN auth.profile(ARRAY(SELECT DISTINCT c.customer_id FROM shorts.short c WHERE c.id = ANY (ids))) p
			ON p.id = s.customer_id
		LEFT JOIN shorts.reaction r ON r.short_id = o.id AND r.customer_id = viewer
		WHERE t.live OR s.customer_id = viewer);
END
$$;

-- shorts.show(short, viewer): one of them; not_found.
CREATE FUNCTION shorts.show(short uuid, viewer uuid, OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	result := cards(ARRAY[short], viewer) -> 0;
	IF result IS NULL THEN
		code := 'not_found';
	END IF;
END
$$;

GRANT EXECUTE ON FUNCTION shorts.show(uuid, uuid) TO moa_shorts;
