/* JSON input, read strictly: what json-c's strict mode still lets through is refused here first. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct arena;
struct json_object;

enum { JSON_DEPTH_MAX = 16 };

/**
 * json_read(a, text, len, ret_value):
 * Parse the ${len} bytes at ${text} as one JSON text (RFC 8259) into *${ret_value}, released with ${a}; JSON null is NULL.
 * Refused as ERR_MALFORMED_JSON, besides what is no JSON at all: invalid UTF-8, raw control characters, \u0000 or half a
 * surrogate pair in strings, duplicate keys, NaN and Infinity, single quotes, trailing bytes, more than JSON_DEPTH_MAX levels.
 */
enum err json_read(struct arena *a, const char *text, size_t len, struct json_object **ret_value) MUST_CHECK;

/** json_member_text(object, name): The member ${name} if it is text, else NULL. */
const char *json_member_text(struct json_object *object, const char *name);

/** json_member_is(object, name, text): Is the member ${name} the text ${text}? */
bool json_member_is(struct json_object *object, const char *name, const char *text);

/** json_member_i64(object, name, preset): The member ${name} if it is an integer, else ${preset}. */
int64_t json_member_i64(struct json_object *object, const char *name, int64_t preset);

#endif
