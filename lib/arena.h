/*
 * Memory that lives as long as one request.
 *
 * What comes from an arena is zeroed and aligned for any type, is never freed by hand, and dies at arena_reset, which
 * also wipes it: passwords and tokens in an arena need no clean-up of their own.  What libraries read them through
 * (libfcgi's buffer, the parser of json-c) is not wiped, only freed or overwritten.  Running out of memory ends the process (the
 * web server starts it again), so no caller checks for NULL.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "attr.h"

struct arena_chunk;
struct arena_deferred;

struct arena {
	struct arena_chunk *chunks;	 /* newest first */
	struct arena_deferred *deferred; /* newest first; itself in the arena */
};

/** arena_init(a): Make ${a} empty.  Release it with arena_free. */
void arena_init(struct arena *a);

/** arena_reset(a): Run what was deferred, newest first, then wipe and forget all allocations.  ${a} stays usable. */
void arena_reset(struct arena *a);

/** arena_free(a): arena_reset, and give the memory back to the system. */
void arena_free(struct arena *a);

/** arena_alloc(a, size): ${size} zeroed bytes; never NULL. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, returns_nonnull));

/** arena_strdup(a, s): A copy of the string ${s}, or NULL if ${s} is NULL. */
char *arena_strdup(struct arena *a, const char *s);

/** arena_strndup(a, bytes, len): The ${len} bytes at ${bytes} as a terminated string. */
char *arena_strndup(struct arena *a, const char *bytes, size_t len);

/** arena_printf(a, fmt, ...), arena_vprintf: The formatted string. */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

/**
 * arena_defer(a, release, ptr):
 * Call ${release}(${ptr}) at the next reset: how objects of other libraries (PGresult, redisReply, json_object) end
 * with the request.  The lib module that obtained the object calls this; nobody else frees it.
 */
void arena_defer(struct arena *a, void (*release)(void *), void *ptr);

/** arena_release(a, ptr): Do now what was deferred for ${ptr}; nothing if nothing was. */
void arena_release(struct arena *a, const void *ptr);

#endif
