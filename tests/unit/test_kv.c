/* Redis: commands and scripts, and what happens when it is frozen, killed, restarted, or not Redis at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "kv.h"
#include "log.h"
#include "request.h"
#include "servers.h"

static struct server redis;
static struct kv *kv;

static bool
is_ready(void *ctx)
{
	return kv_ready(ctx);
}

static void
open_kv(int pool)
{
	struct kv_conf conf = { .address = redis.address, .pool = pool };

	kv = kv_open(&conf);
	assert_true(server_wait(is_ready, kv));
}

static int
set_up(void **state)
{
	(void)state;
	open_kv(2);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	server_thaw(&redis);
	server_restart(&redis);
	kv_close(kv);
	return 0;
}

/* Run a command within ms milliseconds and note what came of it; the reply lives until request_end. */
static enum err
command(struct request *r, int ms, struct kv_args args, const redisReply **ret_reply)
{
	request_begin(r, ms);
	r->rq.kv = kv;
	return kv_run(&r->rq, args, ret_reply);
}

/* The same where it must succeed, and the reply as text is all that matters; "" for nil, digits for a number. */
static void
assert_replies(const char *expected, struct kv_args args)
{
	const redisReply *reply = NULL;
	struct request r;

	assert_int_equal(command(&r, 1000, args, &reply), OK);
	if (reply->type == REDIS_REPLY_INTEGER)
		assert_int_equal(reply->integer, strtoll(expected, NULL, 10));
	else
		assert_string_equal(reply->str ? reply->str : "", expected);
	request_end(&r);
}

static void
assert_fails(enum err expected, int ms, struct kv_args args, int least_ms, int most_ms)
{
	const redisReply *reply = NULL;
	struct request r;

	assert_int_equal(command(&r, ms, args, &reply), expected);
	assert_in_range(request_took_ms(&r), least_ms, most_ms);
	assert_null(reply);
	request_end(&r);
}

static void
values_come_back(void **state)
{
	(void)state;
	assert_replies("OK", KV_ARGS("SET", "k", "모아 \"%s\" a\r\nb", "EX", "60"));
	assert_replies("모아 \"%s\" a\r\nb", KV_ARGS("GET", "k"));
	assert_replies("", KV_ARGS("GET", "none"));
	assert_replies("1", KV_ARGS("INCR", "n"));
}

static void
time_is_noted(void **state)
{
	const redisReply *reply;
	struct request r;

	(void)state;
	assert_int_equal(command(&r, 1000, KV_ARGS("PING"), &reply), OK);
	assert_in_range(r.trace.kv_us, 1, 500000);
	request_end(&r);
}

static void
an_error_reply_is_a_bug(void **state)
{
	(void)state;
	assert_replies("OK", KV_ARGS("SET", "text", "x", "EX", "60"));
	assert_fails(ERR_INTERNAL, 1000, KV_ARGS("INCR", "text"), 0, 400);
	assert_replies("PONG", KV_ARGS("PING"));
}

static void
a_full_server_is_unavailable(void **state)
{
	(void)state;
	assert_replies("OK", KV_ARGS("CONFIG", "SET", "maxmemory", "1"));
	assert_fails(ERR_UNAVAILABLE, 1000, KV_ARGS("SET", "k", "v"), 0, 400);
	assert_replies("OK", KV_ARGS("CONFIG", "SET", "maxmemory", "0"));
}

static struct kv_script double_script = {
	.name = "double",
	.lua = "return { KEYS[1], tonumber(ARGV[1]) * 2 }",
};

static void
assert_doubles(void)
{
	const redisReply *reply = NULL;
	struct request r;

	request_begin(&r, 1000);
	r.rq.kv = kv;
	assert_int_equal(kv_eval(&r.rq, &double_script, 1, KV_ARGS("key", "21"), &reply), OK);
	assert_int_equal(reply->elements, 2);
	assert_string_equal(reply->element[0]->str, "key");
	assert_int_equal(reply->element[1]->integer, 42);
	request_end(&r);
}

