/* Bytes that grow: contents, termination and the bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "bytes.h"

static void
pieces_become_one(void **state)
{
	struct bytes b = { 0 };
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < 3000; i++) {
		assert_true(bytes_append(&a, &b, 10000, "abc", 3));
		assert_int_equal(b.len, 3 * (i + 1));
		assert_int_equal(b.at[b.len], '\0');
	}
	for (i = 0; i < b.len; i++)
		assert_int_equal(b.at[i], "abc"[i % 3]);
	arena_free(&a);
}

static void
nothing_is_something_too(void **state)
{
	struct bytes b = { 0 };
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_true(bytes_append(&a, &b, 0, NULL, 0));
	assert_string_equal(b.at, "");
	assert_false(bytes_append(&a, &b, 0, "a", 1));
	arena_free(&a);
}

static void
the_bound_holds(void **state)
{
	struct bytes b = { 0 };
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_true(bytes_append(&a, &b, 5, "abc", 3));
	assert_false(bytes_append(&a, &b, 5, "def", 3));
	assert_false(bytes_append(&a, &b, 5, "def", SIZE_MAX));
	assert_false(bytes_append(&a, &b, 2, "", 0));
	assert_string_equal(b.at, "abc");
	assert_true(bytes_append(&a, &b, 5, "de", 2));
	assert_string_equal(b.at, "abcde");
	arena_free(&a);
}

static void
bytes_are_forgotten(void **state)
{
	struct bytes b = { 0 };
	struct arena a;

	(void)state;
	arena_init(&a);
	bytes_cut(&b, 0);
	assert_null(b.at);
	assert_true(bytes_append(&a, &b, 5, "abc", 3));
	bytes_cut(&b, 1);
	assert_string_equal(b.at, "a");
	assert_true(bytes_append(&a, &b, 5, "xyz", 3));
	assert_string_equal(b.at, "axyz");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_become_one),
		cmocka_unit_test(nothing_is_something_too),
		cmocka_unit_test(the_bound_holds),
		cmocka_unit_test(bytes_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
