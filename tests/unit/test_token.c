/*
 * token.c: our tokens are good, forged ones are not, and the keys are read when they must be.
 * The database is the few functions below, which count how often they are asked; the clock can be put forward.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <sodium.h>

#include "db.h"
#include "request.h"
#include "servers.h"
#include "text.h"
#include "token.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define HEADER	     "{\"alg\":\"EdDSA\",\"kid\":\"key-1\"}"
#define CUSTOMER     "123e4567-e89b-42d3-a456-426614174000"
#define SESSION	     "223e4567-e89b-42d3-a456-426614174000"
#define NOW	     INT64_C(1800000000)

/* A key pair, and the row of auth.jwk that it would have. */
struct signer {
	struct token_key key;
	unsigned char secret[crypto_sign_SECRETKEYBYTES];
};

static struct signer signer, stranger;

static atomic_llong later_ms; /* how far clock_ms is ahead */

int64_t
clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000 + atomic_load(&later_ms) * 1000;
}

int64_t
clock_ms(void)
{
	return clock_us() / 1000;
}

int
clock_left_ms(int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - clock_ms();

	return left_ms > 0 ? (int)left_ms : 0;
}

int64_t
clock_unix_s(void)
{
	return time(NULL);
}

/* What the database holds, and how it behaves. */
static struct {
	struct token_key rows[2];
	int nrows;
	int key_len;
	enum err e;
	atomic_int asked;
	pthread_mutex_t gate; /* a statement runs while it can take this */
} database = { .gate = PTHREAD_MUTEX_INITIALIZER };

enum err
db_run(const struct req *rq, int id, struct db_args args, struct db_result *ret_res)
{
	assert_int_equal(id, DB_JWK);
	assert_int_equal(args.n, 0);
	atomic_fetch_add(&database.asked, 1);
	pthread_mutex_lock(&database.gate);
	pthread_mutex_unlock(&database.gate);
	*ret_res = (struct db_result){ .arena = rq->arena, .rows = database.nrows };
	return database.e;
}

const char *
db_str(const struct db_result *res, int row, const char *column)
{
	assert_true(row < res->rows);
	assert_string_equal(column, "kid");
	return database.rows[row].kid;
}

const unsigned char *
db_bin(const struct db_result *res, int row, const char *column, size_t *ret_len)
{
	assert_true(row < res->rows);
	assert_string_equal(column, "public_key");
	*ret_len = (size_t)database.key_len;
	return database.rows[row].public_key;
}

static void
signer_init(struct signer *s, const char *kid)
{
	*s = (struct signer){ 0 };
	snprintf(s->key.kid, sizeof(s->key.kid), "%s", kid);
	crypto_sign_keypair(s->key.public_key, s->secret);
}

/* A JWS of this header and payload, rightly signed. */
static char *
sign(struct arena *a, const struct signer *s, const char *header, const char *payload)
{
	char *text = arena_printf(a, "%s.%s", text_base64url(a, header, strlen(header)),
				  text_base64url(a, payload, strlen(payload)));
	unsigned char signature[crypto_sign_BYTES];

	crypto_sign_detached(signature, NULL, (unsigned char *)text, strlen(text), s->secret);
	return arena_printf(a, "%s.%s", text, text_base64url(a, signature, sizeof(signature)));
}

static char *
payload_until(struct arena *a, int64_t expires_s)
{
	return arena_printf(a,
			    "{\"iss\":\"moa\",\"aud\":\"moa\",\"sub\":\"" CUSTOMER "\",\"sid\":\"" SESSION
			    "\",\"role\":\"customer\",\"jti\":\"j1\",\"iat\":%lld,\"exp\":%lld}",
			    (long long)expires_s - 900, (long long)expires_s);
}

/* What every test has: an arena, and a checker that knows the signer's key. */
struct fixture {
	struct request r;
	struct tokens *tokens;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	request_begin(&f->r, 10000);
	f->tokens = token_open("moa");
	token_set_keys(f->tokens, &signer.key, 1);
	database.rows[0] = signer.key;
	database.nrows = 1;
	database.key_len = sizeof(signer.key.public_key);
	database.e = OK;
	atomic_store(&database.asked, 0);
	atomic_store(&later_ms, 0);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	token_close(f->tokens);
	request_end(&f->r);
	free(f);
	return 0;
}

