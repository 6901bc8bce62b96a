/* Calling a model that answers, hangs, fails, floods and lies: what the caller gets, when, and after how many requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>

#include "bytes.h"
#include "http.h"
#include "llm.h"
#include "metrics.h"
#include "request.h"
#include "route.h"
#include "web.h"

#define HEAD	    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
#define UNTIL_CLOSE HEAD "Connection: close\r\n\r\n"
#define TEXT(text)                                                                                           \
	"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"},\"finish_reason\":null}]}\n\n"
#define END                                                                                                  \
	"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"                    \
	"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}\n\n"                \
	"data: [DONE]\n\n"

static struct web web;
static struct http *http;
static atomic_int asked; /* requests the server has read */
static atomic_int left;	 /* clients it saw leaving before the end */
static sem_t gate;	 /* what the gated answers wait at */

static bool
send_with_length(int fd, const char *status, const char *headers, const char *body)
{
	char head[256];

	snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers,
		 strlen(body));
	return web_send(fd, head) && web_send(fd, body);
}

static bool
answer_hello(const struct web_request *rq)
{
	return send_with_length(rq->fd, "200 OK", "Content-Type: text/event-stream\r\n",
				": hold on\n\n" TEXT("Hel") TEXT("lo") END);
}

/* A server that knows no streams. */
static bool
answer_whole(const struct web_request *rq)
{
	return send_with_length(rq->fd, "200 OK", "Content-Type: application/json\r\n",
				"{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
				"\"Hello\"},\"finish_reason\":\"stop\"}]}");
}

/* What was asked for, as far as the server is concerned. */
static bool
answer_checked(const struct web_request *rq)
{
	bool right = strstr(rq->text, "POST /checked/chat/completions HTTP/1.1\r\n") == rq->text &&
		     strstr(rq->text, "\r\nAuthorization: Bearer secret\r\n") &&
		     strstr(rq->text, "\r\nContent-Type: application/json\r\n") &&
		     strstr(rq->text, "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]") &&
		     strstr(rq->text, "\"schema\":{\"type\":\"object\"}");

	return right ? answer_hello(rq) : send_with_length(rq->fd, "400 Bad", "", "{}");
}

/* The end has come, but the connection stays open. */
static bool
answer_open_ended(const struct web_request *rq)
{
	return web_send(rq->fd, HEAD "\r\n" TEXT("Hello") END) && !web_gone(rq->fd, -1);
}

static bool
answer_length(const struct web_request *rq)
{
	web_send(
	    rq->fd,
	    UNTIL_CLOSE TEXT(
		"Hello") "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n");
	return false;
}

static bool
answer_hang(const struct web_request *rq)
{
	left += web_gone(rq->fd, -1);
	return false;
}

static bool
answer_pings(const struct web_request *rq)
{
	bool taken = web_send(rq->fd, HEAD "\r\n");

	while (taken && !web_gone(rq->fd, 10))
		taken = web_send(rq->fd, ": still here\n\n");
	left++;
	return false;
}

static bool
answer_stall(const struct web_request *rq)
{
	web_send(rq->fd, HEAD "\r\n" TEXT("Hel"));
	return answer_hang(rq);
}

/* Text without end. */
static bool
answer_drip(const struct web_request *rq)
{
	bool taken = web_send(rq->fd, HEAD "\r\n");

	while (taken && !web_gone(rq->fd, 10))
		taken = web_send(rq->fd, TEXT("x"));
	left++;
	return false;
}

static bool
answer_cut(const struct web_request *rq)
{
	web_send(rq->fd, HEAD "Content-Length: 1000\r\n\r\n" TEXT("Hel"));
	return false;
}

static bool
answer_ended(const struct web_request *rq)
{
	web_send(rq->fd, UNTIL_CLOSE TEXT("Hel"));
	return false;
}

static bool
answer_drop(const struct web_request *rq)
{
	(void)rq;
	return false;
}

static bool
answer_garbage(const struct web_request *rq)
{
	return send_with_length(rq->fd, "200 OK", "", "<html>It works!</html>");
}

