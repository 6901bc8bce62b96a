/* Naver's search without Naver: what is asked, what is taken from an answer, and what of it is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "naver.h"
#include "text.h"

#define LENGTH(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A row that fails is reported and counted, so that one run tells of all. */
static int failed;

#define WRONG(...) (failed++, print_error(__VA_ARGS__), print_error("\n"))

/* An answer as the service gives it: all figures in quotes, the words found in <b>. */
static const char answer[] =
    "{\n\t\"lastBuildDate\":\"Sat, 22 Nov 2026 21:05:11 +0900\",\n\t\"total\":1874236,\n\t\"start\":1,\n\t\"display\":3,\n"
    "\t\"items\":[\n"
    "\t\t{\"title\":\"소리결 <b>무선 이어폰<\\/b> SE-10 화이트 &amp; 케이스\","
    "\"link\":\"https:\\/\\/search.shopping.naver.com\\/catalog\\/80774051?a=1&amp;b=2\","
    "\"image\":\"https:\\/\\/shopping-phinf.pstatic.net\\/main_8077405\\/80774051.jpg\","
    "\"lprice\":\"29900\",\"hprice\":\"\",\"mallName\":\"네이버\",\"productId\":\"80774051\",\"productType\":\"1\","
    "\"brand\":\"소리결\",\"maker\":\"소리결전자\",\"category1\":\"디지털\\/가전\",\"category2\":\"음향가전\","
    "\"category3\":\"이어폰\",\"category4\":\"블루투스이어폰\"},\n"
    "\t\t{\"title\":\"가벼운 유선 <b>이어폰<\\/b>\",\"link\":\"https:\\/\\/smartstore.naver.com\\/main\\/products\\/552\","
    "\"image\":\"https:\\/\\/shopping-phinf.pstatic.net\\/main_552\\/552.1.jpg\",\"lprice\":\"7900\",\"hprice\":\"\","
    "\"mallName\":\"귀편한몰\",\"productId\":\"82011552\",\"productType\":\"2\",\"brand\":\"\",\"maker\":\"\","
    "\"category1\":\"디지털\\/가전\",\"category2\":\"음향가전\",\"category3\":\"이어폰\",\"category4\":\"\"},\n"
    "\t\t{\"title\":\"이름뿐인 것\",\"link\":\"https:\\/\\/shop.example\\/3\",\"image\":\"https:\\/\\/shop.example\\/3.jpg\","
    "\"lprice\":\"1000\",\"hprice\":\"\",\"mallName\":\"셋째몰\",\"productId\":\"3\",\"productType\":\"3\"}\n"
    "\t]\n}";

static void
an_answer_is_read(void **state)
{
	struct product p[NAVER_MAX];
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_int_equal(naver_items(&a, answer, strlen(answer), p), 3);
	assert_string_equal(p[0].id, "naver:80774051");
	assert_string_equal(p[0].name_ko, "소리결 무선 이어폰 SE-10 화이트 & 케이스");
	assert_string_equal(p[0].name_en, p[0].name_ko);
	assert_string_equal(p[0].brand, "소리결");
	assert_string_equal(p[0].category, "블루투스이어폰");
	assert_string_equal(p[0].category_en, "블루투스이어폰");
	assert_string_equal(p[0].colour, "white");
	assert_int_equal(p[0].price_won, 29900);
	assert_string_equal(p[0].mall, "네이버");
	assert_string_equal(p[0].url, "https://search.shopping.naver.com/catalog/80774051?a=1&b=2");
	assert_string_equal(p[0].image_url, "https://shopping-phinf.pstatic.net/main_8077405/80774051.jpg");
	assert_string_equal(p[0].reason_ko,
			    "소리결의 블루투스이어폰 상품이에요. 네이버 가격 비교의 최저가예요.");
	assert_string_equal(
	    p[0].reason_en,
	    "By 소리결, listed under 블루투스이어폰. Its price is the lowest in Naver's comparison.");
	assert_string_equal(p[1].brand, "");
	assert_string_equal(p[1].category, "이어폰");
	assert_null(p[1].colour);
	assert_string_equal(p[1].reason_ko, "이어폰 상품이에요.");
	assert_string_equal(p[1].reason_en, "Listed under 이어폰.");
	assert_string_equal(p[2].reason_ko, "셋째몰에서 파는 상품이에요.");
	arena_free(&a);
}

