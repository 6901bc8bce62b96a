/*
 * moa-worker: what its kinds of work share.  A piece of work is a request that nobody sent: it has an
 * arena, a deadline and the statements of this program.
 */
#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "attr.h"
#include "db.h"
#include "err.h"
#include "req.h"

struct crew;
struct gateway;
struct hook_key;
struct llm;
struct studio_conf;

/* Webhooks sent at once. */
enum { WORKER_COURIERS = 16 };

/* The statements, in main.c. */
enum worker_stmt {
	WORKER_NEXT_ERASURE,
	WORKER_ERASURE_DONE,
	WORKER_ERASE_PAY,
	WORKER_ERASE_CHATBOT,
	WORKER_ERASE_SHORTS,
	WORKER_SWEEP_AUTH,
	WORKER_SWEEP_PAY,
	WORKER_SWEEP_CHATBOT,
	WORKER_JOB,
	WORKER_NEXT_SUMMARY,
	WORKER_PUT_SUMMARY,
	WORKER_DELAY_SUMMARY,
	WORKER_NEXT_DELIVERY,
	WORKER_DELIVERY_DONE,
	WORKER_SWEEP_WEBHOOKS,
	WORKER_EXPIRE_REQUESTS,
	WORKER_EXPIRE_REPAYMENTS,
	WORKER_NEXT_REPAYMENT,
	WORKER_END_CONFIRM,
	WORKER_NEXT_GIVE_BACK,
	WORKER_GIVEN_BACK,
	WORKER_NOT_GIVEN_BACK,
	WORKER_RANK,
	WORKER_EXPIRE_UPLOADS,
	WORKER_NEXT_FILES,
	WORKER_FILE_DONE,
	WORKER_UNKNOWN_FILES,
	WORKER_MEDIA_AFTER,
	WORKER_STORAGE_ID,
	WORKER_NAMES,
	WORKER_WORDS,
	WORKER_NEXT_VIDEO,
	WORKER_VIDEO_PROGRESS,
	WORKER_VIDEO_AGAIN,
	WORKER_VIDEO_DONE,
	WORKER_CLEAR_DELETED,
	WORKER__MAX
};

/* How far the sweep of files without rows, and rows without files, has come. */
struct orphans {
	int64_t next_ms; /* of clock_ms: not before */
	int at;
	char media[80]; /* the last row looked at */
	int missing;	/* rows without files so far */
};

struct worker {
	struct arena arena;
	struct trace trace;
	struct req job; /* on arena and trace */
	struct llm *llm;
	struct gateway *gateway;
	int64_t next_sweep_ms;	 /* of clock_ms */
	int64_t next_summary_ms; /* of clock_ms: not before, after a failure of the model */
	int rest_ms;		 /* how long that rest was; 0: the model has answered last */
	bool stopping;		 /* asked to end */
	int64_t webhook_ms;	 /* the longest a merchant's endpoint may take */
	const struct hook_key *webhook_key;
	bool webhook_private;	/* it may be on a private network */
	const char *shorts_dir; /* where uploads and videos are kept */
	struct orphans orphans;
	int stop_fd; /* of one of a crew: readable when it is asked to end; else -1 */
	const struct studio_conf *studio;
	const char *video_id, *video_fence; /* the short that is being made, and its lease */
};

/** worker_begin(w): Forget the last piece of work and give the next one its deadline. */
void worker_begin(struct worker *w);

/** worker_renew(w): Give the next statement of a piece of work, which has waited for others meanwhile, its own deadline. */
void worker_renew(struct worker *w);

/** worker_pause(w, ms): Wait ${ms} milliseconds; true, and at once, when the worker has been asked to end. */
bool worker_pause(struct worker *w, int ms);

/** upload_all(w): Forget the rows of uploads that nobody goes on with.  Errors: PostgreSQL's. */
enum err upload_all(struct worker *w) MUST_CHECK;

/**
 * media_all(w):
 * Do to files what has happened to their rows: remove them, or move them out of what is served, or back.  What fails is logged and
 * tried again later.  Errors: PostgreSQL's.
 */
enum err media_all(struct worker *w) MUST_CHECK;

/** media_is_there(w, name): Are the files of that short.media there, served or hidden? */
bool media_is_there(const struct worker *w, const char *name);

/**
 * storage_is_ours(w, ret_ours):
 * Is what is kept in the directory for shorts this database's?  Its mark says so; where there is none it is made, if the files that
 * this database tells of are there.  Where it is not, and something is kept there, that is logged.  Errors: PostgreSQL's.
 */
