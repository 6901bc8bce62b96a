/* Messages: the history of a conversation, and the next message, which is a turn (turn.c). */
#include <stddef.h>

#include "chatbot.h"
#include "fields.h"
#include "limit.h"
#include "req.h"
#include "resp.h"

static const struct limit turn_limit = { "chat-turns", 60, 60 };

static const struct field turn_fields[] = {
	{ "text", F_TEXT, offsetof(struct turn_in, text), 1, 1000, F_REQUIRED },
	{ "client_message_id", F_UUID, offsetof(struct turn_in, client_message_id), 0, 0, F_REQUIRED },
	{ 0 },
};

/*
 * GET /sessions/:id/messages?cursor=&limit= -> 200 {items: [{id, role, text, created_at, …}], next_cursor}, oldest
 * first; answers come with state, choices, products, engine, outcome, link and the rating they were given.
 */
enum err
message_list(const struct req *rq, struct resp *rs)
{
	struct page page = PAGE_PRESET;
	struct db_result res;
	enum err e;

	e = fields_query(rq, rs, page_fields, &page);
	if (e)
		return e;
	e = db_run(
	    rq, CHAT_MESSAGES,
	    DB_ARGS(db_text(rq->user), db_text(rq->arg[0]), db_text(page.cursor), db_i64(rq, page.limit)),
	    &res);
	if (e)
		return e;
	return resp_result(rs, 200, &res);
}

/*
 * POST /sessions/:id/messages {text, client_message_id} -> 200 the turn {message_id, state, reply, choices[],
 * products[], engine, outcome, link}; the same id again: the same turn, and 422 with another text; 406 for who takes
 * text/event-stream only; 409 turn_in_progress, conversation_over; 429 after 60 a minute.
 */
enum err
message_post(const struct req *rq, struct resp *rs)
{
	struct turn_in in = { 0 };
	enum err e;

	if (req_accepts(rq, "text/event-stream") && !req_accepts(rq, "application/json"))
		return ERR_NOT_ACCEPTABLE;
	e = fields_body(rq, rs, turn_fields, &in);
	if (e)
		return e;
	e = limit_take(rq, rs, &turn_limit, rq->user);
	if (e)
		return e;
	return turn_run(rq, rs, rq->arg[0], &in);
}
