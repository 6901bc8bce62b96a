/* fault.c: every fault has a code, and a message in both languages that names what the caller needs to know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fault.h"
#include "fields.h"
#include "request.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The one fault noted, in the language asked for; it lives until request_end. */
static const struct resp_fault *
note(struct request *r, bool korean, const struct field *field, enum fault fault)
{
	request_begin(r, 1000);
	r->rq.korean = korean;
	fault_note(&r->rq, &r->rs, "given", field, fault);
	assert_int_equal(r->rs.nfaults, 1);
	assert_string_equal(r->rs.faults->field, "given");
	return r->rs.faults;
}

static void
test_messages(void **state)
{
	static const struct field text = { "text", F_LINE, 0, 2, 50 },
				  number = { "number", F_I64, 0, -5, 100 }, day = { "day", F_DATE },
				  list = { "list", F_LINES, 0, 1, 3 },
				  word = { .name = "word", .type = F_CHOICE, .choices = "ko|en|ja" };
	static const struct {
		enum fault fault;
		const struct field *field;
		const char *code, *named; /* what stands in the message, in either language */
	} cases[] = {
		{ FAULT_REQUIRED, &text, "required", "" },
		{ FAULT_UNKNOWN_FIELD, NULL, "unknown_field", "" },
		{ FAULT_REPEATED_FIELD, &text, "repeated_field", "" },
		{ FAULT_NOT_A_CHOICE, &word, "not_a_choice", "ko, en, ja" },
		{ FAULT_CONTROL_CHARACTERS, &text, "control_characters", "" },
		{ FAULT_BLANK, &text, "blank", "" },
		{ FAULT_BAD_FORMAT, &day, "bad_format", "YYYY-MM-DD" },
		{ FAULT_TOO_SHORT, &text, "too_short", "2" },
		{ FAULT_TOO_LONG, &text, "too_long", "50" },
		{ FAULT_TOO_SMALL, &number, "too_small", "-5" },
		{ FAULT_TOO_LARGE, &number, "too_large", "100" },
		{ FAULT_TOO_FEW, &list, "too_short", "1" },
		{ FAULT_TOO_MANY, &list, "too_long", "3" },
		{ FAULT_NOT_AN_OBJECT, NULL, "wrong_type", "JSON" },
	};
	struct request english, korean;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		const struct resp_fault *en = note(&english, false, cases[i].field, cases[i].fault);
		const struct resp_fault *ko = note(&korean, true, cases[i].field, cases[i].fault);

		assert_string_equal(en->code, cases[i].code);
		assert_string_equal(ko->code, cases[i].code);
		assert_non_null(strstr(en->message, cases[i].named));
		assert_non_null(strstr(ko->message, cases[i].named));
		assert_string_not_equal(en->message, ko->message);
		request_end(&english);
		request_end(&korean);
	}
}

static void
test_every_type_has_a_name(void **state)
{
	struct request r;
	int type;

	(void)state;
	for (type = F_LINE; type <= F_NOTES; type++) {
		const struct field field = { "given", (enum field_type)type };

		assert_null(strstr(note(&r, false, &field, FAULT_WRONG_TYPE)->message, "null"));
		request_end(&r);
		assert_null(strstr(note(&r, true, &field, FAULT_WRONG_TYPE)->message, "null"));
		request_end(&r);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_every_type_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
