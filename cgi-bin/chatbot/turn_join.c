/* Waiting for a turn of the same message that runs already, here or elsewhere. */
#include <string.h>

#include "clock.h"
#include "follow.h"
#include "json.h"
#include "resp.h"
#include "turn_inside.h"

/* Who repeats a message joins its turn for so long. */
enum { JOIN_JSON_MS = 24000, JOIN_STREAM_MS = 60000, LOOKS_MAX = 5 };

/* The code of a problem document. */
static enum err
problem_err(const struct turn *t, const char *problem)
{
	struct json_object *object;
	const char *code;

	if (json_read(t->rq.arena, problem, strlen(problem), &object))
		return ERR_INTERNAL;
	code = json_member_text(object, "code");
	return code ? err_from_code(code) : ERR_INTERNAL;
}

/* Follow the turn of the same message until it ends.  *ret_over: the caller has its reply; else its process has died. */
static enum err
follow(struct turn *t, bool *ret_over)
{
	struct follow f = {
		.rq = &t->rq,
		.rs = t->rs,
		.session = t->session,
		.turn = t->in->client_message_id,
		.last_event = "",
		.streams = t->in->streams,
		.deadline_ms = clock_ms() + (t->in->streams ? JOIN_STREAM_MS : JOIN_JSON_MS),
	};
	enum err e;

	t->rq.deadline_ms = f.deadline_ms;
	e = follow_run(&f);
	*ret_over = f.done || f.problem;
	if (e || !*ret_over || t->in->streams)
		return e;
	return f.done ? resp_text(t->rs, 200, "application/json", f.done) : problem_err(t, f.problem);
}

/* Look once: reply if the turn is over, else follow it or take the ticket of a dead one. */
static enum err
look(struct turn *t, bool *ret_over)
{
	enum err e;

	switch (turn_next(t)) {
	case TICKET_REPLAY:
		*ret_over = true;
		return turn_replay(t);
	case TICKET_SEIZE:
		return turn_take(t, t->hold.ticket);
	case TICKET_JOIN:
		e = follow(t, ret_over);
		return e || *ret_over ? e : turn_take(t, NULL);
	default:
		return ERR_TURN_IN_PROGRESS;
	}
}

enum err
turn_join(struct turn *t, bool *ret_over)
{
	int looks;
	enum err e = ERR_TURN_IN_PROGRESS;

	*ret_over = false;
	/* A ticket that was free a moment ago may be another's again. */
	for (looks = 0; looks < LOOKS_MAX && e == ERR_TURN_IN_PROGRESS; looks++) {
		e = turn_facts(t);
		if (e)
			return e;
		if (turn_next(t) == TICKET_REFUSE)
			return ERR_TURN_IN_PROGRESS;
		e = look(t, ret_over);
	}
	return e;
}
