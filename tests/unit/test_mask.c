/* mask.c: what is hidden, and what must not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "mask.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *text, *masked;
} rows[] = {
	{ "", "" },
	{ "캠핑 좋아해요", "캠핑 좋아해요" },
	/* Addresses, with Hangul right beside them. */
	{ "메일은 kim.moa+1@example.co.kr이에요", "메일은 [e-mail]이에요" },
	{ "메일은kim@example.com이고", "메일은[e-mail]이고" },
	{ "a@b, c@d", "[e-mail], [e-mail]" },
	{ "010-1234-5678@example.com", "[e-mail]" },
	{ "kim@@example.com", "kim@@example.com" },
	{ "@moa, moa@", "@moa, moa@" },
	{ "a@b@c@d", "[e-mail]@[e-mail]" },
	/* Numbers that belong to somebody. */
	{ "01012345678", "[number]" },
	{ "제 번호는 010-1234-5678이에요", "제 번호는 [number]이에요" },
	{ "010 1234 5678", "[number]" },
	{ "010.1234.5678", "[number]" },
	{ "02-123-4567", "[number]" },
	{ "950403-1234567", "[number]" },
	{ "1234 5678 9012 3456", "[number]" },
	{ "110-123-456789 국민", "[number] 국민" },
	{ "0１０-１２３４-５６７８", "[number]" },
	{ "a01012345678b", "a[number]b" },
	{ "010-1234-5678-", "[number]-" },
	{ "010-1234-5678, 010-8765-4321", "[number], [number]" },
	{ "-0101234567", "-[number]" },
	/* Prices, sizes, dates and short codes. */
	{ "3만원에서 50,000원", "3만원에서 50,000원" },
	{ "30000-50000원", "30000-50000원" },
	{ "30000 50000", "30000 50000" },
	{ "３００００-５００００", "３００００-５００００" },
	{ "1,234,567,890원", "1,234,567,890원" },
	{ "12345678", "12345678" },
	{ "2026-11-22에 1588-1200", "2026-11-22에 1588-1200" },
	{ "30000-50001", "[number]" },
	{ "123456789", "[number]" },
	{ "1--234567890123", "1--[number]" },
};

static void
test_rows(void **state)
{
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < COUNT(rows); i++)
		assert_string_equal(mask_text(&a, rows[i].text), rows[i].masked);
	arena_free(&a);
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *text, *masked;
	} amounts[] = {
		{ "", "" },
		{ "3만원 안에서 12개", "3만원 안에서 12개" },
		{ "지금 123,456원까지, 1,000점", "지금 [number]원까지, [number]점" },
		{ "12,3 or 1,2 or 123", "[number] or 1,2 or [number]" },
		{ "１２３원, 30000-50000", "[number]원, [number]-[number]" },
		{ "a,1,", "a,1," },
	};
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < COUNT(amounts); i++)
		assert_string_equal(mask_numbers(&a, amounts[i].text, 3), amounts[i].masked);
	assert_string_equal(mask_numbers(&a, "1 2 3", 1), "[number] [number] [number]");
	arena_free(&a);
}

/* The most that masking adds to a text still finds room. */
static void
test_growth(void **state)
{
	char text[4 * 1000 + 1] = "", want[9 * 1000 + 1] = "";
	char *t = text, *w = want;
	struct arena a;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		t = stpcpy(t, "a@b ");
		w = stpcpy(w, "[e-mail] ");
	}
	arena_init(&a);
	assert_string_equal(mask_text(&a, text), want);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
