/* Health, readiness and metrics, with PostgreSQL and Redis up, frozen and down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libpq-fe.h>
#include <signal.h>

#include "db.h"
#include "health.h"
#include "kv.h"
#include "metrics.h"
#include "request.h"
#include "servers.h"

static struct server pg, redis;
static struct db *db;
static struct kv *kv;

static const struct route own[] = {
	{ POST, "/api/v1/toy/things", NULL, IDEMPOTENT, 0 },
	{ 0 },
};
static const struct route *plain, *with_redis;

static bool
both_are_ready(void *unused)
{
	(void)unused;
	return db_ready(db) && kv_ready(kv);
}

static const struct route *
find(const struct route *routes, const char *path)
{
	while (routes->path && strcmp(routes->path, path) != 0)
		routes++;
	assert_non_null(routes->path);
	return routes;
}

static void
assert_answers(const struct route *routes, const char *path, int status, const char *body)
{
	struct request r;

	request_begin(&r, 2800);
	r.rq.db = db;
	r.rq.kv = kv;
	assert_int_equal(find(routes, path)->handle(&r.rq, &r.rs), OK);
	assert_int_equal(r.rs.status, status);
	assert_string_equal(r.rs.body, body);
	assert_string_equal(r.rs.type, "application/json");
	assert_in_range(request_took_ms(&r), 0, 2800);
	request_end(&r);
}

static const char *
ready(const char *status, const char *postgresql, const char *redis_is)
{
	static char body[128];

	snprintf(body, sizeof(body), "{\"status\":\"%s\",\"postgresql\":%s,\"redis\":%s}", status, postgresql,
		 redis_is);
	return body;
}

static void
three_routes_follow_the_programs_own(void **state)
{
	static const char *const paths[] = { "/api/v1/toy/healthz", "/api/v1/toy/readyz",
					     "/api/v1/toy/metrics" };
	int i;

	(void)state;
	assert_string_equal(plain[0].path, "/api/v1/toy/things");
	assert_int_equal(plain[0].flags, IDEMPOTENT);
	for (i = 0; i < 3; i++) {
		assert_string_equal(plain[i + 1].path, paths[i]);
		assert_int_equal(plain[i + 1].method, GET);
		assert_int_equal(plain[i + 1].flags, PUBLIC);
	}
	assert_null(plain[4].path);
}

static void
all_is_well(void **state)
{
	(void)state;
	assert_answers(plain, "/api/v1/toy/healthz", 200, "{\"status\":\"ok\"}");
	assert_answers(plain, "/api/v1/toy/readyz", 200, ready("ok", "true", "true"));
	assert_answers(with_redis, "/api/v1/toy/readyz", 200, ready("ok", "true", "true"));
}

static void
metrics_are_prometheus_text(void **state)
{
	struct request r;

	(void)state;
	metrics_open("toy", plain, NULL);
	request_begin(&r, 1000);
	assert_int_equal(find(plain, "/api/v1/toy/metrics")->handle(&r.rq, &r.rs), OK);
	assert_int_equal(r.rs.status, 200);
	assert_string_equal(r.rs.type, "text/plain; version=0.0.4; charset=utf-8");
	assert_non_null(strstr(r.rs.body, "route=\"/api/v1/toy/things\""));
	request_end(&r);
}

static void
not_all_need_redis(void **state)
{
	(void)state;
	server_kill(&redis);
	assert_answers(plain, "/api/v1/toy/readyz", 200, ready("ok", "true", "false"));
	assert_answers(with_redis, "/api/v1/toy/readyz", 503, ready("unavailable", "true", "false"));
	assert_answers(with_redis, "/api/v1/toy/healthz", 200, "{\"status\":\"ok\"}");
	server_restart(&redis);
	assert_true(server_wait(both_are_ready, NULL));
	assert_answers(with_redis, "/api/v1/toy/readyz", 200, ready("ok", "true", "true"));
}

/* Their sockets are open and their connections up, but nobody is there. */
static void
frozen_servers_are_not_ready(void **state)
{
	(void)state;
	server_freeze(&pg);
	server_freeze(&redis);
	assert_answers(with_redis, "/api/v1/toy/readyz", 503, ready("unavailable", "false", "false"));
	assert_answers(with_redis, "/api/v1/toy/healthz", 200, "{\"status\":\"ok\"}");
	server_thaw(&pg);
	server_thaw(&redis);
	assert_true(server_wait(both_are_ready, NULL));
	assert_answers(with_redis, "/api/v1/toy/readyz", 200, ready("ok", "true", "true"));
}

static void
without_postgresql_nothing_is_ready(void **state)
{
	(void)state;
	server_kill(&pg);
	assert_answers(plain, "/api/v1/toy/readyz", 503, ready("unavailable", "false", "true"));
	assert_answers(plain, "/api/v1/toy/healthz", 200, "{\"status\":\"ok\"}");
}

/* What the library itself asks of a database. */
static void
make_schema(void)
{
	PGconn *c = PQconnectdb(pg.address);
	PGresult *res = PQexec(c, "CREATE SCHEMA auth; CREATE VIEW auth.jwk AS SELECT ''::text AS kid, "
				  "''::bytea AS public_key");

	assert_int_equal(PQresultStatus(res), PGRES_COMMAND_OK);
	PQclear(res);
	PQfinish(c);
}

static int
set_up(void **state)
{
	struct db_conf db_conf = { .program = "toy", .pool = 1, .prepare = true };
	struct kv_conf kv_conf = { .pool = 1 };

	(void)state;
	server_pg(&pg);
	server_redis(&redis);
	make_schema();
	db_conf.conninfo = pg.address;
	kv_conf.address = redis.address;
	db = db_open(&db_conf, NULL, 0);
	kv = kv_open(&kv_conf);
	plain = health_routes("/api/v1/toy", own, false, 0);
	with_redis = health_routes("/api/v1/toy", own, true, 0);
	assert_true(server_wait(both_are_ready, NULL));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	db_close(db);
	kv_close(kv);
	server_end(&pg);
	server_end(&redis);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_routes_follow_the_programs_own),
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(metrics_are_prometheus_text),
		cmocka_unit_test(not_all_need_redis),
		cmocka_unit_test(frozen_servers_are_not_ready),
		cmocka_unit_test(without_postgresql_nothing_is_ready),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