static void
test_good(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims;
	const char *jws = sign(&f->r.arena, &signer, HEADER, payload_until(&f->r.arena, NOW + 900));
	int round;

	for (round = 0; round < 2; round++) { /* verified, then from the cache */
		claims = (struct token_claims){ 0 };
		assert_int_equal(token_check(f->tokens, jws, NOW, &claims), OK);
		assert_string_equal(claims.customer, CUSTOMER);
		assert_string_equal(claims.session, SESSION);
		assert_int_equal(claims.role, ROLE_CUSTOMER);
		assert_int_equal(claims.expires_s, NOW + 900);
	}
}

static void
test_expiry(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims = { .customer = "untouched" };
	const char *jws = sign(&f->r.arena, &signer, HEADER, payload_until(&f->r.arena, NOW + 900));

	assert_int_equal(token_check(f->tokens, jws, NOW + 900, &claims),
			 ERR_TOKEN_EXPIRED); /* just verified */
	assert_string_equal(claims.customer, "untouched");
	assert_int_equal(token_check(f->tokens, jws, NOW + 899, &claims), OK);
	assert_int_equal(token_check(f->tokens, jws, NOW + 900, &claims),
			 ERR_TOKEN_EXPIRED); /* from the cache */
	assert_int_equal(token_check(f->tokens, jws, NOW + 90000, &claims), ERR_TOKEN_EXPIRED);
}

static void
test_headers(void **state)
{
	static const struct {
		const char *header;
		enum err e;
	} cases[] = {
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\"}", OK },
		{ "{\"kid\":\"key-1\",\"typ\":\"JWT\",\"alg\":\"EdDSA\"}", OK },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-2\"}", ERR_NOT_FOUND },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"\"}", ERR_NOT_FOUND },
		{ "{\"alg\":\"none\",\"kid\":\"key-1\"}", ERR_TOKEN_INVALID },
		{ "{\"alg\":\"None\"}", ERR_TOKEN_INVALID },
		{ "{\"alg\":\"HS256\",\"kid\":\"key-1\"}", ERR_TOKEN_INVALID },
		{ "{\"alg\":\"ES256\",\"kid\":\"key-1\"}", ERR_TOKEN_INVALID },
		{ "{\"alg\":\"eddsa\",\"kid\":\"key-1\"}", ERR_TOKEN_INVALID },
		{ "{\"alg\":[\"EdDSA\"],\"kid\":\"key-1\"}", ERR_TOKEN_INVALID },
		{ "{\"alg\":\"EdDSA\"}", ERR_TOKEN_INVALID },
		{ "{\"alg\":\"EdDSA\",\"kid\":1}", ERR_TOKEN_INVALID },
		{ "{\"alg\":\"EdDSA\",\"kid\":null}", ERR_TOKEN_INVALID },
		{ "{\"kid\":\"key-1\"}", ERR_TOKEN_INVALID },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\",\"typ\":\"at+jwt\"}", ERR_TOKEN_INVALID },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\",\"typ\":null}", ERR_TOKEN_INVALID },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\",\"crit\":[\"b64\"],\"b64\":false}",
		  ERR_TOKEN_INVALID },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\",\"jwk\":{\"kty\":\"OKP\"}}", ERR_TOKEN_INVALID },
		{ "{\"alg\":\"EdDSA\",\"kid\":\"key-1\",\"jku\":\"https://example.com\"}",
		  ERR_TOKEN_INVALID },
		{ "{\"alg\":\"none\",\"alg\":\"EdDSA\",\"kid\":\"key-1\"}", ERR_TOKEN_INVALID },
		{ "[]", ERR_TOKEN_INVALID },
		{ "null", ERR_TOKEN_INVALID },
		{ "", ERR_TOKEN_INVALID },
		{ "{", ERR_TOKEN_INVALID },
	};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct token_claims claims;
		const char *jws =
		    sign(&f->r.arena, &signer, cases[i].header, payload_until(&f->r.arena, NOW + 900));

		if (token_check(f->tokens, jws, NOW, &claims) != cases[i].e)
			fail_msg("%s", cases[i].header);
	}
}

