/*
 * A guard over a reply that a model is making: only what has passed is shown, and a reply that holds what it must not is
 * given up as a whole.  Looked for are runs of what the system said, what taboo.h names, another language than the
 * conversation's, and length.  A word is held back until it is complete, a number until it is clear of what, and what may
 * become a run of the system's words until it does not.
 */
#ifndef LEAK_H
#define LEAK_H

#include <stdbool.h>
#include <stddef.h>

#include "taboo.h"

struct arena;

enum {
	LEAK_CHARACTERS_MAX = 400, /* of a reply */
	LEAK_WORD_MAX = 40,	   /* characters of one word: no reply has such, but encoded text does */
	LEAK_RUN = 32,		   /* letters and digits in a row that are the system's own */
	LEAK_TEXT_MAX = LEAK_CHARACTERS_MAX * 4,
};

struct leak {
	char text[LEAK_TEXT_MAX + 1]; /* the reply so far, line breaks as spaces; terminated */
	size_t safe;		      /* bytes of it that may be shown; never fewer than before */
	const char
	    *voided; /* why none may be: "leak", "link", "price", "id", "service", "contact", "control",
					 "script", "markup", "language", "long"; NULL as long as they may */

	/* For leak.c only. */
	struct arena *a;
	struct taboo taboo;
	const char *secret; /* the system's words, letters and digits only */
	bool korean;
	size_t len, word_at, before_at,
	    number_at; /* where the last word begins, the one before it, and the number */
	bool counts;
	int characters, word_characters, hangul, latin;
	char run[LEAK_RUN + 1];	 /* the last letters, as far as they stand in secret */
	size_t run_at[LEAK_RUN]; /* and where they are in text */
	size_t run_len;
};

/**
 * leak_open(a, system, own, language):
 * A guard for a reply in ${language} to a model that was told ${system}; numbers of ${own} may be in it.  It lives in ${a}.
 */
struct leak *leak_open(struct arena *a, const char *system, const char *own, const char *language);

/** leak_add(g, text, len): The reply goes on with the ${len} bytes at ${text}, whole characters of UTF-8. */
void leak_add(struct leak *g, const char *text, size_t len);

/** leak_end(g): The reply is complete: all of it is safe, or it is voided. */
void leak_end(struct leak *g);

#endif
