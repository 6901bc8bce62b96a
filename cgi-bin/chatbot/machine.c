/*
 * Where a conversation goes: one table.  Its rows are tried from the top, and the first that fits the state and
 * what was said decides the next state and what to say.  What was said also changes what is wished for, whatever
 * the row.
 */
#include <string.h>

#include "arena.h"
#include "house.h"
#include "list.h"

static const char *const state_names[STATE__MAX] = {
	[MOOD_CHECK] = "mood_check",
	[HOBBY_CHECK] = "hobby_check",
	[CHOOSE] = "choose",
	[RECOMMENDATION] = "recommendation",
	[RE_RECOMMENDATION] = "re_recommendation",
	[DONE] = "done",
};

/* What a row does beside moving on. */
enum effect {
	SEARCHES = 1 << 0, /* products are due */
	UNFIT = 1 << 1,	   /* the question is asked again; the next unfit answer finds M_AGAIN */
	ASIDE = 1 << 2,	   /* an interruption: the question stays open, and unfit answers are not forgotten */
	FORGETS = 1 << 3,  /* start over */
};

#define IN(s)	   (1u << (s))
#define ANY_STATE  ((1u << STATE__MAX) - 1)
#define REACTING   (IN(RECOMMENDATION) | IN(RE_RECOMMENDATION))
#define AFTERWARDS (REACTING | IN(DONE))
#define STAY	   STATE__MAX

struct rule {
	unsigned states; /* IN(…), or-ed */
	uint64_t any;	 /* one of these must be meant; 0: no matter */
	uint64_t also;	 /* and one of these; 0: no matter */
	uint64_t unless; /* and none of these */
	enum state next;
	enum say say;
	unsigned effects;
};