static void
test_claims(void **state)
{
	static const struct {
		const char *without, *with; /* replaced in the good payload */
		enum err e;
	} cases[] = {
		{ "\"role\":\"customer\"", "\"role\":\"admin\"", OK },
		{ "\"jti\":\"j1\"", "\"jti\":\"j1\",\"more\":{\"a\":[]}", OK },
		{ "\"role\":\"customer\"", "\"role\":\"root\"", ERR_TOKEN_INVALID },
		{ "\"role\":\"customer\"", "\"role\":null", ERR_TOKEN_INVALID },
		{ "\"role\":\"customer\",", "", ERR_TOKEN_INVALID },
		{ "\"iss\":\"moa\"", "\"iss\":\"moab\"", ERR_TOKEN_INVALID },
		{ "\"iss\":\"moa\",", "", ERR_TOKEN_INVALID },
		{ "\"aud\":\"moa\"", "\"aud\":\"other\"", ERR_TOKEN_INVALID },
		{ "\"aud\":\"moa\"", "\"aud\":[\"moa\"]", ERR_TOKEN_INVALID },
		{ "\"aud\":\"moa\",", "", ERR_TOKEN_INVALID },
		{ "\"sub\":\"1", "\"sub\":\"", ERR_TOKEN_INVALID },
		{ "\"sub\":\"" CUSTOMER "\",", "", ERR_TOKEN_INVALID },
		{ "\"sid\":\"2", "\"sid\":\"x", ERR_TOKEN_INVALID },
		{ "\"sid\":\"" SESSION "\",", "", ERR_TOKEN_INVALID },
		{ "\"jti\":\"j1\"", "\"jti\":\"\"", ERR_TOKEN_INVALID },
		{ "\"jti\":\"j1\",", "", ERR_TOKEN_INVALID },
		{ "\"iat\":1800000000", "\"iat\":1800000060", OK }, /* clocks differ */
		{ "\"iat\":1800000000", "\"iat\":1800000061", ERR_TOKEN_INVALID },
		{ "\"iat\":1800000000", "\"iat\":-1", ERR_TOKEN_INVALID },
		{ "\"iat\":1800000000,", "", ERR_TOKEN_INVALID },
		{ "\"exp\":1800000900", "\"exp\":1799999999", ERR_TOKEN_INVALID }, /* before iat */
		{ "\"exp\":1800000900", "\"exp\":1800086400", OK },		   /* a day after iat */
		{ "\"exp\":1800000900", "\"exp\":1800086401", ERR_TOKEN_INVALID },
		{ "\"exp\":1800000900", "\"exp\":9223372036854775807", ERR_TOKEN_INVALID },
		{ "\"exp\":1800000900", "\"exp\":\"1800000900\"", ERR_TOKEN_INVALID },
		{ "\"exp\":1800000900", "\"exp\":1800000900.5", ERR_TOKEN_INVALID },
		{ ",\"exp\":1800000900", "", ERR_TOKEN_INVALID },
		{ "\"jti\":\"j1\"", "\"jti\":\"j1\",\"jti\":\"j2\"", ERR_TOKEN_INVALID },
	};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		const char *good = payload_until(&f->r.arena, NOW + 900),
			   *at = strstr(good, cases[i].without);
		struct token_claims claims;
		const char *payload, *jws;

		assert_non_null(at);
		payload = arena_printf(&f->r.arena, "%.*s%s%s", (int)(at - good), good, cases[i].with,
				       at + strlen(cases[i].without));
		jws = sign(&f->r.arena, &signer, HEADER, payload);
		if (token_check(f->tokens, jws, NOW, &claims) != cases[i].e)
			fail_msg("%s", payload);
	}
}

static void
test_role_admin(void **state)
{
	static const char admin[] = "admin\",   "; /* as long as customer", */
	struct fixture *f = *state;
	struct token_claims claims;
	char *payload = payload_until(&f->r.arena, NOW + 900), *role = strstr(payload, "customer");

	memcpy(role, admin, sizeof(admin) - 1);
	assert_int_equal(token_check(f->tokens, sign(&f->r.arena, &signer, HEADER, payload), NOW, &claims),
			 OK);
	assert_int_equal(claims.role, ROLE_ADMIN);
}

