/* Words that search knows are gone through once a day, some of them with each call: those that are used no longer are forgotten. */
#include "log.h"
#include "worker.h"

enum err
words_forget(struct worker *w)
{
	struct db_result res;
	enum err e;

	worker_begin(w);
	e = db_run(&w->job, WORKER_WORDS, DB_NO_ARGS, &res);
	if (e)
		return e;
	if (db_num(&res, 0, "forgotten") > 0)
		log_event(LOG_DEBUG, "words", "forgotten=%s", db_str(&res, 0, "forgotten"));
	return OK;
}
