/* A program: four tables, and one call that runs them. */
#ifndef APP_H
#define APP_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "db.h"
#include "metrics.h"
#include "route.h"

struct program {
	const char *name;	    /* "auth": also its PostgreSQL role, moa_auth */
	const char *prefix;	    /* "/api/v1/auth": where healthz, readyz and metrics are */
	const struct route *routes; /* ends with a zero row */
	const struct stmt *stmts;
	int nstmts;
	const struct conf_row *conf; /* the program's own variables, or NULL */
	void *conf_values;	     /* what conf fills */
	struct metric *metrics;	     /* the program's own counters, or NULL */
	int gauges; /* statement whose rows (name, labels, help, value) stand among the metrics; 0: none */
	bool needs_redis; /* not ready without Redis; others only lose their courtesy limits */
	/* Set the program's own process state up: rq->domain.  conf is read, no connection is up yet. */
	void *(*open)(void);
	void (*close)(void *domain);
};

/**
 * app_main(program, argc, argv):
 * Run ${program} until SIGTERM: main's only line.  Options: -n checks configuration and statements, -r prints the routes,
 * -s PATH listens on a unix socket of its own instead of the one the web server passed, --help.  Returns the exit status.
 */
int app_main(const struct program *program, int argc, char *argv[]);

#endif
