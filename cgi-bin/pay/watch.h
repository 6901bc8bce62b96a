/*
 * Watching checkouts.  One thread of the process asks PostgreSQL for all that are watched together, in one statement every
 * WATCH_EVERY_MS, and wakes those whose checkout has changed: a watcher costs no query and no connection.
 */
#ifndef WATCH_H
#define WATCH_H

#include "attr.h"
#include "err.h"

struct db;
struct watch;

enum {
	WATCH_EVERY_MS = 500,
	WATCH_MAX = 2048,	/* watchers of a process */
	WATCH_CHECKOUT_MAX = 8, /* of one checkout: a window, a reload, another device; but not a crowd */
	WATCH_ID_LEN = 22,
};

/* What is known of a watched checkout. */
enum watch_status {
	WATCH_UNREAD,  /* not asked for yet */
	WATCH_UNKNOWN, /* there is none of that id */
	WATCH_PENDING,
	WATCH_CLAIMED,
	/* It changes no more from here on. */
	WATCH_PAID,
	WATCH_EXPIRED,
	WATCH_CANCELLED,
	WATCH__MAX
};

/** watch_open(): An empty table; its thread starts with the first watcher.  End it with watch_close. */
struct watch *watch_open(void);

/** watch_close(w): Stop the thread.  Nobody may be watching. */
void watch_close(struct watch *w);

/**
 * watch_begin(w, db, id, ret_place):
 * Watch the checkout ${id}, of WATCH_ID_LEN bytes, through ${db}.  End it with watch_end.  Errors: ERR_OVERLOADED when too many watch.
 */
enum err watch_begin(struct watch *w, struct db *db, const char *id, int *ret_place) MUST_CHECK;

/** watch_end(w, place): Watch no longer. */
void watch_end(struct watch *w, int place);

/** watch_fd(w, place): Can be read from as soon as there is something new for watch_look. */
int watch_fd(const struct watch *w, int place);

/** watch_look(w, place, ret_left_ms): The status as last read, and how long from now until it expires, by the business clock. */
enum watch_status watch_look(struct watch *w, int place, int *ret_left_ms);

/** watch_name(status): Its public name, "pending". */
const char *watch_name(enum watch_status status);

/** watch_count(w): How many watch now; a gauge. */
int watch_count(struct watch *w);

#endif
