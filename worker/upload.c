/* Uploads that nobody goes on with are forgotten; their bytes follow them (media.c). */
#include "log.h"
#include "worker.h"

enum { ROWS_MAX = 100 };

enum err
upload_all(struct worker *w)
{
	struct db_result res = { .rows = ROWS_MAX };
	enum err e;

	while (res.rows == ROWS_MAX && !worker_pause(w, 0)) {
		worker_begin(w);
		e = db_run(&w->job, WORKER_EXPIRE_UPLOADS, DB_ARGS(db_i64(&w->job, ROWS_MAX)), &res);
		if (e)
			return e;
		if (res.rows > 0)
			log_event(LOG_INFO, "upload", "expired=%d", res.rows);
	}
	return OK;
}
