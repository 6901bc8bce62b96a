/*
 * Repayments that stopped between their two commits, because the gateway did not answer in time or the program ended: what
 * the gateway says now is committed.  A row is leased, not locked, while it is asked.
 */
#include "clock.h"
#include "gateway.h"
#include "log.h"
#include "worker.h"

enum { ANSWER_MS = 8000 };

/* One repayment. */
static enum err
settle(struct worker *w, const struct db_result *row)
{
	const struct gateway_payment payment = { db_str(row, 0, "payment_key"), db_str(row, 0, "order_id"),
						 db_num(row, 0, "amount_won") };
	const char *id = db_str(row, 0, "id"), *why;
	struct db_result res;
	enum gateway_word word;

	word = gateway_settle(&w->job, w->gateway, &payment, GATEWAY_RESUME, clock_ms() + ANSWER_MS, &why);
	log_event(LOG_INFO, "repayment", "id=%s decided=%d taken=%d", id,
		  word == GATEWAY_TAKEN || word == GATEWAY_NOT_TAKEN, word == GATEWAY_TAKEN);
	if (word == GATEWAY_OPEN || word == GATEWAY_SILENT)
		return OK;
	worker_renew(w);
	return db_run(&w->job, WORKER_END_CONFIRM,
		      DB_ARGS(db_text(id), db_bool(word == GATEWAY_TAKEN), db_text(why)), &res);
}

enum err
repay_all(struct worker *w)
{
	struct db_result row;
	enum err e;

	worker_begin(w);
	e = db_run(&w->job, WORKER_EXPIRE_REPAYMENTS, DB_NO_ARGS, &row);
	while (e == OK && gateway_ready(w->gateway) && !worker_pause(w, 0)) {
		worker_begin(w);
		e = db_run(&w->job, WORKER_NEXT_REPAYMENT, DB_NO_ARGS, &row);
		if (e == OK && row.rows == 0)
			break;
		if (e == OK)
			e = settle(w, &row);
	}
	return e;
}
