/* json.c: what is JSON and what only looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "arena.h"
#include "json.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static enum err
read_text(const char *text, size_t len)
{
	struct json_object *value;
	struct arena a;
	enum err e;

	arena_init(&a);
	e = json_read(&a, text, len, &value);
	arena_free(&a);
	return e;
}

static void
test_good(void **state)
{
	static const char *const cases[] = {
		"{}",
		"[]",
		" \t\r\n{ } \n",
		"null",
		"true",
		"false",
		"0",
		"-0",
		"12",
		"-12.5e+3",
		"1E5",
		"0.5",
		"\"\"",
		"\"가방 \\uAC00 \\ud83d\\uDE00 \\\" \\\\ \\/ \\b\\f\\n\\r\\t\"",
		"{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}}",
		"{\"a:b\":\"c:d\",\"{\":\"}\",\"[\":\"]\"}",
		"[1,2,[3,[4]],\"N I '\"]",
		"{\"\":0}",
		"\"\x7F\"",
		"{\"a\":null,\"A\":1}",
		"18446744073709551615",
		"1e400",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (read_text(cases[i], strlen(cases[i])) != OK)
			fail_msg("%s is JSON", cases[i]);
}

static void
test_malformed(void **state)
{
	static const char *const cases[] = {
		/* cut */
		"",
		" ",
		"{",
		"[",
		"{\"a\"",
		"{\"a\":",
		"{\"a\":1",
		"[1,",
		"\"a",
		"tru",
		"nul",
		"-",
		"1e",
		"1e+",
		"1.",
		"\"\\",
		"\"\\u",
		"\"\\u00",
		"\"\\ud800",
		"\"\\ud800\\u",
		/* grammar */
		"{\"a\":1,}",
		"[1,]",
		"[,1]",
		"[1,,2]",
		"[1 2]",
		"{\"a\" 1}",
		"{1:1}",
		"{a:1}",
		"{,}",
		"]",
		"}",
		"[}",
		"{]",
		"{\"a\":1 \"b\":2}",
		"[1:2]",
		"{\"a\":1:2}",
		"{}}",
		"[]]",
		"{}{}",
		"{} x",
		"1 2",
		"null null",
		"\"a\"b",
		/* words */
		"TRUE",
		"True",
		"NULL",
		"nan",
		"NaN",
		"-NaN",
		"Infinity",
		"-Infinity",
		"[NaN]",
		"{\"a\":Infinity}",
		"undefined",
		/* numbers */
		"01",
		"00",
		"-01",
		"+1",
		".5",
		"-.5",
		"1.e3",
		"0x10",
		"1e1e1",
		"1.1.1",
		"--1",
		"1-2",
		"[00]",
		"[1.]",
		"1_000",
		/* quotes, comments, white space of other kinds */
		"'a'",
		"{'a':1}",
		"/**/1",
		"1//x",
		"\f1",
		"[1\v]",
		"\xC2\xA0{}",
		"\xEF\xBB\xBF{}",
		/* strings */
		"\"\t\"",
		"\"\n\"",
		"\"\x01\"",
		"\"\\x41\"",
		"\"\\u00g0\"",
		"\"\\u0000\"",
		"{\"a\\u0000b\":1}",
		"\"\\ud800\"",
		"\"\\udc00\"",
		"\"\\ud800x\"",
		"\"\\ud800\\u0041\"",
		"\"\\udc00\\ud800\"",
		"\"\xFF\"",
		"\"\xED\xA0\x80\"",
		"\"\xC0\x80\"",
		/* duplicate keys, also spelt differently and deep inside */
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"\\u0061\":2}",
		"[{\"x\":{\"k\":1,\"b\":2,\"k\":3}}]",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (read_text(cases[i], strlen(cases[i])) != ERR_MALFORMED_JSON)
			fail_msg("%s is not JSON", cases[i]);
}

static void
test_nul_bytes(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = { { "{}\0", 3 },	 { "\0{}", 3 }, { "[1\0]", 4 },
		      { "\"a\0b\"", 5 }, { "1\0", 2 },	{ "{\"a\0\":1}", 8 } };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (read_text(cases[i].text, cases[i].len) != ERR_MALFORMED_JSON)
			fail_msg("case %zu", i);
}

static void
test_reads_len_bytes_only(void **state)
{
	(void)state;
	assert_int_equal(read_text("{}garbage", 2), OK);
	assert_int_equal(read_text("12,", 2), OK);
	assert_int_equal(read_text("{\"a\":1}", 6), ERR_MALFORMED_JSON);
}

/* levels arrays around a number, or around nothing. */
static enum err
read_nested(int levels, bool number)
{
	char text[128] = "";

	memset(text, '[', (size_t)levels);
	text[levels] = '1';
	memset(text + levels + number, ']', (size_t)levels);
	return read_text(text, 2 * (size_t)levels + number);
}

static void
test_depth(void **state)
{
	char deep[100000];

	(void)state;
	assert_int_equal(read_nested(JSON_DEPTH_MAX, false), OK);
	assert_int_equal(read_nested(JSON_DEPTH_MAX, true), OK);
	assert_int_equal(read_nested(JSON_DEPTH_MAX + 1, false), ERR_MALFORMED_JSON);
	assert_int_equal(read_nested(JSON_DEPTH_MAX + 1, true), ERR_MALFORMED_JSON);
	memset(deep, '[', sizeof(deep));
	assert_int_equal(read_text(deep, sizeof(deep)), ERR_MALFORMED_JSON);
}

static void
test_members(void **state)
{
	static const char text[] = "{\"s\":\"가\",\"n\":-7,\"f\":1.5,\"z\":null,\"o\":{}}";
	struct json_object *object = NULL;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(json_read(&a, text, strlen(text), &object), OK);
	assert_string_equal(json_member_text(object, "s"), "가");
	assert_null(json_member_text(object, "n"));
	assert_null(json_member_text(object, "z"));
	assert_null(json_member_text(object, "absent"));
	assert_true(json_member_is(object, "s", "가"));
	assert_false(json_member_is(object, "s", "나"));
	assert_false(json_member_is(object, "absent", ""));
	assert_int_equal(json_member_i64(object, "n", 3), -7);
	assert_int_equal(json_member_i64(object, "f", 3), 3);
	assert_int_equal(json_member_i64(object, "absent", 3), 3);
	arena_free(&a);
}

static void
test_failure_leaves_the_result(void **state)
{
	struct json_object *value = (struct json_object *)&value;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(json_read(&a, "{", 1, &value), ERR_MALFORMED_JSON);
	assert_ptr_equal(value, &value);
	assert_int_equal(json_read(&a, "null", 4, &value), OK);
	assert_null(value);
	arena_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_reads_len_bytes_only),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_failure_leaves_the_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
