/* Every statement the chatbot may run. */
#include "chatbot.h"

/* What product_read reads. */
#define PRODUCT                                                                                              \
	"p.id, p.name_ko, p.name_en, p.brand, p.category, p.category_ko, p.category_en, p.colour, "          \
	"p.price_won, p.mall, p.url, p.image_url, p.reason_ko, p.reason_en"

/* A list of words with '|' between them, as the flow has them, as an array. */
#define LIST(arg) "string_to_array(" arg ", '|')"

const struct stmt chatbot_stmts[CHAT__MAX] = {
	/* customer -> language */
	[CHAT_PROFILE] = { "chat_profile", 1, "SELECT language FROM auth.profile(ARRAY[$1::uuid])" },
	/* id, customer, flow, greeting, detail -> code, result */
	[CHAT_OPEN] = { "chat_open", 5, "SELECT code, result FROM chatbot.open_session($1, $2, $3, $4, $5)" },
	/* customer, cursor, limit -> code, result */
	[CHAT_SESSIONS] = { "chat_sessions", 3, "SELECT code, result FROM chatbot.sessions($1, $2, $3)" },
	/* id, customer -> code, result: the conversation, and where its last answer left it */
	[CHAT_SESSION] = { "chat_session", 2,
			   "SELECT NULL AS code, chatbot.session_json(s) || jsonb_build_object("
			   "  'reply', m.text, 'choices', m.detail->'choices',"
			   "  'products', m.detail->'products') AS result "
			   "FROM chatbot.session s "
			   "JOIN chatbot.message m ON m.session_id = s.id AND m.position = 2 * s.version "
			   "WHERE s.id = $1 AND s.customer_id = $2" },
	/* id, customer -> id */
	[CHAT_DELETE] = { "chat_delete", 2,
			  "DELETE FROM chatbot.session WHERE id = $1 AND customer_id = $2 RETURNING id" },
	/* customer, session, cursor, limit -> code, result */
	[CHAT_MESSAGES] = { "chat_messages", 4, "SELECT code, result FROM chatbot.messages($1, $2, $3, $4)" },
	/* id, customer -> code, result: every column there is; a test compares */
	[CHAT_EXPORT] = { "chat_export", 2,
			  "SELECT NULL AS code, json_build_object('exported_at', moa.rfc3339(moa.now()),"
			  "  'session', chatbot.session_json(s), 'flow', s.flow,"
			  "  'cards', chatbot.cards(s), 'summary', json_build_object('text', s.summary, 'turns', s.summary_version),"
			  "  'messages', (SELECT json_agg("
			  "    jsonb_build_object('id', m.id, 'role', m.role, 'text', m.text,"
			  "      'created_at', moa.rfc3339(m.created_at)) ||"
			  "    CASE m.role WHEN 'customer' THEN jsonb_build_object('client_message_id', t.client_message_id)"
			  "    ELSE m.detail || jsonb_build_object('rating', f.rating, 'comment', f.comment,"
			  "      'rated_at', moa.rfc3339(f.given_at)) END ORDER BY m.position)"
			  "    FROM chatbot.message m LEFT JOIN chatbot.turn t ON t.question_id = m.id"
			  "    LEFT JOIN chatbot.feedback f ON f.message_id = m.id WHERE m.session_id = s.id),"
			  "  'shown', (SELECT coalesce(json_agg(h.product_id ORDER BY h.product_id), '[]')"
			  "    FROM chatbot.shown h WHERE h.session_id = s.id)) AS result "
			  "FROM chatbot.session s WHERE s.id = $1 AND s.customer_id = $2" },
	/* session, customer, client_message_id -> one row; none if the session is nobody's or another's */
	[CHAT_FACTS] = { "chat_facts", 3,
			 "SELECT s.version, s.flow, q.text AS asked, chatbot.turn_json(m) AS answered,"
			 "  pay.available_won(s.customer_id) AS available_won,"
			 "  pay.standing(s.customer_id) IS NOT DISTINCT FROM 'good' AS may_buy,"
			 "  array_to_string(f.interests, '|') AS interests,"
			 "  chatbot.cards(s) AS cards, s.summary "
			 "FROM chatbot.session s "
			 "LEFT JOIN chatbot.turn t ON t.session_id = s.id AND t.client_message_id = $3 "
			 "LEFT JOIN chatbot.message q ON q.id = t.question_id "
			 "LEFT JOIN chatbot.message m ON m.id = t.answer_id "
			 "LEFT JOIN auth.profile(ARRAY[$2::uuid]) f ON f.id = s.customer_id "
			 "WHERE s.id = $1 AND s.customer_id = $2" },
	/* session -> the newest messages as window.h has them, more than it takes */
	[CHAT_WINDOW] = { "chat_window", 1,
			  "SELECT coalesce(json_agg(json_build_object('role', m.role, 'text', m.text)"
			  "  ORDER BY m.position), '[]') AS messages "
			  "FROM (SELECT * FROM chatbot.message WHERE session_id = $1 AND position > 0"
			  "  ORDER BY position DESC LIMIT 60) m" },
	/*
	 * session, customer, client_message_id -> version, and the turn of that message, null if it has none; without one the
	 * last turn, null before the first; no row if the session is nobody's or another's
	 */
	[CHAT_LAST] = { "chat_last", 3,
			"SELECT s.version, CASE WHEN m.position > 0 THEN chatbot.turn_json(m) END AS turn "
			"FROM chatbot.session s "
			"LEFT JOIN chatbot.turn t ON t.session_id = s.id AND t.client_message_id = $3::uuid "
			"LEFT JOIN chatbot.message m ON m.id = CASE WHEN $3::uuid IS NOT NULL THEN t.answer_id"
			"  ELSE (SELECT l.id FROM chatbot.message l"
			"    WHERE l.session_id = s.id AND l.position = 2 * s.version) END "
			"WHERE s.id = $1 AND s.customer_id = $2" },
	/* session, cap, floor, aim, below, from, terms, topics, nearby, colour, not colours, not brands, not words */
	[CHAT_SEARCH] = { "chat_search", 13,
			  "SELECT f.fit, (f.score * 1000000)::bigint AS score, " PRODUCT " "
			  "FROM chatbot.find_products($1, $2, $3, $4, $5, $6, " LIST("$7") ", " LIST("$8") ", " LIST(
			      "$9") ","
				    "  nullif($10, ''), " LIST("$11") ", " LIST("$12") ", " LIST(
					"$13") ") f "
					       "JOIN chatbot.product p USING (id) ORDER BY f.fit, f.score DESC, f.id" },
	/* terms, topics, not brands -> from_won: the least price of that kind, null if there is none of it */
	[CHAT_KIND_FROM] = { "chat_kind_from", 3,
			     "SELECT chatbot.kind_from(" LIST("$1") ", " LIST("$2") ", " LIST(
				 "$3") ") AS from_won" },
	/* session, JSON array of ids -> place in it from 0 of each that was never shown, and the catalog's product if it has one */
	[CHAT_UNSEEN] = { "chat_unseen", 2,
			  "SELECT f.n - 1 AS place, " PRODUCT " "
			  "FROM json_array_elements_text($2) WITH ORDINALITY f(id, n) "
			  "LEFT JOIN chatbot.product p ON p.id = f.id "
			  "WHERE NOT EXISTS (SELECT FROM chatbot.shown s"
			  "  WHERE s.session_id = $1 AND s.product_id = f.id) ORDER BY f.n" },
	/* session, customer, version, flow, client_message_id, text, reply, detail, products shown,
	 * products on the screen now (null: the same as before) -> result; no row when the session has moved on, or is gone */
	[CHAT_COMMIT] = { "chat_commit", 10,
			  "WITH moved AS ("
			  "  UPDATE chatbot.session SET version = version + 1, flow = $4,"
			  "    cards = coalesce($10, cards), updated_at = moa.now()"
			  "  WHERE id = $1 AND customer_id = $2 AND version = $3 RETURNING id, version"
			  "), question AS ("
			  "  INSERT INTO chatbot.message (session_id, position, role, text)"
			  "  SELECT id, 2 * version - 1, 'customer', $6 FROM moved RETURNING id"
			  "), answer AS ("
			  "  INSERT INTO chatbot.message (session_id, position, role, text, detail)"
			  "  SELECT id, 2 * version, 'assistant', $7, $8 FROM moved RETURNING *"
			  "), turned AS ("
			  "  INSERT INTO chatbot.turn (session_id, client_message_id, question_id, answer_id)"
			  "  SELECT a.session_id, $5, q.id, a.id FROM question q, answer a"
			  "), shown AS ("
			  "  INSERT INTO chatbot.shown (session_id, product_id)"
			  "  SELECT id, unnest(" LIST(
			      "$9") ") FROM moved ON CONFLICT DO NOTHING"
				    ") SELECT chatbot.turn_json(a::chatbot.message) AS result FROM answer a" },
	/* message, customer, rating, comment -> message_id */
	[CHAT_FEEDBACK] = { "chat_feedback", 4,
			    "INSERT INTO chatbot.feedback (message_id, rating, comment) "
			    "SELECT m.id, $3, $4 FROM chatbot.message m JOIN chatbot.session s ON s.id = m.session_id "
			    "WHERE m.id = $1 AND s.customer_id = $2 AND m.role = 'assistant' "
			    "ON CONFLICT (message_id) DO UPDATE"
			    "  SET rating = excluded.rating, comment = excluded.comment, given_at = moa.now() "
			    "RETURNING message_id" },
};
