/*
 * A pool of connections to one server, for db.c and kv.c.  A thread of its own opens what is missing, with back-off,
 * so that requests wait for one to be made only when all were lost at once, as when the server was restarted.
 */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct pool;

struct pool_ops {
	const char *name;	    /* for the log: "db", "kv" */
	void *(*open)(void *ctx);   /* a new connection, or NULL (logged by it); must end within about 2 s */
	bool (*usable)(void *conn); /* cheap: has an idle connection been closed by the other side? */
	void (*close)(void *conn);
};

/** pool_open(ops, ctx, size): Start a pool of ${size} connections, opened in the background.  ${ctx} goes to ops->open. */
struct pool *pool_open(const struct pool_ops *ops, void *ctx, int size);

/** pool_close(p): Stop the thread and close all connections; all must have been given back.  NULL is a no-op. */
void pool_close(struct pool *p);

/** pool_wait(p, deadline_ms): Wait until a connection is up or ${deadline_ms} passes: so that a start serves its first request. */
void pool_wait(struct pool *p, int64_t deadline_ms);

/**
 * pool_take(p, deadline_ms, ret_conn):
 * Borrow a connection, waiting for one until ${deadline_ms} (of clock_ms).  Errors: ERR_UNAVAILABLE at once while none
 * is up and the server refuses others, or when the deadline passes.
 */
enum err pool_take(struct pool *p, int64_t deadline_ms, void **ret_conn) MUST_CHECK;

/** pool_give(p, conn): Give a healthy connection back. */
void pool_give(struct pool *p, void *conn);

/** pool_drop(p, conn): Give a broken connection back: it is closed and replaced. */
void pool_drop(struct pool *p, void *conn);

/** pool_up(p): How many connections are up, borrowed ones included. */
int pool_up(const struct pool *p);

#endif