/* The header and payload of a good token, signed as HMAC-SHA-256 with the public key for the secret. */
static char *
forge_hs256(struct arena *a)
{
	static const char header[] = "{\"alg\":\"HS256\",\"kid\":\"key-1\"}";
	const char *payload = payload_until(a, NOW + 900);
	char *text = arena_printf(a, "%s.%s", text_base64url(a, header, strlen(header)),
				  text_base64url(a, payload, strlen(payload)));
	unsigned char mac[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256(mac, (unsigned char *)text, strlen(text), signer.key.public_key);
	return arena_printf(a, "%s.%s", text, text_base64url(a, mac, sizeof(mac)));
}

/* The same signature, written with stray bits in its last character. */
static char *
respell(struct arena *a, const char *jws)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char *copy = arena_strdup(a, jws), *last = copy + strlen(copy) - 1;

	*last = digits[strchr(digits, *last) - digits + 1];
	return copy;
}

/* A good token in which a '_' became a byte that libsodium 1.0.18 takes for one. */
static char *
respell_high(struct arena *a)
{
	char *jws, *digit;
	int64_t i;

	for (i = 900;; i++) {
		jws = sign(a, &signer, HEADER, payload_until(a, NOW + i));
		digit = strchr(jws, '_');
		if (digit) {
			*digit = '\xBE';
			return jws;
		}
	}
}

/* The same signature with S + L for S, which a lax verifier takes too. */
static char *
add_order(struct arena *a, const char *jws)
{
	static const unsigned char order[32] = { 0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58,       0xD6,
						 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, [31] = 0x10 };
	char *copy = arena_strdup(a, jws), *part = strrchr(copy, '.') + 1;
	unsigned char signature[crypto_sign_BYTES];
	size_t len;

	assert_true(text_unbase64url(part, strlen(part), signature, sizeof(signature), &len));
	sodium_add(signature + 32, order, sizeof(order));
	*part = '\0';
	return arena_printf(a, "%s%s", copy, text_base64url(a, signature, sizeof(signature)));
}

static void
test_forged(void **state)
{
	struct fixture *f = *state;
	struct arena *a = &f->r.arena;
	const char *good = sign(a, &signer, HEADER, payload_until(a, NOW + 900));
	const char *dot1 = strchr(good, '.'), *dot2 = strrchr(good, '.');
	const char *none = "{\"alg\":\"none\"}";
	const char *later = payload_until(a, NOW + 90000);
	char long_kid[3000] = "";
	const char *const cases[] = {
		"",
		".",
		"..",
		"...",
		"a.b.c",
		"Bearer",
		good + 1,
		/* alg none, with no signature and with none of the dots */
		arena_printf(a, "%s%.*s.", text_base64url(a, none, strlen(none)), (int)(dot2 - dot1), dot1),
		arena_printf(a, "%s%.*s", text_base64url(a, none, strlen(none)), (int)(dot2 - dot1), dot1),
		forge_hs256(a),
		/* no signature, a cut one, one of zeros, somebody else's, one for other claims */
		arena_printf(a, "%.*s.", (int)(dot2 - good), good),
		arena_printf(a, "%.*s", (int)(dot2 - good), good),
		arena_printf(a, "%.*s", (int)strlen(good) - 2, good),
		arena_printf(a, "%.*s.%086d", (int)(dot2 - good), good, 0),
		sign(a, &stranger, HEADER, payload_until(a, NOW + 900)),
		arena_printf(a, "%.*s.%s%s", (int)(dot1 - good), good,
			     text_base64url(a, later, strlen(later)), dot2),
		/* another part, padding, white space, the other base64 alphabet, characters that are none */
		arena_printf(a, "%s.", good),
		arena_printf(a, "%s.x", good),
		arena_printf(a, ".%s", good),
		arena_printf(a, "%s%s", good, dot2),
		arena_printf(a, "%s=", good),
		arena_printf(a, "%s==", good),
		arena_printf(a, "%s\n", good),
		arena_printf(a, " %s", good),
		arena_printf(a, "%s ", good),
		arena_printf(a, "%.*s=%s", (int)(dot1 - good), good, dot1),
		arena_printf(a, "%.*s\r\n%s", (int)(dot1 - good), good, dot1),
		arena_printf(a, "+%s", good + 1),
		arena_printf(a, "%s\xEA\xB0\x80", good),
		respell_high(a),
		respell(a, good),
		add_order(a, good),
		memset(long_kid, 'A', sizeof(long_kid) - 1),
	};
	struct token_claims claims;
	size_t i;
	int round;

	for (round = 0; round < 2; round++) { /* before and after the good token is in the cache */
		for (i = 0; i < COUNT(cases); i++)
			if (token_check(f->tokens, cases[i], NOW, &claims) != ERR_TOKEN_INVALID)
				fail_msg("case %zu, round %d: %s", i, round, cases[i]);
		assert_int_equal(token_check(f->tokens, good, NOW, &claims), OK);
	}
}

