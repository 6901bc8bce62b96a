/*
 * What a refund undid after it had been repaid goes back through the gateway.  The refund's id makes that happen once: the call's
 * Idempotency-Key is made of it, and it is the reason by which the gateway's own list of cancellations is searched before it is
 * asked again.
 */
#include "clock.h"
#include "gateway.h"
#include "log.h"
#include "worker.h"

enum { ANSWER_MS = 8000 };

/* What came of it, for the books and for the log. */
static const char *const words[] = { [GATEWAY_BACK] = "done",
				     [GATEWAY_BACK_REFUSED] = "refused",
				     [GATEWAY_BACK_LATER] = "later",
				     [GATEWAY_BACK_UNKNOWN] = "unknown" };

static enum err
give_back(struct worker *w, const struct db_result *row)
{
	const char *id = db_str(row, 0, "id"), *key = db_str(row, 0, "key"), *why;
	const struct gateway_return what = { .payment_key = db_str(row, 0, "payment_key"),
					     .about = id,
					     .key = key,
					     .amount_won = db_num(row, 0, "amount_won"),
					     .again = db_true(row, 0, "again") };
	struct db_result res;
	enum gateway_back back;

	back = gateway_give_back(&w->job, w->gateway, &what, clock_ms() + ANSWER_MS, &why);
	log_event(back == GATEWAY_BACK_REFUSED ? LOG_ERROR : LOG_INFO, "give_back",
		  "refund=%s result=%s why=\"%s\"", id, words[back], why ? why : "");
	worker_renew(w);
	if (back == GATEWAY_BACK)
		return db_run(&w->job, WORKER_GIVEN_BACK, DB_ARGS(db_text(id)), &res);
	return db_run(&w->job, WORKER_NOT_GIVEN_BACK,
		      DB_ARGS(db_text(id), db_text(key), db_text(words[back]), db_text(why)), &res);
}

enum err
give_back_all(struct worker *w)
{
	struct db_result row;
	enum err e = OK;

	while (e == OK && gateway_ready(w->gateway) && !worker_pause(w, 0)) {
		worker_begin(w);
		e = db_run(&w->job, WORKER_NEXT_GIVE_BACK, DB_NO_ARGS, &row);
		if (e == OK && row.rows == 0)
			break;
		if (e == OK)
			e = give_back(w, &row);
	}
	return e;
}
