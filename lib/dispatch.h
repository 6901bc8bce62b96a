/* From a request to its handler: routes and flags, enforced once, so that no handler checks them. */
#ifndef DISPATCH_H
#define DISPATCH_H

#include <stdatomic.h>

#include "attr.h"
#include "err.h"
#include "route.h"

struct req;
struct resp;
struct tokens;

struct dispatch {
	const struct route *routes;
	struct tokens *tokens;
	const char *cors_origins; /* separated by spaces; "" for none */
	atomic_int long_slots;	  /* slots left for STREAM and UPLOAD requests */
};

/**
 * dispatch_run(d, rq, rs, ret_route):
 * Find the route of ${rq}, check what its flags ask for (token, role, body, query, key, slot) and run its handler.  *${ret_route} is
 * NULL when none matched.  Returns the handler's result, or what the checks found.
 */
enum err dispatch_run(struct dispatch *d, struct req *rq, struct resp *rs,
		      const struct route **ret_route) MUST_CHECK;

#endif
