/* Access tokens, the making of them; every program checks them with lib/token.h. */
#ifndef SIGN_H
#define SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "attr.h"

struct arena;

enum { SIGN_SEAL_KEY_LEN = 32, SIGN_TTL_S = 900 };

/* A row of auth.signing_key: the seed is sealed with crypto_secretbox, the nonce in front. */
struct sign_key {
	const char *kid;
	const unsigned char *sealed_seed;
	size_t sealed_len;
};

struct sign_claims {
	const char *issuer;   /* iss, and aud */
	const char *customer; /* sub */
	const char *session;  /* sid */
	const char *role;
};

/**
 * sign_token(a, seal_key, key, claims, now_s):
 * The compact JWS of ${claims}, issued at Unix time ${now_s} for SIGN_TTL_S seconds and signed with ${key}.  NULL when
 * ${seal_key} does not open the seed of ${key}: it was sealed with another secret.
 */
char *sign_token(struct arena *a, const unsigned char seal_key[SIGN_SEAL_KEY_LEN], const struct sign_key *key,
		 const struct sign_claims *claims, int64_t now_s);

#endif
