/* What has run out is deleted once an hour: each domain knows what that is and has a function for it. */
#include "clock.h"
#include "log.h"
#include "worker.h"

enum { PERIOD_MS = 3600 * 1000 };

static const struct {
	const char *domain;
	enum worker_stmt sweep;
} sweeps[] = {
	{ "auth", WORKER_SWEEP_AUTH },
};

enum err
sweep_if_due(struct worker *w)
{
	struct db_result res;
	enum err e;
	size_t i;

	if (clock_ms() < w->next_sweep_ms)
		return OK;
	for (i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]) && !worker_pause(w, 0); i++) {
		worker_begin(w);
		e = db_run(&w->job, sweeps[i].sweep, DB_NO_ARGS, &res);
		if (e)
			return e;
		log_event(LOG_INFO, "sweep", "domain=%s rows=%s", sweeps[i].domain, db_str(&res, 0, "rows"));
	}
	w->next_sweep_ms = clock_ms() + PERIOD_MS;
	return OK;
}
