/* One short: what it is, and how far it is. */
#include "req.h"
#include "resp.h"
#include "shorts.h"
#include "text.h"

/* GET /:id -> 200, the short: to everybody when it is ready, before that and when it was hidden only to its owner. */
enum err
short_show(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, SHORTS_SHOW, DB_ARGS(db_text(rq->arg[0]), db_text(rq->user)), &res);
	return e ? e : resp_result(rs, 200, &res);
}