static const struct rule rules[] = {
	/* Asides: answered at any point, and the conversation goes on where it was. */
	{ ANY_STATE, MEANS(M_FACT), 0, 0, STAY, SAY_FACT, ASIDE },
	{ AFTERWARDS, MEANS(M_BACK), MEANS(M_CARDS), REFINES, STAY, SAY_EARLIER, ASIDE },
	{ AFTERWARDS, MEANS(M_COMPARE), MEANS(M_CARDS), REFINES | WISHES, STAY, SAY_COMPARED, ASIDE },
	{ AFTERWARDS, MEANS(M_PRICE), MEANS(M_CARDS), MEANS(M_ORDINAL), STAY, SAY_PRICES, ASIDE },
	{ AFTERWARDS, MEANS(M_ORDINAL), MEANS(M_ASKS) | MEANS(M_PRICE) | MEANS(M_HAVE),
	  MEANS(M_ACCEPT) | REFINES | MEANS(M_OTHER), STAY, SAY_ABOUT, ASIDE },
	{ AFTERWARDS, MEANS(M_DEARER), MEANS(M_ASKS), WISHES | MEANS(M_ACCEPT) | MEANS(M_OTHER) | NAMES, STAY,
	  SAY_PRICES, ASIDE },
	{ AFTERWARDS, MEANS(M_CHEAPEST), MEANS(M_ASKS), WISHES | MEANS(M_ACCEPT) | MEANS(M_OTHER), STAY,
	  SAY_ABOUT, ASIDE },
	{ AFTERWARDS, MEANS(M_BEST) | MEANS(M_POINTS_AT), MEANS(M_CARDS), WISHES | REFINES, STAY, SAY_ABOUT,
	  ASIDE },
	{ ANY_STATE, MEANS(M_KOREAN) | MEANS(M_ENGLISH), 0, MEANS(M_INTEREST) | WISHES, STAY, SAY_LANGUAGE,
	  ASIDE },
	{ ANY_STATE, MEANS(M_FOREIGN), 0, NAMES | REFINES | WISHES, STAY, SAY_FOREIGN, ASIDE },
	{ ANY_STATE, MEANS(M_RUDE), 0,
	  NAMES | REFINES | WISHES | REFUSES | MEANS(M_MOOD) | MEANS(M_ACCEPT) | MEANS(M_OTHER) |
	      MEANS(M_DASHBOARD) | MEANS(M_RESTART) | MEANS(M_HELP),
	  STAY, SAY_SORRY, ASIDE },
	{ ANY_STATE, MEANS(M_COMPARE), 0, MEANS(M_CARDS) | NAMES | REFINES | WISHES, STAY, SAY_HELP, ASIDE },
	{ ANY_STATE, MEANS(M_HELP), 0, MEANS(M_INTEREST) | REFINES | WISHES, STAY, SAY_HELP, ASIDE },
	{ ANY_STATE, MEANS(M_ACK), 0,
	  NAMES | REFINES | WISHES | REFUSES | MEANS(M_MOOD) | MEANS(M_ACCEPT) | MEANS(M_OTHER) |
	      MEANS(M_MORE) | MEANS(M_YES) | MEANS(M_ASKS) | MEANS(M_PRAISE) | MEANS(M_RESTART) |
	      MEANS(M_ANY) | MEANS(M_NONE) | MEANS(M_DASHBOARD) | MEANS(M_THANKS),
	  STAY, SAY_AS_YOU_LIKE, ASIDE },
	{ ANY_STATE, MEANS(M_RESTART), 0, 0, MOOD_CHECK, SAY_RESTARTED, FORGETS },
	{ ANY_STATE, MEANS(M_BYE), 0, MEANS(M_RECOMMEND) | MEANS(M_OTHER) | MEANS(M_MORE), DONE, SAY_BYE, 0 },
	{ ANY_STATE, MEANS(M_DASHBOARD), 0, 0, DONE, SAY_DASHBOARD, 0 },

	/* Products are on the screen. */
	{ AFTERWARDS, MEANS(M_PICKED), 0, MEANS(M_DECLINE) | MEANS(M_OTHER), DONE, SAY_ACCEPTED, 0 },
	{ AFTERWARDS, REFINES, 0, MEANS(M_DECLINE), RE_RECOMMENDATION, SAY_OTHERS, SEARCHES },
	{ AFTERWARDS, MEANS(M_OTHER) | MEANS(M_MORE), 0, 0, RE_RECOMMENDATION, SAY_OTHERS, SEARCHES },
	{ REACTING, MEANS(M_DECLINE), 0, 0, DONE, SAY_DECLINED, 0 },
	{ REACTING, MEANS(M_NO), MEANS(M_OFFERED), 0, STAY, SAY_AS_YOU_LIKE, ASIDE },
	{ REACTING, MEANS(M_THANKS), 0, NAMES | WISHES, STAY, SAY_WELCOME, ASIDE },
	{ REACTING, WISHES | MEANS(M_INTEREST), 0, 0, RE_RECOMMENDATION, SAY_OTHERS, SEARCHES },
	{ REACTING, MEANS(M_FOR), 0, MEANS(M_ASKS) | NAMES | MEANS(M_YES) | MEANS(M_PRAISE),
	  RE_RECOMMENDATION, SAY_OTHERS, SEARCHES },
	{ REACTING, MEANS(M_NO) | MEANS(M_ANY), 0, 0, RE_RECOMMENDATION, SAY_OTHERS, SEARCHES },
	{ REACTING, MEANS(M_PRAISE), 0, 0, STAY, SAY_WHICH, ASIDE },
	{ REACTING, MEANS(M_YES) | MEANS(M_ACCEPT), 0, MEANS(M_ASKS), STAY, SAY_WHICH, ASIDE },
	{ REACTING, MEANS(M_ASKS), 0, 0, STAY, SAY_UNKNOWN, ASIDE },
	{ REACTING, MEANS(M_WORDS), 0, 0, RE_RECOMMENDATION, SAY_OTHERS, SEARCHES },
	{ REACTING, MEANS(M_AGAIN), 0, 0, RE_RECOMMENDATION, SAY_OTHERS, SEARCHES },
	{ REACTING, 0, 0, 0, STAY, SAY_REACT_AGAIN, UNFIT },

	/* Somebody who knows what they want gets it, whatever was asked. */
	{ ANY_STATE, MEANS(M_RECOMMEND) | MEANS(M_BEST), 0, REFUSES, RECOMMENDATION, SAY_PRODUCTS, SEARCHES },
	{ ANY_STATE, MEANS(M_HAVE) | MEANS(M_NEED), MEANS(M_INTEREST) | MEANS(M_FOR), REFUSES, RECOMMENDATION,
	  SAY_PRODUCTS, SEARCHES },
	{ ANY_STATE, MEANS(M_HAVE), MEANS(M_WORDS) | MEANS(M_QUALITY), REFUSES | MEANS(M_MOOD),
	  RECOMMENDATION, SAY_PRODUCTS, SEARCHES },
	{ IN(HOBBY_CHECK) | IN(CHOOSE) | IN(DONE), MEANS(M_NEED), MEANS(M_WORDS), REFUSES, RECOMMENDATION,
	  SAY_PRODUCTS, SEARCHES },

	{ ANY_STATE, MEANS(M_GIFT), 0, REFUSES, RECOMMENDATION, SAY_PRODUCTS, SEARCHES },
	{ IN(MOOD_CHECK) | IN(HOBBY_CHECK), NAMES, MEANS(M_BUDGET) | MEANS(M_COLOUR),
	  REFUSES | MEANS(M_MOOD) | MEANS(M_LIKE) | MEANS(M_ASKS), RECOMMENDATION, SAY_PRODUCTS, SEARCHES },
	{ IN(HOBBY_CHECK), MEANS(M_CHEAPER) | MEANS(M_CHEAPEST) | MEANS(M_COLOUR), 0,
	  REFUSES | MEANS(M_ASKS) | MEANS(M_INTEREST), RECOMMENDATION, SAY_PRODUCTS, SEARCHES },

	{ IN(MOOD_CHECK), MEANS(M_MOOD), 0, MEANS(M_LIKE), HOBBY_CHECK, SAY_HOBBY, 0 },
	{ IN(MOOD_CHECK), MEANS(M_INTEREST), 0, 0, CHOOSE, SAY_CHOOSE, 0 },
	{ IN(MOOD_CHECK), REFUSES | MEANS(M_ANY) | MEANS(M_NONE) | MEANS(M_BUDGET) | MEANS(M_NO_BUDGET), 0, 0,
	  HOBBY_CHECK, SAY_HOBBY, 0 },
	{ IN(MOOD_CHECK), MEANS(M_THANKS), 0, 0, STAY, SAY_WELCOME, ASIDE },
	{ IN(MOOD_CHECK), MEANS(M_ASKS), 0, 0, STAY, SAY_UNKNOWN, ASIDE },
	{ IN(MOOD_CHECK), MEANS(M_WORDS) | MEANS(M_QUALITY) | MEANS(M_LIKE) | MEANS(M_FOR), 0, 0, HOBBY_CHECK,
	  SAY_HOBBY, 0 },
	{ IN(MOOD_CHECK), MEANS(M_AGAIN), 0, 0, HOBBY_CHECK, SAY_HOBBY, 0 },
	{ IN(MOOD_CHECK), MEANS(M_GREETING), 0, 0, STAY, SAY_HELLO, UNFIT },
	{ IN(MOOD_CHECK), 0, 0, 0, STAY, SAY_MOOD_AGAIN, UNFIT },

	{ IN(HOBBY_CHECK), MEANS(M_INTEREST), 0, 0, CHOOSE, SAY_CHOOSE, 0 },
	{ IN(HOBBY_CHECK), MEANS(M_YES), MEANS(M_PROFILE), 0, CHOOSE, SAY_CHOOSE, 0 },
	{ IN(HOBBY_CHECK), REFUSES | MEANS(M_NONE) | MEANS(M_ANY) | MEANS(M_UNWANTED), 0, 0, CHOOSE,
	  SAY_CHOOSE, 0 },
	{ IN(HOBBY_CHECK), MEANS(M_BUDGET) | MEANS(M_NO_BUDGET), 0, MEANS(M_WORDS), STAY, SAY_HOBBY, ASIDE },
	{ IN(HOBBY_CHECK), MEANS(M_THANKS), 0, 0, STAY, SAY_WELCOME, ASIDE },
	{ IN(HOBBY_CHECK), MEANS(M_ASKS), 0, 0, STAY, SAY_UNKNOWN, ASIDE },
	{ IN(HOBBY_CHECK), MEANS(M_MOOD), 0, MEANS(M_WORDS) | MEANS(M_AGAIN), STAY, SAY_HOBBY, UNFIT },
	{ IN(HOBBY_CHECK), MEANS(M_WORDS) | MEANS(M_QUALITY), 0, 0, CHOOSE, SAY_CHOOSE, 0 },
	{ IN(HOBBY_CHECK), MEANS(M_AGAIN), 0, 0, CHOOSE, SAY_CHOOSE, 0 },
	{ IN(HOBBY_CHECK), 0, 0, 0, STAY, SAY_HOBBY_AGAIN, UNFIT },

	{ IN(CHOOSE), REFUSES | MEANS(M_NONE), 0, 0, DONE, SAY_DECLINED, 0 },
	{ IN(CHOOSE),
	  NAMES | REFINES | MEANS(M_YES) | MEANS(M_ANY) | MEANS(M_MORE) | MEANS(M_OTHER) | MEANS(M_PRAISE) |
	      MEANS(M_ACCEPT) | MEANS(M_NEED) | MEANS(M_LIKE),
	  0, MEANS(M_ASKS), RECOMMENDATION, SAY_PRODUCTS, SEARCHES },
	{ IN(CHOOSE), MEANS(M_INTEREST) | MEANS(M_HAVE) | REFINES, 0, 0, RECOMMENDATION, SAY_PRODUCTS,
	  SEARCHES },
	{ IN(CHOOSE), MEANS(M_THANKS), 0, 0, STAY, SAY_WELCOME, ASIDE },
	{ IN(CHOOSE), MEANS(M_ASKS), 0, 0, STAY, SAY_UNKNOWN, ASIDE },
	{ IN(CHOOSE), MEANS(M_AGAIN), 0, 0, RECOMMENDATION, SAY_PRODUCTS, SEARCHES },
	{ IN(CHOOSE), 0, 0, 0, STAY, SAY_CHOOSE_AGAIN, UNFIT },

	{ IN(DONE), MEANS(M_THANKS), 0, 0, STAY, SAY_WELCOME, ASIDE },
	{ IN(DONE), REFUSES | MEANS(M_NONE), 0, 0, STAY, SAY_BYE, ASIDE },
	{ IN(DONE), MEANS(M_INTEREST) | REFINES, 0, 0, RECOMMENDATION, SAY_PRODUCTS, SEARCHES },
	{ IN(DONE), MEANS(M_ASKS), 0, 0, STAY, SAY_UNKNOWN, ASIDE },
	{ IN(DONE), 0, 0, 0, CHOOSE, SAY_REOPENED, 0 },
};

