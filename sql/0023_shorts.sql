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
	leased_until timestamptz,           -- somebody writes, and will say so again before this; null: it was given back
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	expires_at timestamptz NOT NULL
);
CREATE INDEX upload_customer ON shorts.upload (customer_id, created_at);
CREATE INDEX upload_expires ON shorts.upload (expires_at);

-- A short, from the moment it is handed in.  It can be seen by everybody when it is ready and nobody has hidden it.  A deleted one
-- is nobody's, without words or files, and stays only until what hangs on it has been removed, which may be a lot.
CREATE TABLE shorts.short (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	customer_id uuid,  -- whose channel it is on
	upload_id uuid NOT NULL UNIQUE,  -- what it was made from: handing that in again gives the same short
	form_hash bytea,  -- of all that came with it, if that was in a form: the same form again gives the same short, too
	title text NOT NULL CHECK (length(title) BETWEEN 1 AND 50),
	description text NOT NULL DEFAULT '' CHECK (length(description) <= 150),
	tags text[] NOT NULL DEFAULT '{}',  -- the words after # in the description, lower case, each once
	status text NOT NULL DEFAULT 'processing' CHECK (status IN ('processing', 'ready', 'failed', 'deleted')),
	progress integer NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),  -- of processing, in percent
	reason text,  -- why it failed: a word that shorts.reason_text (0025_processing.sql) explains
	media text UNIQUE,  -- the unguessable name of its files; null before it is ready
	width integer CHECK (width > 0),
	height integer CHECK (height > 0),
	duration_s numeric(6, 3) CHECK (duration_s > 0),
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	hidden_at timestamptz,  -- by an administrator
	CHECK ((status = 'deleted') = (customer_id IS NULL)),
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


-- shorts.show(short, viewer): it as clients see it (shorts.cards in 0026_feed.sql); not_found.
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
