/*
 * A turn, from the message to the reply: ticket, facts, answer, commit, write-back.  Redis says whose turn it is
 * and where the conversation stands; PostgreSQL decides both when they differ.  What is answered is house.h's
 * business.
 */
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include "arena.h"
#include "chatbot.h"
#include "clock.h"
#include "out.h"
#include "req.h"
#include "resp.h"

enum { PAUSE_MIN_MS = 20, PAUSE_MAX_MS = 320, TAIL_MS = 300 };

/* A turn on its way. */
struct turn {
	const struct req *rq;
	struct resp *rs;
	const char *session;
	const struct turn_in *in;
	struct flow_hold hold;
	struct facts facts;
	struct flow flow;     /* before the turn, as PostgreSQL has it */
	const char *asked;    /* the text that came with this client_message_id before; NULL if it is new */
	const char *answered; /* and the turn it got, as JSON */
};

static void
count(enum chatbot_metric m)
{
	metrics_add(&chatbot_metrics[m], 1);
}

static void
read_cards(const struct db_result *res, struct facts *facts)
{
	int row;

	for (row = 0; row < res->rows && facts->ncards < CARDS_MAX; row++)
		if (db_str(res, row, "id"))
			product_read(res, row, &facts->cards[facts->ncards++]);
}

/* Read what PostgreSQL knows of the conversation, the customer and this message. */
static enum err
read_facts(struct turn *t)
{
	const struct req *rq = t->rq;
	struct db_result res;
	const char *interests;
	enum err e;

	e = db_run(rq, CHAT_FACTS,
		   DB_ARGS(db_text(t->session), db_text(rq->user), db_text(t->in->client_message_id)), &res);
	if (e)
		return e;
	if (res.rows == 0)
		return ERR_NOT_FOUND;
	interests = db_str(&res, 0, "interests");
	t->asked = db_str(&res, 0, "asked");
	t->answered = db_str(&res, 0, "answered");
	t->facts = (struct facts){
		.available_won = db_num(&res, 0, "available_won"),
		.blocked = !db_true(&res, 0, "may_buy"),
		.interests = interests ? interests : "",
	};
	read_cards(&res, &t->facts);
	e = flow_read(rq->arena, db_str(&res, 0, "flow"), &t->flow);
	t->flow.version = db_num(&res, 0, "version");
	return e ? ERR_INTERNAL : OK;
}

/* The message has been answered before: the same turn again, if it is the same message. */
static enum err
replay(struct turn *t)
{
	if (strcmp(t->asked, t->in->text) != 0) {
		resp_fault(t->rs, "client_message_id", "reused", "%s",
			   t->rq->korean ? "다른 메시지에 이미 쓴 값이에요."
					 : "Another message has had this id.");
		return ERR_VALIDATION_FAILED;
	}
	count(METRIC_REPLAYED);
	return resp_text(t->rs, 200, "application/json", t->answered);
}

const char *
turn_detail(struct arena *a, const struct step *step, const struct product *found, int n)
{
	struct json_object *detail = out_object(a), *list;
	const char *const *choice;
	int i;

	out_str(detail, "state", step->flow.state);
	list = out_array_in(detail, "choices");
	for (choice = choices_after(step->say, &step->flow); *choice; choice++)
		out_str(list, NULL, *choice);
	list = out_array_in(detail, "products");
	for (i = 0; i < n; i++)
		product_put(list, a, &found[i], i + 1, &step->flow);
	out_str(detail, "engine", "house");
	out_str(detail, "outcome", *step->flow.outcome ? step->flow.outcome : NULL);
	out_str(detail, "link", say_link(step));
	return out_text(detail);
}

/* Let the house responder answer, looking for products when it asks for them. */
static enum err
answer(struct turn *t, struct step *step, const char **ret_reply, const char **ret_detail)
{
	struct arena *a = t->rq->arena;
	struct product picked[CARDS_MAX];
	struct found found;
	struct said said;
	int n = 0;
	enum err e;

	understand_text(a, t->in->text, &said);
	machine_step(a, &t->flow, &said, &t->facts, step);
	if (step->searches) {
		e = product_find(t->rq, t->session, step, &t->facts, "", &found);
		if (e)
			return e;
		n = pick_products(found.at, found.n, picked);
		machine_found(a, &t->flow, step, picked, &n);
	}
	*ret_reply = say_reply(a, step, &t->facts, picked, n);
	*ret_detail = turn_detail(a, step, picked, n);
	return OK;
}

