/* Outgoing HTTP over libcurl: every call has a deadline and a ceiling of bytes */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct http;
struct req;

/* Why a call failed. */
enum http_fault {
	HTTP_FAULT_NONE = 0,
	HTTP_FAULT_CONNECT, /* no connection, or it broke before a byte of the reply */
	HTTP_FAULT_CUT,	    /* it broke later */
	HTTP_FAULT_FORMAT,  /* the reply is no HTTP */
	HTTP_FAULT_LARGE,   /* more than reply_max bytes */
	HTTP_FAULT_IDLE,
	HTTP_FAULT_DEADLINE,
	HTTP_FAULT_TARGET, /* its address is none of the public internet, and the call is for those alone */
};

/* What became of a call; of one that failed, too. */
struct http_trace {
	enum http_fault fault;
	int64_t sent_us; /* clock_us when the last byte of the request was written; 0: it was not */
};

struct http_call {
	const char *method;	    /* "GET", "POST", … */
	const char *url;	    /* http or https only; redirects are not followed */
	const char *const *headers; /* "Name: value" lines, ending with NULL; NULL for none */
	const char *body;	    /* NULL for none */
	size_t body_len;
	int64_t deadline_ms; /* of clock_ms: for the whole call */
	int idle_ms;	     /* give up after this long without a byte; 0: only the deadline counts */
	size_t reply_max;    /* bytes of body accepted */
	/*
	 * The URL is somebody else's: connect to addresses of the public internet only (target.h), looked at as they are
	 * connected to, whatever the name resolved to before; on a connection of its own, which is not kept.
	 */
	bool public_only;
	/* If set, the body of a 2xx reply goes to on_bytes piece by piece; false ends the call. */
	bool (*on_bytes)(void *ctx, const char *bytes, size_t len);
	/* If set, asked every 50 to 100 ms: true ends the call (the client has left). */
	bool (*cancelled)(void *ctx);
	void *ctx;
	struct http_trace *trace; /* if set, filled in */
};

struct http_reply {
	int status;
	const char *type; /* Content-Type, "" if none */
	const char *body; /* terminated; lives as long as the request; NULL where on_bytes took it */
	size_t body_len;
	int retry_after_s; /* from Retry-After; 0 if none */
};

/**
 * http_open():
 * What calls of all threads share; never NULL.  As many handles are made as calls run at once, and connections are kept
 * between calls.  The program must ignore SIGPIPE.  http_close(NULL) is a no-op; no call may be running.
 */
struct http *http_open(void);
void http_close(struct http *h);

/**
 * http_run(rq, call, ret_reply):
 * Make the call and wait for its end, adding the time to the request's trace; the traceparent of ${rq} is passed on.
 * Any status is a reply.  Proxies in the environment are not used: where to call is configuration.  Errors:
 * ERR_UNAVAILABLE (no connection, deadline, idle, too many bytes, no public address; logged once), and whether a request that was sent took
 * effect is then unknown: a POST or PATCH is never sent twice.  ERR_CLIENT_GONE when cancelled() or on_bytes() ended it.
 */
enum err http_run(const struct req *rq, const struct http_call *call,
		  struct http_reply *ret_reply) MUST_CHECK;

#endif
