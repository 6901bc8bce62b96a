/* What administrators may do here.  Each call leaves a row in auth.audit, made by the statement itself. */
#include <stddef.h>

#include "auth.h"
#include "fields.h"
#include "req.h"
#include "resp.h"
#include "text.h"

struct customers_in {
	const char *q, *cursor;
	int64_t limit;
};

static const struct field customers_fields[] = {
	{ "q", F_LINE, offsetof(struct customers_in, q), 0, 100 },
	{ "cursor", F_LINE, offsetof(struct customers_in, cursor), 0, 100 },
	{ "limit", F_I64, offsetof(struct customers_in, limit), 1, 100 },
	{ 0 },
};

static const struct field no_fields[] = { { 0 } };

/*
 * GET /customers?q=&cursor=&limit= -> 200 {items: [{id, email, name, nickname, language, role, standing, created_at}],
 * next_cursor}, newest first; q is a part of e-mail, name or nickname.
 */
enum err
admin_customers(const struct req *rq, struct resp *rs)
{
	struct customers_in in = { .limit = 20 };
	struct db_result res;
	enum err e;

	e = fields_query(rq, rs, customers_fields, &in);
	if (e)
		return e;
	e = db_run(rq, AUTH_ADMIN_CUSTOMERS,
		   DB_ARGS(db_text(rq->user), db_text(in.q), db_text(in.cursor), db_i64(rq, in.limit)), &res);
	return e ? e : resp_result(rs, 200, &res);
}

/* POST /customers/:id/revoke_sessions -> 200 {customer_id, revoked}: how many sessions have ended. */
enum err
admin_revoke(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, no_fields, NULL);
	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, AUTH_ADMIN_REVOKE, DB_ARGS(db_text(rq->user), db_text(rq->arg[0])), &res);
	return e ? e : resp_result(rs, 200, &res);
}
