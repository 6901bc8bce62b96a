/* The accept loop: many connections, kept connections, bodies nobody reads, and a stop that loses nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fcgi.h"
#include "loop.h"
#include "servers.h"

enum { MANY = 100, QUEUED = 20, PATIENCE_MS = 10000 };

static struct loop *loop;
static int listener;
static char path[64];

/* Requests for /gate wait here. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	bool open;
	atomic_int waiting;
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER };

/* Worker threads that have ended, by worker_close. */
static atomic_int workers;

/* Threads that have answered something. */
static atomic_int used;
static _Thread_local bool is_used;

static void *
worker_open(void *ctx)
{
	assert_ptr_equal(ctx, &workers);
	workers++;
	return &workers;
}

static void
worker_close(void *worker)
{
	assert_ptr_equal(worker, &workers);
	workers--;
}

static void
gate_set(bool open)
{
	pthread_mutex_lock(&gate.lock);
	gate.open = open;
	pthread_cond_broadcast(&gate.opened);
	pthread_mutex_unlock(&gate.lock);
}

static void
gate_pass(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.waiting++;
	while (!gate.open)
		pthread_cond_wait(&gate.opened, &gate.lock);
	gate.waiting--;
	pthread_mutex_unlock(&gate.lock);
}

/* Answer with the URI. */
static void
answer(void *ctx, void *worker, FCGX_Request *fcgi, int stop_fd)
{
	const char *uri = FCGX_GetParam("REQUEST_URI", fcgi->envp);

	assert_ptr_equal(ctx, &workers);
	assert_ptr_equal(worker, &workers);
	assert_true(stop_fd >= 0);
	used += !is_used;
	is_used = true;
	if (strncmp(uri, "/gate", 5) == 0)
		gate_pass();
	FCGX_FPrintF(fcgi->out, "Status: 200\r\n\r\n%s", uri);
}

static void
start_on(int fd, int threads)
{
	struct loop_conf conf = { .listen_fd = fd,
				  .threads = threads,
				  .answer = answer,
				  .worker_open = worker_open,
				  .worker_close = worker_close,
				  .ctx = &workers };

	gate_set(false);
	loop = loop_open(&conf);
}

static void
start(int threads)
{
	listener = fcgi_listen(path);
	start_on(listener, threads);
}

/* Stop with nothing running: at once. */
static void
stop(void)
{
	int64_t begun_ms = clock_ms();

	assert_int_equal(loop_stop(loop, PATIENCE_MS), 0);
	assert_true(clock_ms() - begun_ms < 1500);
	assert_int_equal(workers, 0);
	fcgi_unlisten(listener, path);
}

/* A stop that goes on while the test does something else. */
struct stopper {
	pthread_t thread;
	int within_ms, busy;
};

static void *
stop_meanwhile(void *arg)
{
	struct stopper *s = arg;

	s->busy = loop_stop(loop, s->within_ms);
	return NULL;
}

static void
stop_start(struct stopper *s, int within_ms)
{
	*s = (struct stopper){ .within_ms = within_ms, .busy = -1 };
	assert_int_equal(pthread_create(&s->thread, NULL, stop_meanwhile, s), 0);
}

static bool
nobody_connects(void *unused)
{
	int fd = fcgi_connect(path);

	(void)unused;
	if (fd >= 0)
		close(fd);
	return fd < 0;
}

/* Begin to stop while requests run, and wait until that has begun. */
static void
stop_begin(struct stopper *s)
{
	stop_start(s, PATIENCE_MS);
	assert_true(server_wait(nobody_connects, NULL));
}

static void
stop_end(const struct stopper *s)
{
	pthread_join(s->thread, NULL);
	assert_int_equal(s->busy, 0);
	assert_int_equal(workers, 0);
	fcgi_unlisten(listener, path);
}

static bool
all_at_the_gate(void *threads)
{
	return gate.waiting == *(int *)threads;
}

static bool
replies(int fd, const char *uri)
{
	struct fcgi_reply reply;
	bool right = fcgi_read(fd, &reply) && reply.status == 200 && strcmp(reply.body, uri) == 0;

	fcgi_release(&reply);
	return right;
}

static void
assert_answers(int fd, bool keep, const char *uri)
{
	fcgi_send(fd, keep, FCGI_GET(uri));
	assert_true(replies(fd, uri));
}

static void
assert_hung_up(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
}

static int
connection(void)
{
	int fd = fcgi_connect(path);

	assert_true(fd >= 0);
	return fd;
}

struct asker {
	pthread_t thread;
	int number;
	bool right;
};

static void *
ask_once(void *arg)
{
	struct asker *a = arg;
	int fd = fcgi_connect(path);
	char uri[32];

	snprintf(uri, sizeof(uri), "/%d", a->number);
	fcgi_send(fd, false, FCGI_GET(uri));
	a->right = replies(fd, uri);
	close(fd);
	return NULL;
}

