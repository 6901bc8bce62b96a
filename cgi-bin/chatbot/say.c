/*
 * Writing a reply: the texts of lines.c, with their gaps filled from the flow, the facts and what was found.
 */
#include <inttypes.h>
#include <string.h>

#include "arena.h"
#include "hangul.h"
#include "house.h"
#include "lines.h"
#include "list.h"

static const char dashboard_path[] = "/dashboard";

enum { TEXT_MAX = 2000 };

/* A text being written. */
struct writer {
	struct arena *a;
	const struct step *step;
	const struct facts *facts;
	const struct product *found;
	int nfound;
	bool korean;
	char *out;
	size_t len;
};

static void write_text(struct writer *w, const char *text);

static void
put_bytes(struct writer *w, const char *bytes, size_t len)
{
	if (len > TEXT_MAX - w->len)
		len = 0;
	memcpy(w->out + w->len, bytes, len);
	w->len += len;
	w->out[w->len] = '\0';
}

/* Write text as it is: gaps in what customers and catalogs say are none. */
static void
put(struct writer *w, const char *text)
{
	put_bytes(w, text, strlen(text));
}

static void
write_line(struct writer *w, const struct line *line)
{
	write_text(w, w->korean ? line->ko : line->en);
}

static void
write_part(struct writer *w, enum part part)
{
	write_line(w, &lines_parts[part]);
}

const char *
say_won(struct arena *a, int64_t won, const char *language)
{
	const char *unit = strcmp(language, "ko") == 0 ? "원" : " won";

	if (won >= 1000000)
		return arena_printf(a, "%" PRId64 ",%03" PRId64 ",%03" PRId64 "%s", won / 1000000,
				    won / 1000 % 1000, won % 1000, unit);
	if (won >= 1000)
		return arena_printf(a, "%" PRId64 ",%03" PRId64 "%s", won / 1000, won % 1000, unit);
	return arena_printf(a, "%" PRId64 "%s", won, unit);
}

static const char *
won(const struct writer *w, int64_t amount)
{
	return say_won(w->a, amount, w->step->flow.language);
}

/* The words of a list, with commas; of_codes: codes of interests by their names. */
static const char *
spell_list(const struct writer *w, const char *list, bool of_codes)
{
	const char *word, *text = "";

	for (word = list_next(w->a, &list); word; word = list_next(w->a, &list)) {
		const struct interest *interest = of_codes ? interest_find(word) : NULL;

		if (interest)
			word = w->korean ? interest->name_ko : interest->name_en;
		text = arena_printf(w->a, "%s%s%s", text, *text ? ", " : "", word);
	}
	return text;
}

/* What is looked for, in the customer's own words, else what they are into. */
static const char *
spell_wish(const struct writer *w)
{
	const struct flow *flow = &w->step->flow;

	if (w->step->missed)
		return spell_list(w, w->step->missed, false);
	return *flow->terms ? spell_list(w, flow->terms, false) : spell_list(w, flow->hobby, true);
}

static void
write_ask(struct writer *w)
{
	enum state state = machine_state(w->step->flow.state);

	/* Nobody is asked whether they want what they could not buy. */
	if (state == CHOOSE && (w->facts->blocked || w->facts->available_won <= 0))
		state = DONE;
	if (state == HOBBY_CHECK && *w->facts->interests)
		write_line(w, &lines_profile);
	else if (state == RE_RECOMMENDATION)
		write_line(w, &lines_reactions[w->step->flow.version % REACTIONS]);
	else
		write_line(w, &lines_questions[state]);
}

static void
write_empathy(struct writer *w)
{
	int mood;

	for (mood = 0; mood < MOOD__MAX; mood++) {
		if (strcmp(w->step->flow.mood, words_mood_code(mood)) == 0) {
			write_line(w, &lines_empathies[mood]);
			return;
		}
	}
	write_part(w, PART_ALL_RIGHT);
}

static void
write_hobby_heard(struct writer *w)
{
	const struct flow *flow = &w->step->flow;

	if (*flow->hobby)
		write_part(w, w->step->for_other ? PART_LIKES_OTHER : PART_LIKES);
	else
		write_part(w, *flow->terms ? PART_HEARD : PART_NO_HOBBY);
}

static int
count_exact(const struct writer *w)
{
	int i, exact = 0;

	for (i = 0; i < w->nfound; i++)
		exact += w->found[i].fit == FIT_EXACT;
	return exact;
}

