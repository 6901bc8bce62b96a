/* The feed: the shorts everybody may see, the best first. */
#include <stdbool.h>
#include <stddef.h>

#include "fields.h"
#include "page.h"
#include "req.h"
#include "resp.h"
#include "shorts.h"

struct feed_in {
	struct page page;
	bool explain;
};

static const struct field feed_fields[] = {
	PAGE_FIELDS(offsetof(struct feed_in, page)),
	{ "explain", F_BOOL, offsetof(struct feed_in, explain) },
	{ 0 },
};

/*
 * GET /feed?cursor=&limit=&explain= -> 200 {items: [short], next_cursor}, in the order that was made last when the first page
 * was read; explain adds each short's score and what it is made of.
 */
enum err
feed_list(const struct req *rq, struct resp *rs)
{
	struct feed_in in = { .page = PAGE_PRESET };
	struct db_result res;
	enum err e;

	e = fields_query(rq, rs, feed_fields, &in);
	if (e)
		return e;
	e = db_run(rq, SHORTS_FEED,
		   DB_ARGS(db_text(rq->user), db_text(in.page.cursor), db_i64(rq, in.page.limit),
			   db_bool(in.explain)),
		   &res);
	return e ? e : resp_result(rs, 200, &res);
}
