/* Products as JSON between turns, and what is kept of a search for "more". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "chatbot.h"

#define LENGTH(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct product tent = {
	.id = "camping-01",
	.name_ko = "들녘집 \"낮은\" 의자",
	.name_en = "Low chair",
	.brand = "Deul|nyeok",
	.category = "camping",
	.category_ko = "캠핑",
	.category_en = "Camping",
	.colour = "red",
	.price_won = 26900,
	.mall = "도토리마트",
	.url = "https://mall.example/1?a=b&c",
	.image_url = "/images/camping.svg",
	.reason_ko = "가벼워요.",
	.reason_en = "Light.",
	.fit = FIT_NOT_COLOUR,
	.score = 1.25,
};

/* The product with another id, and without a colour. */
static struct product
called(const char *id)
{
	struct product p = tent;

	p.id = id;
	p.colour = NULL;
	return p;
}

static void
assert_same(const struct product *is, const struct product *should)
{
	assert_string_equal(is->id, should->id);
	assert_string_equal(is->name_ko, should->name_ko);
	assert_string_equal(is->name_en, should->name_en);
	assert_string_equal(is->brand, should->brand);
	assert_string_equal(is->category, should->category);
	assert_string_equal(is->category_ko, should->category_ko);
	assert_string_equal(is->category_en, should->category_en);
	assert_int_equal(!is->colour, !should->colour);
	if (is->colour)
		assert_string_equal(is->colour, should->colour);
	assert_int_equal(is->price_won, should->price_won);
	assert_string_equal(is->mall, should->mall);
	assert_string_equal(is->url, should->url);
	assert_string_equal(is->image_url, should->image_url);
	assert_string_equal(is->reason_ko, should->reason_ko);
	assert_string_equal(is->reason_en, should->reason_en);
	assert_int_equal(is->fit, should->fit);
	assert_true(is->score > should->score - 1e-5 && is->score < should->score + 1e-5);
}

static void
products_come_back_whole(void **state)
{
	const struct product before[] = { tent, called("naver:123") };
	struct product after[3];
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(product_list_read(&a, product_list_json(&a, before, 2), after, 3), 2);
	assert_same(&after[0], &before[0]);
	assert_same(&after[1], &before[1]);
	assert_int_equal(product_list_read(&a, product_list_json(&a, before, 0), after, 3), 0);
	arena_free(&a);
}

static void
no_more_are_read_than_there_is_room_for(void **state)
{
	const struct product before[] = { called("a"), called("b"), called("c") };
	struct product after[3] = { 0 };
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(product_list_read(&a, product_list_json(&a, before, 3), after, 2), 2);
	assert_string_equal(after[1].id, "b");
	assert_null(after[2].id);
	arena_free(&a);
}

static void
what_is_no_product_is_passed_over(void **state)
{
	static const char *const none[] = {
		"", "null", "{}", "[", "[1,null,\"x\",[]]", "[{}]", "[{\"id\":\"a\"}]", "nonsense",
	};
	struct product after[3], free_of_charge = tent;
	struct arena a;
	const char *json;
	size_t i;

	(void)state;
	arena_init(&a);
	assert_int_equal(product_list_read(&a, NULL, after, 3), 0);
	for (i = 0; i < LENGTH(none); i++)
		assert_int_equal(product_list_read(&a, none[i], after, 3), 0);
	/* A product without a price, and one that is not for sale. */
	json = product_list_json(&a, &tent, 1);
	json = arena_printf(&a, "%.*s}]", (int)(strstr(json, ",\"price_won\"") - json), json);
	assert_int_equal(product_list_read(&a, json, after, 3), 0);
	free_of_charge.price_won = -1;
	assert_int_equal(product_list_read(&a, product_list_json(&a, &free_of_charge, 1), after, 3), 0);
	arena_free(&a);
}

static void
the_rest_is_all_but_the_cards(void **state)
{
	struct found found = { .at = { called("a"), called("b"), called("c") }, .n = 3, .wish = "w" };
	struct arena a;
	const char *rest;

	(void)state;
	arena_init(&a);
	rest = product_rest(&a, &found, "b|a");
	assert_non_null(strstr(rest, "\"wish\":\"w\""));
	assert_non_null(strstr(rest, "\"id\":\"c\""));
	assert_null(strstr(rest, "\"id\":\"a\""));
	assert_null(strstr(rest, "\"id\":\"b\""));
	assert_string_equal(product_rest(&a, &found, "c|a|b"), "");
	found.n = 0;
	assert_string_equal(product_rest(&a, &found, ""), "");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_come_back_whole),
		cmocka_unit_test(no_more_are_read_than_there_is_room_for),
		cmocka_unit_test(what_is_no_product_is_passed_over),
		cmocka_unit_test(the_rest_is_all_but_the_cards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
