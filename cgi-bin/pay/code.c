/* Codes that customers scan or type: which request they lead to. */
#include <stddef.h>
#include <string.h>

#include "fields.h"
#include "pay.h"
#include "req.h"
#include "resp.h"

/* As in pay.claim and pay.claim_from. */
enum { WINDOW_S = 600 };

struct claim_in {
	const char *type, *value;
};

static const struct field claim_fields[] = {
	{ "type", F_CHOICE, offsetof(struct claim_in, type), 0, 0, F_REQUIRED, "qr|pin" },
	{ "value", F_LINE, offsetof(struct claim_in, value), 1, 300, F_REQUIRED },
	{ 0 },
};

/* The code in what was scanned: behind moa's own prefix, which camera programs follow as a link. */
static const char *
scanned(const char *value)
{
	const char *mark = strrchr(value, '#');

	return mark ? mark + 1 : value;
}

/*
 * POST /codes/claim {type, value} -> 200 {request_id, merchant, name, amount_won, points_available, limit_available_won,
 * expires_at}; 404 code_unknown, 409 code_claimed, request_cancelled, 410 code_expired; 429 after 10 of these in 10 minutes
 * by one customer, or 300 from one address.
 */
enum err
code_claim(const struct req *rq, struct resp *rs)
{
	struct claim_in in = { 0 };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, claim_fields, &in);
	if (e)
		return e;
	if (strcmp(in.type, "qr") == 0)
		in.value = scanned(in.value);
	e = db_run(rq, PAY_CLAIM,
		   DB_ARGS(db_text(rq->user), db_text(req_network(rq)), db_text(in.type), db_text(in.value)),
		   &res);
	if (e)
		return e;
	e = resp_result(rs, 200, &res);
	if (e == ERR_RATE_LIMITED)
		resp_rate_limit(rs, db_str(&res, 0, "limit_name"), (int)db_num(&res, 0, "limit_max"),
				WINDOW_S, 0, rs->retry_after_s);
	return e;
}
