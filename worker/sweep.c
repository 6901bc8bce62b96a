/*
 * What has run out is deleted once an hour: each domain knows what that is and has a function for it.  A call takes
 * a bounded number of rows where there can be many.
 */
#include "clock.h"
#include "log.h"
#include "worker.h"

enum { PERIOD_MS = 3600 * 1000 };

static const struct {
	const char *domain;
	enum worker_stmt sweep;
} sweeps[] = {
	{ "auth", WORKER_SWEEP_AUTH },
	{ "pay", WORKER_SWEEP_PAY },
	{ "webhooks", WORKER_SWEEP_WEBHOOKS },
	{ "chatbot", WORKER_SWEEP_CHATBOT },
};

/* Everything of one domain, call by call. */
static enum err
sweep_domain(struct worker *w, const char *domain, enum worker_stmt sweep)
{
	struct db_result res;
	int64_t rows = 0;
	bool more = true;
	enum err e;

	while (more && !worker_pause(w, 0)) {
		worker_begin(w);
		e = db_run(&w->job, sweep, DB_NO_ARGS, &res);
		if (e)
			return e;
		rows += db_num(&res, 0, "rows");
		more = db_true(&res, 0, "more");
	}
	log_event(LOG_INFO, "sweep", "domain=%s rows=%lld", domain, (long long)rows);
	return OK;
}

enum err
sweep_if_due(struct worker *w)
{
	enum err e;
	size_t i;

	if (clock_ms() < w->next_sweep_ms)
		return OK;
	for (i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++) {
		e = sweep_domain(w, sweeps[i].domain, sweeps[i].sweep);
		if (e)
			return e;
	}
	w->next_sweep_ms = clock_ms() + PERIOD_MS;
	return OK;
}
