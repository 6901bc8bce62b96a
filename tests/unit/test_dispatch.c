/* What stands between a request and its handler: path and method, CORS, who is calling, body, key, slot. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>

#include "dispatch.h"
#include "exchange.h"
#include "text.h"
#include "token.h"

#define CUSTOMER "123e4567-e89b-42d3-a456-426614174000"
#define SESSION	 "00000000-0000-4000-8000-000000000001"

static struct dispatch dispatch;
static unsigned char secret[crypto_sign_SECRETKEYBYTES];

/* What the handler saw at its last call, and how often it was called. */
static struct {
	int calls;
	char user[64], session[64], token[64], key[300], body[64], args[64];
	enum role role;
	unsigned char hash[32];
	int64_t left_ms;
} seen;

static void
copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "-");
}

static enum err
note(const struct req *rq, struct resp *rs)
{
	seen.calls++;
	copy(seen.user, sizeof(seen.user), rq->user);
	copy(seen.session, sizeof(seen.session), rq->session);
	copy(seen.token, sizeof(seen.token), rq->token);
	copy(seen.key, sizeof(seen.key), rq->idem.key);
	copy(seen.body, sizeof(seen.body), rq->body);
	copy(seen.args, sizeof(seen.args), rq->arg[0]);
	memcpy(seen.hash, rq->idem.hash, sizeof(seen.hash));
	seen.role = rq->role;
	seen.left_ms = rq->deadline_ms - clock_ms();
	return resp_empty(rs);
}

static enum err nested(const struct req *rq, struct resp *rs);

static enum err
read_upload(const struct req *rq, struct resp *rs)
{
	char buf[64] = "";

	assert_null(rq->body);
	assert_true(req_read(rq, buf, sizeof(buf) - 1) >= 0);
	note(rq, rs);
	copy(seen.body, sizeof(seen.body), buf);
	return OK;
}

/* What a route has to say to OPTIONS, besides what every path answers. */
static enum err
tell_more(const struct req *rq, struct resp *rs)
{
	resp_header(rs, "Tus-Version", "1.0.0");
	return note(rq, rs);
}

/* JSON has been read; anything else is the handler's to read. */
static enum err
note_form(const struct req *rq, struct resp *rs)
{
	return rq->body ? note(rq, rs) : read_upload(rq, rs);
}

static const struct route routes[] = {
	{ GET, "/open", note, PUBLIC, 0 },
	{ GET, "/open/:id", note, PUBLIC, 0 },
	{ GET, "/window", note, PUBLIC | ANY_ORIGIN, 0 },
	{ POST, "/window", note, PUBLIC, 0 },
	{ GET, "/mine", note, 0, 0 },
	{ POST, "/mine", note, BODY, 0 },
	{ GET, "/list", note, PUBLIC | QUERY, 0 },
	{ DELETE, "/thing", note, PUBLIC, 0 },
	{ DELETE, "/account", note, PUBLIC | BODY, 0 },
	{ GET, "/admin", note, ADMIN, 0 },
	{ GET, "/shown", note, GUEST, 0 },
	{ POST, "/shop", note, MERCHANT, 0 },
	{ POST, "/pay", note, PUBLIC | IDEMPOTENT | BODY, 0 },
	{ POST, "/pay/other", note, PUBLIC | IDEMPOTENT | BODY, 0 },
	{ POST, "/small", note, PUBLIC | BODY, 10 },
	{ GET, "/stream", nested, PUBLIC | STREAM, 0 },
	{ PATCH, "/upload", read_upload, PUBLIC | UPLOAD, 10 },
	{ PATCH, "/piece", note, PUBLIC | OVERRIDE, 0 },
	{ OPTIONS, "/piece", tell_more, PUBLIC, 0 },
	{ POST, "/form", note_form, PUBLIC | BODY | UPLOAD, 0 },
	{ 0 },
};

static enum err
run(struct exchange *x)
{
	const struct route *route;

	return dispatch_run(&dispatch, &x->r.rq, &x->r.rs, &route);
}

