/*
 * Checking access tokens.  Verifying a signature costs 50 us, so good tokens are kept by their hash in a direct-mapped
 * cache; a newer token simply takes an older one's place.  Making tokens is the auth program's business.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "json.h"
#include "jws.h"
#include "log.h"
#include "text.h"
#include "token.h"

enum {
	CACHE_SIZE = 4096,
	LOCKS = 64, /* each guards CACHE_SIZE / LOCKS entries */
	REREAD_MS = 10000,
	KEYS_LIFE_MS = 60000, /* how long a retired key may go on counting here */
	RETRY_MS = 1000,      /* between two attempts to read the keys while that fails */
	CLOCK_SKEW_S = 60,    /* how far ahead the clock of the machine that signed may be */
	LIFE_MAX_S = 86400,   /* a key is retired a day after it signed its last token */
};

struct cached {
	unsigned char hash[32]; /* BLAKE2b-256 of the token */
	unsigned generation;	/* of the keys it was verified with; 0: empty */
	struct token_claims claims;
};

struct tokens {
	char *issuer;
	pthread_rwlock_t keys_lock;
	struct token_key keys[TOKEN_KEYS_MAX];
	int nkeys;
	atomic_uint generation; /* changes with the keys; from 1 */
	pthread_mutex_t cache_lock[LOCKS];
	struct cached cache[CACHE_SIZE];
	pthread_mutex_t reread_lock;
	_Atomic int64_t read_ms;   /* when the keys were read last, by clock_ms; 0: never */
	_Atomic int64_t failed_ms; /* when the last attempt failed; 0: it did not */
};

struct tokens *
token_open(const char *issuer)
{
	struct tokens *t = calloc(1, sizeof(*t));
	int i;

	if (!t)
		abort();
	t->issuer = strdup(issuer);
	if (!t->issuer)
		abort();
	pthread_rwlock_init(&t->keys_lock, NULL);
	pthread_mutex_init(&t->reread_lock, NULL);
	for (i = 0; i < LOCKS; i++)
		pthread_mutex_init(&t->cache_lock[i], NULL);
	atomic_init(&t->generation, 1);
	return t;
}

void
token_close(struct tokens *t)
{
	int i;

	if (!t)
		return;
	for (i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&t->cache_lock[i]);
	pthread_mutex_destroy(&t->reread_lock);
	pthread_rwlock_destroy(&t->keys_lock);
	free(t->issuer);
	free(t);
}

static bool
keys_equal(const struct token_key *a, const struct token_key *b, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(a[i].kid, b[i].kid) != 0 ||
		    memcmp(a[i].public_key, b[i].public_key, sizeof(a[i].public_key)) != 0)
			return false;
	return true;
}

void
token_set_keys(struct tokens *t, const struct token_key *keys, int n)
{
	if (n > TOKEN_KEYS_MAX)
		n = TOKEN_KEYS_MAX;
	pthread_rwlock_wrlock(&t->keys_lock);
	/* Anybody can make us re-read the keys with an invented kid; that must not empty the cache. */
	if (n != t->nkeys || !keys_equal(t->keys, keys, n)) {
		if (n > 0)
			memcpy(t->keys, keys, (size_t)n * sizeof(*keys));
		t->nkeys = n;
		atomic_fetch_add(&t->generation, 1);
	}
	pthread_rwlock_unlock(&t->keys_lock);
}

/* Copy the public key called kid, and which generation of keys it is of. */
static bool
key_find(struct tokens *t, const char *kid, unsigned char ret_key[32], unsigned *ret_generation)
{
	bool found = false;
	int i;

	pthread_rwlock_rdlock(&t->keys_lock);
	for (i = 0; i < t->nkeys && !found; i++) {
		if (strcmp(t->keys[i].kid, kid) != 0)
			continue;
		memcpy(ret_key, t->keys[i].public_key, sizeof(t->keys[i].public_key));
		*ret_generation = atomic_load(&t->generation);
		found = true;
	}
	pthread_rwlock_unlock(&t->keys_lock);
	return found;
}

/* The cache's place for a token with this hash. */
static size_t
cache_index(const unsigned char hash[32])
{
	return (hash[0] | (size_t)hash[1] << 8) % CACHE_SIZE;
}

