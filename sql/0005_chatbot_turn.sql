-- Turns in full: the products on the screen are kept with the conversation as they were shown, wherever they came from.

SET LOCAL ROLE moa_chatbot_owner;

ALTER TABLE chatbot.session ADD COLUMN cards jsonb CHECK (jsonb_typeof(cards) = 'array');

-- chatbot.cards(s): the products on the screen, in their order, with the members of struct product.  Where programs of the
-- version before have shown them last, they come from the catalog.
CREATE FUNCTION chatbot.cards(s chatbot.session) RETURNS jsonb
LANGUAGE sql STABLE AS $$
	SELECT CASE
		WHEN s.flow->>'cards' = '' THEN '[]'
		WHEN (SELECT string_agg(card->>'id', '|' ORDER BY n)
			FROM jsonb_array_elements(s.cards) WITH ORDINALITY c(card, n)) = s.flow->>'cards' THEN s.cards
		ELSE (SELECT coalesce(jsonb_agg(to_jsonb(p) - 'search' ORDER BY c.n), '[]')
			FROM unnest(string_to_array(s.flow->>'cards', '|')) WITH ORDINALITY c(id, n)
			JOIN chatbot.product p USING (id))
	END
$$;

GRANT EXECUTE ON FUNCTION chatbot.cards(chatbot.session) TO moa_chatbot;
