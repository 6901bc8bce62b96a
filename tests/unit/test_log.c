/* The log: what a line looks like, what is dropped, and that lines stay whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"

enum { THREADS = 8, LINES = 200 };

static int real_stderr;
static int captured;

/* From here on standard error goes to memory, until captured_text. */
static void
capture(void)
{
	fflush(stderr);
	real_stderr = dup(STDERR_FILENO);
	captured = memfd_create("stderr", 0);
	assert_true(real_stderr >= 0 && captured >= 0);
	/* As web servers open the log they pass on: threads must not overwrite each other's lines. */
	assert_int_equal(fcntl(captured, F_SETFL, O_APPEND), 0);
	assert_true(dup2(captured, STDERR_FILENO) >= 0);
}

/* What was written since; to be freed. */
static char *
captured_text(size_t *ret_len)
{
	off_t len = lseek(captured, 0, SEEK_END);
	char *text = calloc(1, (size_t)len + 1);

	assert_non_null(text);
	assert_int_equal(pread(captured, text, (size_t)len, 0), len);
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(captured);
	*ret_len = (size_t)len;
	return text;
}

static void
assert_matches(const char *text, const char *pattern)
{
	regex_t re;
	int found;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	found = regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	if (found != 0)
		fail_msg("\"%s\" does not match %s", text, pattern);
}

static void
a_line_is_pairs(void **state)
{
	size_t len;
	char *text;

	(void)state;
	log_open("toy", LOG_INFO);
	capture();
	log_event(LOG_WARN, "thing", "n=%d msg=\"%s\"", 7, "all well");
	text = captured_text(&len);
	assert_matches(text,
		       "^time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z level=warn "
		       "program=toy pid=[0-9]+ event=thing n=7 msg=\"all well\"\n$");
	free(text);
}

static void
lower_levels_are_dropped(void **state)
{
	size_t len;
	char *text;

	(void)state;
	log_open("toy", LOG_WARN);
	capture();
	log_event(LOG_INFO, "quiet", "a=1");
	log_event(LOG_DEBUG, "quiet", "a=1");
	log_event(LOG_ERROR, "loud", "a=1");
	text = captured_text(&len);
	assert_null(strstr(text, "quiet"));
	assert_non_null(strstr(text, "level=error"));
	free(text);
}

static void
controls_cannot_forge_a_line(void **state)
{
	size_t len;
	char *text;

	(void)state;
	log_open("toy", LOG_INFO);
	capture();
	log_event(LOG_INFO, "thing", "msg=\"%s\"", "one\ntime=two\r\x1b[31m\x7f");
	text = captured_text(&len);
	assert_non_null(strstr(text, "msg=\"one?time=two??[31m?\"\n"));
	assert_ptr_equal(strchr(text, '\n'), text + len - 1);
	free(text);
}

static void
a_long_line_is_cut(void **state)
{
	static char flood[10000];
	size_t len;
	char *text;

	(void)state;
	memset(flood, 'x', sizeof(flood) - 1);
	log_open("toy", LOG_INFO);
	capture();
	log_event(LOG_INFO, "thing", "msg=%s", flood);
	log_event(LOG_INFO, "next", "a=1");
	text = captured_text(&len);
	assert_in_range(strcspn(text, "\n") + 1, 1000, 2048);
	assert_matches(strchr(text, '\n') + 1, "^time=.* event=next a=1\n$");
	free(text);
}

static void *
write_lines(void *arg)
{
	int i;

	for (i = 0; i < LINES; i++)
		log_event(LOG_INFO, "thing", "thread=%d end=yes", *(int *)arg);
	return NULL;
}

static void
lines_of_threads_stay_whole(void **state)
{
	pthread_t threads[THREADS];
	int ids[THREADS], i, lines = 0;
	char *text, *line, *rest;
	size_t len;

	(void)state;
	log_open("toy", LOG_INFO);
	capture();
	for (i = 0; i < THREADS; i++) {
		ids[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &ids[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	text = rest = captured_text(&len);
	for (; (line = strsep(&rest, "\n")) != NULL && *line; lines++)
		assert_matches(
		    line, "^time=[^ ]+ level=info program=toy pid=[0-9]+ event=thing thread=[0-7] end=yes$");
	assert_int_equal(lines, THREADS * LINES);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_pairs),
		cmocka_unit_test(lower_levels_are_dropped),
		cmocka_unit_test(controls_cannot_forge_a_line),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(lines_of_threads_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