static bool
answer_no_http(const struct web_request *rq)
{
	web_send(rq->fd, "+PONG\r\n\r\n");
	return false;
}

static bool
answer_error(const struct web_request *rq)
{
	return send_with_length(rq->fd, "200 OK", "", "{\"error\":{\"message\":\"no GPU\",\"code\":500}}");
}

static bool
answer_refusal(const struct web_request *rq)
{
	return send_with_length(rq->fd, "200 OK", "",
				"{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"No.\"},"
				"\"finish_reason\":\"stop\"}]}");
}

static bool
answer_empty(const struct web_request *rq)
{
	return send_with_length(rq->fd, "200 OK", "", END);
}

/* 250 kB of blanks, as the body or as the text. */
static bool
send_often(int fd, const char *piece, int n)
{
	bool taken = web_send(fd, UNTIL_CLOSE);

	while (taken && n-- > 0)
		taken = web_send(fd, piece);
	return false;
}

static bool
answer_spaces(const struct web_request *rq)
{
	return send_often(rq->fd, "                                                  ", 5000);
}

static bool
answer_blank_text(const struct web_request *rq)
{
	return send_often(rq->fd, TEXT("                                                  "), 5000);
}

static bool
answer_flood(const struct web_request *rq)
{
	return send_often(
	    rq->fd, ": xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n", 100000);
}

static bool
answer_500(const struct web_request *rq)
{
	return send_with_length(rq->fd, "500 Internal Server Error", "", "{\"error\":{}}");
}

static bool
answer_500_once(const struct web_request *rq)
{
	return asked == 1 ? answer_500(rq) : answer_hello(rq);
}

static bool
answer_drop_once(const struct web_request *rq)
{
	return asked > 1 && answer_hello(rq);
}

static bool
answer_429(const struct web_request *rq)
{
	return send_with_length(rq->fd, "429 Too Many Requests", "", "{}");
}

static bool
answer_429_later(const struct web_request *rq)
{
	return send_with_length(rq->fd, "429 Too Many Requests", "Retry-After: 30\r\n", "{}");
}

static bool
answer_429_second(const struct web_request *rq)
{
	return asked == 1 ? send_with_length(rq->fd, "429 Too Many Requests", "Retry-After: 1\r\n", "{}")
			  : answer_hello(rq);
}

static bool
answer_401(const struct web_request *rq)
{
	return send_with_length(rq->fd, "401 Unauthorized", "", "{}");
}

static bool
answer_400(const struct web_request *rq)
{
	return send_with_length(rq->fd, "400 Bad Request", "", "{}");
}

/* Text when the test says so, the end when it says so again. */
static bool
answer_gated(const struct web_request *rq)
{
	sem_wait(&gate);
	if (!web_send(rq->fd, UNTIL_CLOSE TEXT("Hel")))
		return false;
	sem_wait(&gate);
	web_send(rq->fd, TEXT("lo") END);
	return false;
}

/* At first told to come back in a second. */
static bool
answer_gated_later(const struct web_request *rq)
{
	return asked == 1 ? send_with_length(rq->fd, "503 Service Unavailable", "Retry-After: 1\r\n", "")
			  : answer_gated(rq);
}

static bool
answer(const struct web_request *rq)
{
	static const struct {
		const char *path;
		web_answer *answer;
	} rows[] = {
		{ "/hello/", answer_hello },
		{ "/whole/", answer_whole },
		{ "/checked/", answer_checked },
		{ "/open-ended/", answer_open_ended },
		{ "/length/", answer_length },
		{ "/hang/", answer_hang },
		{ "/pings/", answer_pings },
		{ "/stall/", answer_stall },
		{ "/drip/", answer_drip },
		{ "/cut/", answer_cut },
		{ "/ended/", answer_ended },
		{ "/drop/", answer_drop },
		{ "/garbage/", answer_garbage },
		{ "/no-http/", answer_no_http },
		{ "/error/", answer_error },
		{ "/refusal/", answer_refusal },
		{ "/empty/", answer_empty },
		{ "/spaces/", answer_spaces },
		{ "/blank-text/", answer_blank_text },
		{ "/flood/", answer_flood },
		{ "/500/", answer_500 },
		{ "/500-once/", answer_500_once },
		{ "/drop-once/", answer_drop_once },
		{ "/429/", answer_429 },
		{ "/429-later/", answer_429_later },
		{ "/429-second/", answer_429_second },
		{ "/401/", answer_401 },
		{ "/400/", answer_400 },
		{ "/gated/", answer_gated },
		{ "/gated-later/", answer_gated_later },
	};
	size_t i;

	asked++;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strncmp(rows[i].path, rq->path, strlen(rows[i].path)) == 0)
			return rows[i].answer(rq);
	return false;
}