static void
test_oversized(void **state)
{
	struct fixture *f = *state;
	struct arena *a = &f->r.arena;
	struct token_claims claims;
	const char *payload = payload_until(a, NOW + 900), *jws;
	size_t pad, longest = 0;

	/* White space in the payload makes a good token of almost any length. */
	for (pad = 0;; pad++) {
		jws = sign(a, &signer, HEADER, arena_printf(a, "{%*s%s", (int)pad, "", payload + 1));
		if (strlen(jws) > TOKEN_LEN_MAX)
			break;
		longest = strlen(jws);
		assert_int_equal(token_check(f->tokens, jws, NOW, &claims), OK);
	}
	assert_true(longest >= TOKEN_LEN_MAX - 1);
	assert_int_equal(token_check(f->tokens, jws, NOW, &claims), ERR_TOKEN_INVALID);
}

static void
test_key_change(void **state)
{
	struct fixture *f = *state;
	struct token_key both[2] = { signer.key, stranger.key };
	struct token_claims claims;
	const char *ours = sign(&f->r.arena, &signer, HEADER, payload_until(&f->r.arena, NOW + 900));
	const char *theirs = sign(&f->r.arena, &stranger, "{\"alg\":\"EdDSA\",\"kid\":\"key-2\"}",
				  payload_until(&f->r.arena, NOW + 900));

	assert_int_equal(token_check(f->tokens, ours, NOW, &claims), OK);
	assert_int_equal(token_check(f->tokens, theirs, NOW, &claims), ERR_NOT_FOUND);
	token_set_keys(f->tokens, both, 2);
	assert_int_equal(token_check(f->tokens, ours, NOW, &claims), OK);
	assert_int_equal(token_check(f->tokens, theirs, NOW, &claims), OK);
	/* A retired key takes its cached tokens along. */
	token_set_keys(f->tokens, &stranger.key, 1);
	assert_int_equal(token_check(f->tokens, ours, NOW, &claims), ERR_NOT_FOUND);
	assert_int_equal(token_check(f->tokens, theirs, NOW, &claims), OK);
	token_set_keys(f->tokens, NULL, 0);
	assert_int_equal(token_check(f->tokens, theirs, NOW, &claims), ERR_NOT_FOUND);
}

/* Best of some rounds, so that a busy machine does not decide. */
static int64_t
quickest_check_us(struct tokens *t, const char *const *jws, int n)
{
	struct token_claims claims;
	int64_t best = INT64_MAX;
	int i;

	for (i = 0; i < n; i++) {
		int64_t begin = clock_us(), took;

		assert_int_equal(token_check(t, jws[i], NOW, &claims), OK);
		took = clock_us() - begin;
		if (took < best)
			best = took;
	}
	return best;
}

