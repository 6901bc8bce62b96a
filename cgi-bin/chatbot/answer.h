/*
 * The answer to a message: what it leads to, which products come with it, and the words, by the house responder
 * (house.h) or by the model (model.h).  The house decides either way; the model may add to what was understood, choose among
 * the products found, and put the answer into words.  Whatever goes wrong with it, the house's own words are there.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "attr.h"
#include "err.h"
#include "house.h"

struct feed;
struct flow_hold;
struct req;

/* What an answer is made from. */
struct question {
	const struct req *rq;
	const struct flow_hold *hold; /* session, window, what the last search left over */
	const char *text;	      /* of the customer */
	const struct said *said;      /* what it says by itself */
	const struct flow *flow;      /* before the turn */
	const struct facts *facts;
	const char *summary; /* of what was said before the window; "" if nothing */
	bool may_ask;	     /* a model is configured, and the customer has tokens left */
};

struct answer {
	struct step step;
	struct product shown[CARDS_MAX];
	int nshown;
	const char *reply;
	const char *engine; /* "llm" or "house": whose words these are */
	const char *rest;   /* what the search found besides, for product_find; as it was if there was none */
};

/**
 * answer_make(question, feed, ret_answer):
 * Answer ${question}, telling ${feed} as the words come.  Errors: ERR_TURN_CANCELLED, ERR_TURN_IN_PROGRESS (the ticket has become another's),
 * ERR_UNAVAILABLE (PostgreSQL); a model or a product search that fails is none.
 */
enum err answer_make(const struct question *question, struct feed *feed,
		     struct answer *ret_answer) MUST_CHECK;

#endif
