/*
 * The chat-flow store over Redis: one hash per conversation, changed by scripts alone.  Here is who may change it; the
 * events of a turn are in flow_events.c, the forms of a flow in flow_form.c.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "arena.h"
#include "flow.h"
#include "flow_inside.h"
#include "kv.h"
#include "req.h"
#include "text.h"

enum { TICKET_BYTES = 16 };

/* The fields of a running turn, which end with it. */
#define RETURN_TICKET "redis.call('HDEL', KEYS[1], 'ticket', 'ticket_until', 'turn', 'cancel', 'followed')\n"

/*
 * KEYS: flow, events.  ARGV: customer, ticket, turn, lease in ms, life in s, a ticket to take over, first line and life in
 * s of the list of events.  What it says first is how it went.
 */
static struct kv_script take_script = {
	.name = "flow_take",
	.lua = KV_LUA_NOW
	"local h = redis.call('HMGET', KEYS[1], 'customer', 'ticket', 'ticket_until', 'turn', 'version')\n"
	"if h[1] and h[1] ~= ARGV[1] then return { 'theirs' } end\n"
	"if h[2] and h[2] ~= ARGV[6] and tonumber(h[3]) > now() then\n"
	"  return { 'busy', 'ticket', h[2], 'turn', h[4], 'version', h[5] or '-1' }\n"
	"end\n"
	/* What is here is older than PostgreSQL knows it; who comes next must not take the new turn for the old one. */
	"if h[2] and h[2] == ARGV[6] then redis.call('DEL', KEYS[1]) end\n" RETURN_TICKET
	"redis.call('HSET', KEYS[1], 'ticket', ARGV[2], 'turn', ARGV[3],\n"
	"  'ticket_until', string.format('%.0f', now() + ARGV[4]))\n"
	"redis.call('EXPIRE', KEYS[1], ARGV[5])\n"
	"redis.call('DEL', KEYS[2])\n"
	"redis.call('RPUSH', KEYS[2], ARGV[7])\n"
	"redis.call('EXPIRE', KEYS[2], ARGV[8])\n"
	"local flow = redis.call('HGETALL', KEYS[1])\n"
	"table.insert(flow, 1, 'taken')\n"
	"return flow\n",
};

/* KEYS: flow.  ARGV: ticket, life in s, flow as JSON. */
static struct kv_script rebuild_script = {
	.name = "flow_rebuild",
	.lua =
	    "local ticket = redis.call('HGET', KEYS[1], 'ticket') or ''\n"
	    "if ticket ~= ARGV[1] then return ticket == '' and 'gone' or 'lost' end\n"
	    "for name, value in pairs(cjson.decode(ARGV[3])) do redis.call('HSET', KEYS[1], name, value) end\n"
	    "redis.call('HDEL', KEYS[1], 'window', 'found', 'kept')\n"
	    "redis.call('EXPIRE', KEYS[1], ARGV[2])\n"
	    "return 'done'\n",
};

/*
 * KEYS: flow, events.  ARGV: ticket, number of events before, events, life in s of their list, life in s, flow as JSON,
 * the version it follows, its own, window, found.  Window and found carry the version: programs that do not know of
 * them may write the flow, too.
 */
static struct kv_script put_script = {
	.name = "flow_put",
	.lua = FLOW_LUA_ADD
	"local h = redis.call('HMGET', KEYS[1], 'ticket', 'version')\n"
	"if h[1] ~= ARGV[1] then return 'lost' end\n"
	"add(KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4])\n"
	"if h[2] ~= ARGV[7] then redis.call('DEL', KEYS[1]) return 'stale' end\n"
	"for name, value in pairs(cjson.decode(ARGV[6])) do redis.call('HSET', KEYS[1], name, value) end\n"
	"redis.call('HSET', KEYS[1], 'kept', ARGV[8], 'window', ARGV[9], 'found', ARGV[10])\n" RETURN_TICKET
	"redis.call('EXPIRE', KEYS[1], ARGV[5])\n"
	"return 'done'\n",
};

/*
 * KEYS: flow, events.  ARGV: ticket, number of events before, events, life in s of their list.  A hash that held nothing
 * but the ticket is gone with it, and so is a list without events.
 */
static struct kv_script release_script = {
	.name = "flow_release",
	.lua = FLOW_LUA_ADD
	"if redis.call('HGET', KEYS[1], 'ticket') ~= ARGV[1] then return 'lost' end\n"
	"add(KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4])\n"
	"if redis.call('LLEN', KEYS[2]) == 1 then redis.call('DEL', KEYS[2]) end\n" RETURN_TICKET
	"return 'done'\n",
};

const char *
flow_key(struct arena *a, const char *session)
{
	return arena_printf(a, "{chat:%s}:flow", session);
}

const char *
flow_events_key(struct arena *a, const char *session)
{
	return arena_printf(a, "{chat:%s}:events", session);
}

void
flow_tag(const struct flow_hold *hold, char ret_tag[FLOW_TAG_LEN + 1])
{
	snprintf(ret_tag, FLOW_TAG_LEN + 1, "%.*s", FLOW_TAG_LEN, hold->ticket);
}