/* Has Redis met the command since the statistics were last reset? */
static bool
redis_met(const char *name)
{
	const redisReply *reply = NULL;
	struct request r;
	bool met;

	assert_int_equal(command(&r, 1000, KV_ARGS("INFO", "commandstats"), &reply), OK);
	met = strstr(reply->str, arena_printf(&r.arena, "cmdstat_%s:", name)) != NULL;
	request_end(&r);
	return met;
}

static void
a_script_runs_known_or_not(void **state)
{
	(void)state;
	assert_doubles();
	assert_replies("OK", KV_ARGS("CONFIG", "RESETSTAT"));
	assert_doubles();
	assert_true(redis_met("evalsha"));
	assert_false(redis_met("script|load"));
	assert_replies("OK", KV_ARGS("SCRIPT", "FLUSH"));
	assert_doubles();
	assert_true(redis_met("script|load"));
}

static void
a_script_that_fails_is_a_bug(void **state)
{
	static struct kv_script faulty = { .name = "faulty",
					   .lua = "return redis.call('INCR', KEYS[1], 'x')" };
	const redisReply *reply;
	struct request r;

	(void)state;
	request_begin(&r, 1000);
	r.rq.kv = kv;
	assert_int_equal(kv_eval(&r.rq, &faulty, 1, KV_ARGS("n"), &reply), ERR_INTERNAL);
	request_end(&r);
}

static void
a_script_that_is_no_lua_is_a_bug(void **state)
{
	static struct kv_script broken = { .name = "broken", .lua = "return (" };
	const redisReply *reply;
	struct request r;

	(void)state;
	request_begin(&r, 1000);
	r.rq.kv = kv;
	assert_int_equal(kv_eval(&r.rq, &broken, 0, KV_ARGS("x"), &reply), ERR_INTERNAL);
	request_end(&r);
}

static void *
count_hundred(void *arg)
{
	const redisReply *reply;
	struct request r;
	int i, *failed = arg;

	for (i = 0; i < 100; i++) {
		*failed += command(&r, 5000, KV_ARGS("INCR", "shared"), &reply) != OK;
		request_end(&r);
	}
	return NULL;
}

static void
threads_share_the_connections(void **state)
{
	pthread_t threads[8];
	int failed[8] = { 0 }, i;

	(void)state;
	assert_replies("0", KV_ARGS("DEL", "shared"));
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_hundred, &failed[i]), 0);
	for (i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(failed[i], 0);
	}
	assert_replies("800", KV_ARGS("GET", "shared"));
}

static void
no_time_left_sends_nothing(void **state)
{
	(void)state;
	assert_replies("0", KV_ARGS("DEL", "late"));
	assert_fails(ERR_UNAVAILABLE, 0, KV_ARGS("INCR", "late"), 0, 450);
	assert_replies("", KV_ARGS("GET", "late"));
	assert_true(kv_ready(kv));
}

/* Dead connections leave the pool when somebody wants them. */
static bool
is_down(void *ctx)
{
	const redisReply *reply;
	struct request r;

	if (command(&r, 100, KV_ARGS("PING"), &reply) == OK)
		fail_msg("the server answers");
	request_end(&r);
	return !kv_ready(ctx);
}

