/*
 * A circuit breaker: a server that fails is left alone for a while, then tried by one call.  Pure: the caller brings the time
 * and holds its own lock.
 *
 * Closed, it opens after BREAKER_FAILURES failures in a row, or at once when the server says when to come back.  When
 * that time has come one call may try, the probe; the others are still refused.  The probe closes it or opens it anew.
 */
#ifndef BREAKER_H
#define BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum { BREAKER_FAILURES = 5, BREAKER_OPEN_MS = 10000, BREAKER_HOLD_MS = 60000 };

struct breaker {
	int failures; /* in a row */
	bool open;
	bool probing;	  /* open, and its probe is under way */
	int64_t until_ms; /* open: until then nobody may try */
};

/* What a call may do; to be handed back with what became of it. */
enum breaker_pass { BREAKER_REFUSED = 0, BREAKER_CALL, BREAKER_PROBE };

/** breaker_ask(b, now_ms): May a call be made?  BREAKER_PROBE: this one decides for all; each ends with one of the next three. */
enum breaker_pass breaker_ask(struct breaker *b, int64_t now_ms);

/** breaker_rests(b, now_ms): Would a call be refused?  For who has nothing to ask before there is a point in it. */
bool breaker_rests(const struct breaker *b, int64_t now_ms);

/** breaker_works(b, pass): The server answers; a probe may say so before its end, and again at its end. */
void breaker_works(struct breaker *b, enum breaker_pass pass);

/** breaker_failed(b, pass, now_ms): It does not.  Of calls that began before it opened nothing more is learnt. */
void breaker_failed(struct breaker *b, enum breaker_pass pass, int64_t now_ms);

/** breaker_unknown(b, pass): The call ended for reasons that tell nothing; after a probe the next call is one. */
void breaker_unknown(struct breaker *b, enum breaker_pass pass);

/** breaker_hold(b, now_ms, ms): The server wants to be left alone for ${ms} milliseconds; more than BREAKER_HOLD_MS are not heeded. */
void breaker_hold(struct breaker *b, int64_t now_ms, int64_t ms);

#endif
