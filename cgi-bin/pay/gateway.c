/*
 * Calling the payment gateway.  What a call has not answered is found out by asking for the payment itself; its status there
 * decides, never the fate of a call.  Every POST carries an Idempotency-Key, so that repeating it does nothing twice.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "fuse.h"
#include "gateway.h"
#include "gateway_answer.h"
#include "http.h"
#include "json.h"
#include "log.h"
#include "metrics.h"
#include "out.h"
#include "req.h"

/*
 * A question that follows a call which has not been answered has LOOK_MS of its time; with less than LEAST_MS no call would tell
 * anything of the gateway.  Lists are long, payments are not.
 */
enum {
	LOOK_MS = 500,
	LEAST_MS = 100,
	LIST_MAX = 8 << 20,
	PAYMENT_MAX = 256 << 10,
	SECRET_MAX = 200,
	KEY_MAX = 200
};

struct gateway {
	const struct gateway_conf *conf;
	struct fuse fuse;
};

/* What the gateway is called for, and what becomes of such calls. */
enum operation { CALL_CONFIRM, CALL_QUERY, CALL_CANCEL, CALL__MAX };
enum result { ANSWERED, REFUSED, UNANSWERED, LEFT_ALONE, RESULTS };

#define CALLS(operation, help)                                                                               \
	{ "moa_gateway_calls_total", "call=\"" operation "\",result=\"ok\"", help, 0 },                      \
	    { "moa_gateway_calls_total", "call=\"" operation "\",result=\"refused\"", NULL, 0 },             \
	    { "moa_gateway_calls_total", "call=\"" operation "\",result=\"unanswered\"", NULL, 0 },          \
	{                                                                                                    \
		"moa_gateway_calls_total", "call=\"" operation "\",result=\"left_alone\"", NULL, 0           \
	}

static struct metric calls[] = {
	CALLS("confirm", "Calls of the payment gateway, by what became of them; left_alone: not made."),
	CALLS("query", NULL),
	CALLS("cancel", NULL),
	{ 0 },
};

static struct histogram took[] = {
	[CALL_CONFIRM] = { .name = "moa_gateway_seconds",
			   .labels = "call=\"confirm\"",
			   .help = "How long calls of the payment gateway took, answered or not." },
	[CALL_QUERY] = { .name = "moa_gateway_seconds", .labels = "call=\"query\"" },
	[CALL_CANCEL] = { .name = "moa_gateway_seconds", .labels = "call=\"cancel\"" },
	[CALL__MAX] = { 0 },
};

static int64_t
left_alone(const void *gw)
{
	return fuse_is_open(&((struct gateway *)gw)->fuse);
}

struct gateway *
gateway_open(const struct gateway_conf *conf)
{
	struct gateway *gw = calloc(1, sizeof(*gw));

	if (!gw)
		abort();
	gw->conf = conf;
	fuse_init(&gw->fuse);
	metrics_table(calls);
	metrics_histograms(took);
	metrics_gauge("moa_gateway_left_alone", "1 while the payment gateway is left alone after failures.",
		      left_alone, gw);
	return gw;
}

void
gateway_close(struct gateway *gw)
{
	if (!gw)
		return;
	fuse_release(&gw->fuse);
	free(gw);
}

bool
gateway_configured(const struct gateway *gw)
{
	return gw->conf->secret_key;
}

bool
gateway_ready(struct gateway *gw)
{
	return gateway_configured(gw) && !fuse_rests(&gw->fuse);
}

