/* The state of a pay process: its configuration, where clients reach it, and whose key a merchant's request came with. */
#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "pay.h"
#include "req.h"

enum { KEY_HASH_BYTES = 32 };

struct pay_conf pay_conf;

const struct conf_row pay_conf_rows[] = {
	{ "MOA_PUBLIC_URL", CONF_STR, offsetof(struct pay_conf, public_url), 8, 200, NULL,
	  "where customers reach moa, https://pay.example; unset: as the request's Host says" },
	{ 0 },
};

/* A host that may stand in a link: nothing but names, addresses and a port. */
static bool
is_host(const char *host)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]";

	return *host && strlen(host) <= 255 && !host[strspn(host, letters)];
}

const char *
pay_base(const struct req *rq)
{
	size_t len;

	if (!pay_conf.public_url)
		return arena_printf(rq->arena, "%s://%s", rq->https ? "https" : "http",
				    is_host(rq->host) ? rq->host : "localhost");
	len = strlen(pay_conf.public_url);
	while (len > 0 && pay_conf.public_url[len - 1] == '/')
		len--;
	return arena_printf(rq->arena, "%.*s", (int)len, pay_conf.public_url);
}

struct db_arg
pay_hash(struct arena *a, const char *key)
{
	unsigned char *hash = arena_alloc(a, KEY_HASH_BYTES);

	crypto_generichash(hash, KEY_HASH_BYTES, (const unsigned char *)key, strlen(key), NULL, 0);
	return db_bytes(hash, KEY_HASH_BYTES);
}

struct db_arg
pay_merchant(const struct req *rq)
{
	return pay_hash(rq->arena, rq->token);
}
