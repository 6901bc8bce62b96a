/* A request for unit tests of what handlers call: an arena, a trace, a deadline, and a reply to fill. */
#ifndef REQUEST_H
#define REQUEST_H

#include "arena.h"
#include "clock.h"
#include "req.h"
#include "resp.h"

struct request {
	struct arena arena;
	struct trace trace;
	struct req rq;
	struct resp rs;
};

/** request_begin(r, ms): Begin a request that has ${ms} milliseconds.  End it with request_end. */
static inline void
request_begin(struct request *r, int ms)
{
	*r = (struct request){ .trace.started_us = clock_us() };
	arena_init(&r->arena);
	r->rq.arena = &r->arena;
	r->rq.trace = &r->trace;
	r->rq.deadline_ms = clock_ms() + ms;
	r->rs.arena = &r->arena;
}

/** request_took_ms(r): Milliseconds since it began. */
static inline int
request_took_ms(const struct request *r)
{
	return (int)((clock_us() - r->trace.started_us) / 1000);
}

static inline void
request_end(struct request *r)
{
	arena_free(&r->arena);
}

#endif
