/* Outgoing HTTP, against a server that hangs, cuts, drips, floods and redirects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "http.h"
#include "request.h"
#include "web.h"

static struct web web;
static struct http *http;
static atomic_int dropped; /* requests the server read and hung up on */

static bool
answer_hello(const struct web_request *rq)
{
	return web_send(rq->fd,
			"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
}

/* The request itself is the reply. */
static bool
answer_echo(const struct web_request *rq)
{
	char head[64];

	snprintf(head, sizeof(head), "HTTP/1.1 201 Created\r\nContent-Length: %zu\r\n\r\n", strlen(rq->text));
	return web_send(rq->fd, head) && web_send(rq->fd, rq->text);
}

static bool
answer_busy(const struct web_request *rq)
{
	return web_send(rq->fd, "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy");
}

static bool
answer_empty(const struct web_request *rq)
{
	return web_send(rq->fd, "HTTP/1.1 204 No Content\r\n\r\n");
}

static bool
answer_redirect(const struct web_request *rq)
{
	return web_send(rq->fd, "HTTP/1.1 302 Found\r\nLocation: /hello\r\nContent-Length: 0\r\n\r\n");
}

static bool
answer_hang(const struct web_request *rq)
{
	return !web_gone(rq->fd, -1);
}

static bool
answer_stall(const struct web_request *rq)
{
	return web_send(rq->fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") &&
	       !web_gone(rq->fd, -1);
}

static bool
answer_cut(const struct web_request *rq)
{
	web_send(rq->fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	return false;
}

static bool
answer_garbage(const struct web_request *rq)
{
	web_send(rq->fd, "+PONG\r\n\r\n");
	return false;
}

/* A byte every 20 ms, without end. */
static bool
answer_drip(const struct web_request *rq)
{
	bool taken = web_send(rq->fd, "HTTP/1.1 200 OK\r\n\r\n");

	while (taken && !web_gone(rq->fd, 20))
		taken = web_send(rq->fd, "x");
	return false;
}

static bool
answer_flood(const struct web_request *rq)
{
	static char kilobyte[1025];
	bool taken;

	memset(kilobyte, 'x', 1024);
	taken = web_send(rq->fd, "HTTP/1.1 200 OK\r\n\r\n");
	while (taken)
		taken = web_send(rq->fd, kilobyte);
	return false;
}

/* A kept connection breaks after the request has been read; a fresh one is served. */
static bool
answer_drop(const struct web_request *rq)
{
	if (rq->nth == 1)
		return answer_hello(rq);
	dropped++;
	return false;
}

static bool
answer(const struct web_request *rq)
{
	static const struct {
		const char *path;
		web_answer *answer;
	} rows[] = {
		{ "/hello", answer_hello },	  { "/echo", answer_echo },   { "/busy", answer_busy },
		{ "/empty", answer_empty },	  { "/hang", answer_hang },   { "/stall", answer_stall },
		{ "/redirect", answer_redirect }, { "/cut", answer_cut },     { "/garbage", answer_garbage },
		{ "/drip", answer_drip },	  { "/flood", answer_flood }, { "/drop", answer_drop },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].path, rq->path) == 0)
			return rows[i].answer(rq);
	return false;
}

static int
set_up(void **state)
{
	(void)state;
	web_start(&web, answer);
	http = http_open();
	dropped = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	http_close(http);
	http_close(NULL);
	web_stop(&web);
	return 0;
}

/* Make the call to a path of the test's server within ms milliseconds; the reply lives until request_end. */
static enum err
run(struct request *r, int ms, const char *path, struct http_call call, struct http_reply *ret_reply)
{
	request_begin(r, 10000);
	r->rq.http = http;
	r->rq.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	call.url = arena_printf(&r->arena, "http://127.0.0.1:%d%s", web.port, path);
	if (!call.method)
		call.method = "GET";
	if (!call.reply_max)
		call.reply_max = 1 << 20;
	call.deadline_ms = clock_ms() + ms;
	return http_run(&r->rq, &call, ret_reply);
}

static void
assert_fails(enum err expected, int ms, const char *path, struct http_call call, int least_ms, int most_ms)
{
	struct http_reply reply = { .status = -1 };
	struct request r;

	assert_int_equal(run(&r, ms, path, call, &reply), expected);
	assert_in_range(request_took_ms(&r), least_ms, most_ms);
	assert_int_equal(reply.status, -1);
	request_end(&r);
}

static const struct http_call plain = { 0 };

static void
assert_hello(void)
{
	struct http_reply reply;
	struct request r;

	assert_int_equal(run(&r, 2000, "/hello", plain, &reply), OK);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.type, "text/plain");
	assert_string_equal(reply.body, "hello");
	assert_int_equal(reply.body_len, 5);
	assert_true(r.trace.upstream_us > 0);
	request_end(&r);
}

