/* Connections to PostgreSQL: whose they are, what is prepared on them, and that lost ones are replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "database.h"

enum { T_ADD, T_ECHO, T_COUNT, T_WHO, T_PREPARED, T__MAX };

static const struct stmt stmts[T__MAX] = {
	[T_ADD] = { "add", 1, "INSERT INTO thing VALUES ($1::bigint) RETURNING id" },
	[T_ECHO] = { "echo", 1, "SELECT $1::bigint AS n" },
	[T_COUNT] = { "count", 0, "SELECT count(*) AS n FROM thing" },
	[T_WHO] = { "who", 0, "SELECT current_user AS name, current_setting('client_encoding') AS encoding" },
	[T_PREPARED] = { "prepared", 0, "SELECT count(*) AS n FROM pg_prepared_statements" },
};

static int
set_up(void **state)
{
	struct db_conf conf = conf_for(conninfo, 2);

	(void)state;
	open_db(&conf, stmts, T__MAX);
	return 0;
}

static void
the_user_is_the_programs(void **state)
{
	struct db_result res;
	struct request r;

	(void)state;
	begin(&r, 5000);
	assert_int_equal(db_run(&r.rq, T_WHO, DB_NO_ARGS, &res), OK);
	assert_string_equal(db_str(&res, 0, "name"), "moa_toy");
	assert_string_equal(db_str(&res, 0, "encoding"), "UTF8");
	request_end(&r);
}

static void
statements_are_prepared_unless_told_not_to(void **state)
{
	struct db_conf conf = conf_for(conninfo, 1);

	(void)state;
	assert_true(number(T_PREPARED, DB_NO_ARGS) >= T__MAX);
	tear_down(NULL);
	conf.prepare = false;
	open_db(&conf, stmts, T__MAX);
	assert_int_equal(number(T_PREPARED, DB_NO_ARGS), 0);
	assert_int_equal(number(T_ECHO, DB_ARGS(db_text("5"))), 5);
}

static void
check_counts_faults(void **state)
{
	static const struct stmt faulty[] = { { "good", 0, "SELECT 1" },
					      { "bad", 0, "SELECT nothing" },
					      { "worse", 0, "SELEKT" } };
	struct db_conf conf = conf_for(conninfo, 1), nowhere = conf_for("host=/nonexistent dbname=moa", 1);

	(void)state;
	assert_int_equal(db_check(&conf, stmts, T__MAX), 0);
	assert_int_equal(db_check(&conf, faulty, 3), 2);
	assert_int_equal(db_check(&nowhere, stmts, T__MAX), 1);
}

static bool
both_are_idle(void *ctx)
{
	(void)ctx;
	return ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'moa_toy' AND state = 'idle'") ==
	       2;
}

static void
a_connection_cut_while_idle_is_not_used(void **state)
{
	int i;

	(void)state;
	assert_true(server_wait(both_are_idle, NULL));
	assert_int_equal(
	    ask("SELECT count(pg_terminate_backend(pid, 1000)) FROM (SELECT pid FROM pg_stat_activity "
		"WHERE application_name = 'moa_toy' LIMIT 1) one"),
	    1);
	for (i = 0; i < 10; i++)
		assert_int_equal(number(T_COUNT, DB_NO_ARGS), 1);
}

/* Dead connections leave the pool when somebody wants them. */
static bool
is_down(void *ctx)
{
	struct db_result res;
	struct request r;

	begin(&r, 100);
	if (db_run(&r.rq, DB_PING, DB_NO_ARGS, &res) == OK)
		fail_msg("the server answers");
	request_end(&r);
	return !db_ready(ctx);
}

static void
a_restarted_server_is_found_again(void **state)
{
	(void)state;
	server_kill(&pg);
	assert_fails(ERR_UNAVAILABLE, 5000, DB_PING, DB_NO_ARGS, 0, 1400);
	assert_true(server_wait(is_down, db));
	server_restart(&pg);
	assert_true(server_wait(is_ready, db));
	assert_int_equal(number(T_COUNT, DB_NO_ARGS), 1);
}

