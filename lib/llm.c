/*
 * Calling the model: admission, one retry, the breaker, and what it all took.  Waiting for the first text and for silence is
 * measured here and not by http.c, which cannot tell text from other bytes.
 */
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "completion.h"
#include "fuse.h"
#include "http.h"
#include "llm.h"
#include "llm_outcome.h"
#include "log.h"
#include "metrics.h"
#include "req.h"

enum { ATTEMPTS = 2, PAUSE_LEAST_MS = 50, PAUSE_MOST_MS = 250, ASK_MS = 50, AFTER_DONE_MS = 100 };

struct llm {
	const struct llm_conf *conf;
	struct arena arena; /* of the next two */
	const char *url;
	const char *headers[4];
	struct fuse fuse;
	atomic_int running;
};

enum { TOKENS_PROMPT, TOKENS_COMPLETION };
static struct metric tokens[] = {
	{ "moa_llm_tokens_total", "kind=\"prompt\"",
	  "Tokens, as counted by the model's server or else estimated.", 0 },
	{ "moa_llm_tokens_total", "kind=\"completion\"", NULL, 0 },
	{ 0 },
};

enum { TOOK_FIRST, TOOK_ALL };
static struct histogram took[] = {
	{ .name = "moa_llm_first_text_seconds",
	  .help = "From the model's call to the first text of its answer." },
	{ .name = "moa_llm_seconds", .help = "From the model's call to the end of its answer." },
	{ 0 },
};

/* One call of llm_run. */
struct run {
	const struct req *rq;
	struct llm *llm;
	const struct llm_call *call;
	enum breaker_pass pass;
	const char *body;
	int64_t start_us;
	int64_t first_by_ms, deadline_ms;
	int attempts;

	/* Of the attempt under way. */
	struct completion answer;
	struct http_trace trace;
	int64_t first_us, heard_ms;
	int status;
	int retry_after_s;
	bool ended;	      /* by give_up, */
	enum outcome because; /* for this reason */
};

static int64_t
running(const void *ctx)
{
	const struct llm *llm = ctx;

	return atomic_load(&llm->running);
}

static int64_t
left_alone(const void *ctx)
{
	return fuse_is_open(&((struct llm *)ctx)->fuse);
}

struct llm *
llm_open(const struct llm_conf *conf)
{
	struct llm *llm = calloc(1, sizeof(*llm));

	if (!llm)
		abort();
	llm->conf = conf;
	arena_init(&llm->arena);
	llm->url = completion_url(&llm->arena, conf);
	llm->headers[0] = "Content-Type: application/json";
	llm->headers[1] = "Accept: text/event-stream, application/json";
	if (conf->key)
		llm->headers[2] = arena_printf(&llm->arena, "Authorization: Bearer %s", conf->key);
	fuse_init(&llm->fuse);
	llm_outcome_show();
	metrics_table(tokens);
	metrics_histograms(took);
	metrics_gauge("moa_llm_calls", "Calls to the model under way.", running, llm);
	metrics_gauge("moa_llm_left_alone", "1 while the model is left alone after failures.", left_alone,
		      llm);
	return llm;
}

void
llm_close(struct llm *llm)
{
	if (!llm)
		return;
	fuse_release(&llm->fuse);
	arena_free(&llm->arena);
	free(llm);
}

bool
llm_configured(const struct llm *llm)
{
	return *llm->conf->url;
}

static bool
on_text(void *ctx, const char *text, size_t len)
{
	struct run *run = ctx;

	if (!run->first_us) {
		run->first_us = clock_us();
		/* The others need not wait for the end of a whole answer. */
		if (run->pass == BREAKER_PROBE)
			fuse_tell(&run->llm->fuse, run->pass, WORKS);
	}
	return !run->call->on_text || run->call->on_text(run->call->ctx, text, len);
}

static bool
on_bytes(void *ctx, const char *bytes, size_t len)
{
	struct run *run = ctx;

	run->heard_ms = clock_ms();
	return completion_feed(&run->answer, bytes, len);
}

static bool
end_because(struct run *run, enum outcome because)
{
	run->ended = true;
	run->because = because;
	return true;
}

/* Is it time to end the call?  Some servers keep their connection open after the end, for no use. */
static bool
give_up(void *ctx)
{
	struct run *run = ctx;
	int64_t now_ms = clock_ms();

	if (run->call->cancelled && run->call->cancelled(run->call->ctx))
		return end_because(run, CANCELLED);
	if (run->answer.done && now_ms - run->heard_ms >= AFTER_DONE_MS)
		return end_because(run, ANSWERED);
	if (!run->first_us && now_ms >= run->first_by_ms)
		return end_because(run, SLOW);
	if (run->first_us && now_ms - run->heard_ms >= run->llm->conf->idle_ms)
		return end_because(run, SILENT);
	return false;
}

/* What came of an attempt.  An answer that is complete is one, however the connection ended. */
static enum outcome
judge(struct run *run, enum err e)
{
	if (run->ended && run->because == CANCELLED)
		return CANCELLED;
	if (!e && run->status / 100 != 2)
		return llm_outcome_of_status(run->status);
	if (!e || run->answer.fault || run->answer.finished)
		return llm_outcome_of_completion(completion_end(&run->answer));
	return run->ended ? run->because : llm_outcome_of_http(run->trace.fault);
}

