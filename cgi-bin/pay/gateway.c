/*
 * Calling the payment gateway.  What a call has not answered is found out by asking for the payment itself; its status there
 * decides, never the fate of a call.  Every POST carries an Idempotency-Key, so that repeating it does nothing twice.
 */
#include <string.h>

#include <json-c/json.h>
#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "gateway.h"
#include "http.h"
#include "json.h"
#include "log.h"
#include "out.h"
#include "req.h"

/* A question that follows a call which has not been answered has so much of its time. */
enum { LOOK_MS = 500, REPLY_MAX = 8 << 20, SECRET_MAX = 200, KEY_MAX = 200 };

/* An answer: its status, and its JSON object or array. */
struct answer {
	int status;
	struct json_object *json;
};

static const char *
authorization(const struct req *rq, const struct gateway_conf *conf)
{
	const char *pair = arena_printf(rq->arena, "%s:", conf->secret_key);
	char text[sodium_base64_ENCODED_LEN(SECRET_MAX + 1, sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(text, sizeof(text), (const unsigned char *)pair, strlen(pair),
			  sodium_base64_VARIANT_ORIGINAL);
	return arena_printf(rq->arena, "Authorization: Basic %s", text);
}

/* Make one call.  Without an answer in JSON whatever it was about is unknown. */
static enum err
call(const struct req *rq, const struct gateway_conf *conf, const struct http_call *what, const char *key,
     struct answer *ret_answer)
{
	struct http_call http = *what;
	struct http_reply reply;
	const char *const headers[] = {
		authorization(rq, conf),
		"Content-Type: application/json",
		key ? arena_printf(rq->arena, "Idempotency-Key: %s", key) : NULL,
		NULL,
	};
	enum err e;

	http.url = arena_printf(rq->arena, "%s%s", conf->url, what->url);
	http.headers = headers;
	http.body_len = http.body ? strlen(http.body) : 0;
	http.reply_max = REPLY_MAX;
	e = http_run(rq, &http, &reply);
	if (e)
		return ERR_UNAVAILABLE;
	e = json_read(rq->arena, reply.body, reply.body_len, &ret_answer->json);
	if (e || !ret_answer->json) {
		log_event(LOG_WARN, "gateway", "id=%s status=%d msg=\"the answer is no JSON\"", rq->id,
			  reply.status);
		return ERR_UNAVAILABLE;
	}
	ret_answer->status = reply.status;
	return OK;
}

static enum err
get(const struct req *rq, const struct gateway_conf *conf, const char *path, int64_t deadline_ms,
    struct answer *ret_answer)
{
	const struct http_call http = { .method = "GET", .url = path, .deadline_ms = deadline_ms };

	return call(rq, conf, &http, NULL, ret_answer);
}

static enum err
post(const struct req *rq, const struct gateway_conf *conf, const char *path, struct json_object *body,
     const char *key, int64_t deadline_ms, struct answer *ret_answer)
{
	const struct http_call http = {
		.method = "POST", .url = path, .body = out_text(body), .deadline_ms = deadline_ms
	};

	return call(rq, conf, &http, key, ret_answer);
}

enum err
gateway_get(const struct req *rq, const struct gateway_conf *conf, const char *path, int64_t deadline_ms,
	    int *ret_status, struct json_object **ret_json)
{
	struct answer answer;
	enum err e = get(rq, conf, path, deadline_ms, &answer);

	if (e)
		return e;
	*ret_status = answer.status;
	*ret_json = answer.json;
	return OK;
}

/* What the gateway says of itself when it does not do what it was asked: "REJECT_CARD_PAYMENT: …". */
static const char *
refusal(const struct req *rq, const struct answer *answer)
{
	const char *code = json_member_text(answer->json, "code");
	const char *message = json_member_text(answer->json, "message");

	return arena_printf(rq->arena, "%d %.60s: %.200s", answer->status, code ? code : "",
			    message ? message : "");
}

static void
log_refusal(const struct req *rq, const char *what, const struct answer *answer)
{
	log_event(LOG_WARN, "gateway", "id=%s call=%s refused=\"%s\"", rq->id, what, refusal(rq, answer));
}

/* Is this refusal one of the request, for good?  The others may be of the time, of the keys, of a call that still runs. */
static bool
is_final(const struct answer *answer)
{
	return answer->status == 400 || answer->status == 403 || answer->status == 404 ||
	       answer->status == 422;
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
cancel(const struct req *rq, const struct gateway_conf *conf, const char *payment_key, const char *about,
       int64_t amount_won, int64_t deadline_ms, struct answer *ret_answer)
{
	struct json_object *body = out_object(rq->arena);

	out_str(body, "cancelReason", about);
	if (amount_won > 0)
		out_num(body, "cancelAmount", amount_won);
	return post(rq, conf, payment_path(rq, payment_key, "/cancel"), body, about, deadline_ms, ret_answer);
}

/* Taken, but not what we wanted: that goes back before anything is said of it. */
static enum gateway_word
take_nothing(const struct req *rq, const struct gateway_conf *conf, const struct gateway_payment *p,
	     int64_t deadline_ms, const char **ret_why)
{
	struct answer answer;

	log_event(LOG_ERROR, "gateway", "id=%s order=%s msg=\"taken in another amount: it goes back\"",
		  rq->id, p->order_id);
	if (cancel(rq, conf, p->payment_key, arena_printf(rq->arena, "%s-amount", p->order_id), 0,
		   deadline_ms, &answer))
		return GATEWAY_SILENT;
	if (answer.status != 200) {
		log_refusal(rq, "cancel", &answer);
		return GATEWAY_SILENT;
	}
	*ret_why = "taken in another amount, and given back";
	return GATEWAY_NOT_TAKEN;
}

/* What the gateway's own description of a payment means for us. */
static enum gateway_word
judge(const struct req *rq, const struct gateway_conf *conf, const struct gateway_payment *p,
      struct json_object *payment, int64_t deadline_ms, const char **ret_why)
{
	const char *status = json_member_text(payment, "status");

	if (!status || !json_member_is(payment, "paymentKey", p->payment_key))
		return GATEWAY_SILENT;
	if (!json_member_is(payment, "orderId", p->order_id)) {
		*ret_why = "a payment for another order";
		return GATEWAY_NOT_TAKEN;
	}
	if (strcmp(status, "DONE") == 0 || strcmp(status, "PARTIAL_CANCELED") == 0)
		return json_member_i64(payment, "totalAmount", -1) == p->amount_won
			   ? GATEWAY_TAKEN
			   : take_nothing(rq, conf, p, deadline_ms, ret_why);
	if (strcmp(status, "CANCELED") == 0 || strcmp(status, "ABORTED") == 0 ||
	    strcmp(status, "EXPIRED") == 0) {
		*ret_why = arena_strdup(rq->arena, status);
		return GATEWAY_NOT_TAKEN;
	}
	return GATEWAY_OPEN;
}

static enum gateway_word
look(const struct req *rq, const struct gateway_conf *conf, const struct gateway_payment *p,
     int64_t deadline_ms, const char **ret_why)
{
	struct answer answer;

	if (get(rq, conf, payment_path(rq, p->payment_key, ""), deadline_ms, &answer))
		return GATEWAY_SILENT;
	if (answer.status == 200)
		return judge(rq, conf, p, answer.json, deadline_ms, ret_why);
	if (answer.status == 404 && json_member_is(answer.json, "code", "NOT_FOUND_PAYMENT")) {
		*ret_why = refusal(rq, &answer);
		return GATEWAY_NOT_TAKEN;
	}
	log_refusal(rq, "query", &answer);
	return GATEWAY_SILENT;
}

static enum err
confirm(const struct req *rq, const struct gateway_conf *conf, const struct gateway_payment *p,
	int64_t deadline_ms, struct answer *ret_answer)
{
	struct json_object *body = out_object(rq->arena);

	out_str(body, "paymentKey", p->payment_key);
	out_str(body, "orderId", p->order_id);
	out_num(body, "amount", p->amount_won);
	return post(rq, conf, "/v1/payments/confirm", body, p->order_id, deadline_ms, ret_answer);
}

/* Ask for the money, and where that did not tell what came of it, for the payment. */
static enum gateway_word
ask(const struct req *rq, const struct gateway_conf *conf, const struct gateway_payment *p,
    int64_t deadline_ms, const char **ret_why)
{
	struct answer answer = { .status = 0 };
	enum gateway_word word;
	enum err e = confirm(rq, conf, p, deadline_ms - LOOK_MS, &answer);

	if (e == OK && answer.status == 200) {
		word = judge(rq, conf, p, answer.json, deadline_ms, ret_why);
		if (word == GATEWAY_TAKEN)
			return word;
	}
	word = look(rq, conf, p, deadline_ms, ret_why);
	if (e == OK && answer.status != 200) {
		log_refusal(rq, "confirm", &answer);
		if (word == GATEWAY_OPEN && is_final(&answer))
			word = GATEWAY_NOT_TAKEN;
		*ret_why = word == GATEWAY_NOT_TAKEN ? refusal(rq, &answer) : NULL;
	}
	return word;
}

enum gateway_word
gateway_settle(const struct req *rq, const struct gateway_conf *conf, const struct gateway_payment *payment,
	       enum gateway_step step, int64_t deadline_ms, const char **ret_why)
{
	enum gateway_word word = GATEWAY_OPEN;

	*ret_why = NULL;
	if (!conf->secret_key)
		return GATEWAY_SILENT;
	if (step != GATEWAY_ASK)
		word = look(rq, conf, payment, deadline_ms, ret_why);
	if (word == GATEWAY_OPEN && step != GATEWAY_LOOK)
		word = ask(rq, conf, payment, deadline_ms, ret_why);
	return word;
}

/* Is there a cancellation for this reason already? */
static bool
has_cancelled(struct json_object *payment, const char *about)
{
	struct json_object *cancels = NULL;
	size_t i;

	if (!json_object_object_get_ex(payment, "cancels", &cancels) ||
	    !json_object_is_type(cancels, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(cancels); i++)
		if (json_member_is(json_object_array_get_idx(cancels, i), "cancelReason", about))
			return true;
	return false;
}

enum err
gateway_give_back(const struct req *rq, const struct gateway_conf *conf, const char *payment_key,
		  const char *about, int64_t amount_won, bool again, int64_t deadline_ms)
{
	struct answer answer;
	enum err e;

	if (!conf->secret_key)
		return ERR_UNAVAILABLE;
	if (again) {
		e = get(rq, conf, payment_path(rq, payment_key, ""), deadline_ms, &answer);
		if (e)
			return e;
		if (answer.status == 200 && has_cancelled(answer.json, about))
			return OK;
	}
	e = cancel(rq, conf, payment_key, about, amount_won, deadline_ms, &answer);
	if (e)
		return e;
	if (answer.status == 200 && has_cancelled(answer.json, about))
		return OK;
	log_refusal(rq, "cancel", &answer);
	return is_final(&answer) ? ERR_GATEWAY_REFUSED : ERR_UNAVAILABLE;
}