/* The worst fit among what is shown. */
static int
worst_fit(const struct writer *w)
{
	int i, worst = FIT_EXACT;

	for (i = 0; i < w->nfound; i++)
		worst = w->found[i].fit > worst ? w->found[i].fit : worst;
	return worst;
}

/* Is something looked for that has a name? */
static bool
has_wish(const struct flow *flow)
{
	return *flow->terms || (*flow->topics && *flow->hobby);
}

/* How what was found meets the wish. */
static enum met
how_met(const struct writer *w)
{
	const struct flow *flow = &w->step->flow;
	int exact = count_exact(w), worst = worst_fit(w);

	if (worst >= FIT_NEARBY && exact == 0 && w->step->compared < 0)
		return KIND_NONE_CHEAPER;
	if (worst >= FIT_NEARBY && exact == 0 && w->step->kind_from_won)
		return KIND_DEARER;
	if (worst >= FIT_NEARBY)
		return exact > 0 ? KIND_SOME : KIND_NONE;
	if (worst == FIT_NOT_PRICE)
		return exact > 0 ? PRICE_SOME : PRICE_NONE;
	if (worst == FIT_NOT_COLOUR)
		return exact > 0 ? COLOUR_SOME : COLOUR_NONE;
	if (w->step->compared && (flow->below_won || flow->floor_won))
		return w->step->compared < 0 ? MET_CHEAPER : MET_DEARER;
	if (w->step->say == SAY_OTHERS && !w->step->firm && !w->step->renamed && !*flow->colour)
		return has_wish(flow) ? MET_MORE : w->step->for_other ? MET_FOR_OTHER : MET_OTHERS;
	if (has_wish(flow))
		return MET;
	return w->step->for_other ? MET_FOR_OTHER : MET_ANYTHING;
}

/* Within what the products stay: what the customer said, or what they may spend. */
static void
write_bound(struct writer *w)
{
	const struct flow *flow = &w->step->flow;

	if (!flow->budget_won && flow->floor_won && w->step->firm && !w->step->compared)
		write_part(w, PART_ABOVE);
	else if (!flow->budget_won || flow->budget_won > w->facts->available_won)
		write_part(w, PART_WITHIN_LIMIT);
	else
		write_part(w, flow->floor_won && w->step->firm && !w->step->compared ? PART_WITHIN_RANGE
										     : PART_WITHIN_BUDGET);
}

static void
write_prices(struct writer *w)
{
	int i;

	for (i = 0; i < w->facts->ncards; i++) {
		const struct product *p = &w->facts->cards[i];

		put(w, arena_printf(w->a, w->korean ? "%s%d번 %s %s" : "%s%d. %s, %s",
				    i ? (w->korean ? ", " : "; ") : "", i + 1,
				    w->korean ? p->name_ko : p->name_en, won(w, p->price_won)));
	}
}

/* All cards, each with its price and what it is good for. */
static void
write_cards(struct writer *w)
{
	int i;

	for (i = 0; i < w->facts->ncards; i++) {
		const struct product *p = &w->facts->cards[i];

		put(w, arena_printf(w->a, w->korean ? "%s%d번 %s, %s: %s" : "%s%d. %s, %s: %s", i ? " " : "",
				    i + 1, w->korean ? p->name_ko : p->name_en, won(w, p->price_won),
				    w->korean ? p->reason_ko : p->reason_en));
	}
}

/* The card's colour as a sentence; "" for one that is not in words.c. */
static const char *
spell_colour(const struct writer *w, const char *code)
{
	const struct colour *row;

	for (row = words_colours; row->code; row++)
		if (strcmp(row->code, code) == 0)
			return arena_printf(w->a, w->korean ? " 색은 %s%s." : " It is %s%s.",
					    w->korean ? row->name_ko : row->name_en,
					    w->korean ? hangul_particle(row->name_ko, "이에요/예요") : "");
	return "";
}

/* The categories of what is only near the wish. */
static const char *
spell_near(const struct writer *w)
{
	const char *names = "";
	int i;

	for (i = 0; i < w->nfound; i++)
		if (w->found[i].fit == FIT_NEARBY)
			names = list_add(w->a, names,
					 w->korean ? w->found[i].category_ko : w->found[i].category_en);
	return spell_list(w, names, false);
}

