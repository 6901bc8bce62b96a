/* A pool of connections, and the thread that keeps it full. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "pool.h"

enum { RETRY_MIN_MS = 50, RETRY_MAX_MS = 1000 };

struct pool {
	const struct pool_ops *ops;
	void *ctx;
	int size;
	pthread_t keeper;
	pthread_mutex_t lock;	 /* guards all below */
	pthread_cond_t returned; /* a connection became idle, or the last one was lost */
	pthread_cond_t missing;	 /* a connection was lost, or the pool is closing */
	void **idle;		 /* a stack: the warmest connection is used first */
	int nidle;
	int up; /* idle and borrowed */
	bool closing;
};

/* Wait on cond until deadline_ms of clock_ms; both are on CLOCK_MONOTONIC.  False when it passed. */
static bool
wait_until(struct pool *p, pthread_cond_t *cond, int64_t deadline_ms)
{
	struct timespec ts = { .tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000 };

	return pthread_cond_timedwait(cond, &p->lock, &ts) == 0;
}

/* Open one connection outside the lock and add it.  False if the server refused. */
static bool
keeper_add(struct pool *p)
{
	void *conn;

	pthread_mutex_unlock(&p->lock);
	conn = p->ops->open(p->ctx);
	pthread_mutex_lock(&p->lock);
	if (!conn)
		return false;
	p->idle[p->nidle++] = conn;
	p->up++;
	pthread_cond_signal(&p->returned);
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
	pthread_condattr_t attr;

	if (!p)
		abort();
	p->ops = ops;
	p->ctx = ctx;
	p->size = size;
	p->idle = calloc((size_t)size, sizeof(*p->idle));
	if (!p->idle)
		abort();
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->returned, &attr);
	pthread_cond_init(&p->missing, &attr);
	pthread_condattr_destroy(&attr);
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
	pthread_cond_destroy(&p->returned);
	pthread_cond_destroy(&p->missing);
	pthread_mutex_destroy(&p->lock);
	free(p->idle);
	free(p);
}

void
pool_wait(struct pool *p, int64_t deadline_ms)
{
	pthread_mutex_lock(&p->lock);
	while (p->up == 0 && wait_until(p, &p->returned, deadline_ms))
		continue;
	pthread_mutex_unlock(&p->lock);
}

/* The lock is held. */
static void
lost_one(struct pool *p)
{
	p->up--;
	pthread_cond_signal(&p->missing);
	/* Whoever waits for a connection would wait in vain when the last one is gone. */
	if (p->up == 0)
		pthread_cond_broadcast(&p->returned);
}

/* Wait until a connection is idle and take it.  NULL when none is up or the deadline passed.  The lock is held. */
static void *
take_idle(struct pool *p, int64_t deadline_ms)
{
	while (p->nidle == 0) {
		if (p->up == 0)
			return NULL;
		if (!wait_until(p, &p->returned, deadline_ms) && p->nidle == 0)
			return NULL;
	}
	return p->idle[--p->nidle];
}

enum err
pool_take(struct pool *p, int64_t deadline_ms, void **ret_conn)
{
	void *conn;

	for (;;) {
		pthread_mutex_lock(&p->lock);
		conn = take_idle(p, deadline_ms);
		pthread_mutex_unlock(&p->lock);
		if (!conn)
			return ERR_UNAVAILABLE;
		if (p->ops->usable(conn))
			break;
		pool_drop(p, conn);
	}
	*ret_conn = conn;
	return OK;
}

void
pool_give(struct pool *p, void *conn)
{
	pthread_mutex_lock(&p->lock);
	p->idle[p->nidle++] = conn;
	pthread_cond_signal(&p->returned);
	pthread_mutex_unlock(&p->lock);
}

void
pool_drop(struct pool *p, void *conn)
{
	p->ops->close(conn);
	pthread_mutex_lock(&p->lock);
	lost_one(p);
	pthread_mutex_unlock(&p->lock);
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
