/* How products found elsewhere meet the wish: bounds, what was turned down, fit and order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fit.h"

#define LENGTH(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct prices prices = { .cap_won = 30000, .floor_won = 10000, .aim_won = 20000 };

static struct product
thing(const char *id, int64_t price_won, const char *colour)
{
	return (struct product){ .id = id,
				 .name_ko = "소리결 무선 이어폰",
				 .name_en = "Sorigyeol Earbuds",
				 .brand = "Sorigyeol",
				 .category_ko = "이어폰",
				 .category_en = "이어폰",
				 .colour = colour,
				 .price_won = price_won };
}

static void
bounds_are_kept(void **state)
{
	static const struct {
		int64_t price_won;
		bool affordable;
	} rows[] = { { 9999, false },  { 10000, true }, { 30000, true },
		     { 30001, false }, { 0, false },	{ -1, false } };
	const struct prices none = { .cap_won = 30000 };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		struct product p = thing("a", rows[i].price_won, NULL);

		assert_int_equal(fit_affordable(&p, &prices), rows[i].affordable);
	}
	assert_false(fit_affordable(&(struct product){ .price_won = 0 }, &none));
}

static void
what_was_turned_down_is_unwanted(void **state)
{
	static const struct {
		const char *not_brands, *not_words;
		bool unwanted;
	} rows[] = {
		{ "", "", false },	   { "sorigyeol", "", true }, { "narin|sorigyeol", "", true },
		{ "sori", "", false },	   { "", "이어폰", true },    { "", "earbuds", true },
		{ "", "캠핑|무선", true }, { "", "캠핑", false },     { "", "|", false },
	};
	struct product p = thing("a", 20000, NULL);
	struct flow flow;
	size_t i;

	(void)state;
	flow_init(&flow);
	for (i = 0; i < LENGTH(rows); i++) {
		flow.not_brands = rows[i].not_brands;
		flow.not_words = rows[i].not_words;
		assert_int_equal(fit_unwanted(&p, &flow), rows[i].unwanted);
	}
	/* Who names no brand is of none. */
	p.brand = "";
	flow.not_words = "";
	flow.not_brands = "|a";
	assert_false(fit_unwanted(&p, &flow));
}

static void
fits_are_told(void **state)
{
	static const struct {
		const char *colour, *not_colours, *has;
		int64_t below_won, floor_won, price_won;
		bool near;
		int fit;
	} rows[] = {
		{ "", "", NULL, 0, 0, 20000, false, FIT_EXACT },
		{ "red", "", "red", 0, 0, 20000, false, FIT_EXACT },
		{ "red", "", "blue", 0, 0, 20000, false, FIT_NOT_COLOUR },
		{ "red", "", NULL, 0, 0, 20000, false, FIT_NOT_COLOUR },
		{ "", "red|blue", "blue", 0, 0, 20000, false, FIT_NOT_COLOUR },
		{ "", "red|blue", "green", 0, 0, 20000, false, FIT_EXACT },
		{ "", "red", NULL, 0, 0, 20000, false, FIT_NOT_COLOUR },
		{ "", "", NULL, 20000, 0, 20000, false, FIT_NOT_PRICE },
		{ "", "", NULL, 20001, 0, 20000, false, FIT_EXACT },
		{ "", "", NULL, 0, 20001, 20000, false, FIT_NOT_PRICE },
		{ "red", "", "blue", 20000, 0, 20000, false, FIT_NOT_PRICE },
		{ "", "", NULL, 0, 0, 20000, true, FIT_NEARBY },
	};
	struct flow flow;
	size_t i;

	(void)state;
	flow_init(&flow);
	for (i = 0; i < LENGTH(rows); i++) {
		struct product p = thing("a", rows[i].price_won, rows[i].has);

		flow.colour = rows[i].colour;
		flow.not_colours = rows[i].not_colours;
		flow.below_won = rows[i].below_won;
		flow.floor_won = rows[i].floor_won;
		fit_judge(&p, &flow, &prices, rows[i].near, 0, 10);
		assert_int_equal(p.fit, rows[i].fit);
	}
}

static void
the_best_come_first(void **state)
{
	struct product found[] = { thing("near", 20000, NULL), thing("far", 29000, NULL),
				   thing("close", 20000, NULL), thing("late", 20000, NULL) };
	static const char *const order[] = { "close", "far", "late", "near" };
	struct flow flow;
	size_t i;

	(void)state;
	flow_init(&flow);
	fit_judge(&found[0], &flow, &prices, true, 0, 10);
	fit_judge(&found[1], &flow, &prices, false, 0, 10);
	fit_judge(&found[2], &flow, &prices, false, 0, 10);
	fit_judge(&found[3], &flow, &prices, false, 9, 10);
	fit_sort(found, LENGTH(found));
	for (i = 0; i < LENGTH(found); i++)
		assert_string_equal(found[i].id, order[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_are_kept),
		cmocka_unit_test(what_was_turned_down_is_unwanted),
		cmocka_unit_test(fits_are_told),
		cmocka_unit_test(the_best_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
