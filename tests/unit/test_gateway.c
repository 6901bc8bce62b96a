/* Calling a payment gateway that answers, refuses, hangs, floods and talks nonsense: what is concluded, and after which calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "breaker.h"
#include "gateway.h"
#include "http.h"
#include "json.h"
#include "metrics.h"
#include "request.h"
#include "route.h"
#include "web.h"

#define LENGTH(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Answers besides "STATUS JSON". */
static const char cut[] = "the connection ends", half[] = "in the middle of the answer", hang[] = "never",
		  flood[] = "too much", greeting[] = "no HTTP", page[] = "200 <html>";

/* What the server answers to each call, and which it was asked: "cqx", and the last of each. */
static struct {
	const char *confirm, *query, *cancel;
	char asked[16];
	char confirm_text[2048], cancel_text[2048];
} script;
static pthread_mutex_t script_mutex = PTHREAD_MUTEX_INITIALIZER;

static struct web web;
static struct http *http;
static struct gateway *gateway;
static struct gateway_conf conf;

static bool
send_flood(int fd)
{
	static char bytes[512 << 10];

	memset(bytes, ' ', sizeof(bytes) - 1);
	return web_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 524287\r\n\r\n") && web_send(fd, bytes);
}

static bool
reply(int fd, const char *what)
{
	char head[128];

	if (what == cut)
		return false;
	if (what == half)
		return web_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"status\":\"DONE\"") &&
		       false;
	if (what == hang)
		return !web_gone(fd, -1);
	if (what == flood)
		return send_flood(fd);
	if (what == greeting)
		return web_send(fd, "220 mail\r\n") && false;
	snprintf(head, sizeof(head), "HTTP/1.1 %.3s x\r\nContent-Length: %zu\r\n\r\n", what,
		 strlen(what + 4));
	return web_send(fd, head) && web_send(fd, what + 4);
}

/* Note the call; what it is answered. */
static const char *
note(const struct web_request *rq)
{
	size_t n = strlen(script.asked);
	bool confirm = strcmp(rq->path, "/v1/payments/confirm") == 0, cancel = strstr(rq->path, "/cancel");

	if (n < sizeof(script.asked) - 1)
		script.asked[n] = confirm ? 'c' : cancel ? 'x' : 'q';
	if (confirm)
		snprintf(script.confirm_text, sizeof(script.confirm_text), "%s", rq->text);
	if (cancel)
		snprintf(script.cancel_text, sizeof(script.cancel_text), "%s", rq->text);
	return confirm ? script.confirm : cancel ? script.cancel : script.query;
}

static bool
answer(const struct web_request *rq)
{
	const char *what;

	pthread_mutex_lock(&script_mutex);
	what = note(rq);
	pthread_mutex_unlock(&script_mutex);
	return reply(rq->fd, what);
}

static int
set_up(void **state)
{
	static const struct route none[] = { { 0 } };
	static char url[64];

	(void)state;
	metrics_open("pay", none, NULL);
	web_start(&web, answer);
	http = http_open();
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", web.port);
	conf = (struct gateway_conf){ .url = url, .secret_key = "test_sk", .call_ms = 300 };
	gateway = gateway_open(&conf);
	memset(&script, 0, sizeof(script));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	gateway_close(gateway);
	web_stop(&web);
	http_close(http);
	return 0;
}

#define PAYMENT(status) PAYMENT_OF(status, "12900")
#define PAYMENT_OF(status, won)                                                                              \
	"200 {\"paymentKey\":\"key-1\",\"orderId\":\"moa-1\",\"totalAmount\":" won ",\"status\":\"" status   \
	"\",\"cancels\":[{\"cancelReason\":\"r-1\",\"cancelAmount\":500,\"cancelStatus\":\"DONE\"}]}"
#define PLAIN(status)                                                                                        \
	"200 {\"paymentKey\":\"key-1\",\"orderId\":\"moa-1\",\"totalAmount\":12900,\"status\":\"" status "\"}"