static void
a_server_that_is_down_at_start_is_waited_for(void **state)
{
	struct db_conf conf = conf_for(conninfo, 2);

	(void)state;
	server_kill(&pg);
	db = db_open(&conf, stmts, T__MAX);
	assert_false(db_ready(db));
	assert_fails(ERR_UNAVAILABLE, 5000, DB_PING, DB_NO_ARGS, 0, 1400);
	server_restart(&pg);
	assert_true(server_wait(is_ready, db));
	assert_int_equal(number(T_COUNT, DB_NO_ARGS), 1);
}

/*
 * A server that greets like PostgreSQL and says that the statement is complete, but never that the commit is: it falls
 * silent, or hangs up.
 */
struct impostor {
	pthread_t thread;
	int listener;
	char conninfo[96];
	bool hangs_up;
};

static const char greeting[] = "R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
static const char complete[] = "1\0\0\0\x04"
			       "2\0\0\0\x04"
			       "n\0\0\0\x04"
			       "C\0\0\0\rINSERT 0\0";

static void *
impostor_run(void *arg)
{
	struct impostor *im = arg;
	char buf[1024];
	int fd;

	while ((fd = accept(im->listener, NULL, NULL)) >= 0) {
		if (recv(fd, buf, sizeof(buf), 0) > 0 &&
		    send(fd, greeting, sizeof(greeting) - 1, MSG_NOSIGNAL) > 0 &&
		    recv(fd, buf, sizeof(buf), 0) > 0 &&
		    send(fd, complete, sizeof(complete) - 1, MSG_NOSIGNAL) > 0 && !im->hangs_up)
			while (recv(fd, buf, sizeof(buf), 0) > 0)
				continue;
		close(fd);
	}
	return NULL;
}

static void
impostor_start(struct impostor *im)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	im->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(im->listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(im->listener, 8), 0);
	assert_int_equal(getsockname(im->listener, (struct sockaddr *)&at, &len), 0);
	snprintf(im->conninfo, sizeof(im->conninfo),
		 "host=127.0.0.1 port=%d sslmode=disable gssencmode=disable", ntohs(at.sin_port));
	assert_int_equal(pthread_create(&im->thread, NULL, impostor_run, im), 0);
}

static void
impostor_stop(struct impostor *im)
{
	shutdown(im->listener, SHUT_RDWR);
	pthread_join(im->thread, NULL);
	close(im->listener);
}

static void
a_commit_nobody_confirms_is_unavailable(void **state)
{
	struct impostor im = { 0 };
	struct db_conf conf = conf_for(im.conninfo, 1);
	int i;

	(void)state;
	conf.prepare = false;
	for (i = 0; i < 2; i++) {
		im.hangs_up = i == 1;
		impostor_start(&im);
		open_db(&conf, stmts, T__MAX);
		assert_fails(ERR_UNAVAILABLE, 200, T_ADD, DB_ARGS(db_text("1")), im.hangs_up ? 0 : 190, 1400);
		tear_down(NULL);
		impostor_stop(&im);
	}
}

static int
begin_group(void **state)
{
	(void)state;
	start_pg("CREATE TABLE thing (id bigint PRIMARY KEY); INSERT INTO thing VALUES (1)");
	return 0;
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(the_user_is_the_programs),
		WITH_DB(statements_are_prepared_unless_told_not_to),
		WITH_DB(check_counts_faults),
		WITH_DB(a_connection_cut_while_idle_is_not_used),
		WITH_DB(a_restarted_server_is_found_again),
		cmocka_unit_test(a_commit_nobody_confirms_is_unavailable),
		cmocka_unit_test_teardown(a_server_that_is_down_at_start_is_waited_for, tear_down),
	};

	return cmocka_run_group_tests(tests, begin_group, end_pg);
}
