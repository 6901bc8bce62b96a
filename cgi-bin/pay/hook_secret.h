/* Secrets of webhook endpoints: made of a key that only programs have and a seed that only the database has */
#ifndef HOOK_SECRET_H
#define HOOK_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "attr.h"
#include "conf.h"

struct arena;

enum { HOOK_SECRET_LEN = 32 };

struct hook_key {
	unsigned char at[HOOK_SECRET_LEN]; /* all zero: there is none, and seeds are the secrets */
};

/* Row of a program's conf table that fills a struct hook_key at this offset. */
#define HOOK_KEY_CONF(at)                                                                                    \
	{                                                                                                    \
		"MOA_WEBHOOK_KEY", CONF_KEY32, (at), 0, 0, NULL,                                             \
		    "32 bytes that webhooks' secrets are made of; none: the database keeps them as they are" \
	}

/** hook_key_id(a, key): What tells this key from others without telling it, as the database notes beside a seed; NULL: there is none. */
const char *hook_key_id(struct arena *a, const struct hook_key *key);

/**
 * hook_secret(a, key, key_id, seed, ret_secret):
 * The secret of an endpoint with this ${seed}, for which ${key_id} was noted (NULL: the seed itself is it).  False, and nothing,
 * if that was another key.
 */
bool hook_secret(struct arena *a, const struct hook_key *key, const char *key_id,
		 const unsigned char seed[HOOK_SECRET_LEN],
		 unsigned char ret_secret[HOOK_SECRET_LEN]) MUST_CHECK;

/** hook_secret_text(a, secret): As merchants are told: "whsec_" and base64. */
const char *hook_secret_text(struct arena *a, const unsigned char secret[HOOK_SECRET_LEN]);

#endif
