/* Values there and back: text, numbers, truth values, bytes, lists, and nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "database.h"
#include "fields.h"

enum { T_ECHO, T_LINES, T__MAX };

static const struct stmt stmts[T__MAX] = {
	[T_ECHO] = { "echo", 4, "SELECT $1::text AS t, $2::bigint AS n, $3::boolean AS b, $4::bytea AS bin" },
	[T_LINES] = { "lines", 1,
		      "SELECT cardinality(l) AS n, array_to_string(l, '|') AS joined FROM (SELECT $1::text[] AS l) q" },
};

static int
set_up(void **state)
{
	struct db_conf conf = conf_for(conninfo, 1);

	(void)state;
	open_db(&conf, stmts, T__MAX);
	return 0;
}

static void
values_come_back(void **state)
{
	static const int64_t numbers[] = { 0, 1, -1, INT64_MAX, INT64_MIN };
	static const char bytes[] = "a\0\xff\\'b";
	const unsigned char *bin;
	struct db_result res;
	struct request r;
	size_t i, len;

	(void)state;
	begin(&r, 5000);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		assert_int_equal(db_run(&r.rq, T_ECHO,
					DB_ARGS(db_text("모아 'x' \\ \"y\""), db_i64(&r.rq, numbers[i]),
						db_bool(i % 2), db_bytes(bytes, sizeof(bytes))),
					&res),
				 OK);
		assert_string_equal(db_str(&res, 0, "t"), "모아 'x' \\ \"y\"");
		assert_true(db_num(&res, 0, "n") == numbers[i]);
		assert_int_equal(db_true(&res, 0, "b"), i % 2);
		bin = db_bin(&res, 0, "bin", &len);
		assert_int_equal(len, sizeof(bytes));
		assert_memory_equal(bin, bytes, len);
	}
	assert_true(db_has(&res, "bin"));
	assert_false(db_has(&res, "none"));
	request_end(&r);
}

static void
null_is_not_empty(void **state)
{
	struct db_result res;
	struct request r;
	size_t len = 99;

	(void)state;
	begin(&r, 5000);
	assert_int_equal(db_run(&r.rq, T_ECHO,
				DB_ARGS(db_text(NULL), db_text(NULL), db_text(NULL), db_bytes(NULL, 0)),
				&res),
			 OK);
	assert_null(db_str(&res, 0, "t"));
	assert_int_equal(db_num(&res, 0, "n"), 0);
	assert_false(db_true(&res, 0, "b"));
	assert_null(db_bin(&res, 0, "bin", &len));
	assert_int_equal(db_run(&r.rq, T_ECHO,
				DB_ARGS(db_text(""), db_i64(&r.rq, 0), db_bool(false), db_bytes("", 0)),
				&res),
			 OK);
	assert_string_equal(db_str(&res, 0, "t"), "");
	assert_non_null(db_bin(&res, 0, "bin", &len));
	assert_int_equal(len, 0);
	request_end(&r);
}

static void
lists_keep_their_elements(void **state)
{
	const char *words[] = { "plain",   "with, comma", "\"quoted\"", "back\\slash",
				"{brace}", "NULL",	  "",		"모아" };
	const struct lines lists[] = { { sizeof(words) / sizeof(words[0]), words }, { 0, NULL } };
	static const char *const joined[] = { "plain|with, comma|\"quoted\"|back\\slash|{brace}|NULL||모아",
					      "" };
	struct db_result res;
	struct request r;
	size_t i;

	(void)state;
	begin(&r, 5000);
	for (i = 0; i < 2; i++) {
		assert_int_equal(db_run(&r.rq, T_LINES, DB_ARGS(db_lines(&r.rq, &lists[i])), &res), OK);
		assert_int_equal(db_num(&res, 0, "n"), lists[i].n);
		assert_string_equal(db_str(&res, 0, "joined"), joined[i]);
	}
	request_end(&r);
}

static int
begin_group(void **state)
{
	(void)state;
	start_pg("");
	return 0;
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(values_come_back),
		WITH_DB(null_is_not_empty),
		WITH_DB(lists_keep_their_elements),
	};

	return cmocka_run_group_tests(tests, begin_group, end_pg);
}