static void
a_reply_comes_back(void **state)
{
	(void)state;
	assert_hello();
}

static void
connections_are_kept(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_hello();
	assert_int_equal(web.connections, 1);
}

static void
the_request_is_as_called(void **state)
{
	static const char *const headers[] = { "Authorization: Bearer x", "Content-Type: application/json",
					       NULL };
	struct http_call call = { .method = "POST", .headers = headers, .body = "{\"a\":1}", .body_len = 7 };
	struct http_reply reply;
	struct request r;

	(void)state;
	assert_int_equal(run(&r, 2000, "/echo?q=1", call, &reply), OK);
	assert_int_equal(reply.status, 201);
	assert_string_equal(reply.type, "");
	assert_ptr_equal(strstr(reply.body, "POST /echo?q=1 HTTP/1.1\r\n"), reply.body);
	assert_non_null(strstr(reply.body, "\r\nAuthorization: Bearer x\r\n"));
	assert_non_null(strstr(reply.body, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(
	    reply.body, "\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"));
	assert_non_null(strstr(reply.body, "\r\nContent-Length: 7\r\n"));
	assert_non_null(strstr(reply.body, "\r\n\r\n{\"a\":1}"));
	assert_null(strstr(reply.body, "urlencoded"));
	request_end(&r);
}

static void
methods_with_and_without_a_body(void **state)
{
	static const struct {
		struct http_call call;
		const char *first, *length;
	} rows[] = {
		{ { .method = "GET" }, "GET /echo ", NULL },
		{ { .method = "DELETE" }, "DELETE /echo ", NULL },
		{ { .method = "POST" }, "POST /echo ", "Content-Length: 0\r\n" },
		{ { .method = "PUT", .body = "a\0b", .body_len = 3 }, "PUT /echo ", "Content-Length: 3\r\n" },
	};
	struct http_reply reply;
	struct request r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(run(&r, 2000, "/echo", rows[i].call, &reply), OK);
		assert_ptr_equal(strstr(reply.body, rows[i].first), reply.body);
		if (rows[i].length)
			assert_non_null(strstr(reply.body, rows[i].length));
		else
			assert_null(strstr(reply.body, "Content-Length"));
		assert_null(strstr(reply.body, "Content-Type"));
		request_end(&r);
	}
}

static void
a_large_body_is_sent_without_asking(void **state)
{
	static char body[60001];
	struct http_call call = { .method = "POST", .body = body, .body_len = 60000 };
	struct http_reply reply;
	struct request r;

	(void)state;
	memset(body, 'x', 60000);
	assert_int_equal(run(&r, 2000, "/echo", call, &reply), OK);
	assert_null(strstr(reply.body, "Expect"));
	assert_true(reply.body_len > 60000);
	assert_int_equal(strlen(reply.body), reply.body_len);
	request_end(&r);
}

static void
any_status_is_a_reply(void **state)
{
	struct http_reply reply;
	struct request r;

	(void)state;
	assert_int_equal(run(&r, 2000, "/busy", plain, &reply), OK);
	assert_int_equal(reply.status, 503);
	assert_int_equal(reply.retry_after_s, 7);
	assert_string_equal(reply.body, "busy");
	request_end(&r);
	assert_int_equal(run(&r, 2000, "/empty", plain, &reply), OK);
	assert_int_equal(reply.status, 204);
	assert_int_equal(reply.retry_after_s, 0);
	assert_string_equal(reply.body, "");
	request_end(&r);
	assert_int_equal(run(&r, 2000, "/redirect", plain, &reply), OK);
	assert_int_equal(reply.status, 302);
	request_end(&r);
}

static void
the_deadline_holds(void **state)
{
	(void)state;
	assert_fails(ERR_UNAVAILABLE, 100, "/hang", plain, 90, 600);
	assert_fails(ERR_UNAVAILABLE, 100, "/stall", plain, 90, 600);
	assert_fails(ERR_UNAVAILABLE, 200, "/drip", plain, 190, 700);
	assert_fails(ERR_UNAVAILABLE, 0, "/hello", plain, 0, 300);
	assert_fails(ERR_UNAVAILABLE, -1000, "/hello", plain, 0, 300);
	assert_hello();
}

