/* One answer: the house decides, the model may speak. */
#include <string.h>

#include "answer.h"
#include "arena.h"
#include "chatbot.h"
#include "clock.h"
#include "feed.h"
#include "list.h"
#include "llm.h"
#include "model.h"
#include "out.h"
#include "req.h"

/* A prompt is 16 KiB at most, an answer 4. */
enum { CALL_TOKENS_MAX = 20000 };

/* An answer being made. */
struct making {
	const struct question *q;
	struct feed *feed;
	struct said said;	   /* the house's understanding, then with what the model adds */
	struct step step;	   /* where it leads */
	struct step before_search; /* the same, before the search said what there is */
	struct found found;
	int shows;	 /* products that would be shown of found */
	bool gives_way;	 /* they are not all that was wished for */
	bool redecided;	 /* the model's understanding has led elsewhere than the house's */
	enum err failed; /* what ended the turn from inside a callback */
	const char *told_state, *told_engine; /* by the last state event */
};

/* Tell those who watch where the turn leads and who speaks, unless they know. */
static void
announce(struct making *m, const char *engine)
{
	const char *state = m->step.flow.state;

	if (m->told_state && strcmp(m->told_state, state) == 0 && strcmp(m->told_engine, engine) == 0)
		return;
	m->told_state = state;
	m->told_engine = engine;
	feed_state(m->feed, state, engine);
}

/* How many of the products, best first, are all that was wished for. */
static int
count_exact(const struct product *products, int n)
{
	int i;

	for (i = 0; i < n && products[i].fit == FIT_EXACT; i++)
		;
	return i;
}

/* Look for products if the step asks for them, and see what it comes to. */
static enum err
search(struct making *m)
{
	const struct question *q = m->q;
	struct product shown[CARDS_MAX];
	int64_t start_us = clock_us();
	enum err e;

	m->before_search = m->step;
	m->shows = 0;
	m->gives_way = false;
	if (!m->step.searches)
		return OK;
	feed_flush(m->feed);
	e = product_find(q->rq, q->hold->session, &m->step, q->facts, q->hold->found, &m->found);
	metrics_observe(&chatbot_times[TIME_SEARCH], clock_us() - start_us);
	if (e)
		return e;
	m->step.kind_from_won = m->before_search.kind_from_won = m->found.kind_from_won;
	m->shows = pick_products(m->found.at, m->found.n, shown);
	machine_found(q->rq->arena, q->flow, &m->step, shown, &m->shows);
	m->gives_way = count_exact(shown, m->shows) < m->shows;
	return OK;
}

/* Is what there is to say something the model may word?  That a wish could not be met in all is the house's to explain. */
static bool
may_word(const struct making *m)
{
	return model_words(m->step.say) && !m->gives_way;
}

static bool
same_wish(struct arena *a, const struct step *one, const struct step *other)
{
	return one->searches == other->searches &&
	       strcmp(flow_json(a, &one->flow), flow_json(a, &other->flow)) == 0;
}

/*
 * The model has said what it makes of the message.  Its words may follow if they are about what the machine makes of that, too: it
 * was told what to say when the answer fits, and what when it does not.
 */
static bool
on_understood(void *ctx, const struct said *said, bool fits)
{
	struct making *m = ctx;
	const enum say told = fits ? model_next(m->step.say) : m->step.say;
	struct making other = *m;

	other.said = *said;
	machine_step(m->q->rq->arena, m->q->flow, &other.said, m->q->facts, &other.step);
	if (!same_wish(m->q->rq->arena, &m->before_search, &other.step)) {
		m->failed = search(&other);
		if (m->failed)
			return false;
		*m = other;
		m->redecided = true;
	}
	if (m->step.say != told || !may_word(m))
		return false;
	announce(m, "llm");
	return true;
}

static void
on_text(void *ctx, const char *text, size_t len)
{
	struct making *m = ctx;
	int sent = m->feed->sent;

	feed_text(m->feed, text, len);
	if (m->feed->sent > sent)
		metrics_observe(&chatbot_times[TIME_TOKEN], clock_us() - m->q->rq->trace->woke_us);
}

static bool
on_wait(void *ctx)
{
	const struct making *m = ctx;

	return feed_tick(m->feed) != FEED_GOES_ON;
}

/* Why the model was asked in vain. */
static enum chatbot_metric
fallback(enum err e, const struct model_answer *said)
{
	if (said->voided)
		return METRIC_FALLBACK_VOIDED;
	if (e == ERR_OVERLOADED)
		return METRIC_FALLBACK_BUSY;
	if (e == ERR_CLIENT_GONE)
		return METRIC_FALLBACK_LEFT;
	return e ? METRIC_FALLBACK_FAILED : METRIC_FALLBACK_BESIDE;
}

