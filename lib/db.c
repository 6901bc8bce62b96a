/* PostgreSQL: the program's own statements, each run under a deadline on a connection from the pool. */
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "arena.h"
#include "clock.h"
#include "db_inside.h"
#include "pool.h"
#include "req.h"

enum { STATEMENT_MS = 1500, LEAST_MS = 20, NARGS_MAX = 24 };

/* What every program may ask, at the ids -1, -2, … */
static const struct stmt lib_stmts[] = {
	{ "jwk", 0, "SELECT kid, public_key FROM auth.jwk" },
	{ "ping", 0, "SELECT 1" },
};
_Static_assert(sizeof(lib_stmts) / sizeof(lib_stmts[0]) == -DB_FIRST, "a row for each id");

const struct stmt *
db_stmt(const struct db *db, int id)
{
	if (id < 0 && -id <= (int)(sizeof(lib_stmts) / sizeof(lib_stmts[0])))
		return &lib_stmts[-id - 1];
	if (id < 0 || id >= db->nstmts)
		abort();
	return &db->stmts[id];
}

static struct db *
db_new(const struct db_conf *conf, const struct stmt *stmts, int n)
{
	struct db *db = calloc(1, sizeof(*db));

	if (!db)
		abort();
	db->conf = *conf;
	if (db->conf.statement_ms == 0)
		db->conf.statement_ms = STATEMENT_MS;
	db->stmts = stmts;
	db->nstmts = n;
	snprintf(db->user, sizeof(db->user), "moa_%s", conf->program);
	return db;
}

struct db *
db_open(const struct db_conf *conf, const struct stmt *stmts, int n)
{
	struct db *db = db_new(conf, stmts, n);

	db->pool = pool_open(&db_connections, db, (int)conf->pool);
	return db;
}

void
db_close(struct db *db)
{
	if (!db)
		return;
	pool_close(db->pool);
	free(db);
}

void
db_wait(struct db *db, int64_t deadline_ms)
{
	pool_wait(db->pool, deadline_ms);
}

bool
db_ready(const struct db *db)
{
	return pool_up(db->pool) > 0;
}

int
db_check(const struct db_conf *conf, const struct stmt *stmts, int n)
{
	struct db *db = db_new(conf, stmts, n);
	PGconn *pg = db_connect(db);
	int faults = pg ? db_prepare(pg, db) : 1;

	PQfinish(pg);
	free(db);
	return faults;
}

static bool
send_stmt(PGconn *pg, const struct db *db, const struct stmt *s, struct db_args args)
{
	const char *values[NARGS_MAX];
	int lens[NARGS_MAX], formats[NARGS_MAX], i;

	if (args.n != s->nargs || args.n > NARGS_MAX)
		abort();
	for (i = 0; i < args.n; i++) {
		values[i] = args.at[i].value;
		lens[i] = args.at[i].len;
		formats[i] = args.at[i].binary;
	}
	if (db->conf.prepare)
		return PQsendQueryPrepared(pg, s->name, args.n, values, lens, formats, 0);
	return PQsendQueryParams(pg, s->sql, args.n, NULL, values, lens, formats, 0);
}

/*
 * Does the connection end with this error?  It is lost, or the server about to hang up; or its prepared statements are of
 * an older schema, or gone.  (A lock timeout or a deadlock ends the statement alone.)
 */
static bool
sqlstate_ends(const char *state)
{
	return strncmp(state, "08", 2) == 0 || strncmp(state, "57P", 3) == 0 || strcmp(state, "0A000") == 0 ||
	       strcmp(state, "26000") == 0;
}

/* What an SQLSTATE means to a caller; classes are in appendix A of PostgreSQL's manual. */
static enum err
sqlstate_err(const char *state)
{
	/* resources, shutdown and cancelling, serialization and deadlock, lock timeout */
	static const char *const not_now[] = { "53", "57", "40", "55P03" };
	size_t i;

	if (strcmp(state, "23505") == 0 || strcmp(state, "23P01") == 0)
		return ERR_CONFLICT;
	for (i = 0; i < sizeof(not_now) / sizeof(not_now[0]); i++)
		if (strncmp(state, not_now[i], strlen(not_now[i])) == 0)
			return ERR_UNAVAILABLE;
	return sqlstate_ends(state) ? ERR_UNAVAILABLE : ERR_INTERNAL;
}

static enum err
result_err(const PGresult *res, const char *state, const struct stmt *s)
{
	enum err e;

	if (PQresultStatus(res) == PGRES_TUPLES_OK || PQresultStatus(res) == PGRES_COMMAND_OK)
		return OK;
	e = sqlstate_err(state);
	if (e != ERR_CONFLICT)
		db_log(LOG_ERROR, "db_statement", s->name, PQresultErrorMessage(res));
	return e;
}

static void
result_release(void *res)
{
	PQclear(res);
}

/* Send s on pg and take its result.  *ret_broken: the connection cannot be used again. */
static enum err
run_on(PGconn *pg, const struct req *rq, const struct stmt *s, struct db_args args,
       const struct db_beside *beside, int64_t deadline_ms, struct db_result *ret_res, bool *ret_broken)
{
	PGresult *res = NULL;
	const char *state;
	enum err e;

	if (send_stmt(pg, rq->db, s, args)) {
		if (beside)
			beside->work(beside->ctx);
		res = db_result_wait(pg, deadline_ms);
	}
	if (!res) {
		db_log(LOG_ERROR, "db_statement", s->name, db_failure(pg, deadline_ms));
		*ret_broken = true;
		return ERR_UNAVAILABLE;
	}
	arena_defer(rq->arena, result_release, res);
	state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	/* libpq's own errors have no SQLSTATE: the connection is lost. */
	if (!state)
		state = "08006";
	e = result_err(res, state, s);
	*ret_broken = PQstatus(pg) != CONNECTION_OK || (e && sqlstate_ends(state));
	if (e == OK)
		*ret_res = (struct db_result){ .arena = rq->arena, .pg = res, .rows = PQntuples(res) };
	return e;
}

enum err
db_run(const struct req *rq, int id, struct db_args args, struct db_result *ret_res)
{
	return db_run_beside(rq, id, args, NULL, ret_res);
}

enum err
db_run_beside(const struct req *rq, int id, struct db_args args, const struct db_beside *beside,
	      struct db_result *ret_res)
{
	const struct stmt *s = db_stmt(rq->db, id);
	int64_t start_us = clock_us(), deadline_ms = start_us / 1000 + rq->db->conf.statement_ms;
	bool broken = false;
	void *conn;
	enum err e;

	if (deadline_ms > rq->deadline_ms)
		deadline_ms = rq->deadline_ms;
	e = pool_take(rq->db->pool, deadline_ms, &conn);
	rq->trace->queue_us += clock_us() - start_us;
	if (e)
		return e;
	start_us = clock_us();
	/* A statement that is cut off costs its connection: do not send what cannot be waited for. */
	if (clock_left_ms(deadline_ms) < LEAST_MS)
		e = ERR_UNAVAILABLE;
	else
		e = run_on(conn, rq, s, args, beside, deadline_ms, ret_res, &broken);
	if (broken)
		pool_drop(rq->db->pool, conn);
	else
		pool_give(rq->db->pool, conn);
	rq->trace->statements++;
	rq->trace->db_us += clock_us() - start_us;
	return e;
}
