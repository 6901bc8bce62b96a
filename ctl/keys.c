/*
 * keys: what auth signs tokens with.  The secret half is stored sealed under a key derived from
 * MOA_AUTH_SECRET, which only the auth program and the operator have: who has the database alone can
 * sign nothing.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "conf.h"
#include "ctl.h"
#include "token.h"

enum {
	SUBKEY_SEAL = 4,
	KID_BYTES = 16,
	SEALED_BYTES = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + 32
};

struct secret {
	unsigned char key[crypto_kdf_KEYBYTES];
};

#define SECRET_ROW(preset)                                                                                   \
	{                                                                                                    \
		"MOA_AUTH_SECRET", CONF_KEY32, 0, 0, 0, preset,                                              \
		    "32 bytes in hex or base64: the auth program's"                                          \
	}

static const struct conf_row secret_rows[] = { SECRET_ROW(CONF_REQUIRED), { 0 } };
static const struct conf_row secret_if_set_rows[] = { SECRET_ROW(NULL), { 0 } };

/* A signing key as auth.signing_key stores it; bytes in PostgreSQL's hex. */
struct new_key {
	const char *kid;
	const char *public_key;
	const char *sealed_seed;
};

static const char *
hex(struct ctl *ctl, const unsigned char *bytes, size_t len)
{
	char *text = arena_alloc(&ctl->arena, 2 * len + 1);

	return arena_printf(&ctl->arena, "\\x%s", sodium_bin2hex(text, 2 * len + 1, bytes, len));
}

