/* clock: the time the business rules go by, which tests can move (moa.clock); never that of the machine. */
#include <stdio.h>

#include "ctl.h"

int
clock_show(struct ctl *ctl, const char *const args[])
{
	PGresult *res =
	    pg_run(&ctl->pg,
		   "SELECT moa.rfc3339(moa.now()) AS now, CASE WHEN test_mode THEN 'on' ELSE 'off' END "
		   "AS test_mode, shift FROM moa.clock",
		   PG_NO_ARGS);

	(void)args;
	if (!res)
		return CTL_FAILED;
	ctl_print(res);
	PQclear(res);
	return CTL_DONE;
}

/* Run an UPDATE of the clock and show it; without a row changed, say why. */
static int
change(struct ctl *ctl, const char *why_not, const char *sql, struct pg_args args)
{
	PGresult *res = pg_run(&ctl->pg, sql, args);
	int changed = res && *PQcmdTuples(res) == '1';

	PQclear(res);
	if (!res)
		return CTL_FAILED;
	if (!changed) {
		ctl_error("%s", why_not);
		return CTL_FAILED;
	}
	return clock_show(ctl, NULL);
}

int
clock_on(struct ctl *ctl, const char *const args[])
{
	(void)args;
	return change(ctl, "there are customers: their time is the real one",
		      "UPDATE moa.clock SET test_mode = true WHERE NOT EXISTS (SELECT FROM auth.customer)",
		      PG_NO_ARGS);
}

int
clock_off(struct ctl *ctl, const char *const args[])
{
	(void)args;
	return change(ctl, "moa.clock has no row", "UPDATE moa.clock SET test_mode = false, shift = '0'",
		      PG_NO_ARGS);
}

int
clock_set(struct ctl *ctl, const char *const args[])
{
	return change(ctl, "test mode is off",
		      "UPDATE moa.clock SET shift = make_interval(secs => "
		      "extract(epoch FROM $1::timestamptz - pg_catalog.now())::float8) WHERE test_mode",
		      PG_ARGS(args[0]));
}

/* Days and months are counted where business days are. */
int
clock_advance(struct ctl *ctl, const char *const args[])
{
	return change(
	    ctl, "test mode is off",
	    "UPDATE moa.clock SET shift = shift + make_interval(secs => extract(epoch FROM "
	    "(moa.now() AT TIME ZONE 'Asia/Seoul' + $1::interval) AT TIME ZONE 'Asia/Seoul' - moa.now()"
	    ")::float8) WHERE test_mode",
	    PG_ARGS(args[0]));
}

int
clock_reset(struct ctl *ctl, const char *const args[])
{
	(void)args;
	return change(ctl, "test mode is off", "UPDATE moa.clock SET shift = '0' WHERE test_mode",
		      PG_NO_ARGS);
}
