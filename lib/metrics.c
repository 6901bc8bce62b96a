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

enum { STATUS_MIN = 100, STATUS_MAX = 599, GAUGES_MAX = 32, TABLES_MAX = 8, LABELS_MAX = 256 };

/* Upper ends of a distribution's buckets, and their labels in seconds, to a zero row; a last bucket without end follows. */
struct bound {
	int64_t us;
	const char *le;
};

static const struct bound request_bounds[] = {
	{ 1000, "0.001" },  { 2500, "0.0025" },
	{ 5000, "0.005" },  { 10000, "0.01" },
	{ 25000, "0.025" }, { 50000, "0.05" },
	{ 100000, "0.1" },  { 250000, "0.25" },
	{ 500000, "0.5" },  { 1000000, "1" },
	{ 2500000, "2.5" }, { 5000000, "5" },
	{ 10000000, "10" }, { 0 },
};
enum { REQUEST_BUCKETS = sizeof(request_bounds) / sizeof(request_bounds[0]) - 1 };

/* From a function's share of a turn to the longest wait for a model. */
static const struct bound bounds[METRIC_BUCKETS + 1] = {
	{ 100, "0.0001" }, { 300, "0.0003" },  { 500, "0.0005" },  { 1000, "0.001" },
	{ 3000, "0.003" }, { 10000, "0.01" },  { 30000, "0.03" },  { 100000, "0.1" },
	{ 300000, "0.3" }, { 1000000, "1" },   { 2000000, "2" },   { 3000000, "3" },
	{ 5000000, "5" },  { 10000000, "10" }, { 30000000, "30" }, { 0 },
};

struct route_counts {
	_Atomic int64_t status[STATUS_MAX - STATUS_MIN + 1];
	_Atomic int64_t took[REQUEST_BUCKETS + 1];
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
	const struct metric *tables[TABLES_MAX];
	int ntables;
	const struct histogram *histograms[TABLES_MAX];
	int nhistograms;
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
	metrics.ntables = metrics.nhistograms = metrics.ngauges = 0;
	metrics.started_s = clock_unix_s();
	for (metrics.nroutes = 0; routes[metrics.nroutes].method; metrics.nroutes++)
		continue;
	free(metrics.counts);
	metrics.counts = calloc((size_t)metrics.nroutes + 1, sizeof(*metrics.counts));
	if (!metrics.counts)
		abort();
	if (domain)
		metrics_table(domain);
}

static void
count_time(const struct bound *b, _Atomic int64_t *buckets, int64_t us)
{
	while (b->us && us > b->us) {
		b++;
		buckets++;
	}
	bump(buckets, 1);
}

void
metrics_observe(struct histogram *h, int64_t us)
{
	count_time(bounds, h->buckets, us);
	bump(&h->sum_us, us);
}

