/* sign.c: what it signs is what token.c accepts, and a seed sealed with another secret stays closed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "arena.h"
#include "sign.h"
#include "token.h"

enum {
	NOW_S = 1800000000,
	SEALED_LEN = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + crypto_sign_SEEDBYTES
};

static const unsigned char seal_key[SIGN_SEAL_KEY_LEN] = "a seal key of 32 bytes for tests";
static const struct sign_claims claims = {
	.issuer = "moa",
	.customer = "11111111-1111-4111-8111-111111111111",
	.session = "22222222-2222-4222-8222-222222222222",
	.role = "admin",
};

/* A key pair as the database keeps it, and a checker that knows it. */
struct keys {
	struct arena arena;
	unsigned char sealed[SEALED_LEN];
	struct sign_key key;
	struct tokens *tokens;
};

static int
set_up(void **state)
{
	static struct keys k;
	struct token_key published = { .kid = "the-key" };
	unsigned char seed[crypto_sign_SEEDBYTES], secret[crypto_sign_SECRETKEYBYTES];

	arena_init(&k.arena);
	randombytes_buf(seed, sizeof(seed));
	crypto_sign_seed_keypair(published.public_key, secret, seed);
	randombytes_buf(k.sealed, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(k.sealed + crypto_secretbox_NONCEBYTES, seed, sizeof(seed), k.sealed, seal_key);
	k.key = (struct sign_key){ "the-key", k.sealed, SEALED_LEN };
	k.tokens = token_open("moa");
	token_set_keys(k.tokens, &published, 1);
	*state = &k;
	return 0;
}

static int
tear_down(void **state)
{
	struct keys *k = *state;

	token_close(k->tokens);
	arena_free(&k->arena);
	return 0;
}

static void
test_token(void **state)
{
	struct keys *k = *state;
	const char *jws = sign_token(&k->arena, seal_key, &k->key, &claims, NOW_S);
	struct token_claims read;

	assert_non_null(jws);
	assert_int_equal(token_check(k->tokens, jws, NOW_S, &read), OK);
	assert_string_equal(read.customer, claims.customer);
	assert_string_equal(read.session, claims.session);
	assert_int_equal(read.role, ROLE_ADMIN);
	assert_int_equal(read.expires_s, NOW_S + 900);
	assert_int_equal(token_check(k->tokens, jws, NOW_S + 899, &read), OK);
	assert_int_equal(token_check(k->tokens, jws, NOW_S + 901, &read), ERR_TOKEN_EXPIRED);
}

static void
test_two_tokens_differ(void **state)
{
	struct keys *k = *state;

	assert_string_not_equal(sign_token(&k->arena, seal_key, &k->key, &claims, NOW_S),
				sign_token(&k->arena, seal_key, &k->key, &claims, NOW_S));
}

static void
test_other_issuer(void **state)
{
	struct keys *k = *state;
	struct sign_claims foreign = claims;
	struct token_claims read;

	foreign.issuer = "somebody \"else\"";
	assert_int_equal(
	    token_check(k->tokens, sign_token(&k->arena, seal_key, &k->key, &foreign, NOW_S), NOW_S, &read),
	    ERR_TOKEN_INVALID);
}

static void
test_closed_seed(void **state)
{
	static const unsigned char other_key[SIGN_SEAL_KEY_LEN] = "another seal key, also 32 bytes!";
	struct keys *k = *state;
	struct sign_key cut = k->key;

	assert_null(sign_token(&k->arena, other_key, &k->key, &claims, NOW_S));
	for (cut.sealed_len = 0; cut.sealed_len < SEALED_LEN; cut.sealed_len++)
		assert_null(sign_token(&k->arena, seal_key, &cut, &claims, NOW_S));
	k->sealed[SEALED_LEN - 1] ^= 1;
	assert_null(sign_token(&k->arena, seal_key, &k->key, &claims, NOW_S));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_token, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_tokens_differ, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_issuer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_closed_seed, set_up, tear_down),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
