/* What the files of turn.h share. */
#ifndef TURN_INSIDE_H
#define TURN_INSIDE_H

#include <stdbool.h>

#include "attr.h"
#include "feed.h"
#include "house.h"
#include "req.h"
#include "ticket.h"
#include "turn.h"

/*
 * How long the parts of a turn may take: what comes before the answer, the answer with the model's own deadline in it, the
 * commit, and what follows a failure.
 */
enum { BEFORE_MS = 2800, ANSWER_MS = 60000, AFTER_MS = 2000, FAIL_MS = 500 };

/* A turn on its way. */
struct turn {
	struct req rq; /* the request, with the deadline of what is being done */
	struct resp *rs;
	const char *session;
	const struct turn_in *in;
	struct flow_hold hold;
	struct said said; /* what the message says by itself */
	struct facts facts;
	struct flow flow;     /* before the turn, as PostgreSQL has it */
	const char *summary;  /* of what was said before the window */
	const char *asked;    /* the text that came with this client_message_id before; NULL if it is new */
	const char *answered; /* and the turn it got, as JSON */
	bool held;	      /* the ticket is ours */
	bool again;	      /* another turn has overtaken it, and it is decided once more: by the house */
	struct feed feed;     /* its rq is NULL until the answer begins */
};

/** turn_take(t, seized): Take the ticket, or the one that is ${seized}; errors as for flow_take. */
enum err turn_take(struct turn *t, const char *seized) MUST_CHECK;

/** turn_facts(t): Read what PostgreSQL knows of the conversation, the customer and this message. */
enum err turn_facts(struct turn *t) MUST_CHECK;

/** turn_next(t): What to do now that it has told its facts. */
enum ticket_step turn_next(const struct turn *t);

/** turn_replay(t): The message has been answered before: the same turn again, if it is the same message. */
enum err turn_replay(struct turn *t) MUST_CHECK;

/**
 * turn_join(t, ret_over):
 * Another turn has the ticket: wait for it, or for its death.  OK with *${ret_over} when the caller has the reply, without it
 * when the ticket is ours now.
 */
enum err turn_join(struct turn *t, bool *ret_over) MUST_CHECK;

/**
 * turn_answer(t, differs):
 * Answer under the ticket, commit, write back, and reply; ${differs}: Redis has another flow than PostgreSQL.  ERR_CONFLICT when
 * the conversation has moved on meanwhile.
 */
enum err turn_answer(struct turn *t, bool differs) MUST_CHECK;

#endif
