/* What a turn tells while it runs: events in order and once, followers of any instance, cancelling, and strangers. */
#include <string.h>

#include "flows.h"

/* A turn's events, numbered from 1. */
static const struct flow_event said[] = {
	{ "state", "{\"state\":\"choose\"}" }, { "token", "{\"text\":\"좋은 \\n\\\"선택\\\"\"}" },
	{ "token", "{\"text\":\"이에요\"}" },  { "products", "[]" },
	{ "done", "{\"reply\":\n\"\"}" },
};

/* Append n events that follow number before; nobody has cancelled. */
static void
append(struct request *r, struct flow_hold *hold, int before, int n)
{
	bool cancelled = true;

	assert_int_equal(flow_append(&r->rq, hold, said + before, n, &cancelled, NULL), OK);
	assert_false(cancelled);
}

static bool
is_followed(struct request *r, struct flow_hold *hold)
{
	bool cancelled, followed;

	assert_int_equal(flow_append(&r->rq, hold, NULL, 0, &cancelled, &followed), OK);
	return followed;
}

static bool
is_cancelled(struct request *r, struct flow_hold *hold)
{
	bool cancelled;

	assert_int_equal(flow_append(&r->rq, hold, NULL, 0, &cancelled, NULL), OK);
	return cancelled;
}

static struct flow_view
watch(struct request *r, const char *tag, int seen)
{
	struct flow_view view;

	assert_int_equal(flow_watch(&r->rq, id, customer, tag, seen, &view), OK);
	return view;
}

/* A follower of the turn with that ticket, who has seen so many events, is shown n more. */
static void
assert_shown(struct request *r, const struct flow_hold *hold, int seen, int n)
{
	char tag[FLOW_TAG_LEN + 1];
	struct flow_view view;
	int i;

	flow_tag(hold, tag);
	view = watch(r, tag, seen);
	assert_string_equal(view.tag, tag);
	assert_int_equal(view.first, seen + 1);
	assert_int_equal(view.n, n);
	for (i = 0; i < n; i++) {
		assert_string_equal(view.events[i].name, said[seen + i].name);
		assert_string_equal(view.events[i].data, said[seen + i].data);
	}
}

static void
test_events_are_read_from_where_one_was(void **state)
{
	struct request *r = *state;
	struct flow_hold hold = take(r, "one");
	struct flow_view view;

	assert_shown(r, &hold, 0, 0);
	append(r, &hold, 0, 1);
	append(r, &hold, 1, 2);
	append(r, &hold, 3, 0);
	assert_shown(r, &hold, 0, 3);
	assert_shown(r, &hold, 2, 1);
	assert_shown(r, &hold, 3, 0);
	assert_shown(r, &hold, 1000, 0);
	view = watch(r, "other!", 2);
	assert_true(view.running);
	assert_string_equal(view.turn, "one");
	assert_int_equal(view.version, -1);
	assert_int_equal(view.first, 1);
	assert_int_equal(view.n, 3);
	assert_memory_equal(view.tag, hold.ticket, FLOW_TAG_LEN);
}

static void
test_the_last_events_come_with_the_write_back(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose"), next = flow_of(5, "recommendation");
	struct flow_hold hold, second;
	struct flow_view view;

	store(r, &flow);
	hold = take(r, "one");
	append(r, &hold, 0, 3);
	assert_int_equal(flow_put(&r->rq, &hold, &next, "", "", said + 3, 2), OK);
	assert_shown(r, &hold, 1, 4);
	view = watch(r, "", 0);
	assert_false(view.running);
	assert_string_equal(view.turn, "one");
	assert_int_equal(view.version, 5);

	/* The next turn has events of its own. */
	second = take(r, "two");
	view = watch(r, view.tag, 5);
	assert_string_equal(view.turn, "two");
	assert_int_equal(view.n, 0);
	assert_int_equal(view.first, 1);
	flow_release(&r->rq, &second, said, 1);
	assert_shown(r, &second, 0, 1);
}