static int
set_up(void **state)
{
	(void)state;
	web_start(&web, answer);
	http = http_open();
	asked = left = 0;
	sem_init(&gate, 0, 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	/* Whoever still waits may go on. */
	sem_post(&gate);
	sem_post(&gate);
	http_close(http);
	web_stop(&web);
	sem_destroy(&gate);
	return 0;
}

/* A client of the model that answers in one way. */
struct client {
	struct llm_conf conf;
	struct llm *llm;
	char url[100];
};

static struct client *
client_open(struct client *c, const char *name)
{
	static const struct route none[] = { { 0 } };

	*c = (struct client){ .conf = { .url = c->url,
					.key = "secret",
					.model = "small",
					.format = "json_schema",
					.calls_max = 10,
					.deadline_ms = 4000,
					.first_ms = 3000,
					.idle_ms = 2000,
					.tokens_max = 600 } };
	snprintf(c->url, sizeof(c->url), "http://127.0.0.1:%d/%s", web.port, name);
	metrics_open("test", none, NULL);
	c->llm = llm_open(&c->conf);
	return c;
}

/* One call; what is set of it may be set before. */
struct ask {
	struct request r;
	struct llm_call call;
	struct llm_reply reply;
	struct bytes heard;
	size_t enough;	  /* bytes heard after which on_text wants no more */
	int cancel_at_ms; /* since the begin of the call; 0: never */
	atomic_bool begun;
	enum err e;
};

static bool
hear(void *ctx, const char *text, size_t len)
{
	struct ask *ask = ctx;

	assert_true(bytes_append(&ask->r.arena, &ask->heard, 100000, text, len));
	ask->begun = true;
	return !ask->enough || ask->heard.len < ask->enough;
}

static bool
is_cancelled(void *ctx)
{
	struct ask *ask = ctx;

	return ask->cancel_at_ms && request_took_ms(&ask->r) >= ask->cancel_at_ms;
}

static void
ask_run(struct ask *ask, struct llm *llm)
{
	request_begin(&ask->r, 10000);
	ask->r.rq.http = http;
	ask->call = (struct llm_call){ .messages = "[{\"role\":\"user\",\"content\":\"hi\"}]",
				       .schema = "{\"type\":\"object\"}",
				       .schema_name = "reply",
				       .on_text = hear,
				       .cancelled = is_cancelled,
				       .ctx = ask };
	ask->e = llm_run(&ask->r.rq, llm, &ask->call, &ask->reply);
}

static const char *
heard(const struct ask *ask)
{
	return ask->heard.at ? ask->heard.at : "";
}

static void
assert_hello(struct llm *llm)
{
	struct ask ask = { 0 };

	ask_run(&ask, llm);
	assert_int_equal(ask.e, OK);
	assert_string_equal(ask.reply.text, "Hello");
	assert_int_equal(ask.reply.len, 5);
	assert_string_equal(heard(&ask), "Hello");
	assert_in_range(ask.reply.sent_us, ask.r.trace.started_us, ask.reply.first_us);
	assert_in_range(ask.reply.first_us, ask.reply.sent_us, ask.reply.ended_us);
	assert_in_range(request_took_ms(&ask.r), 0, 1000);
	request_end(&ask.r);
}

static void
assert_refused(struct llm *llm)
{
	struct ask ask = { 0 };
	int before = asked;

	ask_run(&ask, llm);
	assert_int_equal(ask.e, ERR_OVERLOADED);
	assert_in_range(request_took_ms(&ask.r), 0, 500);
	assert_int_equal(asked, before);
	assert_int_equal(ask.reply.prompt_tokens, 0);
	assert_string_equal(ask.reply.text, "");
	request_end(&ask.r);
}

/* How many calls ended like this, since the program's start. */
static long
count_of(const char *series)
{
	struct arena a;
	const char *at;
	long n;

	arena_init(&a);
	at = strstr(metrics_text(&a), series);
	assert_non_null(at);
	n = strtol(at + strlen(series), NULL, 10);
	arena_free(&a);
	return n;
}

static long
results(const char *result)
{
	char series[100];

	snprintf(series, sizeof(series), "moa_llm_calls_total{program=\"test\",result=\"%s\"} ", result);
	return count_of(series);
}

static void
an_answer_comes_as_it_is_made(void **state)
{
	struct ask ask = { 0 };
	struct client c;
	long before;

	(void)state;
	client_open(&c, "checked");
	before = results("ok");
	ask_run(&ask, c.llm);
	assert_int_equal(ask.e, OK);
	assert_string_equal(ask.reply.text, "Hello");
	assert_int_equal(ask.reply.prompt_tokens, 12);
	assert_int_equal(ask.reply.completion_tokens, 3);
	assert_false(ask.reply.cut);
	request_end(&ask.r);
	assert_int_equal(results("ok"), before + 1);
	assert_int_equal(count_of("moa_llm_calls{program=\"test\"} "), 0);
	assert_true(count_of("moa_llm_tokens_total{program=\"test\",kind=\"prompt\"} ") >= 12);
	assert_true(count_of("moa_llm_first_text_seconds_count{program=\"test\"} ") >= 1);
	assert_true(count_of("moa_llm_seconds_count{program=\"test\"} ") >= 1);
	llm_close(c.llm);
	llm_close(NULL);
}

static void
connections_are_kept(void **state)
{
	struct client c;
	int i;

	(void)state;
	client_open(&c, "hello/"); /* as people write it, too */
	for (i = 0; i < 5; i++)
		assert_hello(c.llm);
	assert_int_equal(web.connections, 1);
	llm_close(c.llm);
}

static void
servers_differ(void **state)
{
	static const char *const names[] = { "hello", "whole", "open-ended", "length" };
	struct client c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_hello(client_open(&c, names[i])->llm);
		llm_close(c.llm);
	}
}

