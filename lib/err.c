/* The one table from what went wrong to what a client is told. */
#include <assert.h>
#include <string.h>

#include "err.h"

/* One row: status, code, title, then the detail in English and in Korean. */
/* clang-format off */
static const struct err_row rows[] = {
	[ERR_MALFORMED_REQUEST] = { 400, "malformed_request", "Malformed request",
	  "The path, query or headers cannot be read. Check the percent-encoding and that the body is complete.",
	  "요청을 읽을 수 없어요. 주소와 헤더, 본문이 온전한지 확인해 주세요." },
	[ERR_MALFORMED_JSON] = { 400, "malformed_json", "Malformed JSON",
	  "The body is not one well-formed JSON object in UTF-8 with unique keys.",
	  "본문이 올바른 JSON(UTF-8, 중복 키 없음)이 아니에요." },
	[ERR_INVALID_CURSOR] = { 400, "invalid_cursor", "Invalid cursor",
	  "Use the next_cursor of the previous page as it is, or start without one.",
	  "이전 페이지의 next_cursor를 그대로 보내거나, 처음부터 다시 조회해 주세요." },
	[ERR_IDEMPOTENCY_KEY_REQUIRED] = { 400, "idempotency_key_required", "Idempotency-Key required",
	  "Send an Idempotency-Key header of 1 to 255 visible characters, new for each operation.",
	  "작업마다 새로운 Idempotency-Key 헤더(보이는 문자 1~255자)를 보내 주세요." },
	[ERR_TOKEN_MISSING] = { 401, "token_missing", "Not signed in",
	  "Sign in and send the access token as Authorization: Bearer.",
	  "로그인이 필요해요. 액세스 토큰을 Authorization: Bearer로 보내 주세요." },
	[ERR_TOKEN_INVALID] = { 401, "token_invalid", "Token not valid",
	  "This token is not one of ours or has been revoked. Sign in again.",
	  "사용할 수 없는 토큰이에요. 다시 로그인해 주세요." },
	[ERR_TOKEN_EXPIRED] = { 401, "token_expired", "Token expired",
	  "Refresh the access token, or sign in again.",
	  "토큰이 만료됐어요. 토큰을 갱신하거나 다시 로그인해 주세요." },
	[ERR_BAD_CREDENTIALS] = { 401, "bad_credentials", "E-mail or password wrong",
	  "The e-mail or the password is not right.",
	  "이메일 또는 비밀번호가 맞지 않아요." },
	[ERR_REFRESH_REUSED] = { 401, "refresh_reused", "Refresh token used twice",
	  "This refresh token had been used before, so the whole session was ended. Sign in again.",
	  "이미 사용한 갱신 토큰이라 안전을 위해 로그인을 끝냈어요. 다시 로그인해 주세요." },
	[ERR_FORBIDDEN] = { 403, "forbidden", "Not allowed",
	  "This account may not do that.",
	  "이 계정으로는 할 수 없는 일이에요." },
	[ERR_ACCOUNT_BLOCKED] = { 403, "account_blocked", "Account blocked",
	  "Payments are overdue. Repay them and the account works again at once.",
	  "연체된 금액이 있어 이용이 제한됐어요. 상환하면 바로 풀려요." },
	[ERR_NOT_FOUND] = { 404, "not_found", "Not found",
	  "There is nothing here, or it is not yours.",
	  "찾을 수 없어요." },
	[ERR_CODE_UNKNOWN] = { 404, "code_unknown", "No such code",
	  "No payment waits for this code. Check the digits, or ask the shop for a new one.",
	  "이 코드로 기다리는 결제가 없어요. 숫자를 확인하거나 가게에 새 코드를 요청해 주세요." },
	[ERR_METHOD_NOT_ALLOWED] = { 405, "method_not_allowed", "Method not allowed",
	  "Use one of the methods in the Allow header.",
	  "Allow 헤더에 있는 메서드를 사용해 주세요." },
	[ERR_CONFLICT] = { 409, "conflict", "Conflict",
	  "The state has changed meanwhile. Read it again and retry.",
	  "그 사이 상태가 바뀌었어요. 다시 조회한 뒤 시도해 주세요." },
	[ERR_CODE_CLAIMED] = { 409, "code_claimed", "Code taken",
	  "Somebody else has claimed this payment already. Ask the shop for a new code.",
	  "다른 분이 먼저 확인한 결제예요. 가게에 새 코드를 요청해 주세요." },
	[ERR_ALREADY_PAID] = { 409, "already_paid", "Already paid",
	  "This has been paid. Refund the payment if it is to be undone.",
	  "이미 결제가 끝났어요. 되돌리려면 환불을 이용해 주세요." },
	[ERR_REQUEST_CANCELLED] = { 409, "request_cancelled", "Cancelled by the shop",
	  "The shop has cancelled this payment. Nothing was charged.",
	  "가게에서 취소한 결제예요. 청구된 금액은 없어요." },
	[ERR_ORDER_ID_TAKEN] = { 409, "order_id_taken", "Order exists",
	  "There is a request for this order_id that is open or paid. Read it by order_id, or cancel it first.",
	  "이 order_id로 진행 중이거나 결제된 요청이 있어요. order_id로 조회하거나 먼저 취소해 주세요." },
	[ERR_INSUFFICIENT_LIMIT] = { 409, "insufficient_limit", "Limit too small",
	  "This is more than what is left of the limit. Repay something, or use points.",
	  "남은 한도보다 큰 금액이에요. 일부를 상환하거나 포인트를 사용해 주세요." },
	[ERR_INSUFFICIENT_POINTS] = { 409, "insufficient_points", "Not enough points",
	  "There are fewer points than that.",
	  "보유한 포인트보다 많아요." },
	[ERR_REFUND_TOO_LARGE] = { 409, "refund_too_large", "More than is left",
	  "A refund cannot exceed what is left of the payment.",
	  "환불할 수 있는 남은 금액보다 커요." },
	[ERR_NOTHING_OWED] = { 409, "nothing_owed", "Nothing owed",
	  "There is nothing to repay here.",
	  "갚을 금액이 없어요." },
	[ERR_OLDER_BILL_FIRST] = { 409, "older_bill_first", "Older bill first",
	  "Repay the older month first.",
	  "이전 달 금액을 먼저 상환해 주세요." },
	[ERR_REPAYMENT_ENDED] = { 409, "repayment_ended", "Repayment over",
	  "This repayment has run out, failed or been replaced. Start a new one; nothing was charged.",
	  "이 상환은 끝났어요. 청구된 금액은 없으니 새로 시작해 주세요." },
	[ERR_AMOUNT_MISMATCH] = { 409, "amount_mismatch", "Amounts differ",
	  "The amount or order differs from what was to be repaid. Nothing was charged.",
	  "상환하려던 금액이나 주문과 달라요. 청구된 금액은 없어요." },
	[ERR_GATEWAY_REFUSED] = { 409, "gateway_refused", "Refused by the bank",
	  "The payment company has refused this. Try again or choose another way to pay.",
	  "결제사에서 승인하지 않았어요. 다시 시도하거나 다른 결제 수단을 이용해 주세요." },
	[ERR_EXTENSION_CLOSED] = { 409, "extension_closed", "No extension now",
	  "Only the bill of last month can be extended, once, from the 1st to the 15th.",
	  "지난달 금액만 1일부터 15일 사이에 한 번 연장할 수 있어요." },
	[ERR_ALREADY_CHECKED_IN] = { 409, "already_checked_in", "Checked in today",
	  "Come again tomorrow: once a day, by the time of Seoul.",
	  "오늘은 이미 출석했어요. 내일 다시 만나요." },
	[ERR_EMAIL_TAKEN] = { 409, "email_taken", "E-mail taken",
	  "There is an account with this e-mail already. Sign in, or use another address.",
	  "이미 가입된 이메일이에요. 로그인하거나 다른 이메일을 사용해 주세요." },
	[ERR_MONEY_OWED] = { 409, "money_owed", "Money owed",
	  "Repay what is owed first; then the account can be closed.",
	  "갚을 금액이 남아 있어요. 모두 상환한 뒤 탈퇴할 수 있어요." },
	[ERR_TURN_IN_PROGRESS] = { 409, "turn_in_progress", "Another message is being answered",
	  "Wait for the reply to the previous message, then send this one again.",
	  "이전 메시지에 답하는 중이에요. 답이 온 뒤 다시 보내 주세요." },
	[ERR_TURN_CANCELLED] = { 409, "turn_cancelled", "The turn was stopped",
	  "Nothing of it was kept. Send the message again, or another one.",
	  "답변을 멈췄어요. 이 메시지는 남지 않았으니 다시 보내거나 다른 말을 걸어 주세요." },
	[ERR_TURN_LOST] = { 409, "turn_lost", "The answer was cut off",
	  "Nothing of it was kept. Send the message again with the same client_message_id.",
	  "답변이 중간에 끊겨 남지 않았어요. 같은 client_message_id로 다시 보내 주세요." },
	[ERR_CONVERSATION_OVER] = { 409, "conversation_over", "Conversation over",
	  "This conversation has ended. Start a new one.",
	  "끝난 대화예요. 새 대화를 시작해 주세요." },
	[ERR_IDEMPOTENCY_IN_PROGRESS] = { 409, "idempotency_in_progress", "First request still running",
	  "A request with this Idempotency-Key is still running. Retry in a moment with the same key.",
	  "같은 Idempotency-Key의 요청을 처리하고 있어요. 잠시 뒤 같은 키로 다시 시도해 주세요." },
	[ERR_CODE_EXPIRED] = { 410, "code_expired", "Code has run out",
	  "Codes live for 120 seconds. Ask the shop for a new one.",
	  "코드의 유효 시간(120초)이 지났어요. 가게에 새 코드를 요청해 주세요." },
	[ERR_BODY_TOO_LARGE] = { 413, "body_too_large", "Body too large",
	  "The body is larger than this call accepts.",
	  "본문이 너무 커요." },
	[ERR_UNSUPPORTED_MEDIA_TYPE] = { 415, "unsupported_media_type", "Unsupported media type",
	  "Send the body as Content-Type: application/json.",
	  "본문을 Content-Type: application/json으로 보내 주세요." },
	[ERR_VALIDATION_FAILED] = { 422, "validation_failed", "Some fields are wrong",
	  "See errors for each field.",
	  "입력한 내용을 확인해 주세요." },
	[ERR_IDEMPOTENCY_KEY_REUSED] = { 422, "idempotency_key_reused", "Idempotency-Key reused",
	  "This Idempotency-Key was used for a different request. Use a new one.",
	  "다른 요청에 사용한 Idempotency-Key예요. 새 키를 사용해 주세요." },
	[ERR_RATE_LIMITED] = { 429, "rate_limited", "Too many requests",
	  "Wait as long as Retry-After says, then try again.",
	  "요청이 너무 많아요. 잠시 뒤 다시 시도해 주세요." },
	[ERR_INTERNAL] = { 500, "internal", "Internal error",
	  "Something went wrong on our side. Tell support the request_id.",
	  "서버에 문제가 생겼어요. 고객센터에 request_id를 알려 주세요." },
	[ERR_UNAVAILABLE] = { 503, "dependency_unavailable", "Temporarily unavailable",
	  "A part of the system does not answer. Try again in a moment.",
	  "잠시 이용할 수 없어요. 조금 뒤 다시 시도해 주세요." },
	[ERR_OVERLOADED] = { 503, "overloaded", "Too busy",
	  "There is too much of this kind of work just now. Try again as Retry-After says.",
	  "지금은 이용자가 많아요. 잠시 뒤 다시 시도해 주세요." },
	/* Never sent; 499 is what the log shows for a client that left, as nginx does. */
	[ERR_CLIENT_GONE] = { 499, "client_gone", "Client gone", "", "" },
};
/* clang-format on */

static_assert(sizeof(rows) / sizeof(rows[0]) == ERR__MAX, "every enum err has a row");

const struct err_row *
err_row(enum err e)
{
	if (e <= OK || e >= ERR__MAX || !rows[e].code)
		return &rows[ERR_INTERNAL];
	return &rows[e];
}

enum err
err_from_code(const char *code)
{
	int e;

	for (e = OK + 1; e < ERR__MAX; e++)
		if (strcmp(rows[e].code, code) == 0)
			return (enum err)e;
	return ERR_INTERNAL;
}
