/* Sessions: renewing one, ending one, and the list of them. */
#include <stddef.h>

#include "auth.h"
#include "fields.h"
#include "grant.h"
#include "out.h"
#include "page.h"
#include "refresh.h"
#include "req.h"
#include "resp.h"
#include "text.h"

struct token_in {
	const char *refresh_token;
};

static const struct field token_fields[] = {
	{ "refresh_token", F_SECRET, offsetof(struct token_in, refresh_token), 1, 200 },
	{ 0 },
};

/* The refresh token: from the body, else from the cookie, if the page may use that. */
static enum err
presented(const struct req *rq, struct resp *rs, const char **ret_token, bool *ret_cookie)
{
	struct token_in in = { 0 };
	enum err e = fields_body(rq, rs, token_fields, &in);

	if (e)
		return e;
	*ret_cookie = !in.refresh_token;
	*ret_token = in.refresh_token ? in.refresh_token : req_cookie(rq, GRANT_COOKIE);
	if (!*ret_token) {
		resp_fault(rs, "refresh_token", "required", "%s",
			   rq->korean ? "필요한 값이에요." : "This field is required.");
		return ERR_VALIDATION_FAILED;
	}
	return *ret_cookie && !grant_cookie_allowed(rq) ? ERR_FORBIDDEN : OK;
}

/*
 * POST /refresh {refresh_token}, or the cookie and Origin -> 200 a new pair, as for login; 401 token_invalid,
 * token_expired, refresh_reused (and the session has ended); 403 for the cookie from a foreign origin.  The same token
 * again within 20 seconds gives the same successor.
 */
enum err
session_refresh(const struct req *rq, struct resp *rs)
{
	const struct auth *auth = rq->domain;
	unsigned char hash[REFRESH_HASH_LEN], next_hash[REFRESH_HASH_LEN];
	const char *token, *next, *code;
	struct db_result res;
	bool cookie;
	enum err e;

	e = presented(rq, rs, &token, &cookie);
	if (e)
		return e;
	if (!refresh_hash(token, hash))
		return ERR_TOKEN_INVALID;
	next = refresh_next(rq->arena, auth->keys[KEY_REFRESH_SUCCESSOR], token, next_hash);
	e = db_run(rq, AUTH_REFRESH,
		   DB_ARGS(db_bytes(hash, sizeof(hash)), db_bytes(next_hash, sizeof(next_hash)),
			   db_text(rq->user_agent), db_text(rq->address)),
		   &res);
	if (e)
		return e;
	code = db_str(&res, 0, "code");
	if (!code)
		return grant_reply(rq, rs, 200, &res, next, cookie, out_object(rq->arena));
	if (cookie)
		grant_forget_cookie(rs);
	e = err_from_code(code);
	if (e == ERR_REFRESH_REUSED)
		metrics_add(&auth_metrics[METRIC_REUSED], 1);
	return e;
}

/* POST /logout {refresh_token}, or the cookie and Origin -> 204, the session has ended, also if it had before. */
enum err
session_logout(const struct req *rq, struct resp *rs)
{
	unsigned char hash[REFRESH_HASH_LEN];
	struct db_result res;
	const char *token;
	bool cookie;
	enum err e;

	e = presented(rq, rs, &token, &cookie);
	if (e)
		return e;
	if (refresh_hash(token, hash))
		e = db_run(rq, AUTH_LOGOUT, DB_ARGS(db_text(rq->user), db_bytes(hash, sizeof(hash))), &res);
	if (e)
		return e;
	if (cookie)
		grant_forget_cookie(rs);
	return resp_empty(rs);
}

/*
 * GET /sessions?cursor=&limit= -> 200 {items: [{id, device, address, created_at, last_used_at, current}], next_cursor},
 * newest first.
 */
enum err
session_list(const struct req *rq, struct resp *rs)
{
	return page_reply(rq, rs, AUTH_SESSIONS, DB_ARGS(db_text(rq->user), db_text(rq->session)));
}

/* DELETE /sessions/:id -> 204, that session has ended; 404 when it had before, or is not the caller's. */
enum err
session_delete(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, AUTH_REVOKE_SESSION, DB_ARGS(db_text(rq->user), db_text(rq->arg[0])), &res);
	if (e)
		return e;
	if (db_str(&res, 0, "code"))
		return err_from_code(db_str(&res, 0, "code"));
	return resp_empty(rs);
}
