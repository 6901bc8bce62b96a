/* Requests for payment: a merchant makes one, the customer who has claimed its code approves it. */
#include <stddef.h>

#include <sodium.h>

#include "arena.h"
#include "fields.h"
#include "page.h"
#include "pay.h"
#include "req.h"
#include "resp.h"
#include "text.h"

/* So many PINs are tried, of a million, before a request is refused because all were taken. */
enum { PINS = 16, PIN_RANGE = 1000000, CODE_BYTES = 16, AMOUNT_MAX_WON = 100000000, NOTES_MAX = 20 };
/* As in pay.create_request; each lives so many seconds. */
enum { OPEN_MAX = 10000, LIFE_S = 120 };

struct create_in {
	const char *order_id, *name, *metadata;
	int64_t amount_won;
};

static const struct field create_fields[] = {
	{ "order_id", F_LINE, offsetof(struct create_in, order_id), 1, 100, F_REQUIRED },
	{ "name", F_LINE, offsetof(struct create_in, name), 1, 100, F_REQUIRED },
	{ "amount_won", F_I64, offsetof(struct create_in, amount_won), 1, AMOUNT_MAX_WON, F_REQUIRED },
	{ "metadata", F_NOTES, offsetof(struct create_in, metadata), 0, NOTES_MAX, F_NULLABLE },
	{ 0 },
};

/* PINs to try, in this order. */
static struct lines
random_pins(struct arena *a)
{
	struct lines pins = { PINS, arena_alloc(a, PINS * sizeof(*pins.at)) };
	size_t i;

	for (i = 0; i < pins.n; i++)
		pins.at[i] = arena_printf(a, "%06u", (unsigned)randombytes_uniform(PIN_RANGE));
	return pins;
}

/*
 * POST /requests {order_id, name, amount_won, metadata?} -> 201 {id, …, pin, qr, checkout_url, expires_at}; 409
 * order_id_taken; 429 too_many_open; 503 when no PIN could be found.
 */
enum err
request_create(const struct req *rq, struct resp *rs)
{
	struct create_in in = { 0 };
	struct lines pins = random_pins(rq->arena);
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, create_fields, &in);
	if (e)
		return e;
	e = db_run(
	    rq, PAY_REQUEST,
	    DB_ARGS(pay_merchant(rq), db_text(rq->idem.key), db_bytes(rq->idem.hash, sizeof(rq->idem.hash)),
		    db_text(in.order_id), db_text(in.name), db_i64(rq, in.amount_won), db_text(in.metadata),
		    db_text(text_token(rq->arena, CODE_BYTES)), db_text(text_token(rq->arena, CODE_BYTES)),
		    db_lines(rq, &pins), db_text(pay_base(rq))),
	    &res);
	if (e)
		return e;
	e = resp_result(rs, 201, &res);
	if (e == ERR_TOO_MANY_OPEN)
		resp_rate_limit(rs, "open-requests", OPEN_MAX, LIFE_S, 0, rs->retry_after_s);
	return e;
}

struct list_in {
	const char *order_id;
	struct page page;
};

static const struct field list_fields[] = {
	{ "order_id", F_LINE, offsetof(struct list_in, order_id), 1, 100, F_REQUIRED },
	PAGE_FIELDS(offsetof(struct list_in, page)),
	{ 0 },
};

/* GET /requests?order_id= -> 200 {items: [request], next_cursor}, newest first. */
enum err
request_list(const struct req *rq, struct resp *rs)
{
	struct list_in in = { .page = PAGE_PRESET };
	struct db_result res;
	enum err e;

	e = fields_query(rq, rs, list_fields, &in);
	if (e)
		return e;
	e = db_run(rq, PAY_ORDER,
		   DB_ARGS(pay_merchant(rq), db_text(in.order_id), db_text(in.page.cursor),
			   db_i64(rq, in.page.limit), db_text(pay_base(rq))),
		   &res);
	return e ? e : resp_result(rs, 200, &res);
}

/* Run a statement about the request that the path names, which takes the key, the id and where links begin. */
static enum err
run_on(const struct req *rq, struct resp *rs, int statement)
{
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, statement, DB_ARGS(pay_merchant(rq), db_text(rq->arg[0]), db_text(pay_base(rq))),
		   &res);
	return e ? e : resp_result(rs, 200, &res);
}

/* GET /requests/:id -> 200 request. */
enum err
request_show(const struct req *rq, struct resp *rs)
{
	return run_on(rq, rs, PAY_SHOW_REQUEST);
}

/* POST /requests/:id/cancel -> 200 request, cancelled, or expired if it had run out; 409 already_paid. */
enum err
request_cancel(const struct req *rq, struct resp *rs)
{
	return run_on(rq, rs, PAY_CANCEL);
}

struct approve_in {
	int64_t points;
};

static const struct field approve_fields[] = {
	{ "points", F_I64, offsetof(struct approve_in, points), 0, AMOUNT_MAX_WON },
	{ 0 },
};

/*
 * POST /requests/:id/approve {points?} -> 201 payment; 403 account_blocked, 404 unless the caller has claimed it, 409
 * insufficient_limit, insufficient_points, already_paid, request_cancelled, 410 code_expired; 422 for more points than won.
 */
enum err
request_approve(const struct req *rq, struct resp *rs)
{
	struct approve_in in = { 0 };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, approve_fields, &in);
	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, PAY_APPROVE,
		   DB_ARGS(db_text(rq->user), db_text(rq->idem.key),
			   db_bytes(rq->idem.hash, sizeof(rq->idem.hash)), db_text(rq->arg[0]),
			   db_i64(rq, in.points)),
		   &res);
	if (e)
		return e;
	e = resp_result(rs, 201, &res);
	if (e == ERR_VALIDATION_FAILED)
		resp_fault(rs, "points", "too_large", "%s",
			   rq->korean ? "결제 금액보다 많아요." : "Must not be more than the amount.");
	return e;
}
