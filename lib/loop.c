/*
 * The accept loop.  One worker at a time waits for a new connection; whoever gets one wakes the worker that has rested
 * shortest to take that place.  So no more of the threads have used stacks, memory and connections than are needed at
 * once, and those are warm.  A worker whose web server keeps its connection open waits for the next request on that.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "clock.h"
#include "log.h"
#include "loop.h"

enum {
	STACK_BYTES = 256 * 1024,
	SILENCE_S = 20, /* a peer that neither sends nor takes a byte for so long is gone */
	REST_S = 1,	/* how long to read what a handler left unread, and to wait for more of it */
	PAUSE_MS = 100
};

/* A worker that rests until it is to wait for a connection. */
struct rest {
	struct rest *next;
	sem_t over;
};

struct loop {
	struct loop_conf conf;
	int stop_fd;
	atomic_bool stopping;
	pthread_mutex_t lock; /* guards accepting and resting */
	bool accepting; /* somebody waits for a connection, and alone uses the listening socket and drained */
	struct rest *resting; /* the last one first */
	bool drained;	      /* after the stop: nothing was queued any more */
	pthread_t threads[];
};

/* Wait for fd or the stop.  True if fd is ready, also when both are: what has been sent is answered. */
static bool
wait_ready(const struct loop *l, int fd)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = l->stop_fd, .events = POLLIN } };

	while (poll(p, 2, -1) < 0)
		continue;
	return p[0].revents != 0;
}

