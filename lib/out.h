/*
 * JSON output: objects and arrays that end when they are written, or with the request.  Besides SQL, the only place where JSON is made: no
 * string is ever glued together.  A thin face over json-c that settles who owns what.
 */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct json_object;

/** out_object(a), out_array(a): A new, empty object or array, released with ${a}. */
struct json_object *out_object(struct arena *a);
struct json_object *out_array(struct arena *a);

/*
 * Add a value to ${in} under ${key}; ${key} is NULL when ${in} is an array.  Text NULL becomes JSON null.  out_json takes
 * JSON text that SQL or this program made (never input), NULL becomes null; out_object_in and out_array_in return the new child.
 */
void out_str(struct json_object *in, const char *key, const char *value);
void out_num(struct json_object *in, const char *key, int64_t value);
void out_bool(struct json_object *in, const char *key, bool value);
void out_json(struct json_object *in, const char *key, const char *json);
struct json_object *out_object_in(struct json_object *in, const char *key);
struct json_object *out_array_in(struct json_object *in, const char *key);

/**
 * out_text(object):
 * ${object} as compact JSON.  What out_object or out_array has made ends here: a request that lasts has no use for
 * trees of what it has written, and its text is in the arena.  Of other objects it lives as long as they, until changed.
 */
const char *out_text(struct json_object *object);

#endif