/* Run a request with these parameters and body (NULL: none); what it left is in x until exchange_end. */
static enum err
call(struct exchange *x, const char *const *params, const char *body)
{
	exchange_begin(x, params);
	if (body && *body)
		fcgi_stdin(x->pair.server, body, strlen(body));
	fcgi_stdin(x->pair.server, "", 0);
	return run(x);
}

static void
assert_call(enum err expected, const char *const *params, const char *body)
{
	int calls = seen.calls;
	struct exchange x;

	assert_int_equal(call(&x, params, body), expected);
	assert_int_equal(seen.calls - calls, expected == OK);
	exchange_end(&x);
}

static const char *
header(const struct exchange *x, const char *name)
{
	const struct resp_header *h;

	for (h = x->r.rs.headers; h; h = h->next)
		if (strcmp(h->name, name) == 0)
			return h->value;
	return "(none)";
}

/* "Bearer " and a token of the customer's in this role. */
static const char *
bearer(const char *role, int64_t lives_s)
{
	static char authorization[1024];
	unsigned char signature[crypto_sign_BYTES];
	const char *head = "{\"alg\":\"EdDSA\",\"kid\":\"key\"}", *claims, *text;
	int64_t now_s = clock_unix_s();
	struct arena a;

	arena_init(&a);
	claims = arena_printf(&a,
			      "{\"iss\":\"moa\",\"aud\":\"moa\",\"sub\":\"" CUSTOMER "\",\"sid\":\"" SESSION
			      "\",\"role\":\"%s\",\"jti\":\"1\",\"iat\":%lld,\"exp\":%lld}",
			      role, (long long)now_s - 1000, (long long)now_s + lives_s);
	text = arena_printf(&a, "%s.%s", text_base64url(&a, head, strlen(head)),
			    text_base64url(&a, claims, strlen(claims)));
	crypto_sign_detached(signature, NULL, (const unsigned char *)text, strlen(text), secret);
	snprintf(authorization, sizeof(authorization), "Bearer %s.%s", text,
		 text_base64url(&a, signature, sizeof(signature)));
	arena_free(&a);
	return authorization;
}

#define GET_AS(uri, authorization)                                                                           \
	FCGI_PARAMS("REQUEST_METHOD", "GET", "REQUEST_URI", uri, "HTTP_AUTHORIZATION", authorization)

static void
a_path_finds_its_handler(void **state)
{
	(void)state;
	assert_call(OK, FCGI_GET("/open"), NULL);
	assert_call(OK, FCGI_GET("/open?"), NULL);
	assert_call(OK, FCGI_PARAMS("REQUEST_METHOD", "HEAD", "REQUEST_URI", "/open"), NULL);
	assert_call(OK, FCGI_GET("/open/%EA%B0%80"), NULL);
	assert_string_equal(seen.args, "가");
	assert_call(ERR_NOT_FOUND, FCGI_GET("/none"), NULL);
	assert_call(ERR_MALFORMED_REQUEST, FCGI_GET("/open//"), NULL);
	assert_call(ERR_NOT_FOUND, FCGI_PARAMS("REQUEST_METHOD", "OPTIONS", "REQUEST_URI", "/none"), NULL);
}

static void
another_method_is_told_what_there_is(void **state)
{
	static const char *const methods[] = { "DELETE", "PUT", "PATCH", "TRACE", "get", "" };
	struct exchange x;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		assert_int_equal(
		    call(&x, FCGI_PARAMS("REQUEST_METHOD", methods[i], "REQUEST_URI", "/mine"), NULL),
		    ERR_METHOD_NOT_ALLOWED);
		assert_string_equal(header(&x, "Allow"), "GET, HEAD, POST, OPTIONS");
		exchange_end(&x);
	}
}

static enum err
from_origin(struct exchange *x, const char *method, const char *uri, const char *origin)
{
	return call(x, FCGI_PARAMS("REQUEST_METHOD", method, "REQUEST_URI", uri, "HTTP_ORIGIN", origin),
		    NULL);
}

