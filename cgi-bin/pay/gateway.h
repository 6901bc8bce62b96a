/* The payment gateway, in the shape of Toss Payments' API: what it has taken, and what goes back through it. */
#ifndef GATEWAY_H
#define GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "conf.h"
#include "err.h"

struct json_object;
struct req;

struct gateway_conf {
	const char *url;	/* base, without a slash at the end */
	const char *secret_key; /* NULL: there is no gateway */
};

/* Rows of a program's conf table that fill a struct gateway_conf at this offset. */
#define GATEWAY_CONF(at)                                                                                     \
	{ "MOA_GATEWAY_URL",                                                                                 \
	  CONF_STR,                                                                                          \
	  (at) + offsetof(struct gateway_conf, url),                                                         \
	  1,                                                                                                 \
	  500,                                                                                               \
	  "https://api.tosspayments.com",                                                                    \
	  "the payment gateway's API" },                                                                     \
	{                                                                                                    \
		"MOA_GATEWAY_SECRET_KEY", CONF_STR, (at) + offsetof(struct gateway_conf, secret_key), 1,     \
		    200, NULL, "key for it; without one nothing can be repaid"                               \
	}

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

/** gateway_is_key(s): Can ${s} be the gateway's name for a payment?  Only such may be asked about. */
bool gateway_is_key(const char *s);

/**
 * gateway_settle(rq, conf, payment, step, deadline_ms, ret_why):
 * Ask what became of ${payment} by ${deadline_ms} (of clock_ms).  Money that was taken in another amount is given back first, and is
 * then not taken.  *${ret_why} says why it was not, in the gateway's words; NULL otherwise.  Logged where it is silent.
 */
enum gateway_word gateway_settle(const struct req *rq, const struct gateway_conf *conf,
				 const struct gateway_payment *payment, enum gateway_step step,
				 int64_t deadline_ms, const char **ret_why);

/**
 * gateway_give_back(rq, conf, payment_key, about, amount_won, again, deadline_ms):
 * Give back a part of a payment, once for each ${about}, however often this is called; ${again} says that it may have been before.
 * Errors: ERR_GATEWAY_REFUSED, logged; ERR_UNAVAILABLE, when it is unknown whether it has been given back.
 */
enum err gateway_give_back(const struct req *rq, const struct gateway_conf *conf, const char *payment_key,
			   const char *about, int64_t amount_won, bool again, int64_t deadline_ms) MUST_CHECK;

/**
 * gateway_get(rq, conf, path, deadline_ms, ret_status, ret_json):
 * GET ${path} ("/v1/transactions?…") and read the JSON of the answer, whatever its status.  Errors: ERR_UNAVAILABLE.
 */
enum err gateway_get(const struct req *rq, const struct gateway_conf *conf, const char *path,
		     int64_t deadline_ms, int *ret_status, struct json_object **ret_json) MUST_CHECK;

#endif