static void
a_hundred_at_once(void **state)
{
	struct asker askers[MANY];
	int i;

	(void)state;
	start(8);
	for (i = 0; i < MANY; i++) {
		askers[i].number = i;
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_once, &askers[i]), 0);
	}
	for (i = 0; i < MANY; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_true(askers[i].right);
	}
	stop();
}

/* One request after the other needs two threads, and more on a machine where others run; taken in turn, all 64 would be used. */
static void
the_thread_that_rested_last_is_used_again(void **state)
{
	struct asker asker = { 0 };

	(void)state;
	start(64);
	used = 0;
	for (asker.number = 0; asker.number < 200; asker.number++) {
		ask_once(&asker);
		assert_true(asker.right);
	}
	assert_in_range(used, 1, 32);
	stop();
}

static void
a_connection_is_kept_when_asked_for(void **state)
{
	int fd;

	(void)state;
	start(2);
	fd = connection();
	assert_answers(fd, true, "/one");
	assert_answers(fd, true, "/two");
	assert_answers(fd, false, "/three");
	assert_hung_up(fd);
	stop();
}

static void
more_kept_connections_than_one_thread(void **state)
{
	int fds[4], i, round;

	(void)state;
	start(4);
	for (i = 0; i < 4; i++)
		fds[i] = connection();
	for (round = 0; round < 3; round++)
		for (i = 0; i < 4; i++)
			assert_answers(fds[i], true, "/kept");
	for (i = 0; i < 4; i++)
		close(fds[i]);
	assert_int_equal(loop_stop(loop, PATIENCE_MS), 0);
	fcgi_unlisten(listener, path);
}

static void
a_body_nobody_reads_does_not_reach_the_next_request(void **state)
{
	static const size_t lens[] = { 1, 10000, 100000, 1 };
	char *body = calloc(1, 100000);
	size_t i;
	int fd;

	(void)state;
	start(2);
	fd = connection();
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		fcgi_begin(fd, true, FCGI_PARAMS("REQUEST_METHOD", "POST", "REQUEST_URI", "/unread"));
		fcgi_stdin(fd, body, lens[i]);
		fcgi_stdin(fd, "", 0);
		assert_true(replies(fd, "/unread"));
	}
	assert_answers(fd, true, "/next");
	close(fd);
	free(body);
	stop();
}

/* The sender of a long body hears the refusal although it never ends the body. */
static void
a_reply_does_not_wait_for_the_rest_of_the_body(void **state)
{
	struct fcgi_reply reply = { 0 };
	int64_t begun_ms = clock_ms();
	int fd;

	(void)state;
	start(2);
	fd = connection();
	fcgi_begin(fd, true, FCGI_PARAMS("REQUEST_METHOD", "POST", "REQUEST_URI", "/refused"));
	fcgi_stdin(fd, "begun", 5);
	assert_true(fcgi_next(fd, &reply));
	assert_non_null(strstr(reply.text, "\r\n\r\n/refused"));
	assert_true(clock_ms() - begun_ms < 500);
	fcgi_release(&reply);
	close(fd);
	stop();
}

static void
nonsense_costs_only_its_connection(void **state)
{
	struct fcgi_reply reply;
	int fd;

	(void)state;
	start(1);
	fd = connection();
	assert_int_equal(write(fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
	assert_false(fcgi_read(fd, &reply));
	fcgi_release(&reply);
	close(fd);
	close(connection());
	fd = connection();
	assert_answers(fd, true, "/sense");
	close(fd);
	stop();
}

static void
stops_with_idle_kept_connections(void **state)
{
	int fds[3], i;

	(void)state;
	start(3);
	for (i = 0; i < 3; i++) {
		fds[i] = connection();
		assert_answers(fds[i], true, "/kept");
	}
	stop();
	for (i = 0; i < 3; i++)
		assert_hung_up(fds[i]);
}

static void
stops_after_running_requests(void **state)
{
	int fds[3] = { 0 }, i, threads = 3;
	struct stopper stopper;

	(void)state;
	start(threads);
	for (i = 0; i < threads; i++) {
		fds[i] = connection();
		/* One is to be closed, the others kept: a stop keeps none. */
		fcgi_send(fds[i], i > 0, FCGI_GET("/gate"));
	}
	assert_true(server_wait(all_at_the_gate, &threads));
	stop_begin(&stopper);
	gate_set(true);
	for (i = 0; i < threads; i++) {
		assert_true(replies(fds[i], "/gate"));
		assert_hung_up(fds[i]);
	}
	stop_end(&stopper);
}

static void
answers_what_is_queued_when_it_stops(void **state)
{
	int fds[2 + QUEUED], i, threads = 2;
	struct stopper stopper;

	(void)state;
	start(threads);
	for (i = 0; i < threads + QUEUED; i++) {
		fds[i] = connection();
		fcgi_send(fds[i], false, FCGI_GET("/gate"));
	}
	assert_true(server_wait(all_at_the_gate, &threads));
	stop_begin(&stopper);
	gate_set(true);
	for (i = 0; i < threads + QUEUED; i++) {
		assert_true(replies(fds[i], "/gate"));
		assert_hung_up(fds[i]);
	}
	stop_end(&stopper);
}

/* All threads sit on idle kept connections, and somebody waits to be let in. */
static void
answers_what_is_queued_behind_kept_connections(void **state)
{
	int kept[2], queued, i;
	struct stopper stopper;

	(void)state;
	start(2);
	for (i = 0; i < 2; i++) {
		kept[i] = connection();
		assert_answers(kept[i], true, "/kept");
	}
	queued = connection();
	fcgi_send(queued, false, FCGI_GET("/queued"));
	stop_begin(&stopper);
	assert_true(replies(queued, "/queued"));
	close(queued);
	for (i = 0; i < 2; i++)
		assert_hung_up(kept[i]);
	stop_end(&stopper);
}

static int
connect_tcp(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)addr, sizeof(*addr)), 0);
	return fd;
}

