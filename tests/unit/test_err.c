/* err.c: every failure has a row, and each code names one. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "text.h"

static void
test_rows(void **state)
{
	int e;

	(void)state;
	for (e = OK + 1; e < ERR__MAX; e++) {
		const struct err_row *row = err_row((enum err)e);

		assert_in_range(row->status, 400, 599);
		assert_int_equal(strspn(row->code, "abcdefghijklmnopqrstuvwxyz_"), strlen(row->code));
		assert_int_equal(err_from_code(row->code), e); /* so no code occurs twice */
		if (e == ERR_CLIENT_GONE)		       /* never sent */
			continue;
		assert_true(isupper((unsigned char)row->title[0]));
		assert_true(strlen(row->detail_en) > 0 && strlen(row->detail_ko) > 0);
		assert_true(text_is_utf8(row->detail_ko, strlen(row->detail_ko)));
	}
}

static void
test_public_codes(void **state)
{
	static const struct {
		enum err e;
		int status;
		const char *code;
	} cases[] = {
		{ ERR_MALFORMED_JSON, 400, "malformed_json" },
		{ ERR_INVALID_CURSOR, 400, "invalid_cursor" },
		{ ERR_IDEMPOTENCY_KEY_REQUIRED, 400, "idempotency_key_required" },
		{ ERR_TOKEN_MISSING, 401, "token_missing" },
		{ ERR_TOKEN_INVALID, 401, "token_invalid" },
		{ ERR_TOKEN_EXPIRED, 401, "token_expired" },
		{ ERR_BAD_CREDENTIALS, 401, "bad_credentials" },
		{ ERR_REFRESH_REUSED, 401, "refresh_reused" },
		{ ERR_FORBIDDEN, 403, "forbidden" },
		{ ERR_ACCOUNT_BLOCKED, 403, "account_blocked" },
		{ ERR_NOT_FOUND, 404, "not_found" },
		{ ERR_METHOD_NOT_ALLOWED, 405, "method_not_allowed" },
		{ ERR_CONFLICT, 409, "conflict" },
		{ ERR_EMAIL_TAKEN, 409, "email_taken" },
		{ ERR_MONEY_OWED, 409, "money_owed" },
		{ ERR_TURN_IN_PROGRESS, 409, "turn_in_progress" },
		{ ERR_IDEMPOTENCY_IN_PROGRESS, 409, "idempotency_in_progress" },
		{ ERR_BODY_TOO_LARGE, 413, "body_too_large" },
		{ ERR_UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type" },
		{ ERR_VALIDATION_FAILED, 422, "validation_failed" },
		{ ERR_IDEMPOTENCY_KEY_REUSED, 422, "idempotency_key_reused" },
		{ ERR_RATE_LIMITED, 429, "rate_limited" },
		{ ERR_UNAVAILABLE, 503, "dependency_unavailable" },
		{ ERR_OVERLOADED, 503, "overloaded" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(err_row(cases[i].e)->status, cases[i].status);
		assert_string_equal(err_row(cases[i].e)->code, cases[i].code);
	}
}

static void
test_unknown(void **state)
{
	(void)state;
	assert_int_equal(err_from_code("no_such_code"), ERR_INTERNAL);
	assert_int_equal(err_from_code(""), ERR_INTERNAL);
	assert_int_equal(err_row((enum err)(ERR__MAX + 1))->status, 500);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_public_codes),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
