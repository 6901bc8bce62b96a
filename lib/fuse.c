/* A circuit breaker shared by threads: the lock, the clock, and nothing else. */
#include "clock.h"
#include "fuse.h"

void
fuse_init(struct fuse *f)
{
	*f = (struct fuse){ .breaker = { 0 } };
	pthread_mutex_init(&f->mutex, NULL);
}

void
fuse_release(struct fuse *f)
{
	pthread_mutex_destroy(&f->mutex);
}

enum breaker_pass
fuse_ask(struct fuse *f)
{
	enum breaker_pass pass;

	pthread_mutex_lock(&f->mutex);
	pass = breaker_ask(&f->breaker, clock_ms());
	pthread_mutex_unlock(&f->mutex);
	return pass;
}

void
fuse_tell(struct fuse *f, enum breaker_pass pass, enum verdict verdict)
{
	pthread_mutex_lock(&f->mutex);
	if (verdict == WORKS)
		breaker_works(&f->breaker, pass);
	else if (verdict == FAILED)
		breaker_failed(&f->breaker, pass, clock_ms());
	else
		breaker_unknown(&f->breaker, pass);
	pthread_mutex_unlock(&f->mutex);
}

void
fuse_hold(struct fuse *f, int retry_after_s)
{
	if (retry_after_s <= 0)
		return;
	pthread_mutex_lock(&f->mutex);
	breaker_hold(&f->breaker, clock_ms(), retry_after_s * 1000LL);
	pthread_mutex_unlock(&f->mutex);
}

bool
fuse_rests(struct fuse *f)
{
	bool rests;

	pthread_mutex_lock(&f->mutex);
	rests = breaker_rests(&f->breaker, clock_ms());
	pthread_mutex_unlock(&f->mutex);
	return rests;
}

bool
fuse_is_open(struct fuse *f)
{
	bool open;

	pthread_mutex_lock(&f->mutex);
	open = f->breaker.open;
	pthread_mutex_unlock(&f->mutex);
	return open;
}