#define FAULT(status, code) #status " {\"code\":\"" code "\",\"message\":\"m\"}"
#define BROKEN		    FAULT(500, "FAILED_INTERNAL_SYSTEM_PROCESSING")

static void
what_became_of_a_payment(void **state)
{
	const struct {
		enum gateway_step step;
		const char *confirm, *query, *cancel;
		enum gateway_word word;
		const char *asked, *why;
	} rows[] = {
		{ GATEWAY_ASK, PLAIN("DONE"), NULL, NULL, GATEWAY_TAKEN, "c", NULL },
		/* lost on its way: the payment itself tells */
		{ GATEWAY_ASK, cut, PLAIN("DONE"), NULL, GATEWAY_TAKEN, "cq", NULL },
		{ GATEWAY_ASK, half, PLAIN("DONE"), NULL, GATEWAY_TAKEN, "cq", NULL },
		{ GATEWAY_ASK, hang, PLAIN("DONE"), NULL, GATEWAY_TAKEN, "cq", NULL },
		{ GATEWAY_ASK, flood, PLAIN("DONE"), NULL, GATEWAY_TAKEN, "cq", NULL },
		{ GATEWAY_ASK, greeting, PLAIN("DONE"), NULL, GATEWAY_TAKEN, "cq", NULL },
		{ GATEWAY_ASK, page, PLAIN("DONE"), NULL, GATEWAY_TAKEN, "cq", NULL },
		{ GATEWAY_ASK, "200 {}", PLAIN("DONE"), NULL, GATEWAY_TAKEN, "cq", NULL },
		{ GATEWAY_ASK, "200 []", PLAIN("DONE"), NULL, GATEWAY_TAKEN, "cq", NULL },
		{ GATEWAY_ASK, "200 null", PLAIN("DONE"), NULL, GATEWAY_TAKEN, "cq", NULL },
		{ GATEWAY_ASK, BROKEN, PLAIN("DONE"), NULL, GATEWAY_TAKEN, "cq", NULL },
		{ GATEWAY_ASK, FAULT(400, "ALREADY_PROCESSED_PAYMENT"), PLAIN("DONE"), NULL, GATEWAY_TAKEN,
		  "cq", NULL },
		{ GATEWAY_ASK, cut, PLAIN("IN_PROGRESS"), NULL, GATEWAY_OPEN, "cq", NULL },
		{ GATEWAY_ASK, cut, PLAIN("EXPIRED"), NULL, GATEWAY_NOT_TAKEN, "cq", "EXPIRED" },
		{ GATEWAY_ASK, cut, cut, NULL, GATEWAY_SILENT, "cq", NULL },
		{ GATEWAY_ASK, hang, hang, NULL, GATEWAY_SILENT, "cq", NULL },
		{ GATEWAY_ASK, cut, flood, NULL, GATEWAY_SILENT, "cq", NULL },
		{ GATEWAY_ASK, cut, BROKEN, NULL, GATEWAY_SILENT, "cq", NULL },
		{ GATEWAY_ASK, cut, page, NULL, GATEWAY_SILENT, "cq", NULL },
		/* refused: for good, when the payment has not moved either */
		{ GATEWAY_ASK, FAULT(403, "REJECT_CARD_PAYMENT"), PLAIN("IN_PROGRESS"), NULL,
		  GATEWAY_NOT_TAKEN, "cq", "403 REJECT_CARD_PAYMENT: m" },
		{ GATEWAY_ASK, FAULT(404, "NOT_FOUND_PAYMENT"), FAULT(404, "NOT_FOUND_PAYMENT"), NULL,
		  GATEWAY_NOT_TAKEN, "cq", "404 NOT_FOUND_PAYMENT: m" },
		{ GATEWAY_ASK, FAULT(403, "REJECT_CARD_PAYMENT"), BROKEN, NULL, GATEWAY_SILENT, "cq", NULL },
		/* refused, which tells nothing of the money */
		{ GATEWAY_ASK, FAULT(400, "PROVIDER_ERROR"), PLAIN("IN_PROGRESS"), NULL, GATEWAY_OPEN, "cq",
		  NULL },
		{ GATEWAY_ASK, FAULT(409, "IDEMPOTENT_REQUEST_PROCESSING"), PLAIN("IN_PROGRESS"), NULL,
		  GATEWAY_OPEN, "cq", NULL },
		{ GATEWAY_ASK, FAULT(401, "UNAUTHORIZED_KEY"), FAULT(401, "UNAUTHORIZED_KEY"), NULL,
		  GATEWAY_SILENT, "cq", NULL },
		{ GATEWAY_ASK, "403 {}", PLAIN("IN_PROGRESS"), NULL, GATEWAY_OPEN, "cq", NULL },
		/* not as it was asked for: it goes back first */
		{ GATEWAY_ASK, PAYMENT_OF("DONE", "900"), PAYMENT_OF("DONE", "900"), PLAIN("CANCELED"),
		  GATEWAY_NOT_TAKEN, "cxqx", "taken in another amount, and given back" },
		{ GATEWAY_LOOK, NULL, PAYMENT_OF("DONE", "900"), BROKEN, GATEWAY_SILENT, "qx", NULL },
		{ GATEWAY_LOOK, NULL, PAYMENT_OF("DONE", "900"), cut, GATEWAY_SILENT, "qx", NULL },
		{ GATEWAY_LOOK, NULL, PLAIN("WAITING_FOR_DEPOSIT"), PLAIN("CANCELED"), GATEWAY_NOT_TAKEN,
		  "qx", "a deposit to come, and called off" },
		/* only to look: nothing is asked for */
		{ GATEWAY_LOOK, NULL, PLAIN("DONE"), NULL, GATEWAY_TAKEN, "q", NULL },
		{ GATEWAY_LOOK, NULL, PLAIN("IN_PROGRESS"), NULL, GATEWAY_OPEN, "q", NULL },
		{ GATEWAY_LOOK, NULL, FAULT(404, "NOT_FOUND_PAYMENT"), NULL, GATEWAY_NOT_TAKEN, "q",
		  "404 NOT_FOUND_PAYMENT: m" },
		{ GATEWAY_LOOK, NULL, FAULT(404, "NOT_FOUND"), NULL, GATEWAY_SILENT, "q", NULL },
		{ GATEWAY_LOOK, NULL, "404 <html>", NULL, GATEWAY_SILENT, "q", NULL },
		/* to go on: looking first, and asking where it is open still */
		{ GATEWAY_RESUME, NULL, PLAIN("DONE"), NULL, GATEWAY_TAKEN, "q", NULL },
		{ GATEWAY_RESUME, NULL, PLAIN("ABORTED"), NULL, GATEWAY_NOT_TAKEN, "q", "ABORTED" },
		{ GATEWAY_RESUME, NULL, BROKEN, NULL, GATEWAY_SILENT, "q", NULL },
		{ GATEWAY_RESUME, PLAIN("DONE"), PLAIN("IN_PROGRESS"), NULL, GATEWAY_TAKEN, "qc", NULL },
	};
	const struct gateway_payment payment = { "key-1", "moa-1", 12900 };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		struct request r;
		const char *why;
		enum gateway_word word;

		request_begin(&r, 3000);
		r.rq.http = http;
		memset(&script, 0, sizeof(script));
		script.confirm = rows[i].confirm;
		script.query = rows[i].query;
		script.cancel = rows[i].cancel;
		word = gateway_settle(&r.rq, gateway, &payment, rows[i].step, r.rq.deadline_ms, &why);
		if (word != rows[i].word || strcmp(script.asked, rows[i].asked) != 0)
			fail_msg("row %zu: %d, asked %s", i, word, script.asked);
		if (rows[i].why)
			assert_string_equal(why, rows[i].why);
		else
			assert_null(why);
		request_end(&r);
	}
}

