/* Replies as the web server gets them: success, problem documents, headers, and what a business function said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <libpq-fe.h>

#include "db.h"
#include "exchange.h"
#include "json.h"
#include "out.h"

/* Send what is in x and read it as the web server does.  The status; 0 when a header is broken. */
static int
sent(struct exchange *x, struct fcgi_reply *ret_reply)
{
	assert_int_equal(resp_send(&x->r.rs), OK);
	fcgi_pair_finish(&x->pair, ret_reply);
	return ret_reply->status;
}

static void
assert_header(const struct fcgi_reply *reply, const char *name, const char *expected)
{
	char value[256];

	if (fcgi_header(reply, name, value))
		assert_string_equal(value, expected ? expected : "(none)");
	else if (expected)
		fail_msg("no %s", name);
}

static void
a_body_has_type_and_length(void **state)
{
	struct fcgi_reply reply;
	struct exchange x;

	(void)state;
	exchange_get(&x, "/");
	assert_int_equal(resp_text(&x.r.rs, 201, "text/plain; charset=utf-8", "모아"), OK);
	assert_int_equal(sent(&x, &reply), 201);
	assert_true(x.r.rs.begun);
	assert_header(&reply, "Content-Type", "text/plain; charset=utf-8");
	assert_header(&reply, "Content-Length", "6");
	assert_string_equal(reply.body, "모아");
	fcgi_release(&reply);
	exchange_end(&x);
}

static void
bytes_may_be_any(void **state)
{
	static const char bytes[] = "\0\r\n\r\n\xFF";
	struct fcgi_reply reply;
	struct exchange x;

	(void)state;
	exchange_get(&x, "/");
	assert_int_equal(resp_bytes(&x.r.rs, 200, "image/png", bytes, sizeof(bytes)), OK);
	sent(&x, &reply);
	assert_int_equal(reply.len - (size_t)(reply.body - reply.text), sizeof(bytes));
	assert_memory_equal(reply.body, bytes, sizeof(bytes));
	fcgi_release(&reply);
	exchange_end(&x);
}

static void
no_body_has_neither(void **state)
{
	struct fcgi_reply reply;
	struct exchange x;

	(void)state;
	exchange_get(&x, "/");
	assert_int_equal(resp_empty(&x.r.rs), OK);
	assert_int_equal(sent(&x, &reply), 204);
	assert_header(&reply, "Content-Type", NULL);
	assert_header(&reply, "Content-Length", NULL);
	assert_string_equal(reply.body, "");
	fcgi_release(&reply);
	exchange_end(&x);
}

static void
headers_keep_their_order_and_nothing_breaks_out_of_them(void **state)
{
	struct fcgi_reply reply;
	struct exchange x;

	(void)state;
	exchange_get(&x, "/");
	resp_header(&x.r.rs, "X-First", "%s-%d", "a", 1);
	resp_header(&x.r.rs, "X-Second", "%s", "b\r\nSet-Cookie: evil=1\r\n\r\n<script>\x7f\x01");
	resp_header(&x.r.rs, "X-First", "again");
	resp_text(&x.r.rs, 200, "text/plain", "body");
	sent(&x, &reply);
	assert_header(&reply, "X-Second", "b  Set-Cookie: evil=1    <script>  ");
	assert_header(&reply, "Set-Cookie", NULL);
	assert_true(strstr(reply.text, "X-First: a-1") < strstr(reply.text, "X-Second"));
	assert_true(strstr(reply.text, "X-Second") < strstr(reply.text, "X-First: again"));
	assert_string_equal(reply.body, "body");
	fcgi_release(&reply);
	exchange_end(&x);
}

