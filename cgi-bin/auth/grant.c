/* Tokens in the reply: the one place that signs, and the one that writes the refresh cookie. */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "auth.h"
#include "clock.h"
#include "fields.h"
#include "grant.h"
#include "log.h"
#include "out.h"
#include "req.h"
#include "resp.h"
#include "sign.h"

const struct field grant_query_fields[] = {
	{ "cookie", F_BOOL, offsetof(struct grant_query, cookie) },
	{ 0 },
};

/* The access token of the admission, or NULL, logged: without a key nobody can sign in. */
static const char *
access_token(const struct req *rq, const struct db_result *res)
{
	const struct auth *auth = rq->domain;
	struct sign_claims claims = { rq->issuer, db_str(res, 0, "customer_id"), db_str(res, 0, "session_id"),
				      db_str(res, 0, "role") };
	struct sign_key key = { .kid = db_str(res, 0, "kid") };
	const char *token = NULL;

	if (key.kid) {
		key.sealed_seed = db_bin(res, 0, "sealed_seed", &key.sealed_len);
		token = sign_token(rq->arena, auth->keys[KEY_SIGNING_SEAL], &key, &claims, clock_unix_s());
	}
	if (!token)
		log_event(LOG_ERROR, "sign", "kid=%s msg=\"%s\"", key.kid ? key.kid : "none",
			  key.kid ? "the signing key was sealed with another MOA_AUTH_SECRET"
				  : "no signing key: run moa-ctl keys rotate");
	return token;
}

static void
set_cookie(struct resp *rs, const char *value, int max_age_s)
{
	resp_header(rs, "Set-Cookie",
		    GRANT_COOKIE "=%s; Max-Age=%d; Path=/api/v1/auth; HttpOnly; Secure; SameSite=Strict",
		    value, max_age_s);
}

enum err
grant_reply(const struct req *rq, struct resp *rs, int status, const struct db_result *res,
	    const char *refresh_token, bool cookie, struct json_object *body)
{
	const char *access = access_token(rq, res);
	int refresh_expires_s = (int)db_num(res, 0, "refresh_expires_s");

	if (!access)
		return ERR_UNAVAILABLE;
	out_str(body, "access_token", access);
	out_str(body, "token_type", "Bearer");
	out_num(body, "expires_in", SIGN_TTL_S);
	if (cookie)
		set_cookie(rs, refresh_token, refresh_expires_s);
	else
		out_str(body, "refresh_token", refresh_token);
	out_num(body, "refresh_expires_in", refresh_expires_s);
	resp_header(rs, "Cache-Control", "no-store");
	return resp_json(rs, status, body);
}

void
grant_forget_cookie(struct resp *rs)
{
	set_cookie(rs, "", 0);
}

bool
grant_cookie_allowed(const struct req *rq)
{
	const char *host;

	if (!rq->origin || !*rq->host)
		return false;
	host = strstr(rq->origin, "://");
	return (host && strcasecmp(host + 3, rq->host) == 0) || rq->origin_listed;
}