static void
assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in: %s", part, text);
}

/* In the shape of Toss Payments' API. */
static void
the_calls_are_as_documented(void **state)
{
	const struct gateway_payment payment = { "key-1", "moa-1", 12900 };
	const struct gateway_return back = { "key-1", "r-1", "r-1-2", 500, false };
	struct request r;
	const char *why;

	(void)state;
	request_begin(&r, 3000);
	r.rq.http = http;
	script.confirm = PLAIN("DONE");
	script.cancel = PAYMENT("PARTIAL_CANCELED");
	assert_int_equal(gateway_settle(&r.rq, gateway, &payment, GATEWAY_ASK, r.rq.deadline_ms, &why),
			 GATEWAY_TAKEN);
	assert_has(script.confirm_text, "POST /v1/payments/confirm HTTP/1.1\r\n");
	assert_has(script.confirm_text, "\r\nAuthorization: Basic dGVzdF9zazo=\r\n");
	assert_has(script.confirm_text, "\r\nIdempotency-Key: moa-1\r\n");
	assert_has(script.confirm_text, "\r\nContent-Type: application/json\r\n");
	assert_has(script.confirm_text,
		   "\r\n\r\n{\"paymentKey\":\"key-1\",\"orderId\":\"moa-1\",\"amount\":12900}");
	assert_int_equal(gateway_give_back(&r.rq, gateway, &back, r.rq.deadline_ms, &why), GATEWAY_BACK);
	assert_has(script.cancel_text, "POST /v1/payments/key-1/cancel HTTP/1.1\r\n");
	assert_has(script.cancel_text, "\r\nIdempotency-Key: r-1-2\r\n");
	assert_has(script.cancel_text, "\r\n\r\n{\"cancelReason\":\"r-1\",\"cancelAmount\":500}");
	request_end(&r);
}

