/*
 * Private servers for unit tests: a PostgreSQL and a Redis of one's own, on unix sockets in a directory under /tmp.
 *
 * A server that does not start ends the test program.  Whatever was started is stopped when the program ends, also
 * when it fails or is killed.
 */
#ifndef SERVERS_H
#define SERVERS_H

#include <stdbool.h>
#include <sys/types.h>

struct server_kind;

struct server {
	const struct server_kind *kind;
	pid_t pid; /* 0 while it is not running */
	char dir[32];
	char address[96]; /* as MOA_REDIS or MOA_PG take it; the PostgreSQL user is the superuser */
};

/** server_redis(s), server_pg(s): Start a fresh server and wait until it answers. */
void server_redis(struct server *s);
void server_pg(struct server *s);

/** server_freeze(s), server_thaw(s): Stop and continue the server and its children (SIGSTOP, SIGCONT); thawing what is not frozen is harmless. */
void server_freeze(const struct server *s);
void server_thaw(const struct server *s);

/** server_kill(s): End the server and its children at once (SIGKILL); its files stay. */
void server_kill(struct server *s);

/** server_restart(s): Start a killed server again on the same files, and wait until it answers; harmless if it runs. */
void server_restart(struct server *s);

/** server_end(s): End the server and remove its files. */
void server_end(struct server *s);

/** server_wait(done, ctx): Wait until ${done}(${ctx}) is true, at most 10 s.  Was it ever? */
bool server_wait(bool (*done)(void *), void *ctx);

#endif
