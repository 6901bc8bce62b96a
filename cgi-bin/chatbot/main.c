/*
 * The chatbot program: conversations with the shopping assistant.  Each row below is answered by the file of the
 * handler's first word; a message's way through Redis and PostgreSQL is turn.c, what the assistant says is decided
 * by answer.c.
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
	{ GET, CHAT "/sessions/:id/export", export_get },
	{ GET, CHAT "/sessions/:id/messages", message_list, QUERY },
	{ POST, CHAT "/sessions/:id/messages", message_post, STREAM | BODY },
	{ GET, CHAT "/sessions/:id/stream", resume_turn, STREAM },
	{ POST, CHAT "/sessions/:id/cancel", cancel_turn },
	{ POST, CHAT "/messages/:id/feedback", feedback_give, BODY },
	{ 0 },
};

static const struct program chatbot = {
	.name = "chatbot",
	.prefix = CHAT,
	.routes = routes,
	.stmts = chatbot_stmts,
	.nstmts = CHAT__MAX,
	.conf = chatbot_conf_rows,
	.conf_values = &chatbot_conf,
	.metrics = chatbot_metrics,
	.needs_redis = true,
	.open = chatbot_open,
	.close = chatbot_close,
};

int
main(int argc, char *argv[])
{
	return app_main(&chatbot, argc, argv);
}
