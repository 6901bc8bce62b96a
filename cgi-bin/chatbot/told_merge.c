/* What the model adds to what the house has understood.  It passes through the tables that customers' own words do. */
#include <string.h>

#include "arena.h"
#include "told.h"

enum { BUDGET_MIN_WON = 1000, BUDGET_MAX_WON = 100000000, WORD_BYTES_MAX = 60, AMOUNTS_MAX = 16 };

/* How the house says that it did not understand; then a wish may come from the model. */
static bool
is_at_a_loss(enum say say)
{
	return say == SAY_HELLO || say == SAY_MOOD_AGAIN || say == SAY_HOBBY_AGAIN ||
	       say == SAY_CHOOSE_AGAIN || say == SAY_REACT_AGAIN || say == SAY_UNKNOWN;
}

/* How it goes on; what it did not find in the answer, a mood or an interest, may still come from the model. */
static bool
is_open(enum say say)
{
	return is_at_a_loss(say) || say == SAY_HOBBY || say == SAY_CHOOSE;
}

static void
merge_mood(const struct told *told, const struct flow *flow, struct said *said)
{
	if (told->mood < 0 || (said->means & MEANS(M_MOOD)) || machine_state(flow->state) != MOOD_CHECK)
		return;
	said->means |= MEANS(M_MOOD);
	said->mood = told->mood;
}

static void
add_interest(struct said *said, const struct interest *row)
{
	if (said->ninterests == SAID_MAX)
		return;
	said->means |= MEANS(M_INTEREST);
	said->interests[said->ninterests++] = row;
}

/* The word as it stands in the message, not turned down there; NULL if it is not in it. */
static const char *
find_word(struct arena *a, const struct said *said, const char *word, bool *ret_negated)
{
	struct utterance u;
	struct span span;
	const char *form;
	size_t len;

	if (strlen(word) > WORD_BYTES_MAX)
		return NULL;
	utterance_read(a, word, &u);
	form = u.hangul ? u.squeezed
			: arena_strndup(a, u.words + 1, strlen(u.words) > 1 ? strlen(u.words) - 2 : 0);
	len = strlen(form);
	if (len < (u.hangul ? strlen("두자") : 3) || !utterance_find_one(&said->text, form, len, 0, &span))
		return NULL;
	*ret_negated = utterance_negates(&said->text, span);
	return arena_strndup(a, said->text.words + span.start, span.end - span.start);
}

/* A word of the message that is what they are into, or may be the name of a thing. */
static void
merge_word(struct arena *a, const char *word, struct said *said)
{
	struct said alone;
	bool negated;
	int i;

	word = find_word(a, said, word, &negated);
	if (!word || negated)
		return;
	understand_text(a, word, &alone);
	if (alone.ninterests > 0)
		understand_name(said, M_INTEREST, word);
	else if (alone.means == MEANS(M_WORDS))
		understand_name(said, M_WORDS, word);
	for (i = 0; i < alone.ninterests; i++)
		add_interest(said, alone.interests[i]);
}

static void
merge_interests(struct arena *a, const struct told *told, struct said *said)
{
	int i;

	if (said->means & MEANS(M_INTEREST))
		return;
	for (i = 0; i < told->ninterests; i++) {
		const struct interest *row = interest_find(told->interests[i]);

		if (row)
			add_interest(said, row);
		else
			merge_word(a, told->interests[i], said);
	}
}

static void
merge_unwanted(struct arena *a, const struct told *told, struct said *said)
{
	bool negated;
	int i;

	if (said->means & MEANS(M_UNWANTED))
		return;
	for (i = 0; i < told->nunwanted; i++) {
		const char *word = find_word(a, said, told->unwanted[i], &negated);

		if (word)
			understand_name(said, M_UNWANTED, word);
	}
}

