/* Every statement the pay program may run.  What they call is in sql/, from 0009_ledger.sql on. */
#include "pay.h"

#define PAY_MERCHANT_COLUMNS                                                                                     \
	"SELECT code, result ->> 'id' AS id, result ->> 'name' AS name, result ->> 'created_at' AS created_at, " \
	"result -> 'keys' AS keys"

const struct stmt pay_stmts[PAY__MAX] = {
	[PAY_GRADES] = { "pay_grades", 0, "SELECT NULL AS code, result FROM pay.grades" },
	[PAY_REQUEST] = { "pay_request", 11,
			  "SELECT code, result, replayed, retry_after_s FROM "
			  "pay.create_request($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)" },
	[PAY_SHOW_REQUEST] = { "pay_show_request", 3,
			       "SELECT code, result FROM pay.show_request($1, $2, $3)" },
	[PAY_ORDER] = { "pay_order", 5,
			"SELECT code, result FROM pay.requests_of_order($1, $2, $3, $4, $5)" },
	[PAY_CANCEL] = { "pay_cancel", 3, "SELECT code, result FROM pay.cancel_request($1, $2, $3)" },
	[PAY_CHECKOUT] = { "pay_checkout", 2,
			   "SELECT code, result, result #>> '{qr,payload}' AS payload FROM pay.checkout($1, $2)" },
	[PAY_ADD_MERCHANT] = { "pay_add_merchant", 3,
			       PAY_MERCHANT_COLUMNS " FROM pay.add_merchant($1, $2, $3)" },
	[PAY_ROTATE_KEY] = { "pay_rotate_key", 4,
			     PAY_MERCHANT_COLUMNS
			     " FROM pay.rotate_key($1, $2, $3, make_interval(secs => $4::bigint))" },
	[PAY_MERCHANTS] = { "pay_merchants", 3, "SELECT code, result FROM pay.admin_merchants($1, $2, $3)" },
	[PAY_CLAIM] = { "pay_claim", 4,
			"SELECT code, result, retry_after_s, limit_name, limit_max "
			"FROM pay.claim_from($1, $2, $3, $4)" },
	[PAY_APPROVE] = { "pay_approve", 5,
			  "SELECT code, result, replayed FROM pay.approve($1, $2, $3, $4, $5)" },
	[PAY_WATCH] = { "pay_watch", 2, "SELECT place, status, left_ms FROM pay.watch($1, $2)" },
	[PAY_CLOSE] = { "pay_close", 1, "SELECT code, result FROM pay.close_checkout($1)" },
	[PAY_START_REPAYMENT] = { "pay_start_repayment", 6,
				  "SELECT code, result, replayed FROM pay.start_repayment($1, $2, $3, $4, $5, $6)" },
	[PAY_BEGIN_CONFIRM] = { "pay_begin_confirm", 7,
				"SELECT code, result, replayed, step "
				"FROM pay.begin_confirm($1, $2, $3, $4, $5, $6, $7)" },
	[PAY_END_CONFIRM] = { "pay_end_confirm", 4,
			      "SELECT code, result, replayed FROM pay.end_confirm($1, $2, $3, $4)" },
	[PAY_REFUND] = { "pay_refund", 6,
			 "SELECT code, result, replayed FROM pay.refund_payment($1, $2, $3, $4, $5, $6)" },
	[PAY_NOTICED] = { "pay_noticed", 2, "SELECT id, amount_won FROM pay.noticed($1, $2)" },
	[PAY_WEBHOOK_ADD] = { "pay_webhook_add", 5,
			      "SELECT code, result FROM pay.add_webhook_endpoint($1, $2, $3, $4, $5)" },
	[PAY_WEBHOOKS] = { "pay_webhooks", 3, "SELECT code, result FROM pay.webhook_endpoints($1, $2, $3)" },
	[PAY_WEBHOOK_DELETE] = { "pay_webhook_delete", 2,
				 "SELECT pay.delete_webhook_endpoint($1, $2) AS code" },
	[PAY_WEBHOOK_DELIVERIES] = { "pay_webhook_deliveries", 4,
				     "SELECT code, result FROM pay.webhook_deliveries($1, $2, $3, $4)" },
	[PAY_WEBHOOK_REPLAY] = { "pay_webhook_replay", 3,
				 "SELECT code, result FROM pay.replay_delivery($1, $2, $3)" },
	[PAY_SUMMARY] = { "pay_summary", 1, "SELECT code, result FROM pay.summary($1)" },
	[PAY_PAYMENTS] = { "pay_payments", 6,
			   "SELECT code, result FROM pay.payments($1, $2, $3, $4, $5, $6)" },
	[PAY_PAYMENT] = { "pay_payment", 2, "SELECT code, result FROM pay.payment($1, $2)" },
	[PAY_ENTRIES] = { "pay_entries", 4, "SELECT code, result FROM pay.entries($1, $2, $3, $4)" },
	[PAY_CHECK_IN_TODAY] = { "pay_check_in_today", 1, "SELECT code, result FROM pay.check_in_today($1)" },
	[PAY_SETTLEMENT] = { "pay_settlement", 2, "SELECT code, result, csv FROM pay.settlement($1, $2)" },
	[PAY_CHECK_IN] = { "pay_check_in", 2, "SELECT code, result, replayed FROM pay.check_in($1, $2)" },
	[PAY_EXTENSION] = { "pay_extension", 1, "SELECT code, result FROM pay.extension($1)" },
	[PAY_EXTEND] = { "pay_extend", 3, "SELECT code, result, replayed FROM pay.extend($1, $2, $3)" },
	[PAY_STANDING] = { "pay_standing", 4, "SELECT code, result FROM pay.admin_standing($1, $2, $3, $4)" },
	[PAY_GAUGES] = { "pay_gauges", 0, "SELECT name, labels, help, value FROM pay.gauges()" },
	[PAY_JOBS] = { "pay_jobs", 3, "SELECT code, result FROM pay.admin_jobs($1, $2, $3)" },
};
