-- Files follow rows: what happens to the row of a short or of an upload is noted, and the worker does the same to its files.
--
-- A note says which files to look at, not what to do: where they belong is asked when it is their turn, and once more when that has
-- been done, since a row may have changed again.  So every change is followed by a look at how things are after it, whoever is
-- late, and a note may be worked off any number of times.  Leases end by PostgreSQL's clock, which nobody moves.

SET LOCAL ROLE moa_shorts_owner;

CREATE TABLE shorts.file_note (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('media', 'upload')),
	name text NOT NULL,  -- short.media, upload.file or upload.thumbnail
	tries integer NOT NULL DEFAULT 0,
	leased_until timestamptz
);

-- Whose storage this is: the worker writes the number there, and removes no unknown file where it finds another.
CREATE TABLE shorts.storage (
	singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
	id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO shorts.storage DEFAULT VALUES;

-- shorts.note_short(): the files of a short that was deleted, hidden, shown again, or hidden before it was ready; the upload of one
-- that was deleted before it was processed.
CREATE FUNCTION shorts.note_short() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	IF OLD.media IS NOT NULL THEN
		INSERT INTO file_note (kind, name) VALUES ('media', OLD.media);
	END IF;
	IF TG_OP = 'DELETE' THEN
		DELETE FROM upload u WHERE u.id = OLD.upload_id;
	ELSIF NEW.media <> coalesce(OLD.media, '') AND NEW.hidden_at IS NOT NULL THEN
		INSERT INTO file_note (kind, name) VALUES ('media', NEW.media);
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER note_deleted AFTER DELETE ON shorts.short FOR EACH ROW EXECUTE FUNCTION shorts.note_short();
CREATE TRIGGER note_moved AFTER UPDATE OF hidden_at, media ON shorts.short FOR EACH ROW
	WHEN ((OLD.hidden_at IS NULL) <> (NEW.hidden_at IS NULL) OR OLD.media IS DISTINCT FROM NEW.media)
	EXECUTE FUNCTION shorts.note_short();

-- shorts.note_upload(): the files of an upload that was deleted, by whomever.
CREATE FUNCTION shorts.note_upload() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	INSERT INTO file_note (kind, name) SELECT 'upload', f FROM unnest(ARRAY[OLD.file, OLD.thumbnail]) f WHERE f IS NOT NULL;
	RETURN NULL;
END
$$;
CREATE TRIGGER note_deleted AFTER DELETE ON shorts.upload FOR EACH ROW EXECUTE FUNCTION shorts.note_upload();

-- shorts.file_place(kind, name): the directory where such a file belongs now; null for nowhere.  The name of an upload's file is
-- never used again, so that it is nowhere once its row has gone.
CREATE FUNCTION shorts.file_place(kind text, name text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT CASE WHEN s.hidden_at IS NULL THEN 'media' ELSE 'private' END
		FROM shorts.short s WHERE kind = 'media' AND s.media = name);
END
$$;

-- shorts.next_files(most): notes whose turn it is, leased, and the directory (null: none) where the files belong.  What fails is
-- repeated after 1, 2, 4, ... minutes, at most an hour.
CREATE FUNCTION shorts.next_files(most integer) RETURNS TABLE (id bigint, kind text, name text, place text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	RETURN QUERY UPDATE file_note n SET tries = n.tries + 1,
		leased_until = clock_timestamp() + least(power(2, least(n.tries, 6)), 60) * interval '1 minute'
	WHERE n.id IN (
		SELECT o.id FROM file_note o WHERE o.leased_until IS NULL OR o.leased_until <= clock_timestamp()
		ORDER BY o.id LIMIT most FOR UPDATE SKIP LOCKED)
	RETURNING n.id, n.kind, n.name, file_place(n.kind, n.name);
END
$$;

-- shorts.file_done(note, place): the files are there; if they belong elsewhere by now, the note is due again.
CREATE FUNCTION shorts.file_done(note bigint, place text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	DELETE FROM file_note n WHERE n.id = note AND file_place(n.kind, n.name) IS NOT DISTINCT FROM place;
	IF NOT FOUND THEN
		UPDATE file_note n SET leased_until = NULL WHERE n.id = note;
	END IF;
END
$$;

-- shorts.storage_id(): the number that storage of this database has.
CREATE FUNCTION shorts.storage_id() RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp AS $$ SELECT id FROM storage $$;

-- shorts.unknown_files(directory, names): which of these files, as they are called below that directory, no row tells of.  Those
-- that belong into another one are noted.
CREATE FUNCTION shorts.unknown_files(directory text, names text[]) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	IF directory = 'uploads' THEN
		RETURN QUERY SELECT n FROM unnest(names) n
			EXCEPT SELECT u.file FROM upload u EXCEPT SELECT u.thumbnail FROM upload u WHERE u.thumbnail IS NOT NULL;
		RETURN;
	END IF;
	INSERT INTO file_note (kind, name)
	SELECT DISTINCT 'media', s.media FROM unnest(names) n JOIN short s ON s.media = left(n, -4)
	WHERE file_place('media', s.media) <> directory AND NOT EXISTS (SELECT FROM file_note o WHERE o.name = s.media);
	RETURN QUERY SELECT n FROM unnest(names) n
		WHERE n !~ '\.(mp4|jpg)$' OR NOT EXISTS (SELECT FROM short s WHERE s.media = left(n, -4));
END
$$;

-- shorts.media_after(media, most): whose files ought to be there, name by name.
CREATE FUNCTION shorts.media_after(after text, most integer) RETURNS TABLE (id uuid, media text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT s.id, s.media FROM short s WHERE s.media > after ORDER BY s.media LIMIT most;
END
$$;

GRANT EXECUTE ON FUNCTION shorts.next_files(integer), shorts.file_done(bigint, text), shorts.unknown_files(text, text[]),
	shorts.media_after(text, integer), shorts.storage_id() TO moa_worker;