static void
nothing_is_cached_unless_the_handler_says_so(void **state)
{
	struct fcgi_reply reply;
	struct exchange x;

	(void)state;
	exchange_get(&x, "/");
	resp_text(&x.r.rs, 200, "text/plain", "mine");
	sent(&x, &reply);
	assert_header(&reply, "Cache-Control", "no-store");
	fcgi_release(&reply);
	exchange_end(&x);
	exchange_get(&x, "/");
	resp_header(&x.r.rs, "Cache-Control", "public, max-age=300");
	resp_text(&x.r.rs, 200, "text/plain", "everybody's");
	sent(&x, &reply);
	assert_header(&reply, "Cache-Control", "public, max-age=300");
	fcgi_release(&reply);
	exchange_end(&x);
}

/* The problem document of e, parsed; it lives as long as x. */
static struct json_object *
problem(struct exchange *x, enum err e, struct fcgi_reply *ret_reply)
{
	struct json_object *document;

	resp_problem(&x->r.rs, &x->r.rq, e);
	assert_int_equal(sent(x, ret_reply), err_row(e)->status);
	assert_header(ret_reply, "Content-Type", "application/problem+json");
	assert_int_equal(json_read(&x->r.arena, ret_reply->body, strlen(ret_reply->body), &document), OK);
	return document;
}

static void
a_problem_in_both_languages(void **state)
{
	static const struct {
		const char *languages, *content_language;
		bool korean;
	} cases[] = { { "ko-KR,ko;q=0.9,en;q=0.8", "ko", true }, { "en", "en", false }, { "", "en", false } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct err_row *row = err_row(ERR_MONEY_OWED);
		struct fcgi_reply reply;
		struct json_object *document;
		struct exchange x;

		exchange_begin(&x, FCGI_PARAMS("HTTP_ACCEPT_LANGUAGE", cases[i].languages,
					       "HTTP_X_REQUEST_ID", "the-id"));
		document = problem(&x, ERR_MONEY_OWED, &reply);
		assert_header(&reply, "Content-Language", cases[i].content_language);
		assert_string_equal(json_member_text(document, "detail"),
				    cases[i].korean ? row->detail_ko : row->detail_en);
		assert_string_equal(json_member_text(document, "title"), row->title);
		assert_string_equal(json_member_text(document, "code"), "money_owed");
		assert_string_equal(json_member_text(document, "type"), "urn:moa:problem:money_owed");
		assert_string_equal(json_member_text(document, "request_id"), "the-id");
		assert_int_equal(json_member_i64(document, "status", 0), 409);
		assert_false(json_object_object_get_ex(document, "errors", NULL));
		fcgi_release(&reply);
		exchange_end(&x);
	}
}

static void
a_problem_of_its_own_words(void **state)
{
	struct json_object *document;
	struct fcgi_reply reply;
	struct exchange x;

	(void)state;
	exchange_get(&x, "/");
	x.r.rs.detail = "Only \"this\" once.";
	document = problem(&x, ERR_CONFLICT, &reply);
	assert_string_equal(json_member_text(document, "detail"), "Only \"this\" once.");
	fcgi_release(&reply);
	exchange_end(&x);
}