void
metrics_request(const struct route *route, int status, int64_t us)
{
	struct route_counts *counts = &metrics.counts[route ? route - metrics.routes : metrics.nroutes];

	if (status < STATUS_MIN || status > STATUS_MAX)
		status = STATUS_MAX;
	bump(&counts->status[status - STATUS_MIN], 1);
	count_time(request_bounds, counts->took, us);
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

void
metrics_table(const struct metric *rows)
{
	int i;

	for (i = 0; i < metrics.ntables; i++)
		if (metrics.tables[i] == rows)
			return;
	if (i == TABLES_MAX) {
		log_event(LOG_ERROR, "metrics_full", "table=%s", rows->name);
		return;
	}
	metrics.tables[metrics.ntables++] = rows;
}

void
metrics_histograms(const struct histogram *rows)
{
	int i;

	for (i = 0; i < metrics.nhistograms; i++)
		if (metrics.histograms[i] == rows)
			return;
	if (i == TABLES_MAX) {
		log_event(LOG_ERROR, "metrics_full", "histograms=%s", rows->name);
		return;
	}
	metrics.histograms[metrics.nhistograms++] = rows;
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

/* Name and labels of a series; the caller adds le, if it is a bucket, and closes the braces. */
static void
series_print(FILE *out, const char *name, const char *suffix, const char *labels)
{
	fprintf(out, "%s%s{program=\"%s\"%s%s", name, suffix, metrics.program, labels ? "," : "",
		labels ? labels : "");
}

static void
value_print(FILE *out, const char *name, const char *labels, int64_t value)
{
	series_print(out, name, "", labels);
	fprintf(out, "} %lld\n", (long long)value);
}

/* A distribution's buckets are cumulative in the text, and its count is the last of them. */
static void
distribution_print(FILE *out, const char *name, const char *labels, const struct bound *b,
		   const _Atomic int64_t *buckets, int64_t sum_us)
{
	long long n = 0;

	for (;; b++) {
		n += value_of(buckets++);
		series_print(out, name, "_bucket", labels);
		fprintf(out, ",le=\"%s\"} %lld\n", b->us ? b->le : "+Inf", n);
		if (!b->us)
			break;
	}
	series_print(out, name, "_sum", labels);
	fprintf(out, "} %lld.%06lld\n", (long long)sum_us / 1000000, (long long)sum_us % 1000000);
	series_print(out, name, "_count", labels);
	fprintf(out, "} %lld\n", n);
}

/* The labels of row i of the counts. */
static const char *
route_labels(int i, char ret_labels[LABELS_MAX])
{
	bool matched = i < metrics.nroutes;

	snprintf(ret_labels, LABELS_MAX, "method=\"%s\",route=\"%.200s\"",
		 matched ? route_method_name(metrics.routes[i].method) : "any",
		 matched ? metrics.routes[i].path : "none");
	return ret_labels;
}

/* Statuses that have not occurred are left out: 500 rows per route would be nobody's. */
static void
requests_print(FILE *out)
{
	const char *const name = "moa_requests_total";
	char labels[LABELS_MAX];
	int64_t n;
	int i, status;

	head_print(out, name, "Requests answered.", "counter");
	for (i = 0; i <= metrics.nroutes; i++) {
		for (status = STATUS_MIN; status <= STATUS_MAX; status++) {
			n = value_of(&metrics.counts[i].status[status - STATUS_MIN]);
			if (n == 0)
				continue;
			series_print(out, name, "", route_labels(i, labels));
			fprintf(out, ",status=\"%d\"} %lld\n", status, (long long)n);
		}
	}
}

static void
durations_print(FILE *out)
{
	const char *const name = "moa_request_duration_seconds";
	const struct route_counts *counts;
	char labels[LABELS_MAX];
	int i;

	head_print(out, name, "Time from accepting a request to its reply.", "histogram");
	for (i = 0; i <= metrics.nroutes; i++) {
		counts = &metrics.counts[i];
		distribution_print(out, name, route_labels(i, labels), request_bounds, counts->took,
				   value_of(&counts->sum_us));
	}
}

static void
table_print(FILE *out, const struct metric *rows)
{
	const struct metric *m, *before = NULL;

	for (m = rows; m->name; before = m++) {
		if (!before || strcmp(before->name, m->name) != 0)
			head_print(out, m->name, m->help, is_counter(m->name) ? "counter" : "gauge");
		value_print(out, m->name, m->labels, value_of(&m->value));
	}
}

static void
histograms_print(FILE *out, const struct histogram *rows)
{
	const struct histogram *h, *before = NULL;

	for (h = rows; h->name; before = h++) {
		if (!before || strcmp(before->name, h->name) != 0)
			head_print(out, h->name, h->help, "histogram");
		distribution_print(out, h->name, h->labels, bounds, h->buckets, value_of(&h->sum_us));
	}
}

static void
tables_print(FILE *out)
{
	int i;

	for (i = 0; i < metrics.ntables; i++)
		table_print(out, metrics.tables[i]);
	for (i = 0; i < metrics.nhistograms; i++)
		histograms_print(out, metrics.histograms[i]);
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

/* What print writes, as a string. */
static const char *
printed(struct arena *a, void (*print)(FILE *, const struct metric *), const struct metric *rows)
{
	char *bytes = NULL, *text;
	size_t len = 0;
	FILE *out = open_memstream(&bytes, &len);

	if (!out)
		abort();
	print(out, rows);
	if (fclose(out) != 0)
		abort();
	text = arena_strndup(a, bytes, len);
	free(bytes);
	return text;
}

static void
all_print(FILE *out, const struct metric *unused)
{
	(void)unused;
	requests_print(out);
	durations_print(out);
	tables_print(out);
	gauges_print(out);
	process_print(out);
}

const char *
metrics_rows(struct arena *a, const struct metric *rows)
{
	return printed(a, table_print, rows);
}

const char *
metrics_text(struct arena *a)
{
	return printed(a, all_print, NULL);
}
