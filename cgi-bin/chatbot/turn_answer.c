/* A turn under its ticket: the answer, the commit that acknowledges it, and the write-back. */
#include <string.h>

#include "answer.h"
#include "chatbot.h"
#include "clock.h"
#include "detail.h"
#include "limit.h"
#include "llm.h"
#include "resp.h"
#include "stream.h"
#include "turn_inside.h"
#include "window.h"

/* Redis has another flow than PostgreSQL, or none, or no messages where a model is to be told of them: make them anew. */
static enum err
rebuild(struct turn *t, bool differs, bool may_ask)
{
	struct db_result res;
	enum err e;

	if (differs) {
		e = flow_rebuild(&t->rq, &t->hold, &t->flow);
		if (e)
			return e;
		t->hold.window = t->hold.found = "";
		metrics_add(&chatbot_metrics[METRIC_REBUILT], 1);
	}
	if (!may_ask || *t->hold.window)
		return OK;
	e = db_run(&t->rq, CHAT_WINDOW, DB_ARGS(db_text(t->session)), &res);
	if (e == OK)
		t->hold.window = window_trim(t->rq.arena, db_str(&res, 0, "messages"));
	return e;
}

/* Is the model to be asked?  What the customer has left of their tokens is told with the reply. */
static bool
may_ask(struct turn *t)
{
	const struct chatbot *chatbot = t->rq.domain;

	return llm_configured(chatbot->llm) && limit_left(&t->rq, t->rs, &chatbot->tokens, t->rq.user) > 0;
}

/* One statement: both messages and the next state.  ERR_CONFLICT when the conversation has moved on meanwhile. */
static enum err
commit(struct turn *t, const struct answer *answer, const char **ret_turn)
{
	const struct step *step = &answer->step;
	const struct req *rq = &t->rq;
	const bool shows = answer->nshown > 0;
	struct db_result res;
	enum err e;

	t->rq.deadline_ms = clock_ms() + AFTER_MS;
	e = db_run(
	    rq, CHAT_COMMIT,
	    DB_ARGS(db_text(t->session), db_text(rq->user), db_i64(rq, t->flow.version),
		    db_text(flow_json(rq->arena, &step->flow)), db_text(t->in->client_message_id),
		    db_text(t->in->text), db_text(answer->reply), db_text(detail_json(rq->arena, answer)),
		    db_text(shows ? step->flow.cards : ""),
		    db_text(shows ? product_list_json(rq->arena, answer->shown, answer->nshown) : NULL)),
	    &res);
	if (e)
		return e;
	if (res.rows == 0)
		return ERR_CONFLICT;
	*ret_turn = db_str(&res, 0, "result");
	return OK;
}

static void
measure(const struct turn *t, const struct answer *answer)
{
	const struct trace *trace = t->rq.trace;
	bool llm = strcmp(answer->engine, "llm") == 0;

	metrics_add(&chatbot_metrics[llm ? METRIC_TURNS_LLM : METRIC_TURNS_HOUSE], 1);
	metrics_observe(&chatbot_times[llm ? TIME_TURN_LLM : TIME_TURN_HOUSE],
			clock_us() - trace->started_us);
	metrics_observe(&chatbot_times[TIME_QUEUE], trace->queue_us);
	metrics_observe(&chatbot_times[TIME_STORE], trace->db_us + trace->kv_us);
}

/* Acknowledged: return the ticket, and only then let the client go on. */
static enum err
finish(struct turn *t, const struct answer *answer, const char *turn)
{
	const char *window =
	    window_add(t->rq.arena, t->flow.version == 0 ? "[]" : t->hold.window, t->in->text, answer->reply);

	feed_end(&t->feed, "done", turn);
	if (flow_put(&t->rq, &t->hold, &answer->step.flow, window, answer->rest, t->feed.pending,
		     t->feed.npending))
		metrics_add(&chatbot_metrics[METRIC_NOT_PUT], 1);
	feed_tell_end(&t->feed);
	measure(t, answer);
	return t->in->streams ? OK : resp_text(t->rs, 200, "application/json", turn);
}

/* From here on nothing can stop the turn: has anybody before? */
static enum err
last_look(struct turn *t)
{
	enum feed_end end = feed_settle(&t->feed);

	if (end == FEED_CANCELLED)
		return ERR_TURN_CANCELLED;
	return end == FEED_LOST ? ERR_TURN_IN_PROGRESS : OK;
}

/* The answer, told as it comes, and kept. */
static enum err
answer_and_keep(struct turn *t, bool asks)
{
	const struct question question = {
		.rq = &t->rq,
		.hold = &t->hold,
		.text = t->in->text,
		.said = &t->said,
		.flow = &t->flow,
		.facts = &t->facts,
		.summary = t->summary ? t->summary : "",
		.may_ask = asks,
	};
	struct answer answer;
	const char *turn;
	enum err e;

	t->rq.deadline_ms = clock_ms() + ANSWER_MS;
	e = answer_make(&question, &t->feed, &answer);
	if (e)
		return e;
	if (answer.nshown > 0)
		feed_products(&t->feed, detail_products(t->rq.arena, &answer));
	e = last_look(t);
	if (e)
		return e;
	e = commit(t, &answer, &turn);
	return e ? e : finish(t, &answer, turn);
}

enum err
turn_answer(struct turn *t, bool differs)
{
	bool asks = !t->again && may_ask(t);
	enum err e;

	e = rebuild(t, differs, asks);
	if (e)
		return e;
	if (t->in->streams && !t->rs->begun && stream_begin(t->rs))
		return ERR_CLIENT_GONE;
	if (!t->feed.rq)
		feed_open(&t->feed, &t->rq, t->rs, t->in->streams, &t->hold);
	return answer_and_keep(t, asks);
}