void
machine_begin(const char *customer, const char *language, struct flow *ret_flow)
{
	flow_init(ret_flow);
	ret_flow->customer = customer;
	ret_flow->language = language;
	ret_flow->state = state_names[MOOD_CHECK];
}

enum state
machine_state(const char *name)
{
	int s;

	for (s = 0; s < STATE__MAX; s++)
		if (strcmp(name, state_names[s]) == 0)
			return (enum state)s;
	return MOOD_CHECK;
}

int64_t
machine_cap(const struct flow *flow, const struct facts *facts)
{
	bool stated = flow->budget_won && flow->budget_won < facts->available_won;

	return stated ? flow->budget_won : facts->available_won;
}

/* What a plain yes adds to the message, or "that one" where a card was spoken of: the offer it takes up. */
static uint64_t
accepted_offer(const struct flow *flow, uint64_t means, const struct facts *facts,
	       const struct product **ret_card)
{
	const bool yes = means & (MEANS(M_YES) | MEANS(M_PRAISE));
	int i;

	if (means & (MEANS(M_ORDINAL) | MEANS(M_COLOUR) | MEANS(M_CHEAPEST) | NAMES))
		return 0;
	if (yes && strcmp(flow->offer, "cheaper") == 0)
		return MEANS(M_CHEAPER);
	if (yes && strcmp(flow->offer, "other") == 0)
		return MEANS(M_OTHER);
	if (!yes && !(means & MEANS(M_ACCEPT)))
		return 0;
	for (i = 0; i < facts->ncards; i++) {
		if (strcmp(flow->offer, facts->cards[i].id) == 0) {
			*ret_card = &facts->cards[i];
			return MEANS(M_ACCEPT) | MEANS(M_ORDINAL);
		}
	}
	return 0;
}

