/* Bytes that grow up to a bound, in an arena */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "attr.h"

struct arena;

struct bytes {
	char *at; /* terminated; NULL before the first append */
	size_t len;
	size_t size; /* it has room for, the NUL included */
};

/** bytes_append(a, b, max, bytes, len): Add ${len} bytes.  False, and nothing is added, if there would be more than ${max}. */
bool bytes_append(struct arena *a, struct bytes *b, size_t max, const char *bytes, size_t len) MUST_CHECK;

/** bytes_cut(b, len): Forget all behind the first ${len} bytes, which are there. */
void bytes_cut(struct bytes *b, size_t len);

#endif
