/* Watching checkouts: the table of watchers, and the thread that reads for all of them. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "fields.h"
#include "log.h"
#include "pay.h"
#include "req.h"
#include "watch.h"

enum { READ_MS = 1500 };

struct watcher {
	bool taken;
	char id[WATCH_ID_LEN + 1];
	unsigned turn; /* counts who has been here: what was read for the last one is not the next one's */
	enum watch_status status;
	int64_t expires_ms; /* of clock_ms */
	int fd;		    /* an eventfd, made for the first watcher in this place; -1 before */
};

struct watch {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t begun; /* somebody watches, or all is over */
	struct db *db;	      /* NULL until the thread runs */
	pthread_t thread;
	bool closing;
	int n;
	int end; /* places from here on have never been taken */
	struct watcher at[WATCH_MAX];
};

/* What is asked for in one statement, and for whom. */
struct round {
	struct lines ids, known;
	int place[WATCH_MAX];
	unsigned turn[WATCH_MAX];
};

static const char *const names[WATCH__MAX] = {
	[WATCH_UNREAD] = "unread",	 [WATCH_UNKNOWN] = "unknown", [WATCH_PENDING] = "pending",
	[WATCH_CLAIMED] = "claimed",	 [WATCH_PAID] = "paid",	      [WATCH_EXPIRED] = "expired",
	[WATCH_CANCELLED] = "cancelled",
};

const char *
watch_name(enum watch_status status)
{
	return names[status];
}

static enum watch_status
status_of(const char *name)
{
	int i;

	for (i = WATCH_UNKNOWN; i < WATCH__MAX; i++)
		if (strcmp(names[i], name) == 0)
			return (enum watch_status)i;
	return WATCH_UNREAD;
}

/* Note whom to ask for: what has ended is not asked for again.  The lock is held. */
static void
round_fill(struct round *r, const struct watch *w, struct arena *a)
{
	int i;

	r->ids.n = r->known.n = 0;
	r->ids.at = arena_alloc(a, (size_t)w->end * sizeof(*r->ids.at));
	r->known.at = arena_alloc(a, (size_t)w->end * sizeof(*r->known.at));
	for (i = 0; i < w->end; i++) {
		const struct watcher *one = &w->at[i];
		size_t n = r->ids.n;

		if (!one->taken || one->status == WATCH_UNKNOWN || one->status >= WATCH_PAID)
			continue;
		r->place[n] = i;
		r->turn[n] = one->turn;
		r->ids.at[n] = arena_strdup(a, one->id);
		r->known.at[n] = names[one->status];
		r->ids.n = r->known.n = n + 1;
	}
}

/* Ask, without the lock: the rows are those that have changed. */
static enum err
round_ask(const struct round *r, struct db *db, struct arena *a, struct db_result *ret_res)
{
	struct trace trace = { .started_us = clock_us() };
	const struct req rq = { .arena = a, .trace = &trace, .db = db, .deadline_ms = clock_ms() + READ_MS };

	return db_run(&rq, PAY_WATCH, DB_ARGS(db_lines(&rq, &r->ids), db_lines(&rq, &r->known)), ret_res);
}

/* Wake those whose checkout has changed.  The lock is held. */
static void
round_tell(const struct round *r, struct watch *w, const struct db_result *res)
{
	int row;

	for (row = 0; row < res->rows; row++) {
		int64_t n = db_num(res, row, "place") - 1;
		struct watcher *one = &w->at[r->place[n]];

		if (!one->taken || one->turn != r->turn[n])
			continue;
		one->status = status_of(db_str(res, row, "status"));
		one->expires_ms = clock_ms() + db_num(res, row, "left_ms");
		if (eventfd_write(one->fd, 1) != 0)
			abort();
	}
}

/* Wait until ms of clock_ms, or all is over.  The lock is held. */
static void
rest(struct watch *w, int64_t until_ms)
{
	struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };

	while (!w->closing && clock_left_ms(until_ms) > 0)
		pthread_cond_timedwait(&w->begun, &w->lock, &until);
}

