/* The text of chat completions: escapes, characters, and what is too much or no text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "completion_inside.h"
#include "llm.h"

static const struct llm_conf conf = { .url = "", .tokens_max = 600 };

/* What was read, what was handed on of it, and how much of that is enough. */
struct reading {
	struct arena arena;
	struct completion c;
	struct bytes heard;
	size_t enough;
};

static bool
hear(void *ctx, const char *text, size_t len)
{
	struct reading *r = ctx;

	assert_true(bytes_append(&r->arena, &r->heard, 100000, text, len));
	return !r->enough || r->heard.len < r->enough;
}

/* Release with arena_free(&r->arena). */
static void
begin(struct reading *r)
{
	*r = (struct reading){ .enough = 0 };
	arena_init(&r->arena);
	completion_begin(&r->c, &r->arena, &conf, hear, r);
}

static bool
read_text(struct reading *r, const char *inside)
{
	return completion_text_read(&r->c, inside, strlen(inside));
}

static void
assert_stands(const struct reading *r, enum completion_fault fault, const char *text)
{
	assert_int_equal(r->c.fault, fault);
	assert_string_equal(r->c.text.at ? r->c.text.at : "", text);
	assert_string_equal(r->heard.at ? r->heard.at : "", text);
}

static void
strings_are_decoded(void **state)
{
	static const struct {
		const char *inside, *text;
	} rows[] = {
		{ "", "" },
		{ "Hello", "Hello" },
		{ "\\uac00\\ud83d\\ude00\\u0000\\ud83dx\\ude00\\n\\\"\\\\\\/",
		  "\xEA\xB0\x80\xF0\x9F\x98\x80\xEF\xBF\xBD\xEF\xBF\xBDx\xEF\xBF\xBD\n\"\\/" },
		{ "\\b\\f\\r\\t\\u0041\\u00E9", "\b\f\r\tA\xC3\xA9" },
		{ "\\ud83d\\ud83d\\ude00", "\xEF\xBF\xBD\xF0\x9F\x98\x80" },
		{ "\xEA\xB0\x80\xF0\x9F\x98\x80", "\xEA\xB0\x80\xF0\x9F\x98\x80" },
	};
	struct reading r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&r);
		assert_true(read_text(&r, rows[i].inside));
		assert_true(r.c.seen);
		assert_stands(&r, COMPLETION_OK, rows[i].text);
		arena_free(&r.arena);
	}
}

/* What came before a piece that is none stays, and nothing of that piece is handed on. */
static void
what_is_no_text(void **state)
{
	static const char *const rows[] = { "ab\\x",	    "\xFF",	"\xEA\xB0",
					    "a\\u12",	    "a\\u12G4", "\xED\xA0\x80 half",
					    "a\\u+123 sign" };
	struct reading r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&r);
		assert_true(read_text(&r, "Hel"));
		assert_false(read_text(&r, rows[i]));
		assert_stands(&r, COMPLETION_FORMAT, "Hel");
		arena_free(&r.arena);
	}
	begin(&r);
	assert_false(completion_text_read(&r.c, "a\0b", 3));
	assert_stands(&r, COMPLETION_FORMAT, "");
	arena_free(&r.arena);
}

/* All of a text in one piece, and too much of it. */
static void
a_piece_may_be_too_large(void **state)
{
	static char text[10001];
	struct reading r;

	(void)state;
	begin(&r);
	memset(text, 'a', sizeof(text) - 1);
	assert_true(read_text(&r, "Hello"));
	assert_false(read_text(&r, text));
	assert_stands(&r, COMPLETION_LARGE, "Hello");
	arena_free(&r.arena);
	begin(&r);
	memset(text, ' ', sizeof(text) - 1);
	assert_true(read_text(&r, "Hello"));
	assert_false(completion_text_read(&r.c, text, 500));
	assert_stands(&r, COMPLETION_LARGE, "Hello");
	arena_free(&r.arena);
}

/* Many pieces of text are too much, and of blanks a few are. */
static void
endless_texts_end(void **state)
{
	static const struct {
		const char *piece;
		int least, most;
	} rows[] = {
		{ "abcdefgh", 600, 800 },
		{ "\\n\\n  ", 32, 64 },
		{ "a \\n ", 600, 2000 },
	};
	struct reading r;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&r);
		for (n = 0; n < 10000 && read_text(&r, rows[i].piece); n++)
			continue;
		assert_in_range(n, rows[i].least, rows[i].most);
		assert_int_equal(r.c.fault, COMPLETION_LARGE);
		arena_free(&r.arena);
	}
}

static void
the_caller_can_have_enough(void **state)
{
	struct reading r;

	(void)state;
	begin(&r);
	r.enough = 4;
	assert_true(read_text(&r, "Hel"));
	assert_false(read_text(&r, "lo"));
	assert_stands(&r, COMPLETION_ENOUGH, "Hello");
	arena_free(&r.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_decoded),	      cmocka_unit_test(what_is_no_text),
		cmocka_unit_test(a_piece_may_be_too_large),   cmocka_unit_test(endless_texts_end),
		cmocka_unit_test(the_caller_can_have_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
