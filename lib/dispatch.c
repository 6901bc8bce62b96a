/* From a request to its handler: the checks every route has in common, in the order a caller would expect them to fail. */
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "dispatch.h"
#include "fields.h"
#include "req.h"
#include "resp.h"
#include "token.h"

enum { BODY_MAX = 64 * 1024, IDEMPOTENCY_KEY_MAX = 255, LONG_DEADLINE_MS = 24 * 3600 * 1000 };

/* Is origin one of the words in the list? */
static bool
origin_allowed(const char *list, const char *origin)
{
	size_t want = strlen(origin);

	while (*list) {
		size_t len = strcspn(list, " ");

		if (len == want && len > 0 && strncmp(list, origin, len) == 0)
			return true;
		list += len + strspn(list + len, " ");
	}
	return false;
}

/* Cross-origin headers (Fetch §3.2) of every reply, refusals included: a script may read why it was refused.  Are there any? */
static bool
cors(const struct dispatch *d, struct req *rq, struct resp *rs, const struct route *route)
{
	if (route && route->flags & ANY_ORIGIN) {
		resp_header(rs, "Access-Control-Allow-Origin", "*");
		resp_header(rs, "Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
		return true;
	}
	if (!*d->cors_origins)
		return false;
	resp_header(rs, "Vary", "Origin");
	rq->origin_listed = rq->origin && origin_allowed(d->cors_origins, rq->origin);
	if (!rq->origin_listed)
		return false;
	resp_header(rs, "Access-Control-Allow-Origin", "%s", rq->origin);
	resp_header(rs, "Access-Control-Allow-Credentials", "true");
	resp_header(
	    rs, "Access-Control-Expose-Headers",
	    "Location, Upload-Offset, Upload-Length, Upload-Expires, Tus-Resumable, Tus-Version, "
	    "Tus-Extension, "
	    "Tus-Max-Size, X-Request-Id, Idempotent-Replayed, Retry-After, RateLimit, RateLimit-Policy");
	return true;
}

/* The method a request is about: a browser's preflight asks for the one that is to follow. */
static enum method
method_meant(const struct req *rq)
{
	return rq->method == OPTIONS ? route_method(req_param(rq, "HTTP_ACCESS_CONTROL_REQUEST_METHOD"))
				     : rq->method;
}

/* OPTIONS on a path we have: the preflight of a browser, or somebody curious.  Public. */
static enum err
preflight(struct resp *rs, const char *allow, bool may_follow)
{
	resp_header(rs, "Allow", "%s", allow);
	if (may_follow) {
		resp_header(rs, "Access-Control-Allow-Methods", "%s", allow);
		resp_header(rs, "Access-Control-Allow-Headers",
			    "Authorization, Content-Type, Accept-Language, Idempotency-Key, Last-Event-ID, "
			    "X-Request-Id, "
			    "traceparent, Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, "
			    "X-HTTP-Method-Override");
		resp_header(rs, "Access-Control-Max-Age", "600");
	}
	return resp_empty(rs);
}

/* The bearer token (RFC 6750 §2.1), or NULL. */
static const char *
bearer(const struct req *rq)
{
	const char *header = req_param(rq, "HTTP_AUTHORIZATION");

	if (strncasecmp(header, "Bearer ", 7) != 0)
		return NULL;
	header += 7 + strspn(header + 7, " ");
	return *header ? header : NULL;
}

/* Who is calling, as far as the route wants to know. */
static enum err
identify(const struct dispatch *d, struct req *rq, unsigned flags)
{
	struct token_claims *claims;
	const char *token;
	enum err e;

	if (flags & PUBLIC)
		return OK;
	token = bearer(rq);
	if (!token)
		return flags & GUEST ? OK : ERR_TOKEN_MISSING;
	if (flags & MERCHANT) {
		/* The key's owner is found by the statement that acts; here only the form is known. */
		rq->token = token;
		return strncmp(token, "msk_", 4) == 0 ? OK : ERR_TOKEN_INVALID;
	}
	claims = arena_alloc(rq->arena, sizeof(*claims));
	e = token_caller(d->tokens, rq, token, claims);
	if (e)
		return e;
	rq->user = claims->customer;
	rq->session = claims->session;
	rq->role = claims->role;
	return (flags & ADMIN) && rq->role != ROLE_ADMIN ? ERR_FORBIDDEN : OK;
}

static bool
is_json(const char *type)
{
	size_t len = strcspn(type, "; \t");

	return len == strlen("application/json") && strncasecmp(type, "application/json", len) == 0;
}

/* Does the handler read the body itself? */
static bool
is_upload(const struct req *rq, unsigned flags)
{
	return flags & UPLOAD && !(flags & BODY && is_json(req_param(rq, "CONTENT_TYPE")));
}

static enum err
take_body(struct req *rq, const struct route *route)
{
	int64_t begun_ms = clock_ms();
	enum err e;

	if (is_upload(rq, route->flags))
		return OK;
	e = req_take_body(rq, route->body_max ? route->body_max : BODY_MAX);
	if (e)
		return e;
	/* A slow client's time is not ours. */
	rq->deadline_ms += clock_ms() - begun_ms;
	if (rq->body && !is_json(req_param(rq, "CONTENT_TYPE")))
		return ERR_UNSUPPORTED_MEDIA_TYPE;
	return OK;
}

/* Nothing is ignored: what the handler will not read must not have been sent. */
static enum err
refuse_unread(const struct req *rq, struct resp *rs, unsigned flags)
{
	static const struct field no_fields[] = { { 0 } };
	enum err e = OK;

	if (!(flags & QUERY))
		e = fields_query(rq, rs, no_fields, NULL);
	if (e == OK && !(flags & BODY))
		e = fields_body(rq, rs, no_fields, NULL);
	return e;
}

/* BLAKE2b of method, path and body tells whether a repeated key comes with the same request. */
static enum err
take_idempotency_key(struct req *rq, unsigned flags)
{
	const char *key = req_param(rq, "HTTP_IDEMPOTENCY_KEY"), *method = route_method_name(rq->method), *at;
	crypto_generichash_state state;

	if (!(flags & IDEMPOTENT))
		return OK;
	for (at = key; *at; at++)
		if (*at < 0x21 || *at > 0x7e)
			return ERR_IDEMPOTENCY_KEY_REQUIRED;
	if (at == key || at - key > IDEMPOTENCY_KEY_MAX)
		return ERR_IDEMPOTENCY_KEY_REQUIRED;
	rq->idem.key = key;
	crypto_generichash_init(&state, NULL, 0, sizeof(rq->idem.hash));
	crypto_generichash_update(&state, (const unsigned char *)method, strlen(method) + 1);
	crypto_generichash_update(&state, (const unsigned char *)rq->path, strlen(rq->path) + 1);
	crypto_generichash_update(&state, (const unsigned char *)rq->body, rq->body_len);
	crypto_generichash_final(&state, rq->idem.hash, sizeof(rq->idem.hash));
	return OK;
}

/* One less of *free, unless there is none. */
static bool
take_slot(atomic_int *free)
{
	int n = atomic_load(free);

	while (n > 0)
		if (atomic_compare_exchange_weak(free, &n, n - 1))
			return true;
	return false;
}

/* Long requests have slots of their own, so that short ones always find a thread. */
static enum err
run_long(struct dispatch *d, const struct route *route, struct req *rq, struct resp *rs)
{
	enum err e;

	if (!take_slot(&d->long_slots))
		return ERR_OVERLOADED;
	rq->deadline_ms = clock_ms() + LONG_DEADLINE_MS;
	e = route->handle(rq, rs);
	atomic_fetch_add(&d->long_slots, 1);
	return e;
}

/* A POST that stands for another method becomes that, if the route lets it. */
static void
override(const struct dispatch *d, struct req *rq)
{
	const char *name = req_param(rq, "HTTP_X_HTTP_METHOD_OVERRIDE");
	struct route_match match = { 0 };

	if (rq->method == POST && *name &&
	    route_find(rq->arena, d->routes, route_method(name), rq->path, &match) == OK &&
	    match.route->flags & OVERRIDE)
		rq->method = match.route->method;
}

/* OPTIONS is answered as a preflight; where a route has more to say, by that too. */
static enum err
answer_options(const struct dispatch *d, struct req *rq, struct resp *rs, const struct route **ret_route)
{
	struct route_match match = { 0 };

	if (route_find(rq->arena, d->routes, OPTIONS, rq->path, &match))
		return OK;
	*ret_route = match.route;
	return match.route->handle(rq, rs);
}

enum err
dispatch_run(struct dispatch *d, struct req *rq, struct resp *rs, const struct route **ret_route)
{
	struct route_match match = { 0 };
	bool may_be_read;
	enum err e;

	override(d, rq);
	e = route_find(rq->arena, d->routes, method_meant(rq), rq->path, &match);
	may_be_read = cors(d, rq, rs, match.route);
	if (match.allow && rq->method == OPTIONS) {
		e = preflight(rs, match.allow, may_be_read);
		return e ? e : answer_options(d, rq, rs, ret_route);
	}
	*ret_route = match.route;
	if (e == ERR_METHOD_NOT_ALLOWED)
		resp_header(rs, "Allow", "%s", match.allow);
	if (e)
		return e;
	memcpy(rq->arg, match.arg, sizeof(rq->arg));
	e = identify(d, rq, match.route->flags);
	if (e == OK)
		e = take_body(rq, match.route);
	if (e == OK)
		e = refuse_unread(rq, rs, match.route->flags);
	if (e == OK)
		e = take_idempotency_key(rq, match.route->flags);
	if (e)
		return e;
	if (match.route->flags & STREAM || is_upload(rq, match.route->flags))
		return run_long(d, match.route, rq, rs);
	return match.route->handle(rq, rs);
}
