/* A follower in the world of the property test: sees what one turn told, in order, from where it was. */
#ifndef FLOW_FOLLOWER_H
#define FLOW_FOLLOWER_H

#include <stdbool.h>

#include "attr.h"
#include "flow_world.h"

/* Somebody who follows. */
struct follower {
	char tag[FLOW_TAG_LEN + 1];
	int seen;
	int log;	  /* of the events seen last, or NONE */
	bool running;	  /* as seen last: the turn, and its message */
	int message, n;	  /* and how many events were new */
	struct told last; /* the last of them */
};

/** follower_look(w, f): What has come since, which must be what some one turn told, from where ${f} was. */
enum err follower_look(struct world *w, struct follower *f) MUST_CHECK;

#endif
