/* Every statement the auth program may run.  What they call is in sql/0003_auth.sql. */
#include "auth.h"

const struct stmt auth_stmts[AUTH__MAX] = {
	[AUTH_REGISTER] = { "auth_register", 11,
			    "SELECT r.code, (r.admission).*, (r.me).*"
			    " FROM auth.register($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) r" },
	[AUTH_LOGIN] = { "auth_login", 6,
			 "SELECT l.code, (l.refusal).*, (l.admission).* FROM auth.login($1, $2, $3, $4, $5, $6) l" },
	[AUTH_REFRESH] = { "auth_refresh", 4,
			   "SELECT r.code, (r.admission).* FROM auth.refresh($1, $2, $3, $4) r" },
	[AUTH_LOGOUT] = { "auth_logout", 2, "SELECT auth.logout($1, $2)" },
	[AUTH_SESSIONS] = { "auth_sessions", 4, "SELECT code, result FROM auth.sessions($1, $2, $3, $4)" },
	[AUTH_REVOKE_SESSION] = { "auth_revoke_session", 2, "SELECT auth.revoke_session($1, $2) AS code" },
	[AUTH_ME] = { "auth_me", 1, "SELECT * FROM auth.me WHERE id = $1" },
	[AUTH_CHANGE_ME] = { "auth_change_me", 10,
			     "SELECT * FROM auth.change_me($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)" },
	[AUTH_ACCOUNT] = { "auth_account", 1, "SELECT lower(email) AS account FROM auth.me WHERE id = $1" },
	[AUTH_CHANGE_PASSWORD] = { "auth_change_password", 5,
				   "SELECT c.code, (c.refusal).* FROM auth.change_password($1, $2, $3, $4, $5) c" },
	[AUTH_RESET_ACCOUNT] = { "auth_reset_account", 1, "SELECT account FROM auth.reset_account($1)" },
	[AUTH_RESET_PASSWORD] = { "auth_reset_password", 2, "SELECT auth.reset_password($1, $2) AS code" },
	[AUTH_LEAVE] = { "auth_leave", 3, "SELECT l.code, (l.refusal).* FROM auth.leave($1, $2, $3) l" },
	[AUTH_ADMIN_CUSTOMERS] = { "auth_admin_customers", 4,
				   "SELECT code, result FROM auth.admin_customers($1, $2, $3, $4)" },
	[AUTH_ADMIN_REVOKE] = { "auth_admin_revoke", 2,
				"SELECT code, result FROM auth.admin_revoke($1, $2)" },
};
