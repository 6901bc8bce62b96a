/* Shaping a reply and sending it; the one place where failures become problem documents (RFC 9457). */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <fcgiapp.h>

#include "arena.h"
#include "db.h"
#include "out.h"
#include "req.h"
#include "resp.h"

enum {
	FAULTS_MAX = 20,
	RETRY_UNAVAILABLE_S = 2,
	RETRY_OVERLOADED_S = 1,
	RETRY_LIMITED_S = 60,
	RETRY_FULL_S = 300
};

enum err
resp_bytes(struct resp *rs, int status, const char *type, const void *bytes, size_t len)
{
	rs->status = status;
	rs->type = type;
	rs->body = bytes;
	rs->body_len = len;
	return OK;
}

enum err
resp_text(struct resp *rs, int status, const char *type, const char *text)
{
	return resp_bytes(rs, status, type, text, strlen(text));
}

enum err
resp_json(struct resp *rs, int status, struct json_object *object)
{
	return resp_text(rs, status, "application/json", out_text(object));
}

enum err
resp_empty(struct resp *rs)
{
	return resp_bytes(rs, 204, NULL, "", 0);
}

enum err
resp_result(struct resp *rs, int status, const struct db_result *res)
{
	const char *code, *result;

	if (res->rows == 0)
		return ERR_NOT_FOUND;
	code = db_str(res, 0, "code");
	if (code) {
		if (db_has(res, "retry_after_s"))
			rs->retry_after_s = (int)db_num(res, 0, "retry_after_s");
		return err_from_code(code);
	}
	if (db_has(res, "replayed") && db_true(res, 0, "replayed"))
		resp_header(rs, "Idempotent-Replayed", "true");
	result = db_str(res, 0, "result");
	if (!result)
		return resp_bytes(rs, status, NULL, "", 0);
	return resp_text(rs, status, "application/json", result);
}

