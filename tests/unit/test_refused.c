/* refused.c: a refusal is remembered for its limit and subject, for a few seconds, and counts down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "refused.h"

enum { NOW_MS = 1000000 };

static const struct refusal by_account = { "account", 10, 600, 600 };

static void
test_found_and_counting_down(void **state)
{
	struct refused *t = refused_open(64);
	struct refusal r;

	(void)state;
	refused_note(t, "a@example.com", &by_account, NOW_MS);
	assert_true(refused_find(t, "account", "a@example.com", NOW_MS, &r));
	assert_memory_equal(&r, &by_account, sizeof(r));
	assert_true(refused_find(t, "account", "a@example.com", NOW_MS + 2001, &r));
	assert_int_equal(r.retry_after_s, 598);
	refused_close(t);
}

static void
test_only_the_one(void **state)
{
	struct refused *t = refused_open(64);
	struct refusal r;

	(void)state;
	assert_false(refused_find(t, "account", "a@example.com", NOW_MS, &r));
	refused_note(t, "a@example.com", &by_account, NOW_MS);
	assert_false(refused_find(t, "address", "a@example.com", NOW_MS, &r));
	assert_false(refused_find(t, "account", "b@example.com", NOW_MS, &r));
	refused_close(t);
}

static void
test_forgotten(void **state)
{
	static const struct refusal nearly_over = { "address", 100, 600, 2 };
	struct refused *t = refused_open(64);
	struct refusal r;

	(void)state;
	refused_note(t, "a", &by_account, NOW_MS);
	assert_true(refused_find(t, "account", "a", NOW_MS + REFUSED_MEMORY_MS - 1, &r));
	assert_false(refused_find(t, "account", "a", NOW_MS + REFUSED_MEMORY_MS, &r));
	refused_note(t, "a", &nearly_over, NOW_MS);
	assert_true(refused_find(t, "address", "a", NOW_MS + 1999, &r));
	assert_int_equal(r.retry_after_s, 1);
	assert_false(refused_find(t, "address", "a", NOW_MS + 2000, &r));
	refused_close(t);
}

static void
test_the_newer_takes_the_slot(void **state)
{
	struct refused *t = refused_open(1);
	struct refusal r;

	(void)state;
	refused_note(t, "a", &by_account, NOW_MS);
	refused_note(t, "b", &by_account, NOW_MS);
	assert_false(refused_find(t, "account", "a", NOW_MS, &r));
	assert_true(refused_find(t, "account", "b", NOW_MS, &r));
	refused_close(t);
	refused_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_and_counting_down),
		cmocka_unit_test(test_only_the_one),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_the_newer_takes_the_slot),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
