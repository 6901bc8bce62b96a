/* A program's life: connections, requests, the loop, and a clean stop. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <sodium.h>

#include "app_inside.h"
#include "arena.h"
#include "clock.h"
#include "dispatch.h"
#include "health.h"
#include "http.h"
#include "kv.h"
#include "limit.h"
#include "listener.h"
#include "log.h"
#include "loop.h"
#include "req.h"
#include "resp.h"
#include "token.h"

enum {
	SHORT_DEADLINE_MS = 2800,
	FIRST_CONNECTION_MS = 500,
	STOP_MS = 28000,
	REFUSED_MAX = 8 * 1024 * 1024,
	REFUSED_MS = 5000,
	MALLOC_ARENAS = 2
};

struct app {
	const struct program *program;
	struct app_conf conf;
	struct db *db;
	struct kv *kv;
	struct http *http;
	void *domain;
	struct dispatch dispatch;
};

/* What a thread keeps from one request to the next. */
struct worker {
	struct arena arena;
};

static void *
worker_open(void *ctx)
{
	struct worker *w = calloc(1, sizeof(*w));

	(void)ctx;
	if (!w)
		abort();
	arena_init(&w->arena);
	return w;
}

static void
worker_close(void *worker)
{
	struct worker *w = worker;

	arena_free(&w->arena);
	free(w);
}

static void
log_request(const struct req *rq, int status, int64_t us)
{
	const struct trace *t = rq->trace;

	/* The path is cut, or a long one would push the rest out of the line. */
	log_event(LOG_INFO, "request",
		  "id=%s method=%s path=%.256s status=%d ms=%.1f queue_ms=%.1f db_ms=%.1f redis_ms=%.1f "
		  "upstream_ms=%.1f statements=%d",
		  rq->id, route_method_name(rq->method), rq->path, status, us / 1e3, t->queue_us / 1e3,
		  t->db_us / 1e3, t->kv_us / 1e3, t->upstream_us / 1e3, t->statements);
}

/* Server-Timing (W3C): durations in milliseconds. */
static void
add_timing(struct resp *rs, const struct trace *t)
{
	resp_header(rs, "Server-Timing", "total;dur=%.1f, db;dur=%.1f, upstream;dur=%.1f",
		    (clock_us() - t->started_us) / 1e3, t->db_us / 1e3, t->upstream_us / 1e3);
}

/*
 * Read a body that was refused, before it is said that it was: lighttpd hangs up unannounced when a reply overtakes the body, and a
 * client that keeps connections would lose its next request to that.
 */
static void
take_refused(const struct req *rq)
{
	long long announced = req_length(rq);

	/* Whether its end has come is seen when the request ends. */
	if (announced > 0 && announced <= REFUSED_MAX)
		(void)loop_read_rest(rq->fcgi, REFUSED_MS);
}

/* Send what the handler shaped, or the problem it returned; a stream has sent its own. */
static enum err
reply(const struct req *rq, struct resp *rs, const struct route *route, enum err e)
{
	if (rs->begun || e == ERR_CLIENT_GONE)
		return e;
	if (e) {
		resp_problem(rs, rq, e);
		take_refused(rq);
	}
	if (!route || !(route->flags & UNTIMED))
		add_timing(rs, rq->trace);
	return resp_send(rs);
}

/* One request from its parameters to its log line. */
static void
answer(void *ctx, void *worker, struct FCGX_Request *fcgi, int stop_fd)
{
	struct app *app = ctx;
	struct worker *w = worker;
	struct trace trace = { .started_us = clock_us() };
	struct req rq = { .arena = &w->arena,
			  .trace = &trace,
			  .db = app->db,
			  .kv = app->kv,
			  .http = app->http,
			  .domain = app->domain,
			  .issuer = app->conf.issuer,
			  .deadline_ms = trace.started_us / 1000 + SHORT_DEADLINE_MS };
	struct resp rs = { .arena = &w->arena, .status = 200, .fcgi = fcgi, .stop_fd = stop_fd };
	const struct route *route = NULL;
	int64_t us;
	int status;
	enum err e;

	req_open(&rq, fcgi);
	resp_header(&rs, "X-Request-Id", "%s", rq.id);
	e = dispatch_run(&app->dispatch, &rq, &rs, &route);
	e = reply(&rq, &rs, route, e);
	us = clock_us() - trace.started_us;
	status = e == ERR_CLIENT_GONE ? err_row(e)->status : rs.status;
	log_request(&rq, status, us);
	metrics_request(route, status, us);
	arena_reset(&w->arena);
}

static int64_t
gauge_db_ready(const void *db)
{
	return db_ready(db);
}

static int64_t
gauge_kv_ready(const void *kv)
{
	return kv_ready(kv);
}

static int64_t
gauge_long_slots(const void *dispatch)
{
	return atomic_load(&((const struct dispatch *)dispatch)->long_slots);
}

