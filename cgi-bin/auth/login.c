/* POST /login: a new session for who knows the password. */
#include <stddef.h>

#include "auth.h"
#include "fields.h"
#include "grant.h"
#include "guard.h"
#include "limit.h"
#include "out.h"
#include "refresh.h"
#include "req.h"
#include "resp.h"

struct login_in {
	const char *email, *password;
};

static const struct field login_fields[] = {
	{ "email", F_EMAIL, offsetof(struct login_in, email), 0, 0, F_REQUIRED },
	{ "password", F_SECRET, offsetof(struct login_in, password), 1, 256, F_REQUIRED },
	{ 0 },
};

/* Who knows the password is not counted as a failure, but each sign-in costs a hash and a row. */
static const struct limit login_limit = { "sign-ins", 3000, 600 };

/*
 * POST /login {email, password} -> 200 {access_token, token_type, expires_in, refresh_token, refresh_expires_in};
 * 401 bad_credentials; 429 after 10 failures of the account or 100 from the address in 10 minutes, or 3,000 calls
 * for the account.  With ?cookie=1 the refresh token is a cookie.  Whether anybody has that e-mail shows in nothing:
 * the steps are the same, and the reply.
 */
enum err
login_create(const struct req *rq, struct resp *rs)
{
	struct login_in in = { 0 };
	struct grant_query query = { 0 };
	unsigned char token_hash[REFRESH_HASH_LEN];
	char phc[HASHER_PHC_SIZE];
	const char *account, *token;
	struct db_result res;
	enum err e;

	e = fields_query(rq, rs, grant_query_fields, &query);
	if (e == OK)
		e = fields_body(rq, rs, login_fields, &in);
	if (e)
		return e;
	account = auth_account(rq->arena, in.email);
	e = guard_check(rq, rs, account);
	if (e == OK)
		e = limit_take(rq, rs, &login_limit, account);
	if (e == OK)
		e = auth_hash(rq, account, in.password, phc);
	if (e == ERR_OVERLOADED)
		limit_return(rq, &login_limit, account);
	if (e)
		return e;
	token = refresh_new(rq->arena, token_hash);
	e = db_run(rq, AUTH_LOGIN,
		   DB_ARGS(db_text(account), db_text(phc), db_text(req_network(rq)),
			   db_bytes(token_hash, sizeof(token_hash)), db_text(rq->user_agent),
			   db_text(rq->address)),
		   &res);
	if (e == OK)
		e = guard_result(rq, rs, account, &res);
	if (e)
		return e;
	metrics_add(&auth_metrics[METRIC_SIGN_IN], 1);
	return grant_reply(rq, rs, 200, &res, token, query.cookie, out_object(rq->arena));
}