/* The item with one member replaced, or added. */
static const char *
item_with(struct arena *a, const char *name, const char *json)
{
	static const char *const members[][2] = {
		{ "title", "\"이어폰\"" },
		{ "link", "\"https://shop.example/1\"" },
		{ "image", "\"https://img.example/1.jpg\"" },
		{ "lprice", "\"1000\"" },
		{ "mallName", "\"몰\"" },
		{ "productId", "\"1\"" },
		{ "productType", "\"2\"" },
	};
	const char *item = "";
	size_t i;

	for (i = 0; i < LENGTH(members); i++)
		item = arena_printf(a, "%s%s\"%s\":%s", item, *item ? "," : "", members[i][0],
				    strcmp(members[i][0], name) == 0 ? json : members[i][1]);
	return arena_printf(a, "{\"items\":[{%s}]}", item);
}

static void
what_is_not_fit_to_be_shown_is_left_out(void **state)
{
	static const struct {
		const char *name, *json;
		bool taken;
	} rows[] = {
		{ "none", "", true },
		/* used, gone, to come */
		{ "productType", "\"1\"", true },
		{ "productType", "3", true },
		{ "productType", "\"4\"", false },
		{ "productType", "\"7\"", false },
		{ "productType", "\"12\"", false },
		{ "productType", "\"0\"", false },
		{ "productType", "\"01\"", false },
		{ "productType", "null", false },
		/* prices */
		{ "lprice", "\"1\"", true },
		{ "lprice", "999999999", true },
		{ "lprice", "\"0\"", false },
		{ "lprice", "\"\"", false },
		{ "lprice", "\"-5\"", false },
		{ "lprice", "\"+5\"", false },
		{ "lprice", "\" 5\"", false },
		{ "lprice", "\"5.0\"", false },
		{ "lprice", "\"1e3\"", false },
		{ "lprice", "\"1,000\"", false },
		{ "lprice", "\"0x10\"", false },
		{ "lprice", "\"99999999999999999999\"", false },
		{ "lprice", "[1]", false },
		{ "lprice", "5.5", false },
		/* links and pictures */
		{ "link", "\"https://shop.example?x=1\"", true },
		{ "link", "\"http://shop.example/1\"", false },
		{ "link", "\"HTTPS://shop.example/1\"", false },
		{ "link", "\"javascript:alert(1)\"", false },
		{ "link", "\"//shop.example/1\"", false },
		{ "link", "\"https://\"", false },
		{ "link", "\"https:///1\"", false },
		{ "link", "\"https://localhost/1\"", false },
		{ "link", "\"https://shop.example@evil.example/1\"", false },
		{ "link", "\"https://shop.example:8080/1\"", false },
		{ "link", "\"https://shop.example/a b\"", false },
		{ "link", "\"https://shop.example/\\\"><script>\"", false },
		{ "link", "\"https://shop.example/&lt;x\"", false },
		{ "link", "\"https://shop.example/한\"", false },
		{ "link", "\"https://shop.example/a\\\\b\"", false },
		{ "link", "null", false },
		{ "image", "\"http://img.example/1.jpg\"", false },
		{ "image", "\"data:image/png;base64,AAAA\"", false },
		{ "image", "\"\"", false },
		/* ids */
		{ "productId", "\"12345678901234567890\"", true },
		{ "productId", "\"123456789012345678901\"", false },
		{ "productId", "\"\"", false },
		{ "productId", "\"1|2\"", false },
		{ "productId", "\"abc\"", false },
		{ "productId", "7", false },
		/* titles */
		{ "title", "\"\"", false },
		{ "title", "\"<b></b> \\u200b\"", false },
		{ "title", "7", false },
	};
	struct product p[NAVER_MAX];
	struct arena a;
	size_t i;

	(void)state;
	failed = 0;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++) {
		const char *json = item_with(&a, rows[i].name, rows[i].json);

		if (naver_items(&a, json, strlen(json), p) != rows[i].taken)
			WRONG("%s: %s", rows[i].name, rows[i].json);
	}
	arena_free(&a);
	assert_int_equal(failed, 0);
}

static void
what_is_no_answer_is_told_from_an_empty_one(void **state)
{
	static const char *const none[] = { "",
					    "<html>",
					    "null",
					    "[]",
					    "{}",
					    "{\"items\":null}",
					    "{\"items\":{}}",
					    "{\"items\":[]}x",
					    "{\"items\":[],\"items\":[]}",
					    "{\"errorMessage\":\"x\",\"errorCode\":\"024\"}" };
	static const char *const empty[] = { "{\"items\":[]}",
					     "{\"total\":0,\"items\":[null,7,\"x\",[],{}]}" };
	struct product p[NAVER_MAX];
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < LENGTH(none); i++)
		assert_int_equal(naver_items(&a, none[i], strlen(none[i]), p), -1);
	for (i = 0; i < LENGTH(empty); i++)
		assert_int_equal(naver_items(&a, empty[i], strlen(empty[i]), p), 0);
	arena_free(&a);
}

