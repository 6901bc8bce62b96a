-- Uploads: who writes where, how far it has come, and what becomes of it.
--
-- Somebody who writes has a lease: a number drawn at random, the fence, which every count of bytes names, and which ends for the
-- older writer as soon as a newer one begins.  A lease that was given back leaves a file that can be continued.  After one that was not, somebody
-- may still write into the file, so that whoever comes next goes on in a copy of what was counted.  No clock decides any of this.
--
-- What an upload is called is told by the reply to its creation.  Who has not heard it cannot go on, and creates another one.  When a
-- program is killed while bytes come along with a creation, or in a form, that shows: the fence is 1 still, and the lease has not been
-- renewed for a minute, by PostgreSQL's clock, which nobody moves; such an upload is forgotten.  When the reply was lost on its way, it
-- does not show: so what is empty, or was never gone on with and is not whole, stays, but makes way when its customer wants another
-- one and may have no more.

SET LOCAL ROLE moa_shorts_owner;

-- Counting goes on in place: no index has a column that changes with each MiB.
ALTER TABLE shorts.upload SET (fillfactor = 50);
CREATE INDEX upload_creating ON shorts.upload (id) WHERE fence = 1;


-- shorts.upload_life(): how long an upload waits for more.
CREATE FUNCTION shorts.upload_life() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '24 hours' $$;

-- shorts.upload_silence(): who writes and says nothing of it for so long writes no more.  A program says it every few seconds, and
-- bears a silent client for 20.
CREATE FUNCTION shorts.upload_silence() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '1 minute' $$;

-- shorts.lease_end(): until when a lease holds that is taken or renewed now.
CREATE FUNCTION shorts.lease_end() RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() + shorts.upload_silence() $$;

-- shorts.yields_in(upload): how long until it may make way for another of its customer's; null: not before it runs out.
CREATE FUNCTION shorts.yields_in(u shorts.upload) RETURNS interval
LANGUAGE sql VOLATILE AS $$
	SELECT CASE WHEN u.received = 0 OR u.fence = 1 AND u.received < u.length
		THEN greatest(u.created_at + shorts.upload_silence() - moa.now(), u.leased_until - clock_timestamp()) END
$$;

