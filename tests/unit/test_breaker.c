/* The circuit breaker, minute by minute, on a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "breaker.h"

static void
fail_times(struct breaker *b, int n, int64_t now_ms)
{
	while (n-- > 0)
		breaker_failed(b, BREAKER_CALL, now_ms);
}

/* Opened at 1000. */
static struct breaker
opened(void)
{
	struct breaker b = { 0 };

	fail_times(&b, BREAKER_FAILURES, 1000);
	return b;
}

static void
it_opens_after_failures_in_a_row(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	fail_times(&b, BREAKER_FAILURES - 1, 1000);
	assert_int_equal(breaker_ask(&b, 1000), BREAKER_CALL);
	breaker_works(&b, BREAKER_CALL);
	fail_times(&b, BREAKER_FAILURES - 1, 1000);
	breaker_unknown(&b, BREAKER_CALL);
	assert_int_equal(breaker_ask(&b, 1000), BREAKER_CALL);
	fail_times(&b, 1, 1000);
	assert_int_equal(breaker_ask(&b, 1000), BREAKER_REFUSED);
	assert_int_equal(breaker_ask(&b, 1000 + BREAKER_OPEN_MS - 1), BREAKER_REFUSED);
}

static void
one_probe_closes_it(void **state)
{
	struct breaker b = opened();

	(void)state;
	assert_int_equal(breaker_ask(&b, 11000), BREAKER_PROBE);
	assert_int_equal(breaker_ask(&b, 11000), BREAKER_REFUSED);
	assert_int_equal(breaker_ask(&b, 99000), BREAKER_REFUSED);
	breaker_works(&b, BREAKER_PROBE);
	assert_int_equal(breaker_ask(&b, 11001), BREAKER_CALL);
	assert_int_equal(breaker_ask(&b, 11001), BREAKER_CALL);
	/* The probe's own end is one call's like any other. */
	breaker_failed(&b, BREAKER_PROBE, 12000);
	assert_int_equal(breaker_ask(&b, 12000), BREAKER_CALL);
	fail_times(&b, BREAKER_FAILURES - 1, 12000);
	assert_int_equal(breaker_ask(&b, 12000), BREAKER_REFUSED);
}

static void
a_probe_that_fails_opens_it_anew(void **state)
{
	struct breaker b = opened();

	(void)state;
	assert_int_equal(breaker_ask(&b, 11000), BREAKER_PROBE);
	breaker_failed(&b, BREAKER_PROBE, 12000);
	assert_int_equal(breaker_ask(&b, 21999), BREAKER_REFUSED);
	assert_int_equal(breaker_ask(&b, 22000), BREAKER_PROBE);
}

static void
a_probe_that_tells_nothing_passes_the_task_on(void **state)
{
	struct breaker b = opened();

	(void)state;
	assert_int_equal(breaker_ask(&b, 11000), BREAKER_PROBE);
	breaker_unknown(&b, BREAKER_PROBE);
	assert_int_equal(breaker_ask(&b, 11001), BREAKER_PROBE);
	assert_int_equal(breaker_ask(&b, 11001), BREAKER_REFUSED);
}

static void
calls_from_before_change_nothing(void **state)
{
	struct breaker b = opened();

	(void)state;
	fail_times(&b, 100, 10999);
	breaker_works(&b, BREAKER_CALL);
	breaker_unknown(&b, BREAKER_CALL);
	assert_int_equal(breaker_ask(&b, 10999), BREAKER_REFUSED);
	assert_int_equal(breaker_ask(&b, 11000), BREAKER_PROBE);
	fail_times(&b, 100, 11000);
	breaker_unknown(&b, BREAKER_CALL);
	assert_int_equal(breaker_ask(&b, 11000), BREAKER_REFUSED);
	breaker_works(&b, BREAKER_PROBE);
	assert_int_equal(breaker_ask(&b, 11000), BREAKER_CALL);
}

static void
the_server_may_say_when(void **state)
{
	struct breaker b = { 0 };

	(void)state;
	breaker_hold(&b, 1000, 3000);
	assert_int_equal(breaker_ask(&b, 3999), BREAKER_REFUSED);
	breaker_hold(&b, 2000, 1000); /* an earlier time does not shorten it */
	assert_int_equal(breaker_ask(&b, 3999), BREAKER_REFUSED);
	assert_int_equal(breaker_ask(&b, 4000), BREAKER_PROBE);
	breaker_hold(&b, 4000, 1000 * BREAKER_HOLD_MS); /* an hour is not believed */
	breaker_failed(&b, BREAKER_PROBE, 4000);
	assert_int_equal(breaker_ask(&b, 3999 + BREAKER_HOLD_MS), BREAKER_REFUSED);
	assert_int_equal(breaker_ask(&b, 4000 + BREAKER_HOLD_MS), BREAKER_PROBE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_opens_after_failures_in_a_row),
		cmocka_unit_test(one_probe_closes_it),
		cmocka_unit_test(a_probe_that_fails_opens_it_anew),
		cmocka_unit_test(a_probe_that_tells_nothing_passes_the_task_on),
		cmocka_unit_test(calls_from_before_change_nothing),
		cmocka_unit_test(the_server_may_say_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
