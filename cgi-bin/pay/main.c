/*
 * The pay program: buy now, pay later.  Each row below is answered by the file of the handler's first word; what a row's flags
 * ask for has been checked when its handler runs.  What moves money is a function in sql/: one statement, one commit.
 */
#include "pay.h"

#define PAY "/api/v1/pay"

static const struct route routes[] = {
	{ GET, PAY "/grades", grade_list, PUBLIC },
	{ 0 },
};

static const struct program pay = {
	.name = "pay",
	.prefix = PAY,
	.routes = routes,
	.stmts = pay_stmts,
	.nstmts = PAY__MAX,
};

int
main(int argc, char *argv[])
{
	return app_main(&pay, argc, argv);
}
