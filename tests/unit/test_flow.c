/* The chat-flow store: two forms of a flow, and who may change it while turns race, die, come late and lose Redis. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <hiredis/hiredis.h>
#include <json-c/json.h>

#include "clock.h"
#include "flow.h"
#include "json.h"
#include "kv.h"
#include "request.h"
#include "servers.h"

static struct server redis;
static struct kv *kv;

static const char customer[] = "11111111-1111-4111-8111-111111111111";
static const char stranger[] = "22222222-2222-4222-8222-222222222222";
static const char id[] = "AbCdEfGhIjKlMnOpQrStUv";

static bool
is_ready(void *ctx)
{
	return kv_ready(ctx);
}

/* What Redis answers to a command. */
static const redisReply *
ask(struct request *r, struct kv_args command)
{
	const redisReply *reply;

	assert_int_equal(kv_run(&r->rq, command, &reply), OK);
	return reply;
}

static long long
count_of(struct request *r, const char *command)
{
	return ask(r, KV_ARGS(command, flow_key(&r->arena, id)))->integer;
}

static int
begin(void **state)
{
	static struct request r;

	request_begin(&r, 5000);
	r.rq.kv = kv;
	ask(&r, KV_ARGS("FLUSHALL"));
	*state = &r;
	return 0;
}

static int
end(void **state)
{
	request_end(*state);
	return 0;
}

static struct flow
flow_of(int64_t version, const char *step)
{
	struct flow flow;

	flow_init(&flow);
	flow.customer = customer;
	flow.version = version;
	flow.state = step;
	flow.language = "ko";
	return flow;
}

/* Take a ticket that is to be had. */
static struct flow_hold
take(struct request *r, const char *turn)
{
	struct flow_hold hold;

	assert_int_equal(flow_take(&r->rq, id, customer, turn, NULL, &hold), OK);
	return hold;
}

/* Store a flow as a finished turn leaves it. */
static void
store(struct request *r, const struct flow *flow)
{
	const struct flow_hold nobody = { .session = id };

	assert_int_equal(flow_rebuild(&r->rq, &nobody, flow), OK);
}

static void
test_keys_share_the_conversations_hash_tag(void **state)
{
	struct request *r = *state;

	assert_string_equal(flow_key(&r->arena, id), "{chat:AbCdEfGhIjKlMnOpQrStUv}:flow");
}

static void
test_both_forms_carry_everything(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(7, "choose"), back;
	struct flow_hold hold;

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

	store(r, &flow);
	hold = take(r, "one");
	assert_string_equal(flow_json(&r->arena, &hold.flow), flow_json(&r->arena, &flow));
}

