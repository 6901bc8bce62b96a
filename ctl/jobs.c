/* jobs: what pay's calendar has had done, and doing now what is due; the worker does the same by itself. */
#include <stdio.h>

#include "ctl.h"

int
jobs_list(struct ctl *ctl, const char *const args[])
{
	PGresult *res =
	    pg_run(&ctl->pg,
		   "SELECT job, day, status, moa.rfc3339(ended_at) AS ended_at, changed FROM pay.jobs "
		   "ORDER BY place DESC LIMIT 100",
		   PG_NO_ARGS);

	(void)args;
	if (!res)
		return CTL_FAILED;
	ctl_print(res);
	PQclear(res);
	return CTL_DONE;
}

/* One batch of the job that is due next: 1 when there may be more to do, 0 when nothing is due, -1 when it failed. */
static int
run_next(struct ctl *ctl)
{
	PGresult *res =
	    pg_run_long(&ctl->pg, "SELECT job, day, changed, done FROM pay.run_job()", PG_NO_ARGS);
	int rows = res ? PQntuples(res) : -1;

	if (rows > 0 && *pg_value(res, 0, "done") == 't')
		printf("%s %s: %s changed\n", pg_value(res, 0, "day"), pg_value(res, 0, "job"),
		       pg_value(res, 0, "changed"));
	PQclear(res);
	return rows;
}

int
jobs_run(struct ctl *ctl, const char *const args[])
{
	int more;

	(void)args;
	do
		more = run_next(ctl);
	while (more > 0);
	return more < 0 ? CTL_FAILED : CTL_DONE;
}