/* What the gap of that name is filled with; NULL when it is one of those below. */
static const char *
gap_text(const struct writer *w, const char *name)
{
	const struct step *step = w->step;
	const struct product *card = step->card;
	const struct {
		const char *name, *text;
	} gaps[] = {
		{ "limit", won(w, w->facts->available_won) },
		{ "cap", won(w, machine_cap(&step->flow, w->facts)) },
		{ "budget", won(w, step->flow.budget_won) },
		{ "floor", won(w, step->flow.floor_won) },
		{ "hobby", spell_list(w, step->flow.hobby, true) },
		{ "profile", spell_list(w, w->facts->interests, false) },
		{ "wish", spell_wish(w) },
		{ "from", won(w, step->kind_from_won) },
		{ "near", spell_near(w) },
		{ "n", arena_printf(w->a, "%d", w->nfound) },
		{ "exact", arena_printf(w->a, "%d", count_exact(w)) },
		{ "are", w->nfound == 1 ? "is" : "are" },
		{ "source", step->fact ? w->korean ? step->fact->source_ko : step->fact->source_en : "" },
		{ "name", card ? w->korean ? card->name_ko : card->name_en : "" },
		{ "price", card ? won(w, card->price_won) : "" },
		{ "reason", card ? w->korean ? card->reason_ko : card->reason_en : "" },
		{ "mall", card ? card->mall : "" },
		{ "colour", card && card->colour ? spell_colour(w, card->colour) : "" },
		{ "url", card ? card->url : "" },
		{ "dashboard", dashboard_path },
	};
	size_t i;

	for (i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++)
		if (strcmp(gaps[i].name, name) == 0)
			return gaps[i].text;
	return NULL;
}

/* What the kind costs at least, where that is known and too much. */
static void
write_from_note(struct writer *w)
{
	if (w->step->kind_from_won && *spell_wish(w))
		write_part(w, PART_FROM);
}

/* Of what kind the rest is. */
static void
write_else(struct writer *w)
{
	write_part(w, worst_fit(w) == FIT_NEARBY ? PART_NEAR : PART_OTHER);
}

static void
write_fact(struct writer *w)
{
	write_text(w, w->korean ? w->step->fact->text_ko : w->step->fact->text_en);
}

static void
write_found(struct writer *w)
{
	write_line(w, &lines_found[how_met(w)]);
}

static void
write_guessed(struct writer *w)
{
	if (w->step->guessed)
		write_part(w, PART_GUESSED);
}

/* Gaps that are texts with gaps themselves. */
static const struct {
	const char *name;
	void (*write)(struct writer *);
} parts[] = {
	{ "ask", write_ask },	  { "empathy", write_empathy },	    { "hobby_heard", write_hobby_heard },
	{ "found", write_found }, { "bound", write_bound },	    { "prices", write_prices },
	{ "fact", write_fact },	  { "cards", write_cards },	    { "guessed", write_guessed },
	{ "else", write_else },	  { "from_note", write_from_note },
};

static void
write_gap(struct writer *w, const char *name)
{
	const char *text = strchr(name, '/') ? hangul_particle(w->out, name) : gap_text(w, name);
	size_t i;

	if (text) {
		put(w, text);
		return;
	}
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].name, name) == 0)
			parts[i].write(w);
}

/* Write one of our own texts, filling its gaps on the way. */
static void
write_text(struct writer *w, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "{");

		put_bytes(w, text, n);
		text += n;
		if (*text == '{') {
			n = strcspn(text, "}");
			write_gap(w, arena_strndup(w->a, text + 1, n - 1));
			text += n + 1;
		}
	}
}

/* Does the text confirm a budget anyway, or lead away from it? */
static bool
confirms_budget(enum say say)
{
	return say == SAY_PRODUCTS || say == SAY_OTHERS || say >= SAY_BLOCKED || say == SAY_RESTARTED;
}

const char *
say_reply(struct arena *a, const struct step *step, const struct facts *facts, const struct product *found,
	  int n)
{
	struct writer w = { .a = a, .step = step, .facts = facts, .found = found, .nfound = n };

	w.korean = strcmp(step->flow.language, "ko") == 0;
	w.out = arena_alloc(a, TEXT_MAX + 1);
	if (step->noted && !confirms_budget(step->say))
		write_part(&w, PART_NOTED);
	write_line(&w, &lines_say[step->say]);
	return w.out;
}

const char *
say_link(const struct step *step)
{
	if (step->say == SAY_DASHBOARD)
		return dashboard_path;
	return step->say == SAY_ACCEPTED || step->say == SAY_ABOUT ? step->card->url : NULL;
}