static bool
cache_get(struct tokens *t, const unsigned char hash[32], struct token_claims *ret_claims)
{
	size_t i = cache_index(hash);
	const struct cached *entry = &t->cache[i];
	bool hit;

	pthread_mutex_lock(&t->cache_lock[i % LOCKS]);
	hit = entry->generation == atomic_load(&t->generation) &&
	      memcmp(entry->hash, hash, sizeof(entry->hash)) == 0;
	if (hit)
		*ret_claims = entry->claims;
	pthread_mutex_unlock(&t->cache_lock[i % LOCKS]);
	return hit;
}

static void
cache_put(struct tokens *t, const unsigned char hash[32], unsigned generation,
	  const struct token_claims *claims)
{
	size_t i = cache_index(hash);
	struct cached *entry = &t->cache[i];

	pthread_mutex_lock(&t->cache_lock[i % LOCKS]);
	memcpy(entry->hash, hash, sizeof(entry->hash));
	entry->generation = generation;
	entry->claims = *claims;
	pthread_mutex_unlock(&t->cache_lock[i % LOCKS]);
}

static bool
member_uuid(struct json_object *object, const char *name, char ret_uuid[37])
{
	const char *value = json_member_text(object, name);

	if (!value || !text_is_uuid(value))
		return false;
	memcpy(ret_uuid, value, 37);
	return true;
}

static bool
member_role(struct json_object *object, enum role *ret_role)
{
	if (!json_member_is(object, "role", "customer") && !json_member_is(object, "role", "admin"))
		return false;
	*ret_role = json_member_is(object, "role", "admin") ? ROLE_ADMIN : ROLE_CUSTOMER;
	return true;
}

/* Everything a token says, but whether it has expired. */
static bool
claims_read(const struct tokens *t, struct json_object *payload, int64_t now_s,
	    struct token_claims *ret_claims)
{
	const char *jti = json_member_text(payload, "jti");
	int64_t issued_s = json_member_i64(payload, "iat", -1),
		expires_s = json_member_i64(payload, "exp", -1);

	if (!json_member_is(payload, "iss", t->issuer) || !json_member_is(payload, "aud", t->issuer) ||
	    !jti || !*jti)
		return false;
	if (issued_s < 0 || expires_s <= issued_s || issued_s > now_s + CLOCK_SKEW_S)
		return false;
	if (expires_s - issued_s > LIFE_MAX_S)
		return false;
	ret_claims->expires_s = expires_s;
	return member_uuid(payload, "sub", ret_claims->customer) &&
	       member_uuid(payload, "sid", ret_claims->session) && member_role(payload, &ret_claims->role);
}

/* Verify a token that the cache does not know. */
static enum err
verify(struct tokens *t, struct arena *a, const char *text, int64_t now_s, struct token_claims *ret_claims,
       unsigned *ret_generation)
{
	unsigned char key[32];
	struct jws jws;

	if (!jws_read(a, text, &jws))
		return ERR_TOKEN_INVALID;
	if (!key_find(t, jws.kid, key, ret_generation))
		return ERR_NOT_FOUND;
	if (!jws_verify(&jws, key))
		return ERR_TOKEN_INVALID;
	return claims_read(t, jws.payload, now_s, ret_claims) ? OK : ERR_TOKEN_INVALID;
}

enum err
token_check(struct tokens *t, const char *jws, int64_t now_s, struct token_claims *ret_claims)
{
	size_t len = strnlen(jws, TOKEN_LEN_MAX + 1);
	struct token_claims claims = { 0 };
	unsigned char hash[32];
	unsigned generation;
	struct arena arena;
	enum err e;

	if (len > TOKEN_LEN_MAX)
		return ERR_TOKEN_INVALID;
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)jws, len, NULL, 0);
	if (!cache_get(t, hash, &claims)) {
		arena_init(&arena);
		e = verify(t, &arena, jws, now_s, &claims, &generation);
		arena_free(&arena);
		if (e)
			return e;
		cache_put(t, hash, generation, &claims);
	}
	if (claims.expires_s <= now_s)
		return ERR_TOKEN_EXPIRED;
	*ret_claims = claims;
	return OK;
}

/* Take one row of auth.jwk. */
static bool
key_from_row(const struct db_result *res, int row, struct token_key *ret_key)
{
	const char *kid = db_str(res, row, "kid");
	size_t len = 0;
	const unsigned char *public_key = db_bin(res, row, "public_key", &len);

	if (!kid || strlen(kid) >= sizeof(ret_key->kid) || !public_key ||
	    len != sizeof(ret_key->public_key)) {
		log_event(LOG_ERROR, "token_keys", "row=%d fault=\"not an Ed25519 key\"", row);
		return false;
	}
	memcpy(ret_key->kid, kid, strlen(kid) + 1);
	memcpy(ret_key->public_key, public_key, len);
	return true;
}

