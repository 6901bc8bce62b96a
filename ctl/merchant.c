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

/* Show the merchant in res and the key made for it; or say that there is none. */
static int
print_key(PGresult *res, const char *key)
{
	int found = res && *pg_value(res, 0, "id");

	if (found) {
		ctl_print(res);
		printf("key: %s\n", key);
	} else if (res) {
		ctl_error("no merchant has this id");
	}
	PQclear(res);
	return found ? CTL_DONE : CTL_FAILED;
}

int
merchant_add(struct ctl *ctl, const char *const args[])
{
	const char *key = key_make(ctl);

	return print_key(pg_run(&ctl->pg,
				"SELECT result ->> 'id' AS id, result ->> 'name' AS name "
				"FROM pay.add_merchant('" CTL_ITSELF "', $1, decode($2, 'hex'))",
				PG_ARGS(args[0], hash_of(ctl, key))),
			 key);
}

int
merchant_list(struct ctl *ctl, const char *const args[])
{
	PGresult *res = pg_run(&ctl->pg,
			       "SELECT m.id, m.name, moa.rfc3339(m.created_at) AS created_at, "
			       "jsonb_array_length(pay.merchant_json(m) -> 'keys') AS keys "
			       "FROM pay.merchant m WHERE m.closed_at IS NULL ORDER BY m.created_at, m.id",
			       PG_NO_ARGS);

	(void)args;
	if (!res)
		return CTL_FAILED;
	ctl_print(res);
	PQclear(res);
	return CTL_DONE;
}

/* How long the keys before it count is an interval of PostgreSQL's; a day if nothing is said. */
int
merchant_rotate(struct ctl *ctl, const char *const args[])
{
	const char *key = key_make(ctl);

	return print_key(pg_run(&ctl->pg,
				"SELECT result ->> 'id' AS id, result ->> 'name' AS name, "
				"result #>> '{keys,1,until}' AS old_key_until FROM pay.rotate_key("
				"'" CTL_ITSELF "', $1::uuid, decode($2, 'hex'), greatest($3::interval, '0'))",
				PG_ARGS(args[0], hash_of(ctl, key), args[1] ? args[1] : "1 day")),
			 key);
}
