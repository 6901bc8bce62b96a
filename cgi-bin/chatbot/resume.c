/* Coming back to a turn whose stream was cut. */
#include <string.h>

#include "chatbot.h"
#include "clock.h"
#include "follow.h"
#include "limit.h"
#include "req.h"
#include "resp.h"
#include "stream.h"
#include "turn.h"

/* Longer than any turn takes; and how long PostgreSQL may. */
enum { RESUME_MS = 60000, LOOK_MS = 1500 };

/* Each may hold a slot for RESUME_MS. */
static const struct limit resume_limit = { "chat-resumes", 30, 60 };

/*
 * The end of the turn that was followed, which Redis does not tell: PostgreSQL does, by the message's id, or where that is not known
 * either, of the last turn.
 */
static enum err
tell_stored(const struct req *rq, struct resp *rs, const struct follow *f)
{
	struct req look = *rq;
	struct db_result res;
	const char *turn;
	enum err e;

	look.deadline_ms = clock_ms() + LOOK_MS;
	e = db_run(&look, CHAT_LAST, DB_ARGS(db_text(f->session), db_text(rq->user), db_text(f->turn)), &res);
	if (e)
		return e;
	if (res.rows == 0)
		return ERR_NOT_FOUND;
	turn = db_str(&res, 0, "turn");
	if (!rs->begun && (turn ? f->nothing_new || (!f->turn && !*f->last_event) : !f->turn))
		return resp_empty(rs);
	if (!turn)
		return ERR_TURN_LOST;
	e = rs->begun ? OK : stream_begin(rs);
	return e ? e : stream_event(rs, turn_stored_id(rq->arena, db_num(&res, 0, "version")), "done", turn);
}

static enum err
resume(const struct req *rq, struct resp *rs)
{
	struct follow f = {
		.rq = rq,
		.rs = rs,
		.session = rq->arg[0],
		.last_event = req_param(rq, "HTTP_LAST_EVENT_ID"),
		.streams = true,
		.deadline_ms = clock_ms() + RESUME_MS,
	};
	enum err e = follow_run(&f);

	if (e == OK && !f.done && !f.problem)
		e = tell_stored(rq, rs, &f);
	return e ? turn_problem(rq, rs, e) : OK;
}

/*
 * GET /sessions/:id/stream -> 200 text/event-stream: the events after Last-Event-ID of the turn that runs, or of the last one; from
 * its first where the id is of another turn.  When its events are kept no more: the last turn as the one event `done`.
 * 204 when nothing has come after what was seen: an EventSource stops asking.  404; 409 turn_lost; 429 after 30 a minute.
 */
enum err
resume_turn(const struct req *rq, struct resp *rs)
{
	enum err e;

	/* HEAD is answered like GET, and there is no body to wait for. */
	if (strcmp(req_param(rq, "REQUEST_METHOD"), "HEAD") == 0)
		return resp_empty(rs);
	e = limit_take(rq, rs, &resume_limit, rq->user);
	if (e)
		return e;
	atomic_fetch_add(&chatbot_streams, 1);
	e = resume(rq, rs);
	atomic_fetch_sub(&chatbot_streams, 1);
	return e;
}
