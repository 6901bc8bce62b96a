/* The handler of lists: what a query may say, and what the statement and the client get of it. */
#include "database.h"
#include "page.h"

enum { T_LIST, T__MAX };

static const struct stmt stmts[T__MAX] = {
	[T_LIST] = { "list", 3,
		     "SELECT CASE $2 WHEN 'bad' THEN 'invalid_cursor' END AS code, "
		     "concat_ws(' ', $1::text, coalesce($2::text, '-'), $3::text) AS result" },
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
the_query_goes_behind_the_arguments(void **state)
{
	static const struct {
		const char *query;
		enum err e;
		const char *reply;
	} rows[] = {
		{ "", OK, "who - 20" },
		{ "limit=100", OK, "who - 100" },
		{ "cursor=next&limit=1", OK, "who next 1" },
		{ "cursor=bad", ERR_INVALID_CURSOR, NULL },
		{ "limit=0", ERR_VALIDATION_FAILED, NULL },
		{ "limit=101", ERR_VALIDATION_FAILED, NULL },
		{ "limit=ten", ERR_VALIDATION_FAILED, NULL },
		{ "limit=1&limit=2", ERR_VALIDATION_FAILED, NULL },
		{ "q=1", ERR_VALIDATION_FAILED, NULL },
		{ "cursor=%00", ERR_MALFORMED_REQUEST, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request r;
		enum err e;

		begin(&r, 5000);
		r.rq.query = rows[i].query;
		e = page_reply(&r.rq, &r.rs, T_LIST, DB_ARGS(db_text("who")));
		if (e != rows[i].e)
			fail_msg("%s: %d", rows[i].query, e);
		if (rows[i].reply) {
			assert_int_equal(r.rs.status, 200);
			assert_string_equal(r.rs.body, rows[i].reply);
		}
		request_end(&r);
	}
}

static int
begin_pg(void **state)
{
	(void)state;
	start_pg("SELECT");
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_query_goes_behind_the_arguments, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, begin_pg, end_pg);
}
