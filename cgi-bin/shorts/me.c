/* My page: what somebody uploaded, liked and commented on, and who follows whom. */
#include "page.h"
#include "req.h"
#include "resp.h"
#include "shorts.h"

/* GET /me/overview -> 200, one's channel, and the first of each list but the subscribers. */
enum err
me_overview(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = db_run(rq, SHORTS_OVERVIEW, DB_ARGS(db_text(rq->user)), &res);
	return e ? e : resp_result(rs, 200, &res);
}

static enum err
list(const struct req *rq, struct resp *rs, const char *name)
{
	return page_reply(rq, rs, SHORTS_MY_LIST, DB_ARGS(db_text(rq->user), db_text(name)));
}

/* GET /me/uploads?cursor=&limit= -> 200 {items: [short], next_cursor}: one's own, in all states, the newest first. */
enum err
me_uploads(const struct req *rq, struct resp *rs)
{
	return list(rq, rs, "uploads");
}

/* GET /me/liked?cursor=&limit= -> 200 {items: [short], next_cursor}: the last one liked first. */
enum err
me_liked(const struct req *rq, struct resp *rs)
{
	return list(rq, rs, "liked");
}

/* GET /me/commented?cursor=&limit= -> 200 {items: [short], next_cursor}: each once, by the first comment on it. */
enum err
me_commented(const struct req *rq, struct resp *rs)
{
	return list(rq, rs, "commented");
}

/* GET /me/subscriptions?cursor=&limit= -> 200 {items: [{id, nickname, subscribed, since}], next_cursor}. */
enum err
me_subscriptions(const struct req *rq, struct resp *rs)
{
	return page_reply(rq, rs, SHORTS_MY_PEOPLE, DB_ARGS(db_text(rq->user), db_bool(false)));
}

/* GET /me/subscribers?cursor=&limit= -> 200 the same of who follows. */
enum err
me_subscribers(const struct req *rq, struct resp *rs)
{
	return page_reply(rq, rs, SHORTS_MY_PEOPLE, DB_ARGS(db_text(rq->user), db_bool(true)));
}
