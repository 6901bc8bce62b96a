/*
 * moa-worker, the background program: it looks for work, does it, and waits.  Its work is kept in
 * PostgreSQL and may be repeated, so it may be killed at any time, and several may run at once.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "clock.h"
#include "conf.h"
#include "gateway.h"
#include "hook_secret.h"
#include "http.h"
#include "llm.h"
#include "log.h"
#include "studio.h"
#include "worker.h"

/*
 * Idle, the worker looks for work every 2 s; after a failure it doubles its pause, up to half a minute.
 * A statement that is running when it is asked to end has time to do so: 30 s are allowed.
 */
enum { PAUSE_MIN_MS = 2000, PAUSE_MAX_MS = 30000, STATEMENT_MS = 20000, CONNECTION_MS = 5000 };

struct worker_conf {
	const char *pg;
	int64_t log_level;
	struct llm_conf llm;
	int64_t webhook_ms;
	struct hook_key webhook_key;
	bool webhook_private;
	struct gateway_conf gateway;
	const char *shorts_dir;
	struct studio_conf studio;
};

static const struct conf_row conf_rows[] = {
	{ "MOA_PG", CONF_STR, offsetof(struct worker_conf, pg), 1, 1000, "dbname=moa",
	  "PostgreSQL connection string; the user defaults to moa_worker" },
	{ "MOA_LOG_LEVEL", CONF_INT, offsetof(struct worker_conf, log_level), LOG_ERROR, LOG_DEBUG, "2",
	  "0 errors, 1 warnings, 2 work done, 3 all" },
	LLM_CONF(offsetof(struct worker_conf, llm)),
	{ "MOA_WEBHOOK_DEADLINE_MS", CONF_INT, offsetof(struct worker_conf, webhook_ms), 100, 15000, "10000",
	  "the longest that a merchant's webhook endpoint may take" },
	HOOK_KEY_CONF(offsetof(struct worker_conf, webhook_key)),
	{ "MOA_WEBHOOK_PRIVATE", CONF_BOOL, offsetof(struct worker_conf, webhook_private), 0, 1, "0",
	  "1: webhooks may go to private addresses" },
	GATEWAY_CONF(offsetof(struct worker_conf, gateway)),
	{ "MOA_SHORTS_DIR", CONF_STR, offsetof(struct worker_conf, shorts_dir), 1, 200, "/var/lib/moa/shorts",
	  "where uploads and videos are kept, the same for all nodes and for the programs" },
	{ "MOA_FFMPEG", CONF_STR, offsetof(struct worker_conf, studio.ffmpeg), 1, 200, "/usr/bin/ffmpeg",
	  "the program that encodes videos" },
	{ "MOA_FFPROBE", CONF_STR, offsetof(struct worker_conf, studio.ffprobe), 1, 200, "/usr/bin/ffprobe",
	  "the program that looks at videos first" },
	{ "MOA_VIDEO_JOBS", CONF_INT, offsetof(struct worker_conf, studio.jobs), 1, 64, "1",
	  "videos processed at once, each by two threads of the lowest priority" },
	{ "MOA_VIDEO_DEADLINE_S", CONF_INT, offsetof(struct worker_conf, studio.deadline_s), 1, 3600, "600",
	  "the longest that encoding one may take" },
	{ 0 },
};