enum err storage_is_ours(struct worker *w, bool *ret_ours) MUST_CHECK;

/** storage_has_uploads(w): Is there a place for uploads? */
bool storage_has_uploads(const struct worker *w);

/**
 * orphan_next(w, ret_more):
 * Once an hour, remove files that no row tells of and log rows whose files are missing: a slice of them; *${ret_more} says that
 * there are others.  Errors: PostgreSQL's; the sweep is then due where it was.
 */
enum err orphan_next(struct worker *w, bool *ret_more) MUST_CHECK;

/**
 * remains_next(w, ret_more):
 * Remove what hangs on deleted shorts, and then those: a slice of it; *${ret_more} says that there may be more.  Errors:
 * PostgreSQL's; what is left is removed later.
 */
enum err remains_next(struct worker *w, bool *ret_more) MUST_CHECK;

/**
 * erase_all(w):
 * Erase what the domains keep of people who left, until nothing is due or the worker is asked to end.
 * What fails is logged, stays on the list and is due again later.  Errors: the last failure;
 * ERR_UNAVAILABLE at once, when PostgreSQL does not answer.
 */
enum err erase_all(struct worker *w) MUST_CHECK;

/**
 * expire_all(w):
 * Mark the requests for payment that have run out.  Errors: PostgreSQL's; they are marked by whoever meets them first, then.
 */
enum err expire_all(struct worker *w) MUST_CHECK;

/**
 * job_all(w):
 * Do what pay's calendar has due, job by job and a bounded number of accounts at a time, until nothing is or the worker is
 * asked to end.  Errors: what the first failure gave; the job is then due still.
 */
enum err job_all(struct worker *w) MUST_CHECK;

/** rank_if_due(w): Once a minute, rank the shorts for the feed.  Errors: PostgreSQL's; the feed goes on with the last order. */
enum err rank_if_due(struct worker *w) MUST_CHECK;

/** names_refresh(w): Let search know of channels that are called otherwise now.  Errors: PostgreSQL's; the old names are found still. */
enum err names_refresh(struct worker *w) MUST_CHECK;

/** words_forget(w): Forget some of the words that are in no short any more.  Errors: PostgreSQL's; they are known still. */
enum err words_forget(struct worker *w) MUST_CHECK;

/**
 * sweep_if_due(w):
 * Once an hour, delete what has run out.  Errors: what the first failing domain gave; the sweep is then
 * due still.
 */
enum err sweep_if_due(struct worker *w) MUST_CHECK;

/**
 * repay_all(w):
 * End repayments that nobody came back for, and finish those that stopped between their two commits by asking the gateway.  What
 * it does not answer is asked again later.  Errors: ERR_UNAVAILABLE, when PostgreSQL does not answer.
 */
enum err repay_all(struct worker *w) MUST_CHECK;

/**
 * give_back_all(w):
 * Have the gateway give back what refunds undid after it had been repaid, each once.  What it does not do is tried again later,
 * but for what it refuses for good: that waits for an operator.
 * Errors: ERR_UNAVAILABLE, when PostgreSQL does not answer.
 */
enum err give_back_all(struct worker *w) MUST_CHECK;

/**
 * summary_next(w, ret_more):
 * Where a model is configured, make the summary of one conversation that has gone on; *${ret_more} says that it was made
 * and others may be due.  After a failure the conversation is due again later, and none is before the model has rested.
 * Errors: ERR_UNAVAILABLE, when PostgreSQL or the model gave no answer that can be kept; *${ret_more} is then false.
 */
enum err summary_next(struct worker *w, bool *ret_more) MUST_CHECK;

/*
 * A kind of work that several threads do at once, a crew.  lease takes what has been due for longest, for a time: a row, or none;
 * work does that and tells what came of it.  Errors: PostgreSQL's; what was done and could not be told is done again.
 */
struct trade {
	int look_ms; /* how often it is looked for work when there is none */
	enum err (*lease)(struct worker *w, struct db_result *ret_row);
	enum err (*work)(struct worker *w, const struct db_result *row);
};
extern const struct trade webhook_trade, video_trade;

/**
 * crew_open(like, trade, count):
 * Start ${count} threads of that trade, on the connections and settings of ${like}.  crew_close lets each finish what it has
 * begun, or give it back; NULL is a no-op.
 */
struct crew *crew_open(const struct worker *like, const struct trade *trade, int count);
void crew_close(struct crew *crew);

/** trade_all(w, trade): Do what is due now, one piece after the other.  Errors: PostgreSQL's. */
enum err trade_all(struct worker *w, const struct trade *trade) MUST_CHECK;

#endif
