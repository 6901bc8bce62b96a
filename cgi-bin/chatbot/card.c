/* The cards on the screen: which of them a message points at.  What follows from that is machine.c's business. */
#include <string.h>

#include "arena.h"
#include "house.h"

const struct product *
card_at_end(const struct facts *facts, bool cheapest)
{
	const struct product *best = NULL;
	int i;

	for (i = 0; i < facts->ncards; i++)
		if (!best || (facts->cards[i].price_won < best->price_won) == cheapest)
			best = &facts->cards[i];
	return best;
}

/* Is the word, which is in lower case, in one of the card's names? */
static bool
has_in_name(const struct product *card, const char *word)
{
	return strcasestr(card->name_ko, word) || strcasestr(card->name_en, word);
}

/* Is the word in the name of the n-th card, and in no other's? */
static bool
tells_apart(const struct facts *facts, int n, const char *word)
{
	int i;

	for (i = 0; i < facts->ncards; i++)
		if (has_in_name(&facts->cards[i], word) != (i == n))
			return false;
	return true;
}

/* The card that is named in the message: by a word that no other card has, else by any word of it.  NULL if none. */
static const struct product *
card_named(const struct said *said, const struct facts *facts)
{
	const struct product *named = NULL;
	int i, word;

	for (i = 0; i < facts->ncards; i++) {
		for (word = 0; word < said->nnamed; word++) {
			if (tells_apart(facts, i, said->named[word]))
				return &facts->cards[i];
			if (!named && has_in_name(&facts->cards[i], said->named[word]))
				named = &facts->cards[i];
		}
	}
	return named;
}

static const struct product *
card_of_colour(const struct facts *facts, const char *colour)
{
	int i;

	for (i = 0; i < facts->ncards; i++)
		if (facts->cards[i].colour && strcmp(facts->cards[i].colour, colour) == 0)
			return &facts->cards[i];
	return NULL;
}

const struct product *
card_meant(const struct said *said, const struct facts *facts)
{
	int number = said->ordinal == ORDINAL_LAST ? facts->ncards : said->ordinal;

	if (said->ordinal == ORDINAL_CHEAPEST || (!said->ordinal && (said->means & MEANS(M_CHEAPEST))))
		return card_at_end(facts, true);
	if (said->ordinal)
		return number > 0 && number <= facts->ncards ? &facts->cards[number - 1] : NULL;
	if (said->colour)
		return card_of_colour(facts, said->colour);
	if (said->nnamed > 0)
		return card_named(said, facts);
	return facts->ncards > 0 ? &facts->cards[0] : NULL;
}
