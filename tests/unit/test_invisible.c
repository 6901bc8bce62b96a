/* invisible.c: what is seen and what is not, at the edges of each kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "invisible.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void
test_only(void **state)
{
	static const char *const nothing[] = {
		"",
		" ",
		"   ",
		" \t\n\r ",
		"\u00A0",
		"\u00AD",
		"\u115F",
		"\u3164",
		"\u200B\u200D",
		"\u202E\u200B",
		"\u2028\u2029\u202F",
		"\u3000",
		"\u2800",
		"\uFE0F",
		"\uFEFF",
		"\uFFA0",
		"\U000E0020",
	};
	static const char *const something[] = {
		"a",  " a",	  "\u202Ea", ".",      "\u00A1", "é",	    "가",
		"ᄀ", "\u3164가", "\u2010",  "\u2030", "😀",	 "\u200D👩", "\uFFFD",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(nothing); i++)
		if (!invisible_only(nothing[i]))
			fail_msg("nothing %zu", i);
	for (i = 0; i < COUNT(something); i++)
		if (invisible_only(something[i]))
			fail_msg("something %zu", i);
}

static void
test_marks(void **state)
{
	static const char *const marked[] = {
		"\u200B", "a\u200Bb", "a\u200F", "\u202A", "abc\u202Etxt.exe", "\u202E",
		"\u2060", "\u2066b",  "\u2069",	 "\uFEFF", "가\u200E",
	};
	static const char *const plain[] = {
		"",	  "a b",    "가 나",  "\u200A", "\u2010", "\u2029",   "\u202F",
		"\u2065", "\u206A", "\uFEFE", "\uFF00", "é😀",	  "👩\u200D🍳",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(marked); i++)
		if (!invisible_marks(marked[i]))
			fail_msg("marked %zu", i);
	for (i = 0; i < COUNT(plain); i++)
		if (invisible_marks(plain[i]))
			fail_msg("plain %zu", i);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
