/*
 * A turn, from the message to the reply: ticket, facts, answer, commit, write-back.  Redis says whose turn it is
 * and where the conversation stands; PostgreSQL decides both when they differ.  What is answered is answer.h's
 * business, and what is seen of it meanwhile feed.h's.
 */
#include <stdbool.h>
#include <string.h>

#include "answer.h"
#include "arena.h"
#include "chatbot.h"
#include "clock.h"
#include "detail.h"
#include "feed.h"
#include "follow.h"
#include "json.h"
#include "limit.h"
#include "llm.h"
#include "req.h"
#include "resp.h"
#include "stream.h"
#include "ticket.h"
#include "turn.h"
#include "window.h"

/*
 * How long the parts of a turn may take: what comes before the answer, the answer with the model's own deadline in it, the
 * commit, and what follows a failure.  Who repeats a message joins its turn for so long.
 */
enum {
	BEFORE_MS = 2800,
	ANSWER_MS = 60000,
	AFTER_MS = 2000,
	FAIL_MS = 500,
	JOIN_JSON_MS = 24000,
	JOIN_STREAM_MS = 60000
};

/* A turn on its way. */
struct turn {
	struct req rq; /* the request, with the deadline of what is being done */
	struct resp *rs;
	const char *session;
	const struct turn_in *in;
	struct flow_hold hold;
	struct facts facts;
	struct flow flow;     /* before the turn, as PostgreSQL has it */
	const char *summary;  /* of what was said before the window */
	const char *asked;    /* the text that came with this client_message_id before; NULL if it is new */
	const char *answered; /* and the turn it got, as JSON */
	bool held;	      /* the ticket is ours */
	struct feed feed;     /* its rq is NULL until the answer begins */
};

static void
count(enum chatbot_metric m)
{
	metrics_add(&chatbot_metrics[m], 1);
}

/* Read what PostgreSQL knows of the conversation, the customer and this message. */
static enum err
read_facts(struct turn *t)
{
	const struct req *rq = &t->rq;
	struct db_result res;
	const char *interests, *cards;
	enum err e;

	e = db_run(rq, CHAT_FACTS,
		   DB_ARGS(db_text(t->session), db_text(rq->user), db_text(t->in->client_message_id)), &res);
	if (e)
		return e;
	if (res.rows == 0)
		return ERR_NOT_FOUND;
	interests = db_str(&res, 0, "interests");
	cards = db_str(&res, 0, "cards");
	t->asked = db_str(&res, 0, "asked");
	t->answered = db_str(&res, 0, "answered");
	t->summary = db_str(&res, 0, "summary");
	t->facts = (struct facts){
		.available_won = db_num(&res, 0, "available_won"),
		.blocked = !db_true(&res, 0, "may_buy"),
		.interests = interests ? interests : "",
	};
	t->facts.ncards = product_list_read(rq->arena, cards ? cards : "[]", t->facts.cards, CARDS_MAX);
	e = flow_read(rq->arena, db_str(&res, 0, "flow"), &t->flow);
	t->flow.version = db_num(&res, 0, "version");
	return e ? ERR_INTERNAL : OK;
}

/* Give the whole turn: as the reply, or as the only event of a stream. */
static enum err
give(struct turn *t, const char *turn)
{
	enum err e;

	if (!t->in->streams)
		return resp_text(t->rs, 200, "application/json", turn);
	e = t->rs->begun ? OK : stream_begin(t->rs);
	return e ? e : stream_event(t->rs, TURN_STORED_ID, "done", turn);
}

