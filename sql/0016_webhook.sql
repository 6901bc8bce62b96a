-- Webhooks: where merchants want to hear of events (pay.event), and how far each event has got there.
--
-- A delivery is made for every subscribed endpoint by a trigger, in the commit of the event itself: there is no event
-- without its deliveries, and nobody has to remember how far a list of events has been worked off, whose commits come in
-- any order.  Workers lease deliveries, call the merchant with no transaction open, and then tell what came of it.  A
-- worker that dies in between leaves a lease that runs out: the event is delivered again under the same id.

SET LOCAL ROLE moa_pay_owner;


CREATE TABLE pay.webhook_endpoint (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	merchant_id uuid NOT NULL REFERENCES pay.merchant,
	url text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
	events text[] NOT NULL CHECK (cardinality(events) > 0),
	secret bytea NOT NULL CHECK (octet_length(secret) = 32),  -- signing needs it as it is, so no hash will do
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	disabled_at timestamptz,  -- it answered 410: nothing is sent there any more
	deleted_at timestamptz    -- marked only: a purchase that is just adding a delivery must not fail
);
CREATE INDEX webhook_endpoint_merchant ON pay.webhook_endpoint (merchant_id, created_at DESC, id DESC)
	WHERE deleted_at IS NULL;

CREATE TABLE pay.webhook_delivery (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	endpoint_id uuid NOT NULL REFERENCES pay.webhook_endpoint,
	event_id uuid NOT NULL REFERENCES pay.event,
	merchant_id uuid NOT NULL REFERENCES pay.merchant,
	created_at timestamptz NOT NULL DEFAULT moa.now(),
	status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
	due_at timestamptz NOT NULL DEFAULT moa.now(),  -- of a leased one: when the lease runs out
	leased boolean NOT NULL DEFAULT false CHECK (status = 'pending' OR NOT leased),
	attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),  -- ever; the last one's number goes with its lease
	tries integer NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND attempts),  -- since it was made or replayed
	attempted_at timestamptz,
	answer integer CHECK (answer BETWEEN 100 AND 999),  -- the status that the last attempt was answered with
	fault text,                                        -- or why there was none
	UNIQUE (endpoint_id, event_id)
);
CREATE INDEX webhook_delivery_due ON pay.webhook_delivery (due_at) WHERE status = 'pending';
CREATE INDEX webhook_delivery_leased ON pay.webhook_delivery (merchant_id, due_at) WHERE leased;
CREATE INDEX webhook_delivery_list ON pay.webhook_delivery (endpoint_id, created_at DESC, id DESC);
CREATE INDEX webhook_delivery_last ON pay.webhook_delivery (endpoint_id, attempted_at DESC) WHERE attempted_at IS NOT NULL;
CREATE INDEX webhook_delivery_event ON pay.webhook_delivery (event_id);
CREATE INDEX event_at ON pay.event (at);

CREATE FUNCTION pay.make_deliveries() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO pay.webhook_delivery (endpoint_id, event_id, merchant_id)
	SELECT e.id, new.id, e.merchant_id FROM pay.webhook_endpoint e
	WHERE e.merchant_id = new.merchant_id AND e.deleted_at IS NULL AND e.disabled_at IS NULL
		AND new.type = ANY (e.events);
	RETURN NULL;
END
$$;
CREATE TRIGGER event_delivered AFTER INSERT ON pay.event
	FOR EACH ROW EXECUTE FUNCTION pay.make_deliveries();


-- pay.delivery_json(delivery): as its merchant sees it.
CREATE FUNCTION pay.delivery_json(d pay.webhook_delivery) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN jsonb_build_object('id', d.id, 'event_id', d.event_id,
		'type', (SELECT type FROM pay.event e WHERE e.id = d.event_id), 'status', d.status, 'attempts', d.attempts,
		'created_at', moa.rfc3339(d.created_at), 'last_attempt_at', moa.rfc3339(d.attempted_at),
		'last_answer', d.answer, 'last_fault', d.fault,
		'next_attempt_at', CASE WHEN d.status = 'pending' AND NOT d.leased THEN moa.rfc3339(d.due_at) END);
END
$$;

