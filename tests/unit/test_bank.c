/* bank.c: an account opens with its key and for its customer only, and shows no more than four digits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "arena.h"
#include "bank.h"

static const unsigned char key[BANK_KEY_LEN] = "a key of 32 bytes, for the tests";
static const char customer[] = "11111111-1111-4111-8111-111111111111";
static const char other[] = "11111111-1111-4111-8111-111111111112";

static void
test_accounts(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} rows[] = {
		{ "123456", true },   { "110-123-456789", true }, { "1-2-3-4-5-6", true },
		{ "12345", false },   { "1-2-3-4-5-", false },	  { "", false },
		{ "123456x", false }, { "123 456", false },	  { "１２３４５６", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(bank_is_account(rows[i].text), rows[i].valid);
}

static void
test_seal_and_open(void **state)
{
	struct arena a;
	unsigned char *sealed, *again;
	size_t len, len_again;

	(void)state;
	arena_init(&a);
	sealed = bank_seal(&a, key, customer, "110-123-456789", &len);
	again = bank_seal(&a, key, customer, "110-123-456789", &len_again);
	assert_int_equal(len, len_again);
	assert_memory_not_equal(sealed, again, len);
	assert_null(memmem(sealed, len, "456", 3));
	assert_string_equal(bank_open(&a, key, customer, sealed, len), "110-123-456789");
	assert_string_equal(bank_open(&a, key, customer, again, len), "110-123-456789");
	arena_free(&a);
}

static void
test_nobody_else_opens(void **state)
{
	static const unsigned char other_key[BANK_KEY_LEN] = "another key of 32 bytes, likewis";
	unsigned char *sealed, *changed;
	struct arena a;
	size_t len, i;

	(void)state;
	arena_init(&a);
	sealed = bank_seal(&a, key, customer, "110-123-456789", &len);
	assert_null(bank_open(&a, key, other, sealed, len));
	assert_null(bank_open(&a, other_key, customer, sealed, len));
	for (i = 0; i < len; i++) {
		assert_null(bank_open(&a, key, customer, sealed, i));
		changed = arena_alloc(&a, len);
		memcpy(changed, sealed, len);
		changed[i] ^= 1;
		assert_null(bank_open(&a, key, customer, changed, len));
	}
	arena_free(&a);
}

static void
test_none(void **state)
{
	struct arena a;
	size_t len = 7;

	(void)state;
	arena_init(&a);
	assert_null(bank_seal(&a, key, customer, NULL, &len));
	assert_int_equal(len, 0);
	assert_null(bank_open(&a, key, customer, NULL, 0));
	assert_null(bank_mask(&a, NULL));
	arena_free(&a);
}

static void
test_mask(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_string_equal(bank_mask(&a, "110-123-456789"), "****6789");
	assert_string_equal(bank_mask(&a, "123456-7-8-9-"), "****6789");
	assert_string_equal(bank_mask(&a, "12"), "****12");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_seal_and_open),
		cmocka_unit_test(test_nobody_else_opens),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_mask),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
