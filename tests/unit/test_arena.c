/* arena.c: zeroed, aligned, wiped, released newest first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"

static bool
all_zero(const unsigned char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

static void
test_allocations(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 15, 16, 17, 1000, 16 * 1024, 16 * 1024 + 1, 1 << 20 };
	unsigned char *at[sizeof(sizes) / sizeof(sizes[0])];
	struct arena a;
	size_t i, j;

	(void)state;
	arena_init(&a);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		at[i] = arena_alloc(&a, sizes[i]);
		assert_int_equal((uintptr_t)at[i] % _Alignof(max_align_t), 0);
		assert_true(all_zero(at[i], sizes[i]));
		memset(at[i], (int)i + 1, sizes[i]);
	}
	/* Nobody has written into anybody else's bytes. */
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (j = 0; j < sizes[i]; j++)
			assert_int_equal(at[i][j], i + 1);
	arena_free(&a);
}

static void
test_reset_wipes(void **state)
{
	struct arena a;
	char *secret;
	int round;

	(void)state;
	arena_init(&a);
	for (round = 0; round < 3; round++) {
		secret = arena_strdup(&a, "correct horse battery staple");
		arena_reset(&a);
		/* The first chunk stays with the arena, so this is its memory still. */
		assert_true(all_zero((unsigned char *)secret, strlen("correct horse battery staple")));
		assert_ptr_equal(arena_alloc(&a, 1), secret);
		arena_reset(&a);
	}
	arena_free(&a);
}

static void
test_reset_keeps_one_chunk(void **state)
{
	struct arena a;
	int i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < 100; i++)
		memset(arena_alloc(&a, 10000), 1, 10000);
	arena_alloc(&a, 1 << 20);
	arena_reset(&a);
	for (i = 0; i < 100; i++)
		assert_true(all_zero(arena_alloc(&a, 10000), 10000));
	arena_free(&a);
	assert_null(a.chunks);
	assert_null(a.deferred);
}

static void
test_large_pieces_waste_no_room(void **state)
{
	struct arena a;
	char *small;
	int i;

	(void)state;
	arena_init(&a);
	small = arena_alloc(&a, 16);
	for (i = 1; i < 100; i++) {
		memset(arena_alloc(&a, 4200), 1, 4200);
		memset(arena_alloc(&a, 9000), 1, 9000);
		assert_ptr_equal(arena_alloc(&a, 16), small + (ptrdiff_t)i * 16);
	}
	arena_reset(&a);
	assert_ptr_equal(arena_alloc(&a, 16), small);
	arena_free(&a);
}

static void
test_strings(void **state)
{
	struct arena a;
	char large[40000];

	(void)state;
	arena_init(&a);
	assert_null(arena_strdup(&a, NULL));
	assert_string_equal(arena_strdup(&a, ""), "");
	assert_string_equal(arena_strdup(&a, "가방"), "가방");
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(arena_strndup(&a, NULL, 0), "");
	assert_memory_equal(arena_strndup(&a, "a\0b", 3), "a\0b", 4);
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	memset(large, 'y', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	assert_string_equal(arena_printf(&a, "%s", large), large);
	/* What did not fit where it was tried is gone from there: memory begins as zeros. */
	assert_memory_equal(arena_alloc(&a, 64), (char[64]){ 0 }, 64);
	arena_free(&a);
}

/* What was released, in order. */
struct releases {
	int n;
	const void *at[8];
};

static struct releases released;

static void
release(void *ptr)
{
	released.at[released.n++] = ptr;
}

static void
test_defer(void **state)
{
	struct arena a;
	int one, two, three;

	(void)state;
	released.n = 0;
	arena_init(&a);
	arena_defer(&a, release, &one);
	arena_defer(&a, release, &two);
	assert_int_equal(released.n, 0);
	arena_reset(&a);
	assert_int_equal(released.n, 2);
	assert_ptr_equal(released.at[0], &two);
	assert_ptr_equal(released.at[1], &one);
	arena_reset(&a); /* once only */
	assert_int_equal(released.n, 2);
	arena_defer(&a, release, &three);
	arena_free(&a);
	assert_int_equal(released.n, 3);
	assert_ptr_equal(released.at[2], &three);
}

static void
test_release(void **state)
{
	struct arena a;
	int one, two, three, other;

	(void)state;
	released.n = 0;
	arena_init(&a);
	arena_defer(&a, release, &one);
	arena_defer(&a, release, &two);
	arena_defer(&a, release, &three);
	arena_release(&a, &two);
	assert_int_equal(released.n, 1);
	assert_ptr_equal(released.at[0], &two);
	arena_release(&a, &two); /* once only */
	arena_release(&a, &other);
	assert_int_equal(released.n, 1);
	arena_free(&a);
	assert_int_equal(released.n, 3);
	assert_ptr_equal(released.at[1], &three);
	assert_ptr_equal(released.at[2], &one);
}

static void
test_released_objects_may_use_the_arena_still(void **state)
{
	struct arena a;
	char *name;

	(void)state;
	released.n = 0;
	arena_init(&a);
	name = arena_strdup(&a, "name");
	arena_defer(&a, release, name);
	arena_free(&a);
	assert_ptr_equal(released.at[0], name);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allocations),
		cmocka_unit_test(test_reset_wipes),
		cmocka_unit_test(test_reset_keeps_one_chunk),
		cmocka_unit_test(test_large_pieces_waste_no_room),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_defer),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_released_objects_may_use_the_arena_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
