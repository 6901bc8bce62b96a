/* A program's configuration: what all have and the program's own, and what -r and --help tell of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "app_inside.h"

static struct {
	int64_t limit;
} own;

static const struct conf_row own_rows[] = {
	{ "MOA_OWN_LIMIT", CONF_INT, 0, 1, 10, "5", "how much is enough" },
	{ 0 },
};

static const struct route routes[] = {
	{ GET, "/api/v1/own/things", NULL, PUBLIC },
	{ POST, "/api/v1/own/things", NULL, MERCHANT | IDEMPOTENT | BODY },
	{ 0 },
};

static const struct program program = {
	.name = "own", .prefix = "/api/v1/own", .routes = routes, .conf = own_rows, .conf_values = &own
};

/* What a call that prints has printed. */
static const char *
printed(int (*print)(const struct program *))
{
	static char text[16 * 1024];
	int kept = dup(STDOUT_FILENO), file = memfd_create("out", 0);
	ssize_t n;

	assert_int_equal(fflush(stdout), 0);
	assert_int_equal(dup2(file, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(print(&program), 0);
	assert_int_equal(fflush(stdout), 0);
	assert_int_equal(dup2(kept, STDOUT_FILENO), STDOUT_FILENO);
	n = pread(file, text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	text[n] = '\0';
	close(kept);
	close(file);
	return text;
}

static int
tear_down(void **state)
{
	(void)state;
	unsetenv("MOA_THREADS");
	unsetenv("MOA_PG_POOL");
	unsetenv("MOA_OWN_LIMIT");
	return 0;
}

static void
presets_stand_where_nothing_is_set(void **state)
{
	struct app_conf conf;

	(void)state;
	setenv("MOA_THREADS", "12", 1);
	assert_int_equal(app_conf_read(&program, &conf), 0);
	assert_int_equal(conf.threads, 12);
	assert_int_equal(conf.db.pool, 8);
	assert_true(conf.db.prepare);
	assert_string_equal(conf.db.program, "own");
	assert_string_equal(conf.issuer, "moa");
	assert_int_equal(own.limit, 5);
}

static void
all_faults_are_counted(void **state)
{
	struct app_conf conf;

	(void)state;
	setenv("MOA_THREADS", "1", 1);
	setenv("MOA_PG_POOL", "many", 1);
	setenv("MOA_OWN_LIMIT", "0", 1);
	assert_int_equal(app_conf_read(&program, &conf), 3);
}

static void
help_names_every_variable(void **state)
{
	static const char *const words[] = { "own.fcgi",   "-s PATH",	    "MOA_PG ",
					     "MOA_REDIS ", "MOA_LOG_LEVEL", "MOA_OWN_LIMIT" };
	const char *help = printed(app_help);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_non_null(strstr(help, words[i]));
}

static void
routes_are_printed_with_their_flags(void **state)
{
	(void)state;
	assert_string_equal(printed(app_routes), "GET /api/v1/own/things PUBLIC\n"
						 "POST /api/v1/own/things MERCHANT IDEMPOTENT BODY\n"
						 "GET /api/v1/own/healthz PUBLIC\n"
						 "GET /api/v1/own/readyz PUBLIC\n"
						 "GET /api/v1/own/metrics PUBLIC\n");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(presets_stand_where_nothing_is_set, tear_down),
		cmocka_unit_test_teardown(all_faults_are_counted, tear_down),
		cmocka_unit_test(help_names_every_variable),
		cmocka_unit_test(routes_are_printed_with_their_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
