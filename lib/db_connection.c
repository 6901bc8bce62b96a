/* Connections to PostgreSQL: made with every statement prepared, written to and waited for under a deadline. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "clock.h"
#include "db_inside.h"
#include "pool.h"

enum { CONNECT_MS = 2000 };

/* libpq ends its messages with a line feed, and some have several lines; the log wants one. */
void
db_log(enum log_level level, const char *event, const char *what, const char *message)
{
	log_event(level, event, "on=%s msg=\"%.*s\"", what, (int)strcspn(message, "\n"), message);
}

const char *
db_failure(PGconn *pg, int64_t deadline_ms)
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
		db_log(LOG_WARN, "db_connect", "server", PQerrorMessage(pg));
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

/* Only the end of the results says that the commit is done: if that fails, an error follows the rows and counts instead. */
PGresult *
db_result_wait(PGconn *pg, int64_t deadline_ms)
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
		res = db_result_wait(pg, deadline_ms);
	prepared = PQresultStatus(res) == PGRES_COMMAND_OK;
	if (!prepared)
		db_log(LOG_ERROR, "db_prepare", s->name,
		       res ? PQresultErrorMessage(res) : db_failure(pg, deadline_ms));
	*ret_broken = !res;
	PQclear(res);
	return prepared;
}

int
db_prepare(PGconn *pg, const struct db *db)
{
	int64_t deadline_ms = clock_ms() + CONNECT_MS;
	bool broken = false;
	int faults = 0, id;

	for (id = DB_FIRST; id < db->nstmts && !broken; id++)
		faults += !prepare(pg, db_stmt(db, id), deadline_ms, &broken);
	return faults;
}

PGconn *
db_connect(const struct db *db)
{
	/* Later words win: the connection string may name another user. */
	const char *const words[] = { "user", "application_name", "client_encoding", "dbname", NULL };
	const char *const values[] = { db->user, db->user, "UTF8", db->conf.conninfo, NULL };
	PGconn *pg = PQconnectStartParams(words, values, 1);

	if (!pg)
		abort();
	if (PQstatus(pg) == CONNECTION_BAD) {
		db_log(LOG_WARN, "db_connect", "server", PQerrorMessage(pg));
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
	PGconn *pg = db_connect(db);

	if (pg && db->conf.prepare && db_prepare(pg, db) > 0) {
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

const struct pool_ops db_connections = { "postgresql", conn_open, conn_usable, conn_close };
