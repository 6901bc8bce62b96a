/*
 * What can go wrong, once for all programs: every failure a client can see is one value here and one row in err.c
 * with its status, public code and text (RFC 9457 problem documents are rendered from that row by resp.c).
 */
#ifndef ERR_H
#define ERR_H

enum err {
	OK = 0,
	/* 400: cannot be read */
	ERR_MALFORMED_REQUEST,
	ERR_MALFORMED_JSON,
	ERR_INVALID_CURSOR,
	ERR_IDEMPOTENCY_KEY_REQUIRED,
	/* 401: who is calling? */
	ERR_TOKEN_MISSING,
	ERR_TOKEN_INVALID,
	ERR_TOKEN_EXPIRED,
	ERR_BAD_CREDENTIALS,
	ERR_REFRESH_REUSED,
	/* 403: known caller, not allowed */
	ERR_FORBIDDEN,
	ERR_ACCOUNT_BLOCKED,
	/* 404, 405 */
	ERR_NOT_FOUND,
	ERR_CODE_UNKNOWN,
	ERR_METHOD_NOT_ALLOWED,
	/* 409: the state forbids it now */
	ERR_CONFLICT,
	ERR_CODE_CLAIMED,
	ERR_ALREADY_PAID,
	ERR_REQUEST_CANCELLED,
	ERR_ORDER_ID_TAKEN,
	ERR_INSUFFICIENT_LIMIT,
	ERR_INSUFFICIENT_POINTS,
	ERR_REFUND_TOO_LARGE,
	ERR_NOTHING_OWED,
	ERR_OLDER_BILL_FIRST,
	ERR_REPAYMENT_ENDED,
	ERR_AMOUNT_MISMATCH,
	ERR_GATEWAY_REFUSED,
	ERR_EXTENSION_CLOSED,
	ERR_ALREADY_CHECKED_IN,
	ERR_EMAIL_TAKEN,
	ERR_MONEY_OWED,
	ERR_TURN_IN_PROGRESS,
	ERR_TURN_CANCELLED,
	ERR_TURN_LOST,
	ERR_CONVERSATION_OVER,
	ERR_IDEMPOTENCY_IN_PROGRESS,
	ERR_WRONG_OFFSET,
	ERR_UPLOAD_UNFINISHED,
	ERR_UPLOAD_HANDED_IN,
	/* 410, 412 */
	ERR_CODE_EXPIRED,
	ERR_UPLOAD_EXPIRED,
	ERR_TUS_VERSION,
	/* 413, 415, 422, 429 */
	ERR_BODY_TOO_LARGE,
	ERR_UNSUPPORTED_MEDIA_TYPE,
	ERR_VALIDATION_FAILED,
	ERR_IDEMPOTENCY_KEY_REUSED,
	ERR_RATE_LIMITED,
	ERR_TOO_MANY_OPEN,
	ERR_TOO_MANY_UPLOADS,
	/* 500, 503, 507 */
	ERR_INTERNAL,
	ERR_UNAVAILABLE, /* PostgreSQL, Redis or another server does not answer: dependency_unavailable */
	ERR_OVERLOADED,	 /* no slot free for this kind of work */
	ERR_STORAGE_FULL,
	/* no reply: the client has left */
	ERR_CLIENT_GONE,
	ERR__MAX
};

struct err_row {
	int status;	       /* HTTP status */
	const char *code;      /* public, stable, snake_case */
	const char *title;     /* English, short */
	const char *detail_en; /* what to do about it */
	const char *detail_ko;
};

/** err_row(e): The row of ${e}; never NULL.  ${e} is not OK. */
const struct err_row *err_row(enum err e);

/** err_from_code(code): The value whose public code is ${code}; ERR_INTERNAL if there is none. */
enum err err_from_code(const char *code);

#endif
