/* One call of the model: the prompt, the answer read as it comes, the guard, and what is left in the end. */
#include <string.h>

#include "arena.h"
#include "leak.h"
#include "model.h"
#include "partial.h"
#include "prompt.h"
#include "req.h"
#include "told.h"

/* An answer on its way. */
struct hearing {
	const struct req *rq;
	const struct model_turn *turn;
	const struct model_sink *sink;
	struct model_answer *answer;
	struct partial *partial;
	const char *system; /* what the model was told */
	struct leak *guard; /* NULL before there is anything to guard */
	bool looked;	    /* at what stands before the reply */
	bool understood;    /* and it was whole */
	bool shows;	    /* the reply may be shown */
	size_t heard;	    /* bytes of the reply that the guard has */
	size_t given;	    /* bytes that the sink has */
};

bool
model_words(enum say say)
{
	return prompt_words(say);
}

enum say
model_next(enum say say)
{
	return prompt_next(say);
}

/* What the reply may take numbers from: the customer's budget, as the house has it, and the names of what was found. */
static const char *
own_words(struct arena *a, const struct model_turn *turn)
{
	const struct flow *flow = &turn->step->flow;
	const char *text = "";
	int i;

	if (flow->budget_won)
		text = arena_printf(a, "%s\n%s", text, say_won(a, flow->budget_won, "ko"));
	if (flow->floor_won)
		text = arena_printf(a, "%s\n%s", text, say_won(a, flow->floor_won, "ko"));
	for (i = 0; i < turn->nfound && i < PROMPT_PRODUCTS_MAX; i++)
		text = arena_printf(a, "%s\n%s\n%s", text, turn->found[i].name_ko, turn->found[i].name_en);
	return text;
}

static void
give_up(struct hearing *h, const char *why)
{
	if (!h->answer->voided)
		h->answer->voided = why;
}

/* Which of the products found are picked; an id is counted as dropped where it is none of them. */
static void
take_picks(struct hearing *h, const struct told *told)
{
	struct model_answer *answer = h->answer;
	int n = h->turn->nfound < PROMPT_PRODUCTS_MAX ? h->turn->nfound : PROMPT_PRODUCTS_MAX;
	int i, j, pick;

	for (i = 0; i < told->npicks; i++) {
		pick = told_pick(told->picks[i], n);
		for (j = 0; j < answer->npicks && answer->picks[j] != pick; j++)
			;
		if (pick < 0)
			answer->dropped++;
		else if (j == answer->npicks && answer->npicks < CARDS_MAX)
			answer->picks[answer->npicks++] = pick;
	}
}

static void
understand(struct hearing *h, const struct told *told)
{
	const struct model_turn *turn = h->turn;
	struct said said = *turn->said;

	h->understood = true;
	take_picks(h, told);
	told_merge(h->rq->arena, told, turn->text, turn->flow, turn->step, turn->facts, &said);
	h->shows = h->sink->understood(h->sink->ctx, &said, told->fits);
}

/* What stands before the reply, once it does; a model that puts members behind it is waited for. */
static void
look_at_head(struct hearing *h)
{
	const char *head = partial_head(h->rq->arena, h->partial);
	struct told told;

	if (!head || h->looked)
		return;
	h->looked = true;
	if (told_read(h->rq->arena, head, &told) && told.members == TOLD_MEMBERS - 1)
		understand(h, &told);
}

/* Pass what has come of the reply through the guard, and on. */
static void
pass(struct hearing *h, bool ends)
{
	const struct partial *partial = h->partial;
	struct leak *guard;

	if (!h->understood || !h->shows)
		return;
	/* Not before the model is at work: nobody waits for it then. */
	if (!h->guard)
		h->guard = leak_open(h->rq->arena, h->system, own_words(h->rq->arena, h->turn),
				     h->turn->step->flow.language);
	guard = h->guard;
	leak_add(guard, partial->reply + h->heard, partial->reply_len - h->heard);
	h->heard = partial->reply_len;
	if (ends)
		leak_end(guard);
	if (guard->voided) {
		give_up(h, guard->voided);
		return;
	}
	if (guard->safe > h->given)
		h->sink->text(h->sink->ctx, guard->text + h->given, guard->safe - h->given);
	h->given = guard->safe;
}

/* The next piece of the answer; false when no more of it is wanted. */
static bool
hear(void *ctx, const char *text, size_t len)
{
	struct hearing *h = ctx;

	if (!partial_feed(h->partial, text, len))
		give_up(h, "format");
	look_at_head(h);
	if (!h->answer->voided)
		pass(h, false);
	return !h->answer->voided && (h->shows || !h->understood);
}

static bool
is_cancelled(void *ctx)
{
	const struct hearing *h = ctx;

	return h->sink->cancelled && h->sink->cancelled(h->sink->ctx);
}

/* The answer is complete: read it once more, as a whole. */
static void
conclude(struct hearing *h)
{
	const char *whole = partial_whole(h->partial);
	struct told told;

	if (!whole || !told_read(h->rq->arena, whole, &told) || !told.reply ||
	    strcmp(told.reply, h->partial->reply) != 0) {
		give_up(h, "format");
		return;
	}
	if (!h->understood)
		understand(h, &told);
	if (!h->shows)
		return;
	pass(h, true);
	if (h->given == 0)
		give_up(h, "format");
	h->answer->reply = h->guard->text;
}

enum err
model_ask(const struct req *rq, struct llm *llm, const struct model_turn *turn, const struct model_sink *sink,
	  struct model_answer *ret_answer)
{
	const char *system = prompt_system(rq->arena, turn);
	struct hearing h = { .rq = rq, .turn = turn, .sink = sink, .answer = ret_answer, .system = system };
	const struct llm_call call = {
		.messages = prompt_messages(rq->arena, turn, system),
		.schema = prompt_schema,
		.schema_name = PROMPT_VERSION,
		.on_text = hear,
		.cancelled = is_cancelled,
		.ctx = &h,
	};
	enum err e;

	memset(ret_answer, 0, sizeof(*ret_answer));
	h.partial = partial_open(rq->arena);
	e = llm_run(rq, llm, &call, &ret_answer->spent);
	if (e == OK)
		conclude(&h);
	if (ret_answer->voided)
		return ERR_INTERNAL;
	/* The reply was not wanted: that was no cancelling. */
	if (e == ERR_CLIENT_GONE && h.understood && !h.shows)
		return OK;
	return e;
}