static void
tokens_nobody_counted_are_estimated(void **state)
{
	struct ask ask = { 0 };
	struct client c;

	(void)state;
	ask_run(&ask, client_open(&c, "length")->llm);
	assert_int_equal(ask.e, OK);
	assert_true(ask.reply.cut);
	assert_int_equal(ask.reply.prompt_tokens, 8); /* 32 characters */
	assert_int_equal(ask.reply.completion_tokens, 2);
	request_end(&ask.r);
	llm_close(c.llm);
}

static void
no_model_is_no_answer(void **state)
{
	struct ask ask = { 0 };
	struct client c;

	(void)state;
	client_open(&c, "hello");
	assert_true(llm_configured(c.llm));
	llm_close(c.llm);
	c.url[0] = '\0';
	c.llm = llm_open(&c.conf);
	assert_false(llm_configured(c.llm));
	ask_run(&ask, c.llm);
	assert_int_equal(ask.e, ERR_UNAVAILABLE);
	request_end(&ask.r);
	llm_close(c.llm);
}

static void
faults_end_calls(void **state)
{
	static const struct {
		const char *name, *result;
		int requests, least_ms, most_ms;
		const char *heard;
	} rows[] = {
		{ "cut", "failed_cut", 1, 0, 1000, "Hel" },
		{ "ended", "failed_cut", 1, 0, 1000, "Hel" },
		{ "drop", "failed_connection", 2, 50, 1500, "" },
		{ "garbage", "failed_format", 1, 0, 1000, "" },
		{ "no-http", "failed_format", 1, 0, 1000, "" },
		{ "error", "failed_error", 1, 0, 1000, "" },
		{ "refusal", "failed_refused", 1, 0, 1000, "" },
		{ "empty", "failed_empty", 1, 0, 1000, "" },
		{ "spaces", "failed_format", 1, 0, 1000, "" },
		{ "flood", "failed_large", 1, 0, 1000, "" },
		{ "500", "failed_server", 2, 50, 1500, "" },
		{ "429", "failed_limited", 2, 50, 1500, "" },
		{ "401", "failed_denied", 1, 0, 1000, "" },
		{ "400", "failed_rejected", 1, 0, 1000, "" },
		{ "hang", "failed_slow", 1, 300, 1200, "" },
		{ "pings", "failed_slow", 1, 300, 1200, "" },
		{ "stall", "failed_silent", 1, 300, 1200, "Hel" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ask ask = { 0 };
		struct client c;
		int before = asked;
		long results_before;

		client_open(&c, rows[i].name);
		c.conf.idle_ms = 300;
		c.conf.first_ms = strcmp(rows[i].result, "failed_slow") == 0 ? 300 : 2000;
		results_before = results(rows[i].result);
		ask_run(&ask, c.llm);
		assert_int_equal(ask.e, ERR_UNAVAILABLE);
		assert_in_range(request_took_ms(&ask.r), rows[i].least_ms, rows[i].most_ms);
		assert_string_equal(heard(&ask), rows[i].heard);
		assert_string_equal(ask.reply.text, rows[i].heard);
		assert_int_equal(asked, before + rows[i].requests);
		assert_int_equal(results(rows[i].result), results_before + 1);
		request_end(&ask.r);
		llm_close(c.llm);
	}
}

static void
blank_text_is_cut_short(void **state)
{
	struct ask ask = { 0 };
	struct client c;

	(void)state;
	ask_run(&ask, client_open(&c, "blank-text")->llm);
	assert_int_equal(ask.e, ERR_UNAVAILABLE);
	assert_in_range(ask.reply.len, 1, 300);
	assert_true(ask.reply.prompt_tokens > 0);
	request_end(&ask.r);
	llm_close(c.llm);
}

static void
nobody_listening_fails_soon(void **state)
{
	struct ask ask = { 0 };
	struct client c;

	(void)state;
	client_open(&c, "hello");
	llm_close(c.llm);
	snprintf(c.url, sizeof(c.url), "http://127.0.0.1:1");
	c.llm = llm_open(&c.conf);
	ask_run(&ask, c.llm);
	assert_int_equal(ask.e, ERR_UNAVAILABLE);
	assert_in_range(request_took_ms(&ask.r), 50, 1000);
	assert_int_equal(ask.reply.sent_us, 0);
	assert_int_equal(ask.reply.prompt_tokens, 0);
	request_end(&ask.r);
	llm_close(c.llm);
}

static void
one_retry_helps(void **state)
{
	static const char *const names[] = { "500-once", "drop-once" };
	struct client c;
	long before;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		client_open(&c, names[i]);
		before = results("retried");
		asked = 0;
		assert_hello(c.llm);
		assert_int_equal(asked, 2);
		assert_int_equal(results("retried"), before + 1);
		assert_hello(c.llm);
		llm_close(c.llm);
	}
}

