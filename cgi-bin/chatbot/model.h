/* The model's part in a turn: what it is told, what it may say, and how its answer is made safe. */
#ifndef MODEL_H
#define MODEL_H

#include "attr.h"
#include "err.h"
#include "house.h"
#include "llm.h"

struct req;

/** model_words(say): May the model word a reply of this kind?  Facts, prices, acceptance and what cannot be are the house's own. */
bool model_words(enum say say);

/**
 * model_next(say):
 * What the reply is about if the message, which the house would answer with ${say}, fits the question after all;
 * ${say} itself where that makes no difference.  The model is told both.
 */
enum say model_next(enum say say);

struct model_turn {
	const char *text;	 /* the customer's message */
	const struct flow *flow; /* before the turn */
	const struct said *said; /* the house's understanding */
	const struct step *step; /* the house's decision: what it would say */
	const struct facts *facts;
	const struct product *found; /* retrieved and allowed, best first */
	int nfound;
	const char *window;  /* see window.h; "" if none */
	const char *summary; /* of what was said before the window; "" if none */
};

struct model_sink {
	/*
	 * All but the reply is known: ${said} is the house's understanding with what the model adds, ${fits} what the
	 * model thinks of the message.  May the reply be shown?  ${said} ends with the call.
	 */
	bool (*understood)(void *ctx, const struct said *said, bool fits);
	/* The next characters of the reply, which have passed the guard. */
	void (*text)(void *ctx, const char *text, size_t len);
	/* Asked at least every 100 ms: true ends the call. */
	bool (*cancelled)(void *ctx);
	void *ctx;
};

struct model_answer {
	const char *reply;    /* whole, what text() was given; NULL if it was not to be shown */
	int picks[CARDS_MAX]; /* indices into what was found, in the model's order */
	int npicks;
	int dropped; /* ids it named that were not among what was found */
	const char *
	    voided; /* after ERR_INTERNAL: why nothing of it can be used, see leak.h; "format": not by the schema */
	struct llm_reply spent; /* tokens and times, after errors, too */
};

/**
 * model_ask(rq, llm, turn, sink, ret_answer):
 * Ask the model, once.  OK also when understood() said that the reply may not be shown: then the rest of it was not waited for.
 * Errors: ERR_CLIENT_GONE when cancelled() said so; ERR_UNAVAILABLE, ERR_OVERLOADED as llm_run; ERR_INTERNAL when the answer
 * is unusable.  Text already given is void then.
 */
enum err model_ask(const struct req *rq, struct llm *llm, const struct model_turn *turn,
		   const struct model_sink *sink, struct model_answer *ret_answer) MUST_CHECK;

#endif
