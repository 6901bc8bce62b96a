/* told.c: a model's answer is read strictly, and adds only what the customer's message or the house's tables bear out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "told.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void
test_an_answer_is_read(void **state)
{
	static const char answer[] =
	    "{\"fits\":true,\"mood\":\"tired\",\"interests\":[\"art\",\"물레\"],\"budget_won\":30000,"
	    "\"colour\":\"red\",\"wants\":\"cheaper\",\"unwanted\":[],\"picks\":[\"p2\",\"p1\",\"p9\",\"p3\"],"
	    "\"reply\":\"네!\"}";
	struct told told;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_true(told_read(&a, answer, &told));
	assert_true(told.fits);
	assert_int_equal(told.mood, MOOD_TIRED);
	assert_int_equal(told.ninterests, 2);
	assert_string_equal(told.interests[1], "물레");
	assert_int_equal(told.budget_won, 30000);
	assert_string_equal(told.colour, "red");
	assert_true(told.wants == MEANS(M_CHEAPER));
	assert_int_equal(told.nunwanted, 0);
	assert_int_equal(told.npicks, TOLD_LIST_MAX);
	assert_string_equal(told.reply, "네!");
	assert_int_equal(told.members, TOLD_MEMBERS);

	assert_true(
	    told_read(&a, "{\"fits\":false,\"mood\":null,\"budget_won\":null,\"colour\":null}", &told));
	assert_true(!told.fits && told.mood == -1 && !told.budget_won && !told.colour && !told.reply);
	arena_free(&a);
}

static void
test_what_is_not_by_the_schema_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"[]",
		"null",
		"{}",
		"{\"fits\":1}",
		"{\"fits\":\"true\"}",
		"{\"fits\":null}",
		"{\"fits\":true,\"fits\":true}",
		"{\"fits\":true,\"state\":\"done\"}",
		"{\"fits\":true,\"mood\":\"furious\"}",
		"{\"fits\":true,\"mood\":3}",
		"{\"fits\":true,\"interests\":\"art\"}",
		"{\"fits\":true,\"interests\":[\"art\",null]}",
		"{\"fits\":true,\"interests\":{\"0\":\"art\"}}",
		"{\"fits\":true,\"interests\":null}",
		"{\"fits\":true,\"budget_won\":\"30000\"}",
		"{\"fits\":true,\"budget_won\":3e4}",
		"{\"fits\":true,\"colour\":\"chartreuse\"}",
		"{\"fits\":true,\"wants\":\"accept\"}",
		"{\"fits\":true,\"wants\":[\"other\"]}",
		"{\"fits\":true,\"unwanted\":[1]}",
		"{\"fits\":true,\"picks\":[1,2]}",
		"{\"fits\":true,\"reply\":null}",
		"{\"fits\":true,\"reply\":\"a\",}",
		"{\"fits\":true,\"reply\":\"a\"} x",
	};
	struct told told;
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < COUNT(rows); i++)
		if (told_read(&a, rows[i], &told))
			fail_msg("read: %s", rows[i]);
	arena_free(&a);
}

static void
test_picks(void **state)
{
	static const struct {
		const char *pick;
		int n, index;
	} rows[] = {
		{ "p1", 3, 0 },	  { "p3", 3, 2 },	   { "p12", 12, 11 },
		{ "p4", 3, -1 },  { "p0", 3, -1 },	   { "p", 3, -1 },
		{ "p01", 3, -1 }, { "p1 ", 3, -1 },	   { "P1", 3, -1 },
		{ "1", 3, -1 },	  { "", 3, -1 },	   { "p-1", 3, -1 },
		{ "p1", 0, -1 },  { "camping-06", 3, -1 }, { "p99999999999999999999", 3, -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		if (told_pick(rows[i].pick, rows[i].n) != rows[i].index)
			fail_msg("%s of %d", rows[i].pick, rows[i].n);
}

static const struct facts bare = { .available_won = 100000, .interests = "" };
static const struct facts shown = {
	.available_won = 100000,
	.interests = "",
	.ncards = 1,
	.cards = { { .id = "a-1",
		     .name_ko = "머그",
		     .name_en = "Mug",
		     .brand = "B",
		     .category = "coffee",
		     .price_won = 9000 } },
};

/* What comes of text in that state when the model tells answer besides. */
static struct said
merged(struct arena *a, const char *state, const char *text, const char *answer, struct step *ret_step)
{
	const struct facts *facts = strcmp(state, "recommendation") == 0 ? &shown : &bare;
	struct flow flow;
	struct said said;
	struct told told;

	machine_begin("11111111-1111-4111-8111-111111111111", "ko", &flow);
	flow.state = state;
	understand_text(a, text, &said);
	machine_step(a, &flow, &said, facts, ret_step);
	assert_true(told_read(a, arena_printf(a, "{\"fits\":true,%s}", answer), &told));
	told_merge(a, &told, text, &flow, ret_step, facts, &said);
	machine_step(a, &flow, &said, facts, ret_step);
	return said;
}

