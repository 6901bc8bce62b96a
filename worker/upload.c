/* Uploads that nobody goes on with are forgotten, row and bytes. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"
#include "worker.h"

enum { ROWS_MAX = 100 };

/* What cannot be removed now is left to the sweep of files that no row names. */
static void
remove_file(const struct worker *w, const char *name)
{
	char path[PATH_MAX];

	if (!name)
		return;
	snprintf(path, sizeof(path), "%s/uploads/%s", w->shorts_dir, name);
	if (unlink(path) != 0 && errno != ENOENT)
		log_event(LOG_ERROR, "upload", "msg=\"cannot remove\" file=%s errno=%d", name, errno);
}

enum err
upload_all(struct worker *w)
{
	struct db_result res = { .rows = ROWS_MAX };
	enum err e;
	int i;

	while (res.rows == ROWS_MAX && !worker_pause(w, 0)) {
		worker_begin(w);
		e = db_run(&w->job, WORKER_EXPIRE_UPLOADS, DB_ARGS(db_i64(&w->job, ROWS_MAX)), &res);
		if (e)
			return e;
		for (i = 0; i < res.rows; i++) {
			remove_file(w, db_str(&res, i, "file"));
			remove_file(w, db_str(&res, i, "thumbnail"));
		}
		if (res.rows > 0)
			log_event(LOG_INFO, "upload", "expired=%d", res.rows);
	}
	return OK;
}
