/*
 * PostgreSQL as the operator's command uses it: one connection, one statement at a time, an end to
 * every wait but a migration's.  Failures are said here, on standard error; callers only return.
 */
#ifndef PG_H
#define PG_H

#include <libpq-fe.h>

#include "attr.h"

struct pg {
	const char *conninfo;
	PGconn *conn; /* NULL until the first statement */
};

/* Arguments of a statement, as text. */
struct pg_args {
	int n;
	const char *const *at;
};

#define PG_ARGS(...)                                                                                         \
	((struct pg_args){ sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *),                         \
			   (const char *const[]){ __VA_ARGS__ } })
#define PG_NO_ARGS ((struct pg_args){ 0, NULL })

/**
 * pg_run(pg, sql, args):
 * Run one statement with the arguments ${args}, for at most 10 s.  Returns its result, to be released by
 * PQclear, or NULL.
 */
PGresult *pg_run(struct pg *pg, const char *sql, struct pg_args args) MUST_CHECK;

/** pg_run_long(pg, sql, args): The same, for as long as it takes. */
PGresult *pg_run_long(struct pg *pg, const char *sql, struct pg_args args) MUST_CHECK;

/** pg_do(pg, sql): Run a statement that returns nothing of interest.  0, or -1. */
int pg_do(struct pg *pg, const char *sql) MUST_CHECK;

/**
 * pg_script(pg, name, sql):
 * Run the statements in ${sql}, for as long as they take.  A failure is reported with ${name} and the
 * line, where the server tells it.  0, or -1.
 */
int pg_script(struct pg *pg, const char *name, const char *sql) MUST_CHECK;

/** pg_value(res, row, column): A value as text, "" for null.  The column must exist. */
const char *pg_value(const PGresult *res, int row, const char *column);

/** pg_close(pg): End the connection, if there is one. */
void pg_close(struct pg *pg);

#endif