-- shorts.make_way(customer): forget the oldest open upload that may make way; false: there is none.
CREATE FUNCTION shorts.make_way(customer uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM shorts.upload u WHERE u.id = (
		SELECT o.id FROM shorts.upload o
		WHERE o.customer_id = customer AND o.expires_at > moa.now() AND shorts.yields_in(o) <= interval '0'
		ORDER BY o.created_at LIMIT 1 FOR UPDATE SKIP LOCKED);
	RETURN FOUND;
END
$$;

-- shorts.http_date(at): a time as HTTP writes it (RFC 9110, IMF-fixdate).
CREATE FUNCTION shorts.http_date(at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'Dy, DD Mon YYYY HH24:MI:SS "GMT"') $$;

-- shorts.create_upload(customer, length, file, thumbnail, metadata, room, writing): an upload of so many bytes, while room is how
-- many are free in all; writing: its first bytes come with it, so that it begins leased with the fence 1.  account_blocked;
-- too_many_uploads, with five open ones or twenty whose bytes are here still, none of which may make way; storage_full, when not all
-- that has been promised would fit.
CREATE FUNCTION shorts.create_upload(customer uuid, length bigint, file text, thumbnail text, metadata text, room bigint,
	writing boolean, OUT code text, OUT retry_after_s integer, OUT id uuid, OUT expires text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	open_ones integer;
	all_ones integer;
	wait interval;
BEGIN
	IF hold(customer) IS DISTINCT FROM 'good' THEN
		code := 'account_blocked';
		RETURN;
	END IF;
	-- Of a customer's creations at the same moment each sees the ones before; of everybody's, each what was promised.
	PERFORM pg_advisory_xact_lock(hashtextextended('shorts.upload ' || customer, 0));
	SELECT count(*) FILTER (WHERE s.id IS NULL), count(*),
		min(least(yields_in(u), u.expires_at - moa.now())) FILTER (WHERE s.id IS NULL)
	INTO open_ones, all_ones, wait
	FROM upload u LEFT JOIN short s ON s.upload_id = u.id
	WHERE u.customer_id = customer AND (s.id IS NOT NULL OR u.expires_at > moa.now());
	IF open_ones >= 5 OR all_ones >= 20 THEN
		IF NOT make_way(customer) THEN
			code := 'too_many_uploads';
			retry_after_s := CASE WHEN open_ones >= 5 THEN greatest(1, ceil(extract(epoch FROM wait))) ELSE 60 END;
			RETURN;
		END IF;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('shorts.room', 0));
	IF length + (SELECT coalesce(sum(u.length - u.received), 0) FROM upload u) > room THEN
		code := 'storage_full';
		RETURN;
	END IF;
	INSERT INTO upload AS u (customer_id, length, file, thumbnail, metadata, fence, leased_until, expires_at)
	VALUES (customer, create_upload.length, create_upload.file, create_upload.thumbnail, create_upload.metadata, writing::integer,
		CASE WHEN writing THEN lease_end() END, moa.now() + upload_life())
	RETURNING u.id, http_date(u.expires_at) INTO create_upload.id, expires;
END
$$;

-- shorts.show_upload(customer, upload): how far it is; not_found, upload_expired.
CREATE FUNCTION shorts.show_upload(customer uuid, upload uuid,
	OUT code text, OUT received bigint, OUT length bigint, OUT metadata text, OUT expires text, OUT expires_at text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	u upload;
	kept boolean;
BEGIN
	SELECT * INTO u FROM shorts.upload o WHERE o.id = upload AND o.customer_id = customer;
	kept := EXISTS (SELECT FROM short s WHERE s.upload_id = upload);
	code := CASE WHEN u.id IS NULL THEN 'not_found' WHEN NOT kept AND u.expires_at <= moa.now() THEN 'upload_expired' END;
	received := u.received;
	length := u.length;
	metadata := u.metadata;
	expires := http_date(u.expires_at);
	expires_at := moa.rfc3339(u.expires_at);
END
$$;

-- shorts.begin_upload(customer, upload, at): take the lease to write from byte at on.  take_over: the lease had not been given
-- back, so the file is to be copied first (move_upload).  account_blocked, not_found, upload_expired, upload_handed_in;
-- wrong_offset, with the right one in received.  A crash of PostgreSQL may forget the lease: its fence never comes again, so that its
-- holder counts nothing any more, and the lock on the file tells whoever comes next that it may be written to still.
CREATE FUNCTION shorts.begin_upload(customer uuid, upload uuid, at bigint,
	OUT code text, OUT fence bigint, OUT file text, OUT take_over boolean, OUT received bigint, OUT length bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	u upload;
BEGIN
	SELECT * INTO u FROM shorts.upload o WHERE o.id = upload AND o.customer_id = customer FOR UPDATE;
	code := CASE
		WHEN u.id IS NULL THEN 'not_found'
		WHEN pay.standing(customer) IS DISTINCT FROM 'good' THEN 'account_blocked'
		WHEN u.expires_at <= moa.now() THEN 'upload_expired'
		WHEN u.received <> at THEN 'wrong_offset'
		WHEN EXISTS (SELECT FROM short s WHERE s.upload_id = upload) THEN 'upload_handed_in'
	END;
	received := u.received;
	IF code IS NOT NULL THEN
		RETURN;
	END IF;
	file := u.file;
	length := u.length;
	take_over := u.leased_until IS NOT NULL;
	fence := ('x' || translate(left(gen_random_uuid()::text, 18), '-', ''))::bit(60)::bigint;
	PERFORM set_config('synchronous_commit', 'off', true);
	UPDATE shorts.upload o SET fence = begin_upload.fence, leased_until = lease_end() WHERE o.id = upload;
END
$$;

-- shorts.move_upload(upload, fence, file): from now on its bytes are in this file.  False: the lease is somebody else's.
CREATE FUNCTION shorts.move_upload(upload uuid, fence bigint, file text, OUT held boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	UPDATE shorts.upload o SET file = move_upload.file WHERE o.id = upload AND o.fence = move_upload.fence;
	held := FOUND;
END
$$;

-- shorts.count_upload(upload, fence, received): so many bytes are in the file, and more will come.  False: the lease is somebody
-- else's.  What a crash of PostgreSQL forgets of this is sent again.
CREATE FUNCTION shorts.count_upload(upload uuid, fence bigint, received bigint, OUT held boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	PERFORM set_config('synchronous_commit', 'off', true);
	-- The end is put off at most once an hour, for it is in an index.
	UPDATE shorts.upload o SET received = count_upload.received, leased_until = lease_end(),
		expires_at = CASE WHEN o.expires_at < moa.now() + upload_life() - interval '1 hour' THEN moa.now() + upload_life()
			ELSE o.expires_at END
	WHERE o.id = upload AND o.fence = count_upload.fence AND o.leased_until IS NOT NULL;
	held := FOUND;
END
$$;

-- shorts.end_upload(upload, fence, received): the same for the last time: the lease is given back.  No row: it was somebody else's.
CREATE FUNCTION shorts.end_upload(upload uuid, fence bigint, received bigint)
	RETURNS TABLE (expires text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	RETURN QUERY UPDATE shorts.upload o SET received = end_upload.received, leased_until = NULL,
		expires_at = moa.now() + upload_life()
	WHERE o.id = upload AND o.fence = end_upload.fence AND o.leased_until IS NOT NULL
	RETURNING http_date(o.expires_at);
END
$$;

-- shorts.delete_upload(customer, upload): forget it; file is what to remove.  not_found; upload_handed_in, once a short is made of it.
CREATE FUNCTION shorts.delete_upload(customer uuid, upload uuid, OUT code text, OUT file text, OUT thumbnail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	u upload;
BEGIN
	SELECT * INTO u FROM shorts.upload o WHERE o.id = upload AND o.customer_id = customer FOR UPDATE;
	code := CASE WHEN u.id IS NULL THEN 'not_found'
		WHEN EXISTS (SELECT FROM short s WHERE s.upload_id = upload) THEN 'upload_handed_in' END;
	IF code IS NULL THEN
		DELETE FROM shorts.upload o WHERE o.id = upload;
		file := u.file;
		thumbnail := u.thumbnail;
	END IF;
END
$$;

-- shorts.make_short(customer, upload, title, description): the short of an upload that is whole: {id, status}; again the same one.
-- account_blocked, not_found, upload_expired, upload_unfinished.
CREATE FUNCTION shorts.make_short(customer uuid, upload uuid, title text, description text, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	u upload;
	made short;
BEGIN
	IF hold(customer) IS DISTINCT FROM 'good' THEN
		code := 'account_blocked';
		RETURN;
	END IF;
	SELECT * INTO u FROM shorts.upload o WHERE o.id = upload AND o.customer_id = customer FOR UPDATE;
	-- When a short has been processed its upload is gone.
	SELECT * INTO made FROM short s WHERE s.upload_id = upload AND s.customer_id = customer;
	IF made.id IS NULL THEN
		code := CASE WHEN u.id IS NULL THEN 'not_found'
			WHEN u.expires_at <= moa.now() THEN 'upload_expired'
			WHEN u.received < u.length THEN 'upload_unfinished' END;
		IF code IS NOT NULL THEN
			RETURN;
		END IF;
		INSERT INTO short (customer_id, upload_id, title, description, tags)
		VALUES (customer, upload, make_short.title, make_short.description, tags_of(make_short.description))
		RETURNING * INTO made;
	END IF;
	result := json_build_object('id', made.id, 'status', made.status);
END
$$;

-- shorts.make_short_of_form(customer, upload, size, pictured, hash, title, description): the same for an upload that came in one form,
-- with all that is known only at its end: the video's size, whether there was a picture, and the hash of it all.  Who repeats a form
-- within a day, as one whose reply was lost, gets the short that there is, unless nothing could be made of that.
CREATE FUNCTION shorts.make_short_of_form(customer uuid, upload uuid, size bigint, pictured boolean, hash bytea, title text,
	description text, OUT code text, OUT result json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	earlier uuid;
BEGIN
	-- Before any row: who erases has this lock first, and then wants the rows.
	IF hold(customer) IS DISTINCT FROM 'good' THEN
		code := 'account_blocked';
		RETURN;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended('shorts.form ' || customer, 0));
	SELECT s.upload_id INTO earlier FROM short s
	WHERE s.customer_id = customer AND s.created_at > moa.now() - upload_life() AND s.form_hash = hash AND s.status <> 'failed'
	ORDER BY s.created_at DESC LIMIT 1;
	IF FOUND THEN
		DELETE FROM shorts.upload o WHERE o.id = upload AND o.customer_id = customer;
	ELSE
		UPDATE shorts.upload o SET length = size, received = size, leased_until = NULL,
			thumbnail = CASE WHEN pictured THEN o.thumbnail END
		WHERE o.id = upload AND o.customer_id = customer;
	END IF;
	SELECT m.code, m.result INTO code, result FROM make_short(customer, coalesce(earlier, upload), title, description) m;
	UPDATE short s SET form_hash = hash WHERE s.upload_id = upload;
END
$$;

-- shorts.expire_uploads(most): forget uploads that nobody goes on with; how many there were.
CREATE FUNCTION shorts.expire_uploads(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	n integer;
BEGIN
	DELETE FROM upload u WHERE u.id IN (
		SELECT o.id FROM upload o
		WHERE (o.expires_at <= moa.now() OR o.fence = 1 AND o.leased_until <= clock_timestamp())
			AND NOT EXISTS (SELECT FROM short s WHERE s.upload_id = o.id)
		ORDER BY o.expires_at LIMIT most FOR UPDATE SKIP LOCKED);
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END
$$;

GRANT EXECUTE ON FUNCTION shorts.create_upload(uuid, bigint, text, text, text, bigint, boolean), shorts.show_upload(uuid, uuid),
	shorts.begin_upload(uuid, uuid, bigint), shorts.move_upload(uuid, bigint, text), shorts.count_upload(uuid, bigint, bigint),
	shorts.end_upload(uuid, bigint, bigint), shorts.delete_upload(uuid, uuid), shorts.make_short(uuid, uuid, text, text),
	shorts.make_short_of_form(uuid, uuid, bigint, boolean, bytea, text, text) TO moa_shorts;
GRANT USAGE ON SCHEMA shorts TO moa_worker;
GRANT EXECUTE ON FUNCTION shorts.expire_uploads(integer) TO moa_worker;