/* The piece of text n times. */
static char *
times(struct arena *a, const char *piece, int n)
{
	size_t len = strlen(piece);
	char *all = arena_alloc(a, len * (size_t)n + 1);
	int i;

	for (i = 0; i < n; i++)
		snprintf(all + len * (size_t)i, len + 1, "%s", piece);
	return all;
}

/* An answer of n items; their ids repeat after unique. */
static const char *
answer_of(struct arena *a, int n, int unique, const char *title)
{
	const char *items = "";
	int i;

	for (i = 0; i < n; i++)
		items = arena_printf(
		    a,
		    "%s%s{\"title\":\"%s\",\"link\":\"https://shop.example/%d\",\"image\":\"https://img.example/%d.jpg\","
		    "\"lprice\":\"%d\",\"mallName\":\"몰\",\"productId\":\"%d\",\"productType\":\"1\"}",
		    items, i ? "," : "", title, i, i, 1000 + i, i % unique);
	return arena_printf(a, "{\"items\":[%s]}", items);
}

static void
an_id_comes_once_and_a_hundred_at_most(void **state)
{
	struct product p[NAVER_MAX];
	struct arena a;
	const char *json;

	(void)state;
	arena_init(&a);
	json = answer_of(&a, 12, 5, "이어폰");
	assert_int_equal(naver_items(&a, json, strlen(json), p), 5);
	json = answer_of(&a, 150, 150, "이어폰");
	assert_int_equal(naver_items(&a, json, strlen(json), p), NAVER_MAX);
	arena_free(&a);
}

static void
titles_are_cut(void **state)
{
	struct product p[NAVER_MAX];
	struct arena a;
	const char *json;

	(void)state;
	arena_init(&a);
	json = answer_of(&a, 1, 1, times(&a, "가", 300));
	assert_int_equal(naver_items(&a, json, strlen(json), p), 1);
	assert_int_equal(text_length(p[0].name_ko), NAVER_TITLE_MAX);
	arena_free(&a);
}

static void
products_are_kept_and_come_back(void **state)
{
	struct product before[NAVER_MAX], after[NAVER_MAX];
	struct arena a;
	const char *kept;
	int i;

	(void)state;
	arena_init(&a);
	assert_int_equal(naver_items(&a, answer, strlen(answer), before), 3);
	kept = naver_keep(&a, before, 3);
	assert_null(strstr(kept, "reason"));
	assert_int_equal(naver_kept(&a, kept, after), 3);
	for (i = 0; i < 3; i++) {
		assert_string_equal(after[i].id, before[i].id);
		assert_string_equal(after[i].name_en, before[i].name_en);
		assert_string_equal(after[i].brand, before[i].brand);
		assert_string_equal(after[i].category_ko, before[i].category_ko);
		assert_int_equal(!after[i].colour, !before[i].colour);
		assert_int_equal(after[i].price_won, before[i].price_won);
		assert_string_equal(after[i].mall, before[i].mall);
		assert_string_equal(after[i].url, before[i].url);
		assert_string_equal(after[i].image_url, before[i].image_url);
		assert_string_equal(after[i].reason_ko, before[i].reason_ko);
	}
	assert_int_equal(naver_kept(&a, naver_keep(&a, before, 0), after), 0);
	arena_free(&a);
}

static void
what_is_kept_is_bounded(void **state)
{
	struct product before[NAVER_MAX], after[NAVER_MAX];
	struct arena a;
	const char *json, *kept;
	int n;

	(void)state;
	arena_init(&a);
	json = answer_of(&a, NAVER_MAX, NAVER_MAX, times(&a, "😀", NAVER_TITLE_MAX));
	assert_int_equal(naver_items(&a, json, strlen(json), before), NAVER_MAX);
	kept = naver_keep(&a, before, NAVER_MAX);
	assert_true(strlen(kept) <= NAVER_CACHE_MAX);
	assert_true(strlen(kept) > NAVER_CACHE_MAX - 1000);
	n = naver_kept(&a, kept, after);
	assert_in_range(n, 50, NAVER_MAX - 1);
	assert_string_equal(after[n - 1].id, before[n - 1].id);
	arena_free(&a);
}

