/* Every statement the pay program may run.  What they call is in sql/, from 0009_ledger.sql on. */
#include "pay.h"

const struct stmt pay_stmts[PAY__MAX] = {
	[PAY_GRADES] = { "pay_grades", 0, "SELECT NULL AS code, result FROM pay.grades" },
	[PAY_REQUEST] = { "pay_request", 11,
			  "SELECT code, result, replayed FROM "
			  "pay.create_request($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)" },
	[PAY_CLAIM] = { "pay_claim", 3, "SELECT code, result, retry_after_s FROM pay.claim($1, $2, $3)" },
	[PAY_APPROVE] = { "pay_approve", 5,
			  "SELECT code, result, replayed FROM pay.approve($1, $2, $3, $4, $5)" },
	[PAY_WATCH] = { "pay_watch", 2, "SELECT place, status FROM pay.watch($1, $2)" },
	[PAY_CLOSE] = { "pay_close", 1, "SELECT code, result FROM pay.close_checkout($1)" },
};
