/* POST /password and /password/reset: a new password, for who knows the old one or holds a one-time token. */
#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include "auth.h"
#include "fields.h"
#include "guard.h"
#include "limit.h"
#include "req.h"
#include "resp.h"

struct change_in {
	const char *current_password, *new_password;
};

static const struct field change_fields[] = {
	{ "current_password", F_SECRET, offsetof(struct change_in, current_password), 1, 256, F_REQUIRED },
	{ "new_password", F_SECRET, offsetof(struct change_in, new_password), 10, 128, F_REQUIRED },
	{ 0 },
};

/* Each change costs two hashes. */
static const struct limit change_limit = { "password-changes", 60, 600 };

/* Hash both passwords and let the statement compare and set.  The reply's limits are of this account. */
static enum err
change(const struct req *rq, struct resp *rs, const char *account, const struct change_in *in)
{
	char current[HASHER_PHC_SIZE], next[HASHER_PHC_SIZE];
	struct db_result res;
	enum err e;

	e = guard_check(rq, rs, account);
	if (e == OK)
		e = auth_hash(rq, account, in->current_password, current);
	if (e == OK)
		e = auth_hash(rq, account, in->new_password, next);
	if (e == ERR_OVERLOADED)
		limit_return(rq, &change_limit, rq->user);
	if (e)
		return e;
	e = db_run(rq, AUTH_CHANGE_PASSWORD,
		   DB_ARGS(db_text(rq->user), db_text(rq->session), db_text(current), db_text(next),
			   db_text(req_network(rq))),
		   &res);
	return e ? e : guard_result(rq, rs, account, &res);
}

/*
 * POST /password {current_password, new_password} -> 204, every other session has ended; 401 bad_credentials and 429 as
 * for login, 429 also after 60 calls in 10 minutes.  Two statements: the salt follows from the e-mail, which the token
 * does not hold.
 */
enum err
password_change(const struct req *rq, struct resp *rs)
{
	struct change_in in = { 0 };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, change_fields, &in);
	if (e == OK)
		e = limit_take(rq, rs, &change_limit, rq->user);
	if (e == OK)
		e = db_run(rq, AUTH_ACCOUNT, DB_ARGS(db_text(rq->user)), &res);
	if (e)
		return e;
	if (res.rows == 0)
		return ERR_TOKEN_INVALID;
	e = change(rq, rs, db_str(&res, 0, "account"), &in);
	return e ? e : resp_empty(rs);
}

struct reset_in {
	const char *token, *new_password;
};

static const struct field reset_fields[] = {
	{ "token", F_SECRET, offsetof(struct reset_in, token), 1, 200, F_REQUIRED },
	{ "new_password", F_SECRET, offsetof(struct reset_in, new_password), 10, 128, F_REQUIRED },
	{ 0 },
};

static enum err
refuse_reset(const struct req *rq, struct resp *rs)
{
	rs->detail = rq->korean
			 ? "알 수 없거나 이미 사용했거나 30분이 지난 토큰이에요. 새 토큰을 받아 주세요."
			 : "This token is unknown, used, or older than 30 minutes. Ask for a new one.";
	return ERR_TOKEN_INVALID;
}

/* POST /password/reset {token, new_password} -> 204, every session has ended; 401 token_invalid. */
enum err
password_reset(const struct req *rq, struct resp *rs)
{
	struct reset_in in = { 0 };
	unsigned char hash[crypto_generichash_BYTES];
	char phc[HASHER_PHC_SIZE];
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, reset_fields, &in);
	if (e)
		return e;
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)in.token, strlen(in.token), NULL, 0);
	e = db_run(rq, AUTH_RESET_ACCOUNT, DB_ARGS(db_bytes(hash, sizeof(hash))), &res);
	if (e)
		return e;
	if (res.rows == 0)
		return refuse_reset(rq, rs);
	e = auth_hash(rq, db_str(&res, 0, "account"), in.new_password, phc);
	if (e == OK)
		e = db_run(rq, AUTH_RESET_PASSWORD, DB_ARGS(db_bytes(hash, sizeof(hash)), db_text(phc)),
			   &res);
	if (e)
		return e;
	return db_str(&res, 0, "code") ? refuse_reset(rq, rs) : resp_empty(rs);
}
