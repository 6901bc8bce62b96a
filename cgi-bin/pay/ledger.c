/* The customer's own entries in the ledger. */
#include "page.h"
#include "pay.h"
#include "req.h"
#include "resp.h"

static enum err
entries(const struct req *rq, struct resp *rs, bool only_points)
{
	return page_reply(rq, rs, PAY_ENTRIES, DB_ARGS(db_text(rq->user), db_bool(only_points)));
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
