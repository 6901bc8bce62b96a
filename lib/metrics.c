/*
 * Metrics: counted without locks, rendered in Prometheus' text format (version 0.0.4).
 *
 * All storage is made at start and none grows: a row per route and one for requests that matched none.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "log.h"
#include "metrics.h"
#include "route.h"

enum { STATUS_MIN = 100, STATUS_MAX = 599, GAUGES_MAX = 32 };

/* Upper ends of the histogram's buckets, and their labels in seconds; a last one without end follows. */
static const struct {
	int64_t us;
	const char *le;
} buckets[] = {
	{ 1000, "0.001" },  { 2500, "0.0025" }, { 5000, "0.005" },  { 10000, "0.01" }, { 25000, "0.025" },
	{ 50000, "0.05" },  { 100000, "0.1" },	{ 250000, "0.25" }, { 500000, "0.5" }, { 1000000, "1" },
	{ 2500000, "2.5" }, { 5000000, "5" },	{ 10000000, "10" },
};
enum { BUCKETS = sizeof(buckets) / sizeof(buckets[0]) };

struct route_counts {
	_Atomic int64_t status[STATUS_MAX - STATUS_MIN + 1];
	_Atomic int64_t took[BUCKETS + 1];
	_Atomic int64_t sum_us;
};

struct gauge {
	const char *name, *help;
	int64_t (*read)(const void *);
	const void *ctx;
};

/* The process's own numbers: set up once before any thread asks. */
static struct {
	const char *program;
	const struct route *routes;
	int nroutes;
	struct route_counts *counts; /* of each route, and one more */
	struct metric *domain;
	struct gauge gauges[GAUGES_MAX];
	int ngauges;
	int64_t started_s;
} metrics;

