/* PostgreSQL: values there and back, what errors mean, and what happens when it is slow, frozen, killed or cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "db.h"
#include "fields.h"
#include "request.h"
#include "servers.h"

enum {
	T_ECHO,
	T_LINES,
	T_ADD,
	T_ADD_LATE,
	T_EXCLUDE,
	T_COUNT,
	T_SLEEP,
	T_DIVIDE,
	T_WHO,
	T_PREPARED,
	T_SUICIDE,
	T__MAX
};

static const struct stmt stmts[T__MAX] = {
	[T_ECHO] = { "echo", 4, "SELECT $1::text AS t, $2::bigint AS n, $3::boolean AS b, $4::bytea AS bin" },
	[T_LINES] = { "lines", 1,
		      "SELECT cardinality(l) AS n, array_to_string(l, '|') AS joined FROM (SELECT $1::text[] AS l) q" },
	[T_ADD] = { "add", 1, "INSERT INTO thing VALUES ($1::bigint) RETURNING id" },
	[T_ADD_LATE] = { "add_late", 1, "INSERT INTO late_thing VALUES ($1::bigint) RETURNING id" },
	[T_EXCLUDE] = { "exclude", 1, "INSERT INTO span VALUES (int8range($1::bigint, NULL))" },
	[T_COUNT] = { "count", 0, "SELECT count(*) AS n FROM thing" },
	[T_SLEEP] = { "sleep", 1, "SELECT pg_sleep($1::bigint)" },
	[T_DIVIDE] = { "divide", 1, "SELECT 1 / $1::bigint" },
	[T_WHO] = { "who", 0, "SELECT current_user AS name, current_setting('client_encoding') AS encoding" },
	[T_PREPARED] = { "prepared", 0, "SELECT count(*) AS n FROM pg_prepared_statements" },
	[T_SUICIDE] = { "suicide", 0, "SELECT pg_terminate_backend(pg_backend_pid())" },
};

static const char schema[] =
    "CREATE SCHEMA auth; CREATE VIEW auth.jwk AS SELECT 'k1'::text AS kid, '\\x0001'::bytea AS public_key;"
    "CREATE TABLE thing (id bigint PRIMARY KEY);"
    "CREATE TABLE late_thing (id bigint, CONSTRAINT once UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);"
    "CREATE TABLE span (s int8range, EXCLUDE USING gist (s WITH &&));"
    "CREATE ROLE moa_toy LOGIN; GRANT USAGE ON SCHEMA auth TO moa_toy; GRANT SELECT ON auth.jwk TO moa_toy;"
    "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO moa_toy;";

static struct server pg;
static char conninfo[96]; /* names no user */
static struct db *db;

static struct db_conf
conf_for(const char *words, int pool)
{
	return (struct db_conf){ .conninfo = words, .program = "toy", .pool = pool, .prepare = true };
}

/* The number that a question of the superuser's gets. */
static int64_t
ask(const char *sql)
{
	PGconn *c = PQconnectdb(pg.address);
	PGresult *res = PQexec(c, sql);
	int64_t n;

	if (PQntuples(res) != 1)
		fail_msg("%s", PQerrorMessage(c));
	n = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	PQfinish(c);
	return n;
}

static bool
is_ready(void *ctx)
{
	return db_ready(ctx);
}

static void
open_db(const struct db_conf *conf)
{
	db = db_open(conf, stmts, T__MAX);
	assert_true(server_wait(is_ready, db));
}

static int
set_up(void **state)
{
	struct db_conf conf = conf_for(conninfo, 2);

	(void)state;
	open_db(&conf);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	server_thaw(&pg);
	server_restart(&pg);
	db_close(db);
	db = NULL;
	return 0;
}

static void
begin(struct request *r, int ms)
{
	request_begin(r, ms);
	r->rq.db = db;
}

