/*
 * The chatbot program: conversations with the shopping assistant.  Each row below is answered by the file of the
 * handler's first word; a message's way through Redis and PostgreSQL is turn.c, what the assistant says is decided
 * by house.h.
 */
#include <stddef.h>

#include "app.h"
#include "chatbot.h"

#define CHAT "/api/v1/chat"

static const struct route routes[] = {
	{ POST, CHAT "/sessions", session_open, BODY },
	{ GET, CHAT "/sessions", session_list, QUERY },
	{ GET, CHAT "/sessions/:id", session_show },
	{ DELETE, CHAT "/sessions/:id", session_delete },
	{ GET, CHAT "/sessions/:id/messages", message_list, QUERY },
	{ POST, CHAT "/sessions/:id/messages", message_post, BODY },
	{ POST, CHAT "/messages/:id/feedback", feedback_give, BODY },
	{ 0 },
};

struct metric chatbot_metrics[] = {
	[METRIC_TURNS] = { "moa_chat_turns_total", "engine=\"house\"", "Turns answered." },
	[METRIC_REPLAYED] = { "moa_chat_replays_total", NULL,
			      "Messages that came again and got the stored turn." },
	[METRIC_REBUILT] = { "moa_chat_rebuilds_total", NULL,
			     "Flows that Redis lacked or had another version of." },
	[METRIC_OVERTAKEN] = { "moa_chat_overtaken_total", NULL,
			       "Turns that another had overtaken, and that were decided again." },
	[METRIC_NOT_PUT] = { "moa_chat_not_put_total", NULL,
			     "Turns committed whose flow could not be written back." },
	{ 0 },
};

static const struct program chatbot = {
	.name = "chatbot",
	.prefix = CHAT,
	.routes = routes,
	.stmts = chatbot_stmts,
	.nstmts = CHAT__MAX,
	.metrics = chatbot_metrics,
	.needs_redis = true,
};

int
main(int argc, char *argv[])
{
	return app_main(&chatbot, argc, argv);
}
