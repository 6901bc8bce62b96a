/*
 * The chat-flow store over Redis: one hash per conversation, changed by scripts alone.
 *
 * What the members mean is the chatbot's business; here they are a table, read from and written to both forms a flow
 * has: the fields of the hash, and the JSON object PostgreSQL keeps.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>
#include <json-c/json.h>

#include "arena.h"
#include "clock.h"
#include "flow.h"
#include "json.h"
#include "kv.h"
#include "out.h"
#include "req.h"
#include "text.h"

enum { TICKET_BYTES = 16, LEASE_SLACK_MS = 500, LEASE_MAX_MS = 30000 };

struct member {
	const char *name;
	size_t offset;
	bool number;
};

#define TEXT(name)                                                                                           \
	{                                                                                                    \
#name, offsetof(struct flow, name), false                                                    \
	}
#define NUMBER(name)                                                                                         \
	{                                                                                                    \
#name, offsetof(struct flow, name), true                                                     \
	}

static const struct member members[] = {
	TEXT(customer),	   NUMBER(version),   TEXT(state),  TEXT(language),    NUMBER(retries),
	TEXT(mood),	   TEXT(hobby),	      TEXT(terms),  TEXT(topics),      NUMBER(budget_won),
	NUMBER(below_won), NUMBER(floor_won), TEXT(colour), TEXT(not_colours), TEXT(not_brands),
	TEXT(not_words),   TEXT(cards),	      TEXT(offer),  TEXT(outcome),
};

enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

/*
 * KEYS: flow.  ARGV: customer, ticket, turn, lease in ms, life in s, a ticket to take over.  What it says first is
 * how it went.
 */
static struct kv_script take_script = {
	.name = "flow_take",
	.lua =
	    "local time = redis.call('TIME')\n"
	    "local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
	    "local h = redis.call('HMGET', KEYS[1], 'customer', 'ticket', 'ticket_until', 'turn', 'version')\n"
	    "if h[1] and h[1] ~= ARGV[1] then return { 'theirs' } end\n"
	    "if h[2] and h[2] ~= ARGV[6] and tonumber(h[3]) > now then\n"
	    "  return { 'busy', 'ticket', h[2], 'turn', h[4], 'version', h[5] or '-1' }\n"
	    "end\n"
	    "redis.call('HSET', KEYS[1], 'ticket', ARGV[2], 'turn', ARGV[3],\n"
	    "  'ticket_until', string.format('%.0f', now + ARGV[4]))\n"
	    "redis.call('EXPIRE', KEYS[1], ARGV[5])\n"
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
	    "redis.call('EXPIRE', KEYS[1], ARGV[2])\n"
	    "return 'done'\n",
};

/* KEYS: flow.  ARGV: ticket, life in s, flow as JSON, the version it follows. */
static struct kv_script put_script = {
	.name = "flow_put",
	.lua =
	    "local h = redis.call('HMGET', KEYS[1], 'ticket', 'version')\n"
	    "if h[1] ~= ARGV[1] then return 'lost' end\n"
	    "if h[2] ~= ARGV[4] then redis.call('DEL', KEYS[1]) return 'stale' end\n"
	    "for name, value in pairs(cjson.decode(ARGV[3])) do redis.call('HSET', KEYS[1], name, value) end\n"
	    "redis.call('HDEL', KEYS[1], 'ticket', 'ticket_until', 'turn')\n"
	    "redis.call('EXPIRE', KEYS[1], ARGV[2])\n"
	    "return 'done'\n",
};

/* KEYS: flow.  ARGV: ticket.  A hash that held nothing but the ticket is gone with it. */
static struct kv_script release_script = {
	.name = "flow_release",
	.lua = "if redis.call('HGET', KEYS[1], 'ticket') ~= ARGV[1] then return 'lost' end\n"
	       "redis.call('HDEL', KEYS[1], 'ticket', 'ticket_until', 'turn')\n"
	       "return 'done'\n",
};

const char *
flow_key(struct arena *a, const char *session)
{
	return arena_printf(a, "{chat:%s}:flow", session);
}

static const char **
text_at(struct flow *flow, const struct member *m)
{
	return (const char **)((char *)flow + m->offset);
}

static int64_t *
number_at(struct flow *flow, const struct member *m)
{
	return (int64_t *)((char *)flow + m->offset);
}

void
flow_init(struct flow *flow)
{
	int i;

	memset(flow, 0, sizeof(*flow));
	for (i = 0; i < MEMBERS; i++)
		if (!members[i].number)
			*text_at(flow, &members[i]) = "";
}

static void
set_member(struct flow *flow, const struct member *m, const char *value)
{
	if (m->number)
		*number_at(flow, m) = strtoll(value, NULL, 10);
	else
		*text_at(flow, m) = value;
}