static const char *
authorization(const struct req *rq, const struct gateway *gw)
{
	const char *pair = arena_printf(rq->arena, "%s:", gw->conf->secret_key);
	char text[sodium_base64_ENCODED_LEN(SECRET_MAX + 1, sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(text, sizeof(text), (const unsigned char *)pair, strlen(pair),
			  sodium_base64_VARIANT_ORIGINAL);
	return arena_printf(rq->arena, "Authorization: Basic %s", text);
}

/* One exchange.  Without an answer in JSON whatever it was about is unknown. */
static enum err
exchange(const struct req *rq, const struct gateway *gw, const struct http_call *what, const char *key,
	 struct gateway_answer *ret_answer, int *ret_retry_after_s)
{
	struct http_call http = *what;
	struct http_reply reply;
	const char *const headers[] = {
		authorization(rq, gw),
		"Content-Type: application/json",
		key ? arena_printf(rq->arena, "Idempotency-Key: %s", key) : NULL,
		NULL,
	};
	int64_t latest_ms = clock_ms() + gw->conf->call_ms;
	enum err e;

	http.url = arena_printf(rq->arena, "%s%s", gw->conf->url, what->url);
	http.headers = headers;
	http.body_len = http.body ? strlen(http.body) : 0;
	if (http.deadline_ms > latest_ms)
		http.deadline_ms = latest_ms;
	e = http_run(rq, &http, &reply);
	if (e)
		return ERR_UNAVAILABLE;
	*ret_retry_after_s = reply.retry_after_s;
	ret_answer->status = reply.status;
	e = json_read(rq->arena, reply.body, reply.body_len, &ret_answer->json);
	if (e || !ret_answer->json) {
		log_event(LOG_WARN, "gateway", "id=%s status=%d msg=\"the answer is no JSON\"", rq->id,
			  reply.status);
		return ERR_UNAVAILABLE;
	}
	return OK;
}

/* The exchange with the breaker and the counters around it.  That it refuses something is no failure of the gateway. */
static enum err
call(const struct req *rq, struct gateway *gw, enum operation operation, const struct http_call *what,
     const char *key, struct gateway_answer *ret_answer)
{
	enum breaker_pass pass = BREAKER_CALL;
	struct metric *of_operation = &calls[operation * RESULTS];
	struct gateway_answer answer = { .status = 0 };
	int64_t start_us = clock_us();
	int retry_after_s = 0;
	enum err e;

	if (clock_left_ms(what->deadline_ms) < LEAST_MS)
		return ERR_UNAVAILABLE;
	if (gw->conf->breaker)
		pass = fuse_ask(&gw->fuse);
	if (pass == BREAKER_REFUSED) {
		metrics_add(&of_operation[LEFT_ALONE], 1);
		return ERR_UNAVAILABLE;
	}
	e = exchange(rq, gw, what, key, &answer, &retry_after_s);
	metrics_observe(&took[operation], clock_us() - start_us);
	metrics_add(&of_operation[e ? UNANSWERED : answer.status == 200 ? ANSWERED : REFUSED], 1);
	if (gw->conf->breaker) {
		fuse_tell(&gw->fuse, pass, e || answer.status >= 500 ? FAILED : WORKS);
		fuse_hold(&gw->fuse, retry_after_s);
	}
	if (e == OK)
		*ret_answer = answer;
	return e;
}

static enum err
get(const struct req *rq, struct gateway *gw, const char *path, size_t most, int64_t deadline_ms,
    struct gateway_answer *ret_answer)
{
	const struct http_call http = {
		.method = "GET", .url = path, .deadline_ms = deadline_ms, .reply_max = most
	};

	return call(rq, gw, CALL_QUERY, &http, NULL, ret_answer);
}

static enum err
post(const struct req *rq, struct gateway *gw, enum operation operation, const char *path,
     struct json_object *body, const char *key, int64_t deadline_ms, struct gateway_answer *ret_answer)
{
	const struct http_call http = { .method = "POST",
					.url = path,
					.body = out_text(body),
					.deadline_ms = deadline_ms,
					.reply_max = PAYMENT_MAX };

	return call(rq, gw, operation, &http, key, ret_answer);
}

enum err
gateway_get(const struct req *rq, struct gateway *gw, const char *path, int64_t deadline_ms, int *ret_status,
	    struct json_object **ret_json)
{
	struct gateway_answer answer;
	enum err e = get(rq, gw, path, LIST_MAX, deadline_ms, &answer);

	if (e)
		return e;
	*ret_status = answer.status;
	*ret_json = answer.json;
	return OK;
}

static void
log_refusal(const struct req *rq, const char *what, const struct gateway_answer *answer)
{
	log_event(LOG_WARN, "gateway", "id=%s call=%s refused=\"%s\"", rq->id, what,
		  gateway_answer_text(rq->arena, answer));
}

bool
gateway_is_key(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	return len >= 1 && len <= KEY_MAX && !s[len];
}

static const char *
payment_path(const struct req *rq, const char *payment_key, const char *what)
{
	return arena_printf(rq->arena, "/v1/payments/%s%s", payment_key, what);
}

static enum err
query(const struct req *rq, struct gateway *gw, const char *payment_key, int64_t deadline_ms,
      struct gateway_answer *ret_answer)
{
	return get(rq, gw, payment_path(rq, payment_key, ""), PAYMENT_MAX, deadline_ms, ret_answer);
}

static enum err
cancel(const struct req *rq, struct gateway *gw, const struct gateway_return *what, int64_t deadline_ms,
       struct gateway_answer *ret_answer)
{
	struct json_object *body = out_object(rq->arena);

	out_str(body, "cancelReason", what->about);
	if (what->amount_won > 0)
		out_num(body, "cancelAmount", what->amount_won);
	return post(rq, gw, CALL_CANCEL, payment_path(rq, what->payment_key, "/cancel"), body, what->key,
		    deadline_ms, ret_answer);
}

/* What is not as we wanted it goes back as a whole before anything is said of it. */
static enum gateway_word
take_nothing(const struct req *rq, struct gateway *gw, const struct gateway_payment *p, int64_t deadline_ms)
{
	const char *about = arena_printf(rq->arena, "%s-amount", p->order_id);
	const struct gateway_return all = { .payment_key = p->payment_key, .about = about, .key = about };
	struct gateway_answer answer;

	log_event(LOG_ERROR, "gateway", "id=%s order=%s msg=\"not taken as it was asked for: it goes back\"",
		  rq->id, p->order_id);
	if (cancel(rq, gw, &all, deadline_ms, &answer))
		return GATEWAY_SILENT;
	if (answer.status == 200)
		return GATEWAY_NOT_TAKEN;
	log_refusal(rq, "cancel", &answer);
	return GATEWAY_SILENT;
}

/* What the gateway's own description of a payment means for us. */
static enum gateway_word
judge(const struct req *rq, struct gateway *gw, const struct gateway_payment *p,
      const struct gateway_answer *answer, int64_t deadline_ms, const char **ret_why)
{
	switch (gateway_answer_payment(answer, p, ret_why)) {
	case PAYMENT_TAKEN:
		return GATEWAY_TAKEN;
	case PAYMENT_NOT_TAKEN:
		return GATEWAY_NOT_TAKEN;
	case PAYMENT_WRONG:
		return take_nothing(rq, gw, p, deadline_ms);
	case PAYMENT_OPEN:
		return GATEWAY_OPEN;
	default:
		return GATEWAY_SILENT;
	}
}

static enum gateway_word
look(const struct req *rq, struct gateway *gw, const struct gateway_payment *p, int64_t deadline_ms,
     const char **ret_why)
{
	struct gateway_answer answer;

	if (query(rq, gw, p->payment_key, deadline_ms, &answer))
		return GATEWAY_SILENT;
	if (answer.status == 200)
		return judge(rq, gw, p, &answer, deadline_ms, ret_why);
	if (answer.status == 404 && json_member_is(answer.json, "code", "NOT_FOUND_PAYMENT")) {
		*ret_why = gateway_answer_text(rq->arena, &answer);
		return GATEWAY_NOT_TAKEN;
	}
	log_refusal(rq, "query", &answer);
	return GATEWAY_SILENT;
}

static enum err
confirm(const struct req *rq, struct gateway *gw, const struct gateway_payment *p, int64_t deadline_ms,
	struct gateway_answer *ret_answer)
{
	struct json_object *body = out_object(rq->arena);

	out_str(body, "paymentKey", p->payment_key);
	out_str(body, "orderId", p->order_id);
	out_num(body, "amount", p->amount_won);
	return post(rq, gw, CALL_CONFIRM, "/v1/payments/confirm", body, p->order_id, deadline_ms, ret_answer);
}

/* Ask for the money, and where that did not tell what came of it, for the payment. */
static enum gateway_word
ask(const struct req *rq, struct gateway *gw, const struct gateway_payment *p, int64_t deadline_ms,
    const char **ret_why)
{
	struct gateway_answer answer = { .status = 0 };
	enum gateway_word word;
	enum err e = confirm(rq, gw, p, deadline_ms - LOOK_MS, &answer);

	if (e == OK && answer.status == 200) {
		word = judge(rq, gw, p, &answer, deadline_ms, ret_why);
		if (word == GATEWAY_TAKEN)
			return word;
	}
	word = look(rq, gw, p, deadline_ms, ret_why);
	if (e == OK && answer.status != 200) {
		log_refusal(rq, "confirm", &answer);
		if (word == GATEWAY_OPEN && gateway_answer_refusal(&answer) == REFUSAL_FINAL)
			word = GATEWAY_NOT_TAKEN;
		*ret_why = word == GATEWAY_NOT_TAKEN ? gateway_answer_text(rq->arena, &answer) : NULL;
	}
	return word;
}

enum gateway_word
gateway_settle(const struct req *rq, struct gateway *gw, const struct gateway_payment *payment,
	       enum gateway_step step, int64_t deadline_ms, const char **ret_why)
{
	enum gateway_word word = GATEWAY_OPEN;
	const char *why = NULL;

	*ret_why = NULL;
	if (!gateway_configured(gw))
		return GATEWAY_SILENT;
	if (step != GATEWAY_ASK)
		word = look(rq, gw, payment, deadline_ms, &why);
	if (word == GATEWAY_OPEN && step != GATEWAY_LOOK)
		word = ask(rq, gw, payment, deadline_ms, &why);
	if (word == GATEWAY_NOT_TAKEN)
		*ret_why = why;
	return word;
}

/* What the gateway's description of the payment says of it; of what it will not describe nothing is known. */
static enum answer_cancel
look_back(const struct req *rq, struct gateway *gw, const struct gateway_return *what, int64_t deadline_ms,
	  const char **ret_why)
{
	struct gateway_answer answer;

	if (query(rq, gw, what->payment_key, deadline_ms, &answer))
		return CANCEL_RUNNING;
	if (answer.status == 200 && json_member_is(answer.json, "paymentKey", what->payment_key))
		return gateway_answer_cancel(&answer, what->about, what->amount_won);
	log_refusal(rq, "query", &answer);
	if (answer.status != 200)
		*ret_why = gateway_answer_text(rq->arena, &answer);
	return CANCEL_RUNNING;
}

static enum gateway_back
ask_back(const struct req *rq, struct gateway *gw, const struct gateway_return *what, int64_t deadline_ms,
	 const char **ret_why)
{
	struct gateway_answer answer;

	if (cancel(rq, gw, what, deadline_ms, &answer))
		return GATEWAY_BACK_UNKNOWN;
	if (answer.status == 200)
		return gateway_answer_cancel(&answer, what->about, what->amount_won) == CANCEL_DONE
			   ? GATEWAY_BACK
			   : GATEWAY_BACK_UNKNOWN;
	log_refusal(rq, "cancel", &answer);
	*ret_why = gateway_answer_text(rq->arena, &answer);
	switch (gateway_answer_refusal(&answer)) {
	case REFUSAL_FINAL:
		return GATEWAY_BACK_REFUSED;
	case REFUSAL_FOR_NOW:
		return GATEWAY_BACK_LATER;
	default:
		return GATEWAY_BACK_UNKNOWN;
	}
}

enum gateway_back
gateway_give_back(const struct req *rq, struct gateway *gw, const struct gateway_return *what,
		  int64_t deadline_ms, const char **ret_why)
{
	enum answer_cancel known = CANCEL_NONE;

	*ret_why = NULL;
	if (!gateway_configured(gw))
		return GATEWAY_BACK_UNKNOWN;
	if (what->again)
		known = look_back(rq, gw, what, deadline_ms, ret_why);
	if (known != CANCEL_NONE)
		return known == CANCEL_DONE ? GATEWAY_BACK : GATEWAY_BACK_UNKNOWN;
	return ask_back(rq, gw, what, deadline_ms, ret_why);
}
