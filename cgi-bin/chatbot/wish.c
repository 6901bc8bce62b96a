/*
 * What somebody wishes for: how a message changes what the next search looks for.  Everything is kept in the flow, so
 * that "cheaper" and "not this brand" hold for the rest of the conversation.
 */
#include <string.h>

#include "arena.h"
#include "house.h"
#include "list.h"

/* In lower case, as brands are compared. */
static const char *
lower_case(struct arena *a, const char *s)
{
	char *lower = arena_strdup(a, s), *c;

	for (c = lower; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return lower;
}

/* "Wireless": of the same things those that are so. */
static void
wish_quality(struct arena *a, struct flow *flow, const struct said *said)
{
	int i;

	for (i = 0; i < said->nnamed; i++)
		flow->terms = list_add(a, flow->terms, said->named[i]);
}

/*
 * A thing was named: it is what to look for from now on, and earlier wishes of price and colour were about
 * another.
 */
static void
wish_for(struct arena *a, struct flow *flow, const struct said *said)
{
	int i;

	flow->terms = flow->topics = flow->colour = flow->not_colours = "";
	flow->below_won = flow->floor_won = 0;
	for (i = 0; i < said->nnamed; i++)
		flow->terms = list_add(a, flow->terms, said->named[i]);
	for (i = 0; i < said->ninterests; i++)
		flow->topics = list_join(a, flow->topics, said->interests[i]->topics);
}

/* Is what was named named plainly, so that it may be repeated: "stamps", "I collect stamps", "요즘 드론 날려요"? */
static bool
is_plain(const struct said *said)
{
	const char *c;
	int words = 0;

	for (c = said->text.words + 1; *c; c++)
		words += *c == ' ';
	return (said->means & MEANS(M_LIKE)) || (words <= 3 && !(said->means & MEANS(M_RUDE)));
}

/* What they are into, from this message, or from the profile when they said that it still holds. */
static void
note_hobby(struct arena *a, struct flow *flow, const struct said *said, const struct facts *facts)
{
	struct said profile;
	int i;

	if (!(said->means & NAMES)) {
		understand_text(a, facts->interests, &profile);
		said = &profile;
	}
	flow->hobby = "";
	for (i = 0; i < said->ninterests; i++)
		flow->hobby = list_add(a, flow->hobby, said->interests[i]->code);
	for (i = 0; i < said->nnamed && said->ninterests == 0 && is_plain(said); i++)
		flow->hobby = list_add(a, flow->hobby, said->named[i]);
	wish_for(a, flow, said);
}

static void
note_prices(struct flow *flow, const struct said *said, uint64_t means, const struct facts *facts,
	    int compared)
{
	const struct product *cheapest = card_at_end(facts, true), *dearest = card_at_end(facts, false);

	if (means & MEANS(M_NO_BUDGET)) {
		flow->budget_won = flow->floor_won = flow->below_won = 0;
	} else if (means & MEANS(M_BUDGET)) {
		flow->budget_won = said->budget.max_won ? said->budget.max_won : flow->budget_won;
		flow->floor_won = said->budget.min_won;
		flow->below_won = 0;
	}
	if (!compared)
		return;
	if (compared < 0 && cheapest) {
		flow->below_won = cheapest->price_won;
		flow->floor_won = 0;
	} else if (compared > 0 && dearest) {
		flow->floor_won = dearest->price_won + 1;
		flow->below_won = 0;
	}
}

/* What is turned down is no longer looked for: neither the word nor its categories. */
static void
drop_wish(struct arena *a, struct flow *flow, const char *word)
{
	const char *topics, *topic;
	struct said said;
	int i;

	if (!list_has(flow->terms, word))
		return;
	flow->terms = list_remove(a, flow->terms, word);
	understand_text(a, word, &said);
	for (i = 0; i < said.ninterests; i++) {
		topics = said.interests[i]->topics;
		for (topic = list_next(a, &topics); topic; topic = list_next(a, &topics))
			flow->topics = list_remove(a, flow->topics, topic);
	}
}

/* Colours, brands and words turned down; card is the one meant, or NULL when it is all of them. */
static void
note_dislikes(struct arena *a, struct flow *flow, const struct said *said, uint64_t means,
	      const struct facts *facts, const struct product *card)
{
	int i;

	if (means & MEANS(M_COLOUR)) {
		flow->colour = said->colour;
		flow->not_colours = "";
	}
	if (said->not_colour)
		flow->not_colours = list_add(a, flow->not_colours, said->not_colour);
	else if (means & MEANS(M_OTHER_COLOUR))
		flow->colour = "";
	for (i = 0; i < facts->ncards; i++) {
		const struct product *p = &facts->cards[i];

		if ((means & MEANS(M_ORDINAL)) && p != card)
			continue;
		if ((means & MEANS(M_OTHER_COLOUR)) && !said->not_colour && p->colour)
			flow->not_colours = list_add(a, flow->not_colours, p->colour);
		if (means & MEANS(M_NOT_BRAND))
			flow->not_brands = list_add(a, flow->not_brands, lower_case(a, p->brand));
	}
	for (i = 0; i < said->nunwanted; i++) {
		flow->not_words = list_add(a, flow->not_words, said->unwanted[i]);
		drop_wish(a, flow, said->unwanted[i]);
	}
}

/* "Cheaper" and the like are about what is on the screen: more of the same kind, if nothing was named so far. */
static void
keep_kind(struct arena *a, struct flow *flow, uint64_t means, const struct facts *facts)
{
	int i;

	if (*flow->terms || *flow->topics || !(means & (REFINES & ~(MEANS(M_UNWANTED) | MEANS(M_NO_BUDGET)))))
		return;
	for (i = 0; i < facts->ncards; i++)
		flow->topics = list_add(a, flow->topics, facts->cards[i].category);
}

/* Does the message answer what they are into?  A refusal is an answer, but no hobby. */
static bool
tells_hobby(enum state state, uint64_t means)
{
	const uint64_t nothing = REFUSES | MEANS(M_NONE) | MEANS(M_ANY);

	if (state != HOBBY_CHECK && state != MOOD_CHECK)
		return false;
	return (means & MEANS(M_INTEREST)) ||
	       ((means & (MEANS(M_WORDS) | MEANS(M_YES))) && !(means & nothing));
}

/* Does the message name what to look for from now on?  Stray words beside "cheaper" or "another" do not. */
static bool
names_wish(uint64_t means)
{
	uint64_t about_cards =
	    MEANS(M_CHEAPER) | MEANS(M_CHEAPEST) | MEANS(M_DEARER) | MEANS(M_OTHER) | MEANS(M_MORE);

	/* "Not this, that": another, but a named one. */
	if (means & MEANS(M_UNWANTED))
		about_cards &= ~MEANS(M_OTHER);
	if (means & (MEANS(M_OTHER_COLOUR) | MEANS(M_NOT_BRAND)))
		return false;
	return (means & MEANS(M_INTEREST)) || ((means & MEANS(M_WORDS)) && !(means & about_cards));
}

/* Is it to be cheaper (-1) or dearer (1) than what is on the screen?  Not where an amount is named. */
static int
compared_by(const struct step *step, const struct said *said, uint64_t means)
{
	if (!step->searches || ((means & MEANS(M_BUDGET)) && said->budget.max_won))
		return 0;
	if (means & (MEANS(M_CHEAPER) | MEANS(M_CHEAPEST)))
		return -1;
	return (means & MEANS(M_DEARER)) ? 1 : 0;
}

/* What they are into, and what is to be looked for. */
static void
note_wish(struct arena *a, struct step *step, enum state next, const struct said *said, uint64_t means,
	  const struct facts *facts)
{
	struct flow *flow = &step->flow;

	if (next == CHOOSE && tells_hobby(machine_state(flow->state), means)) {
		note_hobby(a, flow, said, facts);
	} else if (step->searches && names_wish(means)) {
		wish_for(a, flow, said);
		step->renamed = true;
	} else if (step->searches && (means & MEANS(M_QUALITY))) {
		wish_quality(a, flow, said);
		step->renamed = true;
	} else if (strcmp(flow->offer, "other") == 0 && (means & MEANS(M_YES))) {
		flow->terms = flow->topics = "";
	}
	if (step->searches && !*flow->hobby && said->ninterests > 0)
		flow->hobby = said->interests[0]->code;
}

void
wish_note(struct arena *a, struct step *step, enum state next, const struct said *said, uint64_t means,
	  const struct facts *facts)
{
	struct flow *flow = &step->flow;
	enum state state = machine_state(flow->state);

	if ((state == MOOD_CHECK || state == HOBBY_CHECK) && (means & MEANS(M_MOOD)))
		flow->mood = words_mood_code(said->mood);
	note_wish(a, step, next, said, means, facts);
	step->compared = compared_by(step, said, means);
	note_prices(flow, said, means, facts, step->compared);
	if (next != STATE__MAX) /* an aside asks for nothing */
		note_dislikes(a, flow, said, means, facts, step->card);
	if (step->searches)
		keep_kind(a, flow, means, facts);
	step->noted = (means & MEANS(M_BUDGET)) && said->budget.max_won && !(means & MEANS(M_NO_BUDGET));
	step->for_other = (means & (MEANS(M_FOR) | MEANS(M_GIFT))) != 0;
	step->firm = step->compared != 0 || (means & MEANS(M_BUDGET));
}