void
resp_header(struct resp *rs, const char *name, const char *fmt, ...)
{
	struct resp_header *h = arena_alloc(rs->arena, sizeof(*h));
	va_list args;
	char *value, *at;

	va_start(args, fmt);
	value = arena_vprintf(rs->arena, fmt, args);
	va_end(args);
	for (at = value; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
	h->name = name;
	h->value = value;
	h->next = rs->headers;
	rs->headers = h;
}

void
resp_fault(struct resp *rs, const char *field, const char *code, const char *fmt, ...)
{
	struct resp_fault *fault, **end = &rs->faults;
	va_list args;

	if (rs->nfaults == FAULTS_MAX)
		return;
	fault = arena_alloc(rs->arena, sizeof(*fault));
	fault->field = field;
	fault->code = code;
	va_start(args, fmt);
	fault->message = arena_vprintf(rs->arena, fmt, args);
	va_end(args);
	while (*end)
		end = &(*end)->next;
	*end = fault;
	rs->nfaults++;
}

enum err
resp_refuse(struct resp *rs, enum err e, int retry_after_s)
{
	rs->retry_after_s = retry_after_s;
	return e;
}

/* Add a member to the list that is the value of the header called name (RFC 9651 §3.1). */
static void
list_add(struct resp *rs, const char *name, const char *member)
{
	struct resp_header *h = rs->headers;

	while (h && strcmp(h->name, name) != 0)
		h = h->next;
	if (h)
		h->value = arena_printf(rs->arena, "%s, %s", h->value, member);
	else
		resp_header(rs, name, "%s", member);
}

void
resp_rate_limit(struct resp *rs, const char *policy, int limit, int window_s, int remaining, int reset_s)
{
	list_add(rs, "RateLimit-Policy",
		 arena_printf(rs->arena, "\"%s\";q=%d;w=%d", policy, limit, window_s));
	list_add(rs, "RateLimit", arena_printf(rs->arena, "\"%s\";r=%d;t=%d", policy, remaining, reset_s));
}

/* What a client needs to know beside the document: how to sign in, when to come back. */
static void
problem_headers(struct resp *rs, enum err e)
{
	int status = err_row(e)->status, after = rs->retry_after_s;

	if (e == ERR_TOKEN_INVALID || e == ERR_TOKEN_EXPIRED)
		resp_header(rs, "WWW-Authenticate", "Bearer error=\"invalid_token\"");
	else if (status == 401)
		resp_header(rs, "WWW-Authenticate", "Bearer");
	if (after == 0 && e == ERR_UNAVAILABLE)
		after = RETRY_UNAVAILABLE_S;
	if (after == 0 && e == ERR_OVERLOADED)
		after = RETRY_OVERLOADED_S;
	if (after == 0 && e == ERR_RATE_LIMITED)
		after = RETRY_LIMITED_S;
	if (after == 0 && e == ERR_STORAGE_FULL)
		after = RETRY_FULL_S;
	if (after > 0)
		resp_header(rs, "Retry-After", "%d", after);
}

const char *
resp_problem_json(struct resp *rs, const struct req *rq, enum err e)
{
	const struct err_row *row = err_row(e);
	struct json_object *problem = out_object(rs->arena);
	const struct resp_fault *fault;

	out_str(problem, "type", arena_printf(rs->arena, "urn:moa:problem:%s", row->code));
	out_str(problem, "title", row->title);
	out_num(problem, "status", row->status);
	out_str(problem, "detail", rs->detail ? rs->detail : rq->korean ? row->detail_ko : row->detail_en);
	out_str(problem, "code", row->code);
	out_str(problem, "request_id", rq->id);
	if (rs->faults) {
		struct json_object *errors = out_array_in(problem, "errors");

		for (fault = rs->faults; fault; fault = fault->next) {
			struct json_object *error = out_object_in(errors, NULL);

			out_str(error, "field", fault->field);
			out_str(error, "code", fault->code);
			out_str(error, "message", fault->message);
		}
	}
	return out_text(problem);
}

void
resp_problem(struct resp *rs, const struct req *rq, enum err e)
{
	resp_text(rs, err_row(e)->status, "application/problem+json", resp_problem_json(rs, rq, e));
	resp_header(rs, "Content-Language", "%s", rq->korean ? "ko" : "en");
	problem_headers(rs, e);
}

enum err
resp_flush(struct resp *rs)
{
	FCGX_Stream *out = rs->fcgi->out;

	/* A flush after a failure reports none, and small pieces fit into the buffer: only the stream's error is sure. */
	if (FCGX_FFlush(out) < 0 || FCGX_GetError(out) != 0)
		return ERR_CLIENT_GONE;
	return OK;
}

/* Headers are prepended as handlers add them; they go out in the order of adding. */
static const char *
headers_text(struct arena *a, const struct resp_header *h)
{
	const char *before;

	if (!h)
		return "";
	before = headers_text(a, h->next);
	return arena_printf(a, "%s%s: %s\r\n", before, h->name, h->value);
}

static bool
has_header(const struct resp *rs, const char *name)
{
	const struct resp_header *h = rs->headers;

	while (h && strcasecmp(h->name, name) != 0)
		h = h->next;
	return h != NULL;
}

enum err
resp_send(struct resp *rs)
{
	const char *head, *type = "", *length = "";
	FCGX_Stream *out = rs->fcgi->out;

	/* Replies are about somebody, as of now: nothing on the way keeps one unless its handler has said so. */
	if (!has_header(rs, "Cache-Control"))
		resp_header(rs, "Cache-Control", "no-store");
	if (rs->type) {
		type = arena_printf(rs->arena, "Content-Type: %s\r\n", rs->type);
		length = arena_printf(rs->arena, "Content-Length: %zu\r\n", rs->body_len);
	}
	head = arena_printf(rs->arena, "Status: %d\r\n%s%s%s\r\n", rs->status, type, length,
			    headers_text(rs->arena, rs->headers));
	rs->begun = true;
	if (FCGX_PutStr(head, (int)strlen(head), out) < 0)
		return ERR_CLIENT_GONE;
	if (rs->body_len > 0 && FCGX_PutStr(rs->body, (int)rs->body_len, out) < 0)
		return ERR_CLIENT_GONE;
	return OK;
}