static void
giving_back(void **state)
{
	const struct {
		bool again;
		const char *query, *cancel;
		enum gateway_back is;
		const char *asked, *why;
	} rows[] = {
		{ false, NULL, PAYMENT("PARTIAL_CANCELED"), GATEWAY_BACK, "x", NULL },
		{ false, NULL, PLAIN("PARTIAL_CANCELED"), GATEWAY_BACK_UNKNOWN, "x", NULL },
		{ false, NULL, cut, GATEWAY_BACK_UNKNOWN, "x", NULL },
		{ false, NULL, half, GATEWAY_BACK_UNKNOWN, "x", NULL },
		{ false, NULL, hang, GATEWAY_BACK_UNKNOWN, "x", NULL },
		{ false, NULL, flood, GATEWAY_BACK_UNKNOWN, "x", NULL },
		{ false, NULL, page, GATEWAY_BACK_UNKNOWN, "x", NULL },
		{ false, NULL, BROKEN, GATEWAY_BACK_UNKNOWN, "x",
		  "500 FAILED_INTERNAL_SYSTEM_PROCESSING: m" },
		{ false, NULL, FAULT(400, "PROVIDER_ERROR"), GATEWAY_BACK_UNKNOWN, "x",
		  "400 PROVIDER_ERROR: m" },
		{ false, NULL, FAULT(403, "NOT_AVAILABLE_BANK"), GATEWAY_BACK_LATER, "x",
		  "403 NOT_AVAILABLE_BANK: m" },
		{ false, NULL, FAULT(403, "NOT_CANCELABLE_PAYMENT"), GATEWAY_BACK_REFUSED, "x",
		  "403 NOT_CANCELABLE_PAYMENT: m" },
		/* again: the payment itself tells first, and without its word nothing is done */
		{ true, PAYMENT("PARTIAL_CANCELED"), NULL, GATEWAY_BACK, "q", NULL },
		{ true, PLAIN("DONE"), PAYMENT("PARTIAL_CANCELED"), GATEWAY_BACK, "qx", NULL },
		{ true, half, NULL, GATEWAY_BACK_UNKNOWN, "q", NULL },
		{ true, BROKEN, NULL, GATEWAY_BACK_UNKNOWN, "q", "500 FAILED_INTERNAL_SYSTEM_PROCESSING: m" },
		{ true, FAULT(404, "NOT_FOUND_PAYMENT"), NULL, GATEWAY_BACK_UNKNOWN, "q",
		  "404 NOT_FOUND_PAYMENT: m" },
		{ true, "200 {}", NULL, GATEWAY_BACK_UNKNOWN, "q", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		const struct gateway_return back = { "key-1", "r-1", "r-1", 500, rows[i].again };
		struct request r;
		const char *why;
		enum gateway_back is;

		request_begin(&r, 3000);
		r.rq.http = http;
		memset(&script, 0, sizeof(script));
		script.query = rows[i].query;
		script.cancel = rows[i].cancel;
		is = gateway_give_back(&r.rq, gateway, &back, r.rq.deadline_ms, &why);
		if (is != rows[i].is || strcmp(script.asked, rows[i].asked) != 0)
			fail_msg("row %zu: %d, asked %s", i, is, script.asked);
		if (rows[i].why)
			assert_string_equal(why, rows[i].why);
		else
			assert_null(why);
		request_end(&r);
	}
}

static enum gateway_word
look(void)
{
	const struct gateway_payment payment = { "key-1", "moa-1", 12900 };
	struct request r;
	const char *why;
	enum gateway_word word;

	request_begin(&r, 1000);
	r.rq.http = http;
	word = gateway_settle(&r.rq, gateway, &payment, GATEWAY_LOOK, r.rq.deadline_ms, &why);
	request_end(&r);
	return word;
}

/* Refusals are its work, too. */
static void
after_failures_it_is_left_alone(void **state)
{
	struct arena a;
	const char *text;
	int i;

	(void)state;
	conf.breaker = true;
	script.query = FAULT(403, "FORBIDDEN_CONSECUTIVE_REQUEST");
	for (i = 0; i < 2 * BREAKER_FAILURES; i++)
		look();
	script.query = BROKEN;
	for (i = 0; i < BREAKER_FAILURES; i++)
		look();
	script.query = PLAIN("DONE");
	script.asked[0] = '\0';
	assert_int_equal(look(), GATEWAY_SILENT);
	assert_string_equal(script.asked, "");
	arena_init(&a);
	text = metrics_text(&a);
	assert_has(text, "moa_gateway_left_alone{program=\"pay\"} 1\n");
	assert_has(text, "call=\"query\",result=\"left_alone\"} 1\n");
	arena_free(&a);
	conf.breaker = false;
	assert_int_equal(look(), GATEWAY_TAKEN);
}

/* Too little time to be answered in says nothing about the gateway, and is not used. */
static void
without_time_nothing_is_asked(void **state)
{
	const struct gateway_payment payment = { "key-1", "moa-1", 12900 };
	struct request r;
	const char *why;

	(void)state;
	request_begin(&r, 50);
	r.rq.http = http;
	script.query = PLAIN("DONE");
	assert_int_equal(gateway_settle(&r.rq, gateway, &payment, GATEWAY_LOOK, r.rq.deadline_ms, &why),
			 GATEWAY_SILENT);
	assert_string_equal(script.asked, "");
	request_end(&r);
}

static void
without_a_key_there_is_none(void **state)
{
	(void)state;
	conf.secret_key = NULL;
	assert_false(gateway_configured(gateway));
	assert_int_equal(look(), GATEWAY_SILENT);
	assert_string_equal(script.asked, "");
}

static void
names_that_may_be_asked_about(void **state)
{
	static const char *const bad[] = { "", "a/b", "..", "a%2e", "a b", "a?b", "키", "a\n" };
	char key[202];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(bad); i++)
		assert_false(gateway_is_key(bad[i]));
	assert_true(gateway_is_key("tgen_20261122-AbC"));
	memset(key, 'a', 201);
	key[201] = '\0';
	assert_false(gateway_is_key(key));
	assert_true(gateway_is_key(key + 1));
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
		WITH_WEB(what_became_of_a_payment),
		WITH_WEB(the_calls_are_as_documented),
		WITH_WEB(giving_back),
		WITH_WEB(after_failures_it_is_left_alone),
		WITH_WEB(without_time_nothing_is_asked),
		WITH_WEB(without_a_key_there_is_none),
		cmocka_unit_test(names_that_may_be_asked_about),
	};

	return cmocka_run_group_tests(tests, ignore_sigpipe, NULL);
}
