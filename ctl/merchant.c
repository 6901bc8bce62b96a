/* merchant: who sells, and the API keys they call with.  A key is printed once; only its hash is stored. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "ctl.h"
#include "text.h"

/* Who did it, in pay.audit: nobody who signs in. */
#define CTL_ITSELF "00000000-0000-0000-0000-000000000000"

enum { KEY_BYTES = 32, HASH_BYTES = 32 };

static const char *
key_make(struct ctl *ctl)
{
	return arena_printf(&ctl->arena, "msk_%s", text_token(&ctl->arena, KEY_BYTES));
}

static const char *
hash_of(struct ctl *ctl, const char *key)
{
	unsigned char hash[HASH_BYTES];
	char *hex = arena_alloc(&ctl->arena, 2 * sizeof(hash) + 1);

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)key, strlen(key), NULL, 0);
	return sodium_bin2hex(hex, 2 * sizeof(hash) + 1, hash, sizeof(hash));
}

int
merchant_add(struct ctl *ctl, const char *const args[])
{
	const char *key = key_make(ctl);
	PGresult *res = pg_run(&ctl->pg,
			       "SELECT result ->> 'id' AS id, result ->> 'name' AS name "
			       "FROM pay.add_merchant('" CTL_ITSELF "', $1, decode($2, 'hex'))",
			       PG_ARGS(args[0], hash_of(ctl, key)));

	if (!res)
		return CTL_FAILED;
	ctl_print(res);
	printf("key: %s\n", key);
	PQclear(res);
	return CTL_DONE;
}
