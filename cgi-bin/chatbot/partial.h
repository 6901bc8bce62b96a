/*
 * The model's answer while it is being made: one JSON object whose member "reply" comes last.  The members before it are
 * told as soon as they are complete, and the characters of the reply as they arrive, in pieces of any size.  What the
 * members mean is told.c's business, which also reads the whole once more, strictly.
 */
#ifndef PARTIAL_H
#define PARTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Of an answer with the longest reply, escaped. */
enum { PARTIAL_MAX = 4096 };

struct partial {
	char reply[PARTIAL_MAX + 1]; /* the reply so far, decoded: whole characters, terminated */
	size_t reply_len;
	bool closed; /* the object is complete */
	bool broken; /* this is not going to be such an object */

	/* For partial.c only. */
	int where;
	char text[PARTIAL_MAX + 1]; /* the object so far, as it came */
	size_t len, key_at, head_len;
	int depth, lead;
	bool key_next, key_is_reply, reply_next; /* in the object: what the next string is */
	bool escaped;
	int hex_left;	     /* digits of \uXXXX that are missing */
	uint32_t unit, high; /* what they make; the first half of a surrogate pair */
	char letter[5];	     /* a character of which bytes are missing */
	size_t letter_len;
};

/** partial_open(a): A reader that has read nothing.  It lives in ${a}. */
struct partial *partial_open(struct arena *a);

/**
 * partial_feed(p, bytes, len):
 * Read the next ${len} bytes of the answer.  White space and a Markdown fence around the object are passed over.  False, and
 * p->broken, when this is no such object; what was told before stays.
 */
bool partial_feed(struct partial *p, const char *bytes, size_t len);

/**
 * partial_head(a, p):
 * The members before the reply, as a JSON object of their own; NULL until the reply begins.  The text is as the model wrote
 * it: not checked.
 */
const char *partial_head(struct arena *a, const struct partial *p);

/** partial_whole(p): The complete object, not checked; NULL until it is closed, and when what followed was not fit. */
const char *partial_whole(const struct partial *p);

#endif
