/* Secrets of webhook endpoints: the same for the same key and seed, another for any other, and none under another key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "arena.h"
#include "hook_secret.h"

static struct arena arena;
static const struct hook_key none, key = { "a key of thirty-two bytes" }, other = { "another key" };
static const unsigned char seed[HOOK_SECRET_LEN] = "the seed of one endpoint",
			   seed2[HOOK_SECRET_LEN] = "the seed of another one";

static void
it_is_made_of_key_and_seed(void **state)
{
	unsigned char first[HOOK_SECRET_LEN], again[HOOK_SECRET_LEN];
	const char *id = hook_key_id(&arena, &key), *other_id = hook_key_id(&arena, &other);

	(void)state;
	assert_int_equal(strlen(id), 16);
	assert_string_not_equal(id, other_id);
	assert_true(hook_secret(&arena, &key, id, seed, first));
	assert_memory_not_equal(first, seed, sizeof(first));
	assert_memory_not_equal(first, key.at, sizeof(first));
	assert_true(hook_secret(&arena, &key, id, seed, again));
	assert_memory_equal(first, again, sizeof(first));
	assert_true(hook_secret(&arena, &key, id, seed2, again));
	assert_memory_not_equal(first, again, sizeof(first));
	assert_true(hook_secret(&arena, &other, other_id, seed, again));
	assert_memory_not_equal(first, again, sizeof(first));
}

static void
another_key_makes_none(void **state)
{
	unsigned char secret[HOOK_SECRET_LEN] = "untouched";

	(void)state;
	assert_false(hook_secret(&arena, &other, hook_key_id(&arena, &key), seed, secret));
	assert_false(hook_secret(&arena, &none, hook_key_id(&arena, &key), seed, secret));
	assert_string_equal((const char *)secret, "untouched");
}

/* As before there was a key, also where there is one now. */
static void
without_a_key_the_seed_is_the_secret(void **state)
{
	unsigned char secret[HOOK_SECRET_LEN];

	(void)state;
	assert_null(hook_key_id(&arena, &none));
	assert_true(hook_secret(&arena, &none, NULL, seed, secret));
	assert_memory_equal(secret, seed, sizeof(secret));
	assert_true(hook_secret(&arena, &key, NULL, seed2, secret));
	assert_memory_equal(secret, seed2, sizeof(secret));
}

static void
it_is_told_in_base64(void **state)
{
	static const unsigned char zeros[HOOK_SECRET_LEN];

	(void)state;
	assert_string_equal(hook_secret_text(&arena, zeros),
			    "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
}

static int
set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_made_of_key_and_seed),
		cmocka_unit_test(another_key_makes_none),
		cmocka_unit_test(without_a_key_the_seed_is_the_secret),
		cmocka_unit_test(it_is_told_in_base64),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
