/* Reports, and what administrators do about them.  Each of their calls leaves a row in shorts.audit, made by the statement itself. */
#include <stddef.h>

#include "fields.h"
#include "limit.h"
#include "page.h"
#include "req.h"
#include "resp.h"
#include "shorts.h"
#include "text.h"

static const struct limit report_limit = { "reports", 30, 3600 };

struct report_in {
	const char *reason, *text;
};

static const struct field report_fields[] = {
	{ "reason", F_CHOICE, offsetof(struct report_in, reason), 0, 0, F_REQUIRED,
	  "spam|sexual|violence|hate|copyright|other" },
	{ "text", F_TEXT, offsetof(struct report_in, text), 1, 500, F_NULLABLE },
	{ 0 },
};

struct hide_in {
	const char *reason;
};

static const struct field hide_fields[] = {
	{ "reason", F_LINE, offsetof(struct hide_in, reason), 1, 200, F_NULLABLE },
	{ 0 },
};

/* POST /:id/report {reason, text?} -> 204; once for each customer and short: another one changes nothing. */
enum err
report_post(const struct req *rq, struct resp *rs)
{
	struct report_in in = { 0 };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, report_fields, &in);
	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = limit_take(rq, rs, &report_limit, rq->user);
	if (!e)
		e = db_run(
		    rq, SHORTS_REPORT,
		    DB_ARGS(db_text(rq->user), db_text(rq->arg[0]), db_text(in.reason), db_text(in.text)),
		    &res);
	return e ? e : resp_result(rs, 204, &res);
}

/*
 * GET /reports?cursor=&limit= -> 200 {items: [{short, report_count, last_reported_at, newest: [{reason, text, reported_at}]}],
 * next_cursor}, those with the newest reports first.
 */
enum err
report_list(const struct req *rq, struct resp *rs)
{
	return page_reply(rq, rs, SHORTS_REPORTS, DB_ARGS(db_text(rq->user)));
}

static enum err
set_hidden(const struct req *rq, struct resp *rs, bool hidden)
{
	struct hide_in in = { 0 };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, hide_fields, &in);
	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, SHORTS_SET_HIDDEN,
		   DB_ARGS(db_text(rq->user), db_text(rq->arg[0]), db_bool(hidden), db_text(in.reason)),
		   &res);
	return e ? e : resp_result(rs, 200, &res);
}

/* POST /:id/hide {reason?} -> 200 {id, hidden}: only its owner sees it from now on, and nobody its video and poster. */
enum err
report_hide(const struct req *rq, struct resp *rs)
{
	return set_hidden(rq, rs, true);
}

/* POST /:id/unhide {reason?} -> 200 {id, hidden}. */
enum err
report_unhide(const struct req *rq, struct resp *rs)
{
	return set_hidden(rq, rs, false);
}
