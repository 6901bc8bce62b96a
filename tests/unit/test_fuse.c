/* The breaker that threads share: of many that come at once when it may be tried again, one is the probe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>

#include "fuse.h"

enum { THREADS = 8, ROUNDS = 2000 };

static struct fuse fuse;
static atomic_int probes, calls;

static int
set_up(void **state)
{
	(void)state;
	fuse_init(&fuse);
	probes = calls = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fuse_release(&fuse);
	return 0;
}

static void
failures_open_it(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < BREAKER_FAILURES; i++) {
		assert_false(fuse_is_open(&fuse));
		assert_int_equal(fuse_ask(&fuse), BREAKER_CALL);
		fuse_tell(&fuse, BREAKER_CALL, FAILED);
	}
	assert_true(fuse_is_open(&fuse));
	assert_true(fuse_rests(&fuse));
	assert_int_equal(fuse_ask(&fuse), BREAKER_REFUSED);
}

static void
what_tells_nothing_leaves_it_closed(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2 * BREAKER_FAILURES; i++)
		fuse_tell(&fuse, BREAKER_CALL, i % 2 ? FAILED : WORKS);
	for (i = 0; i < 2 * BREAKER_FAILURES; i++)
		fuse_tell(&fuse, BREAKER_CALL, UNKNOWN);
	assert_false(fuse_is_open(&fuse));
}

static void
the_server_may_say_when(void **state)
{
	(void)state;
	fuse_hold(&fuse, 0);
	assert_int_equal(fuse_ask(&fuse), BREAKER_CALL);
	fuse_hold(&fuse, 30);
	assert_int_equal(fuse_ask(&fuse), BREAKER_REFUSED);
}

static void *
ask_often(void *unused)
{
	int i;

	for (i = 0; i < ROUNDS; i++)
		switch (fuse_ask(&fuse)) {
		case BREAKER_PROBE:
			probes++;
			break;
		case BREAKER_CALL:
			calls++;
			break;
		default:
			break;
		}
	return unused;
}

static void
one_thread_is_the_probe(void **state)
{
	pthread_t threads[THREADS];
	int i;

	(void)state;
	fuse.breaker = (struct breaker){ .open = true };
	assert_false(fuse_rests(&fuse));
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often, NULL), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_true(fuse_rests(&fuse));
	assert_int_equal(probes, 1);
	assert_int_equal(calls, 0);
	fuse_tell(&fuse, BREAKER_PROBE, WORKS);
	assert_false(fuse_is_open(&fuse));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(failures_open_it),
		FRESH(what_tells_nothing_leaves_it_closed),
		FRESH(the_server_may_say_when),
		FRESH(one_thread_is_the_probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
