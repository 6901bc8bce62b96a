/* A real Redis and its model, side by side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hiredis/hiredis.h>

#include "flow_world.h"
#include "kv.h"

const char world_customer[] = "11111111-1111-4111-8111-111111111111";

/*
 * All that Redis holds, as text: flow, kept window, ticket, and the list behind its first line.  A lease that has not ended is made
 * to last until the test ends it: what happens here is random, but not by the time of day.  KEYS: flow, events.
 */
static struct kv_script look_script = {
	.name = "look",
	.lua =
	    "local h = redis.call('HMGET', KEYS[1], 'version', 'cards', 'kept', 'window', 'ticket', 'turn', 'cancel')\n"
	    "local time = redis.call('TIME')\n"
	    "local live = tonumber(redis.call('HGET', KEYS[1], 'ticket_until') or 0) > time[1] * 1000\n"
	    "if live then redis.call('HSET', KEYS[1], 'ticket_until', '9000000000000') end\n"
	    "local at = { h[1] or '', h[2] or '', h[3] and h[3] == h[1] and h[4] or '', h[5] or '', h[6] or '',\n"
	    "  h[7] and h[7] == h[5] and 'cancel' or '', live and 'live' or '' }\n"
	    "for i, event in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do table.insert(at, event) end\n"
	    "return table.concat(at, '/')\n",
};

/* KEYS: from, to. */
static struct kv_script copy_script = {
	.name = "copy",
	.lua = "redis.call('DEL', KEYS[2])\n"
	       "return redis.call('COPY', KEYS[1], KEYS[2])\n",
};

void
world_open(struct world *w, struct kv *kv, long long seed)
{
	*w = (struct world){ .kv = kv, .seed = seed, .random = (uint64_t)seed * 2654435761U + 1 };
	request_begin(&w->r, 3600 * 1000);
	w->r.rq.kv = kv;
}

void
world_close(struct world *w)
{
	request_end(&w->r);
}

/* xorshift64* */
int
world_below(struct world *w, int n)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (int)(((w->random * 2685821657736338717U) >> 33) % (unsigned)n);
}

bool
world_chance(struct world *w, int percent)
{
	return world_below(w, 100) < percent;
}

void
world_note(struct world *w, const char *fmt, ...)
{
	char *line = w->trace[w->ntrace++ % TRACE_LINES];
	va_list args;
	int n;

	n = snprintf(line, TRACE_LEN, "%7lld ", w->step);
	va_start(args, fmt);
	vsnprintf(line + n, (size_t)(TRACE_LEN - n), fmt, args);
	va_end(args);
}

void
world_fail(struct world *w, const char *truth, const char *where)
{
	int i;

	for (i = w->ntrace > TRACE_LINES ? w->ntrace - TRACE_LINES : 0; i < w->ntrace; i++)
		fprintf(stderr, "%s\n", w->trace[i % TRACE_LINES]);
	fail_msg("MOA_SEED=%lld step %lld: not so in %s: %s", w->seed, w->step, where, truth);
	abort();
}

static const redisReply *
ask(struct world *w, struct kv_args command)
{
	const redisReply *reply = NULL;

	EXPECT(w, kv_run(&w->r.rq, command, &reply) == OK);
	return reply;
}

static const char *
flow_at(struct world *w)
{
	return flow_key(&w->r.arena, w->id);
}

static const char *
list_at(struct world *w)
{
	return flow_events_key(&w->r.arena, w->id);
}

const char *
world_text(struct world *w, int n, int nothing)
{
	return n == nothing ? "" : arena_printf(&w->r.arena, "%d", n);
}

/* What look_script says where Redis has what the model has. */
static const char *
expected_look(struct world *w)
{
	const struct store *s = &w->store;
	struct arena *a = &w->r.arena;
	const struct log *holder = s->holder == NONE ? NULL : &logs[s->holder];
	const char *text = arena_printf(a, "%s/%s/%s/%s/%s/%s/%s", world_text(w, s->version, NONE),
					s->version == NONE ? "" : world_text(w, s->answer, NONE),
					world_text(w, s->window, 0), holder ? holder->ticket : "",
					holder ? world_text(w, holder->message, NONE) : "",
					s->cancel ? "cancel" : "", s->live ? "live" : "");
	int i;

	if (s->list != NONE)
		text = arena_printf(a, "%s/%s\n%.*s\n%d", text, world_customer, FLOW_TAG_LEN,
				    logs[s->list].ticket, logs[s->list].message);
	for (i = 1; i <= s->listed; i++) {
		struct flow_event event = log_event(a, s->list, i);

		text = arena_printf(a, "%s/%s\n%s", text, event.name, event.data);
	}
	return text;
}

