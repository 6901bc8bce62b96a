/*
 * doctor: is everything in place that the programs need?  A table of questions put to PostgreSQL, and
 * the few that are not its to answer.  Each gives one line; a warning alone does not fail.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <hiredis/hiredis.h>

#include "clock.h"
#include "ctl.h"

/* What a statement answers: state is "ok", "warn" or "FAIL". */
struct question {
	const char *topic;
	const char *sql;
};

static const struct question questions[] = {
	{ "server",
	  "SELECT CASE WHEN current_setting('server_version_num')::int >= 150000 THEN 'ok' ELSE 'FAIL' END "
	  "AS state, 'PostgreSQL ' || current_setting('server_version') || ', 15 or later is needed' AS detail" },
	{ "text",
	  "SELECT CASE WHEN current_setting('server_encoding') = 'UTF8' AND "
	  "(datlocprovider <> 'c' OR datctype NOT IN ('C', 'POSIX')) THEN 'ok' ELSE 'FAIL' END AS state, "
	  "'encoding ' || current_setting('server_encoding') || ', character type ' || datctype AS detail "
	  "FROM pg_database WHERE datname = current_database()" },
	{ "extension", "SELECT CASE WHEN count(*) = 1 THEN 'ok' ELSE 'FAIL' END AS state, "
		       "'pg_trgm ' || coalesce(max(extversion), 'is missing') AS detail "
		       "FROM pg_extension WHERE extname = 'pg_trgm'" },
	{ "roles",
	  "SELECT CASE WHEN missing IS NULL AND mighty IS NULL THEN 'ok' ELSE 'FAIL' END AS state, "
	  "coalesce('missing: ' || missing, 'more than a program may be: ' || mighty, "
	  "'every program has its own') AS detail FROM ("
	  "SELECT string_agg(name, ' ') FILTER (WHERE r.oid IS NULL OR NOT rolcanlogin) AS missing, "
	  "string_agg(name, ' ') FILTER (WHERE rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR "
	  "EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid)) AS mighty "
	  "FROM unnest('{moa_auth,moa_pay,moa_chatbot,moa_shorts,moa_dashboard,moa_worker}'::text[]) name "
	  "LEFT JOIN pg_roles r ON r.rolname = name) found" },
	{ "keys", "SELECT CASE WHEN bool_or(active_from <= now()) THEN 'ok' ELSE 'FAIL' END AS state, CASE "
		  "WHEN count(*) = 0 THEN 'none: moa-ctl keys init makes one' "
		  "WHEN bool_or(active_from <= now()) THEN count(*) || ' published' "
		  "ELSE count(*) || ' published, none in use yet' END AS detail "
		  "FROM auth.signing_key WHERE retired_at IS NULL" },
	{ "erasures",
	  "SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'FAIL' END AS state, CASE WHEN count(*) = 0 "
	  "THEN 'none is late' ELSE count(*) || ' open for more than an hour: does moa-worker run, "
	  "and what does it log?' END AS detail "
	  "FROM auth.erasure WHERE done_at IS NULL AND asked_at < moa.now() - interval '1 hour'" },
	{ "give-backs",
	  "SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'FAIL' END AS state, CASE WHEN count(*) = 0 "
	  "THEN 'the payment gateway has refused none' ELSE count(*) || ' refused by the payment gateway: "
	  "moa-ctl gateway refunds shows them' END AS detail "
	  "FROM pay.give_backs WHERE status = 'refused'" },
	{ "webhooks",
	  "SELECT CASE WHEN count(*) = 0 THEN 'ok' ELSE 'warn' END AS state, CASE WHEN count(*) = 0 "
	  "THEN 'no secret of an endpoint is stored' ELSE count(*) || ' endpoints have secrets that are stored "
	  "as they are: from before MOA_WEBHOOK_KEY was set' END AS detail "
	  "FROM pay.webhook_endpoint WHERE key_id IS NULL AND deleted_at IS NULL" },
	{ "feed",
	  "SELECT CASE WHEN late THEN 'FAIL' ELSE 'ok' END AS state, CASE WHEN late "
	  "THEN 'not ranked for ten minutes: does moa-worker run, and what does it log?' "
	  "ELSE 'ranked, or nothing is there to rank' END AS detail FROM (SELECT EXISTS (SELECT FROM shorts.tally "
	  "WHERE live AND created_at < moa.now() - interval '10 minutes') AND NOT EXISTS (SELECT FROM "
	  "shorts.page_set WHERE made_at >= moa.now() - interval '10 minutes') AS late) f" },
	{ "test clock", "SELECT CASE WHEN test_mode THEN 'warn' ELSE 'ok' END AS state, CASE WHEN test_mode "
			"THEN 'on: the business rules may go by a wrong time' ELSE 'off' END AS detail "
			"FROM moa.clock" },
};

static int
answer(const char *state, const char *topic, const char *detail)
{
	printf("%-4s  %-10s  %s\n", state, topic, detail);
	return strcmp(state, "FAIL") == 0;
}

