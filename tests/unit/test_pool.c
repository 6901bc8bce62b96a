/* The pool, on connections that are only numbers: who waits, who fails at once, and what is replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "clock.h"
#include "pool.h"
#include "servers.h"

/* A server that exists only here: it accepts or refuses, and its connections can die. */
static struct {
	atomic_bool refuses;
	atomic_int opened, closed;
} server;

struct link {
	atomic_bool dead;
};

static void *
link_open(void *ctx)
{
	assert_ptr_equal(ctx, &server);
	if (server.refuses)
		return NULL;
	server.opened++;
	return calloc(1, sizeof(struct link));
}

static bool
link_usable(void *conn)
{
	return !((struct link *)conn)->dead;
}

static void
link_close(void *conn)
{
	server.closed++;
	free(conn);
}

static const struct pool_ops link_ops = { "toy", link_open, link_usable, link_close };

static bool
two_are_up(void *p)
{
	return pool_up(p) == 2;
}

static bool
some_are_up(void *p)
{
	return pool_up(p) > 0;
}

static struct pool *
pool_of_two(void)
{
	struct pool *p;

	server.refuses = false;
	server.opened = server.closed = 0;
	p = pool_open(&link_ops, &server, 2);
	assert_true(server_wait(two_are_up, p));
	return p;
}

static void *
take(struct pool *p)
{
	void *conn = NULL;

	assert_int_equal(pool_take(p, clock_ms() + 1000, &conn), OK);
	assert_non_null(conn);
	return conn;
}

static void
it_fills_itself_and_closes_all(void **state)
{
	struct pool *p = pool_of_two();

	(void)state;
	pool_give(p, take(p));
	assert_int_equal(pool_up(p), 2);
	pool_close(p);
	assert_int_equal(server.opened, 2);
	assert_int_equal(server.closed, 2);
	pool_close(NULL);
}

static void
the_warmest_is_used_first(void **state)
{
	struct pool *p = pool_of_two();
	void *conn = take(p);
	int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		pool_give(p, conn);
		assert_ptr_equal(take(p), conn);
	}
	pool_give(p, conn);
	pool_close(p);
}

static void
an_exhausted_pool_waits_until_the_deadline(void **state)
{
	struct pool *p = pool_of_two();
	void *first = take(p), *second = take(p), *third = NULL;
	int64_t before = clock_ms();

	(void)state;
	assert_int_equal(pool_take(p, before + 50, &third), ERR_UNAVAILABLE);
	assert_in_range(clock_ms() - before, 45, 500);
	assert_null(third);
	pool_give(p, first);
	pool_give(p, second);
	pool_close(p);
}

struct waiter {
	pthread_t thread;
	struct pool *pool;
	atomic_bool waiting;
	enum err e;
	void *conn;
};

static void *
wait_for_one(void *arg)
{
	struct waiter *w = arg;

	w->waiting = true;
	w->e = pool_take(w->pool, clock_ms() + 5000, &w->conn);
	return NULL;
}

static bool
is_waiting(void *w)
{
	return ((struct waiter *)w)->waiting;
}

static void
waiter_start(struct waiter *w, struct pool *p)
{
	*w = (struct waiter){ .pool = p };
	assert_int_equal(pthread_create(&w->thread, NULL, wait_for_one, w), 0);
	assert_true(server_wait(is_waiting, w));
}

static void
what_is_given_back_wakes_a_waiter(void **state)
{
	struct pool *p = pool_of_two();
	void *first = take(p), *second = take(p);
	struct waiter w;

	(void)state;
	waiter_start(&w, p);
	pool_give(p, first);
	pthread_join(w.thread, NULL);
	assert_int_equal(w.e, OK);
	assert_ptr_equal(w.conn, first);
	pool_give(p, first);
	pool_give(p, second);
	pool_close(p);
}

static void
what_is_dropped_is_replaced(void **state)
{
	struct pool *p = pool_of_two();
	void *first = take(p), *second = take(p);
	struct waiter w;

	(void)state;
	waiter_start(&w, p);
	pool_drop(p, first);
	pthread_join(w.thread, NULL);
	assert_int_equal(w.e, OK);
	assert_int_equal(server.opened, 3);
	pool_give(p, w.conn);
	pool_give(p, second);
	pool_close(p);
	assert_int_equal(server.closed, 3);
}

static void
a_dead_connection_is_not_handed_out(void **state)
{
	struct pool *p = pool_of_two();
	struct link *conn = take(p);

	(void)state;
	conn->dead = true;
	pool_give(p, conn);
	pool_give(p, take(p));
	assert_int_equal(server.closed, 1);
	assert_true(server_wait(two_are_up, p));
	pool_close(p);
}

static void
a_server_that_was_restarted_is_waited_for(void **state)
{
	struct pool *p = pool_of_two();
	struct link *first = take(p), *second = take(p);

	(void)state;
	first->dead = second->dead = true;
	pool_give(p, first);
	pool_give(p, second);
	pool_give(p, take(p));
	assert_int_equal(server.closed, 2);
	pool_close(p);
}

static void
an_empty_pool_fails_at_once(void **state)
{
	struct pool *p = pool_of_two();
	void *first = take(p), *second = take(p), *conn;
	int64_t before;
	struct waiter w;

	(void)state;
	waiter_start(&w, p);
	server.refuses = true;
	pool_drop(p, first);
	pool_drop(p, second);
	pthread_join(w.thread, NULL);
	assert_int_equal(w.e, ERR_UNAVAILABLE);
	before = clock_ms();
	assert_int_equal(pool_take(p, before + 5000, &conn), ERR_UNAVAILABLE);
	assert_in_range(clock_ms() - before, 0, 100);
	pool_close(p);
}

static void
it_comes_back_by_itself(void **state)
{
	struct pool *p;
	void *conn;

	(void)state;
	server.refuses = true;
	p = pool_open(&link_ops, &server, 2);
	assert_int_equal(pool_take(p, clock_ms() + 1000, &conn), ERR_UNAVAILABLE);
	assert_int_equal(pool_up(p), 0);
	server.refuses = false;
	assert_true(server_wait(some_are_up, p));
	pool_give(p, take(p));
	pool_close(p);
}

static void
closing_does_not_wait_for_the_next_try(void **state)
{
	struct pool *p;
	int64_t before;

	(void)state;
	server.refuses = true;
	p = pool_open(&link_ops, &server, 2);
	before = clock_ms();
	pool_close(p);
	assert_in_range(clock_ms() - before, 0, 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_fills_itself_and_closes_all),
		cmocka_unit_test(the_warmest_is_used_first),
		cmocka_unit_test(an_exhausted_pool_waits_until_the_deadline),
		cmocka_unit_test(what_is_given_back_wakes_a_waiter),
		cmocka_unit_test(what_is_dropped_is_replaced),
		cmocka_unit_test(a_dead_connection_is_not_handed_out),
		cmocka_unit_test(a_server_that_was_restarted_is_waited_for),
		cmocka_unit_test(an_empty_pool_fails_at_once),
		cmocka_unit_test(it_comes_back_by_itself),
		cmocka_unit_test(closing_does_not_wait_for_the_next_try),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
