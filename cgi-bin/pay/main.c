/*
 * The pay program: buy now, pay later.  Each row below is answered by the file of the handler's first word; what a row's flags
 * ask for has been checked when its handler runs.  What moves money is a function in sql/: one statement, one commit.
 */
#include "pay.h"

#define PAY "/api/v1/pay"

static const struct route routes[] = {
	{ GET, PAY "/grades", grade_list, PUBLIC },
	{ POST, PAY "/requests", request_create, MERCHANT | IDEMPOTENT | BODY },
	{ GET, PAY "/requests", request_list, MERCHANT | QUERY },
	{ GET, PAY "/requests/:id", request_show, MERCHANT },
	{ POST, PAY "/requests/:id/cancel", request_cancel, MERCHANT },
	{ POST, PAY "/requests/:id/approve", request_approve, IDEMPOTENT | BODY },
	{ POST, PAY "/codes/claim", code_claim, BODY },
	{ GET, PAY "/checkout/:id/events", window_events, PUBLIC | STREAM | ANY_ORIGIN },
	{ POST, PAY "/checkout/:id/close", window_close, PUBLIC | ANY_ORIGIN },
	{ POST, PAY "/repayments", repayment_create, BODY | IDEMPOTENT },
	{ POST, PAY "/repayments/:id/confirm", repayment_confirm, BODY | IDEMPOTENT },
	{ POST, PAY "/payments/:id/refunds", refund_create, MERCHANT | IDEMPOTENT | BODY },
	{ POST, PAY "/gateway/webhooks", notice_take, PUBLIC | BODY },
	{ POST, PAY "/webhook_endpoints", webhook_create, MERCHANT | BODY },
	{ GET, PAY "/webhook_endpoints", webhook_list, MERCHANT | QUERY },
	{ DELETE, PAY "/webhook_endpoints/:id", webhook_delete, MERCHANT },
	{ GET, PAY "/webhook_endpoints/:id/deliveries", webhook_deliveries, MERCHANT | QUERY },
	{ POST, PAY "/webhook_endpoints/:id/deliveries/:delivery/replay", webhook_replay, MERCHANT },
	{ GET, PAY "/summary", summary_show },
	{ GET, PAY "/payments", payment_list, QUERY },
	{ GET, PAY "/payments/:id", payment_show },
	{ GET, PAY "/points", ledger_points, QUERY },
	{ GET, PAY "/ledger", ledger_list, QUERY },
	{ GET, PAY "/check_in", check_in_show },
	{ POST, PAY "/check_in", check_in_draw },
	{ GET, PAY "/settlements", settlement_show, MERCHANT | QUERY },
	{ GET, PAY "/checkout/:id", checkout_show, PUBLIC | ANY_ORIGIN },
	{ GET, PAY "/checkout/:id/qr.png", checkout_png, PUBLIC | ANY_ORIGIN },
	{ GET, PAY "/checkout/:id/qr.svg", checkout_svg, PUBLIC | ANY_ORIGIN },
	{ GET, PAY "/merchants", merchant_list, ADMIN | QUERY },
	{ POST, PAY "/merchants", merchant_create, ADMIN | BODY },
	{ POST, PAY "/merchants/:id/rotate_key", merchant_rotate, ADMIN | BODY },
	{ GET, PAY "/extension", extension_show },
	{ POST, PAY "/extension", extension_ask, IDEMPOTENT },
	{ POST, PAY "/customers/:id/block", admin_block, ADMIN | BODY },
	{ POST, PAY "/customers/:id/unblock", admin_unblock, ADMIN | BODY },
	{ GET, PAY "/jobs", admin_jobs, ADMIN | QUERY },
	{ 0 },
};

static const struct program pay = {
	.name = "pay",
	.prefix = PAY,
	.routes = routes,
	.stmts = pay_stmts,
	.nstmts = PAY__MAX,
	.gauges = PAY_GAUGES,
	.conf = pay_conf_rows,
	.conf_values = &pay_conf,
	.open = pay_open,
	.close = pay_close,
};

int
main(int argc, char *argv[])
{
	return app_main(&pay, argc, argv);
}
