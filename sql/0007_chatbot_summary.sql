-- Chatbot: summaries of long conversations, made by the worker, and the end of conversations nobody goes back to.

SET LOCAL ROLE moa_chatbot_owner;


-- What was said before the newest messages, in a few sentences: a model goes on from it instead of reading everything
-- again.  The worker makes it after the reply, for conversations that have gone on; where there is none, or an old one,
-- nothing is missing but some of the model's memory.
ALTER TABLE chatbot.session
	ADD COLUMN summary text NOT NULL DEFAULT '' CHECK (length(summary) <= 350),
	ADD COLUMN summary_version bigint NOT NULL DEFAULT 0,  -- how many turns it covers
	ADD COLUMN summary_tries integer NOT NULL DEFAULT 0,   -- failures since it was made
	ADD COLUMN summary_leased_until timestamptz,           -- a worker is making the next one, or waits before it tries again
	ADD CHECK (summary_version BETWEEN 0 AND version);
CREATE INDEX session_summary ON chatbot.session (updated_at) WHERE version - summary_version >= 4;


-- chatbot.next_summary(): a conversation that is four turns or more ahead of its summary, leased to the caller for 60
-- seconds; the newest messages that the summary does not cover, at most 40 and 8,000 characters, oldest first.  No row
-- when there is nothing to do.  A conversation that has rested for a day is left alone until it goes on: a model that is
-- configured late need not read the whole past.
CREATE FUNCTION chatbot.next_summary()
RETURNS TABLE (id text, version bigint, summary text, language text, messages json)
LANGUAGE sql SECURITY DEFINER SET search_path = chatbot, pg_temp AS $$
	WITH leased AS (
		UPDATE session s SET summary_leased_until = moa.now() + interval '60 seconds'
		WHERE s.id = (
			SELECT d.id FROM session d
			WHERE d.version - d.summary_version >= 4 AND d.updated_at > moa.now() - interval '1 day'
			AND (d.summary_leased_until IS NULL OR d.summary_leased_until <= moa.now())
			ORDER BY d.updated_at DESC LIMIT 1 FOR UPDATE SKIP LOCKED
		)
		RETURNING s.id, s.version, s.summary_version, s.summary, s.language
	), newest AS (
		SELECT m.position, m.role, m.text, sum(length(m.text)) OVER (ORDER BY m.position DESC) AS total
		FROM leased l JOIN message m ON m.session_id = l.id
		WHERE m.position > greatest(2 * l.summary_version, 2 * l.version - 40) AND m.position <= 2 * l.version
	)
	SELECT l.id, l.version, l.summary, l.language, (
		SELECT coalesce(json_agg(json_build_object('role', n.role, 'text', n.text) ORDER BY n.position), '[]')
		FROM newest n WHERE n.total <= 8000)
	FROM leased l
$$;

-- chatbot.put_summary(id, version, summary): the summary of the first so many turns.  False when there is nothing to put
-- it to: the conversation is gone, or has one as new.
CREATE FUNCTION chatbot.put_summary(p_id text, p_version bigint, p_summary text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = chatbot, pg_temp AS $$
	WITH put AS (
		UPDATE session
		SET summary = p_summary, summary_version = p_version, summary_tries = 0, summary_leased_until = NULL
		WHERE id = p_id AND summary_version < p_version RETURNING 1
	)
	SELECT EXISTS (SELECT FROM put)
$$;

-- chatbot.delay_summary(id, version): that summary could not be made; it is due again after 1, 2, 4, ... minutes, at most
-- an hour.
CREATE FUNCTION chatbot.delay_summary(p_id text, p_version bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = chatbot, pg_temp AS $$
	UPDATE session
	SET summary_tries = summary_tries + 1,
		summary_leased_until = moa.now() + least(power(2, least(summary_tries, 6)), 60) * interval '1 minute'
	WHERE id = p_id AND summary_version < p_version
$$;


-- Conversations are found by their beginning, which a turn does not change: an index on updated_at of all of them would
-- grow with every turn; session_summary has only those that are ahead of their summary.
CREATE INDEX session_created ON chatbot.session (created_at);

-- chatbot.sweep(): erase conversations that nobody has gone on with for a year; how many those were, and whether there
-- may be more: a call takes a bounded number of them.
CREATE FUNCTION chatbot.sweep(OUT erased bigint, OUT more boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = chatbot, pg_temp AS $$
	WITH rule AS (
		SELECT moa.now() - interval '365 days' AS before, 200 AS most
	), old AS (
		SELECT s.id FROM session s
		WHERE s.created_at < (SELECT before FROM rule) AND s.updated_at < (SELECT before FROM rule)
		ORDER BY s.created_at LIMIT (SELECT most FROM rule) FOR UPDATE SKIP LOCKED
	), gone AS (
		DELETE FROM session s USING old o WHERE s.id = o.id RETURNING 1
	)
	SELECT count(*), count(*) = (SELECT most FROM rule) FROM gone
$$;


GRANT EXECUTE ON FUNCTION
	chatbot.next_summary(), chatbot.put_summary(text, bigint, text), chatbot.delay_summary(text, bigint),
	chatbot.sweep()
	TO moa_worker;
