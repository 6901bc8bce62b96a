/* A circuit breaker that the calls of all threads share: breaker.h with a lock and the clock */
#ifndef FUSE_H
#define FUSE_H

#include <pthread.h>
#include <stdbool.h>

#include "breaker.h"

struct fuse {
	pthread_mutex_t mutex;
	struct breaker breaker;
};

/* What a call has told about the server. */
enum verdict { UNKNOWN, WORKS, FAILED };

/** fuse_init(f), fuse_release(f): Begin, closed, and end; no call may be under way at the end. */
void fuse_init(struct fuse *f);
void fuse_release(struct fuse *f);

/** fuse_ask(f): May a call be made?  Whoever may says afterwards by fuse_tell what it has told. */
enum breaker_pass fuse_ask(struct fuse *f);

/** fuse_tell(f, pass, verdict): A call that began with ${pass} has told ${verdict}; a probe may say so before its end, and again then. */
void fuse_tell(struct fuse *f, enum breaker_pass pass, enum verdict verdict);

/** fuse_hold(f, retry_after_s): The server says when to come back, which goes for everybody; 0: it has not said. */
void fuse_hold(struct fuse *f, int retry_after_s);

/** fuse_rests(f): Would a call be refused just now? */
bool fuse_rests(struct fuse *f);

/** fuse_is_open(f): Is the server left alone, but for a probe? */
bool fuse_is_open(struct fuse *f);

#endif
