/*
 * A world for the property test of the chat-flow store: a real Redis beside its model, a stand-in for PostgreSQL, and
 * everything that can go wrong with them.  Every operation runs on both; they must agree on its result, and afterwards
 * on all that Redis holds.  What differs ends the test, with the seed and the latest steps.
 */
#ifndef FLOW_WORLD_H
#define FLOW_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "attr.h"
#include "flow_model.h"
#include "request.h"

/* Whose the conversation is. */
extern const char world_customer[];

enum { SNAPSHOTS = 3, TRACE_LINES = 80, TRACE_LEN = 120 };

struct world {
	struct request r; /* for what is nobody's */
	struct kv *kv;
	const char *id; /* of the conversation */
	struct store store;
	struct ledger ledger;
	struct store snapshots[SNAPSHOTS];
	int nlogs, nanswers; /* the numbers given out */
	int lost_percent;    /* of all calls: half do not run, half do; their caller learns nothing */
	long long seed, step;
	uint64_t random;
	char trace[TRACE_LINES][TRACE_LEN];
	int ntrace;
};

/** world_open(w, kv, seed): Everything random comes from ${seed}.  End it with world_close. */
void world_open(struct world *w, struct kv *kv, long long seed);
void world_close(struct world *w);

/** world_begin(w): A new conversation in an empty Redis. */
void world_begin(struct world *w);

/** world_below(w, n), world_chance(w, percent): A random number from 0 to ${n} - 1; is it one of ${percent} in 100? */
int world_below(struct world *w, int n);
bool world_chance(struct world *w, int percent);

/** world_note(w, fmt, ...): One line of the trace. */
void world_note(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** world_text(w, n, nothing): ${n} as text; "" for the number that means nothing. */
const char *world_text(struct world *w, int n, int nothing);

/**
 * world_check(w):
 * What must hold whatever happens: Redis has what the model has, it is never ahead of PostgreSQL, a flow and a window are those of
 * their version, and a list is the beginning of what one turn told.
 */
void world_check(struct world *w);

/** EXPECT(w, truth): End the test with seed and trace unless ${truth}. */
#define EXPECT(w, truth)                                                                                     \
	do {                                                                                                 \
		if (!(truth))                                                                                \
			world_fail(w, #truth, __func__);                                                     \
	} while (0)
void world_fail(struct world *w, const char *truth, const char *where) __attribute__((noreturn));

/* What else happens. */
void world_cancel(struct world *w);
void world_end_lease(struct world *w);
void world_lose(struct world *w, bool flow, bool list);
void world_save(struct world *w, int snapshot);
void world_restore(struct world *w, int snapshot, bool flow, bool list);
void world_erase(struct world *w);

#endif
