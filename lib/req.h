/* A request as handlers see it: everything read, decoded and checked before their first line runs. */
#ifndef REQ_H
#define REQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "route.h"

struct arena;
struct FCGX_Request;
struct db;
struct http;
struct kv;
struct stream;

enum role { ROLE_CUSTOMER, ROLE_ADMIN };

/* What a request has cost so far; the log line, Server-Timing and the metrics read it. */
struct trace {
	int64_t started_us;  /* clock_us when the request was accepted */
	int64_t queue_us;    /* waiting for a connection of a pool */
	int64_t db_us;	     /* waiting for PostgreSQL */
	int64_t kv_us;	     /* waiting for Redis */
	int64_t upstream_us; /* waiting for other servers */
	int64_t woke_us;     /* clock_us when the last wait for another server ended */
	int statements;	     /* statements run; the tests count these */
};

/* An idempotent request's claim: the business function takes key and hash and commits the claim with the change. */
struct idem {
	const char *key;	/* NULL on routes without IDEMPOTENT */
	unsigned char hash[32]; /* BLAKE2b-256 of method, path and body */
};

struct req {
	struct arena *arena; /* lives until the reply */
	struct trace *trace;
	struct db *db;
	struct kv *kv;
	struct http *http;
	void *domain;	    /* what the program's open function returned */
	const char *issuer; /* iss and aud of this installation's tokens */
	/* clock_ms by which short waits must have ended; the time that the body took is added */
	int64_t deadline_ms;

	enum method method;
	const char *path;  /* raw, without query */
	const char *query; /* raw, after '?'; "" if none */
	const char *arg[ROUTE_ARGS_MAX];
	const char *body; /* terminated by NUL; NULL if there is none or the route is UPLOAD */
	size_t body_len;

	const char *id;		 /* X-Request-Id, checked or made here */
	const char *traceparent; /* to pass on to other servers; NULL if none or malformed */
	const char *address;	 /* REMOTE_ADDR and nothing else */
	const char *user_agent;	 /* "" if none; at most 200 bytes of valid UTF-8 */
	const char *accept;	 /* "" if none */
	const char *cookie;	 /* "" if none */
	const char *origin;	 /* NULL if none */
	bool origin_listed;	 /* it is one of MOA_CORS_ORIGINS: its pages act for the customer */
	const char *host;	 /* "" if none */
	bool https;		 /* the client's own connection is encrypted */
	bool korean;		 /* the caller prefers Korean (Accept-Language); English otherwise */

	const char *user;    /* customer id (uuid) of the access token; NULL on PUBLIC and MERCHANT routes */
	const char *session; /* session id (uuid) of the access token */
	enum role role;
	const char *token; /* the bearer token itself, for MERCHANT routes to hash; NULL otherwise */
	struct idem idem;
	struct FCGX_Request *fcgi; /* only req.c looks inside */
};

/** req_cookie(rq, name): The value of the cookie ${name}, or NULL. */
const char *req_cookie(const struct req *rq, const char *name);

/** req_accepts(rq, type): Does the Accept header name ${type} itself ("text/event-stream")?  "*" does not count. */
bool req_accepts(const struct req *rq, const char *type);

/**
 * req_read(rq, buf, len):
 * For UPLOAD routes: the next bytes of the body, up to ${len}; waits for at least one.  Returns how many, 0 at the end, -1 when
 * the client left before it.
 */
int req_read(const struct req *rq, void *buf, int len);

/** req_length(rq): How many bytes of body are announced; -1 when none are (a chunked body, or no body), -2 when that is no number. */
long long req_length(const struct req *rq);

/* For the loop only. */

/** req_open(rq, fcgi): Fill in what the parameters of ${fcgi} say; rq->arena and rq->trace are set by the caller. */
void req_open(struct req *rq, struct FCGX_Request *fcgi);

/**
 * req_take_body(rq, max):
 * Read the body, at most ${max} bytes, into rq->body.  Errors: ERR_BODY_TOO_LARGE; ERR_MALFORMED_REQUEST when it is not as long as
 * CONTENT_LENGTH says; ERR_CLIENT_GONE, also when it does not arrive within 20 s.
 */
enum err req_take_body(struct req *rq, size_t max) MUST_CHECK;

/** req_network(rq): What counts as one caller: the address, or the /64 network of an IPv6 address. */
const char *req_network(const struct req *rq);

/** req_param(rq, name): A FastCGI parameter ("HTTP_AUTHORIZATION"), "" if it is not there. */
const char *req_param(const struct req *rq, const char *name);

#endif
