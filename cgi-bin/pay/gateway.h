/* The payment gateway, in the shape of Toss Payments' API: what it has taken, and what goes back through it. */
#ifndef GATEWAY_H
#define GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "conf.h"
#include "err.h"

struct gateway;
struct json_object;
struct req;

struct gateway_conf {
	const char *url;	/* base, without a slash at the end */
	const char *secret_key; /* NULL: there is no gateway */
	int64_t call_ms;	/* the longest that one call may take */
	bool breaker;		/* after failures in a row it is left alone for a while */
};

/* Rows of a program's conf table that fill a struct gateway_conf at this offset. */
/* clang-format off */
#define GATEWAY_CONF(at)                                                                                     \
	{ "MOA_GATEWAY_URL", CONF_STR, (at) + offsetof(struct gateway_conf, url), 1, 500,                    \
	  "https://api.tosspayments.com", "the payment gateway's API" },                                     \
	{ "MOA_GATEWAY_SECRET_KEY", CONF_STR, (at) + offsetof(struct gateway_conf, secret_key), 1, 200,      \
	  NULL, "key for it; without one nothing can be repaid" },                                           \
	{ "MOA_GATEWAY_DEADLINE_MS", CONF_INT, (at) + offsetof(struct gateway_conf, call_ms), 100, 30000,    \
	  "8000", "the longest that one call of it may take; in a customer's request less" },                \
	{ "MOA_GATEWAY_BREAKER", CONF_BOOL, (at) + offsetof(struct gateway_conf, breaker), 0, 1, "1",        \
	  "0: call it however often it has failed just before" }
/* clang-format on */

/* A payment as we know it. */
struct gateway_payment {
	const char *payment_key; /* the gateway's name for it */
	const char *order_id;	 /* ours */
	int64_t amount_won;
};

/* How to ask about a payment: to confirm it; to confirm it unless that has been done; or only to look. */
enum gateway_step { GATEWAY_ASK, GATEWAY_RESUME, GATEWAY_LOOK };

enum gateway_word {
	GATEWAY_TAKEN,	   /* the money has been taken, all of it, for this order */
	GATEWAY_NOT_TAKEN, /* it has not been, and never will */
	GATEWAY_OPEN,	   /* not yet decided */
	GATEWAY_SILENT,	   /* no answer that can be relied on: whether the money was taken is unknown */
};

/* A part of a payment that is to go back. */
struct gateway_return {
	const char *payment_key;
	const char *about; /* why: by this it is found again among the payment's cancellations */
	const char *
	    key; /* the call's Idempotency-Key: it is answered once, so a new try after a refusal needs another */
	int64_t amount_won;
	bool again; /* it may have gone back already */
};

enum gateway_back {
	GATEWAY_BACK,	      /* it has gone back, now or before */
	GATEWAY_BACK_REFUSED, /* it has not, and will not without somebody's help */
	GATEWAY_BACK_LATER,   /* it has not, and may at another time */
	GATEWAY_BACK_UNKNOWN, /* no answer that can be relied on */
};

/**
 * gateway_open(conf):
 * What all threads call the gateway by, with its metrics; ${conf} must outlive it.  gateway_close(NULL) is a no-op.
 */
struct gateway *gateway_open(const struct gateway_conf *conf);
void gateway_close(struct gateway *gw);

/** gateway_configured(gw): Is there a gateway at all? */
bool gateway_configured(const struct gateway *gw);

/** gateway_ready(gw): Is there one, and is it not left alone just now?  What would not be asked for need not be begun. */
bool gateway_ready(struct gateway *gw);

/** gateway_is_key(s): Can ${s} be the gateway's name for a payment?  Only such may be asked about. */
bool gateway_is_key(const char *s);

/**
 * gateway_settle(rq, gw, payment, step, deadline_ms, ret_why):
 * Ask what became of ${payment} by ${deadline_ms} (of clock_ms).  Money that was taken in another amount, or would come later, is
 * given back first, and is then not taken.  *${ret_why} says why it was not, in the gateway's words; NULL otherwise.  Logged where
 * it is silent.
 */
enum gateway_word gateway_settle(const struct req *rq, struct gateway *gw,
				 const struct gateway_payment *payment, enum gateway_step step,
				 int64_t deadline_ms, const char **ret_why);

/**
 * gateway_give_back(rq, gw, what, deadline_ms, ret_why):
 * Give back a part of a payment, once for each reason, however often this is called.  *${ret_why} says why it was not, in the
 * gateway's words, if it has said so; else NULL.
 */
enum gateway_back gateway_give_back(const struct req *rq, struct gateway *gw,
				    const struct gateway_return *what, int64_t deadline_ms,
				    const char **ret_why);

/**
 * gateway_get(rq, gw, path, deadline_ms, ret_status, ret_json):
 * GET ${path} ("/v1/transactions?…") and read the JSON of the answer, whatever its status.  Errors: ERR_UNAVAILABLE.
 */
enum err gateway_get(const struct req *rq, struct gateway *gw, const char *path, int64_t deadline_ms,
		     int *ret_status, struct json_object **ret_json) MUST_CHECK;

#endif
