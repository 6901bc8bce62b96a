/* The model's answer, read: one row for each member of the schema (prompt.c). */
#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "json.h"
#include "told.h"

static bool
read_fits(struct told *told, struct json_object *value)
{
	told->fits = json_object_get_boolean(value);
	return json_object_is_type(value, json_type_boolean);
}

/* Text, or NULL for null: then *ret_none is true. */
static const char *
text_of(struct json_object *value, bool *ret_none)
{
	*ret_none = value == NULL;
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static bool
read_mood(struct told *told, struct json_object *value)
{
	bool none;
	const char *text = text_of(value, &none);
	int mood;

	for (mood = 0; text && mood < MOOD__MAX; mood++)
		if (strcmp(text, words_mood_code(mood)) == 0)
			told->mood = mood;
	return none || told->mood >= 0;
}

static bool
read_colour(struct told *told, struct json_object *value)
{
	bool none;
	const char *text = text_of(value, &none);
	const struct colour *row;

	for (row = words_colours; text && row->code; row++)
		if (strcmp(text, row->code) == 0)
			told->colour = row->code;
	return none || told->colour;
}

static bool
read_budget(struct told *told, struct json_object *value)
{
	if (!value)
		return true;
	told->budget_won = json_object_get_int64(value);
	return json_object_is_type(value, json_type_int);
}

static bool
read_wants(struct told *told, struct json_object *value)
{
	static const struct {
		const char *name;
		uint64_t means;
	} rows[] = {
		{ "none", 0 },
		{ "recommend", MEANS(M_RECOMMEND) },
		{ "other", MEANS(M_OTHER) },
		{ "cheaper", MEANS(M_CHEAPER) },
		{ "dearer", MEANS(M_DEARER) },
		{ "other_colour", MEANS(M_OTHER_COLOUR) },
		{ "not_brand", MEANS(M_NOT_BRAND) },
	};
	bool none;
	const char *text = text_of(value, &none);
	size_t i;

	for (i = 0; text && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(text, rows[i].name) != 0)
			continue;
		told->wants = rows[i].means;
		return true;
	}
	return none;
}

static bool
read_list(struct json_object *value, const char *ret_list[TOLD_LIST_MAX], int *ret_n)
{
	size_t i, n;

	if (!json_object_is_type(value, json_type_array))
		return false;
	n = json_object_array_length(value);
	for (i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(value, i);

		if (!json_object_is_type(item, json_type_string))
			return false;
		if (i < TOLD_LIST_MAX)
			ret_list[(*ret_n)++] = json_object_get_string(item);
	}
	return true;
}

static bool
read_interests(struct told *told, struct json_object *value)
{
	return read_list(value, told->interests, &told->ninterests);
}

static bool
read_unwanted(struct told *told, struct json_object *value)
{
	return read_list(value, told->unwanted, &told->nunwanted);
}

static bool
read_picks(struct told *told, struct json_object *value)
{
	return read_list(value, told->picks, &told->npicks);
}

static bool
read_reply(struct told *told, struct json_object *value)
{
	bool none;

	told->reply = text_of(value, &none);
	return told->reply != NULL;
}

static const struct member {
	const char *name;
	bool (*read)(struct told *, struct json_object *);
} members[TOLD_MEMBERS] = {
	{ "fits", read_fits },	       { "mood", read_mood },	  { "interests", read_interests },
	{ "budget_won", read_budget }, { "colour", read_colour }, { "wants", read_wants },
	{ "unwanted", read_unwanted }, { "picks", read_picks },	  { "reply", read_reply },
};

static bool
read_member(struct told *told, const char *name, struct json_object *value)
{
	size_t i;

	for (i = 0; i < TOLD_MEMBERS; i++)
		if (strcmp(members[i].name, name) == 0)
			return members[i].read(told, value);
	return false;
}

bool
told_read(struct arena *a, const char *json, struct told *ret_told)
{
	struct told told = { .mood = -1 };
	struct json_object *object;

	if (json_read(a, json, strlen(json), &object) || !json_object_is_type(object, json_type_object))
		return false;
	json_object_object_foreach (object, name, value) {
		if (!read_member(&told, name, value))
			return false;
		told.members++;
	}
	if (!json_object_object_get_ex(object, "fits", NULL))
		return false;
	*ret_told = told;
	return true;
}

int
told_pick(const char *pick, int n)
{
	int number = 0;
	const char *c;

	if (*pick != 'p')
		return -1;
	for (c = pick + 1; *c >= '0' && *c <= '9' && number <= n; c++)
		number = number * 10 + (*c - '0');
	return *c || pick[1] == '0' || number < 1 || number > n ? -1 : number - 1;
}
