/* The customer's own entries in the ledger. */
#include "fields.h"
#include "pay.h"
#include "req.h"
#include "resp.h"

static enum err
entries(const struct req *rq, struct resp *rs, bool only_points)
{
	struct page page = PAGE_PRESET;
	struct db_result res;
	enum err e;

	e = fields_query(rq, rs, page_fields, &page);
	if (e)
		return e;
	e = db_run(
	    rq, PAY_ENTRIES,
	    DB_ARGS(db_text(rq->user), db_bool(only_points), db_text(page.cursor), db_i64(rq, page.limit)),
	    &res);
	return e ? e : resp_result(rs, 200, &res);
}

/*
 * GET /ledger?cursor=&limit= -> 200 {items: [{id, at, kind, unit, payment_id, name, and amount_won, balance_won, repayment_id
 * or points, balance_points}], next_cursor}, newest first: what is owed, and points, each with its running balance.
 */
enum err
ledger_list(const struct req *rq, struct resp *rs)
{
	return entries(rq, rs, false);
}

/* GET /points?cursor=&limit= -> 200, of these the entries in points. */
enum err
ledger_points(const struct req *rq, struct resp *rs)
{
	return entries(rq, rs, true);
}
