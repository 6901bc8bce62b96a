/* What the files of PostgreSQL's client share: what it keeps, and what they do with one connection. */
#ifndef DB_INSIDE_H
#define DB_INSIDE_H

#include <libpq-fe.h>

#include "db.h"
#include "log.h"

struct pool_ops;

/* The ids of statements begin here: those that every program has come first. */
enum { DB_FIRST = DB_PING };

struct db {
	struct db_conf conf;
	const struct stmt *stmts;
	int nstmts;
	char user[64];
	struct pool *pool;
};

/** db_stmt(db, id): The statement of that id; there is one, or the process ends. */
const struct stmt *db_stmt(const struct db *db, int id);

/* How the pool makes and ends connections; its context is the struct db. */
extern const struct pool_ops db_connections;

/** db_connect(db): A connection without statements, or NULL, logged.  End it with PQfinish. */
PGconn *db_connect(const struct db *db);

/** db_prepare(pg, db): Prepare all statements.  Returns the number of faults, logged. */
int db_prepare(PGconn *pg, const struct db *db);

/**
 * db_result_wait(pg, deadline_ms):
 * The one result of what was sent, or NULL when the connection broke or ${deadline_ms} (of clock_ms) passed: then it is to be
 * closed.
 */
PGresult *db_result_wait(PGconn *pg, int64_t deadline_ms);

/** db_failure(pg, deadline_ms): Why nothing came back from ${pg}. */
const char *db_failure(PGconn *pg, int64_t deadline_ms);

/** db_log(level, event, what, message): Log what libpq says about ${what}. */
void db_log(enum log_level level, const char *event, const char *what, const char *message);

#endif
