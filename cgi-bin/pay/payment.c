/* What a customer has bought. */
#include <stddef.h>

#include "fields.h"
#include "page.h"
#include "pay.h"
#include "req.h"
#include "resp.h"
#include "text.h"

struct payments_in {
	const char *from, *to, *q;
	struct page page;
};

static const struct field payments_fields[] = {
	{ "from", F_DATE, offsetof(struct payments_in, from) },
	{ "to", F_DATE, offsetof(struct payments_in, to) },
	{ "q", F_LINE, offsetof(struct payments_in, q), 0, 100 },
	PAGE_FIELDS(offsetof(struct payments_in, page)),
	{ 0 },
};

/*
 * GET /payments?from=&to=&q=&cursor=&limit= -> 200 {items: [payment], next_cursor}, newest first; from and to are days of
 * Seoul, both included; q is a part of a name, or of its initial consonants.
 */
enum err
payment_list(const struct req *rq, struct resp *rs)
{
	struct payments_in in = { .page = PAGE_PRESET };
	struct db_result res;
	enum err e;

	e = fields_query(rq, rs, payments_fields, &in);
	if (e)
		return e;
	e = db_run(rq, PAY_PAYMENTS,
		   DB_ARGS(db_text(rq->user), db_text(in.from), db_text(in.to), db_text(in.q),
			   db_text(in.page.cursor), db_i64(rq, in.page.limit)),
		   &res);
	return e ? e : resp_result(rs, 200, &res);
}

/* GET /payments/:id -> 200 the payment with its refunds. */
enum err
payment_show(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, PAY_PAYMENT, DB_ARGS(db_text(rq->user), db_text(rq->arg[0])), &res);
	return e ? e : resp_result(rs, 200, &res);
}
