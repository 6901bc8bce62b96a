/* jws.c: what is a JWS of ours, and whose signature it bears.  What its claims say is test_token.c's business. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "arena.h"
#include "json.h"
#include "jws.h"
#include "text.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define HEADER	     "{\"alg\":\"EdDSA\",\"kid\":\"key\"}"

static unsigned char public_key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];

/* The example of RFC 8037, appendix A.4, has no kid; its signature is checked as it stands. */
static const char rfc_signed[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
static const char rfc_signature[] =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
static const char rfc_key[] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

static char *
sign(struct arena *a, const char *header, const char *payload)
{
	char *text = arena_printf(a, "%s.%s", text_base64url(a, header, strlen(header)),
				  text_base64url(a, payload, strlen(payload)));
	unsigned char signature[crypto_sign_BYTES];

	crypto_sign_detached(signature, NULL, (unsigned char *)text, strlen(text), secret);
	return arena_printf(a, "%s.%s", text, text_base64url(a, signature, sizeof(signature)));
}

static void
test_good(void **state)
{
	static const char *const headers[] = { HEADER,
					       "{\"typ\":\"JWT\",\"kid\":\"key\",\"alg\":\"EdDSA\"}" };
	struct arena a;
	struct jws jws;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < COUNT(headers); i++) {
		char *text = sign(&a, headers[i], "{\"sub\":\"somebody\"}");

		assert_true(jws_read(&a, text, &jws));
		assert_string_equal(jws.kid, "key");
		assert_string_equal(json_member_text(jws.payload, "sub"), "somebody");
		assert_ptr_equal(strrchr(text, '.'), text + jws.signed_len);
		assert_true(jws_verify(&jws, public_key));
	}
	arena_free(&a);
}

static void
test_headers(void **state)
{
	static const char *const bad[] = {
		"{\"alg\":\"none\",\"kid\":\"key\"}",
		"{\"alg\":\"HS256\",\"kid\":\"key\"}",
		"{\"alg\":\"eddsa\",\"kid\":\"key\"}",
		"{\"alg\":[\"EdDSA\"],\"kid\":\"key\"}",
		"{\"alg\":\"EdDSA\"}",
		"{\"kid\":\"key\"}",
		"{\"alg\":\"EdDSA\",\"kid\":7}",
		"{\"alg\":\"EdDSA\",\"kid\":null}",
		"{\"alg\":\"EdDSA\",\"kid\":\"key\",\"typ\":\"JWS\"}",
		"{\"alg\":\"EdDSA\",\"kid\":\"key\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"EdDSA\",\"kid\":\"key\",\"jwk\":{}}",
		"{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\",\"kid\":\"key\"}",
		"[\"EdDSA\",\"key\"]",
		"\"EdDSA\"",
		"",
	};
	struct arena a;
	struct jws jws;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < COUNT(bad); i++)
		if (jws_read(&a, sign(&a, bad[i], "{}"), &jws))
			fail_msg("%s", bad[i]);
	arena_free(&a);
}

static void
test_forms(void **state)
{
	static const char *const payloads[] = { "[]", "7", "\"text\"", "null", "{", "{\"a\":1,\"a\":2}", "" };
	static const char *const texts[] = { "", ".", "..", "...", "a.b.c", "eyJhbGciOiJFZERTQSJ9" };
	struct arena a;
	struct jws jws;
	char *good;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < COUNT(payloads); i++)
		if (jws_read(&a, sign(&a, HEADER, payloads[i]), &jws))
			fail_msg("%s", payloads[i]);
	for (i = 0; i < COUNT(texts); i++)
		if (jws_read(&a, texts[i], &jws))
			fail_msg("%s", texts[i]);
	good = sign(&a, HEADER, "{}");
	assert_false(jws_read(&a, arena_printf(&a, "%s=", good), &jws));
	assert_false(jws_read(&a, arena_printf(&a, "%sAA", good), &jws));
	assert_false(jws_read(&a, arena_printf(&a, "%s.AA", good), &jws));
	assert_false(jws_read(&a, arena_printf(&a, " %s", good), &jws));
	assert_false(jws_read(&a, arena_strndup(&a, good, strlen(good) - 2), &jws));
	arena_free(&a);
}

/* No bit of what is signed, or of the signature, can be another. */
static void
test_changed(void **state)
{
	struct arena a;
	struct jws jws;
	char *text;
	size_t i;

	(void)state;
	arena_init(&a);
	text = sign(&a, HEADER, "{\"sub\":\"somebody\"}");
	assert_true(jws_read(&a, text, &jws));
	for (i = 0; i < jws.signed_len; i++) {
		text[i] ^= 1;
		assert_false(jws_verify(&jws, public_key));
		text[i] ^= 1;
	}
	for (i = 0; i < sizeof(jws.signature); i++) {
		jws.signature[i] ^= 1;
		assert_false(jws_verify(&jws, public_key));
		jws.signature[i] ^= 1;
	}
	assert_true(jws_verify(&jws, public_key));
	arena_free(&a);
}

static void
test_another_key(void **state)
{
	unsigned char other_public[crypto_sign_PUBLICKEYBYTES], other_secret[crypto_sign_SECRETKEYBYTES];
	struct arena a;
	struct jws jws;

	(void)state;
	arena_init(&a);
	crypto_sign_keypair(other_public, other_secret);
	assert_true(jws_read(&a, sign(&a, HEADER, "{}"), &jws));
	assert_false(jws_verify(&jws, other_public));
	arena_free(&a);
}

static void
test_rfc_example(void **state)
{
	struct jws jws = { .text = rfc_signed, .signed_len = strlen(rfc_signed) };
	unsigned char key[crypto_sign_PUBLICKEYBYTES];
	size_t len;

	(void)state;
	assert_true(text_unbase64url(rfc_key, strlen(rfc_key), key, sizeof(key), &len));
	assert_true(text_unbase64url(rfc_signature, strlen(rfc_signature), jws.signature,
				     sizeof(jws.signature), &len));
	assert_true(jws_verify(&jws, key));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	    cmocka_unit_test(test_headers),
		cmocka_unit_test(test_forms),	    cmocka_unit_test(test_changed),
		cmocka_unit_test(test_another_key), cmocka_unit_test(test_rfc_example),
	};

	if (sodium_init() < 0)
		return 1;
	crypto_sign_keypair(public_key, secret);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
