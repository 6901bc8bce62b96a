/* PostgreSQL: the program's own statements on a pool of connections, each under a deadline. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "fields.h"
#include "log.h"
#include "pool.h"
#include "req.h"

enum { CONNECT_MS = 2000, STATEMENT_MS = 1500, LEAST_MS = 20, NARGS_MAX = 24 };

struct db {
	struct db_conf conf;
	const struct stmt *stmts;
	int nstmts;
	char user[64];
	struct pool *pool;
};

/* What every program may ask, at the ids -1, -2, … */
static const struct stmt lib_stmts[] = {
	{ "jwk", 0, "SELECT kid, public_key FROM auth.jwk" },
	{ "ping", 0, "SELECT 1" },
};

static const struct stmt *
stmt_find(const struct db *db, int id)
{
	if (id < 0 && -id <= (int)(sizeof(lib_stmts) / sizeof(lib_stmts[0])))
		return &lib_stmts[-id - 1];
	if (id < 0 || id >= db->nstmts)
		abort();
	return &db->stmts[id];
}

/* libpq ends its messages with a line feed, and some have several lines; the log wants one. */
static void
log_foreign(enum log_level level, const char *event, const char *what, const char *message)
{
	log_event(level, event, "on=%s msg=\"%.*s\"", what, (int)strcspn(message, "\n"), message);
}

/* Why nothing came back from pg. */
static const char *
failure(PGconn *pg, int64_t deadline_ms)
{
	return clock_left_ms(deadline_ms) ? PQerrorMessage(pg) : "deadline passed";
}

/* Wait until the socket of pg is ready for events.  False when the deadline passed. */
static bool
wait_socket(PGconn *pg, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = PQsocket(pg), .events = events };
	int ready;

	do {
		ready = poll(&p, 1, clock_left_ms(deadline_ms));
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

static bool
connect_finish(PGconn *pg, int64_t deadline_ms)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
		if (!wait_socket(pg, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ms)) {
			log_event(LOG_WARN, "db_connect", "msg=\"no answer within %d ms\"", CONNECT_MS);
			return false;
		}
		state = PQconnectPoll(pg);
	}
	if (state != PGRES_POLLING_OK)
		log_foreign(LOG_WARN, "db_connect", "server", PQerrorMessage(pg));
	return state == PGRES_POLLING_OK;
}

static bool
send_rest(PGconn *pg, int64_t deadline_ms)
{
	int unsent;

	while ((unsent = PQflush(pg)) == 1) {
		if (!wait_socket(pg, POLLOUT | POLLIN, deadline_ms) || !PQconsumeInput(pg))
			return false;
	}
	return unsent == 0;
}

/*
 * The one result of what was sent, or NULL when the connection broke or the deadline passed: then it is to be closed.
 * Only the end of the results says that the commit is done: if that fails, an error follows the rows and counts instead.
 */
static PGresult *
result_wait(PGconn *pg, int64_t deadline_ms)
{
	PGresult *res = NULL, *next;

	if (!send_rest(pg, deadline_ms))
		return NULL;
	for (;;) {
		while (PQisBusy(pg)) {
			if (!wait_socket(pg, POLLIN, deadline_ms) || !PQconsumeInput(pg)) {
				PQclear(res);
				return NULL;
			}
		}
		next = PQgetResult(pg);
		if (!next)
			return res;
		PQclear(res);
		res = next;
	}
}

/* Prepare one statement.  False when that failed, logged; *ret_broken: no other can be tried on this connection. */
static bool
prepare(PGconn *pg, const struct stmt *s, int64_t deadline_ms, bool *ret_broken)
{
	PGresult *res = NULL;
	bool prepared;

	if (PQsendPrepare(pg, s->name, s->sql, 0, NULL))
		res = result_wait(pg, deadline_ms);
	prepared = PQresultStatus(res) == PGRES_COMMAND_OK;
	if (!prepared)
		log_foreign(LOG_ERROR, "db_prepare", s->name,
			    res ? PQresultErrorMessage(res) : failure(pg, deadline_ms));
	*ret_broken = !res;
	PQclear(res);
	return prepared;
}

/* Prepare all statements.  Returns the number of faults. */
static int
prepare_all(PGconn *pg, const struct db *db)
{
	int64_t deadline_ms = clock_ms() + CONNECT_MS;
	bool broken = false;
	int faults = 0, id;

	for (id = -(int)(sizeof(lib_stmts) / sizeof(lib_stmts[0])); id < db->nstmts && !broken; id++)
		faults += !prepare(pg, stmt_find(db, id), deadline_ms, &broken);
	return faults;
}

static PGconn *
connect_to(const struct db *db)
{
	/* Later words win: the connection string may name another user. */
	const char *const words[] = { "user", "application_name", "client_encoding", "dbname", NULL };
	const char *const values[] = { db->user, db->user, "UTF8", db->conf.conninfo, NULL };
	PGconn *pg = PQconnectStartParams(words, values, 1);

	if (!pg)
		abort();
	if (PQstatus(pg) == CONNECTION_BAD) {
		log_foreign(LOG_WARN, "db_connect", "server", PQerrorMessage(pg));
	} else if (connect_finish(pg, clock_ms() + CONNECT_MS) && PQsetnonblocking(pg, 1) == 0) {
		return pg;
	}
	PQfinish(pg);
	return NULL;
}

