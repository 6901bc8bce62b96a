/* Upload-Metadata: what is a list of pairs, and what its values are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "metadata.h"

static void
pairs_are_valid_and_nothing_else(void **state)
{
	static const struct {
		bool valid;
		const char *text;
	} cases[] = {
		{ true, "" },
		{ true, "filename YS5tcDQ=" },
		{ true, "filename YS5tcDQ=,filetype dmlkZW8vbXA0" },
		{ true, "filename YS5tcDQ=, draft" },
		{ true, "draft" },
		{ true, "draft ,other YQ==" },
		{ false, "filename YS5tcDQ" },
		{ false, "filename not*base64" },
		{ false, "filename YQ== YQ==" },
		{ false, "a YQ==,a YQ==" },
		{ false, "a YQ==,,b YQ==" },
		{ false, ",a YQ==" },
		{ false, "a YQ==,b YR==" }, /* bits that mean nothing */
		{ false, "\xea\xb0\x80 YQ==" },
		{ false, "a\tYQ==" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (metadata_is_valid(cases[i].text) != cases[i].valid)
			fail_msg("\"%s\" was taken for the opposite", cases[i].text);
}

static void
a_value_is_a_line_of_text_or_none(void **state)
{
	static const char text[] = "filename 7ZWc6rCVLm1wNA==,nul YQBi,bytes /w==,lines YQpi,empty";
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_true(metadata_is_valid(text));
	assert_string_equal(metadata_get(&a, text, "filename"), "한강.mp4");
	assert_string_equal(metadata_get(&a, text, "empty"), "");
	assert_null(metadata_get(&a, text, "file"));
	assert_null(metadata_get(&a, text, "nul"));
	assert_null(metadata_get(&a, text, "bytes"));
	assert_null(metadata_get(&a, text, "lines"));
	arena_free(&a);
}

static void
there_is_a_ceiling(void **state)
{
	char text[5000];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[4096] = '\0';
	assert_true(metadata_is_valid(text));
	text[4096] = 'a';
	text[4097] = '\0';
	assert_false(metadata_is_valid(text));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_valid_and_nothing_else),
		cmocka_unit_test(a_value_is_a_line_of_text_or_none),
		cmocka_unit_test(there_is_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