static void
assert_fails(enum err expected, int ms, int id, struct db_args args, int least_ms, int most_ms)
{
	struct db_result res = { .rows = -1 };
	struct request r;

	begin(&r, ms);
	assert_int_equal(db_run(&r.rq, id, args, &res), expected);
	assert_in_range(request_took_ms(&r), least_ms, most_ms);
	assert_int_equal(res.rows, -1);
	request_end(&r);
}

/* The number in column n of the one row. */
static int64_t
number(int id, struct db_args args)
{
	struct db_result res;
	struct request r;
	int64_t n;

	begin(&r, 1000);
	assert_int_equal(db_run(&r.rq, id, args, &res), OK);
	assert_int_equal(res.rows, 1);
	n = db_num(&res, 0, "n");
	request_end(&r);
	return n;
}

static void
values_come_back(void **state)
{
	static const int64_t numbers[] = { 0, 1, -1, INT64_MAX, INT64_MIN };
	static const char bytes[] = "a\0\xff\\'b";
	const unsigned char *bin;
	struct db_result res;
	struct request r;
	size_t i, len;

	(void)state;
	begin(&r, 5000);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		assert_int_equal(db_run(&r.rq, T_ECHO,
					DB_ARGS(db_text("모아 'x' \\ \"y\""), db_i64(&r.rq, numbers[i]),
						db_bool(i % 2), db_bytes(bytes, sizeof(bytes))),
					&res),
				 OK);
		assert_string_equal(db_str(&res, 0, "t"), "모아 'x' \\ \"y\"");
		assert_true(db_num(&res, 0, "n") == numbers[i]);
		assert_int_equal(db_true(&res, 0, "b"), i % 2);
		bin = db_bin(&res, 0, "bin", &len);
		assert_int_equal(len, sizeof(bytes));
		assert_memory_equal(bin, bytes, len);
	}
	assert_true(db_has(&res, "bin"));
	assert_false(db_has(&res, "none"));
	request_end(&r);
}

static void
null_is_not_empty(void **state)
{
	struct db_result res;
	struct request r;
	size_t len = 99;

	(void)state;
	begin(&r, 5000);
	assert_int_equal(db_run(&r.rq, T_ECHO,
				DB_ARGS(db_text(NULL), db_text(NULL), db_text(NULL), db_bytes(NULL, 0)),
				&res),
			 OK);
	assert_null(db_str(&res, 0, "t"));
	assert_int_equal(db_num(&res, 0, "n"), 0);
	assert_false(db_true(&res, 0, "b"));
	assert_null(db_bin(&res, 0, "bin", &len));
	assert_int_equal(db_run(&r.rq, T_ECHO,
				DB_ARGS(db_text(""), db_i64(&r.rq, 0), db_bool(false), db_bytes("", 0)),
				&res),
			 OK);
	assert_string_equal(db_str(&res, 0, "t"), "");
	assert_non_null(db_bin(&res, 0, "bin", &len));
	assert_int_equal(len, 0);
	request_end(&r);
}

static void
lists_keep_their_elements(void **state)
{
	const char *words[] = { "plain",   "with, comma", "\"quoted\"", "back\\slash",
				"{brace}", "NULL",	  "",		"모아" };
	const struct lines lists[] = { { sizeof(words) / sizeof(words[0]), words }, { 0, NULL } };
	static const char *const joined[] = { "plain|with, comma|\"quoted\"|back\\slash|{brace}|NULL||모아",
					      "" };
	struct db_result res;
	struct request r;
	size_t i;

	(void)state;
	begin(&r, 5000);
	for (i = 0; i < 2; i++) {
		assert_int_equal(db_run(&r.rq, T_LINES, DB_ARGS(db_lines(&r.rq, &lists[i])), &res), OK);
		assert_int_equal(db_num(&res, 0, "n"), lists[i].n);
		assert_string_equal(db_str(&res, 0, "joined"), joined[i]);
	}
	request_end(&r);
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
	open_db(&conf);
	assert_fails(ERR_UNAVAILABLE, 5000, T_SLEEP, DB_ARGS(db_text("60")), 90, 1400);
	assert_true(server_wait(is_ready, db));
	assert_int_equal(number(T_COUNT, DB_NO_ARGS), 1);
}

