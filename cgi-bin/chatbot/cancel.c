/* Stopping the turn that runs. */
#include "chatbot.h"
#include "req.h"
#include "resp.h"

/*
 * POST /sessions/:id/cancel -> 204: the turn that runs, wherever it does, ends within half a second with the error
 * turn_cancelled and has left no trace in the conversation.  204, too, when none runs or it is committed already.
 */
enum err
cancel_turn(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = db_run(rq, CHAT_LAST, DB_ARGS(db_text(rq->arg[0]), db_text(rq->user), db_text(NULL)), &res);
	if (e)
		return e;
	if (res.rows == 0)
		return ERR_NOT_FOUND;
	e = flow_cancel(rq, rq->arg[0], rq->user);
	return e ? e : resp_empty(rs);
}
