/* Extension: last month's bill may be repaid until the end of this month, if its customer asks in time. */
#include "pay.h"
#include "req.h"
#include "resp.h"

/* GET /extension -> 200 {available, used, until, fee_won, bills: [{month, owed_won, due_on, new_due_on, extended}]}. */
enum err
extension_show(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = db_run(rq, PAY_EXTENSION, DB_ARGS(db_text(rq->user)), &res);
	return e ? e : resp_result(rs, 200, &res);
}

/* POST /extension -> 200 what GET then shows; 409 extension_closed, nothing_owed. */
enum err
extension_ask(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = db_run(
	    rq, PAY_EXTEND,
	    DB_ARGS(db_text(rq->user), db_text(rq->idem.key), db_bytes(rq->idem.hash, sizeof(rq->idem.hash))),
	    &res);
	return e ? e : resp_result(rs, 200, &res);
}
