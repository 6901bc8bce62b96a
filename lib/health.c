/* Health, readiness and metrics: the same three routes behind every program's own. */
#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "db.h"
#include "health.h"
#include "kv.h"
#include "metrics.h"
#include "out.h"
#include "req.h"
#include "resp.h"

/* GET …/healthz -> 200 {status}: the process lives and has a thread free. */
static enum err
healthz(const struct req *rq, struct resp *rs)
{
	struct json_object *health = out_object(rq->arena);

	out_str(health, "status", "ok");
	return resp_json(rs, 200, health);
}

/* That a connection is up says little: a server that hangs keeps it.  So ask. */
static bool
db_answers(const struct req *rq)
{
	struct db_result res;

	return db_run(rq, DB_PING, DB_NO_ARGS, &res) == OK;
}

static bool
kv_answers(const struct req *rq)
{
	const struct redisReply *reply;

	return kv_run(rq, KV_ARGS("PING"), &reply) == OK;
}

/* GET …/readyz -> 200 or 503 {status, postgresql, redis}: should this instance get traffic? */
static enum err
readiness(const struct req *rq, struct resp *rs, bool needs_redis)
{
	struct json_object *health = out_object(rq->arena);
	bool db = db_answers(rq), kv = kv_answers(rq), ready = db && (kv || !needs_redis);

	out_str(health, "status", ready ? "ok" : "unavailable");
	out_bool(health, "postgresql", db);
	out_bool(health, "redis", kv);
	return resp_json(rs, ready ? 200 : 503, health);
}

static enum err
readyz(const struct req *rq, struct resp *rs)
{
	return readiness(rq, rs, false);
}

static enum err
readyz_with_redis(const struct req *rq, struct resp *rs)
{
	return readiness(rq, rs, true);
}

/* The statement for what the database knows of the program's state; 0: none.  Set before any thread asks. */
static int gauges_stmt;

/* Its rows; none while PostgreSQL does not answer. */
static const char *
gauges(const struct req *rq)
{
	struct metric *rows;
	struct db_result res;
	int i;

	if (!gauges_stmt || db_run(rq, gauges_stmt, DB_NO_ARGS, &res))
		return "";
	rows = arena_alloc(rq->arena, (size_t)(res.rows + 1) * sizeof(*rows));
	for (i = 0; i < res.rows; i++)
		rows[i] = (struct metric){ db_str(&res, i, "name"), db_str(&res, i, "labels"),
					   db_str(&res, i, "help"), db_num(&res, i, "value") };
	return metrics_rows(rq->arena, rows);
}

/* GET …/metrics -> 200, Prometheus text format 0.0.4 of this process. */
static enum err
metrics(const struct req *rq, struct resp *rs)
{
	const char *text = arena_printf(rq->arena, "%s%s", metrics_text(rq->arena), gauges(rq));

	return resp_text(rs, 200, "text/plain; version=0.0.4; charset=utf-8", text);
}

static const char *
path_join(const char *prefix, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", prefix, name) < 0)
		abort();
	return path;
}

/* The routes that every program has. */
enum { OWN = 3 };

struct route *
health_routes(const char *prefix, const struct route *routes, bool needs_redis, int gauges_id)
{
	struct route *all;
	size_t n = 0, i;

	while (routes[n].path)
		n++;
	all = calloc(n + OWN + 1, sizeof(*all));
	if (!all)
		abort();
	for (i = 0; i < n; i++)
		all[i] = routes[i];
	gauges_stmt = gauges_id;
	all[n] = (struct route){ GET, path_join(prefix, "healthz"), healthz, PUBLIC, 0 };
	all[n + 1] = (struct route){ GET, path_join(prefix, "readyz"),
				     needs_redis ? readyz_with_redis : readyz, PUBLIC, 0 };
	all[n + 2] = (struct route){ GET, path_join(prefix, "metrics"), metrics, PUBLIC, 0 };
	return all;
}

void
health_routes_free(struct route *all)
{
	size_t n = 0, i;

	while (all[n].path)
		n++;
	for (i = n - OWN; i < n; i++)
		free((char *)all[i].path);
	free(all);
}
