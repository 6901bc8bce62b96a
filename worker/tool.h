/* Programs of others, run on files that nobody vouches for: confined, with an end, and listened to with a ceiling. */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum { TOOL_BEAT_MS = 2000 };

struct tool {
	const char *const *args; /* its path first, then what it is told, then NULL */
	const char *dir;	 /* where it runs */
	int64_t within_ms;	 /* it is killed then */
	int64_t cpu_s;		 /* or when it has used so much processor time */
	int stop_fd;		 /* or when this becomes readable; -1: never */
	/* If not NULL, gets each line it prints; false: kill it.  Else the lines are collected. */
	bool (*on_line)(void *ctx, const char *line);
	/* If not NULL, is called every TOOL_BEAT_MS while it runs, whether it prints or not; false: kill it. */
	bool (*on_beat)(void *ctx);
	void *ctx;
};

enum tool_end {
	TOOL_DONE,    /* status 0 */
	TOOL_FAILED,  /* another status, a signal of its own making, or more output than is taken */
	TOOL_KILLED,  /* by somebody else: a machine short of memory does so */
	TOOL_LATE,    /* its time is up, by the clock or the processor's */
	TOOL_STOPPED, /* by stop_fd, on_line or on_beat */
	TOOL_MISSING, /* it could not be started */
};

/**
 * tool_run(a, t, ret_output):
 * Run ${t} to its end, at the lowest priority, without any of our descriptors, environment or network (where the kernel lets a
 * process give it up), and with limits on memory, processor time and the size of files.  *${ret_output}, unless NULL, is what it
 * printed, at most 64 KiB, in ${a}.  What it complains of is logged when it fails.
 */
enum tool_end tool_run(struct arena *a, const struct tool *t, const char **ret_output);

#endif
