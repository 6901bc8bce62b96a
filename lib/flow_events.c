/*
 * What a turn tells while it runs, and who listens: the list of its events, the flag that asks it to stop, and the mark
 * that somebody follows it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>
#include <json-c/json.h>

#include "arena.h"
#include "flow.h"
#include "flow_inside.h"
#include "kv.h"
#include "out.h"
#include "req.h"

/*
 * KEYS: flow, events.  ARGV: ticket, number of events before, events, life in s of their list, lease in ms, for how many
 * ms a look counts.  A ticket that has run out is renewed, too, while nobody else has taken it.
 */
static struct kv_script append_script = {
	.name = "flow_append",
	.lua = KV_LUA_NOW FLOW_LUA_ADD
	"local h = redis.call('HMGET', KEYS[1], 'ticket', 'cancel', 'followed')\n"
	"if h[1] ~= ARGV[1] then return { h[1] and 'lost' or 'gone' } end\n"
	"local t = now()\n"
	"redis.call('HSET', KEYS[1], 'ticket_until', string.format('%.0f', t + ARGV[5]))\n"
	"add(KEYS[2], ARGV[1], ARGV[2], ARGV[3], ARGV[4])\n"
	"return { 'done', h[2] == ARGV[1] and 'yes' or 'no', h[3] and t - h[3] <= tonumber(ARGV[6]) and 'yes' or 'no' }\n",
};

/*
 * KEYS: flow, events.  ARGV: customer, tag, seen, length of a tag.  The list counts only if it is of the turn that has
 * the ticket, when one has.  Only a hash that is there is marked.
 */
static struct kv_script watch_script = {
	.name = "flow_watch",
	.lua = KV_LUA_NOW FLOW_LUA_HEADER
	"local h = redis.call('HMGET', KEYS[1], 'customer', 'ticket', 'ticket_until', 'turn', 'version')\n"
	"if h[1] and h[1] ~= ARGV[1] then return { 'theirs' } end\n"
	"local customer, tag, turn = header(KEYS[2])\n"
	"local holder = h[2] and string.sub(h[2], 1, ARGV[4])\n"
	"local t = now()\n"
	"local running = h[2] and tonumber(h[3]) > t\n"
	"if running then redis.call('HSET', KEYS[1], 'followed', string.format('%.0f', t)) end\n"
	"local readable = customer == ARGV[1] and (not holder or holder == tag)\n"
	"if not readable then tag, turn = holder or '', h[4] or '' end\n"
	"local from = tag == ARGV[2] and ARGV[3] + 1 or 1\n"
	"local view = readable and redis.call('LRANGE', KEYS[2], from, -1) or {}\n"
	"local head = { 'seen', running and 'yes' or 'no', tag, turn, h[5] or '-1', string.format('%.0f', from) }\n"
	"for i, word in ipairs(head) do table.insert(view, i, word) end\n"
	"return view\n",
};

/*
 * KEYS: flow, events.  ARGV: customer.  The flag is the ticket itself: it means no other turn.  Where the hash does not say
 * whose the conversation is, the list does.
 */
static struct kv_script cancel_script = {
	.name = "flow_cancel",
	.lua = FLOW_LUA_HEADER
	"local h = redis.call('HMGET', KEYS[1], 'customer', 'ticket')\n"
	"if h[1] and h[1] ~= ARGV[1] then return 'theirs' end\n"
	"if h[2] and (h[1] or header(KEYS[2])) == ARGV[1] then redis.call('HSET', KEYS[1], 'cancel', h[2]) end\n"
	"return 'done'\n",
};

/* What the watch script says before the events. */
enum { SEEN, RUNNING, TAG, TURN, VERSION, FIRST, HEAD };

bool
flow_says(const redisReply *reply, const char *word)
{
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements > 0)
		reply = reply->element[0];
	return reply->type == REDIS_REPLY_STRING && strcmp(reply->str, word) == 0;
}

const char *
flow_events_json(struct arena *a, const struct flow_event *events, int n)
{
	struct json_object *list = out_array(a);
	int i;

	for (i = 0; i < n; i++)
		out_str(list, NULL, arena_printf(a, "%s\n%s", events[i].name, events[i].data));
	return out_text(list);
}