static void
test_a_turn_that_failed_says_so(void **state)
{
	struct request *r = *state;
	struct flow_hold hold = take(r, "one");

	ask(r, KV_ARGS("EXPIRE", flow_events_key(&r->arena, id), "100"));
	append(r, &hold, 0, 2);
	assert_in_range(count_of_events(r, "TTL"), FLOW_EVENTS_TTL_S - 10, FLOW_EVENTS_TTL_S);
	flow_release(&r->rq, &hold, said + 2, 1);
	assert_int_equal(count_of(r, "EXISTS"), 0);
	assert_shown(r, &hold, 0, 3);
	assert_in_range(count_of_events(r, "TTL"), FLOW_EVENTS_TTL_S - 10, FLOW_EVENTS_TTL_S);
}

/* The caller does not know whether an append that went unanswered took effect. */
static void
test_events_given_again_are_added_once(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose"), next = flow_of(5, "done");
	struct flow_hold hold, before;

	store(r, &flow);
	hold = take(r, "one");
	before = hold;
	append(r, &hold, 0, 2);
	hold = before;
	append(r, &hold, 0, 3);
	assert_shown(r, &hold, 0, 3);
	hold = before;
	assert_int_equal(flow_put(&r->rq, &hold, &next, "", "", said, 5), OK);
	assert_shown(r, &hold, 0, 5);
}

static void
test_a_list_with_a_hole_shows_nothing(void **state)
{
	struct request *r = *state;
	struct flow_hold hold = take(r, "one");
	char tag[FLOW_TAG_LEN + 1];
	struct flow_view view;

	flow_tag(&hold, tag);
	append(r, &hold, 0, 3);
	ask(r, KV_ARGS("RPOP", flow_events_key(&r->arena, id)));
	append(r, &hold, 3, 1);
	view = watch(r, tag, 3);
	assert_true(view.running);
	assert_string_equal(view.tag, tag);
	assert_int_equal(view.n, 0);
	flow_release(&r->rq, &hold, said + 4, 1);
	view = watch(r, tag, 3);
	assert_false(view.running);
	assert_string_equal(view.tag, "");
	assert_int_equal(view.n, 0);
}

static void
test_another_turns_list_is_left_alone(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose"), late = flow_of(5, "done");
	struct flow_hold first, second;
	bool cancelled;

	store(r, &flow);
	first = take(r, "one");
	append(r, &first, 0, 1);
	end_lease(r);
	second = take(r, "two");
	append(r, &second, 0, 2);
	assert_int_equal(flow_append(&r->rq, &first, said + 1, 1, &cancelled, NULL), ERR_CONFLICT);
	assert_int_equal(flow_put(&r->rq, &first, &late, "", "", said + 1, 4), ERR_CONFLICT);
	flow_release(&r->rq, &first, said + 1, 4);
	assert_shown(r, &second, 0, 2);
	/* With the hash of one turn and the list of another, nobody can tell what belongs together. */
	ask(r, KV_ARGS("HSET", flow_key(&r->arena, id), "ticket", first.ticket));
	append(r, &first, 1, 1);
	assert_shown(r, &first, 0, 0);
	ask(r, KV_ARGS("HSET", flow_key(&r->arena, id), "ticket", second.ticket));
	assert_shown(r, &second, 0, 2);
}

static void
test_a_ticket_that_redis_forgot_stops_nobody(void **state)
{
	struct request *r = *state;
	struct flow_hold hold = take(r, "one");
	bool cancelled;

	ask(r, KV_ARGS("FLUSHALL"));
	assert_int_equal(flow_append(&r->rq, &hold, said, 1, &cancelled, NULL), ERR_UNAVAILABLE);
	assert_int_equal(count_of_events(r, "EXISTS"), 0);
	assert_int_equal(hold.events, 0);
}

