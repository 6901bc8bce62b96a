/* Every statement the shorts program may run.  What they call is in sql/, from 0023_shorts.sql on. */
#include "shorts.h"

const struct stmt shorts_stmts[SHORTS__MAX] = {
	[SHORTS_SHOW] = { "shorts_show", 2, "SELECT code, result FROM shorts.show($1, $2)" },
	[SHORTS_WATCH] = { "shorts_watch", 6,
			   "SELECT code, day, left_ms, laps, earned, viewed FROM shorts.watch($1, $2, $3, $4, $5, $6)" },
	[SHORTS_FEED] = { "shorts_feed", 4, "SELECT code, result FROM shorts.feed($1, $2, $3, $4)" },
};
