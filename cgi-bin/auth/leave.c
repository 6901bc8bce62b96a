/* DELETE /me: a customer leaves. */
#include <stddef.h>

#include "auth.h"
#include "fields.h"
#include "guard.h"
#include "req.h"
#include "resp.h"

struct leave_in {
	const char *password;
};

static const struct field leave_fields[] = {
	{ "password", F_SECRET, offsetof(struct leave_in, password), 1, 256, F_REQUIRED },
	{ 0 },
};

/*
 * DELETE /me {password} -> 204, the customer is forgotten here at once and by the other domains soon; 409 money_owed;
 * 401 bad_credentials and 429 as for login.  Two statements, as for /password.
 */
enum err
leave_me(const struct req *rq, struct resp *rs)
{
	struct leave_in in = { 0 };
	char phc[HASHER_PHC_SIZE];
	const char *account;
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, leave_fields, &in);
	if (e == OK)
		e = db_run(rq, AUTH_ACCOUNT, DB_ARGS(db_text(rq->user)), &res);
	if (e)
		return e;
	if (res.rows == 0)
		return ERR_TOKEN_INVALID;
	account = db_str(&res, 0, "account");
	e = guard_check(rq, rs, account);
	if (e == OK)
		e = auth_hash(rq, account, in.password, phc);
	if (e == OK)
		e = db_run(rq, AUTH_LEAVE, DB_ARGS(db_text(rq->user), db_text(phc), db_text(req_network(rq))),
			   &res);
	if (e == OK)
		e = guard_result(rq, rs, account, &res);
	return e ? e : resp_empty(rs);
}