/* What the model adds leads on, where the house was at a loss. */
static void
test_what_the_house_did_not_understand(void **state)
{
	static const struct {
		const char *state, *text, *answer;
		uint64_t means;
		const char *next;
	} rows[] = {
		{ "mood_check", "파김치네요", "\"mood\":\"tired\"", MEANS(M_MOOD), "hobby_check" },
		{ "mood_check", "파김치네요", "\"interests\":[\"art\"]", MEANS(M_INTEREST), "choose" },
		{ "hobby_check", "파김치네요", "\"interests\":[\"art\",\"music\"]", MEANS(M_INTEREST),
		  "choose" },
		{ "choose", "파김치네요", "\"wants\":\"recommend\"", MEANS(M_RECOMMEND), "recommendation" },
		{ "recommendation", "파김치네요", "\"wants\":\"cheaper\"", MEANS(M_CHEAPER),
		  "re_recommendation" },
		{ "recommendation", "파김치네요", "\"colour\":\"red\"", MEANS(M_COLOUR),
		  "re_recommendation" },
	};
	struct arena a;
	struct step step;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < COUNT(rows); i++) {
		struct said said = merged(&a, rows[i].state, rows[i].text, rows[i].answer, &step);

		if (!(said.means & rows[i].means) || strcmp(step.flow.state, rows[i].next) != 0)
			fail_msg("%s, %s: %s", rows[i].state, rows[i].answer, step.flow.state);
	}
	arena_free(&a);
}

/* What it may not add, and what the house knows better. */
static void
test_what_nothing_bears_out_is_left_out(void **state)
{
	static const struct {
		const char *state, *text, *answer;
		uint64_t without;
		const char *next;
	} rows[] = {
		{ "hobby_check", "파김치네요", "\"mood\":\"good\"", MEANS(M_MOOD), "hobby_check" },
		{ "hobby_check", "파김치네요",
		  "\"interests\":[\"스마트폰\",\"추천\",\"https://evil.example\"]", NAMES, "hobby_check" },
		{ "hobby_check", "파김치네요", "\"unwanted\":[\"모자\"]", MEANS(M_UNWANTED), "hobby_check" },
		{ "hobby_check", "파김치네요", "\"budget_won\":30000", MEANS(M_BUDGET), "hobby_check" },
		{ "hobby_check", "없어요", "\"interests\":[\"art\"],\"wants\":\"recommend\"",
		  NAMES | MEANS(M_RECOMMEND), "choose" },
		{ "choose", "됐어요", "\"wants\":\"recommend\",\"interests\":[\"art\"]",
		  NAMES | MEANS(M_RECOMMEND), "done" },
		{ "mood_check", "좋아요", "\"wants\":\"recommend\"", MEANS(M_RECOMMEND), "hobby_check" },
		/* Products are asked for when the conversation is about them, not before. */
		{ "mood_check", "파김치네요", "\"wants\":\"recommend\"", MEANS(M_RECOMMEND), "mood_check" },
		{ "mood_check", "파김치네요",
		  "\"mood\":\"good\",\"interests\":[\"camping\"],\"wants\":\"recommend\"", MEANS(M_RECOMMEND),
		  "hobby_check" },
		{ "hobby_check", "파김치네요", "\"interests\":[\"art\"],\"wants\":\"recommend\"",
		  MEANS(M_RECOMMEND), "choose" },
		{ "choose", "파김치네요", "\"wants\":\"cheaper\",\"colour\":\"red\"",
		  MEANS(M_CHEAPER) | MEANS(M_COLOUR), "choose" },
		{ "recommendation", "수수료 있어요?", "\"wants\":\"other\"", MEANS(M_OTHER),
		  "recommendation" },
		{ "recommendation", "첫 번째 걸로 할게요", "\"wants\":\"other\"", MEANS(M_OTHER), "done" },
	};
	struct arena a;
	struct step step;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < COUNT(rows); i++) {
		struct said said = merged(&a, rows[i].state, rows[i].text, rows[i].answer, &step);

		if ((said.means & rows[i].without) || strcmp(step.flow.state, rows[i].next) != 0)
			fail_msg("%s, %s, %s: %s", rows[i].state, rows[i].text, rows[i].answer,
				 step.flow.state);
	}
	arena_free(&a);
}

