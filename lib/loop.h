/*
 * The accept loop: worker threads that take connections for themselves, and a stop that loses nothing.
 *
 * libfcgi's own accept cannot be woken without cutting a request off, so the loop accepts and hands the connection over.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>

#include "attr.h"

struct FCGX_Request;
struct loop;

struct loop_conf {
	int listen_fd; /* a listening, non-blocking socket of this process alone; it stays the caller's */
	int threads;
	/* What to do with one request; worker is what worker_open returned in this thread, stop_fd becomes readable at the stop. */
	void (*answer)(void *ctx, void *worker, struct FCGX_Request *fcgi, int stop_fd);
	void *(*worker_open)(void *ctx);
	void (*worker_close)(void *worker);
	void *ctx;
};

/**
 * loop_open(conf):
 * Start the threads, with the signal mask of the caller; ${conf} is copied.  Ends the process if they cannot be had.
 */
struct loop *loop_open(const struct loop_conf *conf);

/**
 * loop_stop(l, within_ms):
 * Take what has been queued, wait for running requests up to ${within_ms} milliseconds, and end all threads.  Returns the number
 * of threads still busy then: 0 after a clean stop, and only then is ${l} released.
 */
int loop_stop(struct loop *l, int within_ms) MUST_CHECK;

/**
 * loop_read_rest(fcgi, within_ms):
 * Read what is left of a request's input, for at most ${within_ms} milliseconds and not from who falls silent for a second.  True:
 * its end has come.
 */
bool loop_read_rest(struct FCGX_Request *fcgi, int within_ms);

#endif
