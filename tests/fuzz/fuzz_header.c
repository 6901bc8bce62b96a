/*
 * Request headers as a web server hands them on: one FastCGI parameter a line ("HTTP_COOKIE=a=b").  They go the whole way
 * through req_open and dispatch_run to a handler that looks at cookies and Accept.  There is no database: no keys are found.
 */
#include <fcgiapp.h>

#include "db.h"
#include "dispatch.h"
#include "fuzz.h"
#include "json.h"
#include "request.h"
#include "token.h"

enum { PARAMS_MAX = 32 };

enum err
db_run(const struct req *rq, int id, struct db_args args, struct db_result *ret_res)
{
	(void)id;
	(void)args;
	*ret_res = (struct db_result){ .arena = rq->arena };
	return OK;
}

/* Without rows, nobody gets as far as these. */
const char *
db_str(const struct db_result *res, int row, const char *column)
{
	(void)res;
	(void)row;
	(void)column;
	abort();
}

const unsigned char *
db_bin(const struct db_result *res, int row, const char *column, size_t *ret_len)
{
	(void)ret_len;
	return (const unsigned char *)db_str(res, row, column);
}

int64_t
db_num(const struct db_result *res, int row, const char *column)
{
	return *db_str(res, row, column);
}

bool
db_true(const struct db_result *res, int row, const char *column)
{
	return *db_str(res, row, column);
}

bool
db_has(const struct db_result *res, const char *column)
{
	return *db_str(res, 0, column);
}

static enum err
look(const struct req *rq, struct resp *rs)
{
	const char *cookie = req_cookie(rq, "refresh");

	CHECK(!cookie || !strchr(cookie, ';'));
	if (req_accepts(rq, "text/event-stream"))
		CHECK(strlen(rq->accept) >= strlen("text/event-stream"));
	CHECK(!rq->user || text_is_uuid(rq->user));
	return resp_empty(rs);
}

/* UPLOAD: the handler would read the body by itself, and this one does not. */
static const struct route routes[] = {
	{ GET, "/open", look, PUBLIC | UPLOAD, 0 },
	{ POST, "/mine", look, UPLOAD | IDEMPOTENT, 0 },
	{ PUT, "/admin/:id", look, UPLOAD | ADMIN, 0 },
	{ PATCH, "/merchant", look, UPLOAD | MERCHANT, 0 },
	{ 0 },
};

static void
check_request(const struct req *rq)
{
	CHECK(strlen(rq->id) >= 1 && strlen(rq->id) <= 64);
	CHECK(strlen(rq->user_agent) <= 200 && input_text_is(rq->user_agent, 0, 200, false));
	CHECK(!rq->traceparent || strlen(rq->traceparent) == 55);
	CHECK(!strchr(rq->path, '?'));
}

/* Nothing a client sends may end a header line of the reply. */
static void
check_reply(struct request *r, enum err e)
{
	const struct resp_header *h;
	struct json_object *problem;

	if (e) {
		resp_problem(&r->rs, &r->rq, e);
		CHECK(json_read(&r->arena, r->rs.body, r->rs.body_len, &problem) == OK);
	}
	for (h = r->rs.headers; h; h = h->next)
		CHECK(!strpbrk(h->value, "\r\n"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tokens *tokens;
	struct dispatch dispatch = { .routes = routes,
				     .cors_origins = "https://shop.example https://moa.example",
				     .long_slots = 1 };
	char *text = strndup((const char *)data, size), *at = text, *params[PARAMS_MAX + 1] = { 0 };
	FCGX_Request fcgi = { .envp = params };
	const struct route *route;
	struct request r;
	int n;

	if (!tokens)
		tokens = token_open("moa");
	dispatch.tokens = tokens;
	for (n = 0; n < PARAMS_MAX && at; n++)
		params[n] = strsep(&at, "\n");
	request_begin(&r, 1000);
	req_open(&r.rq, &fcgi);
	check_request(&r.rq);
	check_reply(&r, dispatch_run(&dispatch, &r.rq, &r.rs, &route));
	request_end(&r);
	free(text);
	return 0;
}
