/* A turn, from the message to the reply. */
#ifndef TURN_H
#define TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct arena;
struct req;
struct resp;

/* POST /sessions/:id/messages, read. */
struct turn_in {
	const char *text;
	const char *client_message_id;
	bool streams; /* the client reads events; else it waits for the whole turn */
};

/**
 * turn_run(rq, rs, session, in):
 * Answer the message ${in} in the conversation ${session}: take the turn's ticket, read the facts, answer, commit, write
 * the flow back.  The same message again gets the stored turn, and joins it while it runs.  Errors, also as the last event of a
 * stream: ERR_NOT_FOUND, ERR_TURN_IN_PROGRESS, ERR_TURN_CANCELLED, ERR_CONVERSATION_OVER, ERR_VALIDATION_FAILED
 * (the same id with another text), ERR_UNAVAILABLE.
 */
enum err turn_run(const struct req *rq, struct resp *rs, const char *session,
		  const struct turn_in *in) MUST_CHECK;

/**
 * turn_problem(rq, rs, e):
 * Tell a client that reads a stream already that it has failed with ${e}, by the last event.  Returns ${e}, which the loop makes the
 * reply where nothing has been sent.
 */
enum err turn_problem(const struct req *rq, struct resp *rs, enum err e) MUST_CHECK;

/*
 * What the ids of events begin with that are read from PostgreSQL; what follows is the conversation's version then.  It is as long as
 * a turn's tag and never one.
 */
#define TURN_STORED_TAG "stored"

/** turn_stored_id(a, version): The id of such an event; ${version} is 0 with a failure. */
const char *turn_stored_id(struct arena *a, int64_t version);

#endif