/* Tokens are spent whatever comes of the turn.  What a server says of them is not believed beyond all reason. */
static void
spend(const struct req *rq, const struct llm_reply *spent)
{
	const struct chatbot *chatbot = rq->domain;
	const int prompt = spent->prompt_tokens, completion = spent->completion_tokens;
	int tokens = (prompt < CALL_TOKENS_MAX ? prompt : CALL_TOKENS_MAX) +
		     (completion < CALL_TOKENS_MAX ? completion : CALL_TOKENS_MAX);

	if (tokens > 0)
		limit_spend(rq, &chatbot->tokens, rq->user, tokens);
}

/* Ask the model.  False: the house answers. */
static bool
ask_model(struct making *m, struct model_answer *ret_said)
{
	const struct question *q = m->q;
	const struct chatbot *chatbot = q->rq->domain;
	const struct model_turn turn = {
		.text = q->text,
		.flow = q->flow,
		.said = &m->said,
		.step = &m->step,
		.facts = q->facts,
		.found = m->found.at,
		.nfound = m->shows > 0 ? count_exact(m->found.at, m->found.n) : 0,
		.window = q->hold->window,
		.summary = q->summary,
	};
	const struct model_sink sink = { on_understood, on_text, on_wait, m };
	const struct trace *t = q->rq->trace;
	int64_t stored_us = t->db_us + t->kv_us;
	enum err e;

	e = model_ask(q->rq, chatbot->llm, &turn, &sink, ret_said);
	if (ret_said->spent.sent_us)
		metrics_observe(&chatbot_times[TIME_BEFORE],
				ret_said->spent.sent_us - t->started_us - stored_us);
	metrics_add(&chatbot_metrics[METRIC_DROPPED], ret_said->dropped);
	spend(q->rq, &ret_said->spent);
	if (e || !ret_said->reply)
		metrics_add(&chatbot_metrics[fallback(e, ret_said)], 1);
	return e == OK && ret_said->reply;
}

/* The products the model has chosen, then those the house would have, as long as there is room. */
static void
choose(struct making *m, const struct model_answer *said, struct answer *answer)
{
	struct product house[CARDS_MAX];
	int n = pick_products(m->found.at, m->found.n, house), i, k;

	answer->nshown = 0;
	for (i = 0; said && i < said->npicks; i++)
		answer->shown[answer->nshown++] = m->found.at[said->picks[i]];
	for (i = 0; i < n && answer->nshown < CARDS_MAX; i++) {
		for (k = 0; k < answer->nshown && strcmp(answer->shown[k].id, house[i].id) != 0; k++)
			;
		if (k == answer->nshown)
			answer->shown[answer->nshown++] = house[i];
	}
}

/* Settle the step with the products that are really shown. */
static void
settle(struct making *m, const struct model_answer *said, struct answer *answer)
{
	struct arena *a = m->q->rq->arena;

	answer->nshown = 0;
	answer->step = m->before_search;
	answer->rest = m->q->hold->found;
	if (!m->before_search.searches)
		return;
	choose(m, said, answer);
	machine_found(a, m->q->flow, &answer->step, answer->shown, &answer->nshown);
	answer->rest = product_rest(a, &m->found, answer->step.flow.cards);
}

/* Why a turn that the feed ended is not answered; OK when the house is to answer it. */
static enum err
ended(const struct making *m)
{
	if (m->failed)
		return m->failed;
	if (m->feed->end == FEED_CANCELLED)
		return ERR_TURN_CANCELLED;
	return m->feed->end == FEED_LOST ? ERR_TURN_IN_PROGRESS : OK;
}

/* The house's own words. */
static void
speak_house(struct making *m, struct answer *answer)
{
	const struct question *q = m->q;

	announce(m, "house");
	answer->engine = "house";
	answer->reply = say_reply(q->rq->arena, &answer->step, q->facts, answer->shown, answer->nshown);
	feed_text(m->feed, answer->reply, strlen(answer->reply));
}

/* Let the model answer.  False: it has no words that may be shown, and the house has to speak. */
static bool
speak_model(struct making *m, struct answer *answer)
{
	struct model_answer said = { .reply = NULL };
	bool spoken = ask_model(m, &said);

	answer->engine = "llm";
	answer->reply = said.reply;
	/* Its choice is among what it was told of, not among what its own understanding has led to. */
	settle(m, spoken && !m->redecided ? &said : NULL, answer);
	return spoken;
}

enum err
answer_make(const struct question *question, struct feed *feed, struct answer *ret_answer)
{
	struct making m = { .q = question, .feed = feed, .said = *question->said };
	struct arena *a = question->rq->arena;
	enum err e;

	memset(ret_answer, 0, sizeof(*ret_answer));
	machine_step(a, question->flow, &m.said, question->facts, &m.step);
	announce(&m, question->may_ask && may_word(&m) ? "llm" : "house");
	e = search(&m);
	if (e)
		return e;
	if (question->may_ask && may_word(&m) && speak_model(&m, ret_answer))
		return OK;
	e = ended(&m);
	if (e)
		return e;
	settle(&m, NULL, ret_answer);
	speak_house(&m, ret_answer);
	return OK;
}
