/* What tests of PostgreSQL's client share: a server of their own, the program's role in it, and connections to it. */
#ifndef DATABASE_H
#define DATABASE_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <libpq-fe.h>

#include "db.h"
#include "request.h"
#include "servers.h"

static struct server pg;
static char conninfo[96]; /* names no user */
static struct db *db;

static inline struct db_conf
conf_for(const char *words, int pool)
{
	return (struct db_conf){ .conninfo = words, .program = "toy", .pool = pool, .prepare = true };
}

/* The number that a question of the superuser's gets. */
static inline int64_t
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

static inline bool
is_ready(void *ctx)
{
	return db_ready(ctx);
}

static inline void
open_db(const struct db_conf *conf, const struct stmt *stmts, int n)
{
	db = db_open(conf, stmts, n);
	assert_true(server_wait(is_ready, db));
}

static inline int
tear_down(void **state)
{
	(void)state;
	server_thaw(&pg);
	server_restart(&pg);
	db_close(db);
	db = NULL;
	return 0;
}

static inline void
begin(struct request *r, int ms)
{
	request_begin(r, ms);
	r->rq.db = db;
}

static inline void
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
static inline int64_t
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

/* Start a server with what every program finds there, and with tables that this one may use. */
static inline void
start_pg(const char *tables)
{
	static const char schema[] =
	    "CREATE SCHEMA auth; CREATE VIEW auth.jwk AS SELECT 'k1'::text AS kid, '\\x0001'::bytea AS public_key;"
	    "CREATE ROLE moa_toy LOGIN; GRANT USAGE ON SCHEMA auth TO moa_toy; GRANT SELECT ON auth.jwk TO moa_toy;"
	    "%s; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO moa_toy;";
	char sql[2000];
	PGresult *res;
	PGconn *c;

	signal(SIGPIPE, SIG_IGN);
	server_pg(&pg);
	snprintf(conninfo, sizeof(conninfo), "host=%s dbname=postgres", pg.dir);
	snprintf(sql, sizeof(sql), schema, tables);
	c = PQconnectdb(pg.address);
	res = PQexec(c, sql);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		fail_msg("%s", PQerrorMessage(c));
	PQclear(res);
	PQfinish(c);
}

static inline int
end_pg(void **state)
{
	(void)state;
	server_end(&pg);
	return 0;
}

#endif
