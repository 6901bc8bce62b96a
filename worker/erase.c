/*
 * When a person leaves, every domain erases its part.  Auth keeps the list of what is open and leases
 * its rows; an erasure may be repeated, so a worker may die anywhere in here.
 */
#include <string.h>

#include "log.h"
#include "worker.h"

static const struct {
	const char *domain;
	enum worker_stmt erase;
} domains[] = {
	{ "pay", WORKER_ERASE_PAY },
	{ "chatbot", WORKER_ERASE_CHATBOT },
	{ "shorts", WORKER_ERASE_SHORTS },
};

static enum err
erase_in(const struct worker *w, const char *domain, const char *customer)
{
	struct db_result res;
	size_t i;

	for (i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
		if (strcmp(domains[i].domain, domain) == 0)
			return db_run(&w->job, domains[i].erase, DB_ARGS(db_text(customer)), &res);
	log_event(LOG_ERROR, "erase", "domain=%s msg=\"this worker does not know the domain\"", domain);
	return ERR_INTERNAL;
}

/* A failure is tried again, so it is a fault only when that has not helped for long. */
static void
log_row(const struct db_result *row, enum err e)
{
	enum log_level failed = db_true(row, 0, "overdue") ? LOG_ERROR : LOG_WARN;

	log_event(e ? failed : LOG_INFO, "erase", "domain=%s customer=%s done=%d tries=%s asked_at=%s",
		  db_str(row, 0, "domain"), db_str(row, 0, "customer_id"), e == OK, db_str(row, 0, "tries"),
		  db_str(row, 0, "asked_at"));
}

/* One row of the list. */
static enum err
erase_row(const struct worker *w, const struct db_result *row)
{
	const char *customer = db_str(row, 0, "customer_id"), *domain = db_str(row, 0, "domain");
	struct db_result res;
	enum err e;

	e = erase_in(w, domain, customer);
	if (e == OK)
		e = db_run(&w->job, WORKER_ERASURE_DONE, DB_ARGS(db_text(customer), db_text(domain)), &res);
	log_row(row, e);
	return e;
}

enum err
erase_all(struct worker *w)
{
	enum err e, last = OK;
	struct db_result row;

	while (!worker_pause(w, 0)) {
		worker_begin(w);
		e = db_run(&w->job, WORKER_NEXT_ERASURE, DB_NO_ARGS, &row);
		if (e)
			return e;
		if (row.rows == 0)
			break;
		e = erase_row(w, &row);
		if (e == ERR_UNAVAILABLE)
			return e;
		if (e)
			last = e;
	}
	return last;
}
