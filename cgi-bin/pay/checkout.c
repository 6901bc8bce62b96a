/* A request for payment as whoever holds its checkout id sees it: the customer's browser, on the shop's page or moa's own. */
#include "pay.h"
#include "qr.h"
#include "req.h"
#include "resp.h"

static enum err
checkout_read(const struct req *rq, struct db_result *ret_res)
{
	return db_run(rq, PAY_CHECKOUT, DB_ARGS(db_text(rq->arg[0]), db_text(pay_base(rq))), ret_res);
}

/* GET /checkout/:id -> 200 {id, status, merchant, name, amount_won, pin, qr, now, expires_at}; no codes once it is claimed. */
enum err
checkout_show(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = checkout_read(rq, &res);
	return e ? e : resp_result(rs, 200, &res);
}

/* What the QR code is to hold; ERR_NOT_FOUND once it is claimed or over. */
static enum err
payload(const struct req *rq, const char **ret_payload)
{
	struct db_result res;
	enum err e;

	e = checkout_read(rq, &res);
	if (e)
		return e;
	if (!db_str(&res, 0, "payload"))
		return ERR_NOT_FOUND;
	*ret_payload = db_str(&res, 0, "payload");
	return OK;
}

/* GET /checkout/:id/qr.png -> 200 image/png. */
enum err
checkout_png(const struct req *rq, struct resp *rs)
{
	const char *text, *png;
	size_t len;
	enum err e;

	e = payload(rq, &text);
	if (e == OK)
		e = qr_png(rq->arena, text, &png, &len);
	return e ? e : resp_bytes(rs, 200, "image/png", png, len);
}

/* GET /checkout/:id/qr.svg -> 200 image/svg+xml. */
enum err
checkout_svg(const struct req *rq, struct resp *rs)
{
	const char *text, *svg;
	enum err e;

	e = payload(rq, &text);
	if (e == OK)
		e = qr_svg(rq->arena, text, &svg);
	return e ? e : resp_text(rs, 200, "image/svg+xml", svg);
}
