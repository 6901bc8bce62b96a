/*
 * Redis: commands and scripts on a pool of connections, each under a deadline.
 *
 * hiredis connects synchronously, but then its context is made non-blocking and polled here: the socket timeouts of a
 * synchronous context start anew with every read and would not keep a deadline.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <hiredis/hiredis.h>

#include "arena.h"
#include "clock.h"
#include "kv.h"
#include "log.h"
#include "pool.h"
#include "req.h"

enum { CONNECT_MS = 1000, COMMAND_MS = 500, ARGS_MAX = 32, PORT = 6379 };

struct kv {
	struct kv_conf conf;
	struct pool *pool;
};

/* Wait until the socket of c is ready for events.  False when the deadline passed. */
static bool
wait_socket(const redisContext *c, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int ready;

	do {
		ready = poll(&p, 1, clock_left_ms(deadline_ms));
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* Send argv and take its reply.  NULL when the connection broke or the deadline passed: then it is to be closed. */
static redisReply *
exchange(redisContext *c, const char **argv, int n, int64_t deadline_ms)
{
	void *reply = NULL;
	int sent = 0;

	if (redisAppendCommandArgv(c, n, argv, NULL) != REDIS_OK)
		return NULL;
	while (!sent) {
		if (!wait_socket(c, POLLOUT, deadline_ms) || redisBufferWrite(c, &sent) != REDIS_OK)
			return NULL;
	}
	while (!reply) {
		if (!wait_socket(c, POLLIN, deadline_ms) || redisBufferRead(c) != REDIS_OK ||
		    redisGetReplyFromReader(c, &reply) != REDIS_OK)
			return NULL;
	}
	return reply;
}

/* Does the reply say ERROR, "ERROR text…"? */
static bool
reply_says(const redisReply *reply, const char *error)
{
	size_t len = strlen(error);

	return reply->type == REDIS_REPLY_ERROR && strcspn(reply->str, " ") == len &&
	       strncmp(reply->str, error, len) == 0;
}

static const char *
context_fault(const redisContext *c)
{
	return c->err ? c->errstr : "no answer in time";
}

/* Send one command of the greeting.  False unless it is accepted. */
static bool
greet(redisContext *c, const char **argv, int n, int64_t deadline_ms)
{
	redisReply *reply = exchange(c, argv, n, deadline_ms);
	bool accepted = reply && reply->type != REDIS_REPLY_ERROR;

	if (!accepted)
		log_event(LOG_WARN, "kv_connect", "on=%s msg=\"%s\"", argv[0],
			  reply ? reply->str : context_fault(c));
	if (reply)
		freeReplyObject(reply);
	return accepted;
}

static redisContext *
connect_to(const char *address)
{
	const struct timeval timeout = { CONNECT_MS / 1000, CONNECT_MS % 1000 * 1000 };
	const char *colon = strrchr(address, ':');
	redisContext *c;
	char *host;

	if (strncmp(address, "unix:", 5) == 0)
		return redisConnectUnixWithTimeout(address + 5, timeout);
	host = colon ? strndup(address, (size_t)(colon - address)) : strdup(address);
	if (!host)
		abort();
	c = redisConnectWithTimeout(host, colon ? (int)strtol(colon + 1, NULL, 10) : PORT, timeout);
	free(host);
	return c;
}

/* A server that is stopped still accepts connections, and one that is loading answers errors: ask before trusting it. */
static void *
conn_open(void *ctx)
{
	const struct kv *kv = ctx;
	redisContext *c = connect_to(kv->conf.address);
	int64_t deadline_ms = clock_ms() + CONNECT_MS;

	if (!c)
		abort();
	if (c->err) {
		log_event(LOG_WARN, "kv_connect", "on=connect msg=\"%s\"", c->errstr);
		redisFree(c);
		return NULL;
	}
	fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
	c->flags &= ~REDIS_BLOCK;
	if ((kv->conf.password && !greet(c, (const char *[]){ "AUTH", kv->conf.password }, 2, deadline_ms)) ||
	    !greet(c, (const char *[]){ "PING" }, 1, deadline_ms)) {
		redisFree(c);
		return NULL;
	}
	return c;
}

/* An idle connection has nothing to say: whatever there is to read is its end. */
static bool
conn_usable(void *conn)
{
	return !wait_socket(conn, POLLIN, 0);
}

static void
conn_close(void *conn)
{
	redisFree(conn);
}

static const struct pool_ops kv_pool_ops = { "redis", conn_open, conn_usable, conn_close };

struct kv *
kv_open(const struct kv_conf *conf)
{
	struct kv *kv = calloc(1, sizeof(*kv));

	if (!kv)
		abort();
	kv->conf = *conf;
	kv->pool = pool_open(&kv_pool_ops, kv, (int)conf->pool);
	return kv;
}

void
kv_close(struct kv *kv)
{
	if (!kv)
		return;
	pool_close(kv->pool);
	free(kv);
}

bool
kv_ready(const struct kv *kv)
{
	return pool_up(kv->pool) > 0;
}

/* What an error reply means to a caller; these are a server that cannot serve for now, all others are bugs. */
static enum err
error_err(const redisReply *reply)
{
	static const char *const not_now[] = { "LOADING",    "BUSY",	 "OOM",
					       "MISCONF",    "READONLY", "MASTERDOWN",
					       "NOREPLICAS", "TRYAGAIN", "CLUSTERDOWN" };
	size_t i;

	for (i = 0; i < sizeof(not_now) / sizeof(not_now[0]); i++)
		if (reply_says(reply, not_now[i]))
			return ERR_UNAVAILABLE;
	return ERR_INTERNAL;
}

/* Load the script, and keep its SHA-1 for all threads.  False if Redis did not take it; then *ret_reply is as of exchange. */
static bool
script_load(redisContext *c, struct kv_script *script, int64_t deadline_ms, redisReply **ret_reply)
{
	const char *argv[] = { "SCRIPT", "LOAD", script->lua };
	redisReply *reply = exchange(c, argv, 3, deadline_ms);
	char *sha, *none = NULL;

	if (!reply || reply->type != REDIS_REPLY_STRING) {
		*ret_reply = reply;
		return false;
	}
	sha = strdup(reply->str);
	freeReplyObject(reply);
	if (!sha)
		abort();
	/* Another thread may have been faster, or Redis have lost a script whose SHA-1 was known: it is the same. */
	if (!atomic_compare_exchange_strong(&script->sha, &none, sha))
		free(sha);
	return true;
}

/* Run the script by argv, an EVALSHA whose second word is filled in here. */
static redisReply *
exchange_script(redisContext *c, struct kv_script *script, const char **argv, int n, int64_t deadline_ms)
{
	redisReply *reply;

	argv[1] = atomic_load(&script->sha);
	if (argv[1]) {
		reply = exchange(c, argv, n, deadline_ms);
		if (!reply || !reply_says(reply, "NOSCRIPT"))
			return reply;
		freeReplyObject(reply);
	}
	if (!script_load(c, script, deadline_ms, &reply))
		return reply;
	argv[1] = atomic_load(&script->sha);
	return exchange(c, argv, n, deadline_ms);
}

/* Run argv on c, or the script by it.  *ret_broken: the connection cannot be used again. */
static enum err
run_on(redisContext *c, const struct req *rq, const char *name, const char **argv, int n,
       struct kv_script *script, int64_t deadline_ms, const redisReply **ret_reply, bool *ret_broken)
{
	redisReply *reply =
	    script ? exchange_script(c, script, argv, n, deadline_ms) : exchange(c, argv, n, deadline_ms);

	*ret_broken = !reply;
	if (!reply) {
		log_event(LOG_ERROR, "kv_command", "on=%s msg=\"%s\"", name, context_fault(c));
		return ERR_UNAVAILABLE;
	}
	arena_defer(rq->arena, freeReplyObject, reply);
	if (reply->type == REDIS_REPLY_ERROR) {
		log_event(LOG_ERROR, "kv_command", "on=%s msg=\"%s\"", name, reply->str);
		return error_err(reply);
	}
	*ret_reply = reply;
	return OK;
}

/*
 * Nothing is sent twice: a command that went unanswered may have taken effect.  Connections that died while idle are
 * sorted out by the pool before anything is sent.
 */
static enum err
run(const struct req *rq, const char *name, const char **argv, int n, struct kv_script *script,
    const redisReply **ret_reply)
{
	int64_t start_us = clock_us(), deadline_ms = start_us / 1000 + COMMAND_MS;
	bool broken;
	void *conn;
	enum err e;

	if (deadline_ms > rq->deadline_ms)
		deadline_ms = rq->deadline_ms;
	if (clock_left_ms(deadline_ms) == 0)
		return ERR_UNAVAILABLE;
	e = pool_take(rq->kv->pool, deadline_ms, &conn);
	rq->trace->queue_us += clock_us() - start_us;
	if (e)
		return e;
	start_us = clock_us();
	e = run_on(conn, rq, name, argv, n, script, deadline_ms, ret_reply, &broken);
	if (broken)
		pool_drop(rq->kv->pool, conn);
	else
		pool_give(rq->kv->pool, conn);
	rq->trace->kv_us += clock_us() - start_us;
	return e;
}

enum err
kv_run(const struct req *rq, struct kv_args args, const redisReply **ret_reply)
{
	return run(rq, args.at[0], (const char **)args.at, args.n, NULL, ret_reply);
}

enum err
kv_eval(const struct req *rq, struct kv_script *script, int nkeys, struct kv_args args,
	const redisReply **ret_reply)
{
	const char *argv[ARGS_MAX + 3] = { "EVALSHA", NULL };
	char keys[12];

	if (args.n > ARGS_MAX)
		abort();
	snprintf(keys, sizeof(keys), "%d", nkeys);
	argv[2] = keys;
	memcpy(argv + 3, args.at, (size_t)args.n * sizeof(argv[0]));
	return run(rq, script->name, argv, args.n + 3, script, ret_reply);
}