static void
a_preflight_is_public(void **state)
{
	struct exchange x;
	int calls = seen.calls;

	(void)state;
	assert_int_equal(from_origin(&x, "OPTIONS", "/mine", "https://shop.example"), OK);
	assert_int_equal(x.r.rs.status, 204);
	assert_string_equal(header(&x, "Access-Control-Allow-Origin"), "https://shop.example");
	assert_string_equal(header(&x, "Access-Control-Allow-Methods"), "GET, HEAD, POST, OPTIONS");
	assert_non_null(strstr(header(&x, "Access-Control-Allow-Headers"), "Idempotency-Key"));
	assert_string_equal(header(&x, "Access-Control-Allow-Credentials"), "true");
	assert_string_equal(header(&x, "Vary"), "Origin");
	exchange_end(&x);
	assert_int_equal(seen.calls, calls);
}

static void
strangers_get_no_cors_headers(void **state)
{
	static const char *const origins[] = { "https://evil.example",
					       "https://shop.example.evil",
					       "https://shop.exampl",
					       "http://shop.example",
					       "https://shop.example ",
					       "null",
					       "",
					       "https://shop.example https://b.example" };
	struct exchange x;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		assert_int_equal(from_origin(&x, "OPTIONS", "/mine", origins[i]), OK);
		assert_string_equal(header(&x, "Allow"), "GET, HEAD, POST, OPTIONS");
		assert_string_equal(header(&x, "Access-Control-Allow-Origin"), "(none)");
		assert_string_equal(header(&x, "Access-Control-Allow-Methods"), "(none)");
		assert_string_equal(header(&x, "Vary"), "Origin");
		exchange_end(&x);
	}
	dispatch.cors_origins = "";
	from_origin(&x, "GET", "/open", "https://shop.example");
	assert_string_equal(header(&x, "Access-Control-Allow-Origin"), "(none)");
	assert_string_equal(header(&x, "Vary"), "(none)");
	exchange_end(&x);
}

/* A page of any origin may ask ahead for what it may call, and is told of nothing else. */
static void
a_route_for_options_answers_besides(void **state)
{
	struct exchange x;
	int calls = seen.calls;

	(void)state;
	assert_int_equal(from_origin(&x, "OPTIONS", "/piece", "https://shop.example"), OK);
	assert_string_equal(header(&x, "Tus-Version"), "1.0.0");
	assert_string_equal(header(&x, "Allow"), "PATCH, OPTIONS");
	assert_string_equal(header(&x, "Access-Control-Allow-Methods"), "PATCH, OPTIONS");
	assert_non_null(strstr(header(&x, "Access-Control-Allow-Headers"), "X-HTTP-Method-Override"));
	exchange_end(&x);
	assert_int_equal(seen.calls, calls + 1);
}

