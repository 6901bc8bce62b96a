/* One short: made of an upload, shown, and what its owner does with it. */
#include <stddef.h>
#include <string.h>

#include "fields.h"
#include "form.h"
#include "limit.h"
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

/* A form is the same with the bytes in place of the upload: the texts in it are held against the same rows. */
static enum err
make_of_form(const struct req *rq, struct resp *rs)
{
	struct make_in in = { .description = "" };
	struct req texts = *rq;
	struct form form;
	struct db_result res;
	enum err e = form_take(rq, rs, &form);

	if (e)
		return e;
	texts.body = form.texts;
	texts.body_len = strlen(form.texts);
	e = fields_body(&texts, rs, make_fields + 1, &in);
	if (e == OK)
		e = db_run(rq, SHORTS_MAKE_OF_FORM,
			   DB_ARGS(db_text(rq->user), db_text(form.upload), db_i64(rq, form.video),
				   db_bool(form.thumbnail > 0), db_bytes(form.hash, sizeof(form.hash)),
				   db_text(in.title), db_text(in.description)),
			   &res);
	if (e == OK)
		e = resp_result(rs, 202, &res);
	if (e)
		upload_drop(rq, form.upload);
	return e;
}

/*
 * POST / {upload_id, title, description?}, or a form of title, description?, video and thumbnail? -> 202 {id, status}, again the same; 403 account_blocked, 409 upload_unfinished,
 * 410 upload_expired.
 */
enum err
short_make(const struct req *rq, struct resp *rs)
{
	struct make_in in = { .description = "" };
	struct db_result res;
	enum err e;

	if (form_is_one(rq))
		return make_of_form(rq, rs);
	if (!rq->body && req_length(rq) > 0)
		return ERR_UNSUPPORTED_MEDIA_TYPE;
	e = fields_body(rq, rs, make_fields, &in);
	if (e)
		return e;
	e = db_run(rq, SHORTS_MAKE,
		   DB_ARGS(db_text(rq->user), db_text(in.upload), db_text(in.title), db_text(in.description)),
		   &res);
	return e ? e : resp_result(rs, 202, &res);
}

static const struct limit edit_limit = { "edits", 60, 60 };

struct edit_in {
	const char *title, *description;
};

static const struct field edit_fields[] = {
	{ "title", F_LINE, offsetof(struct edit_in, title), 1, 50 },
	{ "description", F_TEXT, offsetof(struct edit_in, description), 0, 150 },
	{ 0 },
};

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

/* PATCH /:id {title?, description?} -> 200, the short; its owner's only. */
enum err
short_edit(const struct req *rq, struct resp *rs)
{
	struct edit_in in = { 0 };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, edit_fields, &in);
	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = limit_take(rq, rs, &edit_limit, rq->user);
	if (!e)
		e = db_run(rq, SHORTS_EDIT,
			   DB_ARGS(db_text(rq->user), db_text(rq->arg[0]), db_text(in.title),
				   db_text(in.description)),
			   &res);
	return e ? e : resp_result(rs, 200, &res);
}

/* DELETE /:id -> 204, out of everybody's sight; its owner's only.  The worker removes its files and all that hangs on it. */
enum err
short_remove(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, SHORTS_REMOVE, DB_ARGS(db_text(rq->user), db_text(rq->arg[0])), &res);
	return e ? e : resp_result(rs, 204, &res);
}