static void
a_frozen_server_costs_no_more_than_the_deadline(void **state)
{
	static const struct {
		int given_ms, least_ms, most_ms;
	} rows[] = { { 100, 90, 450 }, { 5000, 450, 3000 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tear_down(NULL);
		open_kv(1);
		assert_replies("OK", KV_ARGS("SET", "frozen", "0"));
		server_freeze(&redis);
		assert_fails(ERR_UNAVAILABLE, rows[i].given_ms, KV_ARGS("INCR", "frozen"), rows[i].least_ms,
			     rows[i].most_ms);
		assert_fails(ERR_UNAVAILABLE, 5000, KV_ARGS("INCR", "frozen"), 0, 450);
		server_thaw(&redis);
		assert_true(server_wait(is_ready, kv));
		/* What was sent took effect after all, and was not sent twice. */
		assert_replies("1", KV_ARGS("GET", "frozen"));
	}
}

static void
a_restarted_server_is_found_again(void **state)
{
	(void)state;
	server_kill(&redis);
	assert_fails(ERR_UNAVAILABLE, 5000, KV_ARGS("PING"), 0, 450);
	assert_true(server_wait(is_down, kv));
	server_restart(&redis);
	assert_true(server_wait(is_ready, kv));
	assert_replies("PONG", KV_ARGS("PING"));
	assert_doubles();
}

/* All idle connections are dead, but nothing was sent on them: as soon as one is replaced the next command works. */
static void
connections_closed_by_the_server_are_replaced(void **state)
{
	const redisReply *reply;
	struct request r;
	enum err e;

	(void)state;
	e = command(&r, 1000, KV_ARGS("CLIENT", "KILL", "SKIPME", "no", "TYPE", "normal"), &reply);
	assert_true(e == OK || e == ERR_UNAVAILABLE);
	request_end(&r);
	do {
		e = command(&r, 1000, KV_ARGS("PING"), &reply);
		request_end(&r);
	} while (e == ERR_UNAVAILABLE && server_wait(is_ready, kv));
	assert_int_equal(e, OK);
}

static void *
block_briefly(void *arg)
{
	const redisReply *reply;
	struct request r;

	*(enum err *)arg = command(&r, 5000, KV_ARGS("BLPOP", "none", "0.05"), &reply);
	request_end(&r);
	return NULL;
}

/* What is answered while another command blocks goes over the second connection: so both are up. */
static void
use_both_connections(void)
{
	pthread_t blocked;
	enum err e = ERR_INTERNAL;

	assert_int_equal(pthread_create(&blocked, NULL, block_briefly, &e), 0);
	assert_replies("PONG", KV_ARGS("PING"));
	pthread_join(blocked, NULL);
	assert_int_equal(e, OK);
}

static void
a_connection_cut_while_idle_is_not_used(void **state)
{
	struct kv *cut = kv, *other;
	const redisReply *id;
	struct request r;

	(void)state;
	use_both_connections();
	assert_int_equal(command(&r, 1000, KV_ARGS("CLIENT", "ID"), &id), OK);
	open_kv(1);
	other = kv;
	assert_replies("1", KV_ARGS("CLIENT", "KILL", "ID", arena_printf(&r.arena, "%lld", id->integer)));
	request_end(&r);
	kv = cut;
	assert_replies("PONG", KV_ARGS("PING"));
	kv_close(other);
}

static bool
was_refused(void *ctx)
{
	const redisReply *reply = NULL;
	struct request r;
	bool refused;

	(void)ctx;
	assert_int_equal(command(&r, 1000, KV_ARGS("ACL", "LOG"), &reply), OK);
	refused = reply->elements > 0;
	request_end(&r);
	return refused;
}

static void
the_password_counts(void **state)
{
	struct kv_conf good = { .address = redis.address, .password = "open sesame", .pool = 1 };
	struct kv_conf bad = { .address = redis.address, .password = "wrong", .pool = 1 };
	struct kv *other;

	(void)state;
	assert_replies("OK", KV_ARGS("CONFIG", "SET", "requirepass", "open sesame"));
	other = kv_open(&good);
	assert_true(server_wait(is_ready, other));
	kv_close(other);
	other = kv_open(&bad);
	assert_true(server_wait(was_refused, NULL));
	assert_false(kv_ready(other));
	kv_close(other);
	assert_replies("OK", KV_ARGS("CONFIG", "SET", "requirepass", ""));
}

static void
nobody_there_fails_at_once(void **state)
{
	struct kv_conf conf = { .address = "unix:/nonexistent/redis", .pool = 2 };

	(void)state;
	kv = kv_open(&conf);
	assert_false(kv_ready(kv));
	assert_fails(ERR_UNAVAILABLE, 5000, KV_ARGS("PING"), 0, 450);
	kv_close(NULL);
}

/* A server on TCP that greets like Redis and then answers as told. */
struct impostor {
	pthread_t thread;
	int listener;
	char address[32];
	void (*answer)(int fd);
};

static void
answer_garbage(int fd)
{
	assert_true(send(fd, "HTTP/1.1 200 OK\r\n", 17, MSG_NOSIGNAL) > 0);
}

static void
answer_and_hang_up(int fd)
{
	assert_true(send(fd, "$100\r\nhalf", 10, MSG_NOSIGNAL) > 0);
}

/* A byte every 20 ms: each read succeeds, the reply never ends. */
static void
answer_in_drips(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	assert_true(send(fd, "$100\r\n", 6, MSG_NOSIGNAL) > 0);
	while (poll(&p, 1, 20) == 0)
		if (send(fd, "x", 1, MSG_NOSIGNAL) < 0)
			break;
}

static void *
impostor_run(void *arg)
{
	struct impostor *im = arg;
	char buf[512];
	int fd;

	while ((fd = accept(im->listener, NULL, NULL)) >= 0) {
		if (recv(fd, buf, sizeof(buf), 0) > 0 && send(fd, "+PONG\r\n", 7, MSG_NOSIGNAL) > 0 &&
		    recv(fd, buf, sizeof(buf), 0) > 0)
			im->answer(fd);
		close(fd);
	}
	return NULL;
}

static void
impostor_start(struct impostor *im, void (*answer)(int))
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	im->answer = answer;
	im->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(im->listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(im->listener, 8), 0);
	assert_int_equal(getsockname(im->listener, (struct sockaddr *)&at, &len), 0);
	snprintf(im->address, sizeof(im->address), "127.0.0.1:%d", ntohs(at.sin_port));
	assert_int_equal(pthread_create(&im->thread, NULL, impostor_run, im), 0);
}

