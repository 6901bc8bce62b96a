/* A turn in the world of the property test: each step is one call of the store, or the commit, and may fail. */
#ifndef FLOW_ATTEMPT_H
#define FLOW_ATTEMPT_H

#include <stdbool.h>

#include "attr.h"
#include "flow_world.h"

/* A turn as its process has it. */
struct attempt {
	struct request r;
	struct flow_hold hold;
	int message;
	int log; /* what it told under its ticket; NONE without one */
	int answer;
};

/** attempt_tell(w, a, kind): The turn has an event more to tell. */
void attempt_tell(struct world *w, struct attempt *a, enum kind kind);

/** attempt_forget(w, a): Give up on the events that Redis is not known to have. */
void attempt_forget(struct world *w, struct attempt *a);

/* The steps of a turn, each of which may be the last thing its process does. */
enum err attempt_take(struct world *w, struct attempt *a, const char *seized) MUST_CHECK;
enum err attempt_rebuild(struct world *w, struct attempt *a, int version) MUST_CHECK;
enum err attempt_append(struct world *w, struct attempt *a, bool *ret_cancelled) MUST_CHECK;
enum err attempt_commit(struct world *w, struct attempt *a, int version) MUST_CHECK;
void attempt_put(struct world *w, struct attempt *a, int version);
void attempt_release(struct world *w, struct attempt *a);

#endif
