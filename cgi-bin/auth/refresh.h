/* Refresh tokens: 32 random bytes in base64url.  Only hashes are stored; a successor follows from its predecessor. */
#ifndef REFRESH_H
#define REFRESH_H

#include <stdbool.h>

struct arena;

enum { REFRESH_HASH_LEN = 32, REFRESH_KEY_LEN = 32 };

/** refresh_new(a, ret_hash): A new token, and its hash. */
char *refresh_new(struct arena *a, unsigned char ret_hash[REFRESH_HASH_LEN]);

/** refresh_hash(token, ret_hash): Store the hash of ${token}.  False if it does not look like a token. */
bool refresh_hash(const char *token, unsigned char ret_hash[REFRESH_HASH_LEN]);

/**
 * refresh_next(a, key, token, ret_hash):
 * The successor of ${token} and its hash: always the same under the same ${key}, and without it not to be told from a
 * random one.  NULL if ${token} does not look like one.
 */
char *refresh_next(struct arena *a, const unsigned char key[REFRESH_KEY_LEN], const char *token,
		   unsigned char ret_hash[REFRESH_HASH_LEN]);

#endif