static void
test_amounts_stand_in_the_message(void **state)
{
	static const struct {
		const char *text;
		int64_t told, taken; /* 0: none */
	} rows[] = {
		/* Fifty sheets are 50 notes of 10,000 won, in a way of speaking that budget.c does not know. */
		{ "쉰 장 안에서요?", 500000, 500000 },
		{ "쉰 장 안에서요?", 50000, 0 },
		{ "쉰 장 안에서요?", 999, 0 },
		{ "쉰 장 안에서요?", 100000001, 0 },
		{ "배춧잎 스물다섯 장어치예요", 250000, 250000 },
		{ "배춧잎 다섯 장어치예요", 250000, 0 },
		{ "배춧잎 5장어치예요", 50000, 50000 },
		{ "배춧잎 몇 닢어치예요", 10000, 0 },
		{ "a couple of thousand, tops", 2000, 2000 },
		{ "a couple of thousand, tops", 1000, 0 },
		{ "thirty-five grand, sir", 35000, 35000 },
		{ "a couple of thoughts, sir", 1000, 0 },
		{ "a couple of thoughts, sir", 2000, 0 },
		{ "half of it, one day, sir", 5000, 0 },
		{ "백만 번 생각했네요", 500000, 0 },
		/* The house's own reading of an amount stands. */
		{ "3만원 이하로요?", 90000, 30000 },
	};
	struct arena a;
	struct step step;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < COUNT(rows); i++) {
		const char *answer = arena_printf(&a, "\"budget_won\":%lld", (long long)rows[i].told);
		struct said said = merged(&a, "hobby_check", rows[i].text, answer, &step);
		int64_t taken = said.means & MEANS(M_BUDGET) ? said.budget.max_won : 0;

		if (taken != rows[i].taken)
			fail_msg("%s, %s: %lld", rows[i].text, answer, (long long)taken);
	}
	arena_free(&a);
}

/* An answer that says itself that the message does not fit adds nothing. */
static void
test_unfit_adds_nothing(void **state)
{
	const char *text = "파김치네요";
	struct arena a;
	struct flow flow;
	struct said said;
	struct step step;
	struct told told;
	uint64_t means;

	(void)state;
	arena_init(&a);
	machine_begin("11111111-1111-4111-8111-111111111111", "ko", &flow);
	understand_text(&a, text, &said);
	machine_step(&a, &flow, &said, &bare, &step);
	means = said.means;
	assert_true(told_read(
	    &a, "{\"fits\":false,\"mood\":\"good\",\"interests\":[\"art\"],\"wants\":\"recommend\"}", &told));
	told_merge(&a, &told, text, &flow, &step, &bare, &said);
	assert_true(said.means == means && said.ninterests == 0);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_is_read),
		cmocka_unit_test(test_what_is_not_by_the_schema_is_refused),
		cmocka_unit_test(test_picks),
		cmocka_unit_test(test_what_the_house_did_not_understand),
		cmocka_unit_test(test_what_nothing_bears_out_is_left_out),
		cmocka_unit_test(test_amounts_stand_in_the_message),
		cmocka_unit_test(test_unfit_adds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
