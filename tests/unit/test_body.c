/* A request's body: whole, short, long, too large, cut off, and as an upload reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange.h"

enum { MAX = 1000 };

/* Begin a POST that announces length (NULL: does not), and send the first len bytes of a body of letters. */
static void
post(struct exchange *x, const char *length, size_t len)
{
	char body[4 * MAX];

	memset(body, 'a', sizeof(body));
	assert_true(len <= sizeof(body));
	if (length)
		exchange_begin(x, FCGI_PARAMS("REQUEST_METHOD", "POST", "CONTENT_LENGTH", length));
	else
		exchange_begin(x, FCGI_PARAMS("REQUEST_METHOD", "POST"));
	if (len > 0)
		fcgi_stdin(x->pair.server, body, len);
}

static void
bodies_and_their_lengths(void **state)
{
	static const struct {
		const char *length;
		size_t len;
		enum err expected;
	} cases[] = {
		{ "0", 0, OK },
		{ "", 0, OK },
		{ NULL, 0, OK },
		{ "1", 1, OK },
		{ "999", 999, OK },
		{ "1000", 1000, OK },
		/* chunked */
		{ NULL, 1, OK },
		{ NULL, 1000, OK },
		{ NULL, 1001, ERR_BODY_TOO_LARGE },
		{ NULL, 4000, ERR_BODY_TOO_LARGE },
		/* shorter and longer than announced */
		{ "2", 1, ERR_MALFORMED_REQUEST },
		{ "1000", 0, ERR_MALFORMED_REQUEST },
		{ "0", 1, ERR_MALFORMED_REQUEST },
		{ "1", 2, ERR_MALFORMED_REQUEST },
		{ "1", 1000, ERR_MALFORMED_REQUEST },
		{ "1", 4000, ERR_BODY_TOO_LARGE },
		/* too large to begin with */
		{ "1001", 0, ERR_BODY_TOO_LARGE },
		{ "9223372036854775807", 0, ERR_BODY_TOO_LARGE },
		{ "99999999999999999999", 0, ERR_BODY_TOO_LARGE },
		/* no number */
		{ "-1", 0, ERR_MALFORMED_REQUEST },
		{ "1x", 1, ERR_MALFORMED_REQUEST },
		{ "x", 1, ERR_MALFORMED_REQUEST },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exchange x;
		enum err e;

		post(&x, cases[i].length, cases[i].len);
		fcgi_stdin(x.pair.server, "", 0);
		e = req_take_body(&x.r.rq, MAX);
		if (e != cases[i].expected)
			fail_msg("case %zu: %d", i, e);
		if (e == OK) {
			assert_int_equal(x.r.rq.body_len, cases[i].len);
			assert_int_equal(x.r.rq.body ? strlen(x.r.rq.body) : 0, cases[i].len);
			assert_int_equal(x.r.rq.body != NULL, cases[i].len > 0);
		}
		exchange_end(&x);
	}
}

/* A web server hangs up on us when its client does, or the other way round; either way nobody is left to answer. */
static void
a_client_that_leaves(void **state)
{
	static const struct {
		const char *length;
		size_t len;
	} cases[] = { { "500", 0 }, { "500", 499 }, { "500", 500 }, { NULL, 0 }, { NULL, 10 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exchange x;

		post(&x, cases[i].length, cases[i].len);
		fcgi_pair_leave(&x.pair);
		assert_int_equal(req_take_body(&x.r.rq, MAX), ERR_CLIENT_GONE);
		exchange_end(&x);
	}
}

/* An upload takes what has come, without waiting for its buffer to fill. */
static void
an_upload_reads_what_has_come(void **state)
{
	struct exchange x;
	char buf[100];

	(void)state;
	post(&x, "100", 0);
	fcgi_stdin(x.pair.server, "abc", 3);
	assert_int_equal(req_read(&x.r.rq, buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "abc", 3);
	fcgi_stdin(x.pair.server, "defgh", 5);
	assert_int_equal(req_read(&x.r.rq, buf, 1), 1);
	assert_int_equal(req_read(&x.r.rq, buf + 1, 3), 3);
	assert_int_equal(req_read(&x.r.rq, buf + 4, 96), 1);
	assert_memory_equal(buf, "defgh", 5);
	fcgi_stdin(x.pair.server, "", 0);
	assert_int_equal(req_read(&x.r.rq, buf, sizeof(buf)), 0);
	assert_int_equal(req_read(&x.r.rq, buf, sizeof(buf)), 0);
	exchange_end(&x);
}

static void
an_upload_keeps_what_came_before_the_cut(void **state)
{
	struct exchange x;
	char buf[100];

	(void)state;
	post(&x, "100", 7);
	fcgi_pair_leave(&x.pair);
	assert_int_equal(req_read(&x.r.rq, buf, sizeof(buf)), 7);
	assert_int_equal(req_read(&x.r.rq, buf, sizeof(buf)), -1);
	assert_int_equal(req_read(&x.r.rq, buf, sizeof(buf)), -1);
	exchange_end(&x);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_and_their_lengths),
		cmocka_unit_test(a_client_that_leaves),
		cmocka_unit_test(an_upload_reads_what_has_come),
		cmocka_unit_test(an_upload_keeps_what_came_before_the_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
