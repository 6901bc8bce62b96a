/* What the gateway's answers mean: each status of a payment, each kind of refusal, and whatever else may come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "arena.h"
#include "gateway.h"
#include "gateway_answer.h"
#include "json.h"
#include "text.h"

#define LENGTH(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct arena arena;

static struct gateway_answer
answer(int status, const char *json)
{
	struct gateway_answer a = { .status = status };

	assert_int_equal(json_read(&arena, json, strlen(json), &a.json), OK);
	return a;
}

#define PAYMENT(status, more)                                                                                \
	"{\"paymentKey\":\"key-1\",\"orderId\":\"moa-1\",\"totalAmount\":12900,\"currency\":\"KRW\","        \
	"\"status\":\"" status "\"" more "}"

static void
a_payment_is_what_its_status_says(void **state)
{
	static const struct {
		const char *json;
		enum answer_payment is;
		const char *why;
	} rows[] = {
		{ PAYMENT("DONE", ""), PAYMENT_TAKEN, NULL },
		{ PAYMENT("PARTIAL_CANCELED", ",\"balanceAmount\":900"), PAYMENT_TAKEN, NULL },
		{ PAYMENT("CANCELED", ",\"balanceAmount\":0"), PAYMENT_NOT_TAKEN, "CANCELED" },
		{ PAYMENT("ABORTED", ""), PAYMENT_NOT_TAKEN, "ABORTED" },
		{ PAYMENT("EXPIRED", ""), PAYMENT_NOT_TAKEN, "EXPIRED" },
		{ PAYMENT("READY", ""), PAYMENT_OPEN, NULL },
		{ PAYMENT("IN_PROGRESS", ""), PAYMENT_OPEN, NULL },
		{ PAYMENT("done", ""), PAYMENT_OPEN, NULL },
		{ PAYMENT("SOMETHING_NEW", ""), PAYMENT_OPEN, NULL },
		{ PAYMENT("WAITING_FOR_DEPOSIT", ""), PAYMENT_WRONG, "a deposit to come, and called off" },
		/* older versions name no currency */
		{ "{\"paymentKey\":\"key-1\",\"orderId\":\"moa-1\",\"totalAmount\":12900,\"status\":\"DONE\"}",
		  PAYMENT_TAKEN, NULL },
		/* not as we wanted it */
		{ "{\"paymentKey\":\"key-1\",\"orderId\":\"moa-1\",\"totalAmount\":12899,\"status\":\"DONE\"}",
		  PAYMENT_WRONG, "taken in another amount, and given back" },
		{ "{\"paymentKey\":\"key-1\",\"orderId\":\"moa-1\",\"totalAmount\":\"12900\",\"status\":\"DONE\"}",
		  PAYMENT_WRONG, "taken in another amount, and given back" },
		{ "{\"paymentKey\":\"key-1\",\"orderId\":\"moa-1\",\"status\":\"DONE\"}", PAYMENT_WRONG,
		  "taken in another amount, and given back" },
		{ "{\"paymentKey\":\"key-1\",\"orderId\":\"moa-1\",\"totalAmount\":12900,\"currency\":\"VND\","
		  "\"status\":\"DONE\"}",
		  PAYMENT_WRONG, "taken in another amount, and given back" },
		/* not ours, or nothing at all */
		{ "{\"paymentKey\":\"key-1\",\"orderId\":\"moa-2\",\"totalAmount\":12900,\"status\":\"DONE\"}",
		  PAYMENT_NOT_TAKEN, "a payment for another order" },
		{ "{\"paymentKey\":\"key-1\",\"totalAmount\":12900,\"status\":\"DONE\"}", PAYMENT_NOT_TAKEN,
		  "a payment for another order" },
		{ "{\"paymentKey\":\"key-2\",\"orderId\":\"moa-1\",\"totalAmount\":12900,\"status\":\"DONE\"}",
		  PAYMENT_NONE, NULL },
		{ "{\"orderId\":\"moa-1\",\"totalAmount\":12900,\"status\":\"DONE\"}", PAYMENT_NONE, NULL },
		{ "{\"paymentKey\":\"key-1\",\"orderId\":\"moa-1\",\"status\":null}", PAYMENT_NONE, NULL },
		{ "{\"code\":\"NOT_FOUND_PAYMENT\",\"message\":\"\"}", PAYMENT_NONE, NULL },
		{ "{}", PAYMENT_NONE, NULL },
		{ "[]", PAYMENT_NONE, NULL },
		{ "[" PAYMENT("DONE", "") "]", PAYMENT_NONE, NULL },
		{ "\"DONE\"", PAYMENT_NONE, NULL },
		{ "200", PAYMENT_NONE, NULL },
		{ "true", PAYMENT_NONE, NULL },
	};
	const struct gateway_payment p = { "key-1", "moa-1", 12900 };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		struct gateway_answer a = answer(200, rows[i].json);
		const char *why = NULL;

		if (gateway_answer_payment(&a, &p, &why) != rows[i].is)
			fail_msg("%s", rows[i].json);
		if (rows[i].why)
			assert_string_equal(why, rows[i].why);
		else
			assert_null(why);
	}
}

