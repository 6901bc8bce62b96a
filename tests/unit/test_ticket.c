/* The decision of a turn about its ticket, case by case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ticket.h"

static const struct {
	struct ticket_sight sight;
	enum ticket_step step;
} cases[] = {
	/* held, asked, full, same, redis, stored */
	{ { true, false, false, false, 4, 4 }, TICKET_RUN },
	{ { true, false, false, false, 0, 0 }, TICKET_RUN },
	{ { true, false, false, false, -1, 0 }, TICKET_REBUILD },
	{ { true, false, false, false, 3, 4 }, TICKET_REBUILD },
	{ { true, false, false, false, 5, 4 }, TICKET_REBUILD },
	{ { true, false, true, false, 500, 500 }, TICKET_OVER },
	{ { true, true, false, false, 4, 5 }, TICKET_REPLAY },
	{ { true, true, true, false, 500, 500 }, TICKET_REPLAY },
	{ { false, true, false, true, 4, 5 }, TICKET_REPLAY },
	{ { false, true, false, false, 4, 5 }, TICKET_REPLAY },
	{ { false, false, false, false, 4, 5 }, TICKET_SEIZE },
	{ { false, false, false, true, 4, 5 }, TICKET_JOIN },
	{ { false, false, false, true, 4, 4 }, TICKET_JOIN },
	{ { false, false, false, true, -1, 4 }, TICKET_JOIN },
	{ { false, false, false, false, 4, 4 }, TICKET_REFUSE },
	{ { false, false, false, false, -1, 4 }, TICKET_REFUSE },
	{ { false, false, false, false, 5, 4 }, TICKET_REFUSE },
};

static void
test_every_case_has_its_step(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("case %zu\n", i);
		assert_int_equal(ticket_next(&cases[i].sight), cases[i].step);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_case_has_its_step) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
