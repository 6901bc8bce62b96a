/*
 * The chat-flow store: where each conversation stands, in Redis, and whose turn is running.
 *
 * One hash per conversation, {chat:<id>}:flow, holds the members of struct flow, what the turns hand on to each other
 * beside it, and, while a turn runs, its ticket: a lease that ends by itself when the process that took it dies.  One
 * list, {chat:<id>}:events, holds what the running or the last turn has told its client, for whoever else follows it.
 * Everything here may be lost: PostgreSQL has the same flow, decides where they differ, and the copy is made anew from
 * it.  Every change is one script that looks at version and ticket first.  The hash lives for 24 hours after its last
 * use, the list for 10 minutes.
 */
#ifndef FLOW_H
#define FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct arena;
struct req;

enum { FLOW_TTL_S = 24 * 3600, FLOW_EVENTS_TTL_S = 600, FLOW_TICKET_LEN = 22, FLOW_TAG_LEN = 6 };

/* How long a ticket is good for after it was taken or flow_append was called, and a follower after it has looked. */
enum { FLOW_LEASE_MS = 3000, FLOW_FOLLOWED_MS = 2000 };

/* Ceilings: of a turn's events and their bytes, and of window and found, which are not kept if they are longer. */
enum { FLOW_EVENTS_MAX = 1000, FLOW_EVENTS_BYTES_MAX = 256 * 1024, FLOW_KEPT_MAX = 64 * 1024 };

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
	const char *window; /* the newest messages, as flow_put got them; "" unless of flow.version */
	const char *found;  /* what the last search fetched, likewise */
	int events;	    /* how many events flow_append has taken */
	int event_bytes;    /* and their bytes */
};

/* One event of a running turn: a name without line feeds, and JSON.  Their numbers in the turn count from 1. */
struct flow_event {
	const char *name;
	const char *data;
};

/* A turn as somebody else sees it. */
struct flow_view {
	bool running;		    /* its lease has not ended */
	char tag[FLOW_TAG_LEN + 1]; /* of the turn that runs, or ran last; "" if none is known */
	const char *turn;	    /* what it called itself, or "" */
	int64_t version;	    /* of the flow; -1 where Redis does not know */
	int first;		    /* the number of events[0] */
	int n;
	struct flow_event *events;
};

/** flow_key(a, session), flow_events_key: The keys of the conversation's hash and of its list. */
const char *flow_key(struct arena *a, const char *session);
const char *flow_events_key(struct arena *a, const char *session);

/** flow_init(flow): Nothing known: all text "", all numbers 0. */
void flow_init(struct flow *flow);

/** flow_json(a, flow): ${flow} as a JSON object of strings, the form PostgreSQL keeps. */
const char *flow_json(struct arena *a, const struct flow *flow);

/**
 * flow_read(a, json, ret_flow):
 * The flow ${json} tells of; members it lacks are empty.  ERR_MALFORMED_JSON if it is no object.
 */
enum err flow_read(struct arena *a, const char *json, struct flow *ret_flow) MUST_CHECK;

/** flow_set(flow, name, value): Set the member called ${name} from text.  False if there is no such member. */
bool flow_set(struct flow *flow, const char *name, const char *value);

/**
 * flow_take(rq, session, customer, turn, seized, ret_hold):
 * Take the ticket of the conversation for a turn that calls itself ${turn}, and read the flow; its version is -1 when
 * Redis knows none, and so is that of ERR_TURN_IN_PROGRESS.  The events of the turn before are deleted.  The lease is
 * FLOW_LEASE_MS and renewed by flow_append: a ticket that was lost must not keep the customer waiting.  A ticket that
 * has run out is taken over, and so is ${seized} (or NULL): the ticket of a turn that is known to be over; the flow
 * that it has left behind is forgotten, and the version is -1.  Errors:
 * ERR_TURN_IN_PROGRESS, with *${ret_hold} telling of the other turn; ERR_NOT_FOUND when the conversation is another
 * customer's; ERR_UNAVAILABLE.
 */
