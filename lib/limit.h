/*
 * Courtesy limits in Redis: they keep one caller from crowding out the others and may be lost.  When Redis does not
 * answer they let everything pass, and count that.  Limits that guard money or passwords are rows in PostgreSQL instead.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include "attr.h"
#include "err.h"

struct req;
struct resp;

struct limit {
	const char *name; /* of the policy: in the key, and in RateLimit-Policy */
	int max;	  /* calls, or whatever is counted */
	int window_s;	  /* per so many seconds */
};

/**
 * limit_take(rq, rs, limit, subject):
 * Count one call of ${subject} (a customer id, an address) against ${limit} and add the RateLimit fields to the reply.
 * Returns ERR_RATE_LIMITED with Retry-After set when it is used up, OK otherwise and when Redis does not answer.
 */
enum err limit_take(const struct req *rq, struct resp *rs, const struct limit *limit,
		    const char *subject) MUST_CHECK;

/**
 * limit_return(rq, limit, subject):
 * Give back a call that was shed before anything was done for it, so that nobody uses up a limit by being turned away.
 */
void limit_return(const struct req *rq, const struct limit *limit, const char *subject);

/**
 * limit_left(rq, rs, limit, subject):
 * How many are left of a limit on what is known only afterwards (limit_spend), 0 when it is used up; adds the RateLimit
 * fields.  All of limit->max when Redis does not answer.
 */
int limit_left(const struct req *rq, struct resp *rs, const struct limit *limit, const char *subject);

/** limit_spend(rq, limit, subject, n): Count ${n} at once, after the fact; it may be more than was left. */
void limit_spend(const struct req *rq, const struct limit *limit, const char *subject, int n);

/** limit_passed_blind(): How often a limit could not be asked, since the start; a metric. */
long limit_passed_blind(void);

#endif
