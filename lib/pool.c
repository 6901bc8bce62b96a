/* A pool of connections, and the thread that keeps it full. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "pool.h"

enum { RETRY_MIN_MS = 50, RETRY_MAX_MS = 1000, PATIENCE_MS = 10 };

/* A thread that waits for a connection; on its stack. */
struct waiter {
	pthread_cond_t woken;
	void *conn; /* handed over, else NULL */
	int64_t since_ms;
	TAILQ_ENTRY(waiter) entry;
};

struct pool {
	const struct pool_ops *ops;
	void *ctx;
	int size;
	pthread_t keeper;
	pthread_mutex_t lock;	      /* guards all below */
	pthread_cond_t missing;	      /* a connection was lost, or the pool is closing */
	pthread_cond_t opened;	      /* a connection was opened */
	TAILQ_HEAD(, waiter) waiters; /* the longest waiting first */
	void **idle;		      /* a stack: the warmest connection is used first */
	int nidle;
	int up;	   /* idle and borrowed */
	bool away; /* the server failed us last: it broke a connection in use, or refused another */
	bool closing;
};

/* Wait on cond until deadline_ms of clock_ms.  False when it passed.  The lock is held. */
static bool
wait_until(struct pool *p, pthread_cond_t *cond, int64_t deadline_ms)
{
	struct timespec ts = { .tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000 };

	return pthread_cond_clockwait(cond, &p->lock, CLOCK_MONOTONIC, &ts) == 0;
}

/*
 * A connection is free.  Whoever comes next may have it, waiting or not: that keeps connections busy while a waiter wakes.
 * But who has waited for PATIENCE_MS gets it in hand, so that under load nobody is overtaken until the deadline.  The lock is
 * held.
 */
static void
offer(struct pool *p, void *conn)
{
	struct waiter *first = TAILQ_FIRST(&p->waiters);

	if (first && clock_ms() - first->since_ms >= PATIENCE_MS) {
		first->conn = conn;
		TAILQ_REMOVE(&p->waiters, first, entry);
	} else {
		p->idle[p->nidle++] = conn;
	}
	if (first)
		pthread_cond_signal(&first->woken);
}

/* Whoever waits for a connection would wait in vain when there is none and none can be had.  The lock is held. */
static void
give_up_hope(struct pool *p)
{
	struct waiter *w;

	if (p->up == 0 && p->away)
		TAILQ_FOREACH (w, &p->waiters, entry)
			pthread_cond_signal(&w->woken);
}

/* Open one connection outside the lock and add it.  False if the server refused. */
static bool
keeper_add(struct pool *p)
{
	void *conn;

	pthread_mutex_unlock(&p->lock);
	conn = p->ops->open(p->ctx);
	pthread_mutex_lock(&p->lock);
	p->away = conn == NULL;
	if (!conn) {
		give_up_hope(p);
		return false;
	}
	p->up++;
	offer(p, conn);
	pthread_cond_broadcast(&p->opened);
	return true;
}

static void *
keeper_run(void *arg)
{
	struct pool *p = arg;
	int64_t pause_ms = RETRY_MIN_MS;

	pthread_mutex_lock(&p->lock);
	while (!p->closing) {
		if (p->up == p->size) {
			pthread_cond_wait(&p->missing, &p->lock);
		} else if (keeper_add(p)) {
			if (pause_ms > RETRY_MIN_MS)
				log_event(LOG_INFO, "connected", "to=%s up=%d", p->ops->name, p->up);
			pause_ms = RETRY_MIN_MS;
		} else {
			int64_t until = clock_ms() + pause_ms;

			while (!p->closing && wait_until(p, &p->missing, until))
				continue;
			pause_ms = pause_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : pause_ms * 2;
		}
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct pool *
pool_open(const struct pool_ops *ops, void *ctx, int size)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->ops = ops;
	p->ctx = ctx;
	p->size = size;
	p->idle = calloc((size_t)size, sizeof(*p->idle));
	if (!p->idle)
		abort();
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->missing, NULL);
	pthread_cond_init(&p->opened, NULL);
	TAILQ_INIT(&p->waiters);
	if (pthread_create(&p->keeper, NULL, keeper_run, p) != 0)
		abort();
	return p;
}

void
pool_close(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_signal(&p->missing);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->keeper, NULL);
	while (p->nidle > 0)
		p->ops->close(p->idle[--p->nidle]);
	pthread_cond_destroy(&p->missing);
	pthread_cond_destroy(&p->opened);
	pthread_mutex_destroy(&p->lock);
	free(p->idle);
	free(p);
}

void
pool_wait(struct pool *p, int64_t deadline_ms)
{
	pthread_mutex_lock(&p->lock);
	while (p->up == 0 && wait_until(p, &p->opened, deadline_ms))
		continue;
	pthread_mutex_unlock(&p->lock);
}

/* Close a connection, which was lost in use or while it was idle. */
static void
drop(struct pool *p, void *conn, bool in_use)
{
	p->ops->close(conn);
	pthread_mutex_lock(&p->lock);
	p->up--;
	p->away = p->away || in_use;
	pthread_cond_signal(&p->missing);
	give_up_hope(p);
	pthread_mutex_unlock(&p->lock);
}

/* Leave the queue, unless a connection in hand has done that.  What is idle then is for the next, who may not know.  The lock is held. */
static void
stop_waiting(struct pool *p, struct waiter *w)
{
	struct waiter *next;

	if (!w->conn)
		TAILQ_REMOVE(&p->waiters, w, entry);
	next = TAILQ_FIRST(&p->waiters);
	if (next && p->nidle > 0)
		pthread_cond_signal(&next->woken);
	pthread_cond_destroy(&w->woken);
}

/*
 * Wait for a connection.  NULL when the server is away or the deadline passed.  When all connections were lost while they were
 * idle, it may have been restarted: that is known when the keeper has tried to open another.  The lock is held.
 */
static void *
wait_idle(struct pool *p, int64_t deadline_ms)
{
	struct waiter w = { .since_ms = clock_ms() };
	void *conn;

	pthread_cond_init(&w.woken, NULL);
	TAILQ_INSERT_TAIL(&p->waiters, &w, entry);
	while (!w.conn && p->nidle == 0 && (p->up > 0 || !p->away) && wait_until(p, &w.woken, deadline_ms))
		continue;
	conn = w.conn;
	if (!conn && p->nidle > 0)
		conn = p->idle[--p->nidle];
	stop_waiting(p, &w);
	return conn;
}

enum err
pool_take(struct pool *p, int64_t deadline_ms, void **ret_conn)
{
	void *conn;

	for (;;) {
		pthread_mutex_lock(&p->lock);
		conn = p->nidle > 0 ? p->idle[--p->nidle] : wait_idle(p, deadline_ms);
		pthread_mutex_unlock(&p->lock);
		if (!conn)
			return ERR_UNAVAILABLE;
		if (p->ops->usable(conn))
			break;
		drop(p, conn, false);
	}
	*ret_conn = conn;
	return OK;
}

void
pool_give(struct pool *p, void *conn)
{
	pthread_mutex_lock(&p->lock);
	offer(p, conn);
	pthread_mutex_unlock(&p->lock);
}

void
pool_drop(struct pool *p, void *conn)
{
	drop(p, conn, true);
}

int
pool_up(const struct pool *p)
{
	struct pool *mutable = (struct pool *)p;
	int up;

	pthread_mutex_lock(&mutable->lock);
	up = p->up;
	pthread_mutex_unlock(&mutable->lock);
	return up;
}
