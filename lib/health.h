/* What every program answers on its own prefix: healthz, readyz, metrics. */
#ifndef HEALTH_H
#define HEALTH_H

#include <stdbool.h>

#include "route.h"

/**
 * health_routes(prefix, routes, needs_redis, gauges):
 * ${routes} and behind them GET ${prefix}/healthz (200 while the process lives), /readyz (200, or 503 when PostgreSQL, or Redis if
 * ${needs_redis}, does not answer) and /metrics (Prometheus text, with the rows of statement ${gauges} while PostgreSQL
 * answers; 0: none).  Allocated for the process, of which there is one.
 */
struct route *health_routes(const char *prefix, const struct route *routes, bool needs_redis, int gauges);

/** health_routes_free(all): Release what health_routes returned. */
void health_routes_free(struct route *all);

#endif
