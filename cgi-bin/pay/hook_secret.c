/* Keyed BLAKE2b-256 of the seed.  Whoever has only the database, or a copy of it, cannot sign as moa. */
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "hook_secret.h"

/* What a hash is for: two uses never give the same. */
enum { FOR_SECRET = 1, FOR_ID = 2, ID_BYTES = 8 };

static void
derive(const struct hook_key *key, unsigned char use, const unsigned char *seed, size_t len,
       unsigned char ret_hash[HOOK_SECRET_LEN])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, key->at, sizeof(key->at), HOOK_SECRET_LEN);
	crypto_generichash_update(&state, &use, 1);
	crypto_generichash_update(&state, seed, len);
	crypto_generichash_final(&state, ret_hash, HOOK_SECRET_LEN);
}

const char *
hook_key_id(struct arena *a, const struct hook_key *key)
{
	unsigned char hash[HOOK_SECRET_LEN];
	char hex[2 * ID_BYTES + 1];

	if (sodium_is_zero(key->at, sizeof(key->at)))
		return NULL;
	derive(key, FOR_ID, NULL, 0, hash);
	return arena_strdup(a, sodium_bin2hex(hex, sizeof(hex), hash, ID_BYTES));
}

bool
hook_secret(struct arena *a, const struct hook_key *key, const char *key_id,
	    const unsigned char seed[HOOK_SECRET_LEN], unsigned char ret_secret[HOOK_SECRET_LEN])
{
	const char *own = key_id ? hook_key_id(a, key) : NULL;

	if (!key_id)
		memcpy(ret_secret, seed, HOOK_SECRET_LEN);
	else if (own && strcmp(own, key_id) == 0)
		derive(key, FOR_SECRET, seed, HOOK_SECRET_LEN, ret_secret);
	else
		return false;
	return true;
}

const char *
hook_secret_text(struct arena *a, const unsigned char secret[HOOK_SECRET_LEN])
{
	char text[sodium_base64_ENCODED_LEN(HOOK_SECRET_LEN, sodium_base64_VARIANT_ORIGINAL)];
	const char *shown;

	sodium_bin2base64(text, sizeof(text), secret, HOOK_SECRET_LEN, sodium_base64_VARIANT_ORIGINAL);
	shown = arena_printf(a, "whsec_%s", text);
	sodium_memzero(text, sizeof(text));
	return shown;
}