static void
test_cache_is_quick_and_bounded(void **state)
{
	enum { MANY = 10000, SAMPLE = 50 };
	struct fixture *f = *state;
	const char **jws = arena_alloc(&f->r.arena, MANY * sizeof(*jws));
	struct token_claims claims;
	int64_t miss_us, hit_us;
	int i;

	for (i = 0; i < MANY; i++) {
		const char *payload = payload_until(&f->r.arena, NOW + 1 + i % 900);

		jws[i] = sign(&f->r.arena, &signer, HEADER,
			      arena_printf(&f->r.arena, "{%*s%s", i / 900, "", payload + 1));
	}
	miss_us = quickest_check_us(f->tokens, jws, SAMPLE);
	hit_us = quickest_check_us(f->tokens, jws, SAMPLE);
	assert_true(hit_us * 4 < miss_us);
	/* More tokens than places: each is still told right, with its own claims, whether it lost its place or not. */
	for (i = 0; i < 2 * MANY; i++) {
		assert_int_equal(token_check(f->tokens, jws[i % MANY], NOW, &claims), OK);
		assert_int_equal(claims.expires_s, NOW + 1 + i % MANY % 900);
	}
}

/* A token that is good by the real clock. */
static char *
sign_for_now(struct fixture *f, const struct signer *s)
{
	char *header = arena_printf(&f->r.arena, "{\"alg\":\"EdDSA\",\"kid\":\"%s\"}", s->key.kid);

	return sign(&f->r.arena, s, header, payload_until(&f->r.arena, clock_unix_s() + 900));
}

static void
test_caller_reads_keys_once(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims;

	token_set_keys(f->tokens, NULL, 0);
	assert_int_equal(token_caller(f->tokens, &f->r.rq, sign_for_now(f, &signer), &claims), OK);
	assert_string_equal(claims.customer, CUSTOMER);
	assert_int_equal(token_caller(f->tokens, &f->r.rq, sign_for_now(f, &signer), &claims), OK);
	assert_int_equal(atomic_load(&database.asked), 1);
	/* Unknown kids, and it is too early to read again. */
	assert_int_equal(token_caller(f->tokens, &f->r.rq, sign_for_now(f, &stranger), &claims),
			 ERR_TOKEN_INVALID);
	assert_int_equal(token_caller(f->tokens, &f->r.rq, sign_for_now(f, &stranger), &claims),
			 ERR_TOKEN_INVALID);
	assert_int_equal(atomic_load(&database.asked), 1);
}

static void
test_caller_asks_nothing_of_what_cannot_be_a_token(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims;
	char *expired = sign(&f->r.arena, &signer, HEADER, payload_until(&f->r.arena, clock_unix_s()));

	assert_int_equal(token_caller(f->tokens, &f->r.rq, "nonsense", &claims), ERR_TOKEN_INVALID);
	assert_int_equal(token_caller(f->tokens, &f->r.rq, forge_hs256(&f->r.arena), &claims),
			 ERR_TOKEN_INVALID);
	assert_int_equal(token_caller(f->tokens, &f->r.rq, expired, &claims), ERR_TOKEN_EXPIRED);
	assert_int_equal(atomic_load(&database.asked), 0);
}

static void
test_caller_without_database(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims;

	database.e = ERR_UNAVAILABLE;
	assert_int_equal(token_caller(f->tokens, &f->r.rq, sign_for_now(f, &signer), &claims),
			 OK); /* the key is known */
	assert_int_equal(token_caller(f->tokens, &f->r.rq, sign_for_now(f, &stranger), &claims),
			 ERR_UNAVAILABLE);
}

/* A fixture whose keys were just read, and a token of the signer's. */
static const char *
read_keys(struct fixture *f)
{
	const char *jws = sign_for_now(f, &signer);
	struct token_claims claims;

	token_set_keys(f->tokens, NULL, 0);
	assert_int_equal(token_caller(f->tokens, &f->r.rq, jws, &claims), OK);
	assert_int_equal(atomic_load(&database.asked), 1);
	return jws;
}

static void
test_a_retired_key_stops_counting_within_a_minute(void **state)
{
	struct fixture *f = *state;
	const char *jws = read_keys(f);
	struct token_claims claims;

	atomic_store(&later_ms, 50000);
	assert_int_equal(token_caller(f->tokens, &f->r.rq, jws, &claims), OK);
	assert_int_equal(atomic_load(&database.asked), 1);
	atomic_store(&later_ms, 60000); /* still published */
	assert_int_equal(token_caller(f->tokens, &f->r.rq, jws, &claims), OK);
	assert_int_equal(atomic_load(&database.asked), 2);
	database.rows[0] = stranger.key;
	atomic_store(&later_ms, 120000);
	assert_int_equal(token_caller(f->tokens, &f->r.rq, jws, &claims), ERR_TOKEN_INVALID);
	assert_int_equal(atomic_load(&database.asked), 3);
}