static const struct stmt stmts[WORKER__MAX] = {
	[WORKER_NEXT_ERASURE] = { "next_erasure", 0,
				  "SELECT customer_id, domain, tries, asked_at, overdue "
				  "FROM auth.next_erasure()" },
	[WORKER_ERASURE_DONE] = { "erasure_done", 2, "SELECT auth.erasure_done($1, $2)" },
	[WORKER_ERASE_PAY] = { "erase_pay", 1, "SELECT pay.erase($1)" },
	[WORKER_ERASE_CHATBOT] = { "erase_chatbot", 1, "SELECT chatbot.erase($1)" },
	[WORKER_ERASE_SHORTS] = { "erase_shorts", 1, "SELECT shorts.erase($1)" },
	[WORKER_SWEEP_AUTH] = { "sweep_auth", 0, "SELECT auth.sweep() AS rows, false AS more" },
	[WORKER_SWEEP_PAY] = { "sweep_pay", 0,
			       "SELECT pay.sweep_keys() + pay.sweep_codes() AS rows, false AS more" },
	[WORKER_SWEEP_CHATBOT] = { "sweep_chatbot", 0, "SELECT erased AS rows, more FROM chatbot.sweep()" },
	[WORKER_JOB] = { "job", 0, "SELECT job, day, changed, done FROM pay.run_job()" },
	[WORKER_NEXT_SUMMARY] = { "next_summary", 0,
				  "SELECT id, version, summary, language, messages FROM chatbot.next_summary()" },
	[WORKER_PUT_SUMMARY] = { "put_summary", 3, "SELECT chatbot.put_summary($1, $2, $3) AS put" },
	[WORKER_DELAY_SUMMARY] = { "delay_summary", 2, "SELECT chatbot.delay_summary($1, $2)" },
	[WORKER_NEXT_DELIVERY] = { "next_delivery", 0,
				   "SELECT id, attempt, endpoint_id, url, secret, key_id, event_id, body "
				   "FROM pay.next_delivery()" },
	[WORKER_DELIVERY_DONE] = { "delivery_done", 4, "SELECT pay.delivery_done($1, $2, $3, $4) AS became" },
	[WORKER_SWEEP_WEBHOOKS] = { "sweep_webhooks", 0, "SELECT rows, more FROM pay.sweep_webhooks()" },
	[WORKER_EXPIRE_REQUESTS] = { "expire_requests", 1, "SELECT pay.expire_requests($1) AS rows" },
	[WORKER_EXPIRE_REPAYMENTS] = { "expire_repayments", 0, "SELECT pay.expire_repayments() AS rows" },
	[WORKER_NEXT_REPAYMENT] = { "next_repayment", 0,
				    "SELECT id, payment_key, order_id, amount_won FROM pay.next_repayment()" },
	[WORKER_NEXT_GIVE_BACK] = { "next_give_back", 0,
				    "SELECT id, payment_key, amount_won, again, key FROM pay.next_give_back()" },
	[WORKER_GIVEN_BACK] = { "given_back", 1, "SELECT pay.given_back($1)" },
	[WORKER_NOT_GIVEN_BACK] = { "not_given_back", 4, "SELECT pay.not_given_back($1, $2, $3, $4)" },
	[WORKER_RANK] = { "rank", 0, "SELECT number, size FROM shorts.make_page_set()" },
	[WORKER_EXPIRE_UPLOADS] = { "expire_uploads", 1, "SELECT shorts.expire_uploads($1) AS expired" },
	[WORKER_NEXT_FILES] = { "next_files", 1, "SELECT id, kind, name, place FROM shorts.next_files($1)" },
	[WORKER_FILE_DONE] = { "file_done", 2, "SELECT shorts.file_done($1, $2)" },
	[WORKER_UNKNOWN_FILES] = { "unknown_files", 2,
				   "SELECT name FROM shorts.unknown_files($1, $2) AS name" },
	[WORKER_STORAGE_ID] = { "storage_id", 0, "SELECT shorts.storage_id() AS id" },
	[WORKER_MEDIA_AFTER] = { "media_after", 2, "SELECT id, media FROM shorts.media_after($1, $2)" },
	[WORKER_NAMES] = { "names", 0, "SELECT shorts.refresh_names() AS changed" },
	[WORKER_WORDS] = { "words", 0, "SELECT shorts.forget_words() AS forgotten" },
	[WORKER_NEXT_VIDEO] = { "next_video", 0,
				"SELECT id, fence, file, thumbnail, gave_up FROM shorts.next_video()" },
	[WORKER_VIDEO_PROGRESS] = { "video_progress", 3,
				    "SELECT held FROM shorts.video_progress($1, $2, $3)" },
	[WORKER_VIDEO_AGAIN] = { "video_again", 4,
				 "SELECT shorts.video_again($1, $2, make_interval(secs => $3::bigint), $4)" },
	[WORKER_VIDEO_DONE] = { "video_done", 7,
				"SELECT held FROM shorts.video_done($1, $2, $3, $4, $5, $6, $7)" },
	[WORKER_CLEAR_DELETED] = { "clear_deleted", 1, "SELECT rows, more FROM shorts.clear_deleted($1)" },
	[WORKER_END_CONFIRM] = { "end_confirm", 3, "SELECT code FROM pay.end_confirm($1, NULL, $2, $3)" },
};

void
worker_begin(struct worker *w)
{
	arena_reset(&w->arena);
	w->trace = (struct trace){ .started_us = clock_us() };
	worker_renew(w);
}

void
worker_renew(struct worker *w)
{
	w->job.deadline_ms = clock_ms() + STATEMENT_MS;
}

bool
worker_pause(struct worker *w, int ms)
{
	struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	if (!w->stopping)
		w->stopping = sigtimedwait(&stops, NULL, &pause) > 0;
	return w->stopping;
}