/* Is the count, in words, with tail behind it, in the message: "스물다섯" and "장", "thirty five" and " grand"? */
static bool
is_spelled(struct arena *a, const struct utterance *u, int64_t count, const char *tail)
{
	static const struct {
		const char *word;
		int value;
	} rows[] = {
		{ "^한", 1 },	  { "^두", 2 },	   { "^세", 3 },      { "^네", 4 },	 { "^다섯", 5 },
		{ "^여섯", 6 },	  { "^일곱", 7 },  { "^여덟", 8 },    { "^아홉", 9 },	 { "^열", 10 },
		{ "^스무", 20 },  { "^스물", 20 }, { "^서른", 30 },   { "^마흔", 40 },	 { "^쉰", 50 },
		{ "one", 1 },	  { "two", 2 },	   { "couple", 2 },   { "three", 3 },	 { "four", 4 },
		{ "five", 5 },	  { "six", 6 },	   { "seven", 7 },    { "eight", 8 },	 { "nine", 9 },
		{ "ten", 10 },	  { "dozen", 12 }, { "fifteen", 15 }, { "twenty", 20 },	 { "thirty", 30 },
		{ "forty", 40 },  { "fifty", 50 }, { "sixty", 60 },   { "seventy", 70 }, { "eighty", 80 },
		{ "ninety", 90 },
	};
	struct span span;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool hangul = rows[i].word[0] == '^';
		const char *form = arena_printf(a, "%s%s", rows[i].word, tail);

		if (rows[i].value == count && utterance_find(u, form, 0, &span))
			return true;
		if (rows[i].value == count % 10 && count > 10 &&
		    is_spelled(a, u, count - rows[i].value, hangul ? form + 1 : arena_printf(a, " %s", form)))
			return true;
	}
	return false;
}

/* Is the amount in the message, in a way that budget.c reads or in one that only the model could? */
static bool
is_named(struct arena *a, const struct utterance *u, const char *text, int64_t won)
{
	static const struct {
		const char *tail;
		int64_t won;
	} units[] = {
		{ "장", 10000 }, /* notes */
		{ " thousand", 1000 }, { " of thousand", 1000 }, { " grand", 1000 }, { " of grand", 1000 },
	};
	int64_t amounts[AMOUNTS_MAX];
	struct span span;
	int n = budget_amounts(text, amounts, AMOUNTS_MAX);
	size_t i;

	while (n > 0)
		if (amounts[--n] == won)
			return true;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const char *digits =
		    arena_printf(a, "^%lld%s", (long long)(won / units[i].won), units[i].tail);

		if (won % units[i].won == 0 && (utterance_find(u, digits, 0, &span) ||
						is_spelled(a, u, won / units[i].won, units[i].tail)))
			return true;
	}
	return false;
}

static void
merge_budget(struct arena *a, const struct told *told, const char *text, struct said *said)
{
	int64_t won = told->budget_won;

	if ((said->means & (MEANS(M_BUDGET) | MEANS(M_NO_BUDGET))) || won < BUDGET_MIN_WON ||
	    won > BUDGET_MAX_WON)
		return;
	if (!is_named(a, &said->text, text, won))
		return;
	said->means |= MEANS(M_BUDGET);
	said->budget = (struct budget){ .max_won = won };
}

/* What is wished for, once products are what the conversation is about; other ones only when some are on the screen. */
static void
merge_wish(const struct told *told, const struct flow *flow, const struct facts *facts, struct said *said)
{
	if (machine_state(flow->state) < CHOOSE)
		return;
	if ((told->wants & MEANS(M_RECOMMEND)) || facts->ncards > 0)
		said->means |= told->wants;
	if (facts->ncards > 0 && told->colour && !(said->means & (MEANS(M_COLOUR) | MEANS(M_OTHER_COLOUR)))) {
		said->means |= MEANS(M_COLOUR);
		said->colour = told->colour;
	}
}

void
told_merge(struct arena *a, const struct told *told, const char *text, const struct flow *flow,
	   const struct step *step, const struct facts *facts, struct said *said)
{
	const uint64_t decided = REFUSES | MEANS(M_NONE) | MEANS(M_ANY);

	if (!told->fits || !is_open(step->say) || (said->means & decided))
		return;
	merge_mood(told, flow, said);
	merge_interests(a, told, said);
	merge_budget(a, told, text, said);
	if (!is_at_a_loss(step->say))
		return;
	merge_unwanted(a, told, said);
	merge_wish(told, flow, facts, said);
}
