/*
 * The log: one line per event to standard error, key=value, written whole by one write(2).
 *
 * A function either logs or returns an error, never both: the module that holds the foreign text (PQerrorMessage,
 * errno, curl's message) logs it once.  No secrets, no bodies, no tokens, no e-mail addresses.
 */
#ifndef LOG_H
#define LOG_H

#include "attr.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/** log_open(program, level): Name the program in each line and drop what is below ${level}.  Call once, at start. */
void log_open(const char *program, enum log_level level);

/**
 * log_event(level, event, fmt, ...):
 * Write "time=… level=… program=… pid=… event=${event} " and the formatted rest, which holds key=value pairs.
 * Control characters become '?', a line is cut at 2 KiB.  Foreign text goes in quotes: msg="%s".
 */
void log_event(enum log_level level, const char *event, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
