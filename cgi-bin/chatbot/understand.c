/*
 * Understanding a message: every table is asked what it finds in it, and what no table knows may be the name of a
 * thing. What the message means here and now is not decided here but in machine.c, which knows where the
 * conversation stands.
 */
#include <string.h>

#include "arena.h"
#include "hangul.h"
#include "house.h"

static void
means(struct said *said, enum meaning m)
{
	said->means |= MEANS(m);
}

static bool
is_any_used(const bool *used, struct span span)
{
	return memchr(used + span.start, 1, span.end - span.start) != NULL;
}

/* Is one of forms there, at a place that no earlier row of the table has?  Then it is this row's, and understood. */
static bool
claim(const struct utterance *u, const char *forms, bool *claimed)
{
	bool found = false;

	while (forms && *forms) {
		size_t len = (size_t)(strchrnul(forms, '|') - forms);
		struct span span = { 0, 0 };

		while (utterance_find_one(u, forms, len, span.end, &span)) {
			if (is_any_used(claimed, span))
				continue;
			memset(claimed + span.start, true, span.end - span.start);
			utterance_use(u, span);
			found = true;
		}
		forms += len + (forms[len] == '|');
	}
	return found;
}

/*
 * Go through a table, whose rows claim places in turn.  All that was found goes to *ret_all, the first to
 * *ret_first; either may be NULL.
 */
static bool
claim_rows(struct arena *a, const struct utterance *u, const struct word *rows, uint64_t *ret_all,
	   int *ret_first)
{
	bool *claimed = arena_alloc(a, strlen(u->words) + 1);
	bool found = false;

	for (; rows->ko || rows->en; rows++) {
		bool ko = claim(u, rows->ko, claimed), en = claim(u, rows->en, claimed);

		if (!ko && !en)
			continue;
		if (ret_all)
			*ret_all |= MEANS(rows->means);
		if (ret_first && !found)
			*ret_first = rows->means;
		found = true;
	}
	return found;
}

static const char *
written(struct arena *a, const struct utterance *u, struct span span)
{
	return arena_strndup(a, u->words + span.start, span.end - span.start);
}

static void
add(const char **list, int *n, const char *word)
{
	int i;

	for (i = 0; i < *n; i++)
		if (strcmp(list[i], word) == 0)
			return;
	if (*n < SAID_MAX)
		list[(*n)++] = word;
}

void
understand_name(struct said *said, enum meaning how, const char *word)
{
	means(said, how);
	if (how == M_UNWANTED)
		add(said->unwanted, &said->nunwanted, word);
	else
		add(said->named, &said->nnamed, word);
}

/* One or two words? */
static bool
is_short(const struct utterance *u)
{
	const char *c;
	int words = 0;

	for (c = u->words + 1; *c; c++)
		words += *c == ' ';
	return words <= 2;
}

/* "The report? No, thanks": naming it is not asking for it. */
static void
drop_refused_report(const struct utterance *u, struct said *said)
{
	const struct word *row;
	struct span span;

	for (row = words_meanings; row->means != M_DASHBOARD; row++)
		;
	if ((utterance_find(u, row->ko, 0, &span) || utterance_find(u, row->en, 0, &span)) &&
	    utterance_negates(u, span))
		said->means &= ~MEANS(M_DASHBOARD);
}

/* "Not the first, the second": the one turned down is not meant, and nothing else is asked for. */
static void
find_ordinal(const struct utterance *u, struct said *said)
{
	const struct word *row;
	struct span span;
	bool refused = false;

	for (row = words_ordinals; row->ko; row++) {
		if (!utterance_find(u, row->ko, 0, &span) && !utterance_find(u, row->en, 0, &span))
			continue;
		utterance_use(u, span);
		if (utterance_negates(u, span)) {
			refused = true;
		} else if (!said->ordinal) {
			means(said, M_ORDINAL);
			said->ordinal = row->means;
		}
	}
	if (refused && said->ordinal)
		said->means &= ~(MEANS(M_OTHER) | MEANS(M_NO));
	else if (refused)
		means(said, M_OTHER);
}

static void
find_colours(const struct utterance *u, struct said *said)
{
	const struct colour *row;
	struct span span;

	for (row = words_colours; row->code; row++) {
		if (!utterance_find(u, row->ko, 0, &span) && !utterance_find(u, row->en, 0, &span))
			continue;
		if (is_any_used(u->used, span))
			continue;
		utterance_use(u, span);
		if (utterance_negates(u, span)) {
			means(said, M_OTHER_COLOUR);
			said->not_colour = row->code;
		} else if (!said->colour) {
			means(said, M_COLOUR);
			said->colour = row->code;
		}
	}
}

/* Pictures tell an interest, but no catalog has them as words. */
static bool
is_picture(const char *word)
{
	return (unsigned char)word[0] == 0xF0 || (unsigned char)word[0] == 0xE2;
}

/* Each place where one of forms stands is the interest, or the interest turned down. */
static void
find_interest(struct arena *a, const struct utterance *u, const struct interest *row, const char *forms,
	      struct said *said)
{
	struct span span = { 0, 0 };

