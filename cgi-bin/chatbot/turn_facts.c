/* What PostgreSQL has to say before a turn begins: where the conversation stands, and whether there is anything to do. */
#include <string.h>

#include "chatbot.h"
#include "resp.h"
#include "stream.h"
#include "turn_inside.h"

static void
understand(void *ctx)
{
	struct turn *t = ctx;

	understand_text(t->rq.arena, t->in->text, &t->said);
}

enum err
turn_facts(struct turn *t)
{
	const struct db_beside beside = { understand, t };
	const struct req *rq = &t->rq;
	struct db_result res;
	const char *interests, *cards;
	enum err e;

	e = db_run_beside(rq, CHAT_FACTS,
			  DB_ARGS(db_text(t->session), db_text(rq->user), db_text(t->in->client_message_id)),
			  &beside, &res);
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

enum ticket_step
turn_next(const struct turn *t)
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

/* Give the whole turn: as the reply, or as the only event of a stream. */
static enum err
give(struct turn *t, const char *turn)
{
	enum err e;

	if (!t->in->streams)
		return resp_text(t->rs, 200, "application/json", turn);
	e = t->rs->begun ? OK : stream_begin(t->rs);
	return e ? e : stream_event(t->rs, turn_stored_id(t->rq.arena, t->flow.version), "done", turn);
}

enum err
turn_replay(struct turn *t)
{
	if (strcmp(t->asked, t->in->text) != 0) {
		resp_fault(t->rs, "client_message_id", "reused", "%s",
			   t->rq.korean ? "다른 메시지에 이미 쓴 값이에요."
					: "Another message has had this id.");
		return ERR_VALIDATION_FAILED;
	}
	metrics_add(&chatbot_metrics[METRIC_REPLAYED], 1);
	return give(t, t->answered);
}