static void
the_server_says_when_to_come_back(void **state)
{
	struct ask ask = { 0 };
	struct client c;

	(void)state;
	ask_run(&ask, client_open(&c, "429-second")->llm);
	assert_int_equal(ask.e, OK);
	assert_in_range(request_took_ms(&ask.r), 990, 2500);
	assert_int_equal(asked, 2);
	request_end(&ask.r);
	llm_close(c.llm);
}

/* Later than the caller can wait: neither this call nor the next ones ask again. */
static void
the_server_wants_to_be_left_alone(void **state)
{
	struct ask ask = { 0 };
	struct client c;
	long before;

	(void)state;
	client_open(&c, "429-later");
	before = results("refused_open");
	ask_run(&ask, c.llm);
	assert_int_equal(ask.e, ERR_UNAVAILABLE);
	assert_in_range(request_took_ms(&ask.r), 0, 500);
	assert_int_equal(asked, 1);
	request_end(&ask.r);
	assert_refused(c.llm);
	assert_int_equal(results("refused_open"), before + 1);
	assert_int_equal(count_of("moa_llm_left_alone{program=\"test\"} "), 1);
	llm_close(c.llm);
}

static void
after_failures_it_is_left_alone(void **state)
{
	struct client c;
	int i;

	(void)state;
	client_open(&c, "garbage");
	for (i = 0; i < 5; i++) {
		struct ask ask = { 0 };

		ask_run(&ask, c.llm);
		assert_int_equal(ask.e, ERR_UNAVAILABLE);
		request_end(&ask.r);
	}
	assert_refused(c.llm);
	llm_close(c.llm);
}

