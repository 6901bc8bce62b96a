/* The state of a pay process: its configuration, where clients reach it, and whose key a merchant's request came with. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "metrics.h"
#include "pay.h"
#include "req.h"
#include "watch.h"

enum { KEY_HASH_BYTES = 32 };

struct pay_conf pay_conf;

const struct conf_row pay_conf_rows[] = {
	{ "MOA_PUBLIC_URL", CONF_STR, offsetof(struct pay_conf, public_url), 8, 200, NULL,
	  "where customers reach moa, https://pay.example; unset: as the request's Host says" },
	GATEWAY_CONF(offsetof(struct pay_conf, gateway)),
	{ "MOA_GATEWAY_CLIENT_KEY", CONF_STR, offsetof(struct pay_conf, gateway_client_key), 1, 200, NULL,
	  "key with which a customer's page opens the gateway's window" },
	{ "MOA_GATEWAY_WINDOW_URL", CONF_STR, offsetof(struct pay_conf, gateway_window_url), 1, 500, NULL,
	  "that window as a page; without one the page uses the gateway's script" },
	HOOK_KEY_CONF(offsetof(struct pay_conf, webhook_key)),
	{ "MOA_WEBHOOK_PRIVATE", CONF_BOOL, offsetof(struct pay_conf, webhook_private), 0, 1, "0",
	  "1: webhooks may go to private addresses, and over plain http" },
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

static int64_t
gauge_streams(const void *pay)
{
	return watch_count(((const struct pay *)pay)->watch);
}

void *
pay_open(void)
{
	struct pay *pay = calloc(1, sizeof(*pay));

	if (!pay)
		abort();
	pay->watch = watch_open();
	pay->gateway = gateway_open(&pay_conf.gateway);
	metrics_gauge("moa_pay_streams", "Payment windows that wait for their checkout's events now.",
		      gauge_streams, pay);
	return pay;
}

void
pay_close(void *domain)
{
	struct pay *pay = domain;

	watch_close(pay->watch);
	gateway_close(pay->gateway);
	free(pay);
}

const struct pay *
pay_of(const struct req *rq)
{
	return rq->domain;
}
