/*
 * A turn, from the message to the reply: ticket, facts, answer, commit, write-back.  Redis says whose turn it is
 * and where the conversation stands; PostgreSQL decides both when they differ.  What is answered is answer.h's
 * business, and what is seen of it meanwhile feed.h's.
 */
#include <inttypes.h>

#include "arena.h"
#include "chatbot.h"
#include "clock.h"
#include "resp.h"
#include "stream.h"
#include "turn_inside.h"

enum err
turn_take(struct turn *t, const char *seized)
{
	enum err e;

	t->rq.deadline_ms = clock_ms() + BEFORE_MS;
	e = flow_take(&t->rq, t->session, t->rq.user, t->in->client_message_id, seized, &t->hold);
	t->held = e == OK;
	return e;
}

/* The turn under its ticket, from the facts to the write-back. */
static enum err
run_once(struct turn *t)
{
	enum ticket_step step;
	enum err e;

	e = turn_facts(t);
	if (e)
		return e;
	step = turn_next(t);
	if (step == TICKET_REPLAY) {
		flow_release(&t->rq, &t->hold, NULL, 0);
		return turn_replay(t);
	}
	if (step == TICKET_OVER)
		return ERR_CONVERSATION_OVER;
	return turn_answer(t, step == TICKET_REBUILD);
}

const char *
turn_stored_id(struct arena *a, int64_t version)
{
	return arena_printf(a, "%s-%" PRId64, TURN_STORED_TAG, version);
}

enum err
turn_problem(const struct req *rq, struct resp *rs, enum err e)
{
	enum err told;

	if (!rs->begun || e == ERR_CLIENT_GONE)
		return e;
	told = stream_event(rs, turn_stored_id(rq->arena, 0), "error", resp_problem_json(rs, rq, e));
	return told ? told : e;
}

/* What went wrong, to those who follow the turn and to the client where it reads a stream already. */
static enum err
fail(struct turn *t, enum err e)
{
	t->rq.deadline_ms = clock_ms() + FAIL_MS;
	if (!t->feed.rq) {
		if (t->held)
			flow_release(&t->rq, &t->hold, NULL, 0);
		return turn_problem(&t->rq, t->rs, e);
	}
	feed_end(&t->feed, "error", resp_problem_json(t->rs, &t->rq, e));
	flow_release(&t->rq, &t->hold, t->feed.pending, t->feed.npending);
	feed_tell_end(&t->feed);
	return e;
}

static enum err
run(struct turn *t, bool *ret_over)
{
	enum err e;

	e = turn_take(t, NULL);
	if (e == ERR_TURN_IN_PROGRESS)
		e = turn_join(t, ret_over);
	if (e || *ret_over)
		return e;
	e = run_once(t);
	if (e != ERR_CONFLICT)
		return e;
	metrics_add(&chatbot_metrics[METRIC_OVERTAKEN], 1);
	t->again = true;
	e = run_once(t);
	return e == ERR_CONFLICT ? ERR_TURN_IN_PROGRESS : e;
}

enum err
turn_run(const struct req *rq, struct resp *rs, const char *session, const struct turn_in *in)
{
	struct turn t = { .rq = *rq, .rs = rs, .session = session, .in = in };
	bool over = false;
	enum err e = run(&t, &over);

	if (e == ERR_TURN_CANCELLED)
		metrics_add(&chatbot_metrics[METRIC_CANCELLED], 1);
	return e ? fail(&t, e) : OK;
}