/* The value called name in what the take script returned after its first word; NULL if it is not there. */
static const char *
reply_value(const redisReply *reply, const char *name)
{
	size_t i;

	for (i = 1; i + 1 < reply->elements; i += 2)
		if (strcmp(reply->element[i]->str, name) == 0)
			return reply->element[i + 1]->str;
	return NULL;
}

static void
read_flow(const redisReply *reply, struct flow *ret_flow)
{
	size_t i;

	flow_init(ret_flow);
	ret_flow->version = -1;
	for (i = 1; i + 1 < reply->elements; i += 2)
		flow_set(ret_flow, reply->element[i]->str, reply->element[i + 1]->str);
}

/* What was kept beside the flow, if it was with this version. */
static const char *
kept(struct arena *a, const redisReply *reply, const char *name, int64_t version)
{
	const char *of = reply_value(reply, "kept"), *value = reply_value(reply, name);

	return of && value && strcmp(of, arena_printf(a, "%" PRId64, version)) == 0 ? value : "";
}

static const char *
number(const struct req *rq, int64_t n)
{
	return arena_printf(rq->arena, "%" PRId64, n);
}

enum err
flow_take(const struct req *rq, const char *session, const char *customer, const char *turn,
	  const char *seized, struct flow_hold *ret_hold)
{
	struct arena *a = rq->arena;
	const char *ticket = text_token(a, TICKET_BYTES);
	const char *header = arena_printf(a, "%s\n%.*s\n%s", customer, FLOW_TAG_LEN, ticket, turn);
	const redisReply *reply;
	enum err e;

	e = kv_eval(rq, &take_script, 2,
		    KV_ARGS(flow_key(a, session), flow_events_key(a, session), customer, ticket, turn,
			    number(rq, FLOW_LEASE_MS), number(rq, FLOW_TTL_S), seized ? seized : "", header,
			    number(rq, FLOW_EVENTS_TTL_S)),
		    &reply);
	if (e)
		return e;
	if (flow_says(reply, "theirs"))
		return ERR_NOT_FOUND;
	*ret_hold = (struct flow_hold){ .session = session, .turn = reply_value(reply, "turn") };
	read_flow(reply, &ret_hold->flow);
	ret_hold->window = kept(a, reply, "window", ret_hold->flow.version);
	ret_hold->found = kept(a, reply, "found", ret_hold->flow.version);
	snprintf(ret_hold->ticket, sizeof(ret_hold->ticket), "%s", reply_value(reply, "ticket"));
	return flow_says(reply, "busy") ? ERR_TURN_IN_PROGRESS : OK;
}

/* What a script said that changes the flow under a ticket. */
static enum err
verdict(const redisReply *reply)
{
	if (flow_says(reply, "gone"))
		return ERR_UNAVAILABLE;
	return flow_says(reply, "done") ? OK : ERR_CONFLICT;
}

enum err
flow_rebuild(const struct req *rq, const struct flow_hold *hold, const struct flow *flow)
{
	const redisReply *reply;
	enum err e;

	e = kv_eval(rq, &rebuild_script, 1,
		    KV_ARGS(flow_key(rq->arena, hold->session), hold->ticket, number(rq, FLOW_TTL_S),
			    flow_json(rq->arena, flow)),
		    &reply);
	return e ? e : verdict(reply);
}

static const char *
keepable(const char *value)
{
	return strlen(value) <= FLOW_KEPT_MAX ? value : "";
}

enum err
flow_put(const struct req *rq, const struct flow_hold *hold, const struct flow *flow, const char *window,
	 const char *found, const struct flow_event *last, int n)
{
	struct arena *a = rq->arena;
	const redisReply *reply;
	enum err e;

	e = kv_eval(rq, &put_script, 2,
		    KV_ARGS(flow_key(a, hold->session), flow_events_key(a, hold->session), hold->ticket,
			    number(rq, hold->events), flow_events_json(a, last, n),
			    number(rq, FLOW_EVENTS_TTL_S), number(rq, FLOW_TTL_S), flow_json(a, flow),
			    number(rq, flow->version - 1), number(rq, flow->version), keepable(window),
			    keepable(found)),
		    &reply);
	return e ? e : verdict(reply);
}

void
flow_release(const struct req *rq, const struct flow_hold *hold, const struct flow_event *last, int n)
{
	struct arena *a = rq->arena;
	const redisReply *reply;
	enum err e;

	e = kv_eval(rq, &release_script, 2,
		    KV_ARGS(flow_key(a, hold->session), flow_events_key(a, hold->session), hold->ticket,
			    number(rq, hold->events), flow_events_json(a, last, n),
			    number(rq, FLOW_EVENTS_TTL_S)),
		    &reply);
	(void)e;
}

enum err
flow_erase(const struct req *rq, const char *session)
{
	const redisReply *reply;

	return kv_run(rq, KV_ARGS("DEL", flow_key(rq->arena, session), flow_events_key(rq->arena, session)),
		      &reply);
}
