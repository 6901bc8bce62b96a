/*
 * The forms of a flow: the members of struct flow as a table, read from and written to the fields of the hash in Redis
 * and the JSON object PostgreSQL keeps.  What they mean is the chatbot's business.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "flow.h"
#include "json.h"
#include "out.h"

struct member {
	const char *name;
	size_t offset;
	bool number;
};

#define TEXT(name)                                                                                           \
	{                                                                                                    \
#name, offsetof(struct flow, name), false                                                    \
	}
#define NUMBER(name)                                                                                         \
	{                                                                                                    \
#name, offsetof(struct flow, name), true                                                     \
	}

static const struct member members[] = {
	TEXT(customer),	   NUMBER(version),   TEXT(state),  TEXT(language),    NUMBER(retries),
	TEXT(mood),	   TEXT(hobby),	      TEXT(terms),  TEXT(topics),      NUMBER(budget_won),
	NUMBER(below_won), NUMBER(floor_won), TEXT(colour), TEXT(not_colours), TEXT(not_brands),
	TEXT(not_words),   TEXT(cards),	      TEXT(offer),  TEXT(outcome),
};

enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

static const char **
text_at(struct flow *flow, const struct member *m)
{
	return (const char **)((char *)flow + m->offset);
}

static int64_t *
number_at(struct flow *flow, const struct member *m)
{
	return (int64_t *)((char *)flow + m->offset);
}

void
flow_init(struct flow *flow)
{
	int i;

	memset(flow, 0, sizeof(*flow));
	for (i = 0; i < MEMBERS; i++)
		if (!members[i].number)
			*text_at(flow, &members[i]) = "";
}

static void
set_member(struct flow *flow, const struct member *m, const char *value)
{
	if (m->number)
		*number_at(flow, m) = strtoll(value, NULL, 10);
	else
		*text_at(flow, m) = value;
}

bool
flow_set(struct flow *flow, const char *name, const char *value)
{
	int i;

	for (i = 0; i < MEMBERS; i++) {
		if (strcmp(members[i].name, name) == 0) {
			set_member(flow, &members[i], value);
			return true;
		}
	}
	return false;
}

/* All values are strings: Redis knows nothing else, and Lua's numbers would lose digits. */
const char *
flow_json(struct arena *a, const struct flow *flow)
{
	struct json_object *object = out_object(a);
	int i;

	for (i = 0; i < MEMBERS; i++) {
		const char *at = (const char *)flow + members[i].offset;

		if (members[i].number)
			out_str(object, members[i].name, arena_printf(a, "%" PRId64, *(const int64_t *)at));
		else
			out_str(object, members[i].name, *(const char *const *)at);
	}
	return out_text(object);
}

enum err
flow_read(struct arena *a, const char *json, struct flow *ret_flow)
{
	struct json_object *object, *value;
	struct flow flow;
	enum err e;
	int i;

	e = json_read(a, json, strlen(json), &object);
	if (e)
		return e;
	if (!json_object_is_type(object, json_type_object))
		return ERR_MALFORMED_JSON;
	flow_init(&flow);
	for (i = 0; i < MEMBERS; i++)
		if (json_object_object_get_ex(object, members[i].name, &value) && value)
			set_member(&flow, &members[i], json_object_get_string(value));
	*ret_flow = flow;
	return OK;
}
