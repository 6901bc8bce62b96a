/* Courtesy limits: what is counted together, when a window ends, and that they pass without Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include <hiredis/hiredis.h>

#include "kv.h"
#include "limit.h"
#include "request.h"
#include "servers.h"

static struct server redis;
static struct kv *kv;

static const struct limit three = { .name = "three", .max = 3, .window_s = 60 };

static bool
is_ready(void *ctx)
{
	return kv_ready(ctx);
}

/* Take from a limit once; the reply is in r until request_end. */
static enum err
take(struct request *r, const struct limit *limit, const char *subject)
{
	request_begin(r, 1000);
	r->rq.kv = kv;
	return limit_take(&r->rq, &r->rs, limit, subject);
}

static void
assert_takes(enum err expected, const struct limit *limit, const char *subject)
{
	struct request r;

	assert_int_equal(take(&r, limit, subject), expected);
	request_end(&r);
}

static const char *
header(const struct request *r, const char *name)
{
	const struct resp_header *h;

	for (h = r->rs.headers; h; h = h->next)
		if (strcmp(h->name, name) == 0)
			return h->value;
	return NULL;
}

static int
left_of(struct request *r, const struct limit *limit, const char *subject)
{
	request_begin(r, 1000);
	r->rq.kv = kv;
	return limit_left(&r->rq, &r->rs, limit, subject);
}

static void
assert_left(int expected, const struct limit *limit, const char *subject)
{
	struct request r;

	assert_int_equal(left_of(&r, limit, subject), expected);
	request_end(&r);
}

static void
spend(const struct limit *limit, const char *subject, int n)
{
	struct request r;

	request_begin(&r, 1000);
	r.rq.kv = kv;
	limit_spend(&r.rq, limit, subject, n);
	request_end(&r);
}

/* The one key in Redis that matches, and its time to live; in the arena of r. */
static const char *
only_key(struct request *r, const char *pattern, long long *ret_ttl_ms)
{
	const redisReply *keys, *ttl;

	request_begin(r, 1000);
	r->rq.kv = kv;
	assert_int_equal(kv_run(&r->rq, KV_ARGS("KEYS", pattern), &keys), OK);
	assert_int_equal(keys->elements, 1);
	assert_int_equal(kv_run(&r->rq, KV_ARGS("PTTL", keys->element[0]->str), &ttl), OK);
	*ret_ttl_ms = ttl->integer;
	return keys->element[0]->str;
}

static void
calls_are_counted_down_and_refused(void **state)
{
	static const char *const left[] = { "\"three\";r=2;t=60", "\"three\";r=1;t=60",
					    "\"three\";r=0;t=60" };
	struct request r;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(take(&r, &three, "anna"), OK);
		assert_string_equal(header(&r, "RateLimit"), left[i]);
		assert_string_equal(header(&r, "RateLimit-Policy"), "\"three\";q=3;w=60");
		request_end(&r);
	}
	assert_int_equal(take(&r, &three, "anna"), ERR_RATE_LIMITED);
	assert_string_equal(header(&r, "RateLimit"), left[2]);
	assert_int_equal(r.rs.retry_after_s, 60);
	request_end(&r);
}

static void
what_was_shed_is_given_back(void **state)
{
	static const struct limit scarce = { .name = "scarce", .max = 1, .window_s = 60 };
	struct request r;

	(void)state;
	assert_int_equal(take(&r, &scarce, "anna"), OK);
	limit_return(&r.rq, &scarce, "anna");
	limit_return(&r.rq, &scarce, "nobody has taken");
	request_end(&r);
	assert_takes(OK, &scarce, "anna");
	assert_takes(ERR_RATE_LIMITED, &scarce, "anna");
	assert_takes(OK, &scarce, "nobody has taken");
	assert_takes(ERR_RATE_LIMITED, &scarce, "nobody has taken");
}

static void
what_is_known_afterwards_is_spent(void **state)
{
	static const struct limit tokens = { .name = "tokens", .max = 1000, .window_s = 60 };
	struct request r;

	(void)state;
	assert_int_equal(left_of(&r, &tokens, "anna"), 1000);
	assert_string_equal(header(&r, "RateLimit"), "\"tokens\";r=1000;t=60");
	request_end(&r);
	spend(&tokens, "anna", 700);
	spend(&tokens, "anna", 0);
	spend(&tokens, "anna", -5);
	assert_int_equal(left_of(&r, &tokens, "anna"), 300);
	assert_string_equal(header(&r, "RateLimit"), "\"tokens\";r=300;t=60");
	assert_string_equal(header(&r, "RateLimit-Policy"), "\"tokens\";q=1000;w=60");
	request_end(&r);
	spend(&tokens, "anna", 2000000000);
	assert_left(0, &tokens, "anna");
	spend(&tokens, "anna", 2000000000);
	assert_left(0, &tokens, "anna");
	assert_left(1000, &tokens, "bert");
}

static void
a_spent_window_ends_too(void **state)
{
	static const struct limit short_one = { .name = "short", .max = 10, .window_s = 60 };
	const redisReply *reply;
	const char *key;
	long long ttl_ms;
	struct request r;

	(void)state;
	assert_left(10, &short_one, "one"); /* looking begins no window */
	spend(&short_one, "one", 10);
	key = only_key(&r, "limit:short:*", &ttl_ms);
	assert_in_range(ttl_ms, 1, 60000);
	assert_int_equal(kv_run(&r.rq, KV_ARGS("PEXPIRE", key, "0"), &reply), OK);
	request_end(&r);
	assert_left(10, &short_one, "one");
}