	while (utterance_find(u, forms, span.end, &span)) {
		const char *word = written(a, u, span);

		if (is_any_used(u->things, span))
			continue; /* part of a longer one */
		utterance_use(u, span);
		if (utterance_negates(u, span)) {
			understand_name(said, M_UNWANTED, word);
			continue;
		}
		means(said, M_INTEREST);
		memset(u->things + span.start, true, span.end - span.start);
		if (row->unnamed)
			understand_name(said, M_INTEREST, u->hangul ? row->name_ko : row->name_en);
		else if (!is_picture(word))
			understand_name(said, M_INTEREST, word);
		if (said->ninterests < SAID_MAX &&
		    (said->ninterests == 0 || said->interests[said->ninterests - 1] != row))
			said->interests[said->ninterests++] = row;
	}
}

/* Asking about the service takes a sign of asking, or nothing beside the word itself. */
static void
find_fact(const struct utterance *u, struct said *said)
{
	static const char recommending[] = "추천|골라|recommend*|suggest*|pick";
	const uint64_t asking =
	    MEANS(M_ASKS) | MEANS(M_PRICE) | MEANS(M_HAVE) | MEANS(M_RECOMMEND) | MEANS(M_HELP);
	const struct fact *row;
	struct span span;

	bool asked = u->question || (said->means & asking) || (u->latin_words <= 2 && u->hangul <= 6);

	if (utterance_find(u, recommending, 0, &span))
		return;
	for (row = fact_rows; row->ko; row++) {
		if (!asked && !row->unasked)
			continue;
		if (!utterance_has(u, row->ko) && !utterance_has(u, row->en))
			continue;
		means(said, M_FACT);
		said->fact = row;
		return;
	}
}

/* "Do points expire": English asks by its first word, too. */
static bool
opens_question(const struct utterance *u)
{
	static const char *const openers[] = { " do ",	    " does ", " did ",	     " is ",
					       " are ",	    " am ",   " can ",	     " could you ",
					       " could i ", " will ", " would you ", " would it ",
					       " has ",	    NULL };
	int i;

	for (i = 0; openers[i]; i++)
		if (strncmp(u->words, openers[i], strlen(openers[i])) == 0)
			return true;
	return false;
}

/* Clearly in one of the languages?  A product's name alone is not; nor is one word. */
static const char *
language_of(const struct utterance *u, const struct said *said)
{
	bool known = (said->means & ~MEANS(M_WORDS)) != 0;

	if (u->hangul >= 2)
		return "ko";
	return u->hangul == 0 && (u->latin_words >= 4 || (u->latin_words >= 2 && known)) ? "en" : NULL;
}

/* Does the message ask, by its words, its first word or its mark?  Returns whether only the mark says so. */
static bool
find_question(const struct utterance *u, struct said *said)
{
	bool marked = u->question && u->letters > 0, opens = opens_question(u),
	     only_marked = !(said->means & MEANS(M_ASKS)) && !opens;

	if (marked)
		means(said, utterance_has(u, "있어|있는데|있는거|없어|없나|없을까|없니") ? M_HAVE : M_ASKS);
	else if (opens)
		means(said, M_ASKS);
	/* A greeting with a mark is no question. */
	if (only_marked && said->means == (MEANS(M_GREETING) | MEANS(M_ASKS)))
		said->means = MEANS(M_GREETING);
	return only_marked;
}

static void
find_mood(struct arena *a, const struct utterance *u, struct said *said)
{
	if (!claim_rows(a, u, words_moods, NULL, &said->mood))
		return;
	/* "Good morning" is no mood. */
	if (!(said->means & MEANS(M_GREETING)) || !is_short(u) || said->mood != MOOD_GOOD)
		means(said, M_MOOD);
}

static void
find_interests(struct arena *a, const struct utterance *u, struct said *said)
{
	const struct interest *row;

	for (row = interest_rows; row->code; row++) {
		find_interest(a, u, row, row->ko, said);
		find_interest(a, u, row, row->en, said);
	}
}

/* What no table knows: names of things, unless it is in a third language or no language at all. */
static void
find_names(struct arena *a, const struct utterance *u, bool only_marked, struct said *said)
{
	if (u->foreign * 2 > u->letters && u->hangul == 0)
		means(said, M_FOREIGN);
	if (said->means == 0 && utterance_is_noise(u))
		means(said, M_NOISE);
	else if (!(said->means & MEANS(M_FOREIGN)))
		names_find(a, u, said);
	/* "Drones?" asks for drones. */
	if ((said->means & MEANS(M_WORDS)) && only_marked && is_short(u))
		said->means &= ~MEANS(M_ASKS);
}

void
understand_text(struct arena *a, const char *text, struct said *ret_said)
{
	struct said *said = ret_said;
	const struct utterance *u = &said->text;
	bool only_marked;

	memset(said, 0, sizeof(*said));
	utterance_read(a, text, &said->text);
	claim_rows(a, u, words_meanings, &said->means, NULL);
	only_marked = find_question(u, said);
	find_mood(a, u, said);
	drop_refused_report(u, said);
	find_ordinal(u, said);
	if (budget_read(text, &said->budget))
		means(said, M_BUDGET);
	find_colours(u, said);
	find_interests(a, u, said);
	find_fact(u, said);
	find_names(a, u, only_marked, said);
	said->language = language_of(u, said);
}