static int64_t
gauge_passed_blind(const void *unused)
{
	(void)unused;
	return limit_passed_blind();
}

static void
metrics_start(const struct app *app)
{
	metrics_open(app->program->name, app->dispatch.routes, app->program->metrics);
	metrics_gauge("moa_postgresql_up", "1 while a connection to PostgreSQL is up.", gauge_db_ready,
		      app->db);
	metrics_gauge("moa_redis_up", "1 while a connection to Redis is up.", gauge_kv_ready, app->kv);
	metrics_gauge("moa_long_slots_free", "Slots left for streams and uploads.", gauge_long_slots,
		      &app->dispatch);
	metrics_gauge("moa_limits_passed_blind_total", "Calls let through because Redis did not answer.",
		      gauge_passed_blind, NULL);
}

/* Run the loop until SIGTERM or SIGINT.  Returns how many requests were still running when patience ended. */
static int
run_loop(struct app *app, int listen_fd, const sigset_t *stop_signals)
{
	struct loop_conf conf = { .listen_fd = listen_fd,
				  .threads = (int)app->conf.threads,
				  .answer = answer,
				  .worker_open = worker_open,
				  .worker_close = worker_close,
				  .ctx = app };
	struct loop *loop = loop_open(&conf);
	int got;

	log_event(LOG_INFO, "start", "threads=%d", conf.threads);
	sigwait(stop_signals, &got);
	log_event(LOG_INFO, "stop", "signal=%d", got);
	return loop_stop(loop, STOP_MS);
}

/* A thread may hold a connection to the web server and a few to others; the usual 1,024 are for programs that use select(2). */
static void
allow_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		log_event(LOG_WARN, "start", "msg=\"cannot raise the limit of open files\" errno=%d", errno);
}

/* What the process holds from start to end. */
static void
open_all(struct app *app)
{
	const struct program *program = app->program;

	app->db = db_open(&app->conf.db, program->stmts, program->nstmts);
	app->kv = kv_open(&app->conf.kv);
	app->http = http_open();
	app->dispatch.routes =
	    health_routes(program->prefix, program->routes, program->needs_redis, program->gauges);
	app->dispatch.tokens = token_open(app->conf.issuer);
	app->dispatch.cors_origins = app->conf.cors_origins;
	atomic_init(&app->dispatch.long_slots, (int)app->conf.threads / 2);
	metrics_start(app);
	app->domain = program->open ? program->open() : NULL;
	db_wait(app->db, clock_ms() + FIRST_CONNECTION_MS);
}

static void
close_all(struct app *app)
{
	if (app->program->close)
		app->program->close(app->domain);
	token_close(app->dispatch.tokens);
	http_close(app->http);
	kv_close(app->kv);
	db_close(app->db);
}

static int
serve(struct app *app, const char *socket_path)
{
	sigset_t stop_signals;
	int fd, busy;

	/* Blocked before any thread exists and before anybody can connect, so that only sigwait takes them. */
	sigemptyset(&stop_signals);
	sigaddset(&stop_signals, SIGTERM);
	sigaddset(&stop_signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &stop_signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = listener_open(socket_path);
	if (fd < 0) {
		log_event(LOG_ERROR, "start",
			  "msg=\"no socket to listen on: a web server passes one, or -s PATH\"");
		return 2;
	}
	allow_descriptors();
	open_all(app);
	busy = run_loop(app, fd, &stop_signals);
	if (busy > 0) {
		/* Their threads still use what would be closed below. */
		log_event(LOG_WARN, "stop", "cut_off=%d", busy);
		_exit(0);
	}
	close_all(app);
	return 0;
}

int
app_main(const struct program *program, int argc, char *argv[])
{
	static struct app app;
	const char *option = argc > 1 ? argv[1] : "";
	bool own_socket = argc == 3 && strcmp(option, "-s") == 0;

	log_open(program->name, LOG_INFO);
	mallopt(M_ARENA_MAX, MALLOC_ARENAS);
	if (sodium_init() < 0)
		return 1;
	app.program = program;
	if (argc == 2 && strcmp(option, "-r") == 0)
		return app_routes(program);
	if (argc == 2 && (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0))
		return app_help(program);
	if (argc > 1 && !own_socket && !(argc == 2 && strcmp(option, "-n") == 0)) {
		fprintf(stderr, "%s.fcgi: unknown option; see %s.fcgi --help\n", program->name,
			program->name);
		return 2;
	}
	if (app_conf_read(program, &app.conf) > 0)
		return 1;
	log_open(program->name, (enum log_level)app.conf.log_level);
	if (strcmp(option, "-n") == 0)
		return db_check(&app.conf.db, program->stmts, program->nstmts) > 0;
	return serve(&app, own_socket ? argv[2] : NULL);
}
