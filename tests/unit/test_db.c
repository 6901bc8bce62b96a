/* PostgreSQL: what errors mean, and what happens when it is slow, frozen or cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "database.h"

enum { T_ADD, T_ADD_LATE, T_EXCLUDE, T_COUNT, T_SLEEP, T_DIVIDE, T_SUICIDE, T__MAX };

static const struct stmt stmts[T__MAX] = {
	[T_ADD] = { "add", 1, "INSERT INTO thing VALUES ($1::bigint) RETURNING id" },
	[T_ADD_LATE] = { "add_late", 1, "INSERT INTO late_thing VALUES ($1::bigint) RETURNING id" },
	[T_EXCLUDE] = { "exclude", 1, "INSERT INTO span VALUES (int8range($1::bigint, NULL))" },
	[T_COUNT] = { "count", 0, "SELECT count(*) AS n FROM thing" },
	[T_SLEEP] = { "sleep", 1, "SELECT pg_sleep($1::bigint)" },
	[T_DIVIDE] = { "divide", 1, "SELECT 1 / $1::bigint" },
	[T_SUICIDE] = { "suicide", 0, "SELECT pg_terminate_backend(pg_backend_pid())" },
};

static const char tables[] =
    "CREATE TABLE thing (id bigint PRIMARY KEY);"
    "CREATE TABLE late_thing (id bigint, CONSTRAINT once UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);"
    "CREATE TABLE span (s int8range, EXCLUDE USING gist (s WITH &&));";

static int
set_up(void **state)
{
	struct db_conf conf = conf_for(conninfo, 2);

	(void)state;
	open_db(&conf, stmts, T__MAX);
	return 0;
}

static void
statements_are_counted_and_timed(void **state)
{
	struct db_result res;
	struct request r;

	(void)state;
	begin(&r, 5000);
	assert_int_equal(db_run(&r.rq, DB_PING, DB_NO_ARGS, &res), OK);
	assert_int_equal(db_run(&r.rq, DB_JWK, DB_NO_ARGS, &res), OK);
	assert_string_equal(db_str(&res, 0, "kid"), "k1");
	assert_int_equal(r.trace.statements, 2);
	assert_true(r.trace.db_us > 0);
	request_end(&r);
}

/* What is done beside a statement. */
static void
note_time(void *ctx)
{
	*(int64_t *)ctx = clock_us();
}

static void
work_is_done_while_the_server_works(void **state)
{
	int64_t worked_us = 0, begun_us;
	const struct db_beside beside = { note_time, &worked_us };
	struct db_result res;
	struct request r;

	(void)state;
	begin(&r, 5000);
	begun_us = clock_us();
	assert_int_equal(db_run_beside(&r.rq, T_SLEEP, DB_ARGS(db_text("1")), &beside, &res), OK);
	/* Before the server was done with it, and not after. */
	assert_in_range(worked_us - begun_us, 0, 900000);
	assert_true(clock_us() - begun_us >= 1000000);
	request_end(&r);
}

static void
a_statement_that_fails_is_a_bug(void **state)
{
	(void)state;
	assert_fails(ERR_INTERNAL, 1000, T_ADD, DB_ARGS(db_text("no number")), 0, 1400);
	assert_int_equal(number(T_COUNT, DB_NO_ARGS), 0);
	assert_fails(ERR_INTERNAL, 1000, T_DIVIDE, DB_ARGS(db_text("0")), 0, 1400);
	assert_fails(ERR_INTERNAL, 1000, T_ADD, DB_ARGS(db_text("\xff")), 0, 1400);
}

static enum err
add(int id, const char *number_text)
{
	struct db_result res;
	struct request r;
	enum err e;

	begin(&r, 1000);
	e = db_run(&r.rq, id, DB_ARGS(db_text(number_text)), &res);
	request_end(&r);
	return e;
}

static void
what_is_there_already_is_a_conflict(void **state)
{
	(void)state;
	assert_int_equal(add(T_ADD, "7"), OK);
	assert_int_equal(add(T_ADD, "7"), ERR_CONFLICT);
	assert_int_equal(add(T_EXCLUDE, "1"), OK);
	assert_int_equal(add(T_EXCLUDE, "1"), ERR_CONFLICT);
	assert_int_equal(number(T_COUNT, DB_NO_ARGS), 1);
}

/* A deferred constraint speaks up at the commit, after the rows: they must not be taken for success. */
static void
a_commit_that_fails_is_no_success(void **state)
{
	(void)state;
	assert_int_equal(add(T_ADD_LATE, "7"), OK);
	assert_int_equal(add(T_ADD_LATE, "7"), ERR_CONFLICT);
	assert_int_equal(add(T_ADD_LATE, "8"), OK);
}

