/* Uploads that nobody goes on with are forgotten; their bytes follow them (media.c). */
#include "log.h"
#include "worker.h"

enum { ROWS_MAX = 100 };

enum err
upload_all(struct worker *w)
{
	int64_t expired = ROWS_MAX;

	while (expired == ROWS_MAX && !worker_pause(w, 0)) {
		struct db_result res;
		enum err e;

		worker_begin(w);
		e = db_run(&w->job, WORKER_EXPIRE_UPLOADS, DB_ARGS(db_i64(&w->job, ROWS_MAX)), &res);
		if (e)
			return e;
		expired = db_num(&res, 0, "expired");
		if (expired > 0)
			log_event(LOG_INFO, "upload", "expired=%lld", (long long)expired);
	}
	return OK;
}
