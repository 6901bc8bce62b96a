/* Requests for payment that have run out are marked, so that their merchants hear of it though nobody asks. */
#include "worker.h"

enum { ROWS_MAX = 100 };

enum err
expire_all(struct worker *w)
{
	struct db_result res;
	int64_t rows = ROWS_MAX;
	enum err e;

	while (rows == ROWS_MAX && !worker_pause(w, 0)) {
		worker_begin(w);
		e = db_run(&w->job, WORKER_EXPIRE_REQUESTS, DB_ARGS(db_i64(&w->job, ROWS_MAX)), &res);
		if (e)
			return e;
		rows = db_num(&res, 0, "rows");
	}
	return OK;
}
