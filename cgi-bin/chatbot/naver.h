/*
 * Naver Shopping's search (GET /v1/search/shop.json of its open API): the second source of products, where it is configured.
 *
 * What it says is foreign data: it is checked and cleaned here, and what the conversation may show of it is decided by
 * product_find.c.  Nothing here fails a turn: there is always the catalog.
 */
#ifndef NAVER_H
#define NAVER_H

#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "conf.h"
#include "err.h"
#include "house.h"

struct naver;
struct req;

struct naver_conf {
	const char *url;	   /* https://openapi.naver.com */
	const char *client_id;	   /* NULL: it is not asked */
	const char *client_secret; /* likewise */
	int64_t daily_max;	   /* calls a day, by the clock of Seoul */
};

/* The rows of a program's conf table for a struct naver_conf at that offset. */
#define NAVER_CONF(at)                                                                                       \
	{ "MOA_NAVER_URL",                                                                                   \
	  CONF_STR,                                                                                          \
	  (at) + offsetof(struct naver_conf, url),                                                           \
	  8,                                                                                                 \
	  200,                                                                                               \
	  "https://openapi.naver.com",                                                                       \
	  "Naver's open API, for product search" },                                                          \
	    { "MOA_NAVER_CLIENT_ID",                                                                         \
	      CONF_STR,                                                                                      \
	      (at) + offsetof(struct naver_conf, client_id),                                                 \
	      1,                                                                                             \
	      100,                                                                                           \
	      NULL,                                                                                          \
	      "its client id; without it products come from the catalog alone" },                            \
	    { "MOA_NAVER_CLIENT_SECRET",                                                                     \
	      CONF_STR,                                                                                      \
	      (at) + offsetof(struct naver_conf, client_secret),                                             \
	      1,                                                                                             \
	      100,                                                                                           \
	      NULL,                                                                                          \
	      "its client secret" },                                                                         \
	{                                                                                                    \
		"MOA_NAVER_DAILY", CONF_INT, (at) + offsetof(struct naver_conf, daily_max), 0, 10000000,     \
		    "25000", "searches a day at most, of all processes together"                             \
	}

enum {
	NAVER_MAX = 100,	   /* products of one answer */
	NAVER_QUERY_MAX = 60,	   /* characters */
	NAVER_TITLE_MAX = 120,	   /* characters */
	NAVER_CACHE_MAX = 48 << 10 /* bytes of one answer in Redis */
};

/* What the ids of its products begin with; the catalog's have no colon. */
#define NAVER_ID "naver:"

/** naver_open(conf): Never NULL; ${conf} must outlive it.  Shows its counters among the program's metrics. */
struct naver *naver_open(const struct naver_conf *conf);
void naver_close(struct naver *naver);

/** naver_configured(naver): Are there an id and a secret? */
bool naver_configured(const struct naver *naver);

/**
 * naver_search(rq, naver, query, deadline_ms, ret_products, ret_n):
 * What Naver sells for ${query}, one of naver_asks, at most NAVER_MAX products in its own order: from Redis if it
 * was asked within ten minutes, else by a call that ends by ${deadline_ms}.  Their fit and score are not set.  Errors:
 * ERR_UNAVAILABLE, at once when it is not configured, today's calls are used up, or it has failed repeatedly just now.
 */
enum err naver_search(const struct req *rq, struct naver *naver, const char *query, int64_t deadline_ms,
		      struct product ret_products[NAVER_MAX], int *ret_n) MUST_CHECK;

/* How far a question is from the wish. */
enum naver_width {
	NAVER_ALL,	  /* all that was named, in its colour */
	NAVER_ANY_COLOUR, /* the same in any colour */
	NAVER_NEAR	  /* the kind of thing, or what the customer is into */
};

enum { NAVER_ASKS_MAX = 4 };

/* What to ask for, best first. */
struct naver_asks {
	struct naver_ask {
		const char *query;
		enum naver_width width;
	} at[NAVER_ASKS_MAX];
	int n;
};

/**
 * naver_asks(a, flow, interests, ret_asks):
 * What to ask for, for the wish in ${flow}; ${interests} is the profile's list.  None when nothing is known to ask for.  Each is
 * normalised: lower case, single spaces, no punctuation, at most NAVER_QUERY_MAX characters.
 */
void naver_asks(struct arena *a, const struct flow *flow, const char *interests, struct naver_asks *ret_asks);

/** naver_items(a, body, len, ret_products): The products in an answer of Naver's; -1 if it is none. */
int naver_items(struct arena *a, const char *body, size_t len, struct product ret_products[NAVER_MAX]);

/** naver_keep(a, products, n): The products as short JSON for Redis, as many as go into NAVER_CACHE_MAX. */
const char *naver_keep(struct arena *a, const struct product *products, int n);

/** naver_kept(a, json, ret_products): Back again; -1 if it is no such JSON. */
int naver_kept(struct arena *a, const char *json, struct product ret_products[NAVER_MAX]);

#endif