enum err flow_take(const struct req *rq, const char *session, const char *customer, const char *turn,
		   const char *seized, struct flow_hold *ret_hold) MUST_CHECK;

/**
 * flow_rebuild(rq, hold, flow):
 * Replace what Redis has by ${flow}, as PostgreSQL has it, and keep the ticket; window and found are forgotten.  With an
 * empty ticket: store the flow of a conversation that has just been made.  Errors: ERR_CONFLICT when another turn has
 * the ticket; ERR_UNAVAILABLE, also when nobody has it any more: Redis has forgotten it.
 */
enum err flow_rebuild(const struct req *rq, const struct flow_hold *hold, const struct flow *flow) MUST_CHECK;

/**
 * flow_append(rq, hold, events, n, ret_cancelled, ret_followed):
 * Add the ${n} events at ${events} (0: none) to what followers read, renew the lease, and tell whether the customer has
 * cancelled the turn and, unless ${ret_followed} is NULL, whether anybody has looked within FLOW_FOLLOWED_MS.  Errors:
 * ERR_CONFLICT when another turn has the ticket: stop; ERR_OVERLOADED beyond the ceilings: followers get no more than the
 * turn's end, from PostgreSQL; ERR_UNAVAILABLE, also when nobody has the ticket: nothing is known, go on.  Whether the
 * events were taken is unknown then, too, and they come first in the next call, or in flow_put: giving the same ones
 * again adds none twice.  Who gives up on some gives none any more, so that the list stays a beginning, or adds their
 * number to hold->events, which gives up the list, too.
 */
enum err flow_append(const struct req *rq, struct flow_hold *hold, const struct flow_event *events, int n,
		     bool *ret_cancelled, bool *ret_followed) MUST_CHECK;

/** flow_tag(hold, ret_tag): The first half of the ids of a turn's events, "<tag>-<number>": the ticket's beginning. */
void flow_tag(const struct flow_hold *hold, char ret_tag[FLOW_TAG_LEN + 1]);

/**
 * flow_watch(rq, session, customer, tag, seen, ret_view):
 * What has come after event number ${seen} of the turn ${tag}, or all of it where the turn is another one, and mark that
 * somebody follows.  The events of a turn are to be read until the next one takes the ticket.  A turn that neither runs
 * nor has ended with an event, or has none that are known, is PostgreSQL's to tell of, and so is whose the conversation
 * is where Redis does not know.  Errors: ERR_NOT_FOUND when it is known to be another customer's; ERR_UNAVAILABLE.
 */
enum err flow_watch(const struct req *rq, const char *session, const char *customer, const char *tag,
		    int seen, struct flow_view *ret_view) MUST_CHECK;

/**
 * flow_cancel(rq, session, customer):
 * Ask the turn that has the ticket, if any, to stop: its next flow_append says so.  Errors as of flow_watch.
 */
enum err flow_cancel(const struct req *rq, const char *session, const char *customer) MUST_CHECK;

/**
 * flow_put(rq, hold, flow, window, found, last, n):
 * Write ${flow} back, whose version is one more than what Redis has, with ${window} and ${found} ("": nothing) for the
 * next turn, add the turn's last ${n} events, and return the ticket.  Errors: ERR_CONFLICT when the ticket is no longer
 * ours (nothing is written) or the version there is another (the hash is deleted, to be rebuilt, and the events are
 * added); ERR_UNAVAILABLE.  The turn stands in any case.
 */
enum err flow_put(const struct req *rq, const struct flow_hold *hold, const struct flow *flow,
		  const char *window, const char *found, const struct flow_event *last, int n) MUST_CHECK;

/**
 * flow_release(rq, hold, last, n):
 * Return the ticket and change nothing else, for a turn that failed, adding its last ${n} events.  If Redis does not
 * answer, the lease ends.
 */
void flow_release(const struct req *rq, const struct flow_hold *hold, const struct flow_event *last, int n);

/** flow_erase(rq, session): Forget the conversation, a running turn's ticket and events included.  ERR_UNAVAILABLE. */
enum err flow_erase(const struct req *rq, const char *session) MUST_CHECK;

#endif
