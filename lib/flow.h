/*
 * The chat-flow store: where each conversation stands, in Redis, and whose turn is running.
 *
 * One hash per conversation, {chat:<id>}:flow, holds the members of struct flow and, while a turn runs, its ticket: a
 * lease that ends by itself when the process that took it dies.  Everything here may be lost: PostgreSQL has the same
 * flow, decides where they differ, and the copy is made anew from it.  Every change is one script that looks at
 * version and ticket first.  Keys live for 24 hours after their last use.
 */
#ifndef FLOW_H
#define FLOW_H

#include <stdint.h>

#include "attr.h"
#include "err.h"

struct arena;
struct req;

enum { FLOW_TTL_S = 24 * 3600, FLOW_TICKET_LEN = 22 };

/* Text is never NULL: "" is nothing.  Lists are words with '|' between them.  Amounts are 0 when there is none. */
struct flow {
	const char *customer;	 /* whose conversation it is: a uuid */
	int64_t version;	 /* turns committed so far; -1 where Redis does not know */
	const char *state;	 /* the step whose question is on the screen */
	const char *language;	 /* "ko" or "en" */
	int64_t retries;	 /* unfit answers to that question so far */
	const char *mood;	 /* "good", "tired", … */
	const char *hobby;	 /* list: codes of interests, and other words as they were written */
	const char *terms;	 /* list: words to look for in the catalog */
	const char *topics;	 /* list: categories to look in */
	int64_t budget_won;	 /* nothing dearer, as the customer said */
	int64_t below_won;	 /* cheaper than this, since they asked for something cheaper */
	int64_t floor_won;	 /* nothing cheaper */
	const char *colour;	 /* the colour asked for */
	const char *not_colours; /* list: colours they want no more of */
	const char *not_brands;	 /* list, lower case */
	const char *not_words;	 /* list: what they do not want to see */
	const char *cards;	 /* list: ids of the products on the screen, in their order */
	const char *offer;	 /* what a plain yes would take up: the id of a card, "cheaper", "other" */
	const char *outcome;	 /* "accepted", "declined", "dashboard" */
};

/* A turn that runs, or found one running. */
struct flow_hold {
	const char *session;		  /* the conversation */
	char ticket[FLOW_TICKET_LEN + 1]; /* of this turn; of the other one after ERR_TURN_IN_PROGRESS */
	const char *turn;		  /* after ERR_TURN_IN_PROGRESS: what the other one called itself */
	struct flow flow;		  /* as Redis has it; its version alone after ERR_TURN_IN_PROGRESS */
};

/** flow_key(a, session): The key of the conversation's hash. */
const char *flow_key(struct arena *a, const char *session);

/** flow_init(flow): Nothing known: all text "", all numbers 0. */
void flow_init(struct flow *flow);

/** flow_json(a, flow): ${flow} as a JSON object of strings, the form PostgreSQL keeps. */
const char *flow_json(struct arena *a, const struct flow *flow);

/**
 * flow_read(a, json, ret_flow):
 * The flow ${json} tells of; members it lacks are empty.  ERR_MALFORMED_JSON if it is no object.
 */
enum err flow_read(struct arena *a, const char *json, struct flow *ret_flow) MUST_CHECK;

/**
 * flow_take(rq, session, customer, turn, seized, ret_hold):
 * Take the ticket of the conversation for a turn that calls itself ${turn}, and read the flow; its version is -1 when
 * Redis knows none, and so is that of ERR_TURN_IN_PROGRESS.  The lease ends a little after the request's own deadline,
 * in 30 s at the latest: a ticket that was lost must not keep the customer waiting.  A ticket that has run out is taken
 * over, and so is ${seized} (or NULL): the ticket of a turn that is known to be over.  Errors: ERR_TURN_IN_PROGRESS,
 * with *${ret_hold} telling of the other turn; ERR_NOT_FOUND when the conversation is another customer's;
 * ERR_UNAVAILABLE.
 */
enum err flow_take(const struct req *rq, const char *session, const char *customer, const char *turn,
		   const char *seized, struct flow_hold *ret_hold) MUST_CHECK;

/**
 * flow_rebuild(rq, hold, flow):
 * Replace what Redis has by ${flow}, as PostgreSQL has it, and keep the ticket.  With an empty ticket: store the
 * flow of a conversation that has just been made.  Errors: ERR_CONFLICT when another turn has the ticket;
 * ERR_UNAVAILABLE, also when nobody has it any more: Redis has forgotten it.
 */
enum err flow_rebuild(const struct req *rq, const struct flow_hold *hold, const struct flow *flow) MUST_CHECK;

/**
 * flow_put(rq, hold, flow):
 * Write ${flow} back, whose version is one more than what Redis has, and return the ticket.  Errors: ERR_CONFLICT
 * when the ticket is no longer ours (nothing is written) or the version there is another (the key is deleted, to
 * be rebuilt); ERR_UNAVAILABLE.  The turn stands in either case.
 */
enum err flow_put(const struct req *rq, const struct flow_hold *hold, const struct flow *flow) MUST_CHECK;

/**
 * flow_release(rq, hold):
 * Return the ticket and change nothing, for a turn that failed.  If Redis does not answer, the lease ends.
 */
void flow_release(const struct req *rq, const struct flow_hold *hold);

/** flow_erase(rq, session): Forget the conversation, a running turn's ticket included.  ERR_UNAVAILABLE. */
enum err flow_erase(const struct req *rq, const char *session) MUST_CHECK;

#endif
