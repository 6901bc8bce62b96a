/*
 * Couriers: threads that deliver webhooks, so that merchants hear of a payment at once, and a slow merchant holds up
 * neither the others nor the rest of the worker's work.  One of them looks for work at a time; the others are out, or wait
 * for their turn.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"
#include "worker.h"

/* How often it is looked for work, and how often while PostgreSQL does not answer. */
enum { LOOK_MS = 250, REST_MS = 2000 };

struct courier {
	pthread_t thread;
	struct worker w; /* its own arena, everybody's connections */
	struct couriers *all;
};

struct couriers {
	pthread_mutex_t turn; /* whose turn it is to look */
	int stop_fd;	      /* readable: asked to end */
	struct courier each[WORKER_COURIERS];
};

/* Wait; true, and at once, when asked to end. */
static bool
pause_or_stop(const struct couriers *all, int ms)
{
	struct pollfd stop = { .fd = all->stop_fd, .events = POLLIN };

	return poll(&stop, 1, ms) > 0;
}

/* Look until there is something to deliver; false: asked to end. */
static bool
look(struct courier *c, struct db_result *ret_row)
{
	int ms = 0;
	enum err e;

	while (!pause_or_stop(c->all, ms)) {
		e = webhook_lease(&c->w, ret_row);
		if (e == OK && ret_row->rows > 0)
			return true;
		ms = e ? REST_MS : LOOK_MS;
	}
	return false;
}

static void *
courier_run(void *courier)
{
	struct courier *c = courier;
	struct db_result row;
	bool found;
	enum err e;

	for (;;) {
		pthread_mutex_lock(&c->all->turn);
		found = look(c, &row);
		pthread_mutex_unlock(&c->all->turn);
		if (!found)
			return NULL;
		/* What could not be told is sent again when the lease has run out. */
		e = webhook_deliver(&c->w, &row);
		(void)e;
	}
}

static void
courier_start(struct couriers *all, struct courier *c, const struct worker *like)
{
	c->all = all;
	c->w = (struct worker){
		.job = { .arena = &c->w.arena,
			 .trace = &c->w.trace,
			 .db = like->job.db,
			 .http = like->job.http },
		.webhook_ms = like->webhook_ms,
		.webhook_key = like->webhook_key,
		.webhook_private = like->webhook_private,
	};
	arena_init(&c->w.arena);
	if (pthread_create(&c->thread, NULL, courier_run, c) != 0)
		abort();
}

struct couriers *
couriers_open(const struct worker *like)
{
	struct couriers *all = calloc(1, sizeof(*all));
	int i;

	if (!all)
		abort();
	pthread_mutex_init(&all->turn, NULL);
	all->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (all->stop_fd < 0)
		abort();
	for (i = 0; i < WORKER_COURIERS; i++)
		courier_start(all, &all->each[i], like);
	return all;
}

void
couriers_close(struct couriers *all)
{
	int i;

	if (!all)
		return;
	if (eventfd_write(all->stop_fd, 1) != 0)
		abort();
	for (i = 0; i < WORKER_COURIERS; i++) {
		pthread_join(all->each[i].thread, NULL);
		arena_free(&all->each[i].w.arena);
	}
	close(all->stop_fd);
	pthread_mutex_destroy(&all->turn);
	free(all);
}
