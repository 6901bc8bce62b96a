/* Coming back to a turn whose stream was cut. */
#include "chatbot.h"
#include "clock.h"
#include "follow.h"
#include "req.h"
#include "resp.h"
#include "stream.h"
#include "turn.h"

/* Longer than any turn takes. */
enum { RESUME_MS = 60000, LOOK_MS = 1500 };

/* How the turn that was followed has ended, where Redis does not tell: PostgreSQL does. */
static enum err
tell_stored(const struct req *rq, struct resp *rs, const struct follow *f)
{
	struct req look = *rq;
	struct db_result res;
	const char *turn;
	enum err e;

	look.deadline_ms = clock_ms() + LOOK_MS;
	e = db_run(&look, CHAT_LAST, DB_ARGS(db_text(f->session), db_text(rq->user)), &res);
	if (e)
		return e;
	if (res.rows == 0)
		return ERR_NOT_FOUND;
	turn = db_str(&res, 0, "turn");
	if (!rs->begun && (!turn || !*f->last_event))
		return resp_empty(rs);
	if (!turn)
		return ERR_UNAVAILABLE;
	e = rs->begun ? OK : stream_begin(rs);
	return e ? e : stream_event(rs, TURN_STORED_ID, "done", turn);
}

/*
 * GET /sessions/:id/stream -> 200 text/event-stream: the events after Last-Event-ID of the turn that runs, or of the last one; from
 * its first where the id is of another turn.  When its events are kept no more: the last turn as the one event `done`.
 * 204 when none runs and nothing was seen: an EventSource stops asking.  404.
 */
enum err
resume_turn(const struct req *rq, struct resp *rs)
{
	struct follow f = {
		.rq = rq,
		.rs = rs,
		.session = rq->arg[0],
		.last_event = req_param(rq, "HTTP_LAST_EVENT_ID"),
		.streams = true,
		.deadline_ms = clock_ms() + RESUME_MS,
	};
	enum err e;

	atomic_fetch_add(&chatbot_streams, 1);
	e = follow_run(&f);
	if (e == OK && !f.done && !f.problem)
		e = tell_stored(rq, rs, &f);
	atomic_fetch_sub(&chatbot_streams, 1);
	return e ? turn_problem(rq, rs, e) : OK;
}
