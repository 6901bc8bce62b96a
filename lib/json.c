/*
 * JSON input.  json-c's strict mode still takes raw control characters, \u0000 (which cuts a key short), lone surrogates,
 * single quotes, NaN, numbers such as 00 or 1., and duplicate keys.  So one short scan looks at tokens only, json-c parses,
 * and at the end there must be as many members in the tree as colons in the text.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "json.h"
#include "text.h"

struct scan {
	const char *at, *end;
	size_t colons; /* outside strings: one for each member of an object */
	int depth;
};

/* Consume the digits at s->at.  Returns how many there were. */
static size_t
scan_digits(struct scan *s)
{
	const char *begin = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return (size_t)(s->at - begin);
}

/* Consume one of the characters in any, if it comes next. */
static bool
scan_any(struct scan *s, const char *any)
{
	if (s->at == s->end || !*s->at || !strchr(any, *s->at))
		return false;
	s->at++;
	return true;
}

/* Consume a number, which begins at s->at (RFC 8259 §6). */
static bool
scan_number(struct scan *s)
{
	const char *first;

	scan_any(s, "-");
	first = s->at;
	if (scan_digits(s) == 0 || (*first == '0' && s->at - first > 1))
		return false;
	if (scan_any(s, ".") && scan_digits(s) == 0)
		return false;
	if (scan_any(s, "eE")) {
		scan_any(s, "+-");
		return scan_digits(s) > 0;
	}
	return true;
}

/* Consume "\uXXXX" if it comes next.  Returns its value, or -1. */
static long
scan_escaped_unit(struct scan *s)
{
	char hex[5] = { 0 };

	if (s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u')
		return -1;
	memcpy(hex, s->at + 2, 4);
	if (strspn(hex, "0123456789abcdefABCDEF") != 4)
		return -1;
	s->at += 6;
	return strtol(hex, NULL, 16);
}

/* Consume an escape, which begins at s->at.  NUL would end the text early; half a surrogate pair is no character. */
static bool
scan_escape(struct scan *s)
{
	long unit, low;

	if (s->end - s->at < 2)
		return false;
	if (s->at[1] != 'u') {
		s->at += 2;
		return true;
	}
	unit = scan_escaped_unit(s);
	if (unit >= 0xD800 && unit <= 0xDBFF) {
		low = scan_escaped_unit(s);
		return low >= 0xDC00 && low <= 0xDFFF;
	}
	return unit > 0 && !(unit >= 0xDC00 && unit <= 0xDFFF);
}

/* Consume a string, whose opening quote is at s->at. */
static bool
scan_string(struct scan *s)
{
	s->at++;
	while (s->at < s->end) {
		if ((unsigned char)*s->at < 0x20)
			return false;
		if (*s->at == '"') {
			s->at++;
			return true;
		}
		if (*s->at != '\\')
			s->at++;
		else if (!scan_escape(s))
			return false;
	}
	return false;
}

/* Consume one token.  Words (true, false, null) and the grammar are left to json-c. */
static bool
scan_token(struct scan *s)
{
	char c = *s->at;

	if (c == '"')
		return scan_string(s);
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(s);
	if (c == '[' || c == '{') {
		s->depth++;
		if (s->depth > JSON_DEPTH_MAX)
			return false;
	} else if (c == ']' || c == '}') {
		s->depth--;
	} else if (c == ':') {
		s->colons++;
	} else if (!c || !strchr(" \t\r\n,truefalsn", c)) {
		return false;
	}
	s->at++;
	return true;
}

/* Members of all objects in the tree. */
static size_t
tree_members(struct json_object *value)
{
	size_t n = 0, i;

	if (json_object_is_type(value, json_type_array)) {
		for (i = 0; i < json_object_array_length(value); i++)
			n += tree_members(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach (value, key, member) {
			(void)key;
			n += 1 + tree_members(member);
		}
	}
	return n;
}

static void
object_release(void *object)
{
	json_object_put(object);
}

/* Let json-c parse the text; *ret_value is NULL for "null". */
static enum err
tree_parse(const char *text, int len, struct json_object **ret_value)
{
	struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	struct json_object *value;
	enum json_tokener_error fault;

	if (!tok)
		abort();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(tok, text, len);
	/* A number at the top has no end of its own: the NUL tells that it is complete. */
	if (json_tokener_get_error(tok) == json_tokener_continue)
		value = json_tokener_parse_ex(tok, "", 1);
	fault = json_tokener_get_error(tok);
	json_tokener_free(tok);
	if (fault != json_tokener_success)
		return ERR_MALFORMED_JSON;
	*ret_value = value;
	return OK;
}

enum err
json_read(struct arena *a, const char *text, size_t len, struct json_object **ret_value)
{
	struct scan scan = { .at = text, .end = text + len };
	struct json_object *value;
	enum err e;

	if (len == 0 || len > INT_MAX || !text_is_utf8(text, len))
		return ERR_MALFORMED_JSON;
	while (scan.at < scan.end)
		if (!scan_token(&scan))
			return ERR_MALFORMED_JSON;
	e = tree_parse(text, (int)len, &value);
	if (e)
		return e;
	arena_defer(a, object_release, value);
	if (tree_members(value) != scan.colons)
		return ERR_MALFORMED_JSON;
	*ret_value = value;
	return OK;
}

const char *
json_member_text(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_object_get(object, name);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

bool
json_member_is(struct json_object *object, const char *name, const char *text)
{
	const char *value = json_member_text(object, name);

	return value && strcmp(value, text) == 0;
}

int64_t
json_member_i64(struct json_object *object, const char *name, int64_t preset)
{
	struct json_object *value = json_object_object_get(object, name);

	return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : preset;
}
