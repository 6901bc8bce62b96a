/*
 * Access tokens: JWS in compact form, Ed25519 (RFC 7515, 7519, 8037).  Every program checks them by itself with the
 * public keys of auth.jwk; only auth can make them.  The algorithm belongs to the key: nothing in a token chooses it.
 *
 * Header: {"alg":"EdDSA","kid":"…"}, and "typ":"JWT" if it likes; any other member makes the token invalid.  Claims: iss and
 * aud (both the issuer), sub and sid (uuids), role ("customer" or "admin"), jti, iat, exp, at most a day
 * after iat; others are ignored.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdint.h>

#include "attr.h"
#include "err.h"
#include "req.h"

enum { TOKEN_LEN_MAX = 2048, TOKEN_KEYS_MAX = 16 };

struct token_claims {
	char customer[37]; /* sub: a uuid */
	char session[37];  /* sid: a uuid */
	enum role role;
	int64_t expires_s; /* exp: Unix time */
};

struct token_key {
	char kid[44];
	unsigned char public_key[32];
};

struct tokens;

/**
 * token_open(issuer):
 * A checker for tokens whose iss and aud are ${issuer}, with an empty cache and no keys.  Threads share it.  End it with
 * token_close, for which NULL is a no-op.
 */
struct tokens *token_open(const char *issuer);
void token_close(struct tokens *t);

/**
 * token_set_keys(t, keys, n):
 * From now on these ${n} keys count, at most TOKEN_KEYS_MAX, and no others.  If they differ from those before, cached
 * results are forgotten.
 */
void token_set_keys(struct tokens *t, const struct token_key *keys, int n);

/**
 * token_check(t, jws, now_s, ret_claims):
 * Verify the compact JWS ${jws} at Unix time ${now_s}.  A token that was found good before costs a hash and a look into
 * the cache; that it has not expired is checked each time.  Errors: ERR_TOKEN_INVALID; ERR_TOKEN_EXPIRED; and
 * ERR_NOT_FOUND when the token is well-formed but its kid is not among the keys: the caller may re-read them and ask again.
 */
enum err token_check(struct tokens *t, const char *jws, int64_t now_s,
		     struct token_claims *ret_claims) MUST_CHECK;

/**
 * token_caller(t, rq, jws, ret_claims):
 * The same for a request, now: re-reads the keys through statement DB_JWK at an unknown kid, at most every 10 s per process;
 * requests that meet one meanwhile wait for that reading.  For a good token it re-reads them when that was last done a minute
 * ago, so that a retired key stops counting; while that fails, the keys there are go on counting.  Errors: as above (never ERR_NOT_FOUND), and ERR_UNAVAILABLE
 * when keys are needed but PostgreSQL does not answer in time.
 */
enum err token_caller(struct tokens *t, const struct req *rq, const char *jws,
		      struct token_claims *ret_claims) MUST_CHECK;

#endif