static void
a_post_may_stand_for_another_method(void **state)
{
	static const struct {
		enum err expected;
		const char *method, *path, *meant;
	} cases[] = {
		{ OK, "POST", "/piece", "PATCH" },
		{ ERR_METHOD_NOT_ALLOWED, "POST", "/piece", "" },
		{ ERR_METHOD_NOT_ALLOWED, "POST", "/piece", "DELETE" },
		{ ERR_METHOD_NOT_ALLOWED, "POST", "/piece", "patch" },
		{ ERR_METHOD_NOT_ALLOWED, "GET", "/piece", "PATCH" },
		{ ERR_METHOD_NOT_ALLOWED, "POST", "/thing", "DELETE" }, /* which does not say that it may */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_call(cases[i].expected,
			    FCGI_PARAMS("REQUEST_METHOD", cases[i].method, "REQUEST_URI", cases[i].path,
					"HTTP_X_HTTP_METHOD_OVERRIDE", cases[i].meant),
			    NULL);
}

static void
a_form_is_read_by_its_handler_and_json_is_not(void **state)
{
	(void)state;
	assert_call(OK,
		    FCGI_PARAMS("REQUEST_METHOD", "POST", "REQUEST_URI", "/form", "CONTENT_TYPE",
				"multipart/form-data; boundary=x", "CONTENT_LENGTH", "5"),
		    "--x--");
	assert_string_equal(seen.body, "--x--");
	assert_true(seen.left_ms > 60 * 1000);
	assert_call(OK,
		    FCGI_PARAMS("REQUEST_METHOD", "POST", "REQUEST_URI", "/form", "CONTENT_TYPE",
				"application/json; charset=utf-8", "CONTENT_LENGTH", "2"),
		    "{}");
	assert_string_equal(seen.body, "{}");
	assert_true(seen.left_ms < 60 * 1000);
}

static void
a_preflight_goes_by_the_method_that_is_to_follow(void **state)
{
	static const struct {
		const char *method, *origin;
	} cases[] = { { "GET", "*" }, { "POST", "(none)" }, { "PUT", "(none)" }, { "", "(none)" } };
	struct exchange x;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(call(&x,
				      FCGI_PARAMS("REQUEST_METHOD", "OPTIONS", "REQUEST_URI", "/window",
						  "HTTP_ORIGIN", "https://anybody.example",
						  "HTTP_ACCESS_CONTROL_REQUEST_METHOD", cases[i].method),
				      NULL),
				 OK);
		assert_string_equal(header(&x, "Access-Control-Allow-Origin"), cases[i].origin);
		assert_string_equal(header(&x, "Access-Control-Allow-Methods"),
				    *cases[i].origin == '*' ? "GET, HEAD, POST, OPTIONS" : "(none)");
		assert_string_equal(header(&x, "Access-Control-Allow-Credentials"), "(none)");
		exchange_end(&x);
	}
}

static void
a_refusal_may_be_read_across_origins(void **state)
{
	struct exchange x;

	(void)state;
	assert_int_equal(from_origin(&x, "GET", "/mine", "https://b.example"), ERR_TOKEN_MISSING);
	assert_string_equal(header(&x, "Access-Control-Allow-Origin"), "https://b.example");
	assert_non_null(strstr(header(&x, "Access-Control-Expose-Headers"), "X-Request-Id"));
	exchange_end(&x);
}

static void
signed_in_is_the_rule(void **state)
{
	static const char *const no_tokens[] = { "", "Bearer", "Bearer ", "Basic YTpi", "Bearerx y" };
	size_t i;

	(void)state;
	assert_call(OK, GET_AS("/mine", bearer("customer", 900)), NULL);
	assert_string_equal(seen.user, CUSTOMER);
	assert_string_equal(seen.session, SESSION);
	assert_int_equal(seen.role, ROLE_CUSTOMER);
	assert_call(ERR_TOKEN_MISSING, FCGI_GET("/mine"), NULL);
	for (i = 0; i < sizeof(no_tokens) / sizeof(no_tokens[0]); i++)
		assert_call(ERR_TOKEN_MISSING, GET_AS("/mine", no_tokens[i]), NULL);
	assert_call(ERR_TOKEN_INVALID, GET_AS("/mine", "Bearer x"), NULL);
	assert_call(ERR_TOKEN_EXPIRED, GET_AS("/mine", bearer("customer", -1)), NULL);
}

static void
public_looks_at_no_token(void **state)
{
	(void)state;
	assert_call(OK, GET_AS("/open", "Bearer x"), NULL);
	assert_string_equal(seen.user, "-");
	assert_call(OK, GET_AS("/open", bearer("customer", 900)), NULL);
	assert_string_equal(seen.user, "-");
}

static void
guests_need_no_token_and_bring_no_bad_one(void **state)
{
	(void)state;
	assert_call(OK, FCGI_GET("/shown"), NULL);
	assert_string_equal(seen.user, "-");
	assert_call(OK, GET_AS("/shown", bearer("customer", 900)), NULL);
	assert_string_equal(seen.user, CUSTOMER);
	assert_call(ERR_TOKEN_INVALID, GET_AS("/shown", "Bearer x"), NULL);
	assert_call(ERR_TOKEN_EXPIRED, GET_AS("/shown", bearer("customer", -1)), NULL);
}