static void
statements_are_prepared_unless_told_not_to(void **state)
{
	struct db_conf conf = conf_for(conninfo, 1);
	struct db_result res;
	struct request r;

	(void)state;
	assert_true(number(T_PREPARED, DB_NO_ARGS) >= T__MAX);
	tear_down(NULL);
	conf.prepare = false;
	open_db(&conf);
	assert_int_equal(number(T_PREPARED, DB_NO_ARGS), 0);
	begin(&r, 5000);
	assert_int_equal(db_run(&r.rq, T_ECHO,
				DB_ARGS(db_text("x"), db_i64(&r.rq, 5), db_bool(true), db_bytes("\0\1", 2)),
				&res),
			 OK);
	assert_int_equal(db_num(&res, 0, "n"), 5);
	request_end(&r);
	assert_int_equal(add(T_ADD, "7"), ERR_CONFLICT);
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
	open_db(&conf);
	assert_int_equal(pthread_create(&sleeper, NULL, sleep_one, NULL), 0);
	assert_true(server_wait(statement_runs, NULL));
	assert_fails(ERR_UNAVAILABLE, 50, DB_PING, DB_NO_ARGS, 45, 1400);
	pthread_join(sleeper, NULL);
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
	open_db(&conf);
	server_freeze(&pg);
	assert_fails(ERR_UNAVAILABLE, 100, DB_PING, DB_NO_ARGS, 90, 1400);
	assert_fails(ERR_UNAVAILABLE, 5000, DB_PING, DB_NO_ARGS, 0, 1400);
	server_thaw(&pg);
	assert_true(server_wait(is_ready, db));
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
		open_db(&conf);
		assert_fails(ERR_UNAVAILABLE, 200, T_ADD, DB_ARGS(db_text("1")), im.hangs_up ? 0 : 190, 1400);
		tear_down(NULL);
		impostor_stop(&im);
	}
}

static int
start_pg(void **state)
{
	PGconn *c;
	PGresult *res;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	server_pg(&pg);
	snprintf(conninfo, sizeof(conninfo), "host=%s dbname=postgres", pg.dir);
	c = PQconnectdb(pg.address);
	res = PQexec(c, schema);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		fail_msg("%s", PQerrorMessage(c));
	PQclear(res);
	PQfinish(c);
	return 0;
}

static int
end_pg(void **state)
{
	(void)state;
	server_end(&pg);
	return 0;
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(values_come_back),
		WITH_DB(null_is_not_empty),
		WITH_DB(lists_keep_their_elements),
		WITH_DB(statements_are_counted_and_timed),
		WITH_DB(the_user_is_the_programs),
		WITH_DB(a_statement_that_fails_is_a_bug),
		WITH_DB(what_is_there_already_is_a_conflict),
		WITH_DB(a_commit_that_fails_is_no_success),
		WITH_DB(a_statement_ends_with_the_deadline),
		WITH_DB(statements_are_prepared_unless_told_not_to),
		WITH_DB(check_counts_faults),
		WITH_DB(threads_share_the_connections),
		WITH_DB(a_busy_pool_keeps_the_deadline),
		WITH_DB(a_connection_cut_while_idle_is_not_used),
		WITH_DB(a_connection_cut_while_running_is_unavailable),
		WITH_DB(a_frozen_server_costs_no_more_than_the_deadline),
		WITH_DB(a_restarted_server_is_found_again),
		cmocka_unit_test(a_commit_nobody_confirms_is_unavailable),
		cmocka_unit_test_teardown(a_server_that_is_down_at_start_is_waited_for, tear_down),
	};

	return cmocka_run_group_tests(tests, start_pg, end_pg);
}