static void
a_statement_ends_with_the_deadline(void **state)
{
	struct db_conf conf = conf_for(conninfo, 1);

	(void)state;
	assert_fails(ERR_UNAVAILABLE, 100, T_SLEEP, DB_ARGS(db_text("60")), 90, 1400);
	assert_fails(ERR_UNAVAILABLE, 0, T_SLEEP, DB_ARGS(db_text("60")), 0, 1400);
	tear_down(NULL);
	conf.statement_ms = 100;
	open_db(&conf, stmts, T__MAX);
	assert_fails(ERR_UNAVAILABLE, 5000, T_SLEEP, DB_ARGS(db_text("60")), 90, 1400);
	assert_true(server_wait(is_ready, db));
	assert_int_equal(number(T_COUNT, DB_NO_ARGS), 1);
}

static void *
ping_often(void *arg)
{
	struct db_result res;
	struct request r;
	int i, *failed = arg;

	for (i = 0; i < 100; i++) {
		begin(&r, 5000);
		*failed += db_run(&r.rq, DB_PING, DB_NO_ARGS, &res) != OK;
		request_end(&r);
	}
	return NULL;
}

static void
threads_share_the_connections(void **state)
{
	pthread_t threads[8];
	int failed[8] = { 0 }, i;

	(void)state;
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ping_often, &failed[i]), 0);
	for (i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(failed[i], 0);
	}
}

static void *
sleep_one(void *arg)
{
	(void)arg;
	assert_fails(ERR_UNAVAILABLE, 300, T_SLEEP, DB_ARGS(db_text("60")), 290, 1400);
	return NULL;
}

static bool
statement_runs(void *ctx)
{
	(void)ctx;
	return ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'moa_toy' AND state = 'active'") ==
	       1;
}

/* Who finds all connections busy waits for one, but no longer than the own deadline. */
static void
a_busy_pool_keeps_the_deadline(void **state)
{
	struct db_conf conf = conf_for(conninfo, 1);
	pthread_t sleeper;

	(void)state;
	tear_down(NULL);
	/* A client that gives up does not wake its backend: earlier sleepers still lie about. */
	ask("SELECT count(pg_terminate_backend(pid, 1000)) FROM pg_stat_activity "
	    "WHERE application_name = 'moa_toy' AND state = 'active'");
	open_db(&conf, stmts, T__MAX);
	assert_int_equal(pthread_create(&sleeper, NULL, sleep_one, NULL), 0);
	assert_true(server_wait(statement_runs, NULL));
	assert_fails(ERR_UNAVAILABLE, 50, DB_PING, DB_NO_ARGS, 45, 1400);
	pthread_join(sleeper, NULL);
}

static void
a_connection_cut_while_running_is_unavailable(void **state)
{
	(void)state;
	assert_fails(ERR_UNAVAILABLE, 5000, T_SUICIDE, DB_NO_ARGS, 0, 1400);
	assert_true(server_wait(is_ready, db));
	assert_int_equal(number(T_COUNT, DB_NO_ARGS), 1);
}

static void
a_frozen_server_costs_no_more_than_the_deadline(void **state)
{
	struct db_conf conf = conf_for(conninfo, 1);

	(void)state;
	tear_down(NULL);
	open_db(&conf, stmts, T__MAX);
	server_freeze(&pg);
	assert_fails(ERR_UNAVAILABLE, 100, DB_PING, DB_NO_ARGS, 90, 1400);
	assert_fails(ERR_UNAVAILABLE, 5000, DB_PING, DB_NO_ARGS, 0, 1400);
	server_thaw(&pg);
	assert_true(server_wait(is_ready, db));
	assert_int_equal(number(T_COUNT, DB_NO_ARGS), 1);
}

static int
begin_group(void **state)
{
	(void)state;
	start_pg(tables);
	return 0;
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(statements_are_counted_and_timed),
		WITH_DB(work_is_done_while_the_server_works),
		WITH_DB(a_statement_that_fails_is_a_bug),
		WITH_DB(what_is_there_already_is_a_conflict),
		WITH_DB(a_commit_that_fails_is_no_success),
		WITH_DB(a_statement_ends_with_the_deadline),
		WITH_DB(threads_share_the_connections),
		WITH_DB(a_busy_pool_keeps_the_deadline),
		WITH_DB(a_connection_cut_while_running_is_unavailable),
		WITH_DB(a_frozen_server_costs_no_more_than_the_deadline),
	};

	return cmocka_run_group_tests(tests, begin_group, end_pg);
}
