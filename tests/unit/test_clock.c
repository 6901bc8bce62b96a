/* Time: a steady clock for deadlines, and the calendar. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"

static void
the_steady_clock_never_goes_back(void **state)
{
	int64_t before = clock_us(), now;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++, before = now) {
		now = clock_us();
		assert_true(now >= before);
	}
	assert_in_range(clock_ms() - before / 1000, 0, 1000);
}

static void
what_is_left_of_a_deadline(void **state)
{
	int64_t now = clock_ms();

	(void)state;
	assert_int_equal(clock_left_ms(now - 1), 0);
	assert_int_equal(clock_left_ms(INT64_MIN / 2), 0);
	assert_in_range(clock_left_ms(now + 60000), 59000, 60000);
	assert_int_equal(clock_left_ms(now + 10LL * INT_MAX), INT_MAX);
}

static void
the_calendar_is_the_systems(void **state)
{
	int64_t before = time(NULL), now = clock_unix_s(), after;

	(void)state;
	after = time(NULL);
	/* time(2) may lag by the kernel's tick. */
	assert_true(now >= before && now <= after + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_steady_clock_never_goes_back),
		cmocka_unit_test(what_is_left_of_a_deadline),
		cmocka_unit_test(the_calendar_is_the_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
