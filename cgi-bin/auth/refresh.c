/* Refresh tokens, their hashes (BLAKE2b-256) and their successors (keyed BLAKE2b-256). */
#include <string.h>

#include <sodium.h>

#include "refresh.h"
#include "text.h"

enum { SECRET_LEN = 32 };

/* The bytes a token stands for.  False if it stands for none. */
static bool
secret_read(const char *token, unsigned char ret_secret[SECRET_LEN])
{
	size_t len;

	return text_unbase64url(token, strlen(token), ret_secret, SECRET_LEN, &len) && len == SECRET_LEN;
}

static char *
token_of(struct arena *a, const unsigned char secret[SECRET_LEN], unsigned char ret_hash[REFRESH_HASH_LEN])
{
	crypto_generichash(ret_hash, REFRESH_HASH_LEN, secret, SECRET_LEN, NULL, 0);
	return text_base64url(a, secret, SECRET_LEN);
}

char *
refresh_new(struct arena *a, unsigned char ret_hash[REFRESH_HASH_LEN])
{
	unsigned char secret[SECRET_LEN];

	randombytes_buf(secret, sizeof(secret));
	return token_of(a, secret, ret_hash);
}

bool
refresh_hash(const char *token, unsigned char ret_hash[REFRESH_HASH_LEN])
{
	unsigned char secret[SECRET_LEN];

	if (!secret_read(token, secret))
		return false;
	crypto_generichash(ret_hash, REFRESH_HASH_LEN, secret, SECRET_LEN, NULL, 0);
	return true;
}

char *
refresh_next(struct arena *a, const unsigned char key[REFRESH_KEY_LEN], const char *token,
	     unsigned char ret_hash[REFRESH_HASH_LEN])
{
	unsigned char secret[SECRET_LEN] = { 0 }, next[SECRET_LEN];

	if (!secret_read(token, secret))
		return NULL;
	crypto_generichash(next, sizeof(next), secret, sizeof(secret), key, REFRESH_KEY_LEN);
	return token_of(a, next, ret_hash);
}
