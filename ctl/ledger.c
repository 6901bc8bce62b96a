/* ledger: does pay's ledger still say what was moved?  pay.verify() knows what that means. */
#include <stdio.h>

#include "ctl.h"

/* How much there was to verify. */
static int
print_size(struct ctl *ctl)
{
	PGresult *res = pg_run_long(&ctl->pg,
				    "SELECT (SELECT count(*) FROM pay.transfer) AS transfers, "
				    "(SELECT count(*) FROM pay.account) AS accounts",
				    PG_NO_ARGS);

	if (!res)
		return CTL_FAILED;
	printf("the ledger adds up: %s transfers, %s accounts\n", pg_value(res, 0, "transfers"),
	       pg_value(res, 0, "accounts"));
	PQclear(res);
	return CTL_DONE;
}

int
ledger_verify(struct ctl *ctl, const char *const args[])
{
	PGresult *res =
	    pg_run_long(&ctl->pg, "SELECT rule, about, stands, should FROM pay.verify()", PG_NO_ARGS);
	int faults = PQntuples(res);

	(void)args;
	if (!res)
		return CTL_FAILED;
	ctl_print(res);
	PQclear(res);
	if (faults == 0)
		return print_size(ctl);
	ctl_error("the ledger does not add up");
	return CTL_FAILED;
}
