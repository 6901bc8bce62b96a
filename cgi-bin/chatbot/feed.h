/*
 * What a running turn lets others see: events to the client that waits for it, and to Redis for those who follow it
 * from elsewhere (follow.h).  The words come in pieces of at most FEED_PIECE_MS, so that nobody is sent a packet for
 * every syllable; Redis gets what has gathered every FEED_STORE_MS, and says at each time whether the customer has
 * cancelled.
 */
#ifndef FEED_H
#define FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"
#include "flow.h"

struct req;
struct resp;

enum {
	FEED_PIECE_MS = 80,  /* words wait for each other at most so long */
	FEED_STORE_MS = 500, /* as do events on their way to Redis */
	FEED_AWAY_MS = 1000, /* and longer while it is away */
	FEED_BEAT_MS = 2000, /* a stream with nothing to say */
	FEED_GRACE_MS = 3000 /* a client that left has so long to come back */
};

/* Why a turn under way is to end; what came first counts. */
enum feed_end {
	FEED_GOES_ON,
	FEED_CANCELLED, /* the customer has stopped it */
	FEED_LEFT,	/* nobody waits for it any more */
	FEED_LOST,	/* its ticket is another's */
};

enum { FEED_TEXT_MAX = 1024, FEED_PENDING_MAX = 16 };

struct feed {
	const struct req *rq;
	struct resp *rs;
	bool streams; /* the client reads events; else it waits for the whole turn as JSON */
	struct flow_hold *hold;
	char tag[FLOW_TAG_LEN + 1];
	int sent;		  /* the number of the last event */
	char text[FEED_TEXT_MAX]; /* words not yet sent, whole characters */
	size_t len;
	struct flow_event pending[FEED_PENDING_MAX]; /* sent, but not yet in Redis */
	int npending;
	bool
	    detached; /* Redis has been away for too long: who follows is given the whole turn at its end, by PostgreSQL */
	struct flow_event last; /* how the turn has ended */
	int64_t wrote_ms, stored_ms,
	    left_ms;   /* clock_ms: the last event or beat, events to Redis, its leaving (0: it has not) */
	bool followed; /* somebody else reads the turn's events */
	enum feed_end end;
};

/** feed_open(feed, rq, rs, streams, hold): The events of the turn ${hold}; ${hold} is looked at as long as it runs. */
void feed_open(struct feed *feed, const struct req *rq, struct resp *rs, bool streams,
	       struct flow_hold *hold);

/**
 * feed_state(feed, state, engine):
 * Begin, or begin anew: the words so far no longer count.  Goes out with what follows, or the next tick: see feed_flush.
 */
void feed_state(struct feed *feed, const char *state, const char *engine);

/** feed_flush(feed): What follows will take a while: let the client see what there is. */
void feed_flush(struct feed *feed);

/** feed_text(feed, text, len): ${len} bytes of words, whole characters or not. */
void feed_text(struct feed *feed, const char *text, size_t len);

/** feed_products(feed, products): ${products}, a JSON array, are on the screen now. */
void feed_products(struct feed *feed, const char *products);

/**
 * feed_tick(feed):
 * Send and store what is due, and look around; to be called about every 50 ms while a turn waits.  Returns why the turn
 * is to end, FEED_GOES_ON mostly.
 */
enum feed_end feed_tick(struct feed *feed);

/**
 * feed_settle(feed):
 * Send and store all there is, and look for the last time whether the turn is to end: before its commit.
 */
enum feed_end feed_settle(struct feed *feed);

/**
 * feed_end(feed, name, data):
 * Make the last event ready, "done" with the whole turn or "error" with a problem document: what Redis does not have yet is
 * then at feed->pending, for flow_put or flow_release.
 */
void feed_end(struct feed *feed, const char *name, const char *data);

/** feed_tell_end(feed): Send the client that event; the ticket has been returned, and the next message may come. */
void feed_tell_end(struct feed *feed);

#endif
