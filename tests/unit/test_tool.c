/* worker/tool.c: how programs of others end, and what it is called. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "arena.h"
#include "log.h"
#include "tool.h"

static struct arena arena;
static bool no_pidfd;

/* In place of the C library's: a machine that has run out of descriptors, just then, is hard to come by. */
int
pidfd_open(pid_t pid, unsigned flags)
{
	if (!no_pidfd)
		return (int)syscall(SYS_pidfd_open, pid, flags);
	errno = ENFILE;
	return -1;
}

/* Likewise: at the lowest priority it takes long to use up a second of a busy machine. */
int
setpriority(__priority_which_t which, id_t who, int prio)
{
	(void)which;
	(void)who;
	(void)prio;
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	log_open("test", LOG_ERROR);
	arena_init(&arena);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	no_pidfd = false;
	arena_free(&arena);
	return 0;
}

static enum tool_end
run(const char *text, const char **ret_output)
{
	const char *const args[] = { "/bin/sh", "-c", text, NULL };
	const struct tool tool = { .args = args, .dir = "/", .within_ms = 60000, .cpu_s = 1, .stop_fd = -1 };

	return tool_run(&arena, &tool, ret_output);
}

static void
ends(void **state)
{
	static const struct {
		const char *text;
		enum tool_end end;
	} cases[] = {
		{ "exit 0", TOOL_DONE },
		{ "exit 1", TOOL_FAILED },
		{ "kill -SEGV $$", TOOL_FAILED },
		{ "kill -KILL $$", TOOL_KILLED },
		{ "exec /nonexistent", TOOL_MISSING },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(run(cases[i].text, NULL), cases[i].end);
}

static void
output(void **state)
{
	const char *printed = NULL;

	(void)state;
	assert_int_equal(run("echo this; echo that >&2; exit 1", &printed), TOOL_FAILED);
	assert_string_equal(printed, "this\n");
}

/* Processor time that is used up is time, whoever ends it: the kernel at once or at last, or the program, when it is told. */
static void
processor_time(void **state)
{
	(void)state;
	assert_int_equal(run("while :; do :; done", NULL), TOOL_LATE);
	assert_int_equal(run("trap 'exit 255' XCPU; while :; do :; done", NULL), TOOL_LATE);
	assert_int_equal(run("trap '' XCPU; while :; do :; done", NULL), TOOL_LATE);
	assert_int_equal(run("trap 'exit 0' XCPU; while :; do :; done", NULL), TOOL_DONE);
}

/* It has been started, and cannot be listened to. */
static void
no_descriptor_left(void **state)
{
	(void)state;
	no_pidfd = true;
	assert_int_equal(run("exit 0", NULL), TOOL_MISSING);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends),
		cmocka_unit_test(output),
		cmocka_unit_test(processor_time),
		cmocka_unit_test(no_descriptor_left),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