void
world_check(struct world *w)
{
	const struct store *s = &w->store;
	const redisReply *reply;
	const char *expected = expected_look(w);

	EXPECT(w, kv_eval(&w->r.rq, &look_script, 2, KV_ARGS(flow_at(w), list_at(w)), &reply) == OK);
	if (strcmp(reply->str, expected) != 0)
		fprintf(stderr, "Redis: %s\nmodel: %s\n", reply->str, expected);
	EXPECT(w, strcmp(reply->str, expected) == 0);
	EXPECT(w, s->version <= w->ledger.version);
	EXPECT(w, s->version == NONE || s->answer == ledger_made(&w->ledger, s->version));
	EXPECT(w, s->window == 0 || s->window == s->answer);
	EXPECT(w, s->list == NONE || s->listed <= logs[s->list].n);
	arena_reset(&w->r.arena);
}

void
world_begin(struct world *w)
{
	static char id[32];
	struct flow_hold nobody = { .session = id };
	struct flow flow;

	snprintf(id, sizeof(id), "conversation-%lld", w->step);
	w->id = id;
	w->nlogs = w->nanswers = 0;
	w->ledger = (struct ledger){ 0 };
	store_init(&w->store, &w->ledger);
	ask(w, KV_ARGS("FLUSHALL"));
	flow_init(&flow);
	flow.customer = world_customer;
	flow.cards = "0";
	EXPECT(w, flow_rebuild(&w->r.rq, &nobody, &flow) == OK);
	for (int i = 0; i < SNAPSHOTS; i++)
		world_save(w, i);
	world_note(w, "%s begins", id);
	world_check(w);
}

void
world_cancel(struct world *w)
{
	EXPECT(w, flow_cancel(&w->r.rq, w->id, world_customer) == OK);
	store_cancel(&w->store);
	world_note(w, "cancel");
	world_check(w);
}

void
world_end_lease(struct world *w)
{
	if (w->store.holder == NONE)
		return;
	ask(w, KV_ARGS("HSET", flow_at(w), "ticket_until", "1"));
	w->store.live = false;
	world_note(w, "the lease of log %d ends", w->store.holder);
	world_check(w);
}

void
world_lose(struct world *w, bool flow, bool list)
{
	if (flow) {
		ask(w, KV_ARGS("DEL", flow_at(w)));
		store_lose_flow(&w->store);
	}
	if (list) {
		ask(w, KV_ARGS("DEL", list_at(w)));
		store_lose_list(&w->store);
	}
	world_note(w, "Redis loses %s%s", flow ? "the flow " : "", list ? "the events" : "");
	world_check(w);
}

static const char *
snapshot_at(struct world *w, const char *of, int snapshot)
{
	return arena_printf(&w->r.arena, "%s:%d", of, snapshot);
}

static void
copy(struct world *w, const char *from, const char *to)
{
	const redisReply *reply;

	EXPECT(w, kv_eval(&w->r.rq, &copy_script, 2, KV_ARGS(from, to), &reply) == OK);
}

void
world_save(struct world *w, int snapshot)
{
	copy(w, flow_at(w), snapshot_at(w, flow_at(w), snapshot));
	copy(w, list_at(w), snapshot_at(w, list_at(w), snapshot));
	w->snapshots[snapshot] = w->store;
	world_note(w, "snapshot %d", snapshot);
}

void
world_restore(struct world *w, int snapshot, bool flow, bool list)
{
	const struct store *then = &w->snapshots[snapshot], now = w->store;

	if (flow) {
		copy(w, snapshot_at(w, flow_at(w), snapshot), flow_at(w));
		w->store = *then;
		w->store.list = now.list;
		w->store.listed = now.listed;
	}
	if (list) {
		copy(w, snapshot_at(w, list_at(w), snapshot), list_at(w));
		w->store.list = then->list;
		w->store.listed = then->listed;
	}
	world_note(w, "Redis goes back to snapshot %d: %s%s", snapshot, flow ? "flow " : "",
		   list ? "events" : "");
	world_check(w);
}

void
world_erase(struct world *w)
{
	EXPECT(w, flow_erase(&w->r.rq, w->id) == OK);
	store_lose_flow(&w->store);
	store_lose_list(&w->store);
	world_note(w, "erased");
	world_check(w);
}