/* What a customer may bring about by what he says does not take the model from the others. */
static void
odd_answers_do_not_open_the_breaker(void **state)
{
	static const char *const names[] = { "refusal", "empty", "blank-text", "400" };
	struct client c;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		client_open(&c, names[i]);
		for (n = 0; n < 8; n++) {
			struct ask ask = { 0 };

			ask_run(&ask, c.llm);
			assert_int_equal(ask.e, ERR_UNAVAILABLE);
			request_end(&ask.r);
		}
		assert_int_equal(count_of("moa_llm_left_alone{program=\"test\"} "), 0);
		llm_close(c.llm);
	}
}

/* A call in a thread of its own. */
struct caller {
	struct ask ask;
	struct llm *llm;
	pthread_t thread;
};

static void *
caller_run(void *arg)
{
	struct caller *caller = arg;

	ask_run(&caller->ask, caller->llm);
	return NULL;
}

static void
caller_start(struct caller *caller, struct llm *llm)
{
	*caller = (struct caller){ .llm = llm };
	assert_int_equal(pthread_create(&caller->thread, NULL, caller_run, caller), 0);
}

static void
caller_join(struct caller *caller, enum err expected)
{
	pthread_join(caller->thread, NULL);
	assert_int_equal(caller->ask.e, expected);
	request_end(&caller->ask.r);
}

/* Wait for a number to be reached; it is for another thread to do it. */
static void
until(const atomic_int *counter, int n)
{
	int64_t until_ms = clock_ms() + 5000;

	while (*counter < n && clock_left_ms(until_ms) > 0)
		poll(NULL, 0, 1);
	assert_true(*counter >= n);
}

static void
until_begun(const struct caller *caller)
{
	int64_t until_ms = clock_ms() + 5000;

	while (!caller->ask.begun && clock_left_ms(until_ms) > 0)
		poll(NULL, 0, 1);
	assert_true(caller->ask.begun);
}

static void
calls_at_once_are_counted(void **state)
{
	struct caller first, second;
	struct client c;

	(void)state;
	client_open(&c, "gated");
	c.conf.calls_max = 2;
	caller_start(&first, c.llm);
	caller_start(&second, c.llm);
	until(&asked, 2);
	assert_int_equal(count_of("moa_llm_calls{program=\"test\"} "), 2);
	assert_refused(c.llm);
	sem_post(&gate);
	sem_post(&gate);
	sem_post(&gate);
	sem_post(&gate);
	caller_join(&first, OK);
	caller_join(&second, OK);
	sem_post(&gate);
	sem_post(&gate);
	assert_hello(c.llm);
	llm_close(c.llm);
}

/* Half open: one call tries, and when it hears something the others may go on, before it ends. */
static void
one_probe_tries_for_all(void **state)
{
	struct caller probe, other;
	struct client c;

	(void)state;
	client_open(&c, "gated-later");
	c.conf.first_ms = 900;
	c.conf.calls_max = 4;
	caller_start(&probe, c.llm);
	caller_join(&probe, ERR_UNAVAILABLE);
	c.conf.first_ms = 3000;
	do { /* refused until the second has passed */
		caller_start(&probe, c.llm);
		while (asked < 2 && pthread_tryjoin_np(probe.thread, NULL) == EBUSY)
			poll(NULL, 0, 1);
	} while (asked < 2);
	assert_refused(c.llm);
	sem_post(&gate);
	until_begun(&probe);
	caller_start(&other, c.llm);
	until(&asked, 3);
	sem_post(&gate);
	sem_post(&gate);
	sem_post(&gate);
	caller_join(&probe, OK);
	caller_join(&other, OK);
	llm_close(c.llm);
}

