/* Metrics: what is counted where, that the text is Prometheus', and that no count is lost between threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <regex.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "metrics.h"
#include "route.h"

static const struct route routes[] = {
	{ GET, "/api/v1/toy/things", NULL, 0 },
	{ POST, "/api/v1/toy/things/:id/poke", NULL, IDEMPOTENT },
	{ 0 },
};

static struct metric counters[] = {
	{ "moa_toy_pokes_total", "result=\"ok\"", "Pokes.", 0 },
	{ "moa_toy_pokes_total", "result=\"refused\"", "Pokes.", 0 },
	{ "moa_toy_depth", NULL, "How deep it is.", 0 },
	{ 0 },
};

static struct metric more_counters[] = {
	{ "moa_toy_more_total", NULL, "More.", 0 },
	{ 0 },
};

static struct histogram histograms[] = {
	{ .name = "moa_toy_poke_seconds", .labels = "hand=\"left\"", .help = "Time of a poke." },
	{ .name = "moa_toy_poke_seconds", .labels = "hand=\"right\"", .help = "Time of a poke." },
	{ .name = "moa_toy_rest_seconds", .help = "Time between pokes." },
	{ 0 },
};

static struct arena arena;

static int
set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	counters[0].value = counters[1].value = counters[2].value = 0;
	metrics_open("toy", routes, counters);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void
assert_line(const char *line)
{
	const char *text = metrics_text(&arena), *at = strstr(text, line);

	if (!at || (at > text && at[-1] != '\n') || at[strlen(line)] != '\n')
		fail_msg("no line %s in:\n%s", line, text);
}

static void
assert_absent(const char *words)
{
	assert_null(strstr(metrics_text(&arena), words));
}

static int
times_in(const char *words)
{
	const char *at = metrics_text(&arena);
	int n = 0;

	for (at = strstr(at, words); at; at = strstr(at + 1, words))
		n++;
	return n;
}

static void
histograms_clear(void)
{
	struct histogram *h;
	int i;

	for (h = histograms; h->name; h++) {
		for (i = 0; i <= METRIC_BUCKETS; i++)
			h->buckets[i] = 0;
		h->sum_us = 0;
	}
}

static void
requests_go_by_route_and_status(void **state)
{
	(void)state;
	metrics_request(&routes[0], 200, 1000);
	metrics_request(&routes[0], 200, 1000);
	metrics_request(&routes[0], 503, 1000);
	metrics_request(&routes[1], 201, 1000);
	metrics_request(NULL, 404, 1000);
	assert_line(
	    "moa_requests_total{program=\"toy\",method=\"GET\",route=\"/api/v1/toy/things\",status=\"200\"} 2");
	assert_line(
	    "moa_requests_total{program=\"toy\",method=\"GET\",route=\"/api/v1/toy/things\",status=\"503\"} 1");
	assert_line(
	    "moa_requests_total{program=\"toy\",method=\"POST\",route=\"/api/v1/toy/things/:id/poke\","
	    "status=\"201\"} 1");
	assert_line("moa_requests_total{program=\"toy\",method=\"any\",route=\"none\",status=\"404\"} 1");
	assert_absent("status=\"500\"");
}

static void
a_status_that_is_none_has_a_place_too(void **state)
{
	(void)state;
	metrics_request(&routes[0], 0, 1);
	metrics_request(&routes[0], 100000, 1);
	metrics_request(&routes[0], -1, 1);
	assert_line(
	    "moa_requests_total{program=\"toy\",method=\"GET\",route=\"/api/v1/toy/things\",status=\"599\"} 3");
}

#define DURATION(what, rest)                                                                                 \
	"moa_request_duration_seconds" what                                                                  \
	"{program=\"toy\",method=\"GET\",route=\"/api/v1/toy/things\"" rest

static void
buckets_are_cumulative_and_closed_above(void **state)
{
	(void)state;
	metrics_request(&routes[0], 200, 1000);
	metrics_request(&routes[0], 200, 1001);
	metrics_request(&routes[0], 200, 10000000);
	metrics_request(&routes[0], 200, 99000000);
	assert_line(DURATION("_bucket", ",le=\"0.001\"} 1"));
	assert_line(DURATION("_bucket", ",le=\"0.0025\"} 2"));
	assert_line(DURATION("_bucket", ",le=\"5\"} 2"));
	assert_line(DURATION("_bucket", ",le=\"10\"} 3"));
	assert_line(DURATION("_bucket", ",le=\"+Inf\"} 4"));
	assert_line(DURATION("_sum", "} 109.002001"));
	assert_line(DURATION("_count", "} 4"));
}

static void
the_programs_own_counters_show(void **state)
{
	(void)state;
	metrics_add(&counters[0], 3);
	metrics_add(&counters[1], 1);
	metrics_add(&counters[2], 5);
	metrics_add(&counters[2], -2);
	assert_line("# TYPE moa_toy_pokes_total counter");
	assert_line("moa_toy_pokes_total{program=\"toy\",result=\"ok\"} 3");
	assert_line("moa_toy_pokes_total{program=\"toy\",result=\"refused\"} 1");
	assert_line("# TYPE moa_toy_depth gauge");
	assert_line("moa_toy_depth{program=\"toy\"} 3");
}

static void
further_tables_show_once(void **state)
{
	int i;

	(void)state;
	more_counters[0].value = 0;
	for (i = 0; i < 10; i++)
		metrics_table(more_counters);
	metrics_add(&more_counters[0], 2);
	assert_line("moa_toy_more_total{program=\"toy\"} 2");
	assert_line("# TYPE moa_toy_more_total counter");
	assert_int_equal(times_in("# TYPE moa_toy_more_total "), 1);
	metrics_open("toy", routes, NULL);
	assert_absent("moa_toy_more_total");
	assert_absent("moa_toy_pokes_total");
}

static void
a_ninth_table_is_left_out(void **state)
{
	static struct metric tables[9][2];
	static struct histogram times[9][2];
	int i;

	(void)state;
	metrics_open("toy", routes, NULL);
	for (i = 0; i < 9; i++) {
		tables[i][0] =
		    (struct metric){ i < 8 ? "moa_toy_few_total" : "moa_toy_ninth_total", NULL, "Few." };
		times[i][0] =
		    (struct histogram){ .name = i < 8 ? "moa_toy_few_seconds" : "moa_toy_ninth_seconds" };
		metrics_table(tables[i]);
		metrics_histograms(times[i]);
	}
	assert_int_equal(times_in("# TYPE moa_toy_few_total "), 8);
	assert_int_equal(times_in("# TYPE moa_toy_few_seconds "), 8);
	assert_absent("moa_toy_ninth");
}

static void
histograms_show_how_long_it_took(void **state)
{
	(void)state;
	histograms_clear();
	metrics_histograms(histograms);
	metrics_observe(&histograms[0], 0);
	metrics_observe(&histograms[0], 100);
	metrics_observe(&histograms[0], 101);
	metrics_observe(&histograms[0], 30000000);
	metrics_observe(&histograms[0], 30000001);
	metrics_observe(&histograms[2], 2000);
	assert_line("moa_toy_poke_seconds_bucket{program=\"toy\",hand=\"left\",le=\"0.0001\"} 2");
	assert_line("moa_toy_poke_seconds_bucket{program=\"toy\",hand=\"left\",le=\"0.0003\"} 3");
	assert_line("moa_toy_poke_seconds_bucket{program=\"toy\",hand=\"left\",le=\"10\"} 3");
	assert_line("moa_toy_poke_seconds_bucket{program=\"toy\",hand=\"left\",le=\"30\"} 4");
	assert_line("moa_toy_poke_seconds_bucket{program=\"toy\",hand=\"left\",le=\"+Inf\"} 5");
	assert_line("moa_toy_poke_seconds_sum{program=\"toy\",hand=\"left\"} 60.000202");
	assert_line("moa_toy_poke_seconds_count{program=\"toy\",hand=\"left\"} 5");
	assert_line("moa_toy_poke_seconds_count{program=\"toy\",hand=\"right\"} 0");
	assert_line("moa_toy_rest_seconds_bucket{program=\"toy\",le=\"0.001\"} 0");
	assert_line("moa_toy_rest_seconds_bucket{program=\"toy\",le=\"0.003\"} 1");
	assert_int_equal(times_in("# TYPE moa_toy_poke_seconds histogram\n"), 1);
	assert_int_equal(times_in("# HELP moa_toy_rest_seconds Time between pokes.\n"), 1);
}

static int64_t
read_number(const void *ctx)
{
	return *(const int64_t *)ctx;
}

static void
gauges_are_read_at_each_scrape(void **state)
{
	int64_t number = 7;
	int i;

	(void)state;
	metrics_gauge("moa_toy_number", "A number.", read_number, &number);
	assert_line("moa_toy_number{program=\"toy\"} 7");
	number = 8;
	assert_line("moa_toy_number{program=\"toy\"} 8");
	for (i = 0; i < 40; i++)
		metrics_gauge("moa_toy_more", "Too many.", read_number, &number);
	assert_line("moa_toy_number{program=\"toy\"} 8");
}

static void
the_process_is_described(void **state)
{
	const char *text = metrics_text(&arena);
	regex_t re;

	(void)state;
	assert_int_equal(regcomp(&re,
				 "\nprocess_cpu_seconds_total [0-9]+\\.[0-9]{6}\n.*"
				 "\nprocess_resident_memory_bytes [1-9][0-9]{5,}\n.*"
				 "\nprocess_start_time_seconds 1[0-9]{9}\n",
				 REG_EXTENDED | REG_NOSUB),
			 0);
	assert_int_equal(regexec(&re, text, 0, NULL, 0), 0);
	regfree(&re);
}

static void *
request_often(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 10000; i++) {
		metrics_request(&routes[0], 200, 20);
		metrics_add(&counters[0], 1);
		metrics_observe(&histograms[1], 20);
	}
	return NULL;
}

static void
no_count_is_lost_between_threads(void **state)
{
	pthread_t threads[8];
	int i;

	(void)state;
	histograms_clear();
	metrics_histograms(histograms);
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, request_often, NULL), 0);
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_line(DURATION("_count", "} 80000"));
	assert_line(DURATION("_sum", "} 1.600000"));
	assert_line("moa_toy_pokes_total{program=\"toy\",result=\"ok\"} 80000");
	assert_line("moa_toy_poke_seconds_count{program=\"toy\",hand=\"right\"} 80000");
	assert_line("moa_toy_poke_seconds_sum{program=\"toy\",hand=\"right\"} 1.600000");
}

/* Prometheus' own checker reads the text and has nothing to say about it. */
static void
promtool_accepts_it(void **state)
{
	int64_t number = 7;
	FILE *check;
	int status;

	(void)state;
	metrics_gauge("moa_toy_number", "A number.", read_number, &number);
	metrics_request(&routes[0], 200, 1000);
	metrics_request(NULL, 404, 1);
	metrics_table(more_counters);
	metrics_histograms(histograms);
	metrics_observe(&histograms[0], 1000);
	if (system("command -v promtool >/dev/null") != 0) {
		print_message("promtool (package prometheus) is not installed\n");
		skip();
	}
	check = popen("promtool check metrics 1>&2", "w");
	assert_non_null(check);
	fputs(metrics_text(&arena), check);
	status = pclose(check);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define WITH_METRICS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_METRICS(requests_go_by_route_and_status),
		WITH_METRICS(a_status_that_is_none_has_a_place_too),
		WITH_METRICS(buckets_are_cumulative_and_closed_above),
		WITH_METRICS(the_programs_own_counters_show),
		WITH_METRICS(further_tables_show_once),
		WITH_METRICS(a_ninth_table_is_left_out),
		WITH_METRICS(histograms_show_how_long_it_took),
		WITH_METRICS(gauges_are_read_at_each_scrape),
		WITH_METRICS(the_process_is_described),
		WITH_METRICS(no_count_is_lost_between_threads),
		WITH_METRICS(promtool_accepts_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
