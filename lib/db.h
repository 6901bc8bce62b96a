/*
 * PostgreSQL: a small pool of connections on which only the program's own statements run.
 *
 * Statements are prepared when a connection is made and sent asynchronously under the request's deadline; a connection
 * whose deadline passed is closed, and a thread of the pool replaces it.  A missing database never ends a program.
 */
#ifndef DB_H
#define DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct arena;
struct db;
struct pg_result;
struct req;

struct stmt {
	const char *name; /* of the prepared statement, and in the log and metrics */
	int nargs;
	const char *sql;
};

/* Statements every program has: negative, so that they never meet a program's own. */
enum { DB_JWK = -1, DB_PING = -2 };

struct db_conf {
	const char *conninfo; /* libpq connection string; the user defaults to moa_<program> */
	const char *program;
	int64_t pool;	      /* connections, 1-64 */
	bool prepare;	      /* false: send statements unnamed (transaction pooling before pgbouncer 1.21) */
	int64_t statement_ms; /* the longest wait for one statement; 0: 1.5 s */
};

/* One statement argument: text, or bytes for bytea.  value NULL is SQL NULL. */
struct db_arg {
	const char *value;
	int len;
	bool binary;
};

struct db_args {
	int n;
	const struct db_arg *at;
};

#define DB_ARGS(...)                                                                                         \
	((struct db_args){ sizeof((struct db_arg[]){ __VA_ARGS__ }) / sizeof(struct db_arg),                 \
			   (const struct db_arg[]){ __VA_ARGS__ } })
#define DB_NO_ARGS ((struct db_args){ 0, NULL })

/** db_text(s): ${s} as an argument; NULL is SQL NULL. */
struct db_arg db_text(const char *s);
/** db_bytes(bytes, len): ${len} bytes as a bytea argument; they must outlive db_run. */
struct db_arg db_bytes(const void *bytes, size_t len);
/** db_i64(rq, n): The number ${n}. */
struct db_arg db_i64(const struct req *rq, int64_t n);
/** db_bool(b): The truth value ${b}. */
struct db_arg db_bool(bool b);
/** db_lines(rq, lines): A text[] of the strings in ${lines}. */
struct lines;
struct db_arg db_lines(const struct req *rq, const struct lines *lines);

/* Rows; they live as long as the request.  Columns go by name, and a name the statement lacks ends the process. */
struct db_result {
	struct arena *arena;
	struct pg_result *pg;
	int rows;
};

/**
 * db_open(conf, stmts, n):
 * Start a pool for the ${n} statements at ${stmts}, connecting in the background; never fails, NULL never.
 * End it with db_close.
 */
struct db *db_open(const struct db_conf *conf, const struct stmt *stmts, int n);

/** db_close(db): Close all connections and stop the pool's thread.  No statement may be running.  NULL is a no-op. */
void db_close(struct db *db);

/** db_wait(db, deadline_ms): Wait until a connection is up or ${deadline_ms} (of clock_ms) passes. */
void db_wait(struct db *db, int64_t deadline_ms);

/** db_ready(db): Is at least one connection up? */
bool db_ready(const struct db *db);

/**
 * db_check(conf, stmts, n):
 * Connect once and prepare every statement, logging each fault: what "program -n" does.  Returns the faults counted.
 */
int db_check(const struct db_conf *conf, const struct stmt *stmts, int n);

/**
 * db_run(rq, id, args, ret_res):
 * Run statement ${id} within the request's deadline and store its rows in *${ret_res}.  Errors: ERR_UNAVAILABLE when no
 * connection is up or the deadline passes (whether the statement took effect is then unknown: statements that write are
 * safe to repeat); ERR_CONFLICT for a unique or exclusion violation; ERR_INTERNAL for anything else, logged.
 */
enum err db_run(const struct req *rq, int id, struct db_args args, struct db_result *ret_res) MUST_CHECK;

/* What there is to do while the server works. */
struct db_beside {
	void (*work)(void *ctx);
	void *ctx;
};

/** db_run_beside(rq, id, args, beside, ret_res): The same; ${beside} is called once the statement is on its way, unless it cannot be sent. */
enum err db_run_beside(const struct req *rq, int id, struct db_args args, const struct db_beside *beside,
		       struct db_result *ret_res) MUST_CHECK;

/** db_str(res, row, column): The text of a value; NULL for SQL NULL. */
const char *db_str(const struct db_result *res, int row, const char *column);
/** db_num(res, row, column): The value as a number; 0 for SQL NULL. */
int64_t db_num(const struct db_result *res, int row, const char *column);
/** db_true(res, row, column): The value as a truth value; false for SQL NULL. */
bool db_true(const struct db_result *res, int row, const char *column);
/** db_bin(res, row, column, ret_len): The bytes of a bytea value; NULL for SQL NULL. */
const unsigned char *db_bin(const struct db_result *res, int row, const char *column, size_t *ret_len);
/** db_has(res, column): Do the rows have a column of that name? */
bool db_has(const struct db_result *res, const char *column);

#endif
