/* The reply that signs somebody in: an access token, and a refresh token in the body or in a cookie. */
#ifndef GRANT_H
#define GRANT_H

#include <stdbool.h>

#include "attr.h"
#include "err.h"

struct db_result;
struct json_object;
struct req;
struct resp;

/* The query of the calls that sign in. */
struct grant_query {
	bool cookie; /* the refresh token comes as a cookie, out of reach of scripts */
};
extern const struct field grant_query_fields[];

#define GRANT_COOKIE "moa_refresh"

/**
 * grant_reply(rq, rs, status, res, refresh_token, cookie, body):
 * Add the tokens of the admission in the first row of ${res} (columns of auth.admission) to the object ${body} and
 * make it the reply; ${cookie} sends the refresh token as a cookie instead.  Errors: ERR_UNAVAILABLE without a usable
 * signing key, logged.
 */
enum err grant_reply(const struct req *rq, struct resp *rs, int status, const struct db_result *res,
		     const char *refresh_token, bool cookie, struct json_object *body) MUST_CHECK;

/** grant_forget_cookie(rs): Have the browser delete the refresh cookie. */
void grant_forget_cookie(struct resp *rs);

/**
 * grant_cookie_allowed(rq):
 * Does the request come from one of our own pages, or from an origin in MOA_CORS_ORIGINS?  A browser sends the cookie
 * by itself, so it counts only then.
 */
bool grant_cookie_allowed(const struct req *rq);

#endif
