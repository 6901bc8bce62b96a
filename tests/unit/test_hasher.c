/* hasher.c: PHC strings that others verify, a bounded queue, deadlines, and threads of low priority. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <dirent.h>
#include <pthread.h>
#include <sys/resource.h>

#include <cmocka.h>
#include <sodium.h>

#include "clock.h"
#include "hasher.h"

enum { LONG_MS = 20000, CROWD = HASHER_QUEUE_MAX + 40 };

static const unsigned char salt[HASHER_SALT_LEN] = "sixteen bytes !";

static void
test_phc(void **state)
{
	static const unsigned char other_salt[HASHER_SALT_LEN] = "another sixteen";
	struct hasher *h = hasher_open(1);
	char phc[HASHER_PHC_SIZE], again[HASHER_PHC_SIZE], other[HASHER_PHC_SIZE];

	(void)state;
	assert_int_equal(hasher_run(h, "비밀번호 12345", salt, clock_ms() + LONG_MS, phc), OK);
	assert_int_equal(strncmp(phc, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
	assert_int_equal(crypto_pwhash_str_verify(phc, "비밀번호 12345", strlen("비밀번호 12345")), 0);
	assert_int_not_equal(crypto_pwhash_str_verify(phc, "비밀번호 12346", strlen("비밀번호 12346")), 0);
	assert_int_equal(hasher_run(h, "비밀번호 12345", salt, clock_ms() + LONG_MS, again), OK);
	assert_string_equal(phc, again);
	assert_int_equal(hasher_run(h, "비밀번호 12345", other_salt, clock_ms() + LONG_MS, other), OK);
	assert_string_not_equal(phc, other);
	hasher_close(h);
}

static void
test_deadline_passed(void **state)
{
	struct hasher *h = hasher_open(1);
	char phc[HASHER_PHC_SIZE] = "untouched";

	(void)state;
	assert_int_equal(hasher_run(h, "x", salt, clock_ms() - 1, phc), ERR_OVERLOADED);
	assert_string_equal(phc, "untouched");
	assert_int_equal(hasher_waiting(h), 0);
	/* The thread that may have taken the job up meanwhile goes on to the next. */
	assert_int_equal(hasher_run(h, "x", salt, clock_ms() + LONG_MS, phc), OK);
	hasher_close(h);
}

struct crowd {
	struct hasher *h;
	atomic_int running, most_waiting, done, refused, other;
};

static void *
member(void *arg)
{
	struct crowd *c = arg;
	char phc[HASHER_PHC_SIZE];
	int waiting = hasher_waiting(c->h);
	enum err e;

	if (waiting > atomic_load(&c->most_waiting))
		atomic_store(&c->most_waiting, waiting);
	e = hasher_run(c->h, "x", salt, clock_ms() + 200, phc);
	atomic_fetch_add(e == OK ? &c->done : e == ERR_OVERLOADED ? &c->refused : &c->other, 1);
	return NULL;
}

/* More than the queue holds, with less time than all of them need: some are hashed, the rest refused, nobody is lost. */
static void
test_crowd(void **state)
{
	struct crowd c = { .h = hasher_open(1) };
	pthread_t threads[CROWD];
	char phc[HASHER_PHC_SIZE];
	int i;

	(void)state;
	for (i = 0; i < CROWD; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, member, &c), 0);
	for (i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(c.done + c.refused, CROWD);
	assert_true(c.refused > 0);
	assert_true(c.most_waiting <= HASHER_QUEUE_MAX);
	assert_int_equal(hasher_waiting(c.h), 0);
	assert_int_equal(hasher_run(c.h, "x", salt, clock_ms() + LONG_MS, phc), OK);
	hasher_close(c.h);
}

/* How many threads of this process have this nice value. */
static int
threads_of_nice(int nice)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			n += getpriority(PRIO_PROCESS, (id_t)strtoul(entry->d_name, NULL, 10)) == nice;
	closedir(dir);
	return n;
}

static void
test_low_priority(void **state)
{
	struct hasher *h = hasher_open(1);
	char phc[HASHER_PHC_SIZE];

	(void)state;
	/* A thread that has hashed has set its priority. */
	assert_int_equal(hasher_run(h, "x", salt, clock_ms() + LONG_MS, phc), OK);
	assert_int_equal(threads_of_nice(10), 1);
	assert_int_not_equal(getpriority(PRIO_PROCESS, 0), 10);
	hasher_close(h);
}

static void
test_as_many_as_cores(void **state)
{
	(void)state;
	assert_in_range(hasher_cores(), 1, 4);
	hasher_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phc),
		cmocka_unit_test(test_deadline_passed),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_low_priority),
		cmocka_unit_test(test_as_many_as_cores),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
