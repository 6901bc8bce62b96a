/*
 * The jobs of pay's calendar: extensions on the 16th, blocks and grades on the 1st.  Which is due, whose turn it is and how far
 * the last one came is in the database.
 */
#include "log.h"
#include "worker.h"

enum err
job_all(struct worker *w)
{
	struct db_result res;
	enum err e;

	while (!worker_pause(w, 0)) {
		worker_begin(w);
		e = db_run(&w->job, WORKER_JOB, DB_NO_ARGS, &res);
		if (e || res.rows == 0)
			return e;
		if (db_true(&res, 0, "done"))
			log_event(LOG_INFO, "job", "job=%s day=%s changed=%s", db_str(&res, 0, "job"),
				  db_str(&res, 0, "day"), db_str(&res, 0, "changed"));
	}
	return OK;
}
