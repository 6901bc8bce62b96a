/* Comments on a short, with one level of replies. */
#include <stddef.h>

#include "fields.h"
#include "limit.h"
#include "page.h"
#include "req.h"
#include "resp.h"
#include "shorts.h"
#include "text.h"

static const struct limit comment_limit = { "comments", 60, 60 };

struct list_in {
	struct page page;
	const char *parent;
};

static const struct field list_fields[] = {
	PAGE_FIELDS(offsetof(struct list_in, page)),
	{ "parent", F_UUID, offsetof(struct list_in, parent), 0, 0 },
	{ 0 },
};

struct comment_in {
	const char *text, *parent_id;
};

static const struct field comment_fields[] = {
	{ "text", F_TEXT, offsetof(struct comment_in, text), 1, 255, F_REQUIRED },
	{ "parent_id", F_UUID, offsetof(struct comment_in, parent_id), 0, 0, F_NULLABLE },
	{ 0 },
};

/*
 * GET /:id/comments?parent=&cursor=&limit= -> 200 {items: [{id, parent_id, deleted, author, text, mine, reply_count, replies,
 * created_at}], next_cursor}, the newest first, each with its first replies; the replies to parent, the oldest first.
 */
enum err
comment_list(const struct req *rq, struct resp *rs)
{
	struct list_in in = { .page = PAGE_PRESET };
	struct db_result res;
	enum err e;

	e = fields_query(rq, rs, list_fields, &in);
	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, SHORTS_COMMENTS,
		   DB_ARGS(db_text(rq->user), db_text(rq->arg[0]), db_text(in.parent),
			   db_text(in.page.cursor), db_i64(rq, in.page.limit)),
		   &res);
	return e ? e : resp_result(rs, 200, &res);
}

/* POST /:id/comments {text, parent_id?} -> 201 the comment; the same again within a minute is the same comment. */
enum err
comment_post(const struct req *rq, struct resp *rs)
{
	struct comment_in in = { 0 };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, comment_fields, &in);
	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = limit_take(rq, rs, &comment_limit, rq->user);
	if (!e)
		e = db_run(
		    rq, SHORTS_ADD_COMMENT,
		    DB_ARGS(db_text(rq->user), db_text(rq->arg[0]), db_text(in.parent_id), db_text(in.text)),
		    &res);
	return e ? e : resp_result(rs, 201, &res);
}

/* DELETE /comments/:id -> 204; by who wrote it and by whose short it is on.  Its replies stay, under a stub. */
enum err
comment_delete(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, SHORTS_DELETE_COMMENT, DB_ARGS(db_text(rq->user), db_text(rq->arg[0])), &res);
	return e ? e : resp_result(rs, 204, &res);
}
