/* Reading server-sent events: the same events come out of a stream however it is cut into pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "sse.h"

/* The events seen so far, as "type=data|type=data|". */
struct seen {
	char text[1024];
	size_t len;
	int events, enough;
};

static bool
note(void *ctx, const char *event, const char *data, size_t len)
{
	struct seen *seen = ctx;

	assert_int_equal(strlen(data), len);
	seen->len +=
	    (size_t)snprintf(seen->text + seen->len, sizeof(seen->text) - seen->len, "%s=%s|", event, data);
	return ++seen->events != seen->enough;
}

/* Read a stream in pieces of at most step bytes, the first of first bytes. */
static enum err
read_stream(const char *stream, size_t first, size_t step, size_t max, struct seen *seen)
{
	struct sse s = { .event_max = max, .on_event = note, .ctx = seen };
	size_t len = strlen(stream), at = 0, n = first;
	struct arena a;
	enum err e = OK;

	arena_init(&a);
	s.arena = &a;
	for (; !e && at < len; at += n, n = step) {
		if (n > len - at)
			n = len - at;
		e = sse_feed(&s, stream + at, n);
	}
	if (!e)
		e = sse_end(&s);
	arena_free(&a);
	return e;
}

/* Cut at every byte, and into single bytes. */
static void
assert_events(const char *stream, const char *expected)
{
	size_t len = strlen(stream), first;

	for (first = 0; first <= len; first++) {
		struct seen seen = { 0 };

		assert_int_equal(read_stream(stream, first, len + 1, 1000, &seen), OK);
		assert_string_equal(seen.text, expected);
	}
	for (first = 1; first <= 3; first++) {
		struct seen seen = { 0 };

		assert_int_equal(read_stream(stream, first, first, 1000, &seen), OK);
		assert_string_equal(seen.text, expected);
	}
}

static void
streams_in_any_pieces(void **state)
{
	static const struct {
		const char *stream, *events;
	} rows[] = {
		{ "data: a\n\ndata: b\n\n", "message=a|message=b|" },
		{ "data: a\r\n\r\ndata: b\r\n\r\n", "message=a|message=b|" },
		{ "event: e\r\ndata: a\r\ndata: b\r\n\r\n", "e=a\nb|" },
		{ "event: e\rdata: a\rdata: b\r\r", "e=a\nb|" },
		{ "data: a\r\rdata: b\r\r", "message=a|message=b|" },
		{ "data: a\r\n\ndata: b\n\r\n", "message=a|message=b|" },
		{ "data: a\r\n\rdata: b\r\n\n", "message=a|message=b|" },
		{ "data:a\n\n", "message=a|" },
		{ "data:  a \n\n", "message= a |" },
		{ "data: a\ndata: b\ndata:\ndata\ndata: c\n\n", "message=a\nb\n\n\nc|" },
		{ "event: token\nid: 7\nretry: 3\ndata: {\"a\": 1}\n\n", "token={\"a\": 1}|" },
		{ "data: a\nevent: late\n\ndata: b\n\n", "late=a|message=b|" },
		{ ": ping\n\n: pong\ndata: a\n:\n\n", "message=a|" },
		{ "\xEF\xBB\xBF"
		  "data: a\n\n",
		  "message=a|" },
		{ "\xEF\xBB\xBF"
		  "data: a\n\n"
		  "\xEF\xBB\xBF"
		  "data: b\n\n",
		  "message=a|" },
		{ "\n\n\r\r\n\ndata: a\n\n\n\n\n", "message=a|" },
		{ "event: empty\n\ndata\n\n", "message=|" },
		{ "nonsense\ndatas: x\n data: x\ndata: a\n\n", "message=a|" },
		{ "data: a: b\n\n", "message=a: b|" },
		{ "event: a-name-that-is-longer-than-anybody-would-use\ndata: 1\n\n",
		  "a-name-that-is-longer-than-anyb=1|" },
		{ "data: [DONE]", "message=[DONE]|" },
		{ "data: a\n", "message=a|" },
		{ "data: \xEA\xB0\x80\xEB\x82\x98\n\n", "message=\xEA\xB0\x80\xEB\x82\x98|" },
		{ "event: only\n", "" },
		{ "", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_events(rows[i].stream, rows[i].events);
}

static void
enough_is_enough(void **state)
{
	struct seen seen = { .enough = 2 };

	(void)state;
	assert_int_equal(read_stream("data: a\n\ndata: b\n\ndata: c\n\n", 100, 100, 100, &seen),
			 ERR_CLIENT_GONE);
	assert_string_equal(seen.text, "message=a|message=b|");
}

static void
an_event_has_a_ceiling(void **state)
{
	static const struct {
		const char *stream;
		enum err expected;
	} rows[] = {
		{ "data: 1234\n\ndata: 1234\n\n", OK },
		{ "data: 12345\n\n", ERR_BODY_TOO_LARGE },
		{ "data: 123\ndata: 456\ndata: 789\n\n", OK },
		{ "data: 123\ndata: 456\ndata: 789\ndata:\n\n", ERR_BODY_TOO_LARGE },
		{ ": a long comment\n\n", ERR_BODY_TOO_LARGE },
		{ "                         ", ERR_BODY_TOO_LARGE },
		{ "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", OK },
	};
	size_t i, step;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (step = 1; step < 40; step++) {
			struct seen seen = { 0 };
			size_t max = strstr(rows[i].stream, "456") ? 11 : 10;

			assert_int_equal(read_stream(rows[i].stream, step, step, max, &seen),
					 rows[i].expected);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_in_any_pieces),
		cmocka_unit_test(enough_is_enough),
		cmocka_unit_test(an_event_has_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