/* The message has been answered before: the same turn again, if it is the same message. */
static enum err
replay(struct turn *t)
{
	if (strcmp(t->asked, t->in->text) != 0) {
		resp_fault(t->rs, "client_message_id", "reused", "%s",
			   t->rq.korean ? "다른 메시지에 이미 쓴 값이에요."
					: "Another message has had this id.");
		return ERR_VALIDATION_FAILED;
	}
	count(METRIC_REPLAYED);
	return give(t, t->answered);
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
		count(METRIC_REBUILT);
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

static void
measure(const struct turn *t, const struct answer *answer)
{
	const struct trace *trace = t->rq.trace;
	bool llm = strcmp(answer->engine, "llm") == 0;

	count(llm ? METRIC_TURNS_LLM : METRIC_TURNS_HOUSE);
	metrics_observe(&chatbot_times[llm ? TIME_TURN_LLM : TIME_TURN_HOUSE],
			clock_us() - trace->started_us);
	metrics_observe(&chatbot_times[TIME_QUEUE], trace->queue_us);
	metrics_observe(&chatbot_times[TIME_STORE], trace->db_us + trace->kv_us);
}

/* Acknowledged: return the ticket, and only then let the client go on. */
static enum err
finish(struct turn *t, const struct answer *answer, const char *turn)
{
	const struct chatbot *chatbot = t->rq.domain;
	const char *window =
	    window_add(t->rq.arena, t->flow.version == 0 ? "[]" : t->hold.window, t->in->text, answer->reply);

	feed_end(&t->feed, "done", turn);
	if (flow_put(&t->rq, &t->hold, &answer->step.flow, window, answer->rest, t->feed.pending,
		     t->feed.npending))
		count(METRIC_NOT_PUT);
	feed_tell_end(&t->feed);
	if (answer->tokens)
		limit_spend(&t->rq, &chatbot->tokens, t->rq.user, answer->tokens);
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
	return end == FEED_LOST ? ERR_CONFLICT : OK;
}

/* Answer, commit, and write back. */
static enum err
answer(struct turn *t, bool asks)
{
	const struct question question = {
		.rq = &t->rq,
		.hold = &t->hold,
		.text = t->in->text,
		.flow = &t->flow,
		.facts = &t->facts,
		.summary = t->summary ? t->summary : "",
		.may_ask = asks,
	};
	struct answer answer;
	const char *turn;
	enum err e;

	if (t->in->streams && !t->rs->begun && stream_begin(t->rs))
		return ERR_CLIENT_GONE;
	if (!t->feed.rq)
		feed_open(&t->feed, &t->rq, t->rs, t->in->streams, &t->hold);
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

/* What to do now that PostgreSQL has told its facts. */
static enum ticket_step
next(const struct turn *t)
{
	const struct ticket_sight sight = {
		.held = t->held,
		.asked = t->asked != NULL,
		.full = t->flow.version >= TURNS_MAX,
		.same = !t->held && strcmp(t->hold.turn, t->in->client_message_id) == 0,
		.redis = t->hold.flow.version,
		.stored = t->flow.version,
	};

	return ticket_next(&sight);
}

/* The turn under its ticket, from the facts to the write-back. */
static enum err
run_once(struct turn *t)
{
	enum ticket_step step;
	bool asks;
	enum err e;

	e = read_facts(t);
	if (e)
		return e;
	step = next(t);
	if (step == TICKET_REPLAY) {
		flow_release(&t->rq, &t->hold, NULL, 0);
		return replay(t);
	}
	if (step == TICKET_OVER)
		return ERR_CONVERSATION_OVER;
	asks = may_ask(t);
	e = rebuild(t, step == TICKET_REBUILD, asks);
	return e ? e : answer(t, asks);
}

static enum err
ask_for_ticket(struct turn *t, const char *seized)
{
	enum err e;

	t->rq.deadline_ms = clock_ms() + BEFORE_MS;
	e = flow_take(&t->rq, t->session, t->rq.user, t->in->client_message_id, seized, &t->hold);
	t->held = e == OK;
	return e;
}

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

/* Join the turn of the same message until it ends.  *ret_over: the caller has its reply; else its process has died. */
static enum err
join(struct turn *t, bool *ret_over)
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

/* Another turn has the ticket. */
static enum err
wait_for_ticket(struct turn *t, bool *ret_over)
{
	enum err e = ERR_TURN_IN_PROGRESS;

	*ret_over = false;
	while (e == ERR_TURN_IN_PROGRESS && !*ret_over) {
		e = read_facts(t);
		if (e)
			return e;
		switch (next(t)) {
		case TICKET_REPLAY:
			*ret_over = true;
			return replay(t);
		case TICKET_SEIZE:
			return ask_for_ticket(t, t->hold.ticket);
		case TICKET_JOIN:
			break;
		default:
			return ERR_TURN_IN_PROGRESS;
		}
		e = join(t, ret_over);
		if (e == OK && !*ret_over)
			e = ask_for_ticket(t, NULL);
		else if (e)
			return e;
	}
	return e;
}

enum err
turn_problem(const struct req *rq, struct resp *rs, enum err e)
{
	enum err told;

	if (!rs->begun || e == ERR_CLIENT_GONE)
		return e;
	resp_problem(rs, rq, e);
	told = stream_event(rs, TURN_STORED_ID, "error", rs->body);
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
	resp_problem(t->rs, &t->rq, e);
	feed_end(&t->feed, "error", t->rs->body);
	flow_release(&t->rq, &t->hold, t->feed.pending, t->feed.npending);
	feed_tell_end(&t->feed);
	return e;
}

enum err
turn_run(const struct req *rq, struct resp *rs, const char *session, const struct turn_in *in)
{
	struct turn t = { .rq = *rq, .rs = rs, .session = session, .in = in };
	bool over = false;
	enum err e;

	e = ask_for_ticket(&t, NULL);
	if (e == ERR_TURN_IN_PROGRESS)
		e = wait_for_ticket(&t, &over);
	if (e == OK && over)
		return OK;
	if (e == OK)
		e = run_once(&t);
	if (e == ERR_CONFLICT) {
		count(METRIC_OVERTAKEN);
		e = run_once(&t);
	}
	if (e == ERR_CONFLICT)
		e = ERR_TURN_IN_PROGRESS;
	if (e == ERR_TURN_CANCELLED)
		count(METRIC_CANCELLED);
	return e ? fail(&t, e) : OK;
}
