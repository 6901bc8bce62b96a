-- Processing: whose turn it is, how far it has come, and what came of it.
--
-- A worker leases a short and renews its lease by saying how far it is.  The fence counts the leases: what a worker says that has
-- lost its own, because it was thought dead, is not heard.  Leases end by PostgreSQL's clock, which nobody moves.
--
-- Who locks a short and its job locks the short first, as who deletes it does.

SET LOCAL ROLE moa_shorts_owner;

CREATE TABLE shorts.job (
	short_id uuid PRIMARY KEY REFERENCES shorts.short ON DELETE CASCADE,
	fence bigint NOT NULL DEFAULT 1,
	tries integer NOT NULL DEFAULT 1,  -- leases that came to nothing, and the one that runs
	leased_until timestamptz NOT NULL
);
CREATE INDEX short_processing ON shorts.short (created_at) WHERE status = 'processing';

-- shorts.reason_text(reason): why a video could not be made into a short, for its owner, and what can be done about it.
CREATE FUNCTION shorts.reason_text(reason text) RETURNS json
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN reason IS NOT NULL THEN json_build_object('ko', ko, 'en', en) END
	FROM (SELECT
		CASE reason
			WHEN 'not_a_video' THEN '동영상 파일이 아니에요. MP4, MOV, MKV, WebM 파일을 올려 주세요.'
			WHEN 'no_picture' THEN '영상이 없는 파일이에요. 소리만 있는 파일은 올릴 수 없어요.'
			WHEN 'too_long' THEN '60초보다 긴 동영상이에요. 60초 이하로 줄여서 다시 올려 주세요.'
			WHEN 'bad_size' THEN '화면 크기를 다룰 수 없어요. 가로와 세로가 각각 16에서 4096픽셀 사이여야 해요.'
			WHEN 'unsupported_codec' THEN '다룰 수 없는 방식으로 만들어진 동영상이에요. H.264 동영상으로 바꿔서 올려 주세요.'
			WHEN 'unreadable' THEN '파일이 잘렸거나 손상되었어요. 원본을 확인하고 다시 올려 주세요.'
			WHEN 'took_too_long' THEN '처리하는 데 너무 오래 걸려요. 더 작은 동영상으로 다시 올려 주세요.'
			WHEN 'too_large' THEN '처리한 동영상이 너무 커요. 더 짧거나 단순한 동영상으로 다시 올려 주세요.'
			ELSE '처리하지 못했어요. 다시 올려 주세요.' END AS ko,
		CASE reason
			WHEN 'not_a_video' THEN 'This is not a video file. Please upload an MP4, MOV, MKV or WebM file.'
			WHEN 'no_picture' THEN 'There is no picture in this file. A sound alone cannot be a short.'
			WHEN 'too_long' THEN 'This video is longer than 60 seconds. Please cut it and upload it again.'
			WHEN 'bad_size' THEN 'The picture has a size that we cannot handle: width and height have to be from 16 to 4096 pixels.'
			WHEN 'unsupported_codec' THEN 'This video is encoded in a way that we cannot handle. Please convert it to H.264.'
			WHEN 'unreadable' THEN 'The file is cut off or damaged. Please check the original and upload it again.'
			WHEN 'took_too_long' THEN 'Processing took too long. Please upload a smaller video.'
			WHEN 'too_large' THEN 'The processed video became too large. Please upload a shorter or plainer one.'
			ELSE 'We could not process this video. Please upload it again.' END AS en) t
$$;

-- shorts.next_video(): lease the short that has waited for longest; no row when none waits.  Who has failed to answer three times
-- over the same short has probably died of it.
CREATE FUNCTION shorts.next_video() RETURNS TABLE (id uuid, fence bigint, file text, thumbnail text, gave_up boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
#variable_conflict use_column
DECLARE
	next uuid;
BEGIN
	SELECT s.id INTO next FROM short s
	WHERE s.status = 'processing' AND NOT EXISTS (SELECT FROM job j WHERE j.short_id = s.id AND j.leased_until > clock_timestamp())
	ORDER BY s.created_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	RETURN QUERY WITH leased AS (
		INSERT INTO job AS j (short_id, leased_until) VALUES (next, clock_timestamp() + interval '1 minute')
		ON CONFLICT (short_id) DO UPDATE SET fence = j.fence + 1, tries = j.tries + 1, leased_until = excluded.leased_until
		-- Somebody was faster, just after this statement began.
		WHERE j.leased_until <= clock_timestamp()
		RETURNING j.fence, j.tries
	)
	SELECT next, l.fence, u.file, u.thumbnail, l.tries > 3
	FROM leased l, short s LEFT JOIN upload u ON u.id = s.upload_id WHERE s.id = next;
END
$$;

-- shorts.video_progress(short, fence, progress): so many percent are done, and the lease goes on; false: it is somebody else's, or
-- the short is no more.
CREATE FUNCTION shorts.video_progress(short uuid, p_fence bigint, p_progress integer, OUT held boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	PERFORM FROM shorts.short s WHERE s.id = short FOR NO KEY UPDATE;
	UPDATE job SET leased_until = clock_timestamp() + interval '1 minute' WHERE short_id = short AND fence = p_fence;
	held := FOUND;
	IF held THEN
		UPDATE shorts.short s SET progress = p_progress WHERE s.id = short AND s.progress < p_progress;
	END IF;
END
$$;

-- shorts.video_again(short, fence, wait, counts): give the lease back: the next try is due after so long, and this one counts or
-- does not.
CREATE FUNCTION shorts.video_again(short uuid, p_fence bigint, wait interval, counts boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
BEGIN
	UPDATE job SET leased_until = clock_timestamp() + wait, tries = tries - (NOT counts)::integer
	WHERE short_id = short AND fence = p_fence;
END
$$;

-- shorts.video_done(short, fence, reason, media, width, height, duration_ms): it failed for this reason, or (null) is ready under
-- that name.  held false: the lease was somebody else's, and nothing has changed.  Its upload is forgotten.
CREATE FUNCTION shorts.video_done(short uuid, p_fence bigint, p_reason text, p_media text, p_width integer, p_height integer,
	duration_ms bigint, OUT held boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	made_of uuid;
BEGIN
	held := false;
	SELECT s.upload_id INTO made_of FROM shorts.short s WHERE s.id = short AND s.status = 'processing' FOR UPDATE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	DELETE FROM job WHERE short_id = short AND fence = p_fence;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	held := true;
	UPDATE shorts.short s SET status = CASE WHEN p_reason IS NULL THEN 'ready' ELSE 'failed' END, reason = p_reason,
		progress = CASE WHEN p_reason IS NULL THEN 100 ELSE s.progress END, media = p_media, width = p_width, height = p_height,
		duration_s = duration_ms / 1000.0
	WHERE s.id = short;
	DELETE FROM upload u WHERE u.id = made_of;
END
$$;

GRANT EXECUTE ON FUNCTION shorts.next_video(), shorts.video_progress(uuid, bigint, integer),
	shorts.video_again(uuid, bigint, interval, boolean),
	shorts.video_done(uuid, bigint, text, text, integer, integer, bigint) TO moa_worker;
