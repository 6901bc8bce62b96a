/* What to ask Naver for: the wish in the flow as the few words that people type into a shop's search.  Pure. */
#include <string.h>

#include "arena.h"
#include "list.h"
#include "naver.h"
#include "text.h"
#include "utterance.h"

enum { TERMS_MAX = 4 };

/* In one spelling, so that the same question is found in the cache. */
static const char *
normalise(struct arena *a, const char *text)
{
	struct utterance u;
	size_t len, chars = 0, end = 0, i;

	utterance_read(a, text, &u);
	len = strlen(u.words);
	while (len > 0 && u.words[len - 1] == ' ')
		len--;
	text = *u.words == ' ' && len > 0 ? u.words + 1 : u.words;
	len -= (size_t)(text - u.words);
	for (i = 0; i <= len && chars <= NAVER_QUERY_MAX; i++) {
		if (i == len || ((unsigned char)text[i] & 0xC0) != 0x80) {
			end = i;
			chars++;
		}
	}
	return arena_strndup(a, text, end);
}

static void
ask(struct arena *a, struct naver_asks *asks, const char *query, enum naver_width width)
{
	int i;

	query = normalise(a, query);
	for (i = 0; i < asks->n; i++)
		if (strcmp(asks->at[i].query, query) == 0)
			return;
	if (*query && asks->n < NAVER_ASKS_MAX)
		asks->at[asks->n++] = (struct naver_ask){ query, width };
}

static const char *
colour_name(const char *code)
{
	const struct colour *row;

	for (row = words_colours; row->code; row++)
		if (strcmp(row->code, code) == 0)
			return row->name_ko;
	return "";
}

/* The first thing an interest's name names: of "커피와 차" coffee. */
static const char *
interest_name(struct arena *a, const struct interest *row)
{
	static const char *const and[] = { "와 ", "과 ", "·" };
	size_t len = strlen(row->name_ko), i;

	for (i = 0; i < sizeof(and) / sizeof(and[0]); i++) {
		const char *end = strstr(row->name_ko, and[i]);

		len = end && (size_t)(end - row->name_ko) < len ? (size_t)(end - row->name_ko) : len;
	}
	return arena_strndup(a, row->name_ko, len);
}

/* A category in words: the interest it is all of, else its own name. */
static const char *
topic_name(struct arena *a, const char *topic)
{
	const struct interest *row;
	char *name, *c;

	for (row = interest_rows; row->code; row++)
		if (strcmp(row->topics, topic) == 0)
			return interest_name(a, row);
	name = arena_strdup(a, topic);
	for (c = name; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	return name;
}

/* The first of a list; "" if it is empty. */
static const char *
first_of(struct arena *a, const char *list)
{
	const char *word = list_next(a, &list);

	return word ? word : "";
}

static bool
is_interest(struct arena *a, const char *word)
{
	struct said said;

	understand_text(a, word, &said);
	return said.ninterests > 0;
}

/* Do the terms name several things somebody is into, each by itself, rather than one thing in several words? */
static bool
are_several(struct arena *a, const char *terms)
{
	const char *word;
	int n = 0;

	for (word = list_next(a, &terms); word; word = list_next(a, &terms), n++)
		if (!is_interest(a, word))
			return false;
	return n > 1;
}

/* The terms that name a kind of thing, or those that do not, one after the other; *ret_last is the last of them. */
static const char *
terms_of(struct arena *a, const char *terms, bool kinds, const char **ret_last)
{
	const char *word, *all = "";
	int n = 0;

	for (word = list_next(a, &terms); word && n < TERMS_MAX; word = list_next(a, &terms), n++) {
		if (is_interest(a, word) != kinds)
			continue;
		all = arena_printf(a, "%s %s", all, word);
		*ret_last = word;
	}
	return all;
}

/*
 * One thing, as it was named: what it is like, then what it is.  The flow has them the other way round.  Near it is the
 * last word alone, which in both languages is the kind.
 */
static void
ask_for_one(struct arena *a, struct naver_asks *asks, const char *terms, const char *colour)
{
	const char *last = "", *like = terms_of(a, terms, false, &last),
		   *kind = terms_of(a, terms, true, &last);

	ask(a, asks, arena_printf(a, "%s %s %s", colour, like, kind), NAVER_ALL);
	ask(a, asks, arena_printf(a, "%s %s", like, kind), NAVER_ANY_COLOUR);
	ask(a, asks, last, NAVER_NEAR);
}

static void
ask_for_each(struct arena *a, struct naver_asks *asks, const char *terms, const char *colour)
{
	const char *word;

	for (word = list_next(a, &terms); word && asks->n < NAVER_ASKS_MAX - 1; word = list_next(a, &terms))
		ask(a, asks, arena_printf(a, "%s %s", colour, word), NAVER_ALL);
}

/* What they are into: by what they said, else by their profile. */
static const char *
leaning(struct arena *a, const struct flow *flow, const char *interests)
{
	const char *word = first_of(a, *flow->hobby ? flow->hobby : interests);
	const struct interest *row = interest_find(word);

	return row ? interest_name(a, row) : word;
}

void
naver_asks(struct arena *a, const struct flow *flow, const char *interests, struct naver_asks *ret_asks)
{
	const char *colour = colour_name(flow->colour), *topic = first_of(a, flow->topics);
	struct naver_asks asks = { .n = 0 };

	if (are_several(a, flow->terms))
		ask_for_each(a, &asks, flow->terms, colour);
	else if (*flow->terms)
		ask_for_one(a, &asks, flow->terms, colour);
	else
		ask_for_one(a, &asks, *topic ? topic_name(a, topic) : leaning(a, flow, interests), colour);
	*ret_asks = asks;
}
