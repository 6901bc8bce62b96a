/* The pay program: its statements, its configuration, what several handlers use, and the handlers. */
#ifndef PAY_H
#define PAY_H

#include "app.h"
#include "attr.h"
#include "conf.h"
#include "db.h"
#include "err.h"
#include "gateway.h"
#include "hook_secret.h"
#include "route.h"

struct arena;
struct req;
struct resp;

/* What this program may run on PostgreSQL; the texts are in pay_sql.c. */
enum {
	PAY_GRADES,
	PAY_REQUEST,
	PAY_SHOW_REQUEST,
	PAY_ORDER,
	PAY_CANCEL,
	PAY_CHECKOUT,
	PAY_ADD_MERCHANT,
	PAY_ROTATE_KEY,
	PAY_MERCHANTS,
	PAY_CLAIM,
	PAY_APPROVE,
	PAY_WATCH,
	PAY_CLOSE,
	PAY_START_REPAYMENT,
	PAY_BEGIN_CONFIRM,
	PAY_END_CONFIRM,
	PAY_NOTICED,
	PAY_WEBHOOK_ADD,
	PAY_WEBHOOKS,
	PAY_WEBHOOK_DELETE,
	PAY_WEBHOOK_DELIVERIES,
	PAY_WEBHOOK_REPLAY,
	PAY_SUMMARY,
	PAY_PAYMENTS,
	PAY_PAYMENT,
	PAY_ENTRIES,
	PAY_CHECK_IN_TODAY,
	PAY_CHECK_IN,
	PAY_SETTLEMENT,
	PAY_REFUND,
	PAY_EXTENSION,
	PAY_EXTEND,
	PAY_STANDING,
	PAY_JOBS,
	PAY_GAUGES,
	PAY__MAX, /* the comma keeps one on each line */
};
extern const struct stmt pay_stmts[PAY__MAX];

struct pay_conf {
	const char *public_url; /* NULL: as the request's Host says */
	struct gateway_conf gateway;
	const char *gateway_client_key;
	const char *gateway_window_url;
	struct hook_key webhook_key;
	bool webhook_private; /* webhooks may go to private addresses and over plain http */
};
extern const struct conf_row pay_conf_rows[];
extern struct pay_conf pay_conf;

/* What the process keeps: rq->domain. */
struct pay {
	struct watch *watch;
	struct gateway *gateway;
};
void *pay_open(void);
void pay_close(void *domain);

/** pay_of(rq): rq->domain as what it is. */
const struct pay *pay_of(const struct req *rq);

/** pay_base(rq): Where links for customers begin, without a slash at the end: "https://pay.example". */
const char *pay_base(const struct req *rq);

/** pay_hash(a, key): An API key as the database keeps it, for a statement's argument. */
struct db_arg pay_hash(struct arena *a, const char *key);

/** pay_merchant(rq): The hash of the key that the request of a MERCHANT route came with. */
struct db_arg pay_merchant(const struct req *rq);

/* The handlers, each in the file of its first word. */
enum err check_in_draw(const struct req *rq, struct resp *rs);
enum err check_in_show(const struct req *rq, struct resp *rs);
enum err admin_block(const struct req *rq, struct resp *rs);
enum err admin_jobs(const struct req *rq, struct resp *rs);
enum err admin_unblock(const struct req *rq, struct resp *rs);
enum err code_claim(const struct req *rq, struct resp *rs);
enum err extension_ask(const struct req *rq, struct resp *rs);
enum err extension_show(const struct req *rq, struct resp *rs);
enum err grade_list(const struct req *rq, struct resp *rs);
enum err notice_take(const struct req *rq, struct resp *rs);
enum err ledger_list(const struct req *rq, struct resp *rs);
enum err ledger_points(const struct req *rq, struct resp *rs);
enum err payment_list(const struct req *rq, struct resp *rs);
enum err payment_show(const struct req *rq, struct resp *rs);
enum err checkout_png(const struct req *rq, struct resp *rs);
enum err checkout_show(const struct req *rq, struct resp *rs);
enum err checkout_svg(const struct req *rq, struct resp *rs);
enum err merchant_create(const struct req *rq, struct resp *rs);
enum err merchant_list(const struct req *rq, struct resp *rs);
enum err merchant_rotate(const struct req *rq, struct resp *rs);
enum err request_approve(const struct req *rq, struct resp *rs);
enum err request_cancel(const struct req *rq, struct resp *rs);
enum err request_create(const struct req *rq, struct resp *rs);
enum err settlement_show(const struct req *rq, struct resp *rs);
enum err summary_show(const struct req *rq, struct resp *rs);
enum err window_close(const struct req *rq, struct resp *rs);
enum err refund_create(const struct req *rq, struct resp *rs);
enum err repayment_confirm(const struct req *rq, struct resp *rs);
enum err repayment_create(const struct req *rq, struct resp *rs);
enum err webhook_create(const struct req *rq, struct resp *rs);
enum err webhook_delete(const struct req *rq, struct resp *rs);
enum err webhook_deliveries(const struct req *rq, struct resp *rs);
enum err webhook_list(const struct req *rq, struct resp *rs);
enum err webhook_replay(const struct req *rq, struct resp *rs);
enum err window_events(const struct req *rq, struct resp *rs);
enum err request_list(const struct req *rq, struct resp *rs);
enum err request_show(const struct req *rq, struct resp *rs);

#endif
