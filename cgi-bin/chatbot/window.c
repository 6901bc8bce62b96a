/* The newest messages, trimmed from the old end. */
#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "completion.h"
#include "json.h"
#include "out.h"
#include "window.h"

/* The messages of window, or none. */
static struct json_object *
read_window(struct arena *a, const char *window)
{
	struct json_object *list;

	if (json_read(a, window, strlen(window), &list) || !json_object_is_type(list, json_type_array))
		return out_array(a);
	return list;
}

static const char *
text_at(struct json_object *list, size_t i)
{
	const char *text = json_member_text(json_object_array_get_idx(list, i), "text");

	return text ? text : "";
}

size_t
window_newest(struct json_object *list)
{
	size_t first = json_object_array_length(list);
	int tokens = 0;

	while (first > 0) {
		tokens += completion_estimate(text_at(list, first - 1));
		if (tokens > WINDOW_TOKENS_MAX)
			break;
		first--;
	}
	return first;
}

static const char *
trim(struct arena *a, struct json_object *list)
{
	struct json_object *kept = out_array(a);
	size_t i;

	for (i = window_newest(list); i < json_object_array_length(list); i++)
		out_json(kept, NULL,
			 json_object_to_json_string_ext(json_object_array_get_idx(list, i),
							JSON_C_TO_STRING_NOSLASHESCAPE));
	return out_text(kept);
}

const char *
window_trim(struct arena *a, const char *window)
{
	return trim(a, read_window(a, window));
}

static void
add(struct json_object *list, const char *role, const char *text)
{
	struct json_object *message = out_object_in(list, NULL);

	out_str(message, "role", role);
	out_str(message, "text", text);
}

const char *
window_add(struct arena *a, const char *window, const char *asked, const char *replied)
{
	struct json_object *list;

	if (!*window)
		return "";
	list = read_window(a, window);
	add(list, "customer", asked);
	add(list, "assistant", replied);
	return trim(a, list);
}