static void
test_old_keys_count_while_the_database_fails(void **state)
{
	struct fixture *f = *state;
	const char *jws = read_keys(f);
	struct token_claims claims;
	int i;

	database.e = ERR_UNAVAILABLE;
	atomic_store(&later_ms, 60000);
	for (i = 0; i < 3; i++)
		assert_int_equal(token_caller(f->tokens, &f->r.rq, jws, &claims), OK);
	assert_int_equal(atomic_load(&database.asked), 2);
	atomic_store(&later_ms, 70000); /* tried again, not sooner */
	assert_int_equal(token_caller(f->tokens, &f->r.rq, jws, &claims), OK);
	assert_int_equal(atomic_load(&database.asked), 3);
}

/* A token that becomes good when its key can be read. */
struct hope {
	struct fixture *f;
	const char *jws;
};

static bool
key_is_found(void *ptr)
{
	const struct hope *hope = ptr;
	struct token_claims claims;

	return token_caller(hope->f->tokens, &hope->f->r.rq, hope->jws, &claims) == OK;
}

static void
test_a_failure_is_remembered_for_a_second(void **state)
{
	struct fixture *f = *state;
	struct hope hope = { .f = f, .jws = sign_for_now(f, &stranger) };
	int64_t begun_ms = clock_ms();
	struct token_claims claims;

	database.e = ERR_UNAVAILABLE;
	assert_int_equal(token_caller(f->tokens, &f->r.rq, hope.jws, &claims), ERR_UNAVAILABLE);
	assert_int_equal(token_caller(f->tokens, &f->r.rq, hope.jws, &claims), ERR_UNAVAILABLE);
	assert_int_equal(atomic_load(&database.asked), 1);
	/* It does not count as a reading, which would be good for ten. */
	database.e = OK;
	database.rows[1] = stranger.key;
	database.nrows = 2;
	assert_true(server_wait(key_is_found, &hope));
	assert_true(clock_ms() - begun_ms < 5000);
	assert_int_equal(atomic_load(&database.asked), 2);
}

static void
test_caller_ignores_rows_that_are_no_keys(void **state)
{
	struct fixture *f = *state;
	struct token_claims claims;

	token_set_keys(f->tokens, NULL, 0);
	database.key_len = 31;
	assert_int_equal(token_caller(f->tokens, &f->r.rq, sign_for_now(f, &signer), &claims),
			 ERR_TOKEN_INVALID);
	assert_int_equal(atomic_load(&database.asked), 1);
}

/* One of several requests that meet an unknown kid at once. */
struct thread {
	pthread_t id;
	atomic_int *started;
	struct tokens *tokens;
	const char *jws;
	int deadline_ms;
	enum err e;
};

static void *
thread_calls(void *ptr)
{
	struct thread *thread = ptr;
	struct token_claims claims;
	struct request r;

	request_begin(&r, thread->deadline_ms);
	atomic_fetch_add(thread->started, 1);
	thread->e = token_caller(thread->tokens, &r.rq, thread->jws, &claims);
	request_end(&r);
	return NULL;
}

/* Start n threads that call with jws, and wait until all run. */
static void
threads_start(struct thread *threads, int n, struct fixture *f, const char *jws, int deadline_ms)
{
	atomic_int started = 0;
	int i;

	for (i = 0; i < n; i++) {
		threads[i] = (struct thread){ .started = &started,
					      .tokens = f->tokens,
					      .jws = jws,
					      .deadline_ms = deadline_ms,
					      .e = ERR__MAX };
		assert_int_equal(pthread_create(&threads[i].id, NULL, thread_calls, &threads[i]), 0);
	}
	while (atomic_load(&started) < n)
		sched_yield();
}