static void
test_what_is_no_flow_is_refused(void **state)
{
	struct request *r = *state;
	struct flow flow = flow_of(3, "done");

	assert_int_equal(flow_read(&r->arena, "[]", &flow), ERR_MALFORMED_JSON);
	assert_int_equal(flow_read(&r->arena, "{", &flow), ERR_MALFORMED_JSON);
	assert_string_equal(flow.state, "done");
	assert_int_equal(flow_read(&r->arena, "{\"version\":\"2\",\"mood\":null,\"other\":1}", &flow), OK);
	assert_int_equal(flow.version, 2);
	assert_string_equal(flow.mood, "");
	assert_string_equal(flow.state, "");
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
	assert_int_equal(flow_put(&r->rq, &hold, &flow), OK);
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
	flow_release(&r->rq, &first);
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
	ask(r, KV_ARGS("HSET", flow_key(&r->arena, id), "ticket_until", "1"));
	second = take(r, "two");
	/* The first comes back to life: it may neither write nor return the other's ticket. */
	assert_int_equal(flow_put(&r->rq, &first, &late), ERR_CONFLICT);
	assert_int_equal(flow_rebuild(&r->rq, &first, &late), ERR_CONFLICT);
	flow_release(&r->rq, &first);
	assert_int_equal(flow_take(&r->rq, id, customer, "three", NULL, &first), ERR_TURN_IN_PROGRESS);
	flow = flow_of(5, "recommendation");
	assert_int_equal(flow_put(&r->rq, &second, &flow), OK);
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
	assert_int_equal(next.flow.version, 4);
	assert_int_equal(flow_rebuild(&r->rq, &next, &committed), OK);
	assert_int_equal(flow_put(&r->rq, &dead, &committed), ERR_CONFLICT);
	committed = flow_of(6, "done");
	assert_int_equal(flow_put(&r->rq, &next, &committed), OK);
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
	assert_int_equal(flow_put(&r->rq, &hold, &later), ERR_CONFLICT);
	assert_int_equal(count_of(r, "EXISTS"), 0);
	hold = take(r, "two");
	assert_int_equal(hold.flow.version, -1);
	assert_int_equal(flow_rebuild(&r->rq, &hold, &later), OK);
	later.version++;
	assert_int_equal(flow_put(&r->rq, &hold, &later), OK);
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
	assert_int_equal(flow_put(&r->rq, &hold, &next), ERR_CONFLICT);
	assert_int_equal(count_of(r, "EXISTS"), 0);
	hold = take(r, "two");
	assert_int_equal(hold.flow.version, -1);
	assert_int_equal(flow_rebuild(&r->rq, &hold, &next), OK);
	flow_release(&r->rq, &hold);
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

/* How long the ticket of a request with that many milliseconds is good for. */
static long long
lease_of(struct request *r, int ms)
{
	const redisReply *time;
	struct flow_hold hold;
	long long now_ms;

	r->rq.deadline_ms = clock_ms() + ms;
	time = ask(r, KV_ARGS("TIME"));
	now_ms =
	    strtoll(time->element[0]->str, NULL, 10) * 1000 + strtoll(time->element[1]->str, NULL, 10) / 1000;
	hold = take(r, "one");
	time = ask(r, KV_ARGS("HGET", flow_key(&r->arena, id), "ticket_until"));
	flow_release(&r->rq, &hold);
	return strtoll(time->str, NULL, 10) - now_ms;
}

static void
test_a_lease_ends_with_the_request_but_for_streams(void **state)
{
	struct request *r = *state;

	assert_in_range(lease_of(r, 8000), 8001, 9500);
	assert_in_range(lease_of(r, 24 * 3600 * 1000), 30000, 31000);
}

static void
test_a_ticket_for_nothing_leaves_nothing(void **state)
{
	struct request *r = *state;
	struct flow_hold hold = take(r, "one");

	flow_release(&r->rq, &hold);
	assert_int_equal(count_of(r, "EXISTS"), 0);
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
	assert_int_equal(flow_put(&r->rq, &hold, &next), ERR_CONFLICT);
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
	assert_int_equal(flow_put(&r->rq, &hold, &flow), ERR_UNAVAILABLE);
	assert_int_equal(flow_erase(&r->rq, id), ERR_UNAVAILABLE);
	flow_release(&r->rq, &hold);
	assert_true(request_took_ms(r) < 4000);
	server_thaw(&redis);
	assert_true(server_wait(is_ready, kv));
}

static int
start(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	server_redis(&redis);
	kv = kv_open(&(struct kv_conf){ .address = redis.address, .pool = 2 });
	return server_wait(is_ready, kv) ? 0 : -1;
}

static int
stop(void **state)
{
	(void)state;
	kv_close(kv);
	server_end(&redis);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_keys_share_the_conversations_hash_tag),
		TEST(test_both_forms_carry_everything),
		TEST(test_what_is_no_flow_is_refused),
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
		TEST(test_a_lease_ends_with_the_request_but_for_streams),
		TEST(test_a_ticket_for_nothing_leaves_nothing),
		TEST(test_erasing_takes_a_running_turn_with_it),
		TEST(test_without_redis_everything_is_unavailable),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
