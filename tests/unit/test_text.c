/* text.c: UTF-8, percent-encoding, formats, random tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "text.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void
test_utf8(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool good;
	} cases[] = {
		{ "", 0, true },
		{ "plain", 5, true },
		{ "a\0b", 3, true },
		{ "\xC2\x80", 2, true },
		{ "\xDF\xBF", 2, true },
		{ "\xE0\xA0\x80", 3, true },
		{ "가방", 6, true },
		{ "\xED\x9F\xBF", 3, true },
		{ "\xEE\x80\x80", 3, true },
		{ "\xF0\x90\x80\x80", 4, true },
		{ "\xF4\x8F\xBF\xBF", 4, true },
		{ "\x80", 1, false }, /* a continuation first */
		{ "\xC2", 1, false }, /* cut */
		{ "\xE0\xA0", 2, false },
		{ "\xF0\x90\x80", 3, false },
		{ "\xC2\x41", 2, false }, /* no continuation */
		{ "\xE0\xA0\x41", 3, false },
		{ "\xC0\x80", 2, false }, /* overlong */
		{ "\xC1\xBF", 2, false },
		{ "\xE0\x9F\xBF", 3, false },
		{ "\xF0\x8F\xBF\xBF", 4, false },
		{ "\xED\xA0\x80", 3, false }, /* surrogates */
		{ "\xED\xBF\xBF", 3, false },
		{ "\xF4\x90\x80\x80", 4, false }, /* above U+10FFFF */
		{ "\xF5\x80\x80\x80", 4, false },
		{ "\xFF", 1, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (text_is_utf8(cases[i].bytes, cases[i].len) != cases[i].good)
			fail_msg("case %zu", i);
}

static void
test_length(void **state)
{
	(void)state;
	assert_int_equal(text_length(""), 0);
	assert_int_equal(text_length("abc"), 3);
	assert_int_equal(text_length("가방"), 2);
	assert_int_equal(text_length("é€😀"), 3);
}

/* At every length: whole characters, as many as fit. */
static void
test_cut(void **state)
{
	static const struct {
		size_t max;
		const char *text;
	} cases[] = {
		{ 0, "" },    { 1, "a" },   { 2, "a" },	   { 3, "a" },	    { 4, "a가" },
		{ 5, "a가" }, { 7, "a가" }, { 8, "a가😀" }, { 100, "a가😀" },
	};
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(text_cut(&a, "a가😀", cases[i].max), cases[i].text);
	arena_free(&a);
}

