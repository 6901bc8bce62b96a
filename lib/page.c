/* The handler that most lists have in common. */
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "req.h"
#include "resp.h"

enum { ARGS_MAX = 8 };

static const struct field page_fields[] = {
	PAGE_FIELDS(0),
	{ 0 },
};

enum err
page_reply(const struct req *rq, struct resp *rs, int id, struct db_args args)
{
	struct page page = PAGE_PRESET;
	struct db_arg all[ARGS_MAX];
	struct db_result res;
	enum err e;

	if (args.n + 2 > ARGS_MAX)
		abort();
	e = fields_query(rq, rs, page_fields, &page);
	if (e)
		return e;
	memcpy(all, args.at, (size_t)args.n * sizeof(*all));
	all[args.n] = db_text(page.cursor);
	all[args.n + 1] = db_i64(rq, page.limit);
	e = db_run(rq, id, (struct db_args){ args.n + 2, all }, &res);
	return e ? e : resp_result(rs, 200, &res);
}
