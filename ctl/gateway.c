/* gateway: do its books and ours say the same of a day (pay.reconcile() knows what that means); and what it has not given back. */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "clock.h"
#include "ctl.h"
#include "gateway.h"
#include "http.h"
#include "json.h"
#include "out.h"
#include "req.h"

enum { PAGE = 1000, ANSWER_MS = 30000 };

/* The day in question, and the days around it. */
struct days {
	const char *day, *from, *to;
};

static int
read_days(struct ctl *ctl, const char *wanted, struct days *ret_days)
{
	PGresult *res = pg_run(&ctl->pg,
			       "SELECT d AS day, d - 1 AS from, d + 1 AS to "
			       "FROM coalesce($1::date, pay.day(moa.now()) - 1) d",
			       PG_ARGS(wanted));

	if (!res)
		return -1;
	ret_days->day = arena_strdup(&ctl->arena, pg_value(res, 0, "day"));
	ret_days->from = arena_strdup(&ctl->arena, pg_value(res, 0, "from"));
	ret_days->to = arena_strdup(&ctl->arena, pg_value(res, 0, "to"));
	PQclear(res);
	return 0;
}

/* GET, successful and of the type that is expected; or NULL, having said why. */
static struct json_object *
ask(const struct req *rq, struct gateway *gw, const char *path, enum json_type type)
{
	struct json_object *json;
	int status;

	if (gateway_get(rq, gw, path, clock_ms() + ANSWER_MS, &status, &json)) {
		ctl_error("the gateway does not answer");
		return NULL;
	}
	if (status != 200 || !json_object_is_type(json, type)) {
		ctl_error("the gateway refuses: %d %s", status, json_member_text(json, "code"));
		return NULL;
	}
	return json;
}

/* All transactions of the three days, page by page. */
static int
read_list(const struct req *rq, struct gateway *gw, const struct days *days, struct json_object *list)
{
	struct json_object *page;
	const char *after = NULL;
	size_t n, i;

	do {
		page = ask(
		    rq, gw,
		    arena_printf(
			rq->arena, "/v1/transactions?startDate=%sT00:00:00&endDate=%sT23:59:59&limit=%d%s%s",
			days->from, days->to, PAGE, after ? "&startingAfter=" : "", after ? after : ""),
		    json_type_array);
		if (!page)
			return -1;
		n = json_object_array_length(page);
		for (i = 0; i < n; i++) {
			after = json_member_text(json_object_array_get_idx(page, i), "transactionKey");
			out_json(list, NULL, json_object_to_json_string(json_object_array_get_idx(page, i)));
		}
	} while (n == PAGE && after);
	return 0;
}

/* What the gateway says today of the payments that something of was given back. */
static int
read_payments(struct ctl *ctl, const struct req *rq, struct gateway *gw, const struct days *days,
	      const char *list, struct json_object *payments)
{
	PGresult *keys = pg_run(&ctl->pg, "SELECT payment_key FROM pay.reconcile_keys($1::date, $2::jsonb)",
				PG_ARGS(days->day, list));
	struct json_object *payment = NULL;
	int row, n = PQntuples(keys);

	for (row = 0; row < n; row++) {
		payment = ask(rq, gw,
			      arena_printf(rq->arena, "/v1/payments/%s", pg_value(keys, row, "payment_key")),
			      json_type_object);
		if (!payment)
			break;
		out_json(payments, NULL, json_object_to_json_string(payment));
	}
	PQclear(keys);
	return keys && row == n ? 0 : -1;
}

static int
compare(struct ctl *ctl, const struct days *days, const char *list, const char *payments, size_t n)
{
	PGresult *res = pg_run(&ctl->pg,
			       "SELECT fault, order_id, payment_key, gateway_won, booked_won "
			       "FROM pay.reconcile($1::date, $2::jsonb, $3::jsonb)",
			       PG_ARGS(days->day, list, payments));
	int faults = PQntuples(res);

	if (!res)
		return CTL_FAILED;
	ctl_print(res);
	PQclear(res);
	if (faults) {
		ctl_error("%s: %d differences", days->day, faults);
		return CTL_FAILED;
	}
	printf("%s: the gateway's books and ours agree (%zu transactions in the days around it)\n", days->day,
	       n);
	return CTL_DONE;
}

static int
reconcile(struct ctl *ctl, const struct req *rq, struct gateway *gw, const struct days *days)
{
	struct json_object *list = out_array(rq->arena), *payments = out_array(rq->arena);
	const char *list_text;
	size_t n;

	if (read_list(rq, gw, days, list))
		return CTL_FAILED;
	n = json_object_array_length(list);
	list_text = out_text(list);
	if (read_payments(ctl, rq, gw, days, list_text, payments))
		return CTL_FAILED;
	return compare(ctl, days, list_text, out_text(payments), n);
}

int
gateway_reconcile(struct ctl *ctl, const char *const args[])
{
	struct trace trace = { 0 };
	struct req rq = { .arena = &ctl->arena, .trace = &trace, .id = "moa-ctl" };
	struct gateway *gw;
	struct days days;
	int status;

	if (!ctl->conf.gateway.secret_key) {
		ctl_error("MOA_GATEWAY_SECRET_KEY is not set");
		return CTL_FAILED;
	}
	if (read_days(ctl, args[0], &days))
		return CTL_FAILED;
	rq.http = http_open();
	gw = gateway_open(&ctl->conf.gateway);
	status = reconcile(ctl, &rq, gw, &days);
	gateway_close(gw);
	http_close(rq.http);
	return status;
}

int
gateway_refunds(struct ctl *ctl, const char *const args[])
{
	PGresult *res =
	    pg_run(&ctl->pg,
		   "SELECT id, status, give_back_won, payment_key, order_id, tries, "
		   "moa.rfc3339(refunded_at) AS refunded_at, moa.rfc3339(due_at) AS due_at, fault "
		   "FROM pay.give_backs ORDER BY status <> 'refused', refunded_at, id",
		   PG_NO_ARGS);

	(void)args;
	if (!res)
		return CTL_FAILED;
	ctl_print(res);
	PQclear(res);
	return CTL_DONE;
}

int
gateway_retry(struct ctl *ctl, const char *const args[])
{
	PGresult *res = pg_run(&ctl->pg, "SELECT pay.retry_give_back($1::uuid) AS found", PG_ARGS(args[0]));
	int found = res && *pg_value(res, 0, "found") == 't';

	if (res && !found)
		ctl_error("nothing is to go back for a refund of this id");
	PQclear(res);
	return found ? CTL_DONE : CTL_FAILED;
}
