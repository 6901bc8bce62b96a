/* Refunds: a merchant undoes all or a part of a purchase. */
#include <stddef.h>

#include "fields.h"
#include "pay.h"
#include "req.h"
#include "resp.h"
#include "text.h"

enum { AMOUNT_MAX_WON = 100000000 };

struct refund_in {
	int64_t amount_won; /* 0: all that is left */
	const char *reason;
};

static const struct field refund_fields[] = {
	{ "amount_won", F_I64, offsetof(struct refund_in, amount_won), 1, AMOUNT_MAX_WON },
	{ "reason", F_LINE, offsetof(struct refund_in, reason), 1, 200 },
	{ 0 },
};

/*
 * POST /payments/:id/refunds {amount_won?, reason?} -> 201 {id, payment_id, amount_won, reason, points_back, owed_down_won,
 * refund_pending_won, refunded_at}; 409 refund_too_large, and conflict while the gateway is asked to take money for it.
 */
enum err
refund_create(const struct req *rq, struct resp *rs)
{
	struct refund_in in = { .amount_won = 0 };
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = fields_body(rq, rs, refund_fields, &in);
	if (e)
		return e;
	e = db_run(rq, PAY_REFUND,
		   DB_ARGS(pay_merchant(rq), db_text(rq->idem.key),
			   db_bytes(rq->idem.hash, sizeof(rq->idem.hash)), db_text(rq->arg[0]),
			   in.amount_won ? db_i64(rq, in.amount_won) : db_text(NULL), db_text(in.reason)),
		   &res);
	return e ? e : resp_result(rs, 201, &res);
}
