/*
 * Reading the gateway's answers, in the shape of Toss Payments' API: a payment with its status and cancellations, or
 * {code, message}.  Whatever is not plainly said counts as not said.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "gateway.h"
#include "gateway_answer.h"
#include "json.h"
#include "text.h"

enum { CODE_MAX = 60, MESSAGE_MAX = 200 };

static bool
is_among(const char *word, const char *const *words)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

/* All of it, in our currency?  Older answers name none. */
static bool
is_ours(struct json_object *payment, const struct gateway_payment *p)
{
	const char *currency = json_member_text(payment, "currency");

	return json_member_i64(payment, "totalAmount", -1) == p->amount_won &&
	       (!currency || strcmp(currency, "KRW") == 0);
}

enum answer_payment
gateway_answer_payment(const struct gateway_answer *answer, const struct gateway_payment *p,
		       const char **ret_why)
{
	static const char *const taken[] = { "DONE", "PARTIAL_CANCELED", NULL };
	static const char *const ended[] = { "CANCELED", "ABORTED", "EXPIRED", NULL };
	const char *status = json_member_text(answer->json, "status");

	if (!status || !json_member_is(answer->json, "paymentKey", p->payment_key))
		return PAYMENT_NONE;
	if (!json_member_is(answer->json, "orderId", p->order_id)) {
		*ret_why = "a payment for another order";
		return PAYMENT_NOT_TAKEN;
	}
	if (is_among(status, taken)) {
		if (is_ours(answer->json, p))
			return PAYMENT_TAKEN;
		*ret_why = "taken in another amount, and given back";
		return PAYMENT_WRONG;
	}
	if (is_among(status, ended)) {
		*ret_why = status;
		return PAYMENT_NOT_TAKEN;
	}
	/* A virtual account: whether and when somebody pays into it would be open for days. */
	if (strcmp(status, "WAITING_FOR_DEPOSIT") == 0) {
		*ret_why = "a deposit to come, and called off";
		return PAYMENT_WRONG;
	}
	return PAYMENT_OPEN;
}

static bool
is_for(struct json_object *cancel, const char *about, int64_t amount_won)
{
	return json_member_is(cancel, "cancelReason", about) &&
	       (amount_won == 0 || json_member_i64(cancel, "cancelAmount", -1) == amount_won);
}

enum answer_cancel
gateway_answer_cancel(const struct gateway_answer *answer, const char *about, int64_t amount_won)
{
	struct json_object *cancels = NULL, *cancel;
	const char *status;
	size_t i;

	if (!json_object_object_get_ex(answer->json, "cancels", &cancels) ||
	    !json_object_is_type(cancels, json_type_array))
		return CANCEL_NONE;
	for (i = 0; i < json_object_array_length(cancels); i++) {
		cancel = json_object_array_get_idx(cancels, i);
		if (!is_for(cancel, about, amount_won))
			continue;
		status = json_member_text(cancel, "cancelStatus");
		return !status || strcmp(status, "DONE") == 0 ? CANCEL_DONE : CANCEL_RUNNING;
	}
	return CANCEL_NONE;
}

enum answer_refusal
gateway_answer_refusal(const struct gateway_answer *answer)
{
	static const char *const unclear[] = { "PROVIDER_ERROR", "IDEMPOTENT_REQUEST_PROCESSING", NULL };
	static const char *const for_now[] = {
		"FORBIDDEN_CONSECUTIVE_REQUEST",
		"NOT_AVAILABLE_BANK",
		"NOT_MATCHES_REFUNDABLE_AMOUNT",
		/* our keys are at fault, not what they came with */
		"UNAUTHORIZED_KEY",
		"INVALID_API_KEY",
		"INVALID_AUTHORIZE_AUTH",
		"INCORRECT_BASIC_AUTH_FORMAT",
		"FORBIDDEN_REQUEST",
		NULL,
	};
	const char *code = json_member_text(answer->json, "code");

	if (!code || is_among(code, unclear))
		return REFUSAL_UNCLEAR;
	if (is_among(code, for_now))
		return REFUSAL_FOR_NOW;
	switch (answer->status) {
	case 400:
	case 403:
	case 404:
	case 422:
		return REFUSAL_FINAL;
	case 401:
	case 429:
		return REFUSAL_FOR_NOW;
	default:
		return REFUSAL_UNCLEAR;
	}
}

const char *
gateway_answer_text(struct arena *a, const struct gateway_answer *answer)
{
	const char *code = json_member_text(answer->json, "code");
	const char *message = json_member_text(answer->json, "message");

	return arena_printf(a, "%d %s: %s", answer->status, text_cut(a, code ? code : "", CODE_MAX),
			    text_cut(a, message ? message : "", MESSAGE_MAX));
}
