/*
 * A reply as handlers shape it.  They say what it is; the loop renders and sends it, failures included: a handler that
 * returns an enum err has said everything.
 */
#ifndef RESP_H
#define RESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct arena;
struct db_result;
struct json_object;
struct FCGX_Request;
struct req;

struct resp_header {
	const char *name, *value;
	struct resp_header *next;
};

/* One field at fault, for the "errors" member of a problem document. */
struct resp_fault {
	const char *field;
	const char *code;
	const char *message;
	struct resp_fault *next;
};

struct resp {
	struct arena *arena;
	int status;
	const char *type; /* Content-Type; NULL when there is no body */
	const char *body;
	size_t body_len;
	struct resp_header *headers;
	struct resp_fault *faults; /* in order of discovery, first 20 */
	int nfaults;
	const char *detail;	   /* overrides the detail of the error's row */
	int retry_after_s;	   /* 0: the default of the error's kind */
	bool begun;		   /* bytes have left: the status can no longer change */
	bool held;		   /* of a stream: some wait for more to leave with them */
	struct FCGX_Request *fcgi; /* where they go; only resp.c and stream.c look inside */
	int stop_fd;		   /* becomes readable when the program is to stop */
};

/** resp_json(rs, status, object): The reply is ${object} (from out.h) as JSON.  Returns OK. */
enum err resp_json(struct resp *rs, int status, struct json_object *object);

/** resp_text(rs, status, type, text): The reply is ${text}, of the media type ${type}, kept until the reply. */
enum err resp_text(struct resp *rs, int status, const char *type, const char *text);

/** resp_bytes(rs, status, type, bytes, len): The same for ${len} bytes of any kind. */
enum err resp_bytes(struct resp *rs, int status, const char *type, const void *bytes, size_t len);

/** resp_empty(rs): The reply is 204, without a body.  Returns OK. */
enum err resp_empty(struct resp *rs);

/**
 * resp_result(rs, status, res):
 * The reply is the first row of ${res}, which a business function returned: "code" (NULL, or the public code of a
 * refusal), "result" (the JSON body; NULL: none), and if present "replayed" (the result is of an earlier call with the same
 * Idempotency-Key) and "retry_after_s".  Returns OK or the refusal's enum err; ERR_NOT_FOUND when there is no row.
 */
enum err resp_result(struct resp *rs, int status, const struct db_result *res) MUST_CHECK;

/** resp_header(rs, name, fmt, ...): Add a header.  Bytes that cannot stand in one (CR, LF, controls) become spaces. */
void resp_header(struct resp *rs, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** resp_fault(rs, field, code, fmt, ...): Note that the input field ${field} is wrong; the handler then returns ERR_VALIDATION_FAILED. */
void resp_fault(struct resp *rs, const char *field, const char *code, const char *fmt, ...) PRINTF_LIKE(4, 5);

/** resp_refuse(rs, e, retry_after_s): Set Retry-After to ${retry_after_s} seconds and return ${e}. */
enum err resp_refuse(struct resp *rs, enum err e, int retry_after_s);

/**
 * resp_rate_limit(rs, policy, limit, window_s, remaining, reset_s):
 * Add RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers): of the quota called ${policy}, ${limit}
 * per ${window_s} seconds, ${remaining} are left and it is whole again in ${reset_s} seconds.  Of several quotas each is a
 * member of the two lists, in the order of their calls.
 */
void resp_rate_limit(struct resp *rs, const char *policy, int limit, int window_s, int remaining,
		     int reset_s);

/* For the loop and stream.c only. */

/** resp_problem(rs, rq, e): Make the reply the problem document of ${e}, in the language of ${rq}, with what rs notes of it. */
void resp_problem(struct resp *rs, const struct req *rq, enum err e);

/** resp_problem_json(rs, rq, e): That document alone, for the last event of a stream. */
const char *resp_problem_json(struct resp *rs, const struct req *rq, enum err e);

/** resp_send(rs): Send status, headers and body; ERR_CLIENT_GONE if nobody takes them. */
enum err resp_send(struct resp *rs) MUST_CHECK;

/** resp_flush(rs): Send what is waiting; ERR_CLIENT_GONE if nobody takes it, now and from now on. */
enum err resp_flush(struct resp *rs) MUST_CHECK;

#endif
