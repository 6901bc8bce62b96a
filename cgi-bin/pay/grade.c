/* The grades: what may be spent on credit, and what is earned. */
#include "pay.h"
#include "resp.h"

/* GET /grades -> 200 {items: [{grade, from_points, limit_won, earn_per_mille}]}, lowest first. */
enum err
grade_list(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = db_run(rq, PAY_GRADES, DB_NO_ARGS, &res);
	return e ? e : resp_result(rs, 200, &res);
}
