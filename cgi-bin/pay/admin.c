/* What administrators may do about customers and jobs.  Each call leaves a row in pay.audit, made by the statement itself. */
#include <stddef.h>

#include "fields.h"
#include "page.h"
#include "pay.h"
#include "req.h"
#include "resp.h"
#include "text.h"

struct standing_in {
	const char *reason;
};

static const struct field standing_fields[] = {
	{ "reason", F_LINE, offsetof(struct standing_in, reason), 1, 200, F_NULLABLE },
	{ 0 },
};

static enum err
change_standing(const struct req *rq, struct resp *rs, bool blocked)
{
	struct standing_in in = { 0 };
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = fields_body(rq, rs, standing_fields, &in);
	if (e)
		return e;
	e = db_run(rq, PAY_STANDING,
		   DB_ARGS(db_text(rq->user), db_text(rq->arg[0]), db_bool(blocked), db_text(in.reason)),
		   &res);
	return e ? e : resp_result(rs, 200, &res);
}

/* POST /customers/:id/block {reason?} -> 200 {customer_id, standing, blocked_by}; repaying does not lift it. */
enum err
admin_block(const struct req *rq, struct resp *rs)
{
	return change_standing(rq, rs, true);
}

/* POST /customers/:id/unblock {reason?} -> 200 {customer_id, standing, blocked_by}, whatever the block was for. */
enum err
admin_unblock(const struct req *rq, struct resp *rs)
{
	return change_standing(rq, rs, false);
}

/* GET /jobs?cursor=&limit= -> 200 {items: [{job, day, status, started_at, ended_at, changed}], next_cursor}, latest first. */
enum err
admin_jobs(const struct req *rq, struct resp *rs)
{
	return page_reply(rq, rs, PAY_JOBS, DB_ARGS(db_text(rq->user)));
}
