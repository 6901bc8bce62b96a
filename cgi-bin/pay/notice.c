/* The gateway's own notices.  Anybody can send one, so nothing in it is believed: it only says what to ask the gateway about. */
#include <json-c/json.h>

#include "gateway.h"
#include "json.h"
#include "pay.h"
#include "req.h"
#include "resp.h"

enum { COMMIT_MS = 700 };

/* Ask about the repayment, and commit what the gateway says. */
static enum err
finish(const struct req *rq, struct resp *rs, const struct db_result *row, const char *payment_key,
       const char *order_id)
{
	const struct gateway_payment payment = { payment_key, order_id, db_num(row, 0, "amount_won") };
	struct db_result res;
	const char *why;
	enum gateway_word word;
	enum err e;

	word = gateway_settle(rq, pay_of(rq)->gateway, &payment, GATEWAY_LOOK, rq->deadline_ms - COMMIT_MS,
			      &why);
	if (word == GATEWAY_SILENT)
		return ERR_UNAVAILABLE;
	if (word == GATEWAY_OPEN)
		return resp_empty(rs);
	e = db_run(rq, PAY_END_CONFIRM,
		   DB_ARGS(db_text(db_str(row, 0, "id")), db_text(NULL), db_bool(word == GATEWAY_TAKEN),
			   db_text(why)),
		   &res);
	return e ? e : resp_empty(rs);
}

/*
 * POST /gateway/webhooks {eventType, data: {paymentKey, orderId, …}, …} -> 204, also when there is nothing to do; 503 when the
 * gateway cannot be asked, so that it sends the notice again.
 */
enum err
notice_take(const struct req *rq, struct resp *rs)
{
	const char *payment_key, *order_id;
	struct json_object *notice = NULL, *data;
	struct db_result res;
	enum err e;

	e = json_read(rq->arena, rq->body ? rq->body : "", rq->body_len, &notice);
	if (e)
		return e;
	data = json_object_object_get(notice, "data");
	payment_key = json_member_text(data, "paymentKey");
	order_id = json_member_text(data, "orderId");
	if (!payment_key || !order_id || !gateway_is_key(payment_key))
		return resp_empty(rs);
	e = db_run(rq, PAY_NOTICED, DB_ARGS(db_text(order_id), db_text(payment_key)), &res);
	if (e)
		return e;
	return res.rows ? finish(rq, rs, &res, payment_key, order_id) : resp_empty(rs);
}