static void *
conn_open(void *ctx)
{
	const struct db *db = ctx;
	PGconn *pg = connect_to(db);

	if (pg && db->conf.prepare && prepare_all(pg, db) > 0) {
		PQfinish(pg);
		return NULL;
	}
	return pg;
}

/* An idle connection has little to read: a notice, or the server's farewell and then its end. */
static bool
conn_usable(void *conn)
{
	PGconn *pg = conn;

	while (wait_socket(pg, POLLIN, 0)) {
		if (!PQconsumeInput(pg) || PQstatus(pg) != CONNECTION_OK)
			return false;
	}
	return true;
}

static void
conn_close(void *conn)
{
	PQfinish(conn);
}

static const struct pool_ops db_pool_ops = { "postgresql", conn_open, conn_usable, conn_close };

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

	db->pool = pool_open(&db_pool_ops, db, (int)conf->pool);
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
	PGconn *pg = connect_to(db);
	int faults = pg ? prepare_all(pg, db) : 1;

	PQfinish(pg);
	free(db);
	return faults;
}

struct db_arg
db_text(const char *s)
{
	return (struct db_arg){ .value = s };
}

struct db_arg
db_bytes(const void *bytes, size_t len)
{
	return (struct db_arg){ .value = bytes, .len = (int)len, .binary = true };
}

struct db_arg
db_i64(const struct req *rq, int64_t n)
{
	return (struct db_arg){ .value = arena_printf(rq->arena, "%lld", (long long)n) };
}

struct db_arg
db_bool(bool b)
{
	return (struct db_arg){ .value = b ? "t" : "f" };
}

/* PostgreSQL's array literal: every element quoted, quotes and backslashes escaped. */
struct db_arg
db_lines(const struct req *rq, const struct lines *lines)
{
	size_t i, need = 3;
	char *text, *at;
	const char *s;

	for (i = 0; i < lines->n; i++)
		need += 2 * strlen(lines->at[i]) + 3;
	text = at = arena_alloc(rq->arena, need);
	*at++ = '{';
	for (i = 0; i < lines->n; i++) {
		if (i > 0)
			*at++ = ',';
		*at++ = '"';
		for (s = lines->at[i]; *s; s++) {
			if (*s == '"' || *s == '\\')
				*at++ = '\\';
			*at++ = *s;
		}
		*at++ = '"';
	}
	*at = '}';
	return db_text(text);
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
		log_foreign(LOG_ERROR, "db_statement", s->name, PQresultErrorMessage(res));
	return e;
}

static void
result_release(void *res)
{
	PQclear(res);
}

/* Send s on pg and take its result.  *ret_broken: the connection cannot be used again. */
static enum err
run_on(PGconn *pg, const struct req *rq, const struct stmt *s, struct db_args args, int64_t deadline_ms,
       struct db_result *ret_res, bool *ret_broken)
{
	PGresult *res = NULL;
	const char *state;
	enum err e;

	if (send_stmt(pg, rq->db, s, args))
		res = result_wait(pg, deadline_ms);
	if (!res) {
		log_foreign(LOG_ERROR, "db_statement", s->name, failure(pg, deadline_ms));
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
	const struct stmt *s = stmt_find(rq->db, id);
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
		e = run_on(conn, rq, s, args, deadline_ms, ret_res, &broken);
	if (broken)
		pool_drop(rq->db->pool, conn);
	else
		pool_give(rq->db->pool, conn);
	rq->trace->statements++;
	rq->trace->db_us += clock_us() - start_us;
	return e;
}

/* A misspelt column is a bug that every call of that handler meets: better loud than NULL. */
static int
column_find(const struct db_result *res, const char *column)
{
	int i = PQfnumber(res->pg, column);

	if (i < 0) {
		log_event(LOG_ERROR, "db_column", "missing=%s", column);
		abort();
	}
	return i;
}

bool
db_has(const struct db_result *res, const char *column)
{
	return PQfnumber(res->pg, column) >= 0;
}

const char *
db_str(const struct db_result *res, int row, const char *column)
{
	int i = column_find(res, column);

	return PQgetisnull(res->pg, row, i) ? NULL : PQgetvalue(res->pg, row, i);
}

int64_t
db_num(const struct db_result *res, int row, const char *column)
{
	const char *text = db_str(res, row, column);

	return text ? strtoll(text, NULL, 10) : 0;
}

bool
db_true(const struct db_result *res, int row, const char *column)
{
	const char *text = db_str(res, row, column);

	return text && *text == 't';
}

const unsigned char *
db_bin(const struct db_result *res, int row, const char *column, size_t *ret_len)
{
	const char *text = db_str(res, row, column);
	unsigned char *foreign, *bytes;

	if (!text)
		return NULL;
	foreign = PQunescapeBytea((const unsigned char *)text, ret_len);
	if (!foreign)
		abort();
	bytes = arena_alloc(res->arena, *ret_len + 1);
	memcpy(bytes, foreign, *ret_len);
	PQfreemem(foreign);
	return bytes;
}
