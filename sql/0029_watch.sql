-- Watching: views, and points for time that was really watched.
--
-- The time itself is measured in Redis (cgi-bin/shorts/stopwatch.c), where it may be lost.  What is counted and paid is here, each
-- once by its key, however often it is reported.

SET LOCAL ROLE moa_shorts_owner;

-- A customer has watched a short, on a day of Seoul.
CREATE TABLE shorts.view (
	short_id uuid NOT NULL REFERENCES shorts.short ON DELETE CASCADE,
	customer_id uuid NOT NULL,
	day date NOT NULL,
	PRIMARY KEY (short_id, customer_id, day)
);
CREATE INDEX view_customer ON shorts.view (customer_id);

-- A lap, 60 seconds of watching, was paid for.  A day of Seoul has ten.
CREATE TABLE shorts.watch_lap (
	customer_id uuid NOT NULL,
	day date NOT NULL,
	lap integer NOT NULL CHECK (lap BETWEEN 1 AND 10),
	paid_at timestamptz NOT NULL DEFAULT moa.now(),
	PRIMARY KEY (customer_id, day, lap)
);


-- shorts.watch(customer, short, seen, lap_day, lap, points): what watching has come to.  The customer has watched the short seen
-- for so long that it is a view, and on lap_day lap number ${lap}, which is worth so many points; nulls say nothing.  Returns the
-- day of Seoul with how many ms of it are left and its paid laps, whether a lap was paid for now, and of short whether it can be
-- watched and has been viewed today.  Another lap than the next, or of another day than today, is not paid for.  not_found: there
-- is no such customer, or the short cannot be watched.
CREATE FUNCTION shorts.watch(customer uuid, short uuid, seen uuid, lap_day date, lap integer, points bigint,
	OUT code text, OUT day date, OUT left_ms bigint, OUT laps integer, OUT earned boolean, OUT viewed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = shorts, pg_temp AS $$
DECLARE
	now timestamp := moa.now() AT TIME ZONE 'Asia/Seoul';
BEGIN
	day := now::date;
	left_ms := ceil(1000 * extract(epoch FROM day + 1 - now));
	earned := false;
	IF hold(customer) IS NULL THEN
		code := 'not_found';
		laps := 0;
		RETURN;
	END IF;
	IF seen IS NOT NULL THEN
		INSERT INTO view (short_id, customer_id, day)
		SELECT s.id, customer, watch.day FROM shorts.short s WHERE s.id = seen FOR KEY SHARE
		ON CONFLICT DO NOTHING;
		IF FOUND THEN
			UPDATE tally SET views = views + 1 WHERE short_id = seen;
		END IF;
	END IF;
	SELECT count(*) INTO laps FROM watch_lap l WHERE l.customer_id = customer AND l.day = watch.day;
	IF lap_day = day AND lap = laps + 1 THEN
		-- False if another beat was faster: it has locked the account, and then written the row.
		earned := pay.award_points(customer, day || ':' || lap, points);
		INSERT INTO watch_lap (customer_id, day, lap) VALUES (customer, watch.day, watch.lap) ON CONFLICT DO NOTHING;
		laps := lap;
	END IF;
	IF short IS NOT NULL THEN
		SELECT EXISTS (SELECT FROM view v WHERE v.short_id = short AND v.customer_id = customer AND v.day = watch.day) INTO viewed
		FROM tally t WHERE t.short_id = short AND t.live;
		IF NOT FOUND THEN
			code := 'not_found';
		END IF;
	END IF;
END
$$;

GRANT EXECUTE ON FUNCTION shorts.watch(uuid, uuid, uuid, date, integer, bigint) TO moa_shorts;