static void
admin_is_a_role(void **state)
{
	(void)state;
	assert_call(OK, GET_AS("/admin", bearer("admin", 900)), NULL);
	assert_int_equal(seen.role, ROLE_ADMIN);
	assert_call(ERR_FORBIDDEN, GET_AS("/admin", bearer("customer", 900)), NULL);
	assert_call(ERR_TOKEN_MISSING, FCGI_GET("/admin"), NULL);
}

static void
merchants_come_with_keys(void **state)
{
	(void)state;
	assert_call(OK,
		    FCGI_PARAMS("REQUEST_METHOD", "POST", "REQUEST_URI", "/shop", "HTTP_AUTHORIZATION",
				"bearer msk_abc"),
		    NULL);
	assert_string_equal(seen.token, "msk_abc");
	assert_string_equal(seen.user, "-");
	assert_call(ERR_TOKEN_INVALID,
		    FCGI_PARAMS("REQUEST_METHOD", "POST", "REQUEST_URI", "/shop", "HTTP_AUTHORIZATION",
				bearer("customer", 900)),
		    NULL);
	assert_call(ERR_TOKEN_MISSING, FCGI_PARAMS("REQUEST_METHOD", "POST", "REQUEST_URI", "/shop"), NULL);
	assert_call(ERR_TOKEN_INVALID, GET_AS("/mine", "Bearer msk_abc"), NULL);
}

#define POST_OF(uri, type, length)                                                                           \
	FCGI_PARAMS("REQUEST_METHOD", "POST", "REQUEST_URI", uri, "CONTENT_TYPE", type, "CONTENT_LENGTH",    \
		    length)