static void
silence_ends_a_call_but_drips_do_not(void **state)
{
	const struct http_call call = { .idle_ms = 100 };

	(void)state;
	assert_fails(ERR_UNAVAILABLE, 5000, "/hang", call, 90, 1000);
	assert_fails(ERR_UNAVAILABLE, 5000, "/stall", call, 90, 1000);
	assert_fails(ERR_UNAVAILABLE, 500, "/drip", call, 490, 1500);
}

static void
a_broken_reply_is_none(void **state)
{
	(void)state;
	assert_fails(ERR_UNAVAILABLE, 5000, "/cut", plain, 0, 1000);
	assert_fails(ERR_UNAVAILABLE, 5000, "/garbage", plain, 0, 1000);
	assert_fails(ERR_UNAVAILABLE, 5000, "/unknown", plain, 0, 1000);
}

static void
bytes_have_a_ceiling(void **state)
{
	const struct http_call low = { .reply_max = 4 }, just = { .reply_max = 5 };
	struct http_reply reply;
	struct request r;

	(void)state;
	assert_fails(ERR_UNAVAILABLE, 5000, "/flood", plain, 0, 2000);
	assert_fails(ERR_UNAVAILABLE, 5000, "/hello", low, 0, 1000);
	assert_int_equal(run(&r, 5000, "/hello", just, &reply), OK);
	assert_string_equal(reply.body, "hello");
	request_end(&r);
}

/* Collects pieces up to a number of bytes, then has enough. */
struct sink {
	size_t len, enough;
	char bytes[64];
};

static bool
sink_take(void *ctx, const char *bytes, size_t len)
{
	struct sink *sink = ctx;

	if (len > sizeof(sink->bytes) - sink->len)
		len = sizeof(sink->bytes) - sink->len;
	memcpy(sink->bytes + sink->len, bytes, len);
	sink->len += len;
	return sink->len < sink->enough;
}

static void
pieces_go_to_the_caller(void **state)
{
	struct sink sink = { .enough = 100 };
	struct http_call call = { .on_bytes = sink_take, .ctx = &sink };
	struct http_reply reply;
	struct request r;

	(void)state;
	assert_int_equal(run(&r, 2000, "/hello", call, &reply), OK);
	assert_null(reply.body);
	assert_memory_equal(sink.bytes, "hello", 5);
	request_end(&r);
	sink.len = 0;
	assert_int_equal(run(&r, 2000, "/busy", call, &reply), OK);
	assert_int_equal(sink.len, 0);
	assert_string_equal(reply.body, "busy");
	request_end(&r);
}

static void
the_caller_can_have_enough(void **state)
{
	struct sink sink = { .enough = 3 };
	const struct http_call call = { .on_bytes = sink_take, .ctx = &sink };

	(void)state;
	assert_fails(ERR_CLIENT_GONE, 5000, "/drip", call, 0, 1000);
	assert_int_equal(sink.len, 3);
}

/* What became of a call that failed or did not: why, and whether the request was out. */
static void
the_trace_tells_why(void **state)
{
	static const struct {
		const char *path;
		struct http_call call;
		int ms;
		enum http_fault fault;
		bool sent;
	} rows[] = {
		{ "/hello", { .method = "POST", .body = "x", .body_len = 1 }, 2000, HTTP_FAULT_NONE, true },
		{ "/hello", { 0 }, 2000, HTTP_FAULT_NONE, true },
		{ "/hello", { 0 }, 0, HTTP_FAULT_DEADLINE, false },
		{ "/hang", { 0 }, 100, HTTP_FAULT_DEADLINE, true },
		{ "/hang", { .idle_ms = 100 }, 2000, HTTP_FAULT_IDLE, true },
		{ "/cut", { 0 }, 2000, HTTP_FAULT_CUT, true },
		{ "/unknown", { 0 }, 2000, HTTP_FAULT_CONNECT, true },
		{ "/garbage", { 0 }, 2000, HTTP_FAULT_FORMAT, true },
		{ "/hello", { .reply_max = 4 }, 2000, HTTP_FAULT_LARGE, true },
	};
	struct http_reply reply;
	struct request r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_trace trace = { .fault = HTTP_FAULT_LARGE };
		struct http_call call = rows[i].call;

		call.trace = &trace;
		assert_int_equal(run(&r, rows[i].ms, rows[i].path, call, &reply),
				 rows[i].fault ? ERR_UNAVAILABLE : OK);
		assert_int_equal(trace.fault, rows[i].fault);
		assert_int_equal(trace.sent_us != 0, rows[i].sent);
		if (rows[i].sent)
			assert_in_range(trace.sent_us, r.trace.started_us, clock_us());
		request_end(&r);
	}
}

/* Calls of many threads at once have a connection each; what they leave behind serves one after the other. */
static void *
many_hellos(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 20; i++)
		assert_hello();
	return NULL;
}

