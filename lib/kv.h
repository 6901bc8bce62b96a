/*
 * Redis: a small pool of connections, commands and Lua scripts under the request's deadline.
 *
 * Redis holds only what may be lost and rebuilt.  Every key has one builder function in the module that owns it, and a
 * time to live.  hiredis here is 0.14: arguments always go as a vector, never through its format strings.
 */
#ifndef KV_H
#define KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct kv;
struct redisReply;
struct req;

struct kv_conf {
	const char *address;  /* "unix:/path" or "host:port" */
	const char *password; /* NULL: none */
	int64_t pool;	      /* connections, 1-64 */
};

/* A Lua script, static in the module that owns it, which sets name and lua and nothing else. */
struct kv_script {
	const char *name;
	const char *lua;
	_Atomic(char *) sha; /* what EVALSHA goes by: Redis tells it when the script is first loaded */
};

/* For scripts: now() is Redis' own clock in ms, the one that all nodes have in common. */
#define KV_LUA_NOW                                                                                           \
	"local function now()\n"                                                                             \
	"  local time = redis.call('TIME')\n"                                                                \
	"  return time[1] * 1000 + math.floor(time[2] / 1000)\n"                                             \
	"end\n"

struct kv_args {
	int n;
	const char *const *at;
};

#define KV_ARGS(...)                                                                                         \
	((struct kv_args){ sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *),                         \
			   (const char *[]){ __VA_ARGS__ } })

/**
 * kv_open(conf):
 * Start a pool, connecting in the background; never NULL.  The strings of ${conf} must outlive it, and the program must
 * ignore SIGPIPE.  End it with kv_close, when no command is running.
 */
struct kv *kv_open(const struct kv_conf *conf);

/** kv_close(kv): Close all connections.  NULL is a no-op. */
void kv_close(struct kv *kv);

/** kv_ready(kv): Is at least one connection up? */
bool kv_ready(const struct kv *kv);

/**
 * kv_run(rq, args, ret_reply):
 * Send the command ${args} and store the reply, which lives as long as the request.  Errors: ERR_UNAVAILABLE at once
 * while Redis is down, when it does not answer within 500 ms or the request's deadline, whichever is first (whether the
 * command took effect is then unknown; it is never sent twice), and when it cannot serve for now (loading, out of
 * memory); ERR_INTERNAL for any other error reply.  Logged here.
 */
enum err kv_run(const struct req *rq, struct kv_args args, const struct redisReply **ret_reply) MUST_CHECK;

/**
 * kv_eval(rq, script, nkeys, args, ret_reply):
 * Run ${script} on ${args}, at most 32, the first ${nkeys} of them keys: by EVALSHA, after SCRIPT LOAD when Redis does not
 * know it yet or any more.  Errors as for kv_run.
 */
enum err kv_eval(const struct req *rq, struct kv_script *script, int nkeys, struct kv_args args,
		 const struct redisReply **ret_reply) MUST_CHECK;

#endif
