/* req.c: what a request's FastCGI parameters become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <fcgiapp.h>

#include "request.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Open a request that has these parameters, up to two, each "NAME=value" or NULL. */
static void
open_with(struct request *r, const char *one, const char *two)
{
	char **params;
	FCGX_Request *fcgi;

	request_begin(r, 1000);
	params = arena_alloc(&r->arena, 3 * sizeof(*params));
	params[0] = arena_strdup(&r->arena, one);
	params[1] = arena_strdup(&r->arena, two);
	fcgi = arena_alloc(&r->arena, sizeof(*fcgi));
	fcgi->envp = params;
	req_open(&r->rq, fcgi);
}

static void
test_nothing_given(void **state)
{
	struct request r;

	(void)state;
	open_with(&r, NULL, NULL);
	assert_int_equal(r.rq.method, METHOD_UNKNOWN);
	assert_string_equal(r.rq.path, "");
	assert_string_equal(r.rq.query, "");
	assert_string_equal(r.rq.accept, "");
	assert_string_equal(r.rq.cookie, "");
	assert_string_equal(r.rq.host, "");
	assert_string_equal(r.rq.user_agent, "");
	assert_true(strlen(r.rq.id) > 0);
	assert_null(r.rq.origin);
	assert_null(r.rq.traceparent);
	assert_null(req_cookie(&r.rq, "a"));
	assert_false(req_accepts(&r.rq, "text/event-stream"));
	assert_false(r.rq.https);
	assert_false(r.rq.korean);
	request_end(&r);
}

