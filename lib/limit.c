/* Courtesy limits: one script counts in a fixed window and tells how many there were and when it ends. */
#include <stdatomic.h>

#include <hiredis/hiredis.h>
#include <sodium.h>

#include "arena.h"
#include "kv.h"
#include "limit.h"
#include "req.h"
#include "resp.h"

enum { SUBJECT_HASH_LEN = 16 };

/* The expiry is set wherever it is missing, so that no counter can stay for ever. */
static struct kv_script take_script = {
	.name = "limit_take",
	.lua = "local calls = redis.call('INCRBY', KEYS[1], ARGV[2])\n"
	       "local left_ms = redis.call('PTTL', KEYS[1])\n"
	       "if left_ms < 0 then\n"
	       "  left_ms = tonumber(ARGV[1])\n"
	       "  redis.call('PEXPIRE', KEYS[1], left_ms)\n"
	       "end\n"
	       "return { calls, left_ms }\n",
};

static struct kv_script look_script = {
	.name = "limit_look",
	.lua = "return { tonumber(redis.call('GET', KEYS[1]) or 0), redis.call('PTTL', KEYS[1]) }\n",
};

/* A counter that has run out meanwhile stays away. */
static struct kv_script return_script = {
	.name = "limit_return",
	.lua = "return redis.call('EXISTS', KEYS[1]) == 1 and redis.call('DECR', KEYS[1])\n",
};

static atomic_long passed_blind;

/* The key of a counter.  The subject is hashed: keys stay short, and no address or e-mail stands in Redis. */
static const char *
limit_key(const struct req *rq, const struct limit *limit, const char *subject)
{
	unsigned char hash[SUBJECT_HASH_LEN];
	char hex[2 * SUBJECT_HASH_LEN + 1];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)subject, strlen(subject), NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	return arena_printf(rq->arena, "limit:%s:%d:%s", limit->name, limit->window_s, hex);
}

/* Where a counter stands. */
struct count {
	long long calls;
	int left_s; /* of the window */
};

/* What a script tells of a counter.  Counts it when the script could not be asked. */
static bool
count_ask(const struct req *rq, struct kv_script *script, const struct limit *limit, const char *subject,
	  int n, struct count *ret_count)
{
	const char *window_ms = arena_printf(rq->arena, "%lld", limit->window_s * 1000LL);
	const char *more = arena_printf(rq->arena, "%d", n), *key = limit_key(rq, limit, subject);
	const redisReply *reply;

	if (kv_eval(rq, script, 1, KV_ARGS(key, window_ms, more), &reply) ||
	    reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
		atomic_fetch_add_explicit(&passed_blind, 1, memory_order_relaxed);
		return false;
	}
	*ret_count =
	    (struct count){ reply->element[0]->integer, (int)((reply->element[1]->integer + 999) / 1000) };
	return true;
}

/* Add what is left to the reply, and return it. */
static int
tell_left(struct resp *rs, const struct limit *limit, const struct count *count)
{
	int left = count->calls < limit->max ? limit->max - (int)count->calls : 0;

	resp_rate_limit(rs, limit->name, limit->max, limit->window_s, left, count->left_s);
	return left;
}

enum err
limit_take(const struct req *rq, struct resp *rs, const struct limit *limit, const char *subject)
{
	struct count count;

	if (!count_ask(rq, &take_script, limit, subject, 1, &count))
		return OK;
	tell_left(rs, limit, &count);
	if (count.calls > limit->max)
		return resp_refuse(rs, ERR_RATE_LIMITED, count.left_s);
	return OK;
}

int
limit_left(const struct req *rq, struct resp *rs, const struct limit *limit, const char *subject)
{
	struct count count;

	if (!count_ask(rq, &look_script, limit, subject, 0, &count))
		return limit->max;
	/* No window has begun. */
	if (count.left_s <= 0)
		count = (struct count){ 0, limit->window_s };
	return tell_left(rs, limit, &count);
}

void
limit_spend(const struct req *rq, const struct limit *limit, const char *subject, int n)
{
	struct count count;

	if (n > 0)
		(void)count_ask(rq, &take_script, limit, subject, n, &count);
}

void
limit_return(const struct req *rq, const struct limit *limit, const char *subject)
{
	const redisReply *reply;

	if (kv_eval(rq, &return_script, 1, KV_ARGS(limit_key(rq, limit, subject)), &reply))
		atomic_fetch_add_explicit(&passed_blind, 1, memory_order_relaxed);
}

long
limit_passed_blind(void)
{
	return atomic_load_explicit(&passed_blind, memory_order_relaxed);
}