static enum outcome
attempt(struct run *run)
{
	const struct llm *llm = run->llm;
	const struct http_call http = {
		.method = "POST",
		.url = llm->url,
		.headers = llm->headers,
		.body = run->body,
		.body_len = strlen(run->body),
		.deadline_ms = run->deadline_ms,
		.reply_max = completion_bytes_max(llm->conf),
		.on_bytes = on_bytes,
		.cancelled = give_up,
		.ctx = run,
		.trace = &run->trace,
	};
	struct http_reply reply = { 0 };
	enum err e;

	run->attempts++;
	run->ended = false;
	completion_begin(&run->answer, run->rq->arena, llm->conf, on_text, run);
	e = http_run(run->rq, &http, &reply);
	run->status = reply.status;
	run->retry_after_s = reply.retry_after_s;
	return judge(run, e);
}

/* Wait before the next attempt.  False when the caller has had enough meanwhile. */
static bool
pause_for(const struct run *run, int ms)
{
	int64_t until_ms = clock_ms() + ms;
	int left;

	while ((left = clock_left_ms(until_ms)) > 0) {
		if (run->call->cancelled && run->call->cancelled(run->call->ctx))
			return false;
		poll(NULL, 0, left < ASK_MS ? left : ASK_MS);
	}
	return true;
}

/* How long to wait before trying again after this outcome; -1: it is not to be tried again. */
static int
pause_after(const struct run *run, enum outcome outcome)
{
	int64_t ms = PAUSE_LEAST_MS + randombytes_uniform(PAUSE_MOST_MS - PAUSE_LEAST_MS + 1);

	if (!llm_outcome_row(outcome)->again || run->attempts == ATTEMPTS)
		return -1;
	if (run->retry_after_s * 1000LL > ms)
		ms = run->retry_after_s * 1000LL;
	return clock_ms() + ms < run->first_by_ms ? (int)ms : -1;
}

static enum outcome
attempts(struct run *run)
{
	enum outcome outcome;
	int ms;

	do {
		outcome = attempt(run);
		if (llm_outcome_row(outcome)->msg)
			log_event(LOG_WARN, "llm_call", "msg=\"%s\" status=%d", llm_outcome_row(outcome)->msg,
				  run->status);
		if (llm_outcome_row(outcome)->again)
			fuse_hold(&run->llm->fuse, run->retry_after_s);
		ms = pause_after(run, outcome);
		if (ms >= 0 && !pause_for(run, ms))
			outcome = CANCELLED;
	} while (ms >= 0 && outcome != CANCELLED);
	return outcome == ANSWERED && run->attempts > 1 ? ANSWERED_LATER : outcome;
}

/* Whoever has read the request has spent its tokens, but for what is answered without the model. */
static void
count_tokens(const struct run *run, struct llm_reply *reply)
{
	if (!run->trace.sent_us || (run->status && run->status / 100 != 2))
		return;
	reply->prompt_tokens = run->answer.prompt_tokens;
	reply->completion_tokens = run->answer.completion_tokens;
	if (!reply->prompt_tokens)
		reply->prompt_tokens = completion_estimate(run->call->messages);
	if (!reply->completion_tokens)
		reply->completion_tokens = completion_estimate(reply->text);
	metrics_add(&tokens[TOKENS_PROMPT], reply->prompt_tokens);
	metrics_add(&tokens[TOKENS_COMPLETION], reply->completion_tokens);
}

static void
reply_fill(const struct run *run, enum outcome outcome, struct llm_reply *ret_reply)
{
	struct llm_reply reply = {
		.text = run->answer.text.at ? run->answer.text.at : "",
		.len = run->answer.text.len,
		.sent_us = run->trace.sent_us,
		.first_us = run->first_us,
		.ended_us = clock_us(),
		.cut = run->answer.cut,
	};

	count_tokens(run, &reply);
	if (reply.first_us)
		metrics_observe(&took[TOOK_FIRST], reply.first_us - run->start_us);
	if (llm_outcome_row(outcome)->e == OK)
		metrics_observe(&took[TOOK_ALL], reply.ended_us - run->start_us);
	*ret_reply = reply;
}

/* A call that has been let in. */
static enum outcome
run_admitted(const struct req *rq, struct llm *llm, const struct llm_call *call, struct llm_reply *ret_reply)
{
	int64_t start_us = clock_us(), start_ms = start_us / 1000;
	struct run run = {
		.rq = rq,
		.llm = llm,
		.call = call,
		.pass = fuse_ask(&llm->fuse),
		.start_us = start_us,
		.first_by_ms = start_ms + llm->conf->first_ms,
		.deadline_ms = start_ms + llm->conf->deadline_ms,
	};
	enum outcome outcome;

	if (run.pass == BREAKER_REFUSED)
		return LEFT_ALONE;
	run.body = completion_request(rq->arena, llm->conf, call);
	outcome = attempts(&run);
	fuse_tell(&llm->fuse, run.pass, llm_outcome_row(outcome)->verdict);
	reply_fill(&run, outcome, ret_reply);
	return outcome;
}

enum err
llm_run(const struct req *rq, struct llm *llm, const struct llm_call *call, struct llm_reply *ret_reply)
{
	enum outcome outcome = BUSY;

	*ret_reply = (struct llm_reply){ .text = "", .ended_us = clock_us() };
	if (!llm_configured(llm))
		return ERR_UNAVAILABLE;
	if (atomic_fetch_add(&llm->running, 1) < llm->conf->calls_max)
		outcome = run_admitted(rq, llm, call, ret_reply);
	atomic_fetch_sub(&llm->running, 1);
	llm_outcome_count(outcome);
	return llm_outcome_row(outcome)->e;
}
