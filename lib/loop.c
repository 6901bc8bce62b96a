/*
 * The accept loop.  One worker at a time waits for a new connection (the others wait for the mutex, in the kernel, in
 * turn), or each for the next request on the connection its web server keeps open.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "log.h"
#include "loop.h"

enum { STACK_BYTES = 256 * 1024 };

struct loop {
	struct loop_conf conf;
	int stop_fd;
	atomic_bool stopping;
	pthread_mutex_t accepting;
	pthread_t threads[];
};

/* Wait for fd or the stop.  True if fd is ready, also when both are: what has been sent is answered. */
static bool
wait_ready(const struct loop *l, int fd)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = l->stop_fd, .events = POLLIN } };

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		continue;
	return p[0].revents != 0;
}

/* The next connection, or -1 when the loop is to stop and nothing is queued. */
static int
next_connection(struct loop *l)
{
	int fd = -1;

	pthread_mutex_lock(&l->accepting);
	while (wait_ready(l, l->conf.listen_fd)) {
		fd = accept4(l->conf.listen_fd, NULL, NULL, SOCK_CLOEXEC);
		/* EINVAL: shut down and drained.  Others pass: the peer left (ECONNABORTED), no descriptors (EMFILE). */
		if (fd >= 0 || errno == EINVAL)
			break;
		if (errno == EMFILE || errno == ENFILE) {
			log_event(LOG_ERROR, "accept", "msg=\"no file descriptors left\"");
			poll(NULL, 0, 100);
		}
	}
	pthread_mutex_unlock(&l->accepting);
	return fd;
}

/* Read the next request into fcgi, from its kept connection or a new one.  False when the loop is to stop. */
static bool
next_request(struct loop *l, FCGX_Request *fcgi)
{
	for (;;) {
		if (fcgi->ipcFd >= 0 && !wait_ready(l, fcgi->ipcFd))
			return false;
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

/*
 * With a kept connection, what is left of standard input (its end, if nothing else) would be met by the next request and
 * break it: read it off before finishing, but not the rest of a refused upload.
 */
static void
finish(struct loop *l, FCGX_Request *fcgi)
{
	char rest[8192];
	int rounds = 64, n;

	do
		n = FCGX_GetStr(rest, sizeof(rest), fcgi->in);
	while (n > 0 && --rounds > 0);
	if (n > 0 || atomic_load(&l->stopping))
		fcgi->keepConnection = 0;
	FCGX_Finish_r(fcgi);
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
	FCGX_Free(&fcgi, 1);
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
	pthread_mutex_init(&l->accepting, NULL);
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

/* Let nobody connect any more.  A unix socket keeps what is queued for accept; over TCP that would be reset, so there the socket just closes with the process. */
static void
refuse_new(int listen_fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (getsockname(listen_fd, (struct sockaddr *)&addr, &len) == 0 && addr.ss_family == AF_UNIX)
		shutdown(listen_fd, SHUT_RDWR);
}

int
loop_stop(struct loop *l, int within_ms)
{
	struct timespec until;
	int i, busy = 0;

	atomic_store(&l->stopping, true);
	refuse_new(l->conf.listen_fd);
	if (eventfd_write(l->stop_fd, 1) != 0)
		abort();
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += within_ms / 1000;
	for (i = 0; i < l->conf.threads; i++)
		busy += pthread_timedjoin_np(l->threads[i], NULL, &until) != 0;
	if (busy > 0)
		return busy;
	close(l->stop_fd);
	pthread_mutex_destroy(&l->accepting);
	free(l);
	return 0;
}