/* What has to be done in any case. */
static enum err
chores(struct worker *w)
{
	static enum err (*const all[])(struct worker *) = {
		expire_all,    erase_all,    repay_all,	   give_back_all, job_all,   rank_if_due,
		names_refresh, words_forget, sweep_if_due, upload_all,	  media_all,
	};
	enum err e, last = OK;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]) && last != ERR_UNAVAILABLE; i++) {
		e = all[i](w);
		if (e)
			last = e;
	}
	return last;
}

static int
work_once(struct worker *w)
{
	enum err done, delivered, made, summarised, swept, cleared;
	bool more;

	db_wait(w->job.db, clock_ms() + CONNECTION_MS);
	made = trade_all(w, &video_trade);
	done = chores(w);
	delivered = trade_all(w, &webhook_trade);
	do
		cleared = remains_next(w, &more);
	while (more);
	do
		swept = orphan_next(w, &more);
	while (more);
	do
		summarised = summary_next(w, &more);
	while (more);
	return done || delivered || made || summarised || swept || cleared ? 1 : 0;
}

/*
 * The chores come before each summary, so that they wait for one call of the model at most; and they keep their own pace
 * while it fails.
 */
static int
work_until_stopped(struct worker *w)
{
	int pause_ms = PAUSE_MIN_MS;
	struct crew *couriers, *studio;
	bool more;
	enum err e;

	log_event(LOG_INFO, "start", "pause_ms=%d", PAUSE_MIN_MS);
	db_wait(w->job.db, clock_ms() + CONNECTION_MS);
	couriers = crew_open(w, &webhook_trade, WORKER_COURIERS);
	studio = crew_open(w, &video_trade, (int)w->studio->jobs);
	do {
		if (chores(w) == OK)
			pause_ms = PAUSE_MIN_MS;
		else
			pause_ms = pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause_ms * 2;
		e = remains_next(w, &more);
		(void)e;
		e = orphan_next(w, &more);
		(void)e;
		e = summary_next(w, &more);
		(void)e;
	} while (!worker_pause(w, more ? 0 : pause_ms));
	crew_close(studio);
	crew_close(couriers);
	log_event(LOG_INFO, "stop", "msg=\"asked to\"");
	return 0;
}

static int
run(const struct worker_conf *conf, int (*how)(struct worker *))
{
	/* A few statements a second, when idle: preparing them would gain nothing.  One connection is for the long ones. */
	const struct db_conf db = { .conninfo = conf->pg,
				    .program = "worker",
				    .pool = 3,
				    .prepare = false,
				    .statement_ms = STATEMENT_MS };
	struct worker w = { .webhook_ms = conf->webhook_ms,
			    .webhook_key = &conf->webhook_key,
			    .webhook_private = conf->webhook_private,
			    .shorts_dir = conf->shorts_dir,
			    .stop_fd = -1,
			    .studio = &conf->studio };
	int status;

	if (sodium_init() < 0)
		abort();
	arena_init(&w.arena);
	w.job.arena = &w.arena;
	w.job.trace = &w.trace;
	w.job.db = db_open(&db, stmts, WORKER__MAX);
	w.job.http = http_open();
	w.llm = llm_open(&conf->llm);
	w.gateway = gateway_open(&conf->gateway);
	status = how(&w);
	arena_reset(&w.arena);
	gateway_close(w.gateway);
	llm_close(w.llm);
	http_close(w.job.http);
	db_close(w.job.db);
	arena_free(&w.arena);
	return status;
}

/* Signals wait for worker_pause, in this thread and in those it starts. */
static void
hold_signals(void)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int
help(void)
{
	puts("Usage: moa-worker [OPTION]\n\n"
	     "  -n      check the configuration and exit\n"
	     "  --once  do what is due and exit: 0 when all of it worked\n"
	     "  --help  this text\n\n"
	     "Environment:");
	conf_help(conf_rows);
	return 0;
}

int
main(int argc, char *argv[])
{
	const char *option = argc > 1 ? argv[1] : "";
	bool once = strcmp(option, "--once") == 0, check = strcmp(option, "-n") == 0;
	static struct worker_conf conf; /* its strings last as long as the process */

	log_open("worker", LOG_INFO);
	if (strcmp(option, "--help") == 0)
		return help();
	if (argc > 2 || (*option && !once && !check)) {
		fputs("moa-worker: unknown option; see moa-worker --help\n", stderr);
		return 2;
	}
	if (conf_read(conf_rows, &conf) > 0)
		return 1;
	log_open("worker", (enum log_level)conf.log_level);
	if (check)
		return 0;
	hold_signals();
	return run(&conf, once ? work_once : work_until_stopped);
}
