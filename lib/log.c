/* The log: one line per event to standard error.  What it knows of the program is set once, before any thread exists. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

enum { LINE_MAX_BYTES = 2048 };

static const char *const level_names[] = { "error", "warn", "info", "debug" };
static const char *program_name = "moa";
static enum log_level lowest = LOG_INFO;

void
log_open(const char *program, enum log_level level)
{
	program_name = program;
	lowest = level;
}

static size_t
line_begin(char line[LINE_MAX_BYTES], enum log_level level, const char *event)
{
	struct timespec now;
	struct tm utc;
	char stamp[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	return (size_t)snprintf(line, LINE_MAX_BYTES, "time=%s.%03ldZ level=%s program=%s pid=%d event=%s ",
				stamp, now.tv_nsec / 1000000, level_names[level], program_name, (int)getpid(),
				event);
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	size_t len, i;
	va_list args;
	int more;

	if (level > lowest)
		return;
	len = line_begin(line, level, event);
	va_start(args, fmt);
	more = vsnprintf(line + len, sizeof(line) - len, fmt, args);
	va_end(args);
	if (more > 0)
		len += (size_t)more;
	if (len > sizeof(line) - 1)
		len = sizeof(line) - 1;
	for (i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	/* A log that cannot be written has nowhere to be reported. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}
