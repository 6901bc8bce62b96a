/*
 * toy.fcgi: a program with one route for each thing a route can be, for the tests of what all programs share.
 * test_app.c runs it alone, tests/http/test_toy.py behind the web servers.  Read it as the smallest complete program.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "app.h"
#include "arena.h"
#include "fields.h"
#include "out.h"
#include "req.h"
#include "resp.h"
#include "stream.h"

enum { GATE_S = 20, ROUND_MS = 20, ROUNDS_PER_BEAT = 5 };

enum { TOY_ADD, TOY__MAX };

static const struct stmt toy_stmts[TOY__MAX] = {
	[TOY_ADD] = { "toy_add", 4, "SELECT code, result, replayed FROM toy.add($1, $2, $3, $4)" },
};

static struct toy_conf {
	const char *greeting;
	int64_t limit;
} toy_conf;

static const struct conf_row toy_conf_rows[] = {
	{ "MOA_TOY_GREETING", CONF_STR, offsetof(struct toy_conf, greeting), 1, 40, "hello",
	  "what GET /hello says" },
	{ "MOA_TOY_LIMIT", CONF_INT, offsetof(struct toy_conf, limit), 1, 1000, "100",
	  "the largest number to add" },
	{ 0 },
};

/* What happens in the process, to be seen from outside by GET /counts. */
static struct toy {
	atomic_int ticks;	  /* events to tell */
	atomic_int streams, gone; /* open now; ended because the client left */
	atomic_int cut;		  /* uploads whose client left */
	atomic_long cut_bytes;	  /* what came of them */
	atomic_int waiting;	  /* at the gate */
	pthread_mutex_t lock;
	pthread_cond_t opened;
	bool open;
} toy = { .lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER };

static void *
toy_open(void)
{
	return &toy;
}

/* GET /hello -> 200 {greeting}. */
static enum err
hello(const struct req *rq, struct resp *rs)
{
	struct json_object *reply = out_object(rq->arena);

	out_str(reply, "greeting", toy_conf.greeting);
	return resp_json(rs, 200, reply);
}

/* GET /me, GET /admin, POST /shop -> 200 {customer, token}: who is calling. */
static enum err
who(const struct req *rq, struct resp *rs)
{
	struct json_object *reply = out_object(rq->arena);

	out_str(reply, "customer", rq->user);
	out_str(reply, "token", rq->token);
	return resp_json(rs, 200, reply);
}

struct add_in {
	int64_t number;
};

static const struct field add_fields[] = {
	{ "number", F_I64, offsetof(struct add_in, number), 1, 1000000, F_REQUIRED, NULL },
	{ 0 },
};

/* POST /sum {number} -> 201 {sum}; 409 conflict when it would pass the limit. */
static enum err
add(const struct req *rq, struct resp *rs)
{
	struct add_in in = { 0 };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, add_fields, &in);
	if (e)
		return e;
	if (in.number > toy_conf.limit)
		return ERR_CONFLICT;
	e = db_run(rq, TOY_ADD,
		   DB_ARGS(db_text("anybody"), db_text(rq->idem.key),
			   db_bytes(rq->idem.hash, sizeof(rq->idem.hash)), db_i64(rq, in.number)),
		   &res);
	if (e)
		return e;
	return resp_result(rs, 201, &res);
}

/* GET /gate -> 204 when PUT /gate has opened it; 503 overloaded if that takes too long. */
static enum err
gate_wait(const struct req *rq, struct resp *rs)
{
	struct toy *t = rq->domain;
	struct timespec until;
	int late = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += GATE_S;
	atomic_fetch_add(&t->waiting, 1);
	pthread_mutex_lock(&t->lock);
	while (!t->open && !late)
		late = pthread_cond_timedwait(&t->opened, &t->lock, &until);
	pthread_mutex_unlock(&t->lock);
	atomic_fetch_sub(&t->waiting, 1);
	return late ? ERR_OVERLOADED : resp_empty(rs);
}

/* PUT /gate -> 204. */
static enum err
gate_open(const struct req *rq, struct resp *rs)
{
	struct toy *t = rq->domain;

	pthread_mutex_lock(&t->lock);
	t->open = true;
	pthread_cond_broadcast(&t->opened);
	pthread_mutex_unlock(&t->lock);
	return resp_empty(rs);
}

