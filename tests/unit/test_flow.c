/* The chat-flow store: who may change a flow while turns race, die, come late and lose Redis. */
#include "clock.h"
#include "flows.h"

static void
test_keys_share_the_conversations_hash_tag(void **state)
{
	struct request *r = *state;

	assert_string_equal(flow_key(&r->arena, id), "{chat:AbCdEfGhIjKlMnOpQrStUv}:flow");
	assert_string_equal(flow_events_key(&r->arena, id), "{chat:AbCdEfGhIjKlMnOpQrStUv}:events");
}

static void
test_redis_carries_every_member(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(7, "choose");
	struct flow_hold hold;

	flow.hobby = "camping|뜨개질";
	flow.terms = "의자 \"두 개\" \\ 'x'";
	flow.budget_won = 9007199254740991;
	store(r, &flow);
	hold = take(r, "one");
	assert_string_equal(flow_json(&r->arena, &hold.flow), flow_json(&r->arena, &flow));
}

static void
test_a_turn_takes_writes_and_returns(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose");
	struct flow_hold hold;
	long long ttl_s;

	store(r, &flow);
	hold = take(r, "one");
	assert_int_equal(hold.flow.version, 4);
	assert_int_equal(strlen(hold.ticket), FLOW_TICKET_LEN);
	flow = flow_of(5, "recommendation");
	assert_int_equal(put(r, &hold, &flow), OK);
	hold = take(r, "two");
	assert_int_equal(hold.flow.version, 5);
	assert_string_equal(hold.flow.state, "recommendation");
	ttl_s = count_of(r, "TTL");
	assert_in_range(ttl_s, FLOW_TTL_S - 10, FLOW_TTL_S);
}

static void
test_life_slides_with_every_use(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose");
	long long ttl_s;

	store(r, &flow);
	ask(r, KV_ARGS("EXPIRE", flow_key(&r->arena, id), "100"));
	take(r, "one");
	ttl_s = count_of(r, "TTL");
	assert_in_range(ttl_s, FLOW_TTL_S - 10, FLOW_TTL_S);
}

static void
test_of_two_tabs_one_gets_the_ticket(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose");
	struct flow_hold first, second;

	store(r, &flow);
	first = take(r, "one");
	assert_int_equal(flow_take(&r->rq, id, customer, "two", NULL, &second), ERR_TURN_IN_PROGRESS);
	assert_string_equal(second.turn, "one");
	assert_string_equal(second.ticket, first.ticket);
	assert_int_equal(second.flow.version, 4);
	release(r, &first);
	second = take(r, "two");
	assert_string_not_equal(second.ticket, first.ticket);
	assert_string_equal(second.flow.state, "choose");
}

static void
test_strangers_learn_nothing(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose");
	struct flow_hold hold;

	store(r, &flow);
	assert_int_equal(flow_take(&r->rq, id, stranger, "one", NULL, &hold), ERR_NOT_FOUND);
	take(r, "two");
	assert_int_equal(flow_take(&r->rq, id, stranger, "three", NULL, &hold), ERR_NOT_FOUND);
}

static void
test_a_lease_that_ran_out_is_taken_over(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose"), late = flow_of(5, "done");
	struct flow_hold first, second;

	store(r, &flow);
	first = take(r, "one");
	end_lease(r);
	second = take(r, "two");
	/* The first comes back to life: it may neither write nor return the other's ticket. */
	assert_int_equal(put(r, &first, &late), ERR_CONFLICT);
	assert_int_equal(flow_rebuild(&r->rq, &first, &late), ERR_CONFLICT);
	release(r, &first);
	assert_int_equal(flow_take(&r->rq, id, customer, "three", NULL, &first), ERR_TURN_IN_PROGRESS);
	flow = flow_of(5, "recommendation");
	assert_int_equal(put(r, &second, &flow), OK);
	assert_string_equal(take(r, "four").flow.state, "recommendation");
}

/* A process commits and dies before it writes back: who sees that in PostgreSQL names the ticket and takes it. */
static void
test_the_ticket_of_a_lost_write_back_is_seized(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose"), committed = flow_of(5, "recommendation");
	struct flow_hold dead, seen, next;

	store(r, &flow);
	dead = take(r, "one");
	assert_int_equal(flow_take(&r->rq, id, customer, "two", "no such ticket", &seen),
			 ERR_TURN_IN_PROGRESS);
	assert_int_equal(flow_take(&r->rq, id, customer, "two", seen.ticket, &next), OK);
	assert_int_equal(next.flow.version, -1);
	/* A third has nothing to tell by that this turn were over, too. */
	assert_int_equal(flow_take(&r->rq, id, customer, "three", NULL, &seen), ERR_TURN_IN_PROGRESS);
	assert_int_equal(seen.flow.version, -1);
	assert_int_equal(flow_rebuild(&r->rq, &next, &committed), OK);
	assert_int_equal(put(r, &dead, &committed), ERR_CONFLICT);
	committed = flow_of(6, "done");
	assert_int_equal(put(r, &next, &committed), OK);
	assert_int_equal(take(r, "three").flow.version, 6);
}