#define CANCEL(reason, amount, more) "{\"cancelReason\":\"" reason "\",\"cancelAmount\":" amount more "}"

static void
what_has_gone_back_is_found_by_its_reason(void **state)
{
	static const struct {
		const char *cancels;
		enum answer_cancel is;
	} rows[] = {
		{ "[" CANCEL("r-1", "500", ",\"cancelStatus\":\"DONE\"") "]", CANCEL_DONE },
		{ "[" CANCEL("r-1", "500", "") "]", CANCEL_DONE },
		{ "[" CANCEL("r-0", "500", "") "," CANCEL("r-1", "500", "") "]", CANCEL_DONE },
		{ "[" CANCEL("r-1", "500", ",\"cancelStatus\":\"IN_PROGRESS\"") "]", CANCEL_RUNNING },
		{ "[" CANCEL("r-1", "499", "") "]", CANCEL_NONE },
		{ "[" CANCEL("r-1", "\"500\"", "") "]", CANCEL_NONE },
		{ "[" CANCEL("r-2", "500", "") "]", CANCEL_NONE },
		{ "[\"r-1\",500,null]", CANCEL_NONE },
		{ "[]", CANCEL_NONE },
		{ "null", CANCEL_NONE },
		{ CANCEL("r-1", "500", ""), CANCEL_NONE },
		{ "\"r-1\"", CANCEL_NONE },
	};
	struct gateway_answer a;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		a = answer(200, arena_printf(&arena, "{\"cancels\":%s}", rows[i].cancels));
		if (gateway_answer_cancel(&a, "r-1", 500) != rows[i].is)
			fail_msg("%s", rows[i].cancels);
	}
	a = answer(200, "{\"cancels\":[" CANCEL("r-1", "499", "") "]}");
	assert_int_equal(gateway_answer_cancel(&a, "r-1", 0), CANCEL_DONE);
	a = answer(200, "[]");
	assert_int_equal(gateway_answer_cancel(&a, "r-1", 500), CANCEL_NONE);
}

