/* One short: what it is, and how far it is. */
#include "fields.h"
#include "req.h"
#include "resp.h"
#include "shorts.h"
#include "text.h"

struct make_in {
	const char *upload, *title, *description;
};

static const struct field make_fields[] = {
	{ "upload_id", F_UUID, offsetof(struct make_in, upload), 0, 0, F_REQUIRED },
	{ "title", F_LINE, offsetof(struct make_in, title), 1, 50, F_REQUIRED },
	{ "description", F_TEXT, offsetof(struct make_in, description), 0, 150 },
	{ 0 },
};

/*
 * POST / {upload_id, title, description?} -> 202 {id, status}, again the same; 403 account_blocked, 409 upload_unfinished,
 * 410 upload_expired.
 */
enum err
short_make(const struct req *rq, struct resp *rs)
{
	struct make_in in = { .description = "" };
	struct db_result res;
	enum err e = fields_body(rq, rs, make_fields, &in);

	if (e)
		return e;
	e = db_run(rq, SHORTS_MAKE,
		   DB_ARGS(db_text(rq->user), db_text(in.upload), db_text(in.title), db_text(in.description)),
		   &res);
	return e ? e : resp_result(rs, 202, &res);
}

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
