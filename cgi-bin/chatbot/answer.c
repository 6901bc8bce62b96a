/* One answer: the house decides, the model may speak. */
#include <string.h>

#include "answer.h"
#include "arena.h"
#include "chatbot.h"
#include "clock.h"
#include "feed.h"
#include "list.h"
#include "out.h"
#include "req.h"

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

static bool
is_less(const struct product *shown, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (shown[i].fit != FIT_EXACT)
			return true;
	return false;
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
	e = product_find(q->rq, q->hold->session, &m->step, q->facts, q->hold->found, &m->found);
	metrics_observe(&chatbot_times[TIME_SEARCH], clock_us() - start_us);
	if (e)
		return e;
	m->shows = pick_products(m->found.at, m->found.n, shown);
	machine_found(q->rq->arena, q->flow, &m->step, shown, &m->shows);
	m->gives_way = is_less(shown, m->shows);
	return OK;
}

/* Settle the step with the products that are really shown. */
static void
settle(struct making *m, struct answer *answer)
{
	struct arena *a = m->q->rq->arena;

	answer->nshown = 0;
	answer->step = m->before_search;
	answer->rest = m->q->hold->found;
	if (!m->before_search.searches)
		return;
	answer->nshown = pick_products(m->found.at, m->found.n, answer->shown);
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
	return m->feed->end == FEED_LOST ? ERR_CONFLICT : OK;
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

enum err
answer_make(const struct question *question, struct feed *feed, struct answer *ret_answer)
{
	struct making m = { .q = question, .feed = feed };
	struct arena *a = question->rq->arena;
	enum err e;

	memset(ret_answer, 0, sizeof(*ret_answer));
	understand_text(a, question->text, &m.said);
	machine_step(a, question->flow, &m.said, question->facts, &m.step);
	announce(&m, "house");
	e = search(&m);
	if (e)
		return e;
	e = ended(&m);
	if (e)
		return e;
	settle(&m, ret_answer);
	speak_house(&m, ret_answer);
	return OK;
}
