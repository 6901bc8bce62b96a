/* Handles for outgoing calls: which one is taken, and how many are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_handle.h"

static void
the_one_used_last_is_taken_first(void **state)
{
	struct http_handle *first, *second;
	struct http_handles h;

	(void)state;
	http_handles_init(&h);
	first = http_handle_take(&h);
	second = http_handle_take(&h);
	assert_ptr_not_equal(first, second);
	assert_non_null(first->easy);
	assert_non_null(first->multi);
	http_handle_give(&h, second);
	http_handle_give(&h, first);
	assert_int_equal(h.nidle, 2);
	assert_ptr_equal(http_handle_take(&h), first);
	assert_ptr_equal(http_handle_take(&h), second);
	assert_int_equal(h.nidle, 0);
	http_handle_give(&h, first);
	http_handle_give(&h, second);
	http_handles_release(&h);
}

static void
no_more_are_kept_than_may_be(void **state)
{
	struct http_handle *taken[HTTP_HANDLES_IDLE_MAX + 3];
	struct http_handles h;
	size_t i, n = sizeof(taken) / sizeof(taken[0]);

	(void)state;
	http_handles_init(&h);
	for (i = 0; i < n; i++)
		taken[i] = http_handle_take(&h);
	for (i = 0; i < n; i++)
		http_handle_give(&h, taken[i]);
	assert_int_equal(h.nidle, HTTP_HANDLES_IDLE_MAX);
	http_handles_release(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_used_last_is_taken_first),
		cmocka_unit_test(no_more_are_kept_than_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