static void
a_refusal_is_what_its_code_says(void **state)
{
	static const struct {
		int status;
		const char *code;
		enum answer_refusal is;
	} rows[] = {
		{ 400, "ALREADY_PROCESSED_PAYMENT", REFUSAL_FINAL },
		{ 400, "ALREADY_CANCELED_PAYMENT", REFUSAL_FINAL },
		{ 400, "REFUND_REJECTED", REFUSAL_FINAL },
		{ 400, "INVALID_REQUEST", REFUSAL_FINAL },
		{ 403, "NOT_CANCELABLE_AMOUNT", REFUSAL_FINAL },
		{ 403, "NOT_CANCELABLE_PAYMENT", REFUSAL_FINAL },
		{ 403, "EXCEED_MAX_REFUND_DUE", REFUSAL_FINAL },
		{ 403, "REJECT_CARD_PAYMENT", REFUSAL_FINAL },
		{ 404, "NOT_FOUND_PAYMENT", REFUSAL_FINAL },
		{ 404, "NOT_FOUND_PAYMENT_SESSION", REFUSAL_FINAL },
		{ 403, "FORBIDDEN_CONSECUTIVE_REQUEST", REFUSAL_FOR_NOW },
		{ 403, "NOT_AVAILABLE_BANK", REFUSAL_FOR_NOW },
		{ 400, "NOT_MATCHES_REFUNDABLE_AMOUNT", REFUSAL_FOR_NOW },
		{ 401, "UNAUTHORIZED_KEY", REFUSAL_FOR_NOW },
		{ 400, "INVALID_API_KEY", REFUSAL_FOR_NOW },
		{ 403, "INCORRECT_BASIC_AUTH_FORMAT", REFUSAL_FOR_NOW },
		{ 403, "FORBIDDEN_REQUEST", REFUSAL_FOR_NOW },
		{ 401, "SOMETHING_NEW", REFUSAL_FOR_NOW },
		{ 429, "TOO_MANY_REQUESTS", REFUSAL_FOR_NOW },
		{ 400, "PROVIDER_ERROR", REFUSAL_UNCLEAR },
		{ 409, "IDEMPOTENT_REQUEST_PROCESSING", REFUSAL_UNCLEAR },
		{ 409, "SOMETHING_NEW", REFUSAL_UNCLEAR },
		{ 500, "FAILED_INTERNAL_SYSTEM_PROCESSING", REFUSAL_UNCLEAR },
		{ 500, "FAILED_REFUND_PROCESS", REFUSAL_UNCLEAR },
		{ 503, "NOT_FOUND_PAYMENT", REFUSAL_UNCLEAR },
		{ 302, "ELSEWHERE", REFUSAL_UNCLEAR },
		{ 201, "CREATED", REFUSAL_UNCLEAR },
	};
	static const char *const nonsense[] = { "{}",
						"[]",
						"\"NOT_FOUND\"",
						"{\"code\":404}",
						"{\"code\":null}",
						"{\"error\":{\"code\":\"X\"}}" };
	struct gateway_answer a;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		a = answer(rows[i].status, arena_printf(&arena, "{\"code\":\"%s\"}", rows[i].code));
		if (gateway_answer_refusal(&a) != rows[i].is)
			fail_msg("%d %s", rows[i].status, rows[i].code);
	}
	/* A wall in front of the gateway may refuse in JSON, too: that is not the gateway's word. */
	for (i = 0; i < LENGTH(nonsense); i++) {
		a = answer(403, nonsense[i]);
		if (gateway_answer_refusal(&a) != REFUSAL_UNCLEAR)
			fail_msg("%s", nonsense[i]);
	}
}

static void
its_words_are_kept_short(void **state)
{
	struct gateway_answer a = answer(403, "{\"code\":\"REJECT_CARD_PAYMENT\",\"message\":\"한도초과\"}");
	const char *text = gateway_answer_text(&arena, &a);
	const char *message = "a";
	int i;

	(void)state;
	assert_string_equal(text, "403 REJECT_CARD_PAYMENT: 한도초과");
	a = answer(500, "[]");
	assert_string_equal(gateway_answer_text(&arena, &a), "500 : ");
	/* No character is cut in two: PostgreSQL would not take it. */
	for (i = 0; i < 100; i++)
		message = arena_printf(&arena, "%s가", message);
	a = answer(403, arena_printf(&arena, "{\"code\":\"X\",\"message\":\"%s\"}", message));
	text = gateway_answer_text(&arena, &a);
	assert_true(text_is_utf8(text, strlen(text)));
	assert_in_range(strlen(text), 150, 210);
}

static int
set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_payment_is_what_its_status_says),
		cmocka_unit_test(what_has_gone_back_is_found_by_its_reason),
		cmocka_unit_test(a_refusal_is_what_its_code_says),
		cmocka_unit_test(its_words_are_kept_short),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