static void
what_to_do_stands_in_headers(void **state)
{
	static const struct {
		enum err e;
		int retry_after_s;
		const char *retry_after, *authenticate;
	} cases[] = {
		{ ERR_UNAVAILABLE, 0, "2", NULL },
		{ ERR_OVERLOADED, 0, "1", NULL },
		{ ERR_RATE_LIMITED, 0, "60", NULL },
		{ ERR_RATE_LIMITED, 7, "7", NULL },
		{ ERR_TURN_IN_PROGRESS, 3, "3", NULL },
		{ ERR_CONFLICT, 0, NULL, NULL },
		{ ERR_INTERNAL, 0, NULL, NULL },
		{ ERR_TOKEN_MISSING, 0, NULL, "Bearer" },
		{ ERR_TOKEN_INVALID, 0, NULL, "Bearer error=\"invalid_token\"" },
		{ ERR_TOKEN_EXPIRED, 0, NULL, "Bearer error=\"invalid_token\"" },
		{ ERR_BAD_CREDENTIALS, 0, NULL, "Bearer" },
		{ ERR_FORBIDDEN, 0, NULL, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fcgi_reply reply;
		struct exchange x;

		exchange_get(&x, "/");
		assert_int_equal(resp_refuse(&x.r.rs, cases[i].e, cases[i].retry_after_s), cases[i].e);
		problem(&x, cases[i].e, &reply);
		assert_header(&reply, "Retry-After", cases[i].retry_after);
		assert_header(&reply, "WWW-Authenticate", cases[i].authenticate);
		fcgi_release(&reply);
		exchange_end(&x);
	}
}

static void
faults_are_listed_in_order_up_to_twenty(void **state)
{
	struct json_object *document, *errors, *first;
	struct fcgi_reply reply;
	struct exchange x;
	int i;

	(void)state;
	exchange_get(&x, "/");
	for (i = 1; i <= 25; i++)
		resp_fault(&x.r.rs, arena_printf(&x.r.arena, "field%d", i), "too_long", "At most %d.", i);
	document = problem(&x, ERR_VALIDATION_FAILED, &reply);
	assert_true(json_object_object_get_ex(document, "errors", &errors));
	assert_int_equal(json_object_array_length(errors), 20);
	first = json_object_array_get_idx(errors, 0);
	assert_string_equal(json_member_text(first, "field"), "field1");
	assert_string_equal(json_member_text(first, "code"), "too_long");
	assert_string_equal(json_member_text(first, "message"), "At most 1.");
	assert_string_equal(json_member_text(json_object_array_get_idx(errors, 19), "field"), "field20");
	fcgi_release(&reply);
	exchange_end(&x);
}

static void
limits_are_told(void **state)
{
	struct fcgi_reply reply;
	struct exchange x;

	(void)state;
	exchange_get(&x, "/");
	resp_rate_limit(&x.r.rs, "courtesy", 600, 600, 599, 600);
	resp_rate_limit(&x.r.rs, "login", 10, 600, 3, 42);
	resp_empty(&x.r.rs);
	sent(&x, &reply);
	assert_header(&reply, "RateLimit-Policy", "\"courtesy\";q=600;w=600, \"login\";q=10;w=600");
	assert_header(&reply, "RateLimit", "\"courtesy\";r=599;t=600, \"login\";r=3;t=42");
	fcgi_release(&reply);
	exchange_end(&x);
}

/* A row as a business function returns it; NULL is SQL's.  Columns whose name is NULL are left out. */
struct column {
	const char *name, *value;
};

static void
release(void *pg)
{
	PQclear(pg);
}

static struct db_result
row_of(struct arena *a, const struct column *columns, int n, int rows)
{
	PGresult *pg = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc names[4] = { 0 };
	int i;

	for (i = 0; i < n; i++)
		names[i].name = (char *)columns[i].name;
	assert_true(PQsetResultAttrs(pg, n, names));
	for (i = 0; i < n && rows > 0; i++) {
		char *value = (char *)columns[i].value;

		assert_true(PQsetvalue(pg, 0, i, value, value ? (int)strlen(value) : -1));
	}
	arena_defer(a, release, pg);
	return (struct db_result){ .arena = a, .pg = pg, .rows = rows };
}

static void
a_result_is_the_reply(void **state)
{
	static const struct column columns[] = { { "code", NULL },
						 { "result", "{\"id\": 1}" },
						 { "replayed", "f" } };
	struct fcgi_reply reply;
	struct db_result res;
	struct exchange x;

	(void)state;
	exchange_get(&x, "/");
	res = row_of(&x.r.arena, columns, 3, 1);
	assert_int_equal(resp_result(&x.r.rs, 201, &res), OK);
	assert_int_equal(sent(&x, &reply), 201);
	assert_header(&reply, "Content-Type", "application/json");
	assert_header(&reply, "Idempotent-Replayed", NULL);
	assert_string_equal(reply.body, "{\"id\": 1}");
	fcgi_release(&reply);
	exchange_end(&x);
}

static void
a_replayed_result_says_so(void **state)
{
	static const struct column columns[] = { { "code", NULL },
						 { "result", "{\"id\": 1}" },
						 { "replayed", "t" } };
	struct fcgi_reply reply;
	struct db_result res;
	struct exchange x;

	(void)state;
	exchange_get(&x, "/");
	res = row_of(&x.r.arena, columns, 3, 1);
	assert_int_equal(resp_result(&x.r.rs, 201, &res), OK);
	assert_int_equal(sent(&x, &reply), 201);
	assert_header(&reply, "Idempotent-Replayed", "true");
	assert_string_equal(reply.body, "{\"id\": 1}");
	fcgi_release(&reply);
	exchange_end(&x);
}

static void
a_result_may_have_no_body(void **state)
{
	static const struct column columns[] = { { "code", NULL }, { "result", NULL } };
	struct fcgi_reply reply;
	struct db_result res;
	struct exchange x;

	(void)state;
	exchange_get(&x, "/");
	res = row_of(&x.r.arena, columns, 2, 1);
	assert_int_equal(resp_result(&x.r.rs, 204, &res), OK);
	assert_int_equal(sent(&x, &reply), 204);
	assert_header(&reply, "Content-Type", NULL);
	fcgi_release(&reply);
	exchange_end(&x);
}

static void
a_refusal_is_an_error(void **state)
{
	static const struct {
		struct column columns[3];
		int n, rows;
		enum err expected;
		int retry_after_s;
	} cases[] = {
		{ { { "code", "money_owed" }, { "result", NULL } }, 2, 1, ERR_MONEY_OWED, 0 },
		{ { { "code", "rate_limited" }, { "retry_after_s", "42" } }, 2, 1, ERR_RATE_LIMITED, 42 },
		{ { { "code", "no_such_code" }, { "result", NULL } }, 2, 1, ERR_INTERNAL, 0 },
		{ { { "code", NULL }, { "result", "{}" } }, 2, 0, ERR_NOT_FOUND, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct db_result res;
		struct exchange x;

		exchange_get(&x, "/");
		res = row_of(&x.r.arena, cases[i].columns, cases[i].n, cases[i].rows);
		assert_int_equal(resp_result(&x.r.rs, 200, &res), cases[i].expected);
		assert_int_equal(x.r.rs.retry_after_s, cases[i].retry_after_s);
		exchange_end(&x);
	}
}

/* libfcgi tells of a failure once; here it stays. */
static void
a_client_that_left_stays_gone(void **state)
{
	struct exchange x;

	(void)state;
	exchange_get(&x, "/");
	resp_text(&x.r.rs, 200, "text/plain", "here");
	assert_int_equal(resp_send(&x.r.rs), OK);
	assert_int_equal(resp_flush(&x.r.rs), OK);
	fcgi_pair_leave(&x.pair);
	assert_int_equal(resp_send(&x.r.rs), OK);
	assert_int_equal(resp_flush(&x.r.rs), ERR_CLIENT_GONE);
	assert_int_equal(resp_flush(&x.r.rs), ERR_CLIENT_GONE);
	exchange_end(&x);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_has_type_and_length),
		cmocka_unit_test(bytes_may_be_any),
		cmocka_unit_test(no_body_has_neither),
		cmocka_unit_test(headers_keep_their_order_and_nothing_breaks_out_of_them),
		cmocka_unit_test(nothing_is_cached_unless_the_handler_says_so),
		cmocka_unit_test(a_problem_in_both_languages),
		cmocka_unit_test(a_problem_of_its_own_words),
		cmocka_unit_test(what_to_do_stands_in_headers),
		cmocka_unit_test(faults_are_listed_in_order_up_to_twenty),
		cmocka_unit_test(limits_are_told),
		cmocka_unit_test(a_result_is_the_reply),
		cmocka_unit_test(a_replayed_result_says_so),
		cmocka_unit_test(a_result_may_have_no_body),
		cmocka_unit_test(a_refusal_is_an_error),
		cmocka_unit_test(a_client_that_left_stays_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
