/*
 * Crews: threads that do one kind of work, so that it is done at once, and slow pieces of it hold up neither the others nor the
 * rest of the worker's work.  One of a crew looks for work at a time; the others are at it, or wait for their turn.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"
#include "worker.h"

/* How often it is looked for work while PostgreSQL does not answer. */
enum { REST_MS = 2000 };

struct hand {
	pthread_t thread;
	struct worker w; /* its own arena, everybody's connections */
	struct crew *crew;
};

struct crew {
	const struct trade *trade;
	pthread_mutex_t turn; /* whose turn it is to look */
	int stop_fd;	      /* readable: asked to end */
	int count;
	struct hand hands[];
};

/* Wait; true, and at once, when asked to end. */
static bool
pause_or_stop(const struct crew *crew, int ms)
{
	struct pollfd stop = { .fd = crew->stop_fd, .events = POLLIN };

	return poll(&stop, 1, ms) > 0;
}

/* Look until there is something to do; false: asked to end. */
static bool
look(struct hand *h, struct db_result *ret_row)
{
	const struct trade *trade = h->crew->trade;
	int ms = 0;
	enum err e;

	while (!pause_or_stop(h->crew, ms)) {
		e = trade->lease(&h->w, ret_row);
		if (e == OK && ret_row->rows > 0)
			return true;
		ms = e ? REST_MS : trade->look_ms;
	}
	return false;
}

static void *
hand_run(void *hand)
{
	struct hand *h = hand;
	struct db_result row;
	bool found;
	enum err e;

	for (;;) {
		pthread_mutex_lock(&h->crew->turn);
		found = look(h, &row);
		pthread_mutex_unlock(&h->crew->turn);
		if (!found)
			return NULL;
		/* What could not be told is done again when the lease has run out. */
		e = h->crew->trade->work(&h->w, &row);
		(void)e;
	}
}

static void
hand_start(struct crew *crew, struct hand *h, const struct worker *like)
{
	h->crew = crew;
	h->w = *like;
	h->w.stop_fd = crew->stop_fd;
	h->w.job = (struct req){
		.arena = &h->w.arena, .trace = &h->w.trace, .db = like->job.db, .http = like->job.http
	};
	arena_init(&h->w.arena);
	if (pthread_create(&h->thread, NULL, hand_run, h) != 0)
		abort();
}

struct crew *
crew_open(const struct worker *like, const struct trade *trade, int count)
{
	struct crew *crew = calloc(1, sizeof(*crew) + (size_t)count * sizeof(crew->hands[0]));
	int i;

	if (!crew)
		abort();
	crew->trade = trade;
	crew->count = count;
	pthread_mutex_init(&crew->turn, NULL);
	crew->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (crew->stop_fd < 0)
		abort();
	for (i = 0; i < count; i++)
		hand_start(crew, &crew->hands[i], like);
	return crew;
}

void
crew_close(struct crew *crew)
{
	int i;

	if (!crew)
		return;
	if (eventfd_write(crew->stop_fd, 1) != 0)
		abort();
	for (i = 0; i < crew->count; i++) {
		pthread_join(crew->hands[i].thread, NULL);
		arena_free(&crew->hands[i].w.arena);
	}
	close(crew->stop_fd);
	pthread_mutex_destroy(&crew->turn);
	free(crew);
}

enum err
trade_all(struct worker *w, const struct trade *trade)
{
	struct db_result row;
	enum err e = OK;

	while (e == OK && !worker_pause(w, 0)) {
		e = trade->lease(w, &row);
		if (e || row.rows == 0)
			return e;
		e = trade->work(w, &row);
	}
	return e;
}
