-- Plans: functions that every turn of a conversation calls, and that keep their plans from now on.
--
-- A function in SQL that cannot be merged into the statement that calls it (it runs with its owner's rights, or looks something
-- up) is parsed and planned again each time; one in PL/pgSQL only the first time in a connection.  What they do is the same as
-- before.  The facts of a turn cost a quarter of the processor time so.

SET LOCAL ROLE moa_owner;

CREATE OR REPLACE FUNCTION moa.now() RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	RETURN (SELECT pg_catalog.now() + shift FROM moa.clock);
END
$$;


SET LOCAL ROLE moa_pay_owner;

CREATE OR REPLACE FUNCTION pay.standing(customer uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	RETURN (SELECT standing FROM account WHERE customer_id = customer AND erased_at IS NULL);
END
$$;

CREATE OR REPLACE FUNCTION pay.available_won(customer uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pay, pg_temp AS $$
BEGIN
	RETURN (SELECT greatest(g.limit_won - a.owed_won, 0)
		FROM account a JOIN grade g USING (grade)
		WHERE a.customer_id = customer AND a.erased_at IS NULL);
END
$$;


SET LOCAL ROLE moa_auth_owner;

CREATE OR REPLACE FUNCTION auth.profile(ids uuid[])
RETURNS TABLE (id uuid, nickname text, language text, interests text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = auth, pg_temp AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY SELECT c.id, c.nickname, c.language, c.interests FROM customer c WHERE c.id = ANY (ids);
END
$$;


SET LOCAL ROLE moa_chatbot_owner;

CREATE OR REPLACE FUNCTION chatbot.cards(s chatbot.session) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF s.flow->>'cards' = '' THEN
		RETURN '[]';
	END IF;
	RETURN (SELECT CASE
		WHEN (SELECT string_agg(card->>'id', '|' ORDER BY n)
			FROM jsonb_array_elements(s.cards) WITH ORDINALITY c(card, n)) = s.flow->>'cards' THEN s.cards
		ELSE (SELECT coalesce(jsonb_agg(to_jsonb(p) - 'search' ORDER BY c.n), '[]')
			FROM unnest(string_to_array(s.flow->>'cards', '|')) WITH ORDINALITY c(id, n)
			JOIN chatbot.product p USING (id))
	END);
END
$$;
