/* The order of the feed is made every minute, by whichever worker asks first then: PostgreSQL knows when. */
#include "clock.h"
#include "log.h"
#include "worker.h"

enum err
rank_if_due(struct worker *w)
{
	int64_t begun_ms = clock_ms();
	struct db_result res;
	enum err e;

	worker_begin(w);
	e = db_run(&w->job, WORKER_RANK, DB_NO_ARGS, &res);
	if (e)
		return e;
	if (db_str(&res, 0, "number"))
		log_event(LOG_DEBUG, "rank", "set=%s shorts=%s ms=%lld", db_str(&res, 0, "number"),
			  db_str(&res, 0, "size"), (long long)(clock_ms() - begun_ms));
	return OK;
}
