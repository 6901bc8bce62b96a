/* What a merchant has sold, day by day. */
#include <stddef.h>

#include "arena.h"
#include "fields.h"
#include "pay.h"
#include "req.h"
#include "resp.h"
#include "text.h"

struct settlement_in {
	const char *month;
};

static const struct field settlement_fields[] = {
	{ "month", F_LINE, offsetof(struct settlement_in, month), 7, 7 },
	{ 0 },
};

/*
 * GET /settlements?month=2026-11 -> 200 {month, items: [{day, count, gross_won, refunds_won, net_won}], total}, days of Seoul on
 * which there was anything, or the same as CSV for Accept: text/csv; without month, this one.
 */
enum err
settlement_show(const struct req *rq, struct resp *rs)
{
	struct settlement_in in = { 0 };
	const char *first = NULL;
	struct db_result res;
	enum err e;

	e = fields_query(rq, rs, settlement_fields, &in);
	if (e)
		return e;
	if (in.month)
		first = arena_printf(rq->arena, "%s-01", in.month);
	if (first && !text_is_date(first)) {
		resp_fault(rs, "month", "bad_format", "%s",
			   rq->korean ? "2026-11처럼 써 주세요." : "Write it as 2026-11.");
		return ERR_VALIDATION_FAILED;
	}
	e = db_run(rq, PAY_SETTLEMENT, DB_ARGS(pay_merchant(rq), db_text(first)), &res);
	if (e)
		return e;
	resp_header(rs, "Vary", "%s", "Accept");
	if (db_str(&res, 0, "code") || !req_accepts(rq, "text/csv"))
		return resp_result(rs, 200, &res);
	return resp_text(rs, 200, "text/csv; charset=utf-8; header=present", db_str(&res, 0, "csv"));
}
