/* PostgreSQL for the operator's command: one connection, made when it is first needed. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "ctl.h"
#include "pg.h"

enum { STATEMENT_MS = 10000, FOR_EVER = -1 };

/* libpq ends its messages with a line feed. */
static void
say(const char *what, const char *message)
{
	ctl_error("%s: %.*s", what, (int)strcspn(message, "\n"), message);
}

static PGconn *
connect_once(struct pg *pg)
{
	/* Later words win: the connection string may name another time-out. */
	const char *const words[] = { "connect_timeout", "application_name", "client_encoding", "dbname",
				      NULL };
	const char *const values[] = { "5", "moa-ctl", "UTF8", pg->conninfo, NULL };

	if (pg->conn)
		return pg->conn;
	pg->conn = PQconnectdbParams(words, values, 1);
	if (!pg->conn)
		abort();
	if (PQstatus(pg->conn) == CONNECTION_OK)
		return pg->conn;
	say("PostgreSQL", PQerrorMessage(pg->conn));
	pg_close(pg);
	return NULL;
}

/* The last of the results of what was sent, or NULL when the connection broke or no answer came in time. */
static PGresult *
result_wait(PGconn *conn, int wait_ms)
{
	int64_t deadline_ms = clock_ms() + wait_ms;
	PGresult *res = NULL, *next;

	for (;;) {
		struct pollfd p = { .fd = PQsocket(conn), .events = POLLIN };

		while (!PQisBusy(conn)) {
			next = PQgetResult(conn);
			if (!next)
				return res;
			PQclear(res);
			res = next;
		}
		if (poll(&p, 1, wait_ms == FOR_EVER ? -1 : clock_left_ms(deadline_ms)) <= 0 ||
		    !PQconsumeInput(conn)) {
			PQclear(res);
			return NULL;
		}
	}
}

static int
result_good(const PGresult *res)
{
	return PQresultStatus(res) == PGRES_TUPLES_OK || PQresultStatus(res) == PGRES_COMMAND_OK;
}

static PGresult *
run(struct pg *pg, const char *sql, struct pg_args args, int wait_ms)
{
	PGconn *conn = connect_once(pg);
	PGresult *res = NULL;

	if (!conn)
		return NULL;
	if (PQsendQueryParams(conn, sql, args.n, NULL, args.at, NULL, NULL, 0))
		res = result_wait(conn, wait_ms);
	if (result_good(res))
		return res;
	if (res) {
		say("PostgreSQL", PQresultErrorMessage(res));
	} else {
		say("PostgreSQL", *PQerrorMessage(conn) ? PQerrorMessage(conn) : "no answer within 10 s");
		pg_close(pg);
	}
	PQclear(res);
	return NULL;
}

PGresult *
pg_run(struct pg *pg, const char *sql, struct pg_args args)
{
	return run(pg, sql, args, STATEMENT_MS);
}

PGresult *
pg_run_long(struct pg *pg, const char *sql, struct pg_args args)
{
	return run(pg, sql, args, FOR_EVER);
}

int
pg_do(struct pg *pg, const char *sql)
{
	PGresult *res = pg_run(pg, sql, PG_NO_ARGS);

	PQclear(res);
	return res ? 0 : -1;
}

/* The line in which the character at position stands; the server counts characters, from 1. */
static int
line_of(const char *sql, long position)
{
	int line = 1;

	for (; *sql && position > 1; sql++) {
		if (*sql == '\n')
			line++;
		if (((unsigned char)sql[1] & 0xc0) != 0x80)
			position--;
	}
	return line;
}

/* The server's whole message, with its detail and hint. */
static void
say_script(const char *name, const char *sql, const PGresult *res)
{
	const char *position = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
	const char *message = PQresultErrorMessage(res);
	int len = (int)strlen(message);

	while (len > 0 && message[len - 1] == '\n')
		len--;
	if (position)
		ctl_error("%s:%d: %.*s", name, line_of(sql, strtol(position, NULL, 10)), len, message);
	else
		ctl_error("%s: %.*s", name, len, message);
}

int
pg_script(struct pg *pg, const char *name, const char *sql)
{
	PGconn *conn = connect_once(pg);
	PGresult *res = NULL;
	int good;

	if (!conn)
		return -1;
	if (PQsendQuery(conn, sql))
		res = result_wait(conn, FOR_EVER);
	good = result_good(res);
	if (!good && res)
		say_script(name, sql, res);
	else if (!good)
		say(name, PQerrorMessage(conn));
	PQclear(res);
	return good ? 0 : -1;
}

const char *
pg_value(const PGresult *res, int row, const char *column)
{
	int i = PQfnumber(res, column);

	if (i < 0)
		abort();
	return PQgetvalue(res, row, i);
}

void
pg_close(struct pg *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
}
