/* Repaying: choosing what, and confirming with the gateway what its window has handed back. */
#include <string.h>

#include "arena.h"
#include "fields.h"
#include "gateway.h"
#include "out.h"
#include "pay.h"
#include "req.h"
#include "resp.h"
#include "text.h"

/* What of a request's time is left for the second commit. */
enum { COMMIT_MS = 700, PAYMENTS_MAX = 500, RETRY_S = 2 };

struct repayment_in {
	struct lines payment_ids;
	const char *month;
};

static const struct field repayment_fields[] = {
	{ "payment_ids", F_LINES, offsetof(struct repayment_in, payment_ids), 1, PAYMENTS_MAX },
	{ "month", F_LINE, offsetof(struct repayment_in, month), 7, 7 },
	{ 0 },
};

/* One of the two ways to say what is to be repaid, in its form. */
static enum err
check(const struct req *rq, struct resp *rs, const struct repayment_in *in, const char **ret_first)
{
	const char *wrong = rq->korean ? "형식이 맞지 않아요." : "This is not of the right form.";
	size_t i;

	*ret_first = in->month ? arena_printf(rq->arena, "%s-01", in->month) : NULL;
	if (!in->month == !in->payment_ids.n)
		resp_fault(rs, in->month ? "month" : "payment_ids", in->month ? "unknown_field" : "required",
			   "%s",
			   rq->korean ? "payment_ids와 month 중 하나만 보내 주세요."
				      : "Send either payment_ids or month.");
	if (in->month && !text_is_date(*ret_first))
		resp_fault(rs, "month", "bad_format", "%s", wrong);
	for (i = 0; i < in->payment_ids.n; i++)
		if (!text_is_uuid(in->payment_ids.at[i])) {
			resp_fault(rs, "payment_ids", "bad_format", "%s", wrong);
			break;
		}
	return rs->nfaults ? ERR_VALIDATION_FAILED : OK;
}

/* What a page has to know to open the gateway's window; the order is the statement's to add. */
static const char *
window_text(const struct req *rq)
{
	struct json_object *window = out_object(rq->arena);

	out_str(window, "provider", "toss");
	out_str(window, "client_key", pay_conf.gateway_client_key);
	out_str(window, "window_url", pay_conf.gateway_window_url);
	return out_text(window);
}

/*
 * POST /repayments {payment_ids | month} -> 201 {id, amount_won, status: "pending", payment_ids, created_at, expires_at, gateway};
 * 404 for another's payment; 409 nothing_owed, older_bill_first, conflict while one is being confirmed.
 */
enum err
repayment_create(const struct req *rq, struct resp *rs)
{
	struct repayment_in in = { .month = NULL };
	const char *first;
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, repayment_fields, &in);
	if (e == OK)
		e = check(rq, rs, &in, &first);
	if (e)
		return e;
	if (!gateway_configured(pay_of(rq)->gateway))
		return ERR_UNAVAILABLE;
	e = db_run(rq, PAY_START_REPAYMENT,
		   DB_ARGS(db_text(rq->user), db_text(rq->idem.key),
			   db_bytes(rq->idem.hash, sizeof(rq->idem.hash)),
			   in.month ? db_text(NULL) : db_lines(rq, &in.payment_ids), db_text(first),
			   db_text(window_text(rq))),
		   &res);
	return e ? e : resp_result(rs, 201, &res);
}

struct confirm_in {
	const char *payment_key;
	const char *order_id;
	int64_t amount_won;
};

static const struct field confirm_fields[] = {
	{ "payment_key", F_LINE, offsetof(struct confirm_in, payment_key), 1, 200, F_REQUIRED },
	{ "order_id", F_LINE, offsetof(struct confirm_in, order_id), 1, 64, F_REQUIRED },
	{ "amount_won", F_I64, offsetof(struct confirm_in, amount_won), 1, 9007199254740991, F_REQUIRED },
	{ 0 },
};

static enum gateway_step
step_of(const char *name)
{
	return strcmp(name, "ask") == 0	   ? GATEWAY_ASK
	       : strcmp(name, "look") == 0 ? GATEWAY_LOOK
					   : GATEWAY_RESUME;
}

/* Between the two commits: ask the gateway, and commit what it says. */
static enum err
finish(const struct req *rq, struct resp *rs, const struct confirm_in *in, enum gateway_step step)
{
	const struct gateway_payment payment = { in->payment_key, in->order_id, in->amount_won };
	struct db_result res;
	const char *why;
	enum gateway_word word;
	enum err e;

	word = gateway_settle(rq, pay_of(rq)->gateway, &payment, step, rq->deadline_ms - COMMIT_MS, &why);
	if (word == GATEWAY_OPEN && step == GATEWAY_LOOK)
		return resp_refuse(rs, ERR_IDEMPOTENCY_IN_PROGRESS, RETRY_S);
	if (word == GATEWAY_OPEN || word == GATEWAY_SILENT)
		return resp_refuse(rs, ERR_UNAVAILABLE, RETRY_S);
	e = db_run(
	    rq, PAY_END_CONFIRM,
	    DB_ARGS(db_text(rq->arg[0]), db_text(rq->idem.key), db_bool(word == GATEWAY_TAKEN), db_text(why)),
	    &res);
	return e ? e : resp_result(rs, 200, &res);
}

/*
 * POST /repayments/:id/confirm {payment_key, order_id, amount_won} -> 200 the repayment, paid; 409 amount_mismatch, gateway_refused,
 * repayment_ended.  503 when the gateway does not answer in time: the same call again, or the worker, finds out.
 */
enum err
repayment_confirm(const struct req *rq, struct resp *rs)
{
	struct confirm_in in = { .amount_won = 0 };
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = fields_body(rq, rs, confirm_fields, &in);
	if (e)
		return e;
	if (!gateway_is_key(in.payment_key)) {
		resp_fault(rs, "payment_key", "bad_format", "%s",
			   rq->korean ? "형식이 맞지 않아요." : "This is not of the right form.");
		return ERR_VALIDATION_FAILED;
	}
	e = db_run(rq, PAY_BEGIN_CONFIRM,
		   DB_ARGS(db_text(rq->user), db_text(rq->idem.key),
			   db_bytes(rq->idem.hash, sizeof(rq->idem.hash)), db_text(rq->arg[0]),
			   db_text(in.payment_key), db_text(in.order_id), db_i64(rq, in.amount_won)),
		   &res);
	if (e)
		return e;
	if (res.rows == 1 && db_str(&res, 0, "step"))
		return finish(rq, rs, &in, step_of(db_str(&res, 0, "step")));
	return resp_result(rs, 200, &res);
}