/* The statement is the process's, once a minute: the request that happens to run it has its time, but does not count it. */
static enum err
keys_query(struct tokens *t, const struct req *rq)
{
	struct token_key keys[TOKEN_KEYS_MAX];
	struct trace trace = *rq->trace;
	struct req reading = *rq;
	struct db_result res;
	int row, n = 0;
	enum err e;

	reading.trace = &trace;
	e = db_run(&reading, DB_JWK, DB_NO_ARGS, &res);
	trace.statements = rq->trace->statements;
	*rq->trace = trace;
	if (e)
		return ERR_UNAVAILABLE;
	for (row = 0; row < res.rows && n < TOKEN_KEYS_MAX; row++)
		if (key_from_row(&res, row, &keys[n]))
			n++;
	token_set_keys(t, keys, n);
	return OK;
}

/* The same, and note when.  The caller holds reread_lock. */
static enum err
keys_read(struct tokens *t, const struct req *rq)
{
	enum err e = keys_query(t, rq);

	if (e == OK)
		atomic_store(&t->read_ms, clock_ms());
	atomic_store(&t->failed_ms, e ? clock_ms() : 0);
	return e;
}

/* Were the keys read in the last ms milliseconds? */
static bool
read_within(const struct tokens *t, int64_t ms)
{
	int64_t read_ms = atomic_load(&t->read_ms);

	return read_ms && clock_ms() - read_ms < ms;
}

/* Was the last attempt to read the keys a failure of the last ms milliseconds? */
static bool
failed_within(const struct tokens *t, int64_t ms)
{
	int64_t failed_ms = atomic_load(&t->failed_ms);

	return failed_ms && clock_ms() - failed_ms < ms;
}

/* Become the one thread that reads the keys.  Others wait, but not while the database fails: they would all hang with it. */
static bool
reread_begin(struct tokens *t, int64_t deadline_ms)
{
	struct timespec deadline = { .tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000 };
	int busy;

	if (failed_within(t, REREAD_MS))
		busy = pthread_mutex_trylock(&t->reread_lock);
	else
		busy = pthread_mutex_clocklock(&t->reread_lock, CLOCK_MONOTONIC, &deadline);
	return busy == 0;
}

/*
 * Read the keys again unless that was done just now: one thread reads, the others wait for it and need not.  A failure is
 * everybody's for a while, or an invented kid would hold up a thread for as long as the database takes to be given up.
 */
static enum err
keys_refresh(struct tokens *t, const struct req *rq)
{
	enum err e = OK;

	if (failed_within(t, RETRY_MS) || !reread_begin(t, rq->deadline_ms))
		return ERR_UNAVAILABLE;
	if (failed_within(t, RETRY_MS))
		e = ERR_UNAVAILABLE;
	else if (!read_within(t, REREAD_MS))
		e = keys_read(t, rq);
	pthread_mutex_unlock(&t->reread_lock);
	return e;
}

/*
 * Read keys that are old again, so that one that was retired stops counting; true if that was done.  One thread reads, the
 * others go on with the keys there are, and so do all while the database fails.
 */
static bool
keys_renew(struct tokens *t, const struct req *rq)
{
	bool renewed = false;

	if (!atomic_load(&t->read_ms) || read_within(t, KEYS_LIFE_MS) || failed_within(t, REREAD_MS))
		return false;
	if (pthread_mutex_trylock(&t->reread_lock))
		return false;
	if (!read_within(t, KEYS_LIFE_MS) && !failed_within(t, REREAD_MS))
		renewed = keys_read(t, rq) == OK;
	pthread_mutex_unlock(&t->reread_lock);
	return renewed;
}

enum err
token_caller(struct tokens *t, const struct req *rq, const char *jws, struct token_claims *ret_claims)
{
	enum err e = token_check(t, jws, clock_unix_s(), ret_claims);

	if (e == OK && keys_renew(t, rq))
		e = token_check(t, jws, clock_unix_s(), ret_claims);
	if (e != ERR_NOT_FOUND)
		return e;
	e = keys_refresh(t, rq);
	if (e)
		return e;
	e = token_check(t, jws, clock_unix_s(), ret_claims);
	return e == ERR_NOT_FOUND ? ERR_TOKEN_INVALID : e;
}