/* Count n more events.  False beyond the ceilings: then none fits any more, and the list has a hole. */
static bool
count(struct flow_hold *hold, const struct flow_event *events, int n)
{
	size_t bytes = (size_t)hold->event_bytes;
	int i;

	for (i = 0; i < n; i++)
		bytes += strlen(events[i].name) + strlen(events[i].data);
	if (n > 0 && (n > FLOW_EVENTS_MAX - hold->events || bytes > FLOW_EVENTS_BYTES_MAX)) {
		hold->events = FLOW_EVENTS_MAX + 1;
		return false;
	}
	hold->events += n;
	hold->event_bytes = (int)bytes;
	return true;
}

static bool
is_yes(const redisReply *reply, size_t i)
{
	return strcmp(reply->element[i]->str, "yes") == 0;
}

enum err
flow_append(const struct req *rq, struct flow_hold *hold, const struct flow_event *events, int n,
	    bool *ret_cancelled, bool *ret_followed)
{
	struct arena *a = rq->arena;
	struct flow_hold after = *hold;
	bool fits = count(&after, events, n);
	const redisReply *reply;
	enum err e;

	e = kv_eval(rq, &append_script, 2,
		    KV_ARGS(flow_key(a, hold->session), flow_events_key(a, hold->session), hold->ticket,
			    arena_printf(a, "%d", fits ? hold->events : after.events),
			    flow_events_json(a, events, fits ? n : 0),
			    arena_printf(a, "%d", FLOW_EVENTS_TTL_S), arena_printf(a, "%d", FLOW_LEASE_MS),
			    arena_printf(a, "%d", FLOW_FOLLOWED_MS)),
		    &reply);
	if (e)
		return e;
	if (!flow_says(reply, "done"))
		return flow_says(reply, "gone") ? ERR_UNAVAILABLE : ERR_CONFLICT;
	*hold = after;
	if (!fits)
		return ERR_OVERLOADED;
	*ret_cancelled = is_yes(reply, 1);
	if (ret_followed)
		*ret_followed = is_yes(reply, 2);
	return OK;
}

/* The event in a line of the list, which has been made of its name, a line feed and its data. */
static struct flow_event
read_event(struct arena *a, const char *line)
{
	size_t len = strcspn(line, "\n");

	return (struct flow_event){ arena_strndup(a, line, len), line[len] ? line + len + 1 : "" };
}

static void
read_view(struct arena *a, const redisReply *reply, struct flow_view *ret_view)
{
	struct redisReply **at = reply->element;
	int i, n = (int)reply->elements - HEAD;

	*ret_view = (struct flow_view){
		.running = is_yes(reply, RUNNING),
		.turn = at[TURN]->str,
		.version = strtoll(at[VERSION]->str, NULL, 10),
		.first = (int)strtol(at[FIRST]->str, NULL, 10),
		.n = n,
		.events = arena_alloc(a, (size_t)(n > 0 ? n : 1) * sizeof(struct flow_event)),
	};
	snprintf(ret_view->tag, sizeof(ret_view->tag), "%s", at[TAG]->str);
	for (i = 0; i < n; i++)
		ret_view->events[i] = read_event(a, at[HEAD + i]->str);
}

enum err
flow_watch(const struct req *rq, const char *session, const char *customer, const char *tag, int seen,
	   struct flow_view *ret_view)
{
	struct arena *a = rq->arena;
	const redisReply *reply;
	enum err e;

	e = kv_eval(rq, &watch_script, 2,
		    KV_ARGS(flow_key(a, session), flow_events_key(a, session), customer, tag,
			    arena_printf(a, "%d", seen), arena_printf(a, "%d", FLOW_TAG_LEN)),
		    &reply);
	if (e)
		return e;
	if (flow_says(reply, "theirs"))
		return ERR_NOT_FOUND;
	read_view(a, reply, ret_view);
	return OK;
}

enum err
flow_cancel(const struct req *rq, const char *session, const char *customer)
{
	struct arena *a = rq->arena;
	const redisReply *reply;
	enum err e;

	e = kv_eval(rq, &cancel_script, 2,
		    KV_ARGS(flow_key(a, session), flow_events_key(a, session), customer), &reply);
	if (e)
		return e;
	return flow_says(reply, "theirs") ? ERR_NOT_FOUND : OK;
}
