/* How a customer stands: grade, limit, points, and the bills that are to be paid. */
#include "pay.h"
#include "req.h"
#include "resp.h"

/*
 * GET /summary -> 200 {grade, grade_points, limit_won, used_won, available_won, points, standing, extension {used, until},
 * bills: [{month, due_on, days_left, total_won, extended, status, payments[], more_payments}]}, the oldest bill first.
 */
enum err
summary_show(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = db_run(rq, PAY_SUMMARY, DB_ARGS(db_text(rq->user)), &res);
	return e ? e : resp_result(rs, 200, &res);
}