static void
impostor_stop(struct impostor *im)
{
	shutdown(im->listener, SHUT_RDWR);
	pthread_join(im->thread, NULL);
	close(im->listener);
}

static void
a_server_that_is_not_redis_is_unavailable(void **state)
{
	static const struct {
		void (*answer)(int);
		int least_ms, most_ms;
	} rows[] = {
		{ answer_garbage, 0, 450 },
		{ answer_and_hang_up, 0, 450 },
		{ answer_in_drips, 450, 3000 },
	};
	struct kv_conf conf = { .pool = 1 };
	struct impostor im;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		impostor_start(&im, rows[i].answer);
		conf.address = im.address;
		kv = kv_open(&conf);
		assert_true(server_wait(is_ready, kv));
		assert_fails(ERR_UNAVAILABLE, 5000, KV_ARGS("GET", "k"), rows[i].least_ms, rows[i].most_ms);
		kv_close(kv);
		impostor_stop(&im);
	}
}

static int
start_redis(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	server_redis(&redis);
	return 0;
}

static int
end_redis(void **state)
{
	(void)state;
	server_end(&redis);
	return 0;
}

#define WITH_REDIS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_REDIS(values_come_back),
		WITH_REDIS(time_is_noted),
		WITH_REDIS(an_error_reply_is_a_bug),
		WITH_REDIS(a_full_server_is_unavailable),
		WITH_REDIS(a_script_runs_known_or_not),
		WITH_REDIS(a_script_that_fails_is_a_bug),
		WITH_REDIS(a_script_that_is_no_lua_is_a_bug),
		WITH_REDIS(threads_share_the_connections),
		WITH_REDIS(no_time_left_sends_nothing),
		WITH_REDIS(a_frozen_server_costs_no_more_than_the_deadline),
		WITH_REDIS(a_restarted_server_is_found_again),
		WITH_REDIS(connections_closed_by_the_server_are_replaced),
		WITH_REDIS(a_connection_cut_while_idle_is_not_used),
		WITH_REDIS(the_password_counts),
		cmocka_unit_test_teardown(nobody_there_fails_at_once, tear_down),
		cmocka_unit_test(a_server_that_is_not_redis_is_unavailable),
	};

	return cmocka_run_group_tests(tests, start_redis, end_redis);
}