static void
test_one_thread_reads(void **state)
{
	enum { N = 16 };
	struct fixture *f = *state;
	struct thread threads[N];
	int i;

	token_set_keys(f->tokens, NULL, 0);
	pthread_mutex_lock(&database.gate); /* whoever asks is held up until all are there */
	threads_start(threads, N, f, sign_for_now(f, &signer), 20000);
	pthread_mutex_unlock(&database.gate);
	for (i = 0; i < N; i++) {
		pthread_join(threads[i].id, NULL);
		assert_int_equal(threads[i].e, OK);
	}
	assert_int_equal(atomic_load(&database.asked), 1);
}

static void
test_waiting_for_keys_has_a_deadline(void **state)
{
	struct fixture *f = *state;
	const char *jws = sign_for_now(f, &signer);
	struct thread reader, waiter;

	token_set_keys(f->tokens, NULL, 0);
	pthread_mutex_lock(&database.gate);
	threads_start(&reader, 1, f, jws, 20000);
	while (atomic_load(&database.asked) == 0)
		sched_yield();
	threads_start(&waiter, 1, f, jws, 20);
	pthread_join(waiter.id, NULL); /* while the reader is still held up */
	assert_int_equal(waiter.e, ERR_UNAVAILABLE);
	pthread_mutex_unlock(&database.gate);
	pthread_join(reader.id, NULL);
	assert_int_equal(reader.e, OK);
}

/* Those who waited for a reading that failed do not try in their turn. */
static void
test_a_failure_is_everybodys(void **state)
{
	enum { N = 16 };
	struct fixture *f = *state;
	struct thread threads[N];
	int i;

	token_set_keys(f->tokens, NULL, 0);
	database.e = ERR_UNAVAILABLE;
	pthread_mutex_lock(&database.gate);
	threads_start(threads, N, f, sign_for_now(f, &signer), 20000);
	pthread_mutex_unlock(&database.gate);
	for (i = 0; i < N; i++) {
		pthread_join(threads[i].id, NULL);
		assert_int_equal(threads[i].e, ERR_UNAVAILABLE);
	}
	assert_int_equal(atomic_load(&database.asked), 1);
}

/* Call until the database is asked again. */
static void *
thread_retries(void *ptr)
{
	while (atomic_load(&database.asked) < 2)
		thread_calls(ptr);
	return NULL;
}

static bool
asked_twice(void *unused)
{
	(void)unused;
	return atomic_load(&database.asked) == 2;
}

/* While one thread tries a database that has failed, the others answer at once. */
static void
test_nobody_waits_for_a_failing_database(void **state)
{
	struct fixture *f = *state;
	const char *jws = sign_for_now(f, &signer);
	struct token_claims claims;
	struct thread reader;
	atomic_int started = 0;
	int64_t begun_ms;

	token_set_keys(f->tokens, NULL, 0);
	database.e = ERR_UNAVAILABLE;
	assert_int_equal(token_caller(f->tokens, &f->r.rq, jws, &claims), ERR_UNAVAILABLE);
	reader =
	    (struct thread){ .started = &started, .tokens = f->tokens, .jws = jws, .deadline_ms = 20000 };
	pthread_mutex_lock(&database.gate);
	assert_int_equal(pthread_create(&reader.id, NULL, thread_retries, &reader), 0);
	assert_true(server_wait(asked_twice, NULL));
	begun_ms = clock_ms();
	assert_int_equal(token_caller(f->tokens, &f->r.rq, jws, &claims), ERR_UNAVAILABLE);
	assert_true(clock_ms() - begun_ms < 1000);
	pthread_mutex_unlock(&database.gate);
	pthread_join(reader.id, NULL);
	assert_int_equal(reader.e, ERR_UNAVAILABLE);
}

static int
make_signers(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	signer_init(&signer, "key-1");
	signer_init(&stranger, "key-2");
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_expiry, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_headers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_claims, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_role_admin, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_forged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_oversized, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_key_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cache_is_quick_and_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_caller_reads_keys_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_caller_asks_nothing_of_what_cannot_be_a_token, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_caller_without_database, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_caller_ignores_rows_that_are_no_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_retired_key_stops_counting_within_a_minute, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_old_keys_count_while_the_database_fails, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_one_thread_reads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_waiting_for_keys_has_a_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_failure_is_remembered_for_a_second, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_failure_is_everybodys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nobody_waits_for_a_failing_database, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, make_signers, NULL);
}
