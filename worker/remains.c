/*
 * What hangs on deleted shorts, which may be a lot, is removed piece by piece, so that neither who deletes one nor anybody else
 * waits for it.
 */
#include "log.h"
#include "worker.h"

/* Rows of each kind in a piece; as many pieces at once as leave the rest of the worker's work its turn. */
enum { PIECE = 5000, PIECES_MAX = 20 };

enum err
remains_next(struct worker *w, bool *ret_more)
{
	struct db_result res;
	int64_t rows = 0;
	bool more = true;
	enum err e;
	int i;

	*ret_more = false;
	for (i = 0; more && i < PIECES_MAX && !worker_pause(w, 0); i++) {
		worker_begin(w);
		e = db_run(&w->job, WORKER_CLEAR_DELETED, DB_ARGS(db_i64(&w->job, PIECE)), &res);
		if (e)
			return e;
		rows += db_num(&res, 0, "rows");
		more = db_true(&res, 0, "more");
	}
	if (rows > 0)
		log_event(LOG_INFO, "remains", "rows=%lld", (long long)rows);
	*ret_more = more && !w->stopping;
	return OK;
}
