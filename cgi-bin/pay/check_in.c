/* The daily check-in: a wheel that the server turns. */
#include <sodium.h>

#include "pay.h"
#include "req.h"
#include "resp.h"

/* Sectors of the wheel, each as likely as the others; pay.wheel() has their points. */
enum { SECTORS = 6 };

/* GET /check_in -> 200 {day, checked_in, points, sector, sectors[], next_at}: today's state, points null before. */
enum err
check_in_show(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = db_run(rq, PAY_CHECK_IN_TODAY, DB_ARGS(db_text(rq->user)), &res);
	return e ? e : resp_result(rs, 200, &res);
}

/* POST /check_in -> 200 {day, points, sector, balance_points}; 409 already_checked_in, once a day of Seoul. */
enum err
check_in_draw(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = db_run(rq, PAY_CHECK_IN, DB_ARGS(db_text(rq->user), db_i64(rq, randombytes_uniform(SECTORS))),
		   &res);
	return e ? e : resp_result(rs, 200, &res);
}
