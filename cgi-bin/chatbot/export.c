/* Exporting a conversation: everything that is kept of it, as one document to save. */
#include "chatbot.h"
#include "db.h"
#include "limit.h"
#include "req.h"
#include "resp.h"

/* A long conversation is megabytes. */
static const struct limit export_limit = { "chat-exports", 20, 60 };

/*
 * GET /sessions/:id/export -> 200 {exported_at, session, flow, cards[], summary {text, turns}, messages[], shown[]}, as an
 * attachment; messages as in the history, with what came with them besides; 429 after 20 a minute.
 */
enum err
export_get(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = limit_take(rq, rs, &export_limit, rq->user);
	if (e)
		return e;
	e = db_run(rq, CHAT_EXPORT, DB_ARGS(db_text(rq->arg[0]), db_text(rq->user)), &res);
	if (e)
		return e;
	e = resp_result(rs, 200, &res);
	if (e)
		return e;
	resp_header(rs, "Content-Disposition", "attachment; filename=\"moa-conversation-%s.json\"",
		    rq->arg[0]);
	return OK;
}
