/* The forms of a flow: JSON and back, member by member, and what is no flow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow.h"
#include "request.h"

static int
begin(void **state)
{
	static struct request r;

	request_begin(&r, 1000);
	*state = &r;
	return 0;
}

static int
end(void **state)
{
	request_end(*state);
	return 0;
}

static void
test_json_carries_everything(void **state)
{
	struct request *r = *state;
	struct flow flow, back;

	flow_init(&flow);
	flow.customer = "11111111-1111-4111-8111-111111111111";
	flow.version = 7;
	flow.state = "choose";
	flow.language = "ko";
	flow.retries = 1;
	flow.mood = "tired";
	flow.hobby = "camping|뜨개질";
	flow.terms = "의자 \"두 개\" \\ 'x'";
	flow.topics = "camping";
	flow.budget_won = 9007199254740991;
	flow.below_won = 19900;
	flow.floor_won = 3000;
	flow.colour = "red";
	flow.not_colours = "black|white";
	flow.not_brands = "narin";
	flow.not_words = "게임";
	flow.cards = "a-1|b-2";
	flow.offer = "a-1";
	flow.outcome = "accepted";
	assert_int_equal(flow_read(&r->arena, flow_json(&r->arena, &flow), &back), OK);
	assert_string_equal(flow_json(&r->arena, &back), flow_json(&r->arena, &flow));
	assert_int_equal(back.budget_won, flow.budget_won);
	assert_string_equal(back.terms, flow.terms);
}

static void
test_what_is_no_flow_is_refused(void **state)
{
	struct request *r = *state;
	struct flow flow;

	flow_init(&flow);
	flow.state = "done";
	assert_int_equal(flow_read(&r->arena, "[]", &flow), ERR_MALFORMED_JSON);
	assert_int_equal(flow_read(&r->arena, "{", &flow), ERR_MALFORMED_JSON);
	assert_string_equal(flow.state, "done");
	assert_int_equal(flow_read(&r->arena, "{\"version\":\"2\",\"mood\":null,\"other\":1}", &flow), OK);
	assert_int_equal(flow.version, 2);
	assert_string_equal(flow.mood, "");
	assert_string_equal(flow.state, "");
}

static void
test_members_are_set_by_name(void **state)
{
	struct flow flow;

	(void)state;
	flow_init(&flow);
	assert_true(flow_set(&flow, "outcome", "declined"));
	assert_true(flow_set(&flow, "version", "12"));
	assert_false(flow_set(&flow, "ticket", "x"));
	assert_string_equal(flow.outcome, "declined");
	assert_int_equal(flow.version, 12);
	assert_string_equal(flow.offer, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_json_carries_everything),
		TEST(test_what_is_no_flow_is_refused),
		TEST(test_members_are_set_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
