/*
 * The stopwatch: one hash per customer, changed by two scripts.
 *
 * Its fields: short, the one that it runs for, or did; running; at, the last beat, in ms of Redis' clock; ms, watched since the last
 * lap; on_ms, watched of the short; seen, whether that has been counted; day, laps, day_ends and asked, what PostgreSQL said,
 * until when that holds, and when it was.
 */
#include "stopwatch.h"

#include <inttypes.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "arena.h"
#include "kv.h"
#include "req.h"

enum { DAY_S = 86400 };

/*
 * ARGV: short, playing, ms that a beat and a view are, of a lap, laps of a day, ms between questions, life in s.  Returns whether
 * the short is to be checked, the short that was seen, the lap that is due, day, laps, ms.
 */
static struct kv_script beat_script = {
	.name = "stopwatch_beat",
	.lua = KV_LUA_NOW
	"local h = redis.call('HMGET', KEYS[1], 'short', 'running', 'at', 'ms', 'on_ms', 'seen', 'day', 'laps', 'day_ends', 'asked')\n"
	"local same, playing, t = h[1] == ARGV[1], ARGV[2] == '1', now()\n"
	"local ms, on_ms, laps = tonumber(h[4] or 0), tonumber(h[5] or 0), tonumber(h[8] or 0)\n"
	"local lap_ms, laps_max = tonumber(ARGV[5]), tonumber(ARGV[6])\n"
	"if same or playing then\n"
	"  if h[2] == '1' then\n"
	"    local more = math.max(0, math.min(t - h[3], tonumber(ARGV[3])))\n"
	"    on_ms = on_ms + more\n"
	"    ms = math.min(ms + more, math.max(0, laps_max - laps) * lap_ms)\n"
	"  end\n"
	"  redis.call('HSET', KEYS[1], 'at', string.format('%.0f', t), 'ms', ms, 'on_ms', on_ms,\n"
	"    'running', same and playing and '1' or '0')\n"
	"  redis.call('EXPIRE', KEYS[1], ARGV[8])\n"
	"end\n"
	/* A clock that was set back makes what was said as old as what was said long ago. */
	"local known = h[7] and t < tonumber(h[9]) and t >= tonumber(h[10]) and t - h[10] < tonumber(ARGV[7])\n"
	"return { (same and known) and 0 or 1,\n"
	"  (h[1] and h[6] == '0' and on_ms >= tonumber(ARGV[4])) and h[1] or '',\n"
	"  (laps < laps_max and ms >= lap_ms) and laps + 1 or 0, h[7] or '', laps, ms }\n",
};

/*
 * ARGV: short, "play", "pause" or, when it cannot be watched, "gone"; whether it was viewed, the short whose view was counted,
 * day, ms until it ends, its laps, ms of a lap, life in s, the lap that was claimed.  Returns laps and ms.
 */
static struct kv_script set_script = {
	.name = "stopwatch_set",
	.lua = KV_LUA_NOW
	"local h = redis.call('HMGET', KEYS[1], 'short', 'ms', 'day', 'laps')\n"
	"local t, ms, laps = now(), tonumber(h[2] or 0), tonumber(h[4] or 0)\n"
	/* Of the laps that it says are paid for, those it is told for the first time are taken off, whoever says so first. */
	"if h[3] ~= ARGV[5] then\n"
	"  ms, laps = 0, tonumber(ARGV[7])\n"
	"  redis.call('HSET', KEYS[1], 'on_ms', 0, 'seen', '0')\n"
	"elseif tonumber(ARGV[7]) > laps then\n"
	"  ms = math.max(0, ms - (ARGV[7] - laps) * ARGV[8])\n"
	"  laps = tonumber(ARGV[7])\n"
	/* Fewer are an answer that was overtaken, unless it refuses a lap: then PostgreSQL has been put back. */
	"elseif tonumber(ARGV[7]) + 1 < tonumber(ARGV[10]) then\n"
	"  laps = tonumber(ARGV[7])\n"
	"end\n"
	"redis.call('HSET', KEYS[1], 'ms', ms, 'day', ARGV[5], 'laps', laps, 'asked', string.format('%.0f', t),\n"
	"  'day_ends', string.format('%.0f', t + ARGV[6]))\n"
	"if h[1] and h[1] == ARGV[4] then redis.call('HSET', KEYS[1], 'seen', '1') end\n"
	"if h[1] == ARGV[1] and ARGV[2] == 'gone' then\n"
	"  redis.call('HDEL', KEYS[1], 'short')\n"
	"  redis.call('HSET', KEYS[1], 'running', '0')\n"
	"elseif ARGV[2] == 'play' then\n"
	"  if h[1] ~= ARGV[1] then redis.call('HSET', KEYS[1], 'short', ARGV[1], 'on_ms', 0) end\n"
	"  redis.call('HSET', KEYS[1], 'running', '1', 'seen', ARGV[3])\n"
	"end\n"
	"redis.call('EXPIRE', KEYS[1], ARGV[9])\n"
	"return { laps, ms }\n",
};

