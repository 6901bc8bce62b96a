/* Webhooks: where a merchant wants to hear of events, and what came of telling it.  The worker does the telling. */
#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include "fields.h"
#include "json.h"
#include "out.h"
#include "page.h"
#include "pay.h"
#include "req.h"
#include "resp.h"
#include "target.h"
#include "text.h"

struct endpoint_in {
	const char *url;
	struct lines events;
};

static const struct field endpoint_fields[] = {
	{ "url", F_LINE, offsetof(struct endpoint_in, url), 1, 2000, F_REQUIRED },
	{ "events", F_LINES, offsetof(struct endpoint_in, events), 1, 10, F_REQUIRED },
	{ 0 },
};

/* What merchants can be told of. */
static const char *const types[] = { "request.paid", "request.cancelled", "request.expired",
				     "payment.refunded" };

static bool
is_type(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], name) == 0)
			return true;
	return false;
}

static void
check_events(const struct req *rq, struct resp *rs, const struct lines *events)
{
	size_t i;

	for (i = 0; i < events->n; i++)
		if (!is_type(events->at[i])) {
			resp_fault(rs, "events", "not_a_choice", "%s",
				   rq->korean ? "모르는 이벤트가 있어요."
					      : "There is no event of one of these names.");
			return;
		}
}

/* Where the operator lets webhooks go inside, plain http and private addresses are fine. */
static void
check_url(const struct req *rq, struct resp *rs, const char *url)
{
	enum target is = target_url(url);

	if (is == TARGET_FINE || (pay_conf.webhook_private && is != TARGET_MALFORMED))
		return;
	if (is == TARGET_PRIVATE)
		resp_fault(rs, "url", "private_address", "%s",
			   rq->korean ? "인터넷에서 닿을 수 있는 주소여야 해요."
				      : "The host must be one of the public internet.");
	else
		resp_fault(rs, "url", "bad_format", "%s",
			   rq->korean ? "사용자 정보와 '#'이 없는 https 주소여야 해요."
				      : "Must be an https URL without user and fragment.");
}

/* The endpoint that has been made, and the secret, of which the database knows nothing. */
static enum err
reply_with_secret(const struct req *rq, struct resp *rs, const struct db_result *res,
		  const unsigned char seed[HOOK_SECRET_LEN])
{
	const struct hook_key *key = &pay_conf.webhook_key;
	unsigned char secret[HOOK_SECRET_LEN];
	struct json_object *made = NULL;
	const char *result;
	enum err e;

	if (db_str(res, 0, "code"))
		return err_from_code(db_str(res, 0, "code"));
	result = db_str(res, 0, "result");
	e = json_read(rq->arena, result, strlen(result), &made);
	if (e || !hook_secret(rq->arena, key, hook_key_id(rq->arena, key), seed, secret))
		return ERR_INTERNAL;
	out_str(made, "secret", hook_secret_text(rq->arena, secret));
	sodium_memzero(secret, sizeof(secret));
	return resp_json(rs, 201, made);
}

/* POST /webhook_endpoints {url, events} -> 201 the endpoint with its secret, which is never shown again; 409 conflict. */
enum err
webhook_create(const struct req *rq, struct resp *rs)
{
	unsigned char seed[HOOK_SECRET_LEN];
	struct endpoint_in in = { 0 };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, endpoint_fields, &in);
	if (e)
		return e;
	check_url(rq, rs, in.url);
	check_events(rq, rs, &in.events);
	if (rs->nfaults)
		return ERR_VALIDATION_FAILED;
	randombytes_buf(seed, sizeof(seed));
	e = db_run(rq, PAY_WEBHOOK_ADD,
		   DB_ARGS(pay_merchant(rq), db_text(in.url), db_lines(rq, &in.events),
			   db_bytes(seed, sizeof(seed)),
			   db_text(hook_key_id(rq->arena, &pay_conf.webhook_key))),
		   &res);
	if (e == OK)
		e = reply_with_secret(rq, rs, &res, seed);
	sodium_memzero(seed, sizeof(seed));
	if (e == ERR_CONFLICT)
		rs->detail = rq->korean
				 ? "웹훅 주소는 10개까지예요. 쓰지 않는 것을 먼저 지워 주세요."
				 : "There are 10 endpoints, as many as there may be. Delete one first.";
	return e;
}

/* GET /webhook_endpoints?cursor=&limit= -> 200 {items: [endpoint], next_cursor}, newest first. */
enum err
webhook_list(const struct req *rq, struct resp *rs)
{
	return page_reply(rq, rs, PAY_WEBHOOKS, DB_ARGS(pay_merchant(rq)));
}

/* DELETE /webhook_endpoints/:id -> 204: nothing is sent there any more. */
enum err
webhook_delete(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, PAY_WEBHOOK_DELETE, DB_ARGS(pay_merchant(rq), db_text(rq->arg[0])), &res);
	if (e)
		return e;
	if (db_str(&res, 0, "code"))
		return err_from_code(db_str(&res, 0, "code"));
	return resp_empty(rs);
}

/* GET /webhook_endpoints/:id/deliveries?cursor=&limit= -> 200 {items: [delivery], next_cursor}, newest first. */
enum err
webhook_deliveries(const struct req *rq, struct resp *rs)
{
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	return page_reply(rq, rs, PAY_WEBHOOK_DELIVERIES, DB_ARGS(pay_merchant(rq), db_text(rq->arg[0])));
}

/*
 * POST /webhook_endpoints/:id/deliveries/:delivery/replay -> 202 the delivery, due now; 409 conflict while it is being sent,
 * or where the endpoint is disabled.
 */
enum err
webhook_replay(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	if (!text_is_uuid(rq->arg[0]) || !text_is_uuid(rq->arg[1]))
		return ERR_NOT_FOUND;
	e = db_run(rq, PAY_WEBHOOK_REPLAY,
		   DB_ARGS(pay_merchant(rq), db_text(rq->arg[0]), db_text(rq->arg[1])), &res);
	if (e)
		return e;
	e = resp_result(rs, 202, &res);
	if (e == ERR_CONFLICT)
		rs->detail =
		    rq->korean ? "지금 보내는 중이거나, 410으로 답해 꺼진 주소예요."
			       : "It is being sent just now, or its endpoint was disabled by answering 410.";
	return e;
}