static const char *
kid_of(struct ctl *ctl, const unsigned char public_key[32])
{
	unsigned char hash[KID_BYTES];
	size_t len = sodium_base64_ENCODED_LEN(sizeof(hash), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *kid = arena_alloc(&ctl->arena, len);

	crypto_generichash(hash, sizeof(hash), public_key, 32, NULL, 0);
	return sodium_bin2base64(kid, len, hash, sizeof(hash), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void
seal_key(const struct secret *secret, unsigned char ret_key[crypto_secretbox_KEYBYTES])
{
	crypto_kdf_derive_from_key(ret_key, crypto_secretbox_KEYBYTES, SUBKEY_SEAL, "moa-auth", secret->key);
}

/* Nonce, then the seed sealed with it. */
static void
seal(const struct secret *secret, const unsigned char seed[32], unsigned char ret_sealed[SEALED_BYTES])
{
	unsigned char key[crypto_secretbox_KEYBYTES];

	seal_key(secret, key);
	randombytes_buf(ret_sealed, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(ret_sealed + crypto_secretbox_NONCEBYTES, seed, 32, ret_sealed, key);
	sodium_memzero(key, sizeof(key));
}

static struct new_key
key_make(struct ctl *ctl, const struct secret *secret)
{
	unsigned char seed[crypto_sign_SEEDBYTES], public_key[crypto_sign_PUBLICKEYBYTES];
	unsigned char secret_key[crypto_sign_SECRETKEYBYTES], sealed[SEALED_BYTES];
	struct new_key key;

	randombytes_buf(seed, sizeof(seed));
	crypto_sign_seed_keypair(public_key, secret_key, seed);
	seal(secret, seed, sealed);
	key.kid = kid_of(ctl, public_key);
	key.public_key = hex(ctl, public_key, sizeof(public_key));
	key.sealed_seed = hex(ctl, sealed, sizeof(sealed));
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(secret_key, sizeof(secret_key));
	return key;
}

/*
 * Add a key if fewer than most are published.  The first is used at once; a later one only when every
 * program had the time to read it.  Returns 1, 0 when there are enough, -1 on failure.
 */
static int
key_add(struct ctl *ctl, int most)
{
	struct secret secret;
	struct new_key key;
	PGresult *res;
	int added = -1;

	if (conf_read(secret_rows, &secret) > 0)
		return -1;
	key = key_make(ctl, &secret);
	sodium_memzero(&secret, sizeof(secret));
	res = pg_run(
	    &ctl->pg,
	    "INSERT INTO auth.signing_key (kid, public_key, sealed_seed, active_from) "
	    "SELECT $1, $2::bytea, $3::bytea, now() + CASE WHEN count(*) = 0 THEN '0 s'::interval ELSE '30 s' END "
	    "FROM auth.signing_key WHERE retired_at IS NULL HAVING count(*) < $4::int "
	    "RETURNING moa.rfc3339(active_from) AS active_from",
	    PG_ARGS(key.kid, key.public_key, key.sealed_seed, arena_printf(&ctl->arena, "%d", most)));
	if (res) {
		added = PQntuples(res);
		if (added)
			printf("added %s, in use from %s\n", key.kid, pg_value(res, 0, "active_from"));
	}
	PQclear(res);
	return added;
}

/* Tokens live 15 minutes: what was superseded a day ago has signed none that is still good. */
static int
retire(struct ctl *ctl)
{
	PGresult *res =
	    pg_run(&ctl->pg,
		   "UPDATE auth.signing_key old SET retired_at = now() WHERE retired_at IS NULL AND EXISTS ("
		   "SELECT FROM auth.signing_key new WHERE new.retired_at IS NULL "
		   "AND new.active_from > old.active_from AND new.active_from < now() - interval '1 day') "
		   "RETURNING kid",
		   PG_NO_ARGS);
	int i;

	if (!res)
		return -1;
	for (i = 0; i < PQntuples(res); i++)
		printf("retired %s\n", pg_value(res, i, "kid"));
	PQclear(res);
	return 0;
}

int
keys_init(struct ctl *ctl, const char *const args[])
{
	(void)args;
	return key_add(ctl, 1) < 0 ? CTL_FAILED : CTL_DONE;
}

int
keys_rotate(struct ctl *ctl, const char *const args[])
{
	int added;

	(void)args;
	if (retire(ctl))
		return CTL_FAILED;
	added = key_add(ctl, TOKEN_KEYS_MAX);
	if (added == 0)
		ctl_error("%d keys are published, and more the programs do not take: wait a day",
			  TOKEN_KEYS_MAX);
	return added > 0 ? CTL_DONE : CTL_FAILED;
}

int
keys_list(struct ctl *ctl, const char *const args[])
{
	PGresult *res =
	    pg_run(&ctl->pg,
		   "SELECT kid, moa.rfc3339(active_from) AS active_from, "
		   "moa.rfc3339(retired_at) AS retired_at FROM auth.signing_key ORDER BY active_from",
		   PG_NO_ARGS);

	(void)args;
	if (!res)
		return CTL_FAILED;
	ctl_print(res);
	PQclear(res);
	return CTL_DONE;
}

/* Is this the secret half, sealed, of that public key?  Both are in hex. */
static bool
pair_opens(const struct secret *secret, const char *sealed_hex, const char *public_hex)
{
	unsigned char key[crypto_secretbox_KEYBYTES], sealed[SEALED_BYTES], seed[crypto_sign_SEEDBYTES];
	unsigned char public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];
	char made_hex[2 * sizeof(public_key) + 1];
	size_t len = 0;
	bool opens;

	seal_key(secret, key);
	opens =
	    sodium_hex2bin(sealed, sizeof(sealed), sealed_hex, strlen(sealed_hex), NULL, &len, NULL) == 0 &&
	    len == sizeof(sealed) &&
	    crypto_secretbox_open_easy(seed, sealed + crypto_secretbox_NONCEBYTES,
				       sizeof(sealed) - crypto_secretbox_NONCEBYTES, sealed, key) == 0;
	if (opens) {
		crypto_sign_seed_keypair(public_key, secret_key, seed);
		sodium_bin2hex(made_hex, sizeof(made_hex), public_key, sizeof(public_key));
		opens = strcmp(made_hex, public_hex) == 0;
	}
	sodium_memzero(key, sizeof(key));
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(secret_key, sizeof(secret_key));
	return opens;
}

/* The first published key that the secret does not open, or NULL. */
static const char *
shut_key(struct ctl *ctl, const struct secret *secret, const PGresult *keys)
{
	int i;

	for (i = 0; i < PQntuples(keys); i++)
		if (!pair_opens(secret, pg_value(keys, i, "sealed"), pg_value(keys, i, "public")))
			return arena_strdup(&ctl->arena, pg_value(keys, i, "kid"));
	return NULL;
}

enum keys_state
keys_open(struct ctl *ctl, const char **ret_fault)
{
	struct secret secret = { { 0 } };
	const char *shut;
	PGresult *keys;

	*ret_fault = "MOA_AUTH_SECRET cannot be used";
	if (conf_read(secret_if_set_rows, &secret) > 0)
		return KEYS_SHUT;
	if (sodium_is_zero(secret.key, sizeof(secret.key)))
		return KEYS_NO_SECRET;
	keys = pg_run(&ctl->pg,
		      "SELECT kid, encode(public_key, 'hex') AS public, encode(sealed_seed, 'hex') AS sealed "
		      "FROM auth.signing_key WHERE retired_at IS NULL",
		      PG_NO_ARGS);
	*ret_fault = "cannot be answered";
	shut = keys ? shut_key(ctl, &secret, keys) : NULL;
	sodium_memzero(&secret, sizeof(secret));
	if (!keys)
		return KEYS_SHUT;
	PQclear(keys);
	if (!shut)
		return KEYS_OPEN;
	*ret_fault = arena_printf(&ctl->arena, "MOA_AUTH_SECRET does not open key %s", shut);
	return KEYS_SHUT;
}