static void
several_limits_of_one_reply_are_a_list(void **state)
{
	static const struct limit turns = { .name = "turns", .max = 5, .window_s = 60 };
	static const struct limit tokens = { .name = "list-tokens", .max = 100, .window_s = 600 };
	struct request r;

	(void)state;
	assert_int_equal(take(&r, &turns, "anna"), OK);
	assert_int_equal(limit_left(&r.rq, &r.rs, &tokens, "anna"), 100);
	assert_string_equal(header(&r, "RateLimit"), "\"turns\";r=4;t=60, \"list-tokens\";r=100;t=600");
	assert_string_equal(header(&r, "RateLimit-Policy"),
			    "\"turns\";q=5;w=60, \"list-tokens\";q=100;w=600");
	request_end(&r);
}

static void
subjects_and_limits_are_apart(void **state)
{
	static const struct limit once = { .name = "once", .max = 1, .window_s = 60 };
	static const struct limit other = { .name = "other", .max = 1, .window_s = 60 };

	(void)state;
	assert_takes(OK, &once, "one");
	assert_takes(ERR_RATE_LIMITED, &once, "one");
	assert_takes(OK, &once, "two");
	assert_takes(OK, &once, "");
	assert_takes(OK, &other, "one");
}

static void
a_counter_hides_its_subject_and_expires(void **state)
{
	static const struct limit secret = { .name = "secret", .max = 5, .window_s = 30 };
	const char *subject = "someone@example.com";
	long long ttl_ms;
	struct request r;

	(void)state;
	assert_takes(OK, &secret, subject);
	assert_takes(OK, &secret, subject);
	assert_null(strstr(only_key(&r, "limit:secret:*", &ttl_ms), subject));
	assert_in_range(ttl_ms, 1, 30000);
	request_end(&r);
}

static void
a_window_that_ends_starts_anew(void **state)
{
	static const struct limit brief = { .name = "brief", .max = 1, .window_s = 60 };
	const redisReply *reply;
	const char *key;
	long long ttl_ms;
	struct request r;

	(void)state;
	assert_takes(OK, &brief, "one");
	assert_takes(ERR_RATE_LIMITED, &brief, "one");
	key = only_key(&r, "limit:brief:*", &ttl_ms);
	assert_int_equal(kv_run(&r.rq, KV_ARGS("PEXPIRE", key, "0"), &reply), OK);
	request_end(&r);
	assert_takes(OK, &brief, "one");
	assert_takes(ERR_RATE_LIMITED, &brief, "one");
}

/* As after a crash between two commands, were it not one script: a counter that never expires would refuse for ever. */
static void
a_counter_without_expiry_gets_one(void **state)
{
	static const struct limit stuck = { .name = "stuck", .max = 1, .window_s = 60 };
	const redisReply *reply;
	const char *key;
	long long ttl_ms;
	struct request r;

	(void)state;
	assert_takes(OK, &stuck, "one");
	key = only_key(&r, "limit:stuck:*", &ttl_ms);
	assert_int_equal(kv_run(&r.rq, KV_ARGS("PERSIST", key), &reply), OK);
	request_end(&r);
	assert_takes(ERR_RATE_LIMITED, &stuck, "one");
	only_key(&r, "limit:stuck:*", &ttl_ms);
	assert_in_range(ttl_ms, 1, 60000);
	request_end(&r);
}

static void
without_redis_all_pass_and_are_counted(void **state)
{
	static const struct limit none = { .name = "none", .max = 0, .window_s = 60 };
	long before = limit_passed_blind();
	struct request r;

	(void)state;
	assert_takes(ERR_RATE_LIMITED, &none, "one");
	assert_int_equal(limit_passed_blind(), before);
	server_kill(&redis);
	assert_int_equal(take(&r, &none, "one"), OK);
	assert_null(header(&r, "RateLimit"));
	request_end(&r);
	assert_takes(OK, &none, "one");
	assert_int_equal(limit_passed_blind(), before + 2);
	assert_left(three.max, &three, "nobody");
	spend(&three, "nobody", 3);
	assert_int_equal(limit_passed_blind(), before + 4);
	server_restart(&redis);
	assert_true(server_wait(is_ready, kv));
	assert_takes(ERR_RATE_LIMITED, &none, "one");
	assert_int_equal(limit_passed_blind(), before + 4);
}

static int
start_redis(void **state)
{
	struct kv_conf conf = { .address = redis.address, .pool = 2 };

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	server_redis(&redis);
	kv = kv_open(&conf);
	assert_true(server_wait(is_ready, kv));
	return 0;
}

static int
end_redis(void **state)
{
	(void)state;
	kv_close(kv);
	server_end(&redis);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_counted_down_and_refused),
		cmocka_unit_test(what_was_shed_is_given_back),
		cmocka_unit_test(what_is_known_afterwards_is_spent),
		cmocka_unit_test(a_spent_window_ends_too),
		cmocka_unit_test(several_limits_of_one_reply_are_a_list),
		cmocka_unit_test(subjects_and_limits_are_apart),
		cmocka_unit_test(a_counter_hides_its_subject_and_expires),
		cmocka_unit_test(a_window_that_ends_starts_anew),
		cmocka_unit_test(a_counter_without_expiry_gets_one),
		cmocka_unit_test(without_redis_all_pass_and_are_counted),
	};

	return cmocka_run_group_tests(tests, start_redis, end_redis);
}
