/*
 * What somebody typed, made comparable: one spelling of letters, no punctuation, and a way to look for words in it
 * that suits both languages.  English words stand apart; Korean is written with or without spaces, and endings
 * stick to words.
 */
#ifndef UTTERANCE_H
#define UTTERANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct utterance {
	const char *words;    /* " more like the second one " */
	const char *squeezed; /* the same without spaces */
	const size_t *origin; /* where in words each byte of squeezed is */
	bool *used;	      /* which bytes of words some table has understood */
	bool *things;	      /* which of them name an interest */
	bool question;	      /* a question mark was in it */
	int hangul;	      /* Hangul syllables */
	int letters;	      /* letters of any script, Hangul syllables included */
	int foreign;	      /* those among them that are neither Hangul nor of the Latin alphabet */
	int latin_words;
	/* Filters: what its words, if of ASCII, and its other characters begin with; which characters of ASCII there are at all. */
	uint64_t beginnings[4], ascii[2];
};

/* A place in words: from start up to, not including, end. */
struct span {
	size_t start, end;
};

/** utterance_read(a, text, ret_u): Prepare ${text}, which is UTF-8.  Everything in *${ret_u} lives in ${a}. */
void utterance_read(struct arena *a, const char *text, struct utterance *ret_u);

/**
 * utterance_find(u, forms, from, ret_span):
 * Look from the place ${from} of words on for one of ${forms}, which are separated by '|', and tell where it is.
 * A form of ASCII is whole words ("too much"; "cheap*" is any word that begins so); any other is found wherever
 * the letters stand together, spaces or not.  "^" before and "$" after a form ask for the beginning and the end of
 * a word, "=" before it for the whole utterance.
 */
bool utterance_find(const struct utterance *u, const char *forms, size_t from, struct span *ret_span);

/** utterance_find_one(u, form, len, from, ret_span): The same for the one form of ${len} bytes at ${form}. */
bool utterance_find_one(const struct utterance *u, const char *form, size_t len, size_t from,
			struct span *ret_span);

/** utterance_has(u, forms): Is one of ${forms} in it?  If so, mark it as understood. */
bool utterance_has(const struct utterance *u, const char *forms);

/** utterance_use(u, span): Mark the place as understood. */
void utterance_use(const struct utterance *u, struct span span);

/** utterance_negates(u, span): Is what stands at ${span} turned down: "… 말고", "not …"? */
bool utterance_negates(const struct utterance *u, struct span span);

/** utterance_is_noise(u): Nothing but keys hit at random, letters that are no syllables, digits? */
bool utterance_is_noise(const struct utterance *u);

#endif
