/*
 * The auth program: who customers are, and how they prove it.  Each row below is answered by the file of the handler's
 * first word; what a row's flags ask for has been checked when its handler runs.
 */
#include "auth.h"

#define AUTH	    "/api/v1/auth"
#define PUBLIC_AUTH (PUBLIC | UNTIMED)

static const struct route routes[] = {
	{ POST, AUTH "/register", register_create, PUBLIC_AUTH | BODY | QUERY },
	{ POST, AUTH "/login", login_create, PUBLIC_AUTH | BODY | QUERY },
	{ POST, AUTH "/refresh", session_refresh, PUBLIC_AUTH | BODY },
	{ POST, AUTH "/logout", session_logout, BODY },
	{ GET, AUTH "/sessions", session_list, QUERY },
	{ DELETE, AUTH "/sessions/:id", session_delete },
	{ GET, AUTH "/me", me_show },
	{ PATCH, AUTH "/me", me_change, BODY },
	{ DELETE, AUTH "/me", leave_me, BODY },
	{ POST, AUTH "/password", password_change, BODY },
	{ POST, AUTH "/password/reset", password_reset, PUBLIC_AUTH | BODY },
	{ GET, AUTH "/jwks.json", jwks_show, PUBLIC_AUTH },
	{ GET, "/.well-known/jwks.json", jwks_show, PUBLIC_AUTH },
	{ GET, AUTH "/customers", admin_customers, ADMIN | QUERY },
	{ POST, AUTH "/customers/:id/revoke_sessions", admin_revoke, ADMIN },
	{ 0 },
};

static const struct program auth = {
	.name = "auth",
	.prefix = AUTH,
	.routes = routes,
	.stmts = auth_stmts,
	.nstmts = AUTH__MAX,
	.conf = auth_conf_rows,
	.conf_values = &auth_conf,
	.metrics = auth_metrics,
	.open = auth_open,
	.close = auth_close,
};

int
main(int argc, char *argv[])
{
	return app_main(&auth, argc, argv);
}