/* One statement: both messages and the next state.  ERR_CONFLICT when the conversation has moved on meanwhile. */
static enum err
commit(struct turn *t, const struct step *step, const char *reply, const char *detail)
{
	const struct req *rq = t->rq;
	struct db_result res;
	enum err e;

	e = db_run(rq, CHAT_COMMIT,
		   DB_ARGS(db_text(t->session), db_text(rq->user), db_i64(rq, t->flow.version),
			   db_text(flow_json(rq->arena, &step->flow)), db_text(t->in->client_message_id),
			   db_text(t->in->text), db_text(reply), db_text(detail),
			   db_text(step->searches ? step->flow.cards : "")),
		   &res);
	if (e)
		return e;
	if (res.rows == 0)
		return ERR_CONFLICT;
	return resp_text(t->rs, 200, "application/json", db_str(&res, 0, "result"));
}

/* The turn under its ticket, from the facts to the write-back. */
static enum err
run_once(struct turn *t)
{
	const char *reply, *detail;
	struct step step;
	enum err e;

	e = read_facts(t);
	if (e)
		return e;
	if (t->asked) {
		flow_release(t->rq, &t->hold, NULL, 0);
		return replay(t);
	}
	if (t->flow.version >= TURNS_MAX)
		return ERR_CONVERSATION_OVER;
	if (t->hold.flow.version != t->flow.version) {
		e = flow_rebuild(t->rq, &t->hold, &t->flow);
		if (e)
			return e;
		count(METRIC_REBUILT);
	}
	e = answer(t, &step, &reply, &detail);
	if (e)
		return e;
	e = commit(t, &step, reply, detail);
	if (e)
		return e;
	count(METRIC_TURNS);
	if (flow_put(t->rq, &t->hold, &step.flow, "", "", NULL, 0))
		count(METRIC_NOT_PUT);
	return OK;
}

static enum err
ask_for_ticket(struct turn *t, const char *seized)
{
	return flow_take(t->rq, t->session, t->rq->user, t->in->client_message_id, seized, &t->hold);
}

/* Time for another look at the ticket, with enough left to answer afterwards. */
static int
waiting_left_ms(const struct turn *t)
{
	int left_ms = clock_left_ms(t->rq->deadline_ms);

	return left_ms > TAIL_MS ? left_ms - TAIL_MS : 0;
}

/* Ask for the ticket until it is ours, the turn that has it has changed, or time is up. */
static enum err
poll_ticket(struct turn *t)
{
	const struct flow_hold before = t->hold;
	int pause_ms = PAUSE_MIN_MS, left_ms = waiting_left_ms(t);
	enum err e = ERR_TURN_IN_PROGRESS;

	while (e == ERR_TURN_IN_PROGRESS && left_ms > 0 && strcmp(t->hold.ticket, before.ticket) == 0 &&
	       t->hold.flow.version == before.flow.version) {
		poll(NULL, 0, pause_ms < left_ms ? pause_ms : left_ms);
		pause_ms = pause_ms < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
		e = ask_for_ticket(t, NULL);
		left_ms = waiting_left_ms(t);
	}
	return e;
}

/*
 * Another turn has the ticket.  If it is the same message, its turn is waited for; if PostgreSQL has that turn
 * already, its process died before it could return the ticket, which is taken over.  Where Redis has lost the version
 * that turn began with, nobody can tell.
 */
static enum err
wait_for_ticket(struct turn *t)
{
	bool late = false;
	enum err e;

	for (;;) {
		e = read_facts(t);
		if (e)
			return e;
		if (t->asked)
			return ERR_TURN_IN_PROGRESS;
		if (t->hold.flow.version >= 0 && t->hold.flow.version < t->flow.version)
			return ask_for_ticket(t, t->hold.ticket);
		if (late || strcmp(t->hold.turn, t->in->client_message_id) != 0)
			return ERR_TURN_IN_PROGRESS;
		e = poll_ticket(t);
		if (e != ERR_TURN_IN_PROGRESS)
			return e;
		late = waiting_left_ms(t) == 0;
	}
}

enum err
turn_run(const struct req *rq, struct resp *rs, const char *session, const struct turn_in *in)
{
	struct turn t = { .rq = rq, .rs = rs, .session = session, .in = in };
	enum err e;

	e = ask_for_ticket(&t, NULL);
	if (e == ERR_TURN_IN_PROGRESS)
		e = wait_for_ticket(&t);
	if (e == ERR_TURN_IN_PROGRESS && t.asked)
		return replay(&t);
	if (e)
		return e;
	e = run_once(&t);
	if (e == ERR_CONFLICT) {
		count(METRIC_OVERTAKEN);
		e = run_once(&t);
	}
	if (e)
		flow_release(rq, &t.hold, NULL, 0);
	return e == ERR_CONFLICT ? ERR_TURN_IN_PROGRESS : e;
}