static void
test_uri(void **state)
{
	static const struct {
		const char *uri, *path, *query;
	} cases[] = {
		{ "REQUEST_URI=/a/b", "/a/b", "" },
		{ "REQUEST_URI=/a%2Fb?c=d%20e", "/a%2Fb", "c=d%20e" },
		{ "REQUEST_URI=/a?b?c", "/a", "b?c" },
		{ "REQUEST_URI=/a?", "/a", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct request r;

		open_with(&r, cases[i].uri, "REQUEST_METHOD=HEAD");
		assert_int_equal(r.rq.method, GET);
		assert_string_equal(r.rq.path, cases[i].path);
		assert_string_equal(r.rq.query, cases[i].query);
		request_end(&r);
	}
}

static void
test_language(void **state)
{
	static const struct {
		const char *languages;
		bool korean;
	} cases[] = {
		{ "HTTP_ACCEPT_LANGUAGE=ko", true },
		{ "HTTP_ACCEPT_LANGUAGE=ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", true },
		{ "HTTP_ACCEPT_LANGUAGE=KO-kr", true },
		{ "HTTP_ACCEPT_LANGUAGE=fr, ko;q=0.1", true },
		{ "HTTP_ACCEPT_LANGUAGE=en;q=0.5,ko;q=0.501", true },
		{ "HTTP_ACCEPT_LANGUAGE=ko, en;q=0.5", true },
		{ "HTTP_ACCEPT_LANGUAGE=en", false },
		{ "HTTP_ACCEPT_LANGUAGE=en-US,en;q=0.9,ko;q=0.8", false },
		{ "HTTP_ACCEPT_LANGUAGE=ko;q=0.9,en", false },
		{ "HTTP_ACCEPT_LANGUAGE=ko,en", false },
		{ "HTTP_ACCEPT_LANGUAGE=ko;q=0", false },
		{ "HTTP_ACCEPT_LANGUAGE=ko;q=nan", false },
		{ "HTTP_ACCEPT_LANGUAGE=kok", false },
		{ "HTTP_ACCEPT_LANGUAGE=*", false },
		{ "HTTP_ACCEPT_LANGUAGE=,;,", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct request r;

		open_with(&r, cases[i].languages, NULL);
		if (r.rq.korean != cases[i].korean)
			fail_msg("%s", cases[i].languages);
		request_end(&r);
	}
}

static void
test_id(void **state)
{
	static const char good64[] = "0123456789abcdefABCDEF._-0123456789abcdefABCDEF._-0123456789abcd";
	static const char *const bad[] = { "", "a b", "a/b", "가", "a\nb", "\"" };
	struct request r;
	size_t i;

	(void)state;
	open_with(&r, "HTTP_X_REQUEST_ID=abc.DEF_1-2", NULL);
	assert_string_equal(r.rq.id, "abc.DEF_1-2");
	request_end(&r);
	open_with(&r, "HTTP_X_REQUEST_ID=0123456789abcdefABCDEF._-0123456789abcdefABCDEF._-0123456789abcd",
		  NULL);
	assert_string_equal(r.rq.id, good64);
	request_end(&r);
	open_with(&r, "HTTP_X_REQUEST_ID=0123456789abcdefABCDEF._-0123456789abcdefABCDEF._-0123456789abcde",
		  NULL);
	assert_true(strlen(r.rq.id) < 64);
	request_end(&r);
	for (i = 0; i < COUNT(bad); i++) {
		char param[64];

		snprintf(param, sizeof(param), "HTTP_X_REQUEST_ID=%s", bad[i]);
		open_with(&r, param, NULL);
		assert_string_not_equal(r.rq.id, bad[i]);
		request_end(&r);
	}
}

static void
test_user_agent(void **state)
{
	char param[300] = "HTTP_USER_AGENT=", *agent = param + strlen(param);
	struct request r;

	(void)state;
	open_with(&r, "HTTP_USER_AGENT=Mozilla/5.0 (가)", NULL);
	assert_string_equal(r.rq.user_agent, "Mozilla/5.0 (가)");
	request_end(&r);
	open_with(&r, "HTTP_USER_AGENT=a\x1B[31m", NULL);
	assert_string_equal(r.rq.user_agent, "");
	request_end(&r);
	open_with(&r, "HTTP_USER_AGENT=\xFF", NULL);
	assert_string_equal(r.rq.user_agent, "");
	request_end(&r);
	/* Cut at 200 bytes, but not through a character: 199 letters and then one of three bytes. */
	memset(agent, 'a', 199);
	memcpy(agent + 199, "가", 4);
	open_with(&r, param, NULL);
	assert_int_equal(strlen(r.rq.user_agent), 199);
	request_end(&r);
}

static void
test_cookies(void **state)
{
	static const struct {
		const char *cookies, *value; /* of the cookie "refresh" */
	} cases[] = {
		{ "HTTP_COOKIE=refresh=abc", "abc" },
		{ "HTTP_COOKIE=a=b; refresh=abc; c=d", "abc" },
		{ "HTTP_COOKIE=a=b;refresh=a=b", "a=b" },
		{ "HTTP_COOKIE=;; ;refresh=;", "" },
		{ "HTTP_COOKIE=refresh=one; refresh=two", "one" },
		{ "HTTP_COOKIE=xrefresh=abc", NULL },
		{ "HTTP_COOKIE=refreshx=abc", NULL },
		{ "HTTP_COOKIE=a=refresh=abc", NULL },
		{ "HTTP_COOKIE=refresh", NULL },
		{ "HTTP_COOKIE=Refresh=abc", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct request r;
		const char *value;

		open_with(&r, cases[i].cookies, NULL);
		value = req_cookie(&r.rq, "refresh");
		if (cases[i].value ? !value || strcmp(value, cases[i].value) != 0 : value != NULL)
			fail_msg("%s", cases[i].cookies);
		request_end(&r);
	}
}

static void
test_accepts(void **state)
{
	static const struct {
		const char *accept;
		bool stream;
	} cases[] = {
		{ "HTTP_ACCEPT=text/event-stream", true },
		{ "HTTP_ACCEPT=Text/Event-Stream", true },
		{ "HTTP_ACCEPT=application/json, text/event-stream;q=0.5", true },
		{ "HTTP_ACCEPT=text/event-stream ; charset=utf-8,*/*", true },
		{ "HTTP_ACCEPT=*/*", false },
		{ "HTTP_ACCEPT=text/*", false },
		{ "HTTP_ACCEPT=text/event-streams", false },
		{ "HTTP_ACCEPT=application/json;x=text/event-stream", false },
		{ "HTTP_ACCEPT=,,", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct request r;

		open_with(&r, cases[i].accept, NULL);
		if (req_accepts(&r.rq, "text/event-stream") != cases[i].stream)
			fail_msg("%s", cases[i].accept);
		request_end(&r);
	}
}

static void
test_traceparent(void **state)
{
	struct request r;

	(void)state;
	open_with(&r, "HTTP_TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", NULL);
	assert_string_equal(r.rq.traceparent, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
	request_end(&r);
	open_with(&r, "HTTP_TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", NULL);
	assert_null(r.rq.traceparent);
	request_end(&r);
	open_with(&r, "HTTP_TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e473\r-00f067aa0ba902b7-01", NULL);
	assert_null(r.rq.traceparent);
	request_end(&r);
}

static void
test_https(void **state)
{
	struct request r;

	(void)state;
	open_with(&r, "REQUEST_SCHEME=https", NULL);
	assert_true(r.rq.https);
	request_end(&r);
	open_with(&r, "REQUEST_SCHEME=http", NULL);
	assert_false(r.rq.https);
	request_end(&r);
	open_with(&r, "HTTPS=on", NULL);
	assert_true(r.rq.https);
	request_end(&r);
}

/* Which addresses count as one caller. */
static void
test_networks(void **state)
{
	static const char *const rows[][2] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
		{ "2001:db8:1:2::1", "2001:db8:1:2::/64" },
		{ "2001:db8:1:3::1", "2001:db8:1:3::/64" },
		{ "::1", "::/64" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "", "" },
	};
	struct request r;
	size_t i;

	(void)state;
	request_begin(&r, 1000);
	for (i = 0; i < COUNT(rows); i++) {
		r.rq.address = rows[i][0];
		assert_string_equal(req_network(&r.rq), rows[i][1]);
	}
	request_end(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_given), cmocka_unit_test(test_uri),
		cmocka_unit_test(test_language),      cmocka_unit_test(test_id),
		cmocka_unit_test(test_user_agent),    cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_accepts),	      cmocka_unit_test(test_traceparent),
		cmocka_unit_test(test_https),	      cmocka_unit_test(test_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