static void
threads_share_connections(void **state)
{
	pthread_t threads[8];
	int i, connections;

	(void)state;
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many_hellos, NULL), 0);
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	connections = web.connections;
	assert_in_range(connections, 1, 8);
	many_hellos(NULL);
	assert_int_equal(web.connections, connections);
}

static bool
has_left(void *ctx)
{
	(*(int *)ctx)++;
	return true;
}

static void
a_client_that_left_ends_the_call(void **state)
{
	int asked = 0;
	const struct http_call call = { .cancelled = has_left, .ctx = &asked };

	(void)state;
	assert_fails(ERR_CLIENT_GONE, 5000, "/hang", call, 0, 500);
	assert_int_equal(asked, 1);
	assert_hello();
}

static void
a_post_is_never_sent_twice(void **state)
{
	const struct http_call post = { .method = "POST", .body = "pay", .body_len = 3 };

	(void)state;
	assert_hello();
	assert_fails(ERR_UNAVAILABLE, 5000, "/drop", post, 0, 1000);
	assert_int_equal(dropped, 1);
}

static void
a_get_may_be_sent_again(void **state)
{
	struct http_reply reply;
	struct request r;

	(void)state;
	assert_hello();
	assert_int_equal(run(&r, 2000, "/drop", plain, &reply), OK);
	assert_int_equal(reply.status, 200);
	assert_int_equal(dropped, 1);
	request_end(&r);
}

static void
only_http_is_spoken(void **state)
{
	static const char *const urls[] = { "file:///etc/hostname", "gopher://127.0.0.1/", "nonsense://x", "",
					    "http://" };
	struct http_call call = { .method = "GET", .reply_max = 1000 };
	struct http_reply reply;
	struct request r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		request_begin(&r, 1000);
		r.rq.http = http;
		call.url = urls[i];
		call.deadline_ms = r.rq.deadline_ms;
		assert_int_equal(http_run(&r.rq, &call, &reply), ERR_UNAVAILABLE);
		request_end(&r);
	}
}

static void
a_proxy_in_the_environment_is_ignored(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	assert_hello();
	unsetenv("http_proxy");
}

static void
nobody_listening_fails_at_once(void **state)
{
	struct http_call call = { .method = "GET", .reply_max = 1000, .url = "http://127.0.0.1:1/" };
	struct http_reply reply;
	struct request r;

	(void)state;
	request_begin(&r, 5000);
	r.rq.http = http;
	call.deadline_ms = r.rq.deadline_ms;
	assert_int_equal(http_run(&r.rq, &call, &reply), ERR_UNAVAILABLE);
	assert_in_range(request_took_ms(&r), 0, 1000);
	request_end(&r);
}

/* Also when a connection is there that another call has made and left. */
static void
a_target_of_others_is_public(void **state)
{
	struct http_trace trace;
	struct http_call call = { .public_only = true, .trace = &trace };

	(void)state;
	assert_hello();
	assert_fails(ERR_UNAVAILABLE, 2000, "/hello", call, 0, 1000);
	assert_int_equal(trace.fault, HTTP_FAULT_TARGET);
	assert_int_equal(trace.sent_us, 0);
	assert_int_equal(web.connections, 1);
	assert_hello();
}

static int
ignore_sigpipe(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

#define WITH_WEB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WEB(a_reply_comes_back),
		WITH_WEB(connections_are_kept),
		WITH_WEB(the_request_is_as_called),
		WITH_WEB(methods_with_and_without_a_body),
		WITH_WEB(a_large_body_is_sent_without_asking),
		WITH_WEB(any_status_is_a_reply),
		WITH_WEB(the_deadline_holds),
		WITH_WEB(silence_ends_a_call_but_drips_do_not),
		WITH_WEB(a_broken_reply_is_none),
		WITH_WEB(bytes_have_a_ceiling),
		WITH_WEB(pieces_go_to_the_caller),
		WITH_WEB(the_caller_can_have_enough),
		WITH_WEB(the_trace_tells_why),
		WITH_WEB(threads_share_connections),
		WITH_WEB(a_client_that_left_ends_the_call),
		WITH_WEB(a_post_is_never_sent_twice),
		WITH_WEB(a_get_may_be_sent_again),
		WITH_WEB(only_http_is_spoken),
		WITH_WEB(a_proxy_in_the_environment_is_ignored),
		WITH_WEB(nobody_listening_fails_at_once),
		WITH_WEB(a_target_of_others_is_public),
	};

	return cmocka_run_group_tests(tests, ignore_sigpipe, NULL);
}
