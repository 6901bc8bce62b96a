/* Outgoing HTTP over libcurl: every call has a deadline and a ceiling of bytes.  One handle per worker thread. */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct http;
struct req;

struct http_call {
	const char *method;	    /* "GET", "POST", … */
	const char *url;	    /* http or https only; redirects are not followed */
	const char *const *headers; /* "Name: value" lines, ending with NULL; NULL for none */
	const char *body;	    /* NULL for none */
	size_t body_len;
	int64_t deadline_ms; /* of clock_ms: for the whole call */
	int idle_ms;	     /* give up after this long without a byte; 0: only the deadline counts */
	size_t reply_max;    /* bytes of body accepted */
	/* If set, the body of a 2xx reply goes to on_bytes piece by piece; false ends the call. */
	bool (*on_bytes)(void *ctx, const char *bytes, size_t len);
	/* If set, asked about every 100 ms while waiting: true ends the call (the client has left). */
	bool (*cancelled)(void *ctx);
	void *ctx;
};

struct http_reply {
	int status;
	const char *type; /* Content-Type, "" if none */
	const char *body; /* terminated; lives as long as the request; NULL where on_bytes took it */
	size_t body_len;
	int retry_after_s; /* from Retry-After; 0 if none */
};

/** http_open(): A handle for one thread; never NULL.  The program must ignore SIGPIPE.  http_close(NULL) is a no-op. */
struct http *http_open(void);
void http_close(struct http *h);

/**
 * http_run(rq, call, ret_reply):
 * Make the call and wait for its end, adding the time to the request's trace; the traceparent of ${rq} is passed on.
 * Any status is a reply.  Proxies in the environment are not used: where to call is configuration.  Errors:
 * ERR_UNAVAILABLE (no connection, deadline, idle, too many bytes; logged once), and whether a request that was sent took
 * effect is then unknown: a POST or PATCH is never sent twice.  ERR_CLIENT_GONE when cancelled() or on_bytes() ended it.
 */
enum err http_run(const struct req *rq, const struct http_call *call,
		  struct http_reply *ret_reply) MUST_CHECK;

#endif
