/* Messages: the history of a conversation, and the next message, which is a turn (turn.c). */
#include <stddef.h>

#include "chatbot.h"
#include "fields.h"
#include "limit.h"
#include "page.h"
#include "req.h"
#include "resp.h"
#include "turn.h"

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
	return page_reply(rq, rs, CHAT_MESSAGES, DB_ARGS(db_text(rq->user), db_text(rq->arg[0])));
}

/*
 * POST /sessions/:id/messages {text, client_message_id} -> 200 the turn {message_id, state, reply, choices[],
 * products[], engine, outcome, link}; for who accepts text/event-stream, and not application/json as well, as events while it
 * comes to be (feed.h).  The same id again: the same turn, joined while it runs, and 422 with another text.  409
 * turn_in_progress, turn_cancelled, conversation_over; 429 after 60 a minute.
 */
enum err
message_post(const struct req *rq, struct resp *rs)
{
	struct turn_in in = { 0 };
	enum err e;

	e = fields_body(rq, rs, turn_fields, &in);
	if (e)
		return e;
	in.streams = req_accepts(rq, "text/event-stream") && !req_accepts(rq, "application/json");
	e = limit_take(rq, rs, &turn_limit, rq->user);
	if (e)
		return e;
	atomic_fetch_add(&chatbot_streams, in.streams);
	e = turn_run(rq, rs, rq->arg[0], &in);
	atomic_fetch_sub(&chatbot_streams, in.streams);
	return e;
}
