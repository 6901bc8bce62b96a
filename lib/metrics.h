/*
 * Metrics in Prometheus' text format.  A counter is a row of a table, as is a distribution of times; rows of one name
 * with different labels stand together.  What is called …_total is shown as a counter, everything else as a gauge.
 * Requests are counted per route by the program's main loop (app.c).
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct route;

struct metric {
	const char *name;   /* moa_…_total for counters */
	const char *labels; /* "result=\"ok\"", or NULL */
	const char *help;
	_Atomic int64_t value;
};

enum { METRIC_BUCKETS = 15 };

/* How long something took, each time: shown as a histogram with bounds from 0.1 ms to 30 s. */
struct histogram {
	const char *name; /* moa_…_seconds */
	const char *labels;
	const char *help;
	_Atomic int64_t buckets[METRIC_BUCKETS + 1];
	_Atomic int64_t sum_us;
};

/** metrics_add(m, n): Add ${n} to ${m}. */
void metrics_add(struct metric *m, int64_t n);

/** metrics_observe(h, us): Count that it took ${us} microseconds. */
void metrics_observe(struct histogram *h, int64_t us);

/** metrics_open(program, routes, domain): Set up for a program's ${routes}; ${domain} is its own table, ending with a zero row, or NULL. */
void metrics_open(const char *program, const struct route *routes, struct metric *domain);

/**
 * metrics_table(rows), metrics_histograms(rows):
 * Show further tables, of a part of the program or of lib, each ending with a zero row and living as long as the process.
 * At most 8 of each, at start only, after metrics_open; again the same: no-op.  No name may stand in two tables.
 */
void metrics_table(const struct metric *rows);
void metrics_histograms(const struct histogram *rows);

/** metrics_request(route, status, us): Count a request of ${us} microseconds on ${route} (NULL: none matched). */
void metrics_request(const struct route *route, int status, int64_t us);

/** metrics_gauge(name, help, read, ctx): Show what ${read}(${ctx}) returns at each scrape.  At most 32, at start only. */
void metrics_gauge(const char *name, const char *help, int64_t (*read)(const void *), const void *ctx);

/** metrics_rows(a, rows): ${rows}, ending with a zero row, as GET …/metrics sends them: for what is asked for at a scrape. */
const char *metrics_rows(struct arena *a, const struct metric *rows);

/** metrics_text(a): Everything, as GET …/metrics sends it. */
const char *metrics_text(struct arena *a);

#endif
