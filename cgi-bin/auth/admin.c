/* What administrators may do here.  Each call leaves a row in auth.audit, made by the statement itself. */
#include <stddef.h>

#include "auth.h"
#include "fields.h"
#include "page.h"
#include "req.h"
#include "resp.h"
#include "text.h"

struct customers_in {
	const char *q;
	struct page page;
};

static const struct field customers_fields[] = {
	{ "q", F_LINE, offsetof(struct customers_in, q), 0, 100 },
	PAGE_FIELDS(offsetof(struct customers_in, page)),
	{ 0 },
};

/*
 * GET /customers?q=&cursor=&limit= -> 200 {items: [{id, email, name, nickname, language, role, standing, created_at}],
 * next_cursor}, newest first; q is a part of e-mail, name or nickname.
 */
enum err
admin_customers(const struct req *rq, struct resp *rs)
{
	struct customers_in in = { .page = PAGE_PRESET };
	struct db_result res;
	enum err e;

	e = fields_query(rq, rs, customers_fields, &in);
	if (e)
		return e;
	e = db_run(
	    rq, AUTH_ADMIN_CUSTOMERS,
	    DB_ARGS(db_text(rq->user), db_text(in.q), db_text(in.page.cursor), db_i64(rq, in.page.limit)),
	    &res);
	return e ? e : resp_result(rs, 200, &res);
}

/* POST /customers/:id/revoke_sessions -> 200 {customer_id, revoked}: how many sessions have ended. */
enum err
admin_revoke(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, AUTH_ADMIN_REVOKE, DB_ARGS(db_text(rq->user), db_text(rq->arg[0])), &res);
	return e ? e : resp_result(rs, 200, &res);
}
