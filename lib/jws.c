/* Taking a compact JWS apart and checking its signature.  Which keys count and what the claims must be is token.c's business. */
#include <string.h>

#include <json-c/json.h>
#include <sodium.h>

#include "arena.h"
#include "json.h"
#include "jws.h"
#include "text.h"

/* The part as a JSON object, or NULL. */
static struct json_object *
part_object(struct arena *a, const char *part, size_t len)
{
	char *text = arena_alloc(a, len + 1);
	struct json_object *object;
	size_t text_len;

	if (!text_unbase64url(part, len, text, len, &text_len) || json_read(a, text, text_len, &object) != OK)
		return NULL;
	return json_object_is_type(object, json_type_object) ? object : NULL;
}

/* The key id of a header that asks for what we do and nothing else, or NULL. */
static const char *
header_kid(struct json_object *header)
{
	bool typed = json_object_object_get_ex(header, "typ", NULL);

	if (json_object_object_length(header) != 2 + typed || !json_member_is(header, "alg", "EdDSA"))
		return NULL;
	if (typed && !json_member_is(header, "typ", "JWT"))
		return NULL;
	return json_member_text(header, "kid");
}

bool
jws_read(struct arena *a, const char *text, struct jws *ret_jws)
{
	const char *dot1 = strchr(text, '.');
	const char *dot2 = dot1 ? strchr(dot1 + 1, '.') : NULL;
	struct jws jws = { .text = text };
	struct json_object *header;
	size_t len;

	if (!dot2)
		return false;
	jws.signed_len = (size_t)(dot2 - text);
	/* A fourth part cannot hide here: '.' is no character of base64url. */
	if (!text_unbase64url(dot2 + 1, strlen(dot2 + 1), jws.signature, sizeof(jws.signature), &len) ||
	    len != sizeof(jws.signature))
		return false;
	header = part_object(a, text, (size_t)(dot1 - text));
	jws.kid = header ? header_kid(header) : NULL;
	jws.payload = part_object(a, dot1 + 1, (size_t)(dot2 - dot1 - 1));
	if (!jws.kid || !jws.payload)
		return false;
	*ret_jws = jws;
	return true;
}

bool
jws_verify(const struct jws *jws, const unsigned char public_key[32])
{
	return crypto_sign_verify_detached(jws->signature, (const unsigned char *)jws->text, jws->signed_len,
					   public_key) == 0;
}