/* POST /ticks -> 204: one event more for every stream. */
static enum err
tick(const struct req *rq, struct resp *rs)
{
	struct toy *t = rq->domain;

	atomic_fetch_add(&t->ticks, 1);
	return resp_empty(rs);
}

/* Tell what has happened since *seen, and that the stream lives when nothing has. */
static enum err
follow(const struct req *rq, struct resp *rs, int *seen, int round)
{
	const struct toy *t = rq->domain;
	enum err e = OK;

	if (*seen == atomic_load(&t->ticks) && round % ROUNDS_PER_BEAT == 0)
		return stream_beat(rs);
	while (e == OK && *seen < atomic_load(&t->ticks)) {
		const char *number = arena_printf(rq->arena, "%d", ++*seen);

		e = stream_event(rs, number, "tick", number);
	}
	return e;
}

/* GET /events -> a stream of events: open, and a tick for each POST /ticks from now on. */
static enum err
events(const struct req *rq, struct resp *rs)
{
	struct toy *t = rq->domain;
	int seen = atomic_load(&t->ticks), round;
	enum err e = stream_begin(rs);

	atomic_fetch_add(&t->streams, 1);
	if (e == OK)
		e = stream_event(rs, NULL, "open", "");
	for (round = 1; e == OK; round++) {
		e = stream_wait(rs, ROUND_MS);
		if (e == OK)
			e = follow(rq, rs, &seen, round);
	}
	atomic_fetch_sub(&t->streams, 1);
	if (e == ERR_CLIENT_GONE)
		atomic_fetch_add(&t->gone, 1);
	return e;
}

/* PATCH /upload -> 200 {bytes}: how many came. */
static enum err
upload(const struct req *rq, struct resp *rs)
{
	struct toy *t = rq->domain;
	struct json_object *reply;
	char buf[8192];
	long bytes = 0;
	int n;

	while ((n = req_read(rq, buf, sizeof(buf))) > 0)
		bytes += n;
	if (n < 0) {
		atomic_fetch_add(&t->cut_bytes, bytes);
		atomic_fetch_add(&t->cut, 1);
		return ERR_CLIENT_GONE;
	}
	reply = out_object(rq->arena);
	out_num(reply, "bytes", bytes);
	return resp_json(rs, 200, reply);
}

/* GET /counts -> 200 {ticks, streams, gone, cut, cut_bytes, waiting}. */
static enum err
counts(const struct req *rq, struct resp *rs)
{
	struct json_object *reply = out_object(rq->arena);
	const struct toy *t = rq->domain;

	out_num(reply, "ticks", atomic_load(&t->ticks));
	out_num(reply, "streams", atomic_load(&t->streams));
	out_num(reply, "gone", atomic_load(&t->gone));
	out_num(reply, "cut", atomic_load(&t->cut));
	out_num(reply, "cut_bytes", atomic_load(&t->cut_bytes));
	out_num(reply, "waiting", atomic_load(&t->waiting));
	return resp_json(rs, 200, reply);
}

static const struct route toy_routes[] = {
	{ GET, "/api/v1/toy/hello", hello, PUBLIC, 0 },
	{ GET, "/api/v1/toy/me", who, 0, 0 },
	{ GET, "/api/v1/toy/admin", who, ADMIN, 0 },
	{ POST, "/api/v1/toy/shop", who, MERCHANT | UNTIMED, 0 },
	{ POST, "/api/v1/toy/sum", add, PUBLIC | IDEMPOTENT | BODY, 1000 },
	{ GET, "/api/v1/toy/gate", gate_wait, PUBLIC, 0 },
	{ PUT, "/api/v1/toy/gate", gate_open, PUBLIC, 0 },
	{ POST, "/api/v1/toy/ticks", tick, PUBLIC, 0 },
	{ GET, "/api/v1/toy/events", events, PUBLIC | STREAM, 0 },
	{ PATCH, "/api/v1/toy/upload", upload, PUBLIC | UPLOAD, 0 },
	{ GET, "/api/v1/toy/counts", counts, PUBLIC, 0 },
	{ 0 },
};

static const struct program program = {
	.name = "toy",
	.prefix = "/api/v1/toy",
	.routes = toy_routes,
	.stmts = toy_stmts,
	.nstmts = TOY__MAX,
	.conf = toy_conf_rows,
	.conf_values = &toy_conf,
	.open = toy_open,
};

int
main(int argc, char *argv[])
{
	return app_main(&program, argc, argv);
}
