/* refresh.c: one token, one hash; one predecessor and key, one successor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "arena.h"
#include "refresh.h"

static const unsigned char key[REFRESH_KEY_LEN] = "a key of 32 bytes, for the tests";

static void
test_new_tokens(void **state)
{
	unsigned char hash[REFRESH_HASH_LEN], again[REFRESH_HASH_LEN];
	struct arena a;
	char *token;

	(void)state;
	arena_init(&a);
	token = refresh_new(&a, hash);
	assert_int_equal(strlen(token), 43);
	assert_true(refresh_hash(token, again));
	assert_memory_equal(hash, again, sizeof(hash));
	assert_string_not_equal(refresh_new(&a, again), token);
	assert_memory_not_equal(hash, again, sizeof(hash));
	arena_free(&a);
}

static void
test_successors(void **state)
{
	static const unsigned char other_key[REFRESH_KEY_LEN] = "another key of 32 bytes, likewis";
	unsigned char hash[REFRESH_HASH_LEN], next_hash[REFRESH_HASH_LEN], again[REFRESH_HASH_LEN];
	struct arena a;
	char *token, *next;

	(void)state;
	arena_init(&a);
	token = refresh_new(&a, hash);
	next = refresh_next(&a, key, token, next_hash);
	assert_int_equal(strlen(next), 43);
	assert_string_not_equal(next, token);
	assert_string_equal(refresh_next(&a, key, token, again), next);
	assert_memory_equal(next_hash, again, sizeof(again));
	assert_true(refresh_hash(next, again));
	assert_memory_equal(next_hash, again, sizeof(again));
	assert_string_not_equal(refresh_next(&a, other_key, token, again), next);
	assert_string_not_equal(refresh_next(&a, key, next, again), token);
	arena_free(&a);
}

static void
test_no_tokens(void **state)
{
	static const char *const texts[] = {
		"",
		"x",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",	/* 31.5 bytes */
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* 33 bytes */
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", /* padded */
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",	/* bits left over */
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",	/* of the other alphabet */
	};
	unsigned char hash[REFRESH_HASH_LEN];
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_false(refresh_hash(texts[i], hash));
		assert_null(refresh_next(&a, key, texts[i], hash));
	}
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_tokens),
		cmocka_unit_test(test_successors),
		cmocka_unit_test(test_no_tokens),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