static void
what_was_not_kept_by_us_is_none(void **state)
{
	static const char *const bad[] = { "", "x", "{}", "null" };
	static const char *const nothing[] = { "[]", "[1,[],[\"1\"]]", "[[1,2,3,4,5,6,7,8,9]]",
					       "[[\"1\",\"t\",\"\",\"\",\"\",\"m\",\"u\",\"i\",\"9\"]]",
					       "[[\"1\",\"t\",\"\",\"\",\"\",\"m\",\"u\",\"i\",-1]]" };
	struct product p[NAVER_MAX];
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < LENGTH(bad); i++)
		assert_int_equal(naver_kept(&a, bad[i], p), -1);
	/* Digits in quotes are taken for a number; they are ours all the same. */
	for (i = 0; i < LENGTH(nothing); i++)
		assert_in_range(naver_kept(&a, nothing[i], p), 0, 1);
	assert_int_equal(naver_kept(&a, nothing[4], p), 0);
	arena_free(&a);
}

static void
the_wish_is_asked_for(void **state)
{
	static const struct {
		const char *terms, *topics, *hobby, *colour, *interests;
		const char *asks; /* "query/width" with "; " between them */
	} rows[] = {
		{ "이어폰", "", "", "", "", "이어폰/0" },
		{ "이어폰|무선", "", "", "", "", "무선 이어폰/0; 이어폰/2" },
		{ "좌식|방석", "", "", "", "", "좌식 방석/0; 방석/2" },
		{ "이어폰", "", "", "red", "", "빨강 이어폰/0; 이어폰/1" },
		{ "earphones|wireless", "headphones", "", "", "", "wireless earphones/0; earphones/2" },
		{ "우산", "", "coffee", "", "", "우산/0" },
		{ "캠핑|커피", "camping|coffee", "camping|coffee", "", "", "캠핑/0; 커피/0" },
		{ "", "headphones", "", "", "", "헤드폰/0" },
		{ "", "블루투스이어폰", "", "", "", "블루투스이어폰/0" },
		{ "", "pet_food", "", "", "", "pet food/0" },
		{ "", "", "camping", "", "커피", "캠핑/0" },
		{ "", "", "coffee", "", "", "커피/0" },
		{ "", "", "", "", "커피|캠핑", "커피/0" },
		{ "", "", "", "blue", "커피", "파랑 커피/0; 커피/1" },
		{ "", "", "", "", "", "" },
		{ "A & B? <c>", "", "", "", "", "a b c/0" },
		{ "q=1&display=1#x", "", "", "", "", "q 1 display 1 x/0" },
	};
	struct naver_asks asks;
	struct arena a;
	size_t i;
	int n;

	(void)state;
	failed = 0;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++) {
		const char *told = "";
		struct flow flow;

		flow_init(&flow);
		flow.terms = rows[i].terms;
		flow.topics = rows[i].topics;
		flow.hobby = rows[i].hobby;
		flow.colour = rows[i].colour;
		naver_asks(&a, &flow, rows[i].interests, &asks);
		for (n = 0; n < asks.n; n++)
			told = arena_printf(&a, "%s%s%s/%d", told, n ? "; " : "", asks.at[n].query,
					    asks.at[n].width);
		if (strcmp(told, rows[i].asks) != 0)
			WRONG("%zu: \"%s\" is not \"%s\"", i, told, rows[i].asks);
	}
	arena_free(&a);
	assert_int_equal(failed, 0);
}

static void
questions_are_bounded(void **state)
{
	struct naver_asks asks;
	struct arena a;
	struct flow flow;

	(void)state;
	arena_init(&a);
	flow_init(&flow);
	flow.terms = times(&a, "가나", 100);
	naver_asks(&a, &flow, "", &asks);
	assert_int_equal(asks.n, 1);
	assert_int_equal(text_length(asks.at[0].query), NAVER_QUERY_MAX);
	assert_true(text_is_utf8(asks.at[0].query, strlen(asks.at[0].query)));
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_read),
		cmocka_unit_test(what_is_not_fit_to_be_shown_is_left_out),
		cmocka_unit_test(what_is_no_answer_is_told_from_an_empty_one),
		cmocka_unit_test(an_id_comes_once_and_a_hundred_at_most),
		cmocka_unit_test(titles_are_cut),
		cmocka_unit_test(products_are_kept_and_come_back),
		cmocka_unit_test(what_is_kept_is_bounded),
		cmocka_unit_test(what_was_not_kept_by_us_is_none),
		cmocka_unit_test(the_wish_is_asked_for),
		cmocka_unit_test(questions_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
