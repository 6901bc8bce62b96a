/* The state of an auth process: keys derived from its secret, the hasher, the refused; and how passwords are hashed. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "auth.h"
#include "clock.h"
#include "refused.h"
#include "req.h"

enum { STATEMENT_MS = 500, REFUSED_SLOTS = 1024 };

struct auth_conf auth_conf;

const struct conf_row auth_conf_rows[] = {
	{ "MOA_AUTH_SECRET", CONF_KEY32, offsetof(struct auth_conf, secret), 0, 0, CONF_REQUIRED,
	  "32 bytes, hex or base64; without the same ones nobody can sign in" },
	{ 0 },
};

struct metric auth_metrics[] = {
	[METRIC_SIGN_IN] = { "moa_auth_sign_ins_total", "result=\"ok\"", "Sign-ins by what came of them.",
			     0 },
	[METRIC_WRONG_PASSWORD] = { "moa_auth_sign_ins_total", "result=\"bad_credentials\"", NULL, 0 },
	[METRIC_LIMITED] = { "moa_auth_sign_ins_total", "result=\"rate_limited\"", NULL, 0 },
	[METRIC_OVERLOADED] = { "moa_auth_hashes_refused_total", NULL,
				"Passwords not hashed: too many at once.", 0 },
	[METRIC_REUSED] = { "moa_auth_refresh_reused_total", NULL,
			    "Sessions ended because a refresh token came twice.", 0 },
	{ 0 },
};

static int64_t
gauge_waiting(const void *hasher)
{
	return hasher_waiting(hasher);
}

void *
auth_open(void)
{
	struct auth *auth = calloc(1, sizeof(*auth));
	int id;

	if (!auth)
		abort();
	for (id = KEY_REFRESH_SUCCESSOR; id < KEY__MAX; id++)
		crypto_kdf_derive_from_key(auth->keys[id], AUTH_KEY_LEN, (uint64_t)id, "moa-auth",
					   auth_conf.secret);
	sodium_memzero(auth_conf.secret, sizeof(auth_conf.secret));
	auth->hasher = hasher_open(hasher_cores());
	auth->refused = refused_open(REFUSED_SLOTS);
	metrics_gauge("moa_auth_hashes_waiting", "Passwords waiting to be hashed.", gauge_waiting,
		      auth->hasher);
	return auth;
}

void
auth_close(void *domain)
{
	struct auth *auth = domain;

	hasher_close(auth->hasher);
	refused_close(auth->refused);
	sodium_memzero(auth, sizeof(*auth));
	free(auth);
}

/* E-mail addresses are ASCII here (text_is_email), so this is what lower(email) does in SQL. */
const char *
auth_account(struct arena *a, const char *email)
{
	char *account = arena_strdup(a, email), *at;

	for (at = account; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at += 'a' - 'A';
	return account;
}

enum err
auth_hash(const struct req *rq, const char *account, const char *password, char ret_phc[HASHER_PHC_SIZE])
{
	const struct auth *auth = rq->domain;
	unsigned char salt[HASHER_SALT_LEN];
	enum err e;

	crypto_generichash(salt, sizeof(salt), (const unsigned char *)account, strlen(account),
			   auth->keys[KEY_PASSWORD_SALT], AUTH_KEY_LEN);
	e = hasher_run(auth->hasher, password, salt, rq->deadline_ms - STATEMENT_MS, ret_phc);
	if (e)
		metrics_add(&auth_metrics[METRIC_OVERLOADED], 1);
	return e;
}
