/* Every statement the shorts program may run.  What they call is in sql/, from 0023_shorts.sql on. */
#include "shorts.h"

const struct stmt shorts_stmts[SHORTS__MAX] = {
	[SHORTS_SHOW] = { "shorts_show", 2, "SELECT code, result FROM shorts.show($1, $2)" },
};
