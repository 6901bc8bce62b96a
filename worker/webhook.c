/*
 * One delivery to a merchant's endpoint, in the form of Standard Webhooks (standardwebhooks.com): leased, sent, told
 * (sql/0016_webhook.sql).  No statement is open while the merchant is called; a worker that dies then leaves a lease that
 * runs out, and the event comes again under the same id.
 */
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "hook_secret.h"
#include "http.h"
#include "log.h"
#include "worker.h"

/* What merchants answer is not looked at; this much of it is let come. */
enum { REPLY_MAX = 64 * 1024, LOOK_MS = 250 };

/* Why there was no answer, as merchants are told. */
static const char *const faults[] = {
	[HTTP_FAULT_CONNECT] = "connect", [HTTP_FAULT_CUT] = "cut",   [HTTP_FAULT_FORMAT] = "format",
	[HTTP_FAULT_LARGE] = "large",	  [HTTP_FAULT_IDLE] = "idle", [HTTP_FAULT_DEADLINE] = "deadline",
	[HTTP_FAULT_TARGET] = "private",
};

/* "v1," and the base64 of HMAC-SHA256(secret, "id.timestamp.body"); NULL when the secret was made of another key than ours. */
static const char *
signature(struct worker *w, const struct db_result *row, const char *timestamp)
{
	struct arena *a = &w->arena;
	const char *id = db_str(row, 0, "event_id"), *body = db_str(row, 0, "body");
	unsigned char mac[crypto_auth_hmacsha256_BYTES], secret[HOOK_SECRET_LEN];
	char text[sodium_base64_ENCODED_LEN(sizeof(mac), sodium_base64_VARIANT_ORIGINAL)];
	const char *signed_text = arena_printf(a, "%s.%s.%s", id, timestamp, body);
	crypto_auth_hmacsha256_state state;
	size_t len = 0;

	if (!hook_secret(a, w->webhook_key, db_str(row, 0, "key_id"), db_bin(row, 0, "secret", &len), secret))
		return NULL;
	crypto_auth_hmacsha256_init(&state, secret, sizeof(secret));
	sodium_memzero(secret, sizeof(secret));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)signed_text, strlen(signed_text));
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_bin2base64(text, sizeof(text), mac, sizeof(mac), sodium_base64_VARIANT_ORIGINAL);
	return arena_printf(a, "v1,%s", text);
}

/* Send it.  The status it was answered with, or 0 and why there was none. */
static int
send_row(struct worker *w, const struct db_result *row, const char **ret_fault)
{
	const char *timestamp = arena_printf(&w->arena, "%lld", (long long)clock_unix_s());
	const char *signed_as = signature(w, row, timestamp);
	const char *const headers[] = {
		"Content-Type: application/json",
		arena_printf(&w->arena, "webhook-id: %s", db_str(row, 0, "event_id")),
		arena_printf(&w->arena, "webhook-timestamp: %s", timestamp),
		arena_printf(&w->arena, "webhook-signature: %s", signed_as),
		NULL,
	};
	struct http_trace trace = { HTTP_FAULT_NONE, 0 };
	struct http_call call = {
		.method = "POST",
		.url = db_str(row, 0, "url"),
		.headers = headers,
		.body = db_str(row, 0, "body"),
		.body_len = strlen(db_str(row, 0, "body")),
		.deadline_ms = clock_ms() + w->webhook_ms,
		.reply_max = REPLY_MAX,
		.public_only = !w->webhook_private,
		.trace = &trace,
	};
	struct http_reply reply;

	if (!signed_as) {
		log_event(LOG_ERROR, "webhook",
			  "endpoint=%s msg=\"MOA_WEBHOOK_KEY is not the one its secret was made of\"",
			  db_str(row, 0, "endpoint_id"));
		*ret_fault = "unsigned";
		return 0;
	}
	if (http_run(&w->job, &call, &reply) == OK)
		return reply.status;
	*ret_fault = faults[trace.fault];
	return 0;
}

static enum err
webhook_lease(struct worker *w, struct db_result *ret_row)
{
	worker_begin(w);
	return db_run(&w->job, WORKER_NEXT_DELIVERY, DB_NO_ARGS, ret_row);
}

static enum err
webhook_deliver(struct worker *w, const struct db_result *row)
{
	const char *fault = NULL, *became;
	int answer = send_row(w, row, &fault);
	struct db_result res;
	enum err e;

	worker_renew(w);
	e = db_run(&w->job, WORKER_DELIVERY_DONE,
		   DB_ARGS(db_text(db_str(row, 0, "id")), db_text(db_str(row, 0, "attempt")),
			   answer ? db_i64(&w->job, answer) : db_text(NULL), db_text(fault)),
		   &res);
	became = e ? "unknown" : db_str(&res, 0, "became");
	log_event(strcmp(became, "failed") == 0 ? LOG_WARN : LOG_INFO, "webhook",
		  "endpoint=%s event_id=%s attempt=%s answer=%d fault=%s result=%s",
		  db_str(row, 0, "endpoint_id"), db_str(row, 0, "event_id"), db_str(row, 0, "attempt"),
		  answer, fault ? fault : "-", became);
	return e;
}

const struct trade webhook_trade = { .look_ms = LOOK_MS, .lease = webhook_lease, .work = webhook_deliver };