static void
bodies_are_json(void **state)
{
	static const struct {
		const char *type;
		enum err expected;
	} cases[] = {
		{ "application/json", OK },
		{ "application/json; charset=utf-8", OK },
		{ "Application/JSON ;x", OK },
		{ "", ERR_UNSUPPORTED_MEDIA_TYPE },
		{ "text/plain", ERR_UNSUPPORTED_MEDIA_TYPE },
		{ "application/jsonp", ERR_UNSUPPORTED_MEDIA_TYPE },
		{ "application/x-www-form-urlencoded", ERR_UNSUPPORTED_MEDIA_TYPE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_call(cases[i].expected, POST_OF("/small", cases[i].type, "2"), "{}");
	assert_string_equal(seen.body, "{}");
	assert_call(OK, POST_OF("/small", "text/plain", "0"), "");
	assert_string_equal(seen.body, "-");
}

static void
a_route_has_its_own_ceiling(void **state)
{
	(void)state;
	assert_call(OK, POST_OF("/small", "application/json", "10"), "0123456789");
	assert_call(ERR_BODY_TOO_LARGE, POST_OF("/small", "application/json", "11"), "0123456789a");
	assert_call(ERR_MALFORMED_REQUEST, POST_OF("/small", "application/json", "9"), "0123456789");
}

#define DELETE_OF(uri, body)                                                                                 \
	FCGI_PARAMS("REQUEST_METHOD", "DELETE", "REQUEST_URI", uri, "CONTENT_TYPE", "application/json"), body

static void
what_a_handler_does_not_read_is_refused(void **state)
{
	(void)state;
	assert_call(OK, FCGI_GET("/list?a=b"), NULL);
	assert_call(ERR_VALIDATION_FAILED, FCGI_GET("/open?a=b"), NULL);
	assert_call(ERR_VALIDATION_FAILED, FCGI_GET("/open?a"), NULL);
	assert_call(ERR_MALFORMED_REQUEST, FCGI_GET("/open?a=%zz"), NULL);
	assert_call(OK, DELETE_OF("/account", "{\"a\":1}"));
	assert_string_equal(seen.body, "{\"a\":1}");
	assert_call(OK, DELETE_OF("/thing", ""));
	assert_call(OK, DELETE_OF("/thing", "{}"));
	assert_call(ERR_VALIDATION_FAILED, DELETE_OF("/thing", "{\"a\":1}"));
	assert_call(ERR_VALIDATION_FAILED, DELETE_OF("/account?a=b", "{}"));
	assert_call(ERR_MALFORMED_JSON, DELETE_OF("/thing", "{"));
}

static void
each_unread_field_is_named(void **state)
{
	struct exchange x;

	(void)state;
	assert_int_equal(call(&x, FCGI_GET("/open?a=1&b=%20&a=2"), NULL), ERR_VALIDATION_FAILED);
	assert_int_equal(x.r.rs.nfaults, 3);
	exchange_end(&x);
}

/* Nobody may make a program read before it is known who asks. */
static void
who_is_calling_comes_before_the_body(void **state)
{
	(void)state;
	assert_call(ERR_TOKEN_MISSING, POST_OF("/mine", "text/plain", "99999999"), "x");
}

#define PAY(uri, key, body)                                                                                  \
	FCGI_PARAMS("REQUEST_METHOD", "POST", "REQUEST_URI", uri, "CONTENT_TYPE", "application/json",        \
		    "HTTP_IDEMPOTENCY_KEY", key),                                                            \
	    body

static void
some_operations_need_a_key(void **state)
{
	char key[257];

	(void)state;
	memset(key, 'k', sizeof(key));
	key[255] = '\0';
	assert_call(OK, PAY("/pay", key, "{}"));
	assert_string_equal(seen.key, key);
	key[255] = 'k';
	key[256] = '\0';
	assert_call(ERR_IDEMPOTENCY_KEY_REQUIRED, PAY("/pay", key, "{}"));
	assert_call(ERR_IDEMPOTENCY_KEY_REQUIRED, PAY("/pay", "", "{}"));
	assert_call(ERR_IDEMPOTENCY_KEY_REQUIRED, PAY("/pay", "a b", "{}"));
	assert_call(ERR_IDEMPOTENCY_KEY_REQUIRED, PAY("/pay", "가", "{}"));
	assert_call(ERR_IDEMPOTENCY_KEY_REQUIRED,
		    FCGI_PARAMS("REQUEST_METHOD", "POST", "REQUEST_URI", "/pay"), NULL);
	/* Elsewhere it is ignored. */
	assert_call(OK, PAY("/small", "a b", "{}"));
	assert_string_equal(seen.key, "-");
}

static void
the_hash_tells_requests_apart(void **state)
{
	unsigned char first[32];

	(void)state;
	assert_call(OK, PAY("/pay", "k", "{}"));
	memcpy(first, seen.hash, sizeof(first));
	assert_call(OK, PAY("/pay", "another-key", "{}"));
	assert_memory_equal(seen.hash, first, sizeof(first));
	assert_call(OK, PAY("/pay", "k", "{ }"));
	assert_memory_not_equal(seen.hash, first, sizeof(first));
	assert_call(OK, PAY("/pay/other", "k", "{}"));
	assert_memory_not_equal(seen.hash, first, sizeof(first));
	assert_call(OK, PAY("/pay", "k", ""));
	assert_memory_not_equal(seen.hash, first, sizeof(first));
}

/* A stream that asks for a second one while it runs, and for something short. */
static enum err
nested(const struct req *rq, struct resp *rs)
{
	if (atomic_load(&dispatch.long_slots) == 0) {
		assert_call(ERR_OVERLOADED, FCGI_GET("/stream"), NULL);
		assert_call(ERR_OVERLOADED, FCGI_PARAMS("REQUEST_METHOD", "PATCH", "REQUEST_URI", "/upload"),
			    NULL);
		assert_int_equal(atomic_load(&dispatch.long_slots), 0);
		assert_call(OK, FCGI_GET("/open"), NULL);
	}
	return note(rq, rs);
}

static void
long_requests_have_slots(void **state)
{
	struct exchange x;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		atomic_store(&dispatch.long_slots, 1);
		assert_int_equal(call(&x, FCGI_GET("/stream"), NULL), OK);
		exchange_end(&x);
		assert_int_equal(atomic_load(&dispatch.long_slots), 1);
	}
	atomic_store(&dispatch.long_slots, 0);
	assert_call(ERR_OVERLOADED, FCGI_GET("/stream"), NULL);
	atomic_store(&dispatch.long_slots, 1);
}

static void
long_requests_have_time(void **state)
{
	(void)state;
	assert_call(OK, FCGI_GET("/open"), NULL);
	assert_in_range(seen.left_ms, 0, 2000);
	atomic_store(&dispatch.long_slots, 2);
	assert_call(OK, FCGI_GET("/stream"), NULL);
	assert_true(seen.left_ms > 3600 * 1000);
}

struct slow_client {
	int fd;
	int64_t send_ms; /* clock_ms at which it sends the body */
};

static void *
send_late(void *ptr)
{
	const struct slow_client *client = ptr;

	while (clock_ms() < client->send_ms)
		sched_yield();
	fcgi_stdin(client->fd, "{}", 2);
	fcgi_stdin(client->fd, "", 0);
	return NULL;
}

static void
a_slow_body_costs_no_time(void **state)
{
	struct slow_client client;
	struct exchange x;
	pthread_t thread;

	(void)state;
	exchange_begin(&x, POST_OF("/small", "application/json", "2"));
	x.r.rq.deadline_ms = clock_ms() + 100;
	client = (struct slow_client){ x.pair.server, x.r.rq.deadline_ms + 50 };
	assert_int_equal(pthread_create(&thread, NULL, send_late, &client), 0);
	assert_int_equal(run(&x), OK);
	pthread_join(thread, NULL);
	assert_in_range(seen.left_ms, 1, 100);
	exchange_end(&x);
}

/* Uploads read by themselves: any type, any length, no ceiling of the loop's. */
static void
an_upload_reads_its_own_body(void **state)
{
	(void)state;
	assert_call(OK,
		    FCGI_PARAMS("REQUEST_METHOD", "PATCH", "REQUEST_URI", "/upload", "CONTENT_TYPE",
				"application/offset+octet-stream", "CONTENT_LENGTH", "12"),
		    "012345678901");
	assert_string_equal(seen.body, "012345678901");
}

static int
set_up(void **state)
{
	struct token_key key = { .kid = "key" };

	(void)state;
	crypto_sign_keypair(key.public_key, secret);
	dispatch.routes = routes;
	dispatch.tokens = token_open("moa");
	dispatch.cors_origins = "https://shop.example https://b.example";
	atomic_store(&dispatch.long_slots, 1);
	token_set_keys(dispatch.tokens, &key, 1);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	token_close(dispatch.tokens);
	return 0;
}

#define WITH_DISPATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_DISPATCH(a_path_finds_its_handler),
		WITH_DISPATCH(another_method_is_told_what_there_is),
		WITH_DISPATCH(a_preflight_is_public),
		WITH_DISPATCH(a_route_for_options_answers_besides),
		WITH_DISPATCH(a_post_may_stand_for_another_method),
		WITH_DISPATCH(a_form_is_read_by_its_handler_and_json_is_not),
		WITH_DISPATCH(a_preflight_goes_by_the_method_that_is_to_follow),
		WITH_DISPATCH(strangers_get_no_cors_headers),
		WITH_DISPATCH(a_refusal_may_be_read_across_origins),
		WITH_DISPATCH(signed_in_is_the_rule),
		WITH_DISPATCH(public_looks_at_no_token),
		WITH_DISPATCH(guests_need_no_token_and_bring_no_bad_one),
		WITH_DISPATCH(admin_is_a_role),
		WITH_DISPATCH(merchants_come_with_keys),
		WITH_DISPATCH(bodies_are_json),
		WITH_DISPATCH(a_route_has_its_own_ceiling),
		WITH_DISPATCH(what_a_handler_does_not_read_is_refused),
		WITH_DISPATCH(each_unread_field_is_named),
		WITH_DISPATCH(who_is_calling_comes_before_the_body),
		WITH_DISPATCH(some_operations_need_a_key),
		WITH_DISPATCH(the_hash_tells_requests_apart),
		WITH_DISPATCH(long_requests_have_slots),
		WITH_DISPATCH(long_requests_have_time),
		WITH_DISPATCH(a_slow_body_costs_no_time),
		WITH_DISPATCH(an_upload_reads_its_own_body),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