/* The key of a customer's stopwatch. */
static const char *
stopwatch_key(struct arena *a, const char *customer)
{
	return arena_printf(a, "watch:%s", customer);
}

static const char *
number(const struct req *rq, int64_t n)
{
	return arena_printf(rq->arena, "%" PRId64, n);
}

/* A text in a script's reply; NULL when it is empty. */
static const char *
text_at(const redisReply *reply, size_t i)
{
	const redisReply *text = reply->element[i];

	return text->type == REDIS_REPLY_STRING && text->len > 0 ? text->str : NULL;
}

/* Run a script on the caller's stopwatch.  ERR_INTERNAL when its reply is not of n values. */
static enum err
run(const struct req *rq, struct kv_script *script, struct kv_args args, size_t n,
    const redisReply **ret_reply)
{
	enum err e = kv_eval(rq, script, 1, args, ret_reply);

	if (e)
		return e;
	return (*ret_reply)->type == REDIS_REPLY_ARRAY && (*ret_reply)->elements == n ? OK : ERR_INTERNAL;
}

enum err
stopwatch_beat(const struct req *rq, const char *short_id, bool playing, struct stopwatch *ret_watch)
{
	const redisReply *reply;
	enum err e;

	e = run(rq, &beat_script,
		KV_ARGS(stopwatch_key(rq->arena, rq->user), short_id, playing ? "1" : "0",
			number(rq, STOPWATCH_BEAT_S * 1000), number(rq, STOPWATCH_VIEW_S * 1000),
			number(rq, STOPWATCH_LAP_S * 1000), number(rq, STOPWATCH_LAPS),
			number(rq, STOPWATCH_ASK_S * 1000), number(rq, DAY_S)),
		6, &reply);
	if (e)
		return e;
	*ret_watch = (struct stopwatch){
		.check = reply->element[0]->integer ? short_id : NULL,
		.seen = text_at(reply, 1),
		.lap = (int)reply->element[2]->integer,
		.day = text_at(reply, 3),
		.laps = (int)reply->element[4]->integer,
		.ms = reply->element[5]->integer,
	};
	return OK;
}

bool
stopwatch_asks(const struct stopwatch *watch)
{
	return watch->check || watch->seen || watch->lap > 0;
}

enum err
stopwatch_set(const struct req *rq, const char *short_id, bool playing, const struct stopwatch_told *told,
	      struct stopwatch *watch)
{
	const char *whether = "pause";
	const redisReply *reply;
	enum err e;

	if (watch->check)
		whether = !told->live ? "gone" : playing ? "play" : "pause";
	e = run(rq, &set_script,
		KV_ARGS(stopwatch_key(rq->arena, rq->user), short_id, whether, told->viewed ? "1" : "0",
			watch->seen ? watch->seen : "", told->day, number(rq, told->left_ms),
			number(rq, told->laps), number(rq, STOPWATCH_LAP_S * 1000), number(rq, DAY_S),
			number(rq, watch->lap)),
		2, &reply);
	if (e)
		return e;
	watch->laps = (int)reply->element[0]->integer;
	watch->ms = reply->element[1]->integer;
	return OK;
}
