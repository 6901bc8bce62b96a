/* Channels: everybody has one, and others may follow it. */
#include <stddef.h>

#include "fields.h"
#include "limit.h"
#include "page.h"
#include "req.h"
#include "resp.h"
#include "shorts.h"
#include "text.h"

static const struct limit follow_limit = { "follows", 60, 60 };

struct list_in {
	struct page page;
	const char *sort;
};

static const struct field list_fields[] = {
	PAGE_FIELDS(offsetof(struct list_in, page)),
	{ "sort", F_CHOICE, offsetof(struct list_in, sort), 0, 0, 0, "latest|popular|oldest" },
	{ 0 },
};

/* What is done about the channel of the path. */
static enum err
channel_run(const struct req *rq, struct resp *rs, int id, int status)
{
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, id, DB_ARGS(db_text(rq->user), db_text(rq->arg[0])), &res);
	return e ? e : resp_result(rs, status, &res);
}

/* GET /channels/:id -> 200 {id, nickname, subscriber_count, short_count, subscribed, mine}. */
enum err
channel_show(const struct req *rq, struct resp *rs)
{
	return channel_run(rq, rs, SHORTS_CHANNEL, 200);
}

/* PUT /channels/:id/subscription -> 204, also when it was there; 409 conflict for one's own. */
enum err
channel_follow(const struct req *rq, struct resp *rs)
{
	enum err e = limit_take(rq, rs, &follow_limit, rq->user);

	return e ? e : channel_run(rq, rs, SHORTS_FOLLOW, 204);
}

/* DELETE /channels/:id/subscription -> 204, also when there was none. */
enum err
channel_unfollow(const struct req *rq, struct resp *rs)
{
	return channel_run(rq, rs, SHORTS_UNFOLLOW, 204);
}

/* GET /channels/:id/shorts?sort=latest|popular|oldest&cursor=&limit= -> 200 {items: [short], next_cursor}. */
enum err
channel_shorts(const struct req *rq, struct resp *rs)
{
	struct list_in in = { .page = PAGE_PRESET, .sort = "latest" };
	struct db_result res;
	enum err e;

	e = fields_query(rq, rs, list_fields, &in);
	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, SHORTS_CHANNEL_SHORTS,
		   DB_ARGS(db_text(rq->user), db_text(rq->arg[0]), db_text(in.sort), db_text(in.page.cursor),
			   db_i64(rq, in.page.limit)),
		   &res);
	return e ? e : resp_result(rs, 200, &res);
}