/* What a yes to this reply would take up. */
static const char *
offer_of(const struct step *step)
{
	switch (step->say) {
	case SAY_ABOUT:
	case SAY_ACCEPTED:
		return step->card->id;
	case SAY_TOO_DEAR:
		return "cheaper";
	case SAY_NOTHING_CHEAPER:
	case SAY_NOTHING_DEARER:
		return "other";
	default:
		return "";
	}
}

/* What is said in one breath limits what it means. */
static uint64_t
corrected(enum state state, const struct said *said, uint64_t means)
{
	static const char corrections[] = "^아니|^아냐|^아뇨|no|wait|actually";
	struct span span;

	/* Turning one thing down is not turning all down. */
	if (means & (MEANS(M_UNWANTED) | MEANS(M_INTEREST)))
		means &= ~MEANS(M_NO);
	/* "No, the second" corrects; it turns nothing down. */
	if (means & MEANS(M_ORDINAL) && utterance_find(&said->text, corrections, 0, &span) && span.start == 1)
		means &= ~MEANS(M_NO);
	/* Who asks for a price has not chosen yet. */
	if (means & MEANS(M_PRICE))
		means &= ~MEANS(M_ACCEPT);
	/* The buttons of this question, by number. */
	if (state == CHOOSE && (means & MEANS(M_ORDINAL)) && said->ordinal > 0)
		means |= said->ordinal == 1   ? MEANS(M_RECOMMEND)
			 : said->ordinal == 2 ? MEANS(M_DASHBOARD)
					      : MEANS(M_DECLINE);
	return means;
}

