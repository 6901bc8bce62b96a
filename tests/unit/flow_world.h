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

/* A turn as its process has it. */
struct attempt {
	struct request r;
	struct flow_hold hold;
	int message;
	int log; /* what it told under its ticket; NONE without one */
	int answer;
};

/* Somebody who follows. */
struct follower {
	char tag[FLOW_TAG_LEN + 1];
	int seen;
	int log;	  /* of the events seen last, or NONE */
	bool running;	  /* as seen last: the turn, and its message */
	int message, n;	  /* and how many events were new */
	struct told last; /* the last of them */
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

/** EXPECT(w, truth): End the test with seed and trace unless ${truth}. */
#define EXPECT(w, truth)                                                                                     \
	do {                                                                                                 \
		if (!(truth))                                                                                \
			world_fail(w, #truth, __func__);                                                     \
	} while (0)
void world_fail(struct world *w, const char *truth, const char *where) __attribute__((noreturn));

/** attempt_tell(w, a, kind): The turn has an event more to tell. */
void attempt_tell(struct world *w, struct attempt *a, enum kind kind);

/* The steps of a turn, each of which may be the last thing its process does. */
enum err attempt_take(struct world *w, struct attempt *a, const char *seized) MUST_CHECK;
enum err attempt_rebuild(struct world *w, struct attempt *a, int version) MUST_CHECK;
enum err attempt_append(struct world *w, struct attempt *a, bool *ret_cancelled) MUST_CHECK;
/** attempt_forget(w, a): Give up on the events that Redis is not known to have. */
void attempt_forget(struct world *w, struct attempt *a);

enum err attempt_commit(struct world *w, struct attempt *a, int version) MUST_CHECK;
void attempt_put(struct world *w, struct attempt *a, int version);
void attempt_release(struct world *w, struct attempt *a);

/** follower_look(w, f): What has come since, which must be what some one turn told, from where ${f} was. */
enum err follower_look(struct world *w, struct follower *f) MUST_CHECK;

/* What else happens. */
void world_cancel(struct world *w);
void world_end_lease(struct world *w);
void world_lose(struct world *w, bool flow, bool list);
void world_save(struct world *w, int snapshot);
void world_restore(struct world *w, int snapshot, bool flow, bool list);
void world_erase(struct world *w);

#endif
