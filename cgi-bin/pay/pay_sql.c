/* Every statement the pay program may run.  What they call is in sql/, from 0009_ledger.sql on. */
#include "pay.h"

const struct stmt pay_stmts[PAY__MAX] = {
	[PAY_GRADES] = { "pay_grades", 0, "SELECT NULL AS code, result FROM pay.grades" },
};