static void
test_a_stale_version_is_deleted_to_be_rebuilt(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose"), later = flow_of(9, "done");
	struct flow_hold hold;

	store(r, &flow);
	hold = take(r, "one");
	assert_int_equal(put(r, &hold, &later), ERR_CONFLICT);
	assert_int_equal(count_of(r, "EXISTS"), 0);
	hold = take(r, "two");
	assert_int_equal(hold.flow.version, -1);
	assert_int_equal(flow_rebuild(&r->rq, &hold, &later), OK);
	later.version++;
	assert_int_equal(put(r, &hold, &later), OK);
	assert_int_equal(take(r, "three").flow.version, 10);
}

static void
test_a_flushed_redis_is_rebuilt(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose"), next = flow_of(5, "done");
	struct flow_hold hold;

	store(r, &flow);
	hold = take(r, "one");
	ask(r, KV_ARGS("FLUSHALL"));
	assert_int_equal(put(r, &hold, &next), ERR_CONFLICT);
	assert_int_equal(count_of(r, "EXISTS"), 0);
	hold = take(r, "two");
	assert_int_equal(hold.flow.version, -1);
	assert_int_equal(flow_rebuild(&r->rq, &hold, &next), OK);
	release(r, &hold);
	assert_string_equal(take(r, "three").flow.state, "done");
}

static void
test_a_new_flow_is_told_from_a_lost_one(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(0, "mood_check");
	struct flow_hold hold, seen;

	store(r, &flow);
	hold = take(r, "one");
	assert_int_equal(hold.flow.version, 0);
	assert_int_equal(flow_take(&r->rq, id, customer, "two", NULL, &seen), ERR_TURN_IN_PROGRESS);
	assert_int_equal(seen.flow.version, 0);

	ask(r, KV_ARGS("FLUSHALL"));
	hold = take(r, "three");
	assert_int_equal(hold.flow.version, -1);
	assert_int_equal(flow_take(&r->rq, id, customer, "four", NULL, &seen), ERR_TURN_IN_PROGRESS);
	assert_int_equal(seen.flow.version, -1);
	assert_string_equal(seen.ticket, hold.ticket);
}

static void
test_a_ticket_that_redis_forgot_is_nobodys(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose");
	struct flow_hold hold = take(r, "one");

	ask(r, KV_ARGS("FLUSHALL"));
	assert_int_equal(flow_rebuild(&r->rq, &hold, &flow), ERR_UNAVAILABLE);
	assert_int_equal(count_of(r, "EXISTS"), 0);
	take(r, "two");
	assert_int_equal(flow_rebuild(&r->rq, &hold, &flow), ERR_CONFLICT);
}

/* What a turn keeps for the next one counts only with the flow it was kept with. */
static void
test_window_and_found_are_of_their_version(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose"), next = flow_of(5, "recommendation");
	struct flow_hold hold;

	store(r, &flow);
	hold = take(r, "one");
	assert_string_equal(hold.window, "");
	assert_string_equal(hold.found, "");
	assert_int_equal(flow_put(&r->rq, &hold, &next, "[\"안녕\"]", "{}", NULL, 0), OK);
	hold = take(r, "two");
	assert_string_equal(hold.window, "[\"안녕\"]");
	assert_string_equal(hold.found, "{}");
	release(r, &hold);

	/* A program of an earlier release writes the flow and knows of nothing else. */
	ask(r, KV_ARGS("HSET", flow_key(&r->arena, id), "version", "6"));
	hold = take(r, "three");
	assert_string_equal(hold.window, "");
	assert_string_equal(hold.found, "");
	release(r, &hold);
	ask(r, KV_ARGS("HSET", flow_key(&r->arena, id), "version", "5"));
	hold = take(r, "four");
	assert_string_equal(hold.window, "[\"안녕\"]");
	assert_int_equal(flow_rebuild(&r->rq, &hold, &next), OK);
	release(r, &hold);
	assert_string_equal(take(r, "five").window, "");
}