static void
bump(_Atomic int64_t *counter, int64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static int64_t
value_of(const _Atomic int64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void
metrics_add(struct metric *m, int64_t n)
{
	bump(&m->value, n);
}

void
metrics_open(const char *program, const struct route *routes, struct metric *domain)
{
	metrics.program = program;
	metrics.routes = routes;
	metrics.domain = domain;
	metrics.ngauges = 0;
	metrics.started_s = clock_unix_s();
	for (metrics.nroutes = 0; routes[metrics.nroutes].method; metrics.nroutes++)
		continue;
	free(metrics.counts);
	metrics.counts = calloc((size_t)metrics.nroutes + 1, sizeof(*metrics.counts));
	if (!metrics.counts)
		abort();
}

void
metrics_request(const struct route *route, int status, int64_t us)
{
	struct route_counts *counts = &metrics.counts[route ? route - metrics.routes : metrics.nroutes];
	int i = 0;

	if (status < STATUS_MIN || status > STATUS_MAX)
		status = STATUS_MAX;
	while (i < BUCKETS && us > buckets[i].us)
		i++;
	bump(&counts->status[status - STATUS_MIN], 1);
	bump(&counts->took[i], 1);
	bump(&counts->sum_us, us);
}

void
metrics_gauge(const char *name, const char *help, int64_t (*read)(const void *), const void *ctx)
{
	if (metrics.ngauges == GAUGES_MAX) {
		log_event(LOG_ERROR, "metrics_full", "gauge=%s", name);
		return;
	}
	metrics.gauges[metrics.ngauges++] = (struct gauge){ name, help, read, ctx };
}

static bool
is_counter(const char *name)
{
	size_t len = strlen(name);

	return len > 6 && strcmp(name + len - 6, "_total") == 0;
}

static void
head_print(FILE *out, const char *name, const char *help, const char *type)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Open the braces with the labels of row i of the counts; the caller adds its own and closes them. */
static void
route_print(FILE *out, const char *name, int i)
{
	bool matched = i < metrics.nroutes;

	fprintf(out, "%s{program=\"%s\",method=\"%s\",route=\"%s\"", name, metrics.program,
		matched ? route_method_name(metrics.routes[i].method) : "any",
		matched ? metrics.routes[i].path : "none");
}

/* Statuses that have not occurred are left out: 500 rows per route would be nobody's. */
static void
requests_print(FILE *out)
{
	int64_t n;
	int i, status;

	head_print(out, "moa_requests_total", "Requests answered.", "counter");
	for (i = 0; i <= metrics.nroutes; i++) {
		for (status = STATUS_MIN; status <= STATUS_MAX; status++) {
			n = value_of(&metrics.counts[i].status[status - STATUS_MIN]);
			if (n == 0)
				continue;
			route_print(out, "moa_requests_total", i);
			fprintf(out, ",status=\"%d\"} %lld\n", status, (long long)n);
		}
	}
}

/* A histogram's buckets are cumulative in the text, and its count is the last of them. */
static void
histogram_print(FILE *out, int i)
{
	const char *const name = "moa_request_duration_seconds";
	const struct route_counts *counts = &metrics.counts[i];
	int64_t sum_us = value_of(&counts->sum_us);
	long long n = 0;
	char series[64];
	int b;

	snprintf(series, sizeof(series), "%s_bucket", name);
	for (b = 0; b <= BUCKETS; b++) {
		n += value_of(&counts->took[b]);
		route_print(out, series, i);
		fprintf(out, ",le=\"%s\"} %lld\n", b < BUCKETS ? buckets[b].le : "+Inf", n);
	}
	snprintf(series, sizeof(series), "%s_sum", name);
	route_print(out, series, i);
	fprintf(out, "} %lld.%06lld\n", (long long)sum_us / 1000000, (long long)sum_us % 1000000);
	snprintf(series, sizeof(series), "%s_count", name);
	route_print(out, series, i);
	fprintf(out, "} %lld\n", n);
}

static void
durations_print(FILE *out)
{
	int i;

	head_print(out, "moa_request_duration_seconds", "Time from accepting a request to its reply.",
		   "histogram");
	for (i = 0; i <= metrics.nroutes; i++)
		histogram_print(out, i);
}

static void
value_print(FILE *out, const char *name, const char *labels, int64_t value)
{
	fprintf(out, "%s{program=\"%s\"%s%s} %lld\n", name, metrics.program, labels ? "," : "",
		labels ? labels : "", (long long)value);
}

static void
domain_print(FILE *out)
{
	const struct metric *m, *before = NULL;

	for (m = metrics.domain; m && m->name; before = m++) {
		if (!before || strcmp(before->name, m->name) != 0)
			head_print(out, m->name, m->help, is_counter(m->name) ? "counter" : "gauge");
		value_print(out, m->name, m->labels, value_of(&m->value));
	}
}

static void
gauges_print(FILE *out)
{
	const struct gauge *g;

	for (g = metrics.gauges; g < metrics.gauges + metrics.ngauges; g++) {
		head_print(out, g->name, g->help, is_counter(g->name) ? "counter" : "gauge");
		value_print(out, g->name, NULL, g->read(g->ctx));
	}
}

/* Pages in memory: the second number of /proc/self/statm; 0 if it cannot be read. */
static long long
resident_bytes(void)
{
	FILE *in = fopen("/proc/self/statm", "re");
	char line[256] = "", *second;

	if (!in)
		return 0;
	second = fgets(line, sizeof(line), in) ? strchr(line, ' ') : NULL;
	fclose(in);
	return second ? strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

/* The names every Prometheus client uses, which is why they carry no label of ours. */
static void
process_print(FILE *out)
{
	struct timespec cpu;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	head_print(out, "process_cpu_seconds_total", "Processor time used, user and system.", "counter");
	fprintf(out, "process_cpu_seconds_total %lld.%06ld\n", (long long)cpu.tv_sec, cpu.tv_nsec / 1000);
	head_print(out, "process_resident_memory_bytes", "Memory in use.", "gauge");
	fprintf(out, "process_resident_memory_bytes %lld\n", resident_bytes());
	head_print(out, "process_start_time_seconds", "When the process started, Unix time.", "gauge");
	fprintf(out, "process_start_time_seconds %lld\n", (long long)metrics.started_s);
}

const char *
metrics_text(struct arena *a)
{
	char *bytes = NULL, *text;
	size_t len = 0;
	FILE *out = open_memstream(&bytes, &len);

	if (!out)
		abort();
	requests_print(out);
	durations_print(out);
	domain_print(out);
	gauges_print(out);
	process_print(out);
	if (fclose(out) != 0)
		abort();
	text = arena_strndup(a, bytes, len);
	free(bytes);
	return text;
}
