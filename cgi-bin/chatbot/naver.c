/*
 * Calling Naver's search: an answer is kept in Redis for ten minutes, calls are counted by the day, and a server that
 * fails is left alone for a while.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hiredis/hiredis.h>
#include <json-c/json.h>
#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "fuse.h"
#include "http.h"
#include "json.h"
#include "kv.h"
#include "log.h"
#include "metrics.h"
#include "naver.h"
#include "req.h"

/* A question with less time than LEAST_MS would fail, and tell nothing of the server. */
enum { LEAST_MS = 300 };
enum { CACHE_S = 600, QUOTA_S = 26 * 3600, SEOUL_S = 9 * 3600, REPLY_MAX = 512 << 10, HASH_LEN = 16 };

struct naver {
	const struct naver_conf *conf;
	struct fuse fuse;
};

enum { ANSWERED, UNANSWERED, CACHED, USED_UP, LEFT_ALONE };

static struct metric metrics[] = {
	[ANSWERED] = { "moa_naver_calls_total", "result=\"ok\"",
		       "Searches at Naver, by what became of them." },
	[UNANSWERED] = { "moa_naver_calls_total", "result=\"failed\"", NULL },
	[CACHED] = { "moa_naver_cache_hits_total", NULL, "Searches that Redis had the answer to." },
	[USED_UP] = { "moa_naver_quota_stops_total", NULL,
		      "Searches not made because the day's calls were used up, or could not be counted." },
	[LEFT_ALONE] = { "moa_naver_skipped_total", NULL,
			 "Searches not made because Naver had failed repeatedly just before." },
	{ 0 },
};

/* Count a call of the day, unless there have been ARGV[1]; a counter never stays for ever. */
static struct kv_script count_script = {
	.name = "naver_count",
	.lua = "local calls = tonumber(redis.call('GET', KEYS[1]) or '0')\n"
	       "if calls >= tonumber(ARGV[1]) then return 0 end\n"
	       "redis.call('INCR', KEYS[1])\n"
	       "redis.call('EXPIRE', KEYS[1], ARGV[2])\n"
	       "return 1\n",
};

struct naver *
naver_open(const struct naver_conf *conf)
{
	struct naver *naver = calloc(1, sizeof(*naver));

	if (!naver)
		abort();
	naver->conf = conf;
	fuse_init(&naver->fuse);
	metrics_table(metrics);
	return naver;
}

void
naver_close(struct naver *naver)
{
	if (!naver)
		return;
	fuse_release(&naver->fuse);
	free(naver);
}

bool
naver_configured(const struct naver *naver)
{
	return naver && naver->conf->client_id && naver->conf->client_secret;
}

static const char *
cache_key(struct arena *a, const char *query)
{
	unsigned char hash[HASH_LEN];
	char hex[2 * HASH_LEN + 1];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)query, strlen(query), NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	return arena_printf(a, "naver:answer:%s", hex);
}

/* The calls of a day are counted as Naver does, from midnight in Seoul. */
static const char *
quota_key(struct arena *a)
{
	time_t now = (time_t)clock_unix_s() + SEOUL_S;
	char day[sizeof("YYYY-MM-DD")];
	struct tm tm;

	strftime(day, sizeof(day), "%Y-%m-%d", gmtime_r(&now, &tm));
	return arena_printf(a, "naver:calls:%s", day);
}

static bool
cache_read(const struct req *rq, const char *query, struct product *ret_products, int *ret_n)
{
	const redisReply *reply;
	int n;

	if (kv_run(rq, KV_ARGS("GET", cache_key(rq->arena, query)), &reply) ||
	    reply->type != REDIS_REPLY_STRING)
		return false;
	n = naver_kept(rq->arena, reply->str, ret_products);
	if (n < 0)
		return false;
	*ret_n = n;
	return true;
}

/* What cannot be kept is asked for again. */
static void
cache_write(const struct req *rq, const char *query, const struct product *products, int n)
{
	const redisReply *reply;

	if (kv_run(rq,
		   KV_ARGS("SET", cache_key(rq->arena, query), naver_keep(rq->arena, products, n), "EX",
			   arena_printf(rq->arena, "%d", CACHE_S)),
		   &reply))
		return;
}

/* May a call be made today?  Not when nobody can count it. */
static bool
quota_take(const struct req *rq, const struct naver *naver)
{
	const char *max = arena_printf(rq->arena, "%lld", (long long)naver->conf->daily_max);
	const redisReply *reply;

	return !kv_eval(rq, &count_script, 1,
			KV_ARGS(quota_key(rq->arena), max, arena_printf(rq->arena, "%d", QUOTA_S)), &reply) &&
	       reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
}