static void *
watch_run(void *arg)
{
	struct watch *w = arg;
	struct round *r = calloc(1, sizeof(*r));
	struct arena arena;

	if (!r)
		abort();
	arena_init(&arena);
	pthread_mutex_lock(&w->lock);
	while (!w->closing) {
		int64_t next_ms = clock_ms() + WATCH_EVERY_MS;
		struct db_result res;
		enum err e = OK;

		round_fill(r, w, &arena);
		res.rows = 0;
		if (r->ids.n > 0) {
			pthread_mutex_unlock(&w->lock);
			e = round_ask(r, w->db, &arena, &res);
			pthread_mutex_lock(&w->lock);
		}
		if (e == OK)
			round_tell(r, w, &res);
		arena_reset(&arena);
		while (!w->closing && w->n == 0)
			pthread_cond_wait(&w->begun, &w->lock);
		rest(w, next_ms);
	}
	pthread_mutex_unlock(&w->lock);
	arena_free(&arena);
	free(r);
	return NULL;
}

struct watch *
watch_open(void)
{
	struct watch *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;
	int i;

	if (!w)
		abort();
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->begun, &attr);
	pthread_condattr_destroy(&attr);
	for (i = 0; i < WATCH_MAX; i++)
		w->at[i].fd = -1;
	return w;
}

void
watch_close(struct watch *w)
{
	int i;

	pthread_mutex_lock(&w->lock);
	w->closing = true;
	pthread_cond_signal(&w->begun);
	pthread_mutex_unlock(&w->lock);
	if (w->db)
		pthread_join(w->thread, NULL);
	for (i = 0; i < w->end; i++)
		if (w->at[i].fd >= 0)
			close(w->at[i].fd);
	pthread_cond_destroy(&w->begun);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* A free place, -1 if there is none, or none for one more watcher of this checkout.  The lock is held. */
static int
find_place(const struct watch *w, const char *id)
{
	int i, found = -1, same = 0;

	for (i = 0; i < w->end; i++) {
		if (!w->at[i].taken)
			found = i;
		else if (strcmp(w->at[i].id, id) == 0)
			same++;
	}
	if (found < 0 && w->end < WATCH_MAX)
		found = w->end;
	return same < WATCH_CHECKOUT_MAX ? found : -1;
}

/* An end of the signal from the thread to whoever has this place, with nothing in it. */
static bool
make_fd(struct watcher *one)
{
	eventfd_t old;

	if (one->fd < 0)
		one->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	else
		(void)eventfd_read(one->fd, &old);
	return one->fd >= 0;
}

/* Start the thread if it does not run yet.  The lock is held. */
static bool
start(struct watch *w, struct db *db)
{
	if (!w->db && pthread_create(&w->thread, NULL, watch_run, w) == 0)
		w->db = db;
	return w->db != NULL;
}

enum err
watch_begin(struct watch *w, struct db *db, const char *id, int *ret_place)
{
	struct watcher *one;
	int place;

	pthread_mutex_lock(&w->lock);
	place = find_place(w, id);
	if (place < 0 || !make_fd(&w->at[place]) || !start(w, db)) {
		pthread_mutex_unlock(&w->lock);
		return ERR_OVERLOADED;
	}
	if (place == w->end)
		w->end++;
	one = &w->at[place];
	one->taken = true;
	one->turn++;
	one->status = WATCH_UNREAD;
	memcpy(one->id, id, sizeof(one->id));
	w->n++;
	pthread_cond_signal(&w->begun);
	pthread_mutex_unlock(&w->lock);
	*ret_place = place;
	return OK;
}

void
watch_end(struct watch *w, int place)
{
	pthread_mutex_lock(&w->lock);
	w->at[place].taken = false;
	w->n--;
	pthread_mutex_unlock(&w->lock);
}

int
watch_fd(const struct watch *w, int place)
{
	return w->at[place].fd;
}

enum watch_status
watch_look(struct watch *w, int place, int *ret_left_ms)
{
	enum watch_status status;
	eventfd_t news;

	/* First the signal, then the status: what comes between is looked at again. */
	(void)eventfd_read(w->at[place].fd, &news);
	pthread_mutex_lock(&w->lock);
	status = w->at[place].status;
	*ret_left_ms = clock_left_ms(w->at[place].expires_ms);
	pthread_mutex_unlock(&w->lock);
	return status;
}

int
watch_count(struct watch *w)
{
	int n;

	pthread_mutex_lock(&w->lock);
	n = w->n;
	pthread_mutex_unlock(&w->lock);
	return n;
}
