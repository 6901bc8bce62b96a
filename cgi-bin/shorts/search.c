/* Search: shorts by what is said of them. */
#include <stddef.h>

#include "fields.h"
#include "page.h"
#include "req.h"
#include "resp.h"
#include "shorts.h"

struct search_in {
	const char *q;
	struct page page;
};

static const struct field search_fields[] = {
	{ "q", F_LINE, offsetof(struct search_in, q), 1, 100, F_REQUIRED },
	PAGE_FIELDS(offsetof(struct search_in, page)),
	{ 0 },
};

/*
 * GET /search?q=&cursor=&limit= -> 200 {items: [short], next_cursor}: those that have the words in their titles, descriptions,
 * tags or the names of their channels, the best match first; 400 invalid_cursor, also for a cursor of other words.
 */
enum err
search_list(const struct req *rq, struct resp *rs)
{
	struct search_in in = { .page = PAGE_PRESET };
	struct db_result res;
	enum err e;

	e = fields_query(rq, rs, search_fields, &in);
	if (e)
		return e;
	e = db_run(
	    rq, SHORTS_SEARCH,
	    DB_ARGS(db_text(rq->user), db_text(in.q), db_text(in.page.cursor), db_i64(rq, in.page.limit)),
	    &res);
	return e ? e : resp_result(rs, 200, &res);
}