/* What the message means here, with what is on the screen and in the profile. */
static uint64_t
meanings_here(enum state state, const struct flow *flow, const struct said *said, const struct facts *facts,
	      const struct product **ret_card)
{
	uint64_t means = said->means;
	const uint64_t comparing =
	    MEANS(M_CHEAPER) | MEANS(M_DEARER) | MEANS(M_NOT_BRAND) | MEANS(M_OTHER_COLOUR);

	*ret_card = card_meant(said, facts);
	if (facts->ncards > 0)
		means |= MEANS(M_CARDS);
	if (*facts->interests)
		means |= MEANS(M_PROFILE);
	if (flow->retries > 0)
		means |= MEANS(M_AGAIN);
	means = corrected(state, said, means);
	if (*flow->offer)
		means |= MEANS(M_OFFERED) | accepted_offer(flow, means, facts, ret_card);
	if (!*ret_card)
		return means & ~MEANS(M_ORDINAL);
	if ((means & MEANS(M_WORDS)) && !(means & (MEANS(M_INTEREST) | MEANS(M_ACCEPT) | MEANS(M_ORDINAL))))
		means |= MEANS(M_POINTS_AT);
	if (((means & MEANS(M_ACCEPT)) || ((means & MEANS(M_ORDINAL)) && !(means & MEANS(M_NO)))) &&
	    !(means & comparing) && !said->text.question)
		means |= MEANS(M_PICKED);
	return means;
}

static const struct rule *
find_rule(enum state state, uint64_t means)
{
	const struct rule *r;

	for (r = rules;; r++)
		if ((r->states & IN(state)) && (!r->any || (r->any & means)) &&
		    (!r->also || (r->also & means)) && !(r->unless & means))
			return r;
}

static void
forget(struct flow *flow)
{
	struct flow fresh;

	machine_begin(flow->customer, flow->language, &fresh);
	fresh.version = flow->version;
	*flow = fresh;
}

static const char *
outcome_of(enum say say, const char *before, enum state next)
{
	if (say == SAY_ACCEPTED)
		return "accepted";
	if (say == SAY_DASHBOARD)
		return "dashboard";
	if (next != DONE)
		return "";
	return *before ? before : "declined";
}

