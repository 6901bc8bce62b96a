/* GET /jwks.json: the public keys that access tokens are checked with. */
#include "auth.h"
#include "out.h"
#include "req.h"
#include "resp.h"
#include "text.h"

/* GET /jwks.json -> 200 a JSON Web Key Set (RFC 7517, RFC 8037): the key in use, the one before, the one to come. */
enum err
jwks_show(const struct req *rq, struct resp *rs)
{
	struct json_object *set = out_object(rq->arena), *keys = out_array_in(set, "keys");
	struct db_result res;
	enum err e;
	int row;

	e = db_run(rq, DB_JWK, DB_NO_ARGS, &res);
	if (e)
		return e;
	for (row = 0; row < res.rows; row++) {
		struct json_object *key = out_object_in(keys, NULL);
		size_t len = 0;
		const unsigned char *x = db_bin(&res, row, "public_key", &len);

		out_str(key, "kty", "OKP");
		out_str(key, "crv", "Ed25519");
		out_str(key, "use", "sig");
		out_str(key, "alg", "EdDSA");
		out_str(key, "kid", db_str(&res, row, "kid"));
		out_str(key, "x", text_base64url(rq->arena, x, len));
	}
	resp_header(rs, "Cache-Control", "public, max-age=60");
	return resp_json(rs, 200, set);
}
