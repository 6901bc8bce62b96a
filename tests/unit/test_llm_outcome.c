/* What may come of a call to the model: statuses and faults, who is told what, and what may be tried again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"
#include "llm_outcome.h"
#include "metrics.h"
#include "route.h"

static void
statuses_differ(void **state)
{
	static const struct {
		int status;
		enum outcome outcome;
	} rows[] = {
		{ 429, LIMITED },  { 500, BROKEN }, { 503, BROKEN }, { 400, REJECTED }, { 413, REJECTED },
		{ 422, REJECTED }, { 401, DENIED }, { 404, DENIED }, { 302, DENIED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(llm_outcome_of_status(rows[i].status), rows[i].outcome);
}

static void
faults_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(llm_outcome_of_http(HTTP_FAULT_CONNECT), NO_CONNECTION);
	assert_int_equal(llm_outcome_of_http(HTTP_FAULT_DEADLINE), LATE);
	assert_int_equal(llm_outcome_of_http(HTTP_FAULT_IDLE), SILENT);
	assert_int_equal(llm_outcome_of_completion(COMPLETION_OK), ANSWERED);
	assert_int_equal(llm_outcome_of_completion(COMPLETION_ENOUGH), CANCELLED);
	assert_int_equal(llm_outcome_of_completion(COMPLETION_REFUSED), REFUSED);
}

/* Nothing that a customer may bring about by what he says tells against the server. */
static void
odd_answers_are_no_failures(void **state)
{
	static const enum outcome odd[] = { REJECTED, LARGE, REFUSED, EMPTY, CANCELLED };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_int_equal(llm_outcome_row(odd[i])->verdict, UNKNOWN);
}

static void
only_what_has_brought_no_text_is_tried_again(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < OUTCOMES; i++)
		assert_int_equal(llm_outcome_row((enum outcome)i)->again,
				 i == NO_CONNECTION || i == LIMITED || i == BROKEN);
}

/* All are counted, and none by another's name. */
static void
each_is_counted(void **state)
{
	static const struct route none[] = { { 0 } };
	const char *at;
	struct arena a;
	int i;

	(void)state;
	arena_init(&a);
	metrics_open("test", none, NULL);
	llm_outcome_show();
	for (i = 0; i < OUTCOMES; i++)
		llm_outcome_count((enum outcome)i);
	at = metrics_text(&a);
	for (i = 0; (at = strstr(at, "moa_llm_calls_total{")); i++) {
		at = strchr(at, '}');
		assert_int_equal(strncmp(at, "} 1\n", 4), 0);
	}
	assert_int_equal(i, OUTCOMES);
	arena_free(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses_differ),
		cmocka_unit_test(faults_are_told_apart),
		cmocka_unit_test(odd_answers_are_no_failures),
		cmocka_unit_test(only_what_has_brought_no_text_is_tried_again),
		cmocka_unit_test(each_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
