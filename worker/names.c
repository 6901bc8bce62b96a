/* Names of channels, which search has copies of, are read again all the time, some of them with each call. */
#include "log.h"
#include "worker.h"

enum err
names_refresh(struct worker *w)
{
	struct db_result res;
	enum err e;

	worker_begin(w);
	e = db_run(&w->job, WORKER_NAMES, DB_NO_ARGS, &res);
	if (e)
		return e;
	if (db_num(&res, 0, "changed") > 0)
		log_event(LOG_DEBUG, "names", "changed=%s", db_str(&res, 0, "changed"));
	return OK;
}
