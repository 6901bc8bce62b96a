/*
 * The yardstick: the least a FastCGI program can do for the SELECT of GET /auth/me, with moa's number of threads and of
 * connections.  It reads no header, checks no token, sets no deadline, writes no log: "bare THREADS CONNECTIONS CONNINFO"
 * answers GET /?<customer id> with the columns of the row.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcgiapp.h>
#include <libpq-fe.h>

#include "auth.h"

enum { POOL_MAX = 64 };

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t given;
	PGconn *idle[POOL_MAX];
	int n;
} pool = { .mutex = PTHREAD_MUTEX_INITIALIZER, .given = PTHREAD_COND_INITIALIZER };

static PGconn *
pool_take(void)
{
	PGconn *conn;

	pthread_mutex_lock(&pool.mutex);
	while (pool.n == 0)
		pthread_cond_wait(&pool.given, &pool.mutex);
	conn = pool.idle[--pool.n];
	pthread_mutex_unlock(&pool.mutex);
	return conn;
}

static void
pool_give(PGconn *conn)
{
	pthread_mutex_lock(&pool.mutex);
	pool.idle[pool.n++] = conn;
	pthread_cond_signal(&pool.given);
	pthread_mutex_unlock(&pool.mutex);
}

static void
answer(FCGX_Request *rq)
{
	const char *id = FCGX_GetParam("QUERY_STRING", rq->envp);
	PGconn *conn = pool_take();
	PGresult *res;
	int i;

	res = PQexecPrepared(conn, "me", 1, &id, NULL, NULL, 0);
	pool_give(conn);
	if (PQntuples(res) == 1) {
		FCGX_PutS("Content-Type: application/json\r\n\r\n{", rq->out);
		for (i = 0; i < PQnfields(res); i++)
			FCGX_FPrintF(rq->out, "\"%s\":\"%s\",", PQfname(res, i), PQgetvalue(res, 0, i));
		FCGX_PutS("\"end\":null}", rq->out);
	} else {
		FCGX_PutS("Status: 404\r\n\r\n", rq->out);
	}
	PQclear(res);
}

static void *
worker_run(void *unused)
{
	FCGX_Request rq;
	char rest[1024];

	FCGX_InitRequest(&rq, 0, 0);
	while (FCGX_Accept_r(&rq) == 0) {
		answer(&rq);
		while (FCGX_GetStr(rest, sizeof(rest), rq.in) > 0)
			continue;
		FCGX_Finish_r(&rq);
	}
	return unused;
}

static bool
pool_open(int size, const char *conninfo)
{
	while (pool.n < size) {
		PGconn *conn = PQconnectdb(conninfo);
		PGresult *res = PQprepare(conn, "me", auth_stmts[AUTH_ME].sql, 1, NULL);

		if (PQresultStatus(res) != PGRES_COMMAND_OK) {
			fputs(PQerrorMessage(conn), stderr);
			return false;
		}
		PQclear(res);
		pool_give(conn);
	}
	return true;
}

int
main(int argc, char *argv[])
{
	int threads = argc == 4 ? (int)strtol(argv[1], NULL, 10) : 0;
	int connections = argc == 4 ? (int)strtol(argv[2], NULL, 10) : 0;
	pthread_attr_t attr;
	pthread_t thread;

	if (threads < 1 || connections < 1 || connections > POOL_MAX || FCGX_Init() != 0 ||
	    !pool_open(connections, argv[3]))
		return EXIT_FAILURE;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	while (threads-- > 1)
		if (pthread_create(&thread, &attr, worker_run, NULL) != 0)
			return EXIT_FAILURE;
	worker_run(NULL);
	return EXIT_SUCCESS;
}