-- pay.endpoint_json(endpoint): likewise, with the delivery that was tried last; never the secret.
CREATE FUNCTION pay.endpoint_json(e pay.webhook_endpoint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN jsonb_build_object('id', e.id, 'url', e.url, 'events', e.events,
		'status', CASE WHEN e.disabled_at IS NULL THEN 'enabled' ELSE 'disabled' END,
		'created_at', moa.rfc3339(e.created_at), 'disabled_at', moa.rfc3339(e.disabled_at),
		'last_delivery', (SELECT pay.delivery_json(d) FROM pay.webhook_delivery d
			WHERE d.endpoint_id = e.id AND d.attempted_at IS NOT NULL ORDER BY d.attempted_at DESC LIMIT 1));
END
$$;


-- pay.add_webhook_endpoint(key, url, events, secret): a new endpoint, and the one reply that holds its secret; conflict
-- when the merchant has 10 already.  The merchant's row is locked, so that two of these do not make an eleventh.
CREATE FUNCTION pay.add_webhook_endpoint(p_key bytea, p_url text, p_events text[], p_secret bytea,
	OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	merchant uuid := merchant_of(p_key);
	made webhook_endpoint;
BEGIN
	IF merchant IS NULL THEN
		code := 'token_invalid';
		RETURN;
	END IF;
	PERFORM FROM merchant m WHERE m.id = merchant FOR NO KEY UPDATE;
	IF (SELECT count(*) FROM webhook_endpoint e WHERE e.merchant_id = merchant AND e.deleted_at IS NULL) >= 10 THEN
		code := 'conflict';
		RETURN;
	END IF;
	INSERT INTO webhook_endpoint (merchant_id, url, events, secret)
	VALUES (merchant, p_url, ARRAY(SELECT DISTINCT unnest(p_events) ORDER BY 1), p_secret)
	RETURNING * INTO made;
	result := endpoint_json(made) || jsonb_build_object('secret', 'whsec_' || encode(p_secret, 'base64'));
END
$$;

-- pay.webhook_endpoints(key, cursor, most): the merchant's endpoints, newest first; token_invalid, invalid_cursor.
CREATE FUNCTION pay.webhook_endpoints(p_key bytea, p_cursor text, p_most integer, OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	merchant uuid := merchant_of(p_key);
	after record;
BEGIN
	after := cursor_read(p_cursor);
	IF merchant IS NULL OR after.at IS NULL THEN
		code := CASE WHEN merchant IS NULL THEN 'token_invalid' ELSE 'invalid_cursor' END;
		RETURN;
	END IF;
	WITH found AS (
		SELECT e.created_at, e.id, row_number() OVER (ORDER BY e.created_at DESC, e.id DESC) AS nth,
			endpoint_json(e) AS shown
		FROM webhook_endpoint e
		WHERE e.merchant_id = merchant AND e.deleted_at IS NULL AND (e.created_at, e.id) < (after.at, after.id)
		ORDER BY e.created_at DESC, e.id DESC LIMIT p_most + 1
	)
	SELECT json_build_object(
		'items', coalesce(json_agg(shown ORDER BY nth) FILTER (WHERE nth <= p_most), '[]'),
		'next_cursor', CASE WHEN count(*) > p_most
			THEN max(cursor_at(created_at, id)) FILTER (WHERE nth = p_most) END)
	INTO result FROM found;
END
$$;

-- pay.owned_endpoint(key, endpoint): token_invalid, not_found, or null: it is there, and is the merchant's.
CREATE FUNCTION pay.owned_endpoint(p_key bytea, p_endpoint uuid) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	merchant uuid := pay.merchant_of(p_key);
BEGIN
	RETURN CASE
		WHEN merchant IS NULL THEN 'token_invalid'
		WHEN NOT EXISTS (SELECT FROM pay.webhook_endpoint e
			WHERE e.id = p_endpoint AND e.merchant_id = merchant AND e.deleted_at IS NULL) THEN 'not_found' END;
END
$$;

-- pay.delete_webhook_endpoint(key, endpoint): nothing is sent there any more, but for what is under way; not_found.
CREATE FUNCTION pay.delete_webhook_endpoint(p_key bytea, p_endpoint uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	refusal text := owned_endpoint(p_key, p_endpoint);
BEGIN
	IF refusal IS NULL THEN
		UPDATE webhook_endpoint SET deleted_at = moa.now() WHERE id = p_endpoint AND deleted_at IS NULL;
	END IF;
	RETURN refusal;
END
$$;

-- pay.webhook_deliveries(key, endpoint, cursor, most): what was or will be sent there, newest first; not_found,
-- invalid_cursor.
CREATE FUNCTION pay.webhook_deliveries(p_key bytea, p_endpoint uuid, p_cursor text, p_most integer,
	OUT code text, OUT result json)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	after record;
BEGIN
	after := cursor_read(p_cursor);
	code := coalesce(owned_endpoint(p_key, p_endpoint), CASE WHEN after.at IS NULL THEN 'invalid_cursor' END);
	IF code IS NOT NULL THEN
		RETURN;
	END IF;
	WITH found AS (
		SELECT d.created_at, d.id, row_number() OVER (ORDER BY d.created_at DESC, d.id DESC) AS nth,
			delivery_json(d) AS shown
		FROM webhook_delivery d
		WHERE d.endpoint_id = p_endpoint AND (d.created_at, d.id) < (after.at, after.id)
		ORDER BY d.created_at DESC, d.id DESC LIMIT p_most + 1
	)
	SELECT json_build_object(
		'items', coalesce(json_agg(shown ORDER BY nth) FILTER (WHERE nth <= p_most), '[]'),
		'next_cursor', CASE WHEN count(*) > p_most
			THEN max(cursor_at(created_at, id)) FILTER (WHERE nth = p_most) END)
	INTO result FROM found;
END
$$;

-- pay.replay_delivery(key, endpoint, delivery): send it (again) now, with all its tries before it; not_found; conflict
-- while it is being sent or where the endpoint is disabled.
CREATE FUNCTION pay.replay_delivery(p_key bytea, p_endpoint uuid, p_delivery uuid, OUT code text, OUT result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	d webhook_delivery;
BEGIN
	code := owned_endpoint(p_key, p_endpoint);
	IF code IS NOT NULL THEN
		RETURN;
	END IF;
	SELECT * INTO d FROM webhook_delivery w WHERE w.id = p_delivery AND w.endpoint_id = p_endpoint FOR UPDATE;
	IF NOT FOUND THEN
		code := 'not_found';
	ELSIF d.leased OR EXISTS (SELECT FROM webhook_endpoint e WHERE e.id = p_endpoint AND e.disabled_at IS NOT NULL) THEN
		code := 'conflict';
	ELSE
		UPDATE webhook_delivery w SET status = 'pending', due_at = moa.now(), tries = 0
		WHERE w.id = p_delivery RETURNING w.* INTO d;
		result := delivery_json(d);
	END IF;
END
$$;


-- pay.next_delivery(): the delivery that has been due for longest, leased to the calling worker for a minute; no row when
-- there is nothing to do.  At most 4 run at once for one merchant, so that a slow one does not hold the others up.
-- What belongs to an endpoint that has gone meanwhile is put aside here.
CREATE FUNCTION pay.next_delivery()
RETURNS TABLE (id uuid, attempt integer, endpoint_id uuid, url text, secret bytea, event_id uuid, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
#variable_conflict use_column
DECLARE
	t timestamptz := moa.now();
	d webhook_delivery;
	e webhook_endpoint;
BEGIN
	LOOP
		SELECT w.* INTO d FROM webhook_delivery w
		WHERE w.status = 'pending' AND w.due_at <= t AND w.merchant_id NOT IN (
			SELECT b.merchant_id FROM webhook_delivery b WHERE b.leased AND b.due_at > t
			GROUP BY b.merchant_id HAVING count(*) >= 4)
		ORDER BY w.due_at LIMIT 1 FOR UPDATE SKIP LOCKED;
		IF NOT FOUND THEN
			RETURN;
		END IF;
		SELECT * INTO e FROM webhook_endpoint x WHERE x.id = d.endpoint_id;
		EXIT WHEN e.deleted_at IS NULL AND e.disabled_at IS NULL;
		UPDATE webhook_delivery w SET status = 'failed', leased = false, fault = 'disabled' WHERE w.id = d.id;
	END LOOP;
	UPDATE webhook_delivery w SET leased = true, due_at = t + interval '1 minute', attempts = w.attempts + 1,
		tries = w.tries + 1, attempted_at = t
	WHERE w.id = d.id RETURNING w.* INTO d;
	RETURN QUERY SELECT d.id, d.attempts, d.endpoint_id, e.url, e.secret, d.event_id,
		json_build_object('type', v.type, 'timestamp', moa.rfc3339(v.at), 'data', v.data)::text
	FROM event v WHERE v.id = d.event_id;
END
$$;

-- pay.delivery_done(delivery, attempt, answer, fault): what came of a leased attempt: the status it was answered with, or
-- why there was none.  Returns delivered, retry, failed (all tries used up), gone (410: nothing is sent to this endpoint
-- any more), or late: somebody else has the lease by now, and will say for himself.
CREATE FUNCTION pay.delivery_done(p_delivery uuid, p_attempt integer, p_answer integer, p_fault text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	waits constant interval[] := '{5 seconds, 1 minute, 5 minutes, 30 minutes, 2 hours, 5 hours, 10 hours}';
	d webhook_delivery;
	became text;
BEGIN
	SELECT * INTO d FROM webhook_delivery w
	WHERE w.id = p_delivery AND w.leased AND w.attempts = p_attempt FOR UPDATE;
	IF NOT FOUND THEN
		RETURN 'late';
	END IF;
	became := CASE WHEN p_answer BETWEEN 200 AND 299 THEN 'delivered' WHEN p_answer = 410 THEN 'gone'
		WHEN d.tries > cardinality(waits) THEN 'failed' ELSE 'retry' END;
	UPDATE webhook_delivery w SET leased = false, answer = p_answer, fault = p_fault,
		status = CASE became WHEN 'retry' THEN 'pending' WHEN 'gone' THEN 'failed' ELSE became END,
		due_at = CASE became WHEN 'retry' THEN moa.now() + waits[d.tries] ELSE w.due_at END
	WHERE w.id = p_delivery;
	IF became = 'gone' THEN
		UPDATE webhook_endpoint e SET disabled_at = moa.now() WHERE e.id = d.endpoint_id AND e.disabled_at IS NULL;
		-- So that nobody waits for them; what others are sending just now ends by itself.
		UPDATE webhook_delivery w SET status = 'failed', fault = 'disabled' WHERE w.id IN (
			SELECT o.id FROM webhook_delivery o
			WHERE o.endpoint_id = d.endpoint_id AND o.status = 'pending' AND NOT o.leased FOR UPDATE SKIP LOCKED);
	END IF;
	RETURN became;
END
$$;

-- pay.sweep_webhooks(): delete up to 1,000 events older than 30 days with their deliveries, and endpoints that were deleted
-- and have none left; how many events that were, and whether there may be more.
CREATE FUNCTION pay.sweep_webhooks(OUT rows bigint, OUT more boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pay, pg_temp AS $$
DECLARE
	old uuid[] := ARRAY(SELECT e.id FROM event e WHERE e.at < moa.now() - interval '30 days' ORDER BY e.at LIMIT 1000
		FOR UPDATE SKIP LOCKED);
BEGIN
	DELETE FROM webhook_delivery d WHERE d.event_id = ANY (old);
	DELETE FROM event e WHERE e.id = ANY (old);
	DELETE FROM webhook_endpoint e WHERE e.deleted_at < moa.now() - interval '1 day'
		AND NOT EXISTS (SELECT FROM webhook_delivery d WHERE d.endpoint_id = e.id);
	rows := cardinality(old);
	more := rows = 1000;
END
$$;

GRANT EXECUTE ON FUNCTION pay.add_webhook_endpoint(bytea, text, text[], bytea),
	pay.webhook_endpoints(bytea, text, integer), pay.delete_webhook_endpoint(bytea, uuid),
	pay.webhook_deliveries(bytea, uuid, text, integer), pay.replay_delivery(bytea, uuid, uuid) TO moa_pay;
GRANT EXECUTE ON FUNCTION pay.next_delivery(), pay.delivery_done(uuid, integer, integer, text), pay.sweep_webhooks()
	TO moa_worker;
