/* JSON input, read strictly: what json-c's strict mode still lets through is refused here first. */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>

#include "attr.h"
#include "err.h"

struct arena;
struct json_object;

enum { JSON_DEPTH_MAX = 16 };

/**
 * json_read(a, text, len, ret_value):
 * Parse the ${len} bytes at ${text} as one JSON text (RFC 8259), released with ${a}.  Refused as ERR_MALFORMED_JSON:
 * invalid UTF-8, raw control characters or \u0000 in strings, duplicate keys, NaN and Infinity, single quotes, trailing
 * bytes, more than JSON_DEPTH_MAX levels.
 */
enum err json_read(struct arena *a, const char *text, size_t len, struct json_object **ret_value) MUST_CHECK;

#endif
