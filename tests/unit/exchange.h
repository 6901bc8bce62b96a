/* A request for unit tests of the request path: begun by a web server, on a pair of sockets, and opened as app.c does it. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "fcgi.h"
#include "request.h"

struct exchange {
	struct request r;
	struct fcgi_pair pair;
};

/** exchange_begin(x, params): Begin a request; its body is to be sent to x->pair.server.  End it with exchange_end. */
static inline void
exchange_begin(struct exchange *x, const char *const *params)
{
	request_begin(&x->r, 2000);
	fcgi_pair_open(&x->pair, params);
	x->r.rs.fcgi = &x->pair.request;
	x->r.rs.status = 200;
	x->r.rs.stop_fd = -1;
	req_open(&x->r.rq, &x->pair.request);
}

/** exchange_get(x, uri): Begin a GET, which has no body. */
static inline void
exchange_get(struct exchange *x, const char *uri)
{
	exchange_begin(x, FCGI_GET(uri));
	fcgi_stdin(x->pair.server, "", 0);
}

static inline void
exchange_end(struct exchange *x)
{
	fcgi_pair_close(&x->pair);
	request_end(&x->r);
}

#endif