/* All values are strings: Redis knows nothing else, and Lua's numbers would lose digits. */
const char *
flow_json(struct arena *a, const struct flow *flow)
{
	struct json_object *object = out_object(a);
	int i;

	for (i = 0; i < MEMBERS; i++) {
		const char *at = (const char *)flow + members[i].offset;

		if (members[i].number)
			out_str(object, members[i].name, arena_printf(a, "%" PRId64, *(const int64_t *)at));
		else
			out_str(object, members[i].name, *(const char *const *)at);
	}
	return out_text(object);
}

enum err
flow_read(struct arena *a, const char *json, struct flow *ret_flow)
{
	struct json_object *object, *value;
	struct flow flow;
	enum err e;
	int i;

	e = json_read(a, json, strlen(json), &object);
	if (e)
		return e;
	if (!json_object_is_type(object, json_type_object))
		return ERR_MALFORMED_JSON;
	flow_init(&flow);
	for (i = 0; i < MEMBERS; i++)
		if (json_object_object_get_ex(object, members[i].name, &value) && value)
			set_member(&flow, &members[i], json_object_get_string(value));
	*ret_flow = flow;
	return OK;
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
read_reply(const redisReply *reply, struct flow *ret_flow)
{
	int i;

	flow_init(ret_flow);
	ret_flow->version = -1;
	for (i = 0; i < MEMBERS; i++) {
		const char *value = reply_value(reply, members[i].name);

		if (value)
			set_member(ret_flow, &members[i], value);
	}
}

/* Does a script's reply, or its first word, say word? */
static bool
says(const redisReply *reply, const char *word)
{
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements > 0)
		reply = reply->element[0];
	return reply->type == REDIS_REPLY_STRING && strcmp(reply->str, word) == 0;
}

/* A stream's deadline is hours away; its turn is not. */
static int
lease(const struct req *rq)
{
	int left_ms = clock_left_ms(rq->deadline_ms);

	return left_ms < LEASE_MAX_MS - LEASE_SLACK_MS ? left_ms + LEASE_SLACK_MS : LEASE_MAX_MS;
}

enum err
flow_take(const struct req *rq, const char *session, const char *customer, const char *turn,
	  const char *seized, struct flow_hold *ret_hold)
{
	const char *lease_ms = arena_printf(rq->arena, "%d", lease(rq));
	const char *ttl_s = arena_printf(rq->arena, "%d", FLOW_TTL_S);
	const char *ticket = text_token(rq->arena, TICKET_BYTES);
	const redisReply *reply;
	enum err e;

	e = kv_eval(rq, &take_script, 1,
		    KV_ARGS(flow_key(rq->arena, session), customer, ticket, turn, lease_ms, ttl_s,
			    seized ? seized : ""),
		    &reply);
	if (e)
		return e;
	if (says(reply, "theirs"))
		return ERR_NOT_FOUND;
	ret_hold->session = session;
	read_reply(reply, &ret_hold->flow);
	ret_hold->turn = reply_value(reply, "turn");
	snprintf(ret_hold->ticket, sizeof(ret_hold->ticket), "%s", reply_value(reply, "ticket"));
	return says(reply, "busy") ? ERR_TURN_IN_PROGRESS : OK;
}

/* Run one of the scripts that change the flow under a ticket. */
static enum err
change(const struct req *rq, struct kv_script *script, const struct flow_hold *hold, const struct flow *flow)
{
	const char *before = arena_printf(rq->arena, "%" PRId64, flow->version - 1);
	const char *ttl_s = arena_printf(rq->arena, "%d", FLOW_TTL_S);
	const redisReply *reply;
	enum err e;

	e = kv_eval(rq, script, 1,
		    KV_ARGS(flow_key(rq->arena, hold->session), hold->ticket, ttl_s,
			    flow_json(rq->arena, flow), before),
		    &reply);
	if (e)
		return e;
	if (says(reply, "gone"))
		return ERR_UNAVAILABLE;
	return says(reply, "done") ? OK : ERR_CONFLICT;
}

enum err
flow_rebuild(const struct req *rq, const struct flow_hold *hold, const struct flow *flow)
{
	return change(rq, &rebuild_script, hold, flow);
}

enum err
flow_put(const struct req *rq, const struct flow_hold *hold, const struct flow *flow)
{
	return change(rq, &put_script, hold, flow);
}

void
flow_release(const struct req *rq, const struct flow_hold *hold)
{
	const redisReply *reply;
	enum err e;

	e = kv_eval(rq, &release_script, 1, KV_ARGS(flow_key(rq->arena, hold->session), hold->ticket),
		    &reply);
	(void)e;
}

enum err
flow_erase(const struct req *rq, const char *session)
{
	const redisReply *reply;

	return kv_run(rq, KV_ARGS("DEL", flow_key(rq->arena, session)), &reply);
}
