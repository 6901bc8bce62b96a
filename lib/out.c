/*
 * JSON output over json-c: objects belong to the request's arena, values to the object they were added to.  Running out
 * of memory ends the process, as in arena.c, so nothing here can fail.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "out.h"

static void
object_release(void *object)
{
	json_object_put(object);
}

static struct json_object *
must(struct json_object *object)
{
	if (!object)
		abort();
	return object;
}

/* Give value, which may be NULL (JSON null), to the object or array in. */
static void
add(struct json_object *in, const char *key, struct json_object *value)
{
	int failed = key ? json_object_object_add(in, key, value) : json_object_array_add(in, value);

	if (failed)
		abort();
}

/* The object belongs to the arena, and knows it. */
static struct json_object *
owned(struct arena *a, struct json_object *object)
{
	json_object_set_userdata(object, a, NULL);
	arena_defer(a, object_release, object);
	return object;
}

struct json_object *
out_object(struct arena *a)
{
	return owned(a, must(json_object_new_object()));
}

struct json_object *
out_array(struct arena *a)
{
	return owned(a, must(json_object_new_array()));
}

void
out_str(struct json_object *in, const char *key, const char *value)
{
	add(in, key, value ? must(json_object_new_string(value)) : NULL);
}

void
out_num(struct json_object *in, const char *key, int64_t value)
{
	add(in, key, must(json_object_new_int64(value)));
}

void
out_bool(struct json_object *in, const char *key, bool value)
{
	add(in, key, must(json_object_new_boolean(value)));
}

/* The text goes out as it is: parsing it only to write it again would cost time and the precision of numbers. */
void
out_json(struct json_object *in, const char *key, const char *json)
{
	struct json_object *raw;
	char *copy;

	if (!json) {
		add(in, key, NULL);
		return;
	}
	copy = strdup(json);
	if (!copy)
		abort();
	raw = must(json_object_new_object());
	json_object_set_serializer(raw, json_object_userdata_to_json_string, copy, json_object_free_userdata);
	add(in, key, raw);
}

struct json_object *
out_object_in(struct json_object *in, const char *key)
{
	struct json_object *child = must(json_object_new_object());

	add(in, key, child);
	return child;
}

struct json_object *
out_array_in(struct json_object *in, const char *key)
{
	struct json_object *child = must(json_object_new_array());

	add(in, key, child);
	return child;
}

/* The arena the object belongs to; NULL if it was not made here.  A number that json-c has read keeps its text there. */
static struct arena *
owner(struct json_object *object)
{
	bool is_tree =
	    json_object_is_type(object, json_type_object) || json_object_is_type(object, json_type_array);

	return is_tree ? json_object_get_userdata(object) : NULL;
}

const char *
out_text(struct json_object *object)
{
	const char *text =
	    json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	struct arena *a = owner(object);

	if (!text)
		abort();
	if (!a)
		return text;
	text = arena_strdup(a, text);
	arena_release(a, object);
	return text;
}
