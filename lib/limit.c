/* Courtesy limits: one script counts a call in a fixed window and tells how many there were and when it ends. */
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
	.lua = "local calls = redis.call('INCR', KEYS[1])\n"
	       "local left_ms = redis.call('PTTL', KEYS[1])\n"
	       "if left_ms < 0 then\n"
	       "  left_ms = tonumber(ARGV[1])\n"
	       "  redis.call('PEXPIRE', KEYS[1], left_ms)\n"
	       "end\n"
	       "return { calls, left_ms }\n",
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

/* Count the call in Redis.  False when it could not be asked. */
static bool
count_call(const struct req *rq, const struct limit *limit, const char *subject, long long *ret_calls,
	   int *ret_left_s)
{
	const char *window_ms = arena_printf(rq->arena, "%lld", limit->window_s * 1000LL);
	const redisReply *reply;

	if (kv_eval(rq, &take_script, 1, KV_ARGS(limit_key(rq, limit, subject), window_ms), &reply))
		return false;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
		return false;
	*ret_calls = reply->element[0]->integer;
	*ret_left_s = (int)((reply->element[1]->integer + 999) / 1000);
	return true;
}

enum err
limit_take(const struct req *rq, struct resp *rs, const struct limit *limit, const char *subject)
{
	long long calls;
	int left_s;

	if (!count_call(rq, limit, subject, &calls, &left_s)) {
		atomic_fetch_add_explicit(&passed_blind, 1, memory_order_relaxed);
		return OK;
	}
	resp_rate_limit(rs, limit->name, limit->max, limit->window_s,
			calls < limit->max ? limit->max - (int)calls : 0, left_s);
	if (calls > limit->max)
		return resp_refuse(rs, ERR_RATE_LIMITED, left_s);
	return OK;
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
