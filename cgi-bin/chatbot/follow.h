/*
 * Following a turn that another request runs, here or in another process: its events are read from Redis, where feed.h puts
 * them, a few times a second.
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct req;
struct resp;

struct follow {
	const struct req *rq;
	struct resp *rs;
	const char *session;
	const char
	    *turn; /* follow this message's turn and no other; NULL: whichever runs, which is then put here */
	const char *last_event; /* Last-Event-ID: what has been seen, "<tag>-<n>"; "" nothing */
	bool streams;		/* pass the events on; else only wait for the end */
	int64_t deadline_ms;	/* of clock_ms: wait no longer */
	/* Set by follow_run: */
	const char *done;    /* the whole turn, JSON, when it has ended well; NULL */
	const char *problem; /* the problem document it has ended with; NULL */
	bool nothing_new;    /* what was seen was the end of it */
};

/**
 * follow_run(f):
 * Pass the events of the turn on until it ends.  OK when it has, or has lost its process without an end (neither
 * f->done nor f->problem is set then: PostgreSQL knows whether it was answered), and when none runs.  Errors: ERR_NOT_FOUND,
 * another customer's; ERR_TURN_IN_PROGRESS at the deadline; ERR_UNAVAILABLE when Redis or this program stops.  A stream that
 * has begun is cut instead, by ERR_CLIENT_GONE: its turn goes on, and the client comes back, here or elsewhere.
 */
enum err follow_run(struct follow *f) MUST_CHECK;

#endif