static void
test_controls(void **state)
{
	static const struct {
		const char *text;
		bool line, multiline; /* has controls, as one line and as several */
	} cases[] = {
		{ "plain 가방 é", false, false },  { "tab\there", true, false },
		{ "line\nfeed", true, false },	   { "carriage\rreturn", true, true },
		{ "\x1B[31m", true, true },	   { "del\x7F", true, true },
		{ "c1 \xC2\x80", true, true },	   { "c1 \xC2\x9F", true, true },
		{ "nbsp \xC2\xA0", false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (text_has_controls(cases[i].text, false) != cases[i].line ||
		    text_has_controls(cases[i].text, true) != cases[i].multiline)
			fail_msg("case %zu", i);
}

static void
test_decode(void **state)
{
	static const struct {
		const char *in;
		bool plus;
		const char *out; /* NULL: refused */
	} cases[] = {
		{ "", false, "" },
		{ "abc", false, "abc" },
		{ "a%20b", false, "a b" },
		{ "a+b", false, "a+b" },
		{ "a+b", true, "a b" },
		{ "a%2Bb", true, "a+b" },
		{ "%EA%B0%80", false, "가" },
		{ "%ea%b0%80", false, "가" },
		{ "가", false, "가" },
		{ "%2541", false, "%41" }, /* once, not twice */
		{ "%", false, NULL },
		{ "%4", false, NULL },
		{ "%4g", false, NULL },
		{ "%g4", false, NULL },
		{ "a%00b", false, NULL },
		{ "%FF", false, NULL },
		{ "%C0%AF", false, NULL }, /* an overlong slash */
		{ "%ED%A0%80", false, NULL },
	};
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < COUNT(cases); i++) {
		char *out = NULL;
		enum err e = text_decode(&a, cases[i].in, strlen(cases[i].in), cases[i].plus, &out);

		if (cases[i].out ? e || strcmp(out, cases[i].out) != 0 : e != ERR_MALFORMED_REQUEST || out)
			fail_msg("case %zu: %s", i, cases[i].in);
	}
	arena_free(&a);
}

static void
test_decode_stops_at_its_length(void **state)
{
	struct arena a;
	char *out = NULL;

	(void)state;
	arena_init(&a);
	assert_int_equal(text_decode(&a, "ab%41", 2, false, &out), OK);
	assert_string_equal(out, "ab");
	assert_int_equal(text_decode(&a, "ab%41", 4, false, &out), ERR_MALFORMED_REQUEST);
	assert_int_equal(text_decode(&a, "a\0b", 3, false, &out), ERR_MALFORMED_REQUEST);
	arena_free(&a);
}

static void
test_uuid(void **state)
{
	char one[37], other[37];

	(void)state;
	assert_true(text_is_uuid("123e4567-e89b-42d3-a456-426614174000"));
	assert_true(text_is_uuid("123E4567-E89B-42D3-A456-426614174000"));
	assert_false(text_is_uuid(""));
	assert_false(text_is_uuid("123e4567-e89b-42d3-a456-42661417400"));
	assert_false(text_is_uuid("123e4567-e89b-42d3-a456-4266141740000"));
	assert_false(text_is_uuid("123e4567-e89b-42d3-a456-42661417400g"));
	assert_false(text_is_uuid("123e4567ee89b-42d3-a456-426614174000"));
	assert_false(text_is_uuid("123e4567-e89b-42d3-a456--26614174000"));
	text_uuid(one);
	text_uuid(other);
	assert_true(text_is_uuid(one));
	assert_int_equal(one[14], '4');
	assert_non_null(strchr("89ab", one[19]));
	assert_string_not_equal(one, other);
}

static void
test_email(void **state)
{
	static const char label63[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static const char *const good[] = {
		"kim@example.com",   "kim.min-su+shop@mail.example.co.kr", "o'brien@example.com", "1@2.kr",
		"a@xn--3e0b707e.kr",
	};
	static const char *const bad[] = {
		"",
		"kim",
		"@example.com",
		".kim@example.com",
		"kim.@example.com",
		"kim..su@example.com",
		".@example.com",
		"kim@",
		"kim@example",
		"kim@@example.com",
		"kim@example.com ",
		" kim@example.com",
		"kim@.com",
		"kim@example.",
		"kim@-example.com",
		"kim@example-.com",
		"kim@exa_mple.com",
		"kim@example..com",
		"\"kim\"@example.com",
		"kim@[127.0.0.1]",
		"김@example.com",
		"kim\n@example.com",
		"kim@example.com\nBcc: x",
	};
	char address[512];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		if (!text_is_email(good[i]))
			fail_msg("%s is good", good[i]);
	for (i = 0; i < COUNT(bad); i++)
		if (text_is_email(bad[i]))
			fail_msg("%s is bad", bad[i]);
	/* 1 + 1 + 3 * 64 + length of the last label: 254 bytes fit, 255 do not; a label has 63 at most, a local part 64. */
	snprintf(address, sizeof(address), "k@%s.%s.%s.%.60s", label63, label63, label63, label63);
	assert_true(text_is_email(address));
	snprintf(address, sizeof(address), "k@%s.%s.%s.%.61s", label63, label63, label63, label63);
	assert_false(text_is_email(address));
	snprintf(address, sizeof(address), "k@a%s.com", label63);
	assert_false(text_is_email(address));
	snprintf(address, sizeof(address), "a%s@example.com", label63);
	assert_true(text_is_email(address));
	snprintf(address, sizeof(address), "aa%s@example.com", label63);
	assert_false(text_is_email(address));
}

static void
test_date(void **state)
{
	static const char *const good[] = { "2026-11-22", "2024-02-29", "2000-02-29", "0001-01-01",
					    "9999-12-31" };
	static const char *const bad[] = {
		"",	      "2023-02-29",  "1900-02-29", "2026-02-30",  "2026-04-31", "2026-13-01",
		"2026-00-01", "2026-01-00",  "2026-01-32", "0000-01-01",  "2026-1-01",	"26-01-01",
		"2026/01/01", "2026-01-01T", "2026-01-1x", " 2026-01-01", "+026-01-01", "20260101",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		if (!text_is_date(good[i]))
			fail_msg("%s is good", good[i]);
	for (i = 0; i < COUNT(bad); i++)
		if (text_is_date(bad[i]))
			fail_msg("%s is bad", bad[i]);
}

static void
test_base64url(void **state)
{
	static const char *const bad[] = { "A",	  "AAAAA", "AB",   "AAB", "AA==",     "AA=",
					   "A A", "AA\n",  "+/AA", "AA.", "\xBE\xBE", "\xAD\xAD" };
	static const unsigned char bytes[] = { 0xFB, 0xFF, 0x00, 0x10 };
	unsigned char back[4];
	struct arena a;
	size_t len, i;

	(void)state;
	arena_init(&a);
	assert_string_equal(text_base64url(&a, bytes, sizeof(bytes)), "-_8AEA");
	assert_string_equal(text_base64url(&a, bytes, 0), "");
	assert_true(text_unbase64url("-_8AEA", 6, back, sizeof(back), &len));
	assert_int_equal(len, 4);
	assert_memory_equal(back, bytes, 4);
	assert_true(text_unbase64url("-_8AEA", 4, back, 3, &len));
	assert_int_equal(len, 3);
	assert_false(text_unbase64url("-_8AEA", 6, back, 3, &len)); /* no room */
	for (i = 0; i < COUNT(bad); i++)
		if (text_unbase64url(bad[i], strlen(bad[i]), back, sizeof(back), &len))
			fail_msg("case %zu", i);
	assert_false(text_unbase64url("A\0", 2, back, sizeof(back), &len));
	arena_free(&a);
}

static void
test_token(void **state)
{
	static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct arena a;
	const char *token;

	(void)state;
	arena_init(&a);
	token = text_token(&a, 16);
	assert_int_equal(strlen(token), 22);
	assert_int_equal(strspn(token, base64url), 22);
	assert_string_not_equal(token, text_token(&a, 16));
	assert_int_equal(strlen(text_token(&a, 32)), 43);
	arena_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),   cmocka_unit_test(test_length),
		cmocka_unit_test(test_cut),    cmocka_unit_test(test_controls),
		cmocka_unit_test(test_decode), cmocka_unit_test(test_decode_stops_at_its_length),
		cmocka_unit_test(test_uuid),   cmocka_unit_test(test_email),
		cmocka_unit_test(test_date),   cmocka_unit_test(test_base64url),
		cmocka_unit_test(test_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