static void
test_a_turn_has_ceilings(void **state)
{
	struct request *r = *state;
	char *data = arena_alloc(&r->arena, FLOW_EVENTS_BYTES_MAX + 1);
	const struct flow_event large = { "token", data };
	struct flow_hold hold = take(r, "one");
	bool cancelled;
	int i;

	for (i = 0; i < FLOW_EVENTS_MAX; i++)
		assert_int_equal(flow_append(&r->rq, &hold, said, 1, &cancelled, NULL), OK);
	assert_int_equal(count_of_events(r, "LLEN"), FLOW_EVENTS_MAX + 1);
	end_lease(r);
	assert_int_equal(flow_append(&r->rq, &hold, said, 1, &cancelled, NULL), ERR_OVERLOADED);
	assert_true(watch(r, "", 0).running);
	assert_int_equal(watch(r, "", 0).n, 0);
	append(r, &hold, 0, 0);
	assert_int_equal(flow_append(&r->rq, &hold, said, 1, &cancelled, NULL), ERR_OVERLOADED);
	flow_release(&r->rq, &hold, said, 1);
	assert_string_equal(watch(r, "", 0).tag, "");

	hold = take(r, "two");
	memset(data, 'x', FLOW_EVENTS_BYTES_MAX - strlen(large.name));
	assert_int_equal(flow_append(&r->rq, &hold, &large, 1, &cancelled, NULL), OK);
	assert_int_equal(flow_append(&r->rq, &hold, said, 1, &cancelled, NULL), ERR_OVERLOADED);
}

static void
test_a_turn_knows_that_it_is_followed(void **state)
{
	struct request *r = *state;
	struct flow_hold hold = take(r, "one"), next;

	assert_false(is_followed(r, &hold));
	watch(r, "", 0);
	assert_true(is_followed(r, &hold));
	ask(r, KV_ARGS("HSET", flow_key(&r->arena, id), "followed", "1000"));
	assert_false(is_followed(r, &hold));
	watch(r, "", 0);
	end_lease(r);
	next = take(r, "two");
	assert_false(is_followed(r, &next));
	release(r, &next);
	/* Who looks at what is over leaves no mark. */
	watch(r, "", 0);
	assert_int_equal(count_of(r, "EXISTS"), 0);
}

static void
test_cancelling_asks_the_turn_that_runs(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose");
	struct flow_hold hold;

	store(r, &flow);
	assert_int_equal(flow_cancel(&r->rq, id, customer), OK);
	hold = take(r, "one");
	assert_false(is_cancelled(r, &hold));
	/* Also one that is late: it may come back to life. */
	end_lease(r);
	assert_int_equal(flow_cancel(&r->rq, id, customer), OK);
	assert_true(is_cancelled(r, &hold));
	assert_true(is_cancelled(r, &hold));
	release(r, &hold);
	hold = take(r, "two");
	assert_false(is_cancelled(r, &hold));
	assert_int_equal(flow_cancel(&r->rq, id, customer), OK);
	end_lease(r);
	hold = take(r, "three");
	assert_false(is_cancelled(r, &hold));
}

static void
test_strangers_see_and_stop_nothing(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose");
	struct flow_view view;
	struct flow_hold hold;

	store(r, &flow);
	hold = take(r, "one");
	append(r, &hold, 0, 2);
	assert_int_equal(flow_watch(&r->rq, id, stranger, "", 0, &view), ERR_NOT_FOUND);
	assert_int_equal(flow_cancel(&r->rq, id, stranger), ERR_NOT_FOUND);
	assert_false(is_cancelled(r, &hold));
	assert_false(is_followed(r, &hold));
	/* Where Redis has lost whose it is, the list still knows. */
	ask(r, KV_ARGS("HDEL", flow_key(&r->arena, id), "customer"));
	assert_int_equal(flow_watch(&r->rq, id, stranger, "", 0, &view), OK);
	assert_int_equal(view.n, 0);
	assert_int_equal(flow_cancel(&r->rq, id, stranger), OK);
	assert_false(is_cancelled(r, &hold));
	assert_shown(r, &hold, 0, 2);
	assert_int_equal(flow_cancel(&r->rq, id, customer), OK);
	assert_true(is_cancelled(r, &hold));
}

static void
test_nothing_is_known_of_what_never_was(void **state)
{
	struct request *r = *state;
	struct flow_view view = watch(r, "abcdef", 3);

	assert_false(view.running);
	assert_string_equal(view.tag, "");
	assert_string_equal(view.turn, "");
	assert_int_equal(view.version, -1);
	assert_int_equal(view.n, 0);
	assert_int_equal(flow_cancel(&r->rq, id, customer), OK);
	assert_int_equal(count_of(r, "EXISTS"), 0);
}

