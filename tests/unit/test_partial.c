/* partial.c: the reply comes out of the model's answer as it is made, however it is cut, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "partial.h"

/* An answer with everything in it: escapes, a surrogate pair, Hangul, a nested object with a member of the same name. */
static const char answer[] =
    "\xEF\xBB\xBF```json\n{ \"fits\": true, \"mood\" : null,\"x\":{\"reply\":\"no\"},\n"
    " \"list\":[\"a\\\"]}\", \"reply\"], \"reply\" : \"\\uc548\\uB155! \\\"\xEB\xAA\xA8\xEC\x95\x84\\\" "
    "\\ud83d\\uDE00\\n\xF0\x9F\x98\x80 \\/ok\" }\n```\n";
static const char reply[] = "안녕! \"모아\" 😀\n😀 /ok";
static const char head[] =
    "{ \"fits\": true, \"mood\" : null,\"x\":{\"reply\":\"no\"},\n \"list\":[\"a\\\"]}\", \"reply\"]}";

/* Is what has been decoded whole characters only, and the beginning of the reply? */
static void
assert_begins(const struct partial *p)
{
	assert_int_equal(strlen(p->reply), p->reply_len);
	assert_memory_equal(p->reply, reply, p->reply_len);
	assert_true((reply[p->reply_len] & 0xC0) != 0x80);
}

static void
test_any_cut_gives_the_same(void **state)
{
	size_t cut, i;
	struct arena a;

	(void)state;
	for (cut = 1; cut < sizeof(answer); cut++) {
		struct partial *p;

		arena_init(&a);
		p = partial_open(&a);
		for (i = 0; i < strlen(answer); i += cut) {
			size_t left = strlen(answer) - i;

			assert_true(partial_feed(p, answer + i, left < cut ? left : cut));
			assert_begins(p);
		}
		assert_string_equal(p->reply, reply);
		assert_string_equal(partial_head(&a, p), head);
		assert_non_null(strstr(partial_whole(p), "/ok\" }"));
		assert_int_equal(partial_whole(p)[0], '{');
		arena_free(&a);
	}
}

/* Each character is there as soon as its last byte is, and the head before the first. */
static void
test_nothing_waits(void **state)
{
	static const char text[] = "{\"fits\":true,\"reply\":\"가a\\n";
	static const char *const steps[] = { "", "", "가", "가a", "가a", "가a\n" };
	struct partial *p;
	struct arena a;
	size_t i, at;

	(void)state;
	arena_init(&a);
	p = partial_open(&a);
	at = (size_t)(strstr(text, "가") - text);
	assert_true(partial_feed(p, text, at - 1));
	assert_null(partial_head(&a, p));
	assert_true(partial_feed(p, text + at - 1, 1));
	assert_string_equal(partial_head(&a, p), "{\"fits\":true}");
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_true(partial_feed(p, text + at + i, 1));
		assert_string_equal(p->reply, steps[i]);
	}
	assert_null(partial_whole(p));
	arena_free(&a);
}

static void
test_what_is_no_answer_is_refused(void **state)
{
	static const char *const rows[] = {
		"Here is the JSON: {}",
		"[\"reply\"]",
		"\"reply\"",
		"````````````````````{}",
		"{\"reply\":\"a\nb\"}",
		"{\"reply\":\"\\x\"}",
		"{\"reply\":\"\\u00g0\"}",
		"{\"reply\":\"\\u0000\"}",
		"{\"reply\":\"\\ud800\"}",
		"{\"reply\":\"\\ud800x\"}",
		"{\"reply\":\"\\ud800\\n\"}",
		"{\"reply\":\"\\ud800가\"}",
		"{\"reply\":\"\\udc00\"}",
		"{\"reply\":\"\\ud800\\ud800\"}",
		"{\"reply\":\"\xC0\xAF\"}",
		"{\"reply\":\"\xED\xA0\x80\"}",
		"{\"reply\":\"\xEA\xB0\"}",
		"{\"reply\":\"\x80\"}",
		"{\"reply\":\"\xFF\xFF\xFF\xFF\"}",
		"{\"reply\":\"a\",\"reply\":\"b\"}",
		"{\"reply\":\"a\"} {\"reply\":\"b\"}",
		"{\"reply\":\"a\"} and that is it",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct partial *p;
		struct arena a;

		arena_init(&a);
		p = partial_open(&a);
		if (partial_feed(p, rows[i], strlen(rows[i])) || !p->broken || partial_whole(p))
			fail_msg("accepted: %s", rows[i]);
		assert_false(partial_feed(p, "}", 1));
		arena_free(&a);
	}
}

/* Not broken, but no reply is told: the strict reading of the whole decides. */
static void
test_the_reply_is_a_string_of_the_object_itself(void **state)
{
	static const char *const rows[] = {
		"{\"fits\":true}",
		"{\"reply\":null}",
		"{\"reply\":[\"a\"]}",
		"{\"reply\" \"a\"}",
		"{\"x\":{\"reply\":\"a\"}}",
		"{\"x\":[{\"reply\":\"a\"}]}",
		"{\"x\":\"reply\",\"y\":\"a\"}",
		"{\"repl\\u0079\":\"a\"}",
		"{\"reply \":\"a\"}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct partial *p;
		struct arena a;

		arena_init(&a);
		p = partial_open(&a);
		if (!partial_feed(p, rows[i], strlen(rows[i])) || p->reply_len || partial_head(&a, p))
			fail_msg("told a reply: %s", rows[i]);
		assert_string_equal(partial_whole(p), rows[i]);
		arena_free(&a);
	}
}

static void
test_ceilings(void **state)
{
	struct partial *p;
	struct arena a;
	int i;

	(void)state;
	arena_init(&a);
	p = partial_open(&a);
	for (i = 0; i < 250000; i++)
		assert_true(partial_feed(p, " ", 1));
	assert_true(partial_feed(p, "{\"fits\":true,\"reply\":\"", 22));
	for (i = 0; partial_feed(p, "ab", 2); i++)
		assert_true(i < PARTIAL_MAX);
	assert_true(p->reply_len < PARTIAL_MAX && p->reply_len > PARTIAL_MAX - 100);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_cut_gives_the_same),
		cmocka_unit_test(test_nothing_waits),
		cmocka_unit_test(test_what_is_no_answer_is_refused),
		cmocka_unit_test(test_the_reply_is_a_string_of_the_object_itself),
		cmocka_unit_test(test_ceilings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
