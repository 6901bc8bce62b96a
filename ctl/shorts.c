/* shorts: do the counts of shorts still say what there is?  shorts.verify() knows what that means, shorts.repair() sets them right. */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

/* How much there was to verify. */
static int
print_size(struct ctl *ctl)
{
	PGresult *res =
	    pg_run_long(&ctl->pg,
			"WITH kept AS MATERIALIZED (SELECT id FROM shorts.short WHERE status <> 'deleted') "
			"SELECT (SELECT count(*) FROM kept) AS shorts, "
			"(SELECT count(*) FROM shorts.reaction JOIN kept ON id = short_id) AS reactions, "
			"(SELECT count(*) FROM shorts.comment c JOIN kept k ON k.id = short_id) AS comments",
			PG_NO_ARGS);

	if (!res)
		return CTL_FAILED;
	printf("the counts are right: %s shorts, %s reactions, %s comments\n", pg_value(res, 0, "shorts"),
	       pg_value(res, 0, "reactions"), pg_value(res, 0, "comments"));
	PQclear(res);
	return CTL_DONE;
}

int
shorts_verify(struct ctl *ctl, const char *const args[])
{
	bool repair = args[0] && strcmp(args[0], "--repair") == 0;
	PGresult *res;
	int faults;

	if (args[0] && !repair)
		return CTL_USAGE;
	res = pg_run_long(&ctl->pg,
			  repair ? "SELECT short_id, rule, stands, should FROM shorts.repair()"
				 : "SELECT short_id, rule, stands, should FROM shorts.verify()",
			  PG_NO_ARGS);
	if (!res)
		return CTL_FAILED;
	faults = PQntuples(res);
	ctl_print(res);
	PQclear(res);
	if (faults == 0)
		return print_size(ctl);
	if (repair) {
		printf("\nrepaired: %d\n", faults);
		return CTL_DONE;
	}
	ctl_error("%d counts are wrong; --repair sets them right", faults);
	return CTL_FAILED;
}
