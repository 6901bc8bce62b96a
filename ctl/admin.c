/* admin: who may use what administrators may.  The first one can only be made here. */
#include <stdio.h>

#include "ctl.h"

/* Give the customer a role, with its row in the audit. */
static int
role_set(struct ctl *ctl, const char *email, const char *role, const char *action)
{
	PGresult *res =
	    pg_run(&ctl->pg,
		   "WITH changed AS (UPDATE auth.customer SET role = $2 WHERE lower(email) = lower($1) "
		   "RETURNING id) "
		   "INSERT INTO auth.audit (actor, action, subject) SELECT 'moa-ctl', $3, id FROM changed "
		   "RETURNING subject AS id",
		   PG_ARGS(email, role, action));
	int found = PQntuples(res);

	if (res && !found)
		ctl_error("no customer has the e-mail %s", email);
	PQclear(res);
	return found ? CTL_DONE : CTL_FAILED;
}

int
admin_add(struct ctl *ctl, const char *const args[])
{
	return role_set(ctl, args[0], "admin", "admin.add");
}

int
admin_remove(struct ctl *ctl, const char *const args[])
{
	return role_set(ctl, args[0], "customer", "admin.remove");
}

int
admin_list(struct ctl *ctl, const char *const args[])
{
	PGresult *res =
	    pg_run(&ctl->pg, "SELECT id, email FROM auth.customer WHERE role = 'admin' ORDER BY lower(email)",
		   PG_NO_ARGS);

	(void)args;
	if (!res)
		return CTL_FAILED;
	ctl_print(res);
	PQclear(res);
	return CTL_DONE;
}
