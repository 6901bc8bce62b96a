/* What tests of the chat-flow store share: a Redis of their own, one conversation in it, and flows to put there. */
#ifndef FLOWS_H
#define FLOWS_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <hiredis/hiredis.h>

#include "attr.h"
#include "flow.h"
#include "kv.h"
#include "request.h"
#include "servers.h"

static struct server redis;
static struct kv *kv;

static const char customer[] = "11111111-1111-4111-8111-111111111111";
static const char stranger[] = "22222222-2222-4222-8222-222222222222";
static const char id[] = "AbCdEfGhIjKlMnOpQrStUv";

static inline bool
is_ready(void *ctx)
{
	return kv_ready(ctx);
}

/* What Redis answers to a command. */
static inline const redisReply *
ask(struct request *r, struct kv_args command)
{
	const redisReply *reply;

	assert_int_equal(kv_run(&r->rq, command, &reply), OK);
	return reply;
}

/* What it answers about the conversation's hash, and about its list of events. */
static inline long long
count_of(struct request *r, const char *command)
{
	return ask(r, KV_ARGS(command, flow_key(&r->arena, id)))->integer;
}

static inline long long
count_of_events(struct request *r, const char *command)
{
	return ask(r, KV_ARGS(command, flow_events_key(&r->arena, id)))->integer;
}

static inline struct flow
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
static inline struct flow_hold
take(struct request *r, const char *turn)
{
	struct flow_hold hold;

	assert_int_equal(flow_take(&r->rq, id, customer, turn, NULL, &hold), OK);
	return hold;
}

/* Store a flow as a finished turn leaves it. */
static inline void
store(struct request *r, const struct flow *flow)
{
	const struct flow_hold nobody = { .session = id };

	assert_int_equal(flow_rebuild(&r->rq, &nobody, flow), OK);
}

/* Write a flow back with nothing beside it. */
static inline enum err
put(struct request *r, const struct flow_hold *hold, const struct flow *flow)
{
	return flow_put(&r->rq, hold, flow, "", "", NULL, 0);
}

static inline void
release(struct request *r, const struct flow_hold *hold)
{
	flow_release(&r->rq, hold, NULL, 0);
}

/* The running turn's lease ends. */
static inline void
end_lease(struct request *r)
{
	ask(r, KV_ARGS("HSET", flow_key(&r->arena, id), "ticket_until", "1"));
}

static inline int
begin(void **state)
{
	static struct request r;

	request_begin(&r, 5000);
	r.rq.kv = kv;
	ask(&r, KV_ARGS("FLUSHALL"));
	*state = &r;
	return 0;
}

static inline int
end(void **state)
{
	request_end(*state);
	return 0;
}

static inline int
start(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	server_redis(&redis);
	kv = kv_open(&(struct kv_conf){ .address = redis.address, .pool = 2 });
	return server_wait(is_ready, kv) ? 0 : -1;
}

static inline int
stop(void **state)
{
	(void)state;
	kv_close(kv);
	server_end(&redis);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
