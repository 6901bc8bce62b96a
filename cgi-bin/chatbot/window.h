/*
 * The window: the newest messages of a conversation, as a JSON array [{"role": "customer" | "assistant", "text": …}, …],
 * oldest first.  It is what a model is told of what was said; older messages reach it as a summary.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stddef.h>

struct arena;
struct json_object;

enum { WINDOW_TOKENS_MAX = 2000 };

/**
 * window_trim(a, window):
 * The newest messages of ${window} with at most WINDOW_TOKENS_MAX tokens (completion_estimate).  What is no such array is an empty one.
 */
const char *window_trim(struct arena *a, const char *window);

/**
 * window_add(a, window, asked, replied):
 * ${window} with one more turn, trimmed.  "" (not known) stays "".
 */
const char *window_add(struct arena *a, const char *window, const char *asked, const char *replied);

/** window_newest(list): Where in the array ${list} the newest messages begin that are not too many. */
size_t window_newest(struct json_object *list);

#endif