static void
stops_over_tcp(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), fds[QUEUED], i, threads = 2;
	socklen_t len = sizeof(addr);
	struct stopper stopper;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, QUEUED), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	start_on(fd, threads);
	for (i = 0; i < QUEUED; i++) {
		fds[i] = connect_tcp(&addr);
		fcgi_send(fds[i], true, FCGI_GET("/gate"));
	}
	assert_true(server_wait(all_at_the_gate, &threads));
	stop_start(&stopper, PATIENCE_MS);
	gate_set(true);
	for (i = 0; i < QUEUED; i++) {
		assert_true(replies(fds[i], "/gate"));
		close(fds[i]);
	}
	pthread_join(stopper.thread, NULL);
	assert_int_equal(stopper.busy, 0);
	close(fd);
}

static bool
all_have_ended(void *unused)
{
	(void)unused;
	return workers == 0;
}

static void
says_how_many_are_still_busy(void **state)
{
	int fds[2] = { 0 }, i, threads = 2;
	struct stopper stopper;

	(void)state;
	start(threads + 1);
	for (i = 0; i < threads; i++) {
		fds[i] = connection();
		fcgi_send(fds[i], true, FCGI_GET("/gate"));
	}
	assert_true(server_wait(all_at_the_gate, &threads));
	stop_start(&stopper, 50);
	pthread_join(stopper.thread, NULL);
	assert_int_equal(stopper.busy, threads);
	gate_set(true);
	for (i = 0; i < threads; i++) {
		assert_true(replies(fds[i], "/gate"));
		close(fds[i]);
	}
	assert_true(server_wait(all_have_ended, NULL));
	fcgi_unlisten(listener, path);
}

static void
what_is_left_is_read(void **state)
{
	struct fcgi_pair pair;
	int first;

	(void)state;
	fcgi_pair_open(&pair, FCGI_PARAMS("REQUEST_METHOD", "POST", "CONTENT_LENGTH", "5"));
	fcgi_stdin(pair.server, "hello", 5);
	fcgi_stdin(pair.server, "", 0);
	first = FCGX_GetChar(pair.request.in);
	assert_int_equal(first, 'h');
	assert_true(loop_read_rest(&pair.request, 5000));
	/* And nothing is waited for again. */
	assert_true(loop_read_rest(&pair.request, 5000));
	assert_int_equal(FCGX_GetChar(pair.request.in), EOF);
	fcgi_pair_close(&pair);
}

static void
what_does_not_come_is_given_up(void **state)
{
	struct fcgi_pair pair;

	(void)state;
	fcgi_pair_open(&pair, FCGI_PARAMS("REQUEST_METHOD", "POST", "CONTENT_LENGTH", "100"));
	fcgi_stdin(pair.server, "hello", 5);
	assert_false(loop_read_rest(&pair.request, 0));
	fcgi_pair_leave(&pair);
	assert_false(loop_read_rest(&pair.request, 5000));
	fcgi_pair_close(&pair);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hundred_at_once),
		cmocka_unit_test(the_thread_that_rested_last_is_used_again),
		cmocka_unit_test(a_connection_is_kept_when_asked_for),
		cmocka_unit_test(more_kept_connections_than_one_thread),
		cmocka_unit_test(a_body_nobody_reads_does_not_reach_the_next_request),
		cmocka_unit_test(a_reply_does_not_wait_for_the_rest_of_the_body),
		cmocka_unit_test(what_is_left_is_read),
		cmocka_unit_test(what_does_not_come_is_given_up),
		cmocka_unit_test(nonsense_costs_only_its_connection),
		cmocka_unit_test(stops_with_idle_kept_connections),
		cmocka_unit_test(stops_after_running_requests),
		cmocka_unit_test(answers_what_is_queued_when_it_stops),
		cmocka_unit_test(answers_what_is_queued_behind_kept_connections),
		cmocka_unit_test(stops_over_tcp),
		cmocka_unit_test(says_how_many_are_still_busy),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