/* The query with everything but letters and digits of ASCII percent-encoded, once. */
static const char *
encode(struct arena *a, const char *query)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	static const char hex[] = "0123456789ABCDEF";
	char *encoded = arena_alloc(a, 3 * strlen(query) + 1), *out = encoded;

	for (; *query; query++) {
		if (strchr(plain, *query)) {
			*out++ = *query;
			continue;
		}
		*out++ = '%';
		*out++ = hex[(unsigned char)*query >> 4];
		*out++ = hex[(unsigned char)*query & 15];
	}
	return encoded;
}

/* Say once why Naver refused, by its own code. */
static void
log_refusal(const struct req *rq, const struct http_reply *reply)
{
	struct json_object *fault = NULL;
	const char *code = NULL;

	if (!json_read(rq->arena, reply->body, reply->body_len, &fault) &&
	    json_object_is_type(fault, json_type_object))
		code = json_member_text(fault, "errorCode");
	log_event(LOG_WARN, "naver", "id=%s status=%d code=\"%.20s\"", rq->id, reply->status,
		  code ? code : "");
}

/* Ask Naver itself.  Returns the products of its answer, -1 if it gave none. */
static int
call(const struct req *rq, const struct naver *naver, const char *query, int64_t deadline_ms,
     struct http_reply *reply, struct product *ret_products)
{
	const struct naver_conf *conf = naver->conf;
	struct arena *a = rq->arena;
	const char *const headers[] = {
		arena_printf(a, "X-Naver-Client-Id: %s", conf->client_id),
		arena_printf(a, "X-Naver-Client-Secret: %s", conf->client_secret),
		"Accept: application/json",
		NULL,
	};
	const struct http_call http = {
		.method = "GET",
		.url = arena_printf(a,
				    "%s/v1/search/shop.json?query=%s&display=%d&start=1&sort=sim"
				    "&exclude=used:rental:cbshop",
				    conf->url, encode(a, query), NAVER_MAX),
		.headers = headers,
		.deadline_ms = deadline_ms,
		.reply_max = REPLY_MAX,
	};
	int n;

	if (http_run(rq, &http, reply))
		return -1;
	if (reply->status != 200) {
		log_refusal(rq, reply);
		return -1;
	}
	n = naver_items(a, reply->body, reply->body_len, ret_products);
	if (n < 0)
		log_event(LOG_WARN, "naver", "id=%s msg=\"the answer is not what it should be\"", rq->id);
	return n;
}

/* The call with the breaker and the counters around it. */
static enum err
ask(const struct req *rq, struct naver *naver, const char *query, int64_t deadline_ms,
    struct product *ret_products, int *ret_n)
{
	enum breaker_pass pass = fuse_ask(&naver->fuse);
	struct http_reply reply = { .status = 0 };
	int n;

	if (!pass) {
		metrics_add(&metrics[LEFT_ALONE], 1);
		return ERR_UNAVAILABLE;
	}
	if (!quota_take(rq, naver)) {
		fuse_tell(&naver->fuse, pass, UNKNOWN);
		metrics_add(&metrics[USED_UP], 1);
		return ERR_UNAVAILABLE;
	}
	n = call(rq, naver, query, deadline_ms, &reply, ret_products);
	/* A question it will not take is no fault of the server. */
	fuse_tell(&naver->fuse, pass, n >= 0 || reply.status == 400 ? WORKS : FAILED);
	fuse_hold(&naver->fuse, reply.retry_after_s);
	metrics_add(&metrics[n >= 0 ? ANSWERED : UNANSWERED], 1);
	if (n < 0)
		return ERR_UNAVAILABLE;
	*ret_n = n;
	return OK;
}

enum err
naver_search(const struct req *rq, struct naver *naver, const char *query, int64_t deadline_ms,
	     struct product ret_products[NAVER_MAX], int *ret_n)
{
	enum err e;

	if (!naver_configured(naver))
		return ERR_UNAVAILABLE;
	if (cache_read(rq, query, ret_products, ret_n)) {
		metrics_add(&metrics[CACHED], 1);
		return OK;
	}
	if (clock_left_ms(deadline_ms) < LEAST_MS)
		return ERR_UNAVAILABLE;
	e = ask(rq, naver, query, deadline_ms, ret_products, ret_n);
	if (e)
		return e;
	cache_write(rq, query, ret_products, *ret_n);
	return OK;
}
