/*
 * Who is limited just now: what PostgreSQL counted, remembered for a few seconds, so that a caller who goes on guessing
 * costs neither a hash nor a statement.  A memory of one process that may forget: the rows decide.
 */
#ifndef REFUSED_H
#define REFUSED_H

#include <stdbool.h>
#include <stdint.h>

struct refused;

/* The refusal by one limit. */
struct refusal {
	char limit[16];	   /* "account" or "address" */
	int max;	   /* failures */
	int window_s;	   /* in so many seconds */
	int retry_after_s; /* counting from now */
};

/* The longest that a refusal is given without asking: how soon a lifted limit is noticed. */
enum { REFUSED_MEMORY_MS = 5000 };

/** refused_open(slots): A memory for ${slots} of them, empty; never NULL.  The newer takes a slot from the older. */
struct refused *refused_open(int slots);

/** refused_close(t): Release it.  NULL is a no-op. */
void refused_close(struct refused *t);

/** refused_note(t, subject, refusal, now_ms): At ${now_ms} (of clock_ms), ${subject} was refused by ${refusal}. */
void refused_note(struct refused *t, const char *subject, const struct refusal *refusal, int64_t now_ms);

/** refused_find(t, limit, subject, now_ms, ret_refusal): Is ${subject} known to be refused by ${limit}? */
bool refused_find(struct refused *t, const char *limit, const char *subject, int64_t now_ms,
		  struct refusal *ret_refusal);

#endif
