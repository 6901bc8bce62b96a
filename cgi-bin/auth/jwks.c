/* GET /jwks.json: the public keys that access tokens are checked with. */
#include <sodium.h>

#include "arena.h"
#include "auth.h"
#include "out.h"
#include "req.h"
#include "resp.h"

static const char *
public_key_text(const struct req *rq, const struct db_result *res, int row)
{
	size_t len, size = sodium_base64_ENCODED_LEN(crypto_sign_PUBLICKEYBYTES,
						     sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	const unsigned char *key = db_bin(res, row, "public_key", &len);

	return sodium_bin2base64(arena_alloc(rq->arena, size), size, key, crypto_sign_PUBLICKEYBYTES,
				 sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* GET /jwks.json -> 200 a JSON Web Key Set (RFC 7517, RFC 8037): the key in use, the one before, and the one to come. */
enum err
jwks_show(const struct req *rq, struct resp *rs)
{
	struct json_object *set = out_object(rq->arena), *keys = out_array_in(set, "keys"), *key;
	struct db_result res;
	enum err e;
	int row;

	e = db_run(rq, DB_JWK, DB_NO_ARGS, &res);
	if (e)
		return e;
	for (row = 0; row < res.rows; row++) {
		key = out_object_in(keys, NULL);
		out_str(key, "kty", "OKP");
		out_str(key, "crv", "Ed25519");
		out_str(key, "use", "sig");
		out_str(key, "alg", "EdDSA");
		out_str(key, "kid", db_str(&res, row, "kid"));
		out_str(key, "x", public_key_text(rq, &res, row));
	}
	resp_header(rs, "Cache-Control", "public, max-age=60");
	return resp_json(rs, 200, set);
}