/* Why this customer cannot buy what the step would lead to; the step's own words if they can. */
static enum say
hindrance(const struct step *step, const struct facts *facts)
{
	bool buys = step->say == SAY_ACCEPTED;

	if (!step->searches && !buys)
		return step->say;
	if (facts->blocked)
		return SAY_BLOCKED;
	if (step->searches && facts->available_won <= 0)
		return SAY_NO_LIMIT;
	return buys && step->card->price_won > facts->available_won ? SAY_TOO_DEAR : step->say;
}

/* Nobody is led to what they cannot buy: say so kindly, and leave the conversation where it was, or at the choice. */
static void
hold_back(struct step *step, const struct flow *before, const struct facts *facts)
{
	enum state state = machine_state(before->state);
	enum say say = hindrance(step, facts);

	if (say == step->say)
		return;
	step->say = say;
	step->searches = false;
	step->flow.state = state_names[state < CHOOSE ? CHOOSE : state];
	step->flow.outcome = before->outcome;
}

void
machine_step(struct arena *a, const struct flow *flow, const struct said *said, const struct facts *facts,
	     struct step *ret_step)
{
	enum state state = machine_state(flow->state);
	struct step *step = ret_step;
	const struct rule *rule;
	uint64_t means;

	memset(step, 0, sizeof(*step));
	step->flow = *flow;
	if (said->language)
		step->flow.language = said->language;
	if (said->means & (MEANS(M_KOREAN) | MEANS(M_ENGLISH)))
		step->flow.language = (said->means & MEANS(M_KOREAN)) ? "ko" : "en";
	means = meanings_here(state, flow, said, facts, &step->card);
	rule = find_rule(state, means);
	step->searches = (rule->effects & SEARCHES) != 0;
	wish_note(a, step, rule->next, said, means, facts);
	if (rule->effects & FORGETS)
		forget(&step->flow);
	step->say = rule->say;
	step->fact = said->fact;
	step->guessed =
	    facts->ncards > 1 && !(means & (MEANS(M_ORDINAL) | MEANS(M_CHEAPEST) | MEANS(M_COLOUR) | NAMES));
	if (rule->next != STAY) {
		step->flow.outcome = outcome_of(rule->say, state == DONE ? flow->outcome : "", rule->next);
		step->flow.state = state_names[rule->next];
	}
	if (rule->effects & UNFIT)
		step->flow.retries++;
	else if (!(rule->effects & ASIDE))
		step->flow.retries = 0;
	if (rule->next == DONE)
		step->flow.below_won = step->flow.floor_won = 0;
	hold_back(step, flow, facts);
	step->flow.offer = offer_of(step);
	step->flow.version++;
}

/* Is there nothing of the kind at all? */
static bool
all_other(const struct product *found, int n)
{
	return n == 0 || found[0].fit >= FIT_NEARBY;
}

/* What there is none of is not held on to: what is said next is about what is shown instead. */
static void
let_go(struct step *step)
{
	step->missed = *step->flow.terms ? step->flow.terms : NULL;
	step->flow.terms = step->flow.topics = "";
}

void
machine_found(struct arena *a, const struct flow *flow, struct step *step, const struct product *found,
	      int *n)
{
	int i;

	/* Something better of another kind is no answer to "something better". */
	if (step->compared > 0 && all_other(found, *n))
		*n = 0;
	if (*n > 0) {
		step->flow.cards = "";
		for (i = 0; i < *n; i++)
			step->flow.cards = list_add(a, step->flow.cards, found[i].id);
		if (all_other(found, *n))
			let_go(step);
		return;
	}
	step->say = step->compared < 0	 ? SAY_NOTHING_CHEAPER
		    : step->compared > 0 ? SAY_NOTHING_DEARER
					 : SAY_NOTHING;
	step->searches = false;
	step->flow.state = machine_state(flow->state) < CHOOSE ? state_names[CHOOSE] : flow->state;
	step->flow.outcome = flow->outcome;
	step->flow.offer = offer_of(step);
	/* What could not be met is not held on to, or the next search would fail as well. */
	step->flow.below_won = step->flow.floor_won = 0;
}