static int
ask_database(struct ctl *ctl)
{
	size_t i;
	int faults = 0;

	for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		PGresult *res = pg_run(&ctl->pg, questions[i].sql, PG_NO_ARGS);

		if (res && PQntuples(res) == 1)
			faults +=
			    answer(pg_value(res, 0, "state"), questions[i].topic, pg_value(res, 0, "detail"));
		else
			faults += answer("FAIL", questions[i].topic, "cannot be answered");
		PQclear(res);
	}
	return faults;
}

static int
ask_migrations(struct ctl *ctl)
{
	int pending = migrate_pending(ctl);

	if (pending < 0)
		return answer("FAIL", "migrations", "database and files do not fit together");
	if (pending > 0)
		return answer("FAIL", "migrations",
			      arena_printf(&ctl->arena, "%d pending: moa-ctl migrate applies them", pending));
	return answer("ok", "migrations", "none pending");
}

/* The secret is auth's: who looks after the database may not have it. */
static int
ask_seals(struct ctl *ctl)
{
	const char *fault;

	switch (keys_open(ctl, &fault)) {
	case KEYS_OPEN:
		return answer("ok", "seals", "MOA_AUTH_SECRET opens every published key");
	case KEYS_NO_SECRET:
		return answer("warn", "seals", "not tried: MOA_AUTH_SECRET is not set");
	default:
		return answer("FAIL", "seals", fault);
	}
}

/* Tokens carry this machine's time, rows the database's: 2 s apart, beside the time of asking, are too much. */
static int
ask_clock(struct ctl *ctl)
{
	int64_t before_s = clock_unix_s(), server_s, off_s = 0;
	PGresult *res =
	    pg_run(&ctl->pg, "SELECT extract(epoch FROM clock_timestamp())::bigint AS now", PG_NO_ARGS);

	if (!res)
		return answer("FAIL", "time", "PostgreSQL does not tell it");
	server_s = strtoll(pg_value(res, 0, "now"), NULL, 10);
	PQclear(res);
	if (server_s < before_s)
		off_s = before_s - server_s;
	else if (server_s > clock_unix_s())
		off_s = server_s - clock_unix_s();
	return answer(
	    off_s > 2 ? "FAIL" : "ok", "time",
	    arena_printf(&ctl->arena, "PostgreSQL and this machine are %lld s apart", (long long)off_s));
}

static redisContext *
redis_connect(struct ctl *ctl)
{
	const struct timeval patience = { 2, 0 };
	const char *address = ctl->conf.redis, *colon = strrchr(address, ':');
	redisContext *redis;

	if (strncmp(address, "unix:", 5) == 0)
		redis = redisConnectUnixWithTimeout(address + 5, patience);
	else
		redis = redisConnectWithTimeout(
		    arena_strndup(&ctl->arena, address, colon ? (size_t)(colon - address) : strlen(address)),
		    colon ? (int)strtol(colon + 1, NULL, 10) : 6379, patience);
	if (redis && !redis->err)
		redisSetTimeout(redis, patience);
	return redis;
}

/* Send a command of n words.  Returns NULL when the answer is good, else what is wrong. */
static const char *
redis_fault(struct ctl *ctl, redisContext *redis, int n, const char **words)
{
	redisReply *reply = redisCommandArgv(redis, n, words, NULL);
	const char *fault = NULL;

	if (!reply)
		fault = arena_strdup(&ctl->arena, redis->errstr);
	else if (reply->type == REDIS_REPLY_ERROR)
		fault = arena_strdup(&ctl->arena, reply->str);
	if (reply)
		freeReplyObject(reply);
	return fault;
}

static int
ask_redis(struct ctl *ctl)
{
	redisContext *redis = redis_connect(ctl);
	const char *fault = redis ? NULL : "out of memory";

	if (redis && redis->err)
		fault = arena_strdup(&ctl->arena, redis->errstr);
	if (!fault && ctl->conf.redis_password)
		fault = redis_fault(ctl, redis, 2, (const char *[]){ "AUTH", ctl->conf.redis_password });
	if (!fault)
		fault = redis_fault(ctl, redis, 1, (const char *[]){ "PING" });
	if (redis)
		redisFree(redis);
	return answer(fault ? "FAIL" : "ok", "redis", fault ? fault : "answers");
}

int
doctor_run(struct ctl *ctl, const char *const args[])
{
	PGresult *res = pg_run(&ctl->pg, "SELECT 1", PG_NO_ARGS);
	int faults;

	(void)args;
	if (res) {
		faults = ask_migrations(ctl);
		faults += ask_database(ctl);
		faults += ask_seals(ctl);
		faults += ask_clock(ctl);
	} else {
		faults = answer("FAIL", "server", "PostgreSQL does not answer");
	}
	PQclear(res);
	faults += ask_redis(ctl);
	return faults ? CTL_FAILED : CTL_DONE;
}
