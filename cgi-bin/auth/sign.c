/*
 * Ed25519 signatures for access tokens (RFC 7515, 8037, 9068).  The key comes sealed with each row that opens or renews
 * a session, so there is no copy here that could be out of date; opening it costs microseconds.
 */
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "out.h"
#include "sign.h"
#include "text.h"

enum {
	JTI_LEN = 16,
	SEALED_LEN = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + crypto_sign_SEEDBYTES
};

static char *
part(struct arena *a, struct json_object *object)
{
	const char *text = out_text(object);

	return text_base64url(a, text, strlen(text));
}

static struct json_object *
header(struct arena *a, const char *kid)
{
	struct json_object *object = out_object(a);

	out_str(object, "alg", "EdDSA");
	out_str(object, "typ", "JWT");
	out_str(object, "kid", kid);
	return object;
}

static struct json_object *
payload(struct arena *a, const struct sign_claims *claims, int64_t now_s)
{
	struct json_object *object = out_object(a);

	out_str(object, "iss", claims->issuer);
	out_str(object, "aud", claims->issuer);
	out_str(object, "sub", claims->customer);
	out_num(object, "iat", now_s);
	out_num(object, "exp", now_s + SIGN_TTL_S);
	out_str(object, "jti", text_token(a, JTI_LEN));
	out_str(object, "sid", claims->session);
	out_str(object, "role", claims->role);
	return object;
}

/* False when the seal does not open.  The caller wipes the secret key. */
static bool
key_open(const unsigned char *seal_key, const struct sign_key *key,
	 unsigned char ret_secret[crypto_sign_SECRETKEYBYTES])
{
	unsigned char seed[crypto_sign_SEEDBYTES], public_key[crypto_sign_PUBLICKEYBYTES];

	if (key->sealed_len != SEALED_LEN ||
	    crypto_secretbox_open_easy(seed, key->sealed_seed + crypto_secretbox_NONCEBYTES,
				       SEALED_LEN - crypto_secretbox_NONCEBYTES, key->sealed_seed,
				       seal_key) != 0)
		return false;
	crypto_sign_seed_keypair(public_key, ret_secret, seed);
	sodium_memzero(seed, sizeof(seed));
	return true;
}

char *
sign_token(struct arena *a, const unsigned char seal_key[SIGN_SEAL_KEY_LEN], const struct sign_key *key,
	   const struct sign_claims *claims, int64_t now_s)
{
	unsigned char secret[crypto_sign_SECRETKEYBYTES], signature[crypto_sign_BYTES];
	const char *signing_input;

	if (!key_open(seal_key, key, secret))
		return NULL;
	signing_input =
	    arena_printf(a, "%s.%s", part(a, header(a, key->kid)), part(a, payload(a, claims, now_s)));
	crypto_sign_detached(signature, NULL, (const unsigned char *)signing_input, strlen(signing_input),
			     secret);
	sodium_memzero(secret, sizeof(secret));
	return arena_printf(a, "%s.%s", signing_input, text_base64url(a, signature, sizeof(signature)));
}
