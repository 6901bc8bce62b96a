/* Routes: which function answers which method and path.  A program's table of them is its table of contents. */
#ifndef ROUTE_H
#define ROUTE_H

#include <stddef.h>

#include "err.h"

struct arena;
struct req;
struct resp;

enum method { METHOD_UNKNOWN, GET, POST, PUT, PATCH, DELETE, OPTIONS };

/* What a route departs from the rule in.  The rule: a signed-in customer, a short request that is all in its path, a JSON reply. */
enum route_flag {
	PUBLIC = 1 << 0,     /* no token needed, none looked at */
	MERCHANT = 1 << 1,   /* an API key msk_… instead of a customer's token: rq->token */
	ADMIN = 1 << 2,	     /* the token's role must be admin */
	IDEMPOTENT = 1 << 3, /* Idempotency-Key required: rq->idem */
	STREAM = 1 << 4,     /* may stay open for long: takes a slot for long requests */
	UPLOAD = 1 << 5,  /* reads its body by itself, but for BODY's JSON: takes a slot for long requests */
	UNTIMED = 1 << 6, /* no Server-Timing: how long it took would tell what it found */
	BODY = 1 << 7,	  /* reads a body, by fields_body; elsewhere every field of one is unknown */
	QUERY = 1 << 8,	  /* reads a query string, by fields_query; likewise */
	ANY_ORIGIN = 1 << 9, /* pages of any origin may call it, without credentials, and read the reply */
	GUEST = 1 << 10,     /* rq->user may be NULL: without a token, but a bad one is refused */
	OVERRIDE = 1 << 11,  /* a POST may stand for it, with X-HTTP-Method-Override */
};

enum { ROUTE_ARGS_MAX = 4 };

struct route {
	enum method method;
	const char *path; /* "/api/v1/pay/requests/:id/approve"; a segment ":x" matches anything but "" */
	enum err (*handle)(const struct req *, struct resp *);
	unsigned flags;	 /* enum route_flag, or-ed */
	size_t body_max; /* bytes of body accepted; 0 means the default, 64 KiB */
};

struct route_match {
	const struct route *route;	 /* NULL when no route has this method and path */
	const char *arg[ROUTE_ARGS_MAX]; /* the decoded ":x" segments, in order */
	const char *allow;		 /* the methods this path does have, for Allow; NULL if it has none */
};

/** route_method(name): The method called ${name}; HEAD is GET (the web server drops the body). */
enum method route_method(const char *name);

/** route_method_name(m): The name of ${m}. */
const char *route_method_name(enum method m);

/**
 * route_find(a, routes, method, uri, ret_match):
 * Look ${method} and the path of ${uri} (raw, as REQUEST_URI has it: up to '?', still percent-encoded) up in
 * ${routes}, which ends with a zero row; where several rows fit, the one with the fewest ":x" answers.  Each
 * segment is decoded once.  Errors: ERR_MALFORMED_REQUEST for "%2F", "%00", "//", ".", "..", bad escapes and
 * invalid UTF-8; ERR_NOT_FOUND; ERR_METHOD_NOT_ALLOWED, with ${ret_match}->allow set.
 */
enum err route_find(struct arena *a, const struct route *routes, enum method method, const char *uri,
		    struct route_match *ret_match);

#endif