static void
a_call_is_cancelled_before_the_first_byte(void **state)
{
	struct ask ask = { .cancel_at_ms = 100 };
	struct client c;
	long before;

	(void)state;
	client_open(&c, "hang");
	before = results("cancelled");
	ask_run(&ask, c.llm);
	assert_int_equal(ask.e, ERR_CLIENT_GONE);
	assert_in_range(request_took_ms(&ask.r), 100, 500);
	assert_int_equal(results("cancelled"), before + 1);
	assert_true(ask.reply.prompt_tokens > 0);
	until(&left, 1);
	request_end(&ask.r);
	llm_close(c.llm);
}

static void
a_call_is_cancelled_in_the_middle(void **state)
{
	struct ask ask = { .cancel_at_ms = 150 };
	struct client c;

	(void)state;
	ask_run(&ask, client_open(&c, "drip")->llm);
	assert_int_equal(ask.e, ERR_CLIENT_GONE);
	assert_in_range(request_took_ms(&ask.r), 150, 550);
	assert_int_equal(heard(&ask)[0], 'x');
	until(&left, 1);
	request_end(&ask.r);
	llm_close(c.llm);
}

/* The wait before the second attempt is here at least 1 s. */
static void
a_call_is_cancelled_between_attempts(void **state)
{
	struct ask ask = { .cancel_at_ms = 100 };
	struct client c;

	(void)state;
	ask_run(&ask, client_open(&c, "429-second")->llm);
	assert_int_equal(ask.e, ERR_CLIENT_GONE);
	assert_in_range(request_took_ms(&ask.r), 100, 500);
	assert_int_equal(asked, 1);
	request_end(&ask.r);
	llm_close(c.llm);
}

static void
the_caller_can_have_enough(void **state)
{
	struct ask ask = { .enough = 3 };
	struct client c;

	(void)state;
	ask_run(&ask, client_open(&c, "drip")->llm);
	assert_int_equal(ask.e, ERR_CLIENT_GONE);
	assert_string_equal(heard(&ask), "xxx");
	until(&left, 1);
	request_end(&ask.r);
	llm_close(c.llm);
}

static void
the_deadline_holds(void **state)
{
	struct ask ask = { 0 };
	struct client c;

	(void)state;
	client_open(&c, "drip");
	c.conf.deadline_ms = 300;
	ask_run(&ask, c.llm);
	assert_int_equal(ask.e, ERR_UNAVAILABLE);
	assert_in_range(request_took_ms(&ask.r), 290, 700);
	assert_true(ask.reply.len > 0);
	request_end(&ask.r);
	llm_close(c.llm);
}

#define WITH_WEB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WEB(an_answer_comes_as_it_is_made),
		WITH_WEB(connections_are_kept),
		WITH_WEB(servers_differ),
		WITH_WEB(tokens_nobody_counted_are_estimated),
		WITH_WEB(no_model_is_no_answer),
		WITH_WEB(faults_end_calls),
		WITH_WEB(blank_text_is_cut_short),
		WITH_WEB(nobody_listening_fails_soon),
		WITH_WEB(one_retry_helps),
		WITH_WEB(the_server_says_when_to_come_back),
		WITH_WEB(the_server_wants_to_be_left_alone),
		WITH_WEB(after_failures_it_is_left_alone),
		WITH_WEB(odd_answers_do_not_open_the_breaker),
		WITH_WEB(calls_at_once_are_counted),
		WITH_WEB(one_probe_tries_for_all),
		WITH_WEB(a_call_is_cancelled_before_the_first_byte),
		WITH_WEB(a_call_is_cancelled_in_the_middle),
		WITH_WEB(a_call_is_cancelled_between_attempts),
		WITH_WEB(the_caller_can_have_enough),
		WITH_WEB(the_deadline_holds),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
