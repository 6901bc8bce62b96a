/*
 * Tokens.  An input that begins with '{' is a header and, on the next line, a payload: they are signed as ours would be, so
 * that the claims are reached.  Any other input is a token as a client might send it.
 */
#include <sodium.h>

#include "arena.h"
#include "fuzz.h"
#include "token.h"

#define NOW INT64_C(1800000000)

static struct token_key key = { .kid = "key-1" };
static unsigned char secret[crypto_sign_SECRETKEYBYTES];

static struct tokens *
checker(void)
{
	static const unsigned char seed[crypto_sign_SEEDBYTES] = "the same key in every run always";
	static struct tokens *tokens;

	if (!tokens) {
		CHECK(sodium_init() >= 0);
		crypto_sign_seed_keypair(key.public_key, secret, seed);
		tokens = token_open("moa");
		token_set_keys(tokens, &key, 1);
	}
	return tokens;
}

/* The first len bytes of text, signed. */
static char *
signed_text(struct arena *a, const char *text, size_t len)
{
	unsigned char signature[crypto_sign_BYTES];

	crypto_sign_detached(signature, NULL, (const unsigned char *)text, len, secret);
	return arena_printf(a, "%.*s.%s", (int)len, text, text_base64url(a, signature, sizeof(signature)));
}

static char *
token_of_parts(struct arena *a, const char *parts, size_t len)
{
	const char *line_feed = memchr(parts, '\n', len);
	size_t header_len = line_feed ? (size_t)(line_feed - parts) : len;
	size_t payload_at = line_feed ? header_len + 1 : len;
	char *text = arena_printf(a, "%s.%s", text_base64url(a, parts, header_len),
				  text_base64url(a, parts + payload_at, len - payload_at));

	return signed_text(a, text, strlen(text));
}

/* Good tokens are exactly those that our key makes: Ed25519 is deterministic, so signing again gives the same text. */
static void
check_good(struct arena *a, const char *jws, const struct token_claims *claims)
{
	CHECK(strcmp(signed_text(a, jws, (size_t)(strrchr(jws, '.') - jws)), jws) == 0);
	CHECK(text_is_uuid(claims->customer) && text_is_uuid(claims->session));
	CHECK(claims->role == ROLE_CUSTOMER || claims->role == ROLE_ADMIN);
	CHECK(claims->expires_s > NOW);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tokens *tokens = checker();
	struct token_claims claims = { 0 };
	struct arena a;
	char *jws;
	enum err e;

	arena_init(&a);
	if (size > 0 && data[0] == '{')
		jws = strdup(token_of_parts(&a, (const char *)data, size));
	else
		jws = strndup((const char *)data, size);
	e = token_check(tokens, jws, NOW, &claims);
	CHECK(e == OK || e == ERR_TOKEN_INVALID || e == ERR_TOKEN_EXPIRED || e == ERR_NOT_FOUND);
	CHECK(token_check(tokens, jws, NOW, &claims) == e); /* from the cache, perhaps */
	if (e == OK)
		check_good(&a, jws, &claims);
	free(jws);
	arena_free(&a);
	return 0;
}
