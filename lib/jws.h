/* JSON Web Signatures in compact form (RFC 7515), of the one kind in use here: Ed25519 (RFC 8037) over a JSON object. */
#ifndef JWS_H
#define JWS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct json_object;

enum { JWS_SIGNATURE_LEN = 64 };

/* A JWS that was read; not trusted before jws_verify. */
struct jws {
	const char *text;
	size_t signed_len; /* bytes of text that the signature covers */
	unsigned char signature[JWS_SIGNATURE_LEN];
	const char *kid;	     /* names the key */
	struct json_object *payload; /* an object */
};

/**
 * jws_read(a, text, ret_jws):
 * Take ${text} apart.  False unless it is three parts in canonical base64url whose header is {"alg":"EdDSA","kid":"…"} and
 * perhaps "typ":"JWT", and nothing more; so "none", other algorithms, "crit" and "jwk" never get further.
 */
bool jws_read(struct arena *a, const char *text, struct jws *ret_jws);

/** jws_verify(jws, public_key): Was it signed with the key that belongs to ${public_key}? */
bool jws_verify(const struct jws *jws, const unsigned char public_key[32]);

#endif