static void
test_what_is_too_long_is_not_kept(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose");
	char *longest = arena_alloc(&r->arena, FLOW_KEPT_MAX + 2);
	struct flow_hold hold;

	memset(longest, 'x', FLOW_KEPT_MAX);
	store(r, &flow);
	hold = take(r, "one");
	flow.version++;
	assert_int_equal(flow_put(&r->rq, &hold, &flow, "w", longest, NULL, 0), OK);
	hold = take(r, "two");
	assert_int_equal(strlen(hold.found), FLOW_KEPT_MAX);
	longest[FLOW_KEPT_MAX] = 'x';
	flow.version++;
	assert_int_equal(flow_put(&r->rq, &hold, &flow, "w", longest, NULL, 0), OK);
	hold = take(r, "three");
	assert_string_equal(hold.window, "w");
	assert_string_equal(hold.found, "");
}

/* How long the ticket in Redis is still good for, in ms. */
static long long
lease_ms(struct request *r)
{
	const redisReply *time = ask(r, KV_ARGS("TIME"));
	long long now_ms =
	    strtoll(time->element[0]->str, NULL, 10) * 1000 + strtoll(time->element[1]->str, NULL, 10) / 1000;

	return strtoll(ask(r, KV_ARGS("HGET", flow_key(&r->arena, id), "ticket_until"))->str, NULL, 10) -
	       now_ms;
}

static void
test_a_lease_is_short_and_renewed(void **state)
{
	struct request *r = *state;
	struct flow_hold hold, other;
	bool cancelled;

	hold = take(r, "one");
	assert_in_range(lease_ms(r), FLOW_LEASE_MS - 2000, FLOW_LEASE_MS);
	end_lease(r);
	assert_int_equal(flow_append(&r->rq, &hold, NULL, 0, &cancelled, NULL), OK);
	assert_in_range(lease_ms(r), FLOW_LEASE_MS - 2000, FLOW_LEASE_MS);
	assert_int_equal(flow_take(&r->rq, id, customer, "two", NULL, &other), ERR_TURN_IN_PROGRESS);
}

static void
test_a_ticket_for_nothing_leaves_nothing(void **state)
{
	struct request *r = *state;
	struct flow_hold hold = take(r, "one");

	assert_int_equal(count_of_events(r, "EXISTS"), 1);
	release(r, &hold);
	assert_int_equal(count_of(r, "EXISTS"), 0);
	assert_int_equal(count_of_events(r, "EXISTS"), 0);
}

static void
test_erasing_takes_a_running_turn_with_it(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose"), next = flow_of(5, "done");
	struct flow_hold hold;

	store(r, &flow);
	hold = take(r, "one");
	assert_int_equal(flow_erase(&r->rq, id), OK);
	assert_int_equal(count_of_events(r, "EXISTS"), 0);
	assert_int_equal(put(r, &hold, &next), ERR_CONFLICT);
	assert_int_equal(count_of(r, "EXISTS"), 0);
	assert_int_equal(flow_erase(&r->rq, id), OK);
}

static void
test_without_redis_everything_is_unavailable(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(4, "choose");
	struct flow_hold hold = { .session = id };

	server_freeze(&redis);
	assert_int_equal(flow_take(&r->rq, id, customer, "one", NULL, &hold), ERR_UNAVAILABLE);
	assert_int_equal(flow_rebuild(&r->rq, &hold, &flow), ERR_UNAVAILABLE);
	assert_int_equal(put(r, &hold, &flow), ERR_UNAVAILABLE);
	assert_int_equal(flow_erase(&r->rq, id), ERR_UNAVAILABLE);
	release(r, &hold);
	assert_true(request_took_ms(r) < 4000);
	server_thaw(&redis);
	assert_true(server_wait(is_ready, kv));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_keys_share_the_conversations_hash_tag),
		TEST(test_redis_carries_every_member),
		TEST(test_a_turn_takes_writes_and_returns),
		TEST(test_life_slides_with_every_use),
		TEST(test_of_two_tabs_one_gets_the_ticket),
		TEST(test_strangers_learn_nothing),
		TEST(test_a_lease_that_ran_out_is_taken_over),
		TEST(test_the_ticket_of_a_lost_write_back_is_seized),
		TEST(test_a_stale_version_is_deleted_to_be_rebuilt),
		TEST(test_a_flushed_redis_is_rebuilt),
		TEST(test_a_new_flow_is_told_from_a_lost_one),
		TEST(test_a_ticket_that_redis_forgot_is_nobodys),
		TEST(test_window_and_found_are_of_their_version),
		TEST(test_what_is_too_long_is_not_kept),
		TEST(test_a_lease_is_short_and_renewed),
		TEST(test_a_ticket_for_nothing_leaves_nothing),
		TEST(test_erasing_takes_a_running_turn_with_it),
		TEST(test_without_redis_everything_is_unavailable),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