enum { ROUNDS = 400, COSTS = 4 };

static int
compare_costs(const void *one, const void *other)
{
	int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

	return (a > b) - (a < b);
}

/* The median, in us, of what is at costs[0], costs[COSTS], … */
static long long
median(const int64_t *costs)
{
	int64_t sorted[ROUNDS];
	int i;

	for (i = 0; i < ROUNDS; i++)
		sorted[i] = costs[i * COSTS];
	qsort(sorted, ROUNDS, sizeof(sorted[0]), compare_costs);
	return sorted[ROUNDS / 2];
}

static void
bare(struct request *r)
{
	static struct kv_script script = { .name = "bare", .lua = "return 'done'" };
	const redisReply *reply;

	assert_int_equal(kv_eval(&r->rq, &script, 1, KV_ARGS(flow_key(&r->arena, id)), &reply), OK);
}

/* A turn with a full window, as one that a model words, beside a script that does nothing. */
static void
test_the_store_costs_a_turn_little(void **state)
{
	struct request *r = *state;
	char *window = arena_alloc(&r->arena, 8 * 1024), *found = arena_alloc(&r->arena, 16 * 1024);
	static int64_t costs[ROUNDS][COSTS];
	struct flow flow = flow_of(0, "choose");
	struct flow_hold hold;
	int64_t at_us[COSTS + 1];
	int i, c;

	memset(window, 'w', 8 * 1024 - 1);
	memset(found, 'f', 16 * 1024 - 1);
	store(r, &flow);
	for (i = 0; i < ROUNDS; i++) {
		flow.version = i + 1;
		at_us[0] = clock_us();
		bare(r);
		at_us[1] = clock_us();
		hold = take(r, "one");
		at_us[2] = clock_us();
		append(r, &hold, 0, 3);
		at_us[3] = clock_us();
		assert_int_equal(flow_put(&r->rq, &hold, &flow, window, found, said + 3, 2), OK);
		at_us[4] = clock_us();
		for (c = 0; c < COSTS; c++)
			costs[i][c] = at_us[c + 1] - at_us[c];
	}
	print_message("us: a script that does nothing %lld, take %lld, append %lld, put %lld\n",
		      median(&costs[0][0]), median(&costs[0][1]), median(&costs[0][2]), median(&costs[0][3]));
	for (c = 1; c < COSTS; c++)
		assert_true(median(&costs[0][c]) < 20 * median(&costs[0][0]));
}

static void
test_without_redis_everything_is_unavailable(void **state)
{
	struct request *r = *state;
	struct flow_hold hold = take(r, "one");
	struct flow_view view;
	bool cancelled;

	server_freeze(&redis);
	assert_int_equal(flow_append(&r->rq, &hold, said, 1, &cancelled, NULL), ERR_UNAVAILABLE);
	assert_int_equal(flow_watch(&r->rq, id, customer, "", 0, &view), ERR_UNAVAILABLE);
	assert_int_equal(flow_cancel(&r->rq, id, customer), ERR_UNAVAILABLE);
	assert_int_equal(hold.events, 0);
	server_thaw(&redis);
	assert_true(server_wait(is_ready, kv));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_events_are_read_from_where_one_was),
		TEST(test_the_last_events_come_with_the_write_back),
		TEST(test_a_turn_that_failed_says_so),
		TEST(test_events_given_again_are_added_once),
		TEST(test_a_list_with_a_hole_shows_nothing),
		TEST(test_another_turns_list_is_left_alone),
		TEST(test_a_ticket_that_redis_forgot_stops_nobody),
		TEST(test_a_turn_has_ceilings),
		TEST(test_a_turn_knows_that_it_is_followed),
		TEST(test_cancelling_asks_the_turn_that_runs),
		TEST(test_strangers_see_and_stop_nothing),
		TEST(test_nothing_is_known_of_what_never_was),
		TEST(test_the_store_costs_a_turn_little),
		TEST(test_without_redis_everything_is_unavailable),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