/* Has the stop been told?  That comes after the socket was shut down. */
static bool
stop_told(const struct loop *l)
{
	struct pollfd p = { .fd = l->stop_fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/*
 * Accept a connection.  -1 when there was none; *ret_over: nor will there be one, the socket is shut down and drained.
 * Linux says so with EINVAL on a blocking unix socket, and with EAGAIN, like any empty queue, on a non-blocking one.
 */
static int
accept_one(const struct loop *l, bool *ret_over)
{
	int fd = accept4(l->conf.listen_fd, NULL, NULL, SOCK_CLOEXEC), fault = errno;

	*ret_over = fd < 0 && (fault == EINVAL || (fault == EAGAIN && stop_told(l)));
	/* Others were faster, or the peer has left again.  All else passes with time: no descriptors, no memory. */
	if (fd < 0 && fault != EINVAL && fault != EAGAIN && fault != EINTR && fault != ECONNABORTED) {
		log_event(LOG_ERROR, "accept", "errno=%d", fault);
		poll(NULL, 0, PAUSE_MS);
	}
	return fd;
}

/* Let reads (SO_RCVTIMEO) or writes (SO_SNDTIMEO) fail after so many seconds without a byte: every wait has an end. */
static void
limit_silence(int fd, int which, int seconds)
{
	const struct timeval silence = { .tv_sec = seconds };

	if (setsockopt(fd, SOL_SOCKET, which, &silence, sizeof(silence)) != 0)
		log_event(LOG_ERROR, "accept", "msg=\"no time limit\" errno=%d", errno);
}

/* Wait until nobody else waits for a connection. */
static void
begin_accepting(struct loop *l)
{
	struct rest rest = { 0 };
	bool taken;

	sem_init(&rest.over, 0, 0);
	pthread_mutex_lock(&l->lock);
	taken = l->accepting;
	l->accepting = true;
	if (taken) {
		rest.next = l->resting;
		/* It is taken out of the list before this call returns. */
		/* cppcheck-suppress autoVariables */
		l->resting = &rest;
	}
	pthread_mutex_unlock(&l->lock);
	while (taken && sem_wait(&rest.over) != 0)
		continue;
	sem_destroy(&rest.over);
}

/* Hand over to the one that began to rest last. */
static void
end_accepting(struct loop *l)
{
	struct rest *next;

	pthread_mutex_lock(&l->lock);
	next = l->resting;
	if (next)
		l->resting = next->next;
	else
		l->accepting = false;
	pthread_mutex_unlock(&l->lock);
	if (next)
		sem_post(&next->over);
}

/*
 * The next connection, or -1 when the loop is to stop and nothing is queued.  Over TCP connections can still come then:
 * the first thread that finds the queue empty ends it for all.
 */
static int
next_connection(struct loop *l)
{
	int fd = -1;

	begin_accepting(l);
	while (fd < 0 && !l->drained) {
		if (wait_ready(l, l->conf.listen_fd))
			fd = accept_one(l, &l->drained);
		else
			l->drained = true;
	}
	end_accepting(l);
	if (fd >= 0) {
		limit_silence(fd, SO_RCVTIMEO, SILENCE_S);
		limit_silence(fd, SO_SNDTIMEO, SILENCE_S);
	}
	return fd;
}

/*
 * Close at once.  libfcgi would wait up to 2 s for the peer to do so first, but a web server that keeps connections does
 * not look at them until it needs one.
 */
static void
hang_up(FCGX_Request *fcgi)
{
	close(fcgi->ipcFd);
	fcgi->ipcFd = -1;
}

/*
 * Read the next request into fcgi, from its kept connection or a new one.  False when the loop is to stop.  A thread whose
 * kept connection was idle then still helps with the queue.
 */
static bool
next_request(struct loop *l, FCGX_Request *fcgi)
{
	for (;;) {
		if (fcgi->ipcFd >= 0 && !wait_ready(l, fcgi->ipcFd))
			hang_up(fcgi);
		if (fcgi->ipcFd < 0)
			fcgi->ipcFd = next_connection(l);
		if (fcgi->ipcFd < 0)
			return false;
		fcgi->keepConnection = 1; /* else FCGX_Accept_r closes it and tries to accept by itself */
		if (FCGX_Accept_r(fcgi) == 0)
			return true;
		fcgi->ipcFd = -1;
	}
}

bool
loop_read_rest(FCGX_Request *fcgi, int within_ms)
{
	int64_t until_ms = clock_ms() + within_ms;

	if (!FCGX_HasSeenEOF(fcgi->in)) {
		limit_silence(fcgi->ipcFd, SO_RCVTIMEO, REST_S);
		while (FCGX_GetChar(fcgi->in) != EOF && clock_left_ms(until_ms) > 0)
			fcgi->in->rdNext = fcgi->in->stop;
		limit_silence(fcgi->ipcFd, SO_RCVTIMEO, SILENCE_S);
	}
	return FCGX_HasSeenEOF(fcgi->in) && FCGX_GetError(fcgi->in) == 0;
}

/*
 * Nothing of this request may be left: the next one on a kept connection would meet it, be it only the end of the input.  False
 * when that did not come soon: the rest of a refused upload is not waited for.
 */
static bool
drain(FCGX_Request *fcgi)
{
	/* Whoever still sends may read meanwhile why that is in vain. */
	if (!FCGX_HasSeenEOF(fcgi->in))
		FCGX_FFlush(fcgi->out);
	return loop_read_rest(fcgi, REST_S * 1000);
}

/* Send the end of the reply, and close the connection unless it is to be kept. */
static void
finish(struct loop *l, FCGX_Request *fcgi)
{
	bool keep = fcgi->keepConnection && !atomic_load(&l->stopping);

	/* A plain close with input unread would take the reply along: then libfcgi closes, which first reads for a while. */
	fcgi->keepConnection = drain(fcgi);
	FCGX_Finish_r(fcgi);
	if (fcgi->ipcFd >= 0 && !keep)
		hang_up(fcgi);
}

static void *
worker_run(void *arg)
{
	struct loop *l = arg;
	void *worker = l->conf.worker_open(l->conf.ctx);
	FCGX_Request fcgi;

	FCGX_InitRequest(&fcgi, -1, 0);
	while (next_request(l, &fcgi)) {
		l->conf.answer(l->conf.ctx, worker, &fcgi, l->stop_fd);
		finish(l, &fcgi);
	}
	l->conf.worker_close(worker);
	return NULL;
}

struct loop *
loop_open(const struct loop_conf *conf)
{
	struct loop *l = calloc(1, sizeof(*l) + (size_t)conf->threads * sizeof(l->threads[0]));
	pthread_attr_t attr;
	int i;

	if (!l || FCGX_Init() != 0)
		abort();
	l->conf = *conf;
	l->stop_fd = eventfd(0, EFD_CLOEXEC);
	/* Events are to leave at once.  Connections inherit it; a unix socket, which knows no such thing, refuses. */
	setsockopt(conf->listen_fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	pthread_mutex_init(&l->lock, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (i = 0; i < conf->threads; i++) {
		if (l->stop_fd < 0 || pthread_create(&l->threads[i], &attr, worker_run, l) != 0) {
			log_event(LOG_ERROR, "start", "msg=\"cannot start thread %d of %d\"", i + 1,
				  conf->threads);
			abort();
		}
	}
	pthread_attr_destroy(&attr);
	return l;
}

/*
 * Let nobody connect any more.  A unix socket keeps what is queued for accept; over TCP that would be reset, so there the
 * socket just closes with the process.
 */
static void
refuse_new(int listen_fd)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);

	if (getsockname(listen_fd, (struct sockaddr *)&addr, &len) == 0 && addr.ss_family == AF_UNIX)
		shutdown(listen_fd, SHUT_RDWR);
}

int
loop_stop(struct loop *l, int within_ms)
{
	int64_t until_ms = clock_ms() + within_ms;
	struct timespec until;
	int i, busy = 0;

	atomic_store(&l->stopping, true);
	refuse_new(l->conf.listen_fd);
	if (eventfd_write(l->stop_fd, 1) != 0)
		abort();
	until = (struct timespec){ .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
	for (i = 0; i < l->conf.threads; i++)
		busy += pthread_clockjoin_np(l->threads[i], NULL, CLOCK_MONOTONIC, &until) != 0;
	if (busy > 0)
		return busy;
	close(l->stop_fd);
	pthread_mutex_destroy(&l->lock);
	free(l);
	return 0;
}
