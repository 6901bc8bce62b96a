/*
 * What a model's reply must not hold, wherever it got it from: links, money the customer did not name, ids of the prompt,
 * promises about the service, ways to others and requests for secrets, letters of other scripts.  Each look is at one word or a few; leak.c cuts the reply into them.
 */
#ifndef TABOO_H
#define TABOO_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* What may be repeated: the numbers in a text that is our own, or the customer's. */
struct taboo {
	const char *digits; /* the text, folded, without commas between digits */
	int64_t amounts[32];
	int namounts;
};

/** taboo_read(a, own, ret_taboo): Numbers in ${own} may be repeated. */
void taboo_read(struct arena *a, const char *own, struct taboo *ret_taboo);

/** taboo_letter(cp): Why the character may not be shown; NULL if it may. */
const char *taboo_letter(uint32_t cp);

/** taboo_word(t, word): Why ${word}, which is without spaces and folded (letter_fold), may not be shown; NULL if it may. */
const char *taboo_word(const struct taboo *t, const char *word);

/** taboo_pair(words): The same for two words with a space between them, folded. */
const char *taboo_pair(const char *words);

/** taboo_money(t, words): The same for the amounts and telephone numbers in ${words}, folded. */
const char *taboo_money(const struct taboo *t, const char *words);

/** taboo_counts(word): Is ${word} a number, so that what follows may make it an amount? */
bool taboo_counts(const char *word);

#endif
