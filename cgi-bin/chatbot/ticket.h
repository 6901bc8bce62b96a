/*
 * What a turn does next once it has asked for its ticket and read what PostgreSQL knows: the protocol of turn.c as one pure
 * decision, so that a test can drive it through everything that may happen between two of its steps.
 */
#ifndef TICKET_H
#define TICKET_H

#include <stdbool.h>
#include <stdint.h>

/* What is known of a turn. */
struct ticket_sight {
	bool held;	/* the ticket is ours; else another turn has it */
	bool asked;	/* PostgreSQL has a turn of this client_message_id */
	bool full;	/* the conversation has had all the turns it may have */
	bool same;	/* not held: the turn that has it is of this client_message_id, too */
	int64_t redis;	/* the version Redis has; -1 if it knows none */
	int64_t stored; /* the version PostgreSQL has */
};

enum ticket_step {
	TICKET_RUN,	/* answer */
	TICKET_REBUILD, /* the same, after Redis has been given what PostgreSQL has */
	TICKET_REPLAY,	/* give the stored turn again */
	TICKET_OVER,	/* the conversation has had all its turns */
	TICKET_SEIZE, /* take the ticket from its turn, which is over: its process died before it could return it */
	TICKET_JOIN,   /* wait for the turn that runs: it is this one */
	TICKET_REFUSE, /* another message is being answered */
};

/** ticket_next(sight): What to do. */
enum ticket_step ticket_next(const struct ticket_sight *sight);

#endif
