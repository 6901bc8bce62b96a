/*
 * Input fields: bodies and query strings against the handler's table.  A fault is noted in the reply and reading goes on,
 * so that a caller sees all of them at once.  What values mean beyond their form is the handler's and SQL's business.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "fault.h"
#include "fields.h"
#include "invisible.h"
#include "json.h"
#include "req.h"
#include "resp.h"
#include "text.h"

enum { LINE_CHARS_MAX = 64, NOTE_NAME_CHARS_MAX = 40, NOTE_CHARS_MAX = 500 };

/* The reading of one body or query. */
struct reading {
	const struct req *rq;
	struct resp *rs;
	const struct field *fields;
	void *in;
	bool *given; /* for each field: has it occurred, whatever its value? */
};

static enum fault
check_length(const struct field *f, const char *s, bool multiline)
{
	int64_t length = (int64_t)text_length(s);

	if (text_has_controls(s, multiline))
		return FAULT_CONTROL_CHARACTERS;
	if (length < f->min)
		return FAULT_TOO_SHORT;
	return length > f->max ? FAULT_TOO_LONG : FAULT_NONE;
}

/* Text that people read: somebody must be able to see it, and in one line that it is what it seems. */
static enum fault
check_legible(const struct field *f, const char *s, bool multiline)
{
	enum fault fault = check_length(f, s, multiline);

	if (fault)
		return fault;
	if (f->min > 0 && invisible_only(s))
		return FAULT_BLANK;
	return !multiline && invisible_marks(s) ? FAULT_CONTROL_CHARACTERS : FAULT_NONE;
}

static enum fault
check_choice(const char *choices, const char *s)
{
	size_t len = strlen(s);

	while (*choices) {
		size_t n = strcspn(choices, "|");

		if (n == len && memcmp(choices, s, n) == 0)
			return FAULT_NONE;
		choices += n + (choices[n] == '|');
	}
	return FAULT_NOT_A_CHOICE;
}

static enum fault
check_text(const struct field *f, const char *s)
{
	switch (f->type) {
	case F_LINE:
		return check_legible(f, s, false);
	case F_TEXT:
		return check_legible(f, s, true);
	case F_EMAIL:
		return text_is_email(s) ? FAULT_NONE : FAULT_BAD_FORMAT;
	case F_DATE:
		return text_is_date(s) ? FAULT_NONE : FAULT_BAD_FORMAT;
	case F_UUID:
		return text_is_uuid(s) ? FAULT_NONE : FAULT_BAD_FORMAT;
	case F_CHOICE:
		return check_choice(f->choices, s);
	default:
		return check_length(f, s, false);
	}
}

/* Where the value of field f goes. */
static void *
place(const struct reading *r, const struct field *f)
{
	return (char *)r->in + f->offset;
}

static const char *
lower_hex(struct arena *a, const char *s)
{
	char *copy = arena_strdup(a, s), *at;

	for (at = copy; *at; at++)
		if (*at >= 'A' && *at <= 'F')
			*at += 'a' - 'A';
	return copy;
}

/* A secret moves to the arena, which is wiped; the JSON tree, which is not, keeps zeros. */
static const char *
take_away(struct arena *a, struct json_object *value)
{
	const char *s = json_object_get_string(value);
	const char *copy = arena_strdup(a, s);

	explicit_bzero((char *)s, strlen(s));
	return copy;
}

/* The text belongs to the request already: to its arena or to the JSON tree that ends with it. */
static void
take_text(const struct reading *r, const struct field *f, const char *s)
{
	enum fault fault = check_text(f, s);

	if (fault)
		fault_note(r->rq, r->rs, f->name, f, fault);
	else
		*(const char **)place(r, f) = f->type == F_UUID ? lower_hex(r->rq->arena, s) : s;
}

static void
take_number(const struct reading *r, const struct field *f, int64_t n)
{
	if (n < f->min || n > f->max)
		fault_note(r->rq, r->rs, f->name, f, n < f->min ? FAULT_TOO_SMALL : FAULT_TOO_LARGE);
	else
		*(int64_t *)place(r, f) = n;
}

static void
take_bool(const struct reading *r, const struct field *f, bool b)
{
	*(bool *)place(r, f) = b;
}

/* Faults of a line are noted under "interests[2]". */
static bool
take_line(const struct reading *r, const struct field *f, struct json_object *value, size_t i,
	  const char **ret_line)
{
	static const struct field line = { .type = F_LINE, .min = 1, .max = LINE_CHARS_MAX };
	enum fault fault = FAULT_WRONG_TYPE;

	if (json_object_is_type(value, json_type_string))
		fault = check_text(&line, json_object_get_string(value));
	if (fault) {
		fault_note(r->rq, r->rs, arena_printf(r->rq->arena, "%s[%zu]", f->name, i), &line, fault);
		return false;
	}
	*ret_line = json_object_get_string(value);
	return true;
}

static void
take_lines(const struct reading *r, const struct field *f, struct json_object *array)
{
	struct lines lines = { .n = json_object_array_length(array) };
	bool fine = true;
	size_t i;

	if ((int64_t)lines.n < f->min || (int64_t)lines.n > f->max) {
		fault_note(r->rq, r->rs, f->name, f,
			   (int64_t)lines.n < f->min ? FAULT_TOO_FEW : FAULT_TOO_MANY);
		return;
	}
	lines.at = arena_alloc(r->rq->arena, lines.n * sizeof(*lines.at));
	for (i = 0; i < lines.n; i++)
		fine &= take_line(r, f, json_object_array_get_idx(array, i), i, &lines.at[i]);
	if (fine)
		*(struct lines *)place(r, f) = lines;
}

/* A fault in a member of the object is one of the whole. */
static bool
check_note(const struct reading *r, const struct field *f, const char *name, struct json_object *value)
{
	static const struct field note_name = { .type = F_LINE, .min = 1, .max = NOTE_NAME_CHARS_MAX };
	static const struct field note = { .type = F_TEXT, .max = NOTE_CHARS_MAX };
	const struct field *at_fault = &note_name;
	enum fault fault = check_text(&note_name, name);

	if (!fault && json_object_is_type(value, json_type_string)) {
		at_fault = &note;
		fault = check_text(&note, json_object_get_string(value));
	} else if (!fault && !json_object_is_type(value, json_type_int) &&
		   !json_object_is_type(value, json_type_boolean)) {
		at_fault = f;
		fault = FAULT_WRONG_TYPE;
	}
	if (fault)
		fault_note(r->rq, r->rs, f->name, at_fault, fault);
	return !fault;
}

static void
take_notes(const struct reading *r, const struct field *f, struct json_object *object)
{
	int64_t members = json_object_object_length(object);

	if (members < f->min || members > f->max) {
		fault_note(r->rq, r->rs, f->name, f, members < f->min ? FAULT_TOO_FEW : FAULT_TOO_MANY);
		return;
	}
	json_object_object_foreach (object, name, value)
		if (!check_note(r, f, name, value))
			return;
	*(const char **)place(r, f) = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
}

/* The JSON type that a field's values have. */
static enum json_type
json_type_of(enum field_type type)
{
	switch (type) {
	case F_I64:
		return json_type_int;
	case F_BOOL:
		return json_type_boolean;
	case F_LINES:
		return json_type_array;
	case F_NOTES:
		return json_type_object;
	default:
		return json_type_string;
	}
}

static void
take_json(const struct reading *r, const struct field *f, struct json_object *value)
{
	if (!json_object_is_type(value, json_type_of(f->type)))
		fault_note(r->rq, r->rs, f->name, f, FAULT_WRONG_TYPE);
	else if (f->type == F_I64)
		take_number(r, f, json_object_get_int64(value));
	else if (f->type == F_BOOL)
		take_bool(r, f, json_object_get_boolean(value));
	else if (f->type == F_LINES)
		take_lines(r, f, value);
	else if (f->type == F_NOTES)
		take_notes(r, f, value);
	else if (f->type == F_SECRET)
		take_text(r, f, take_away(r->rq->arena, value));
	else
		take_text(r, f, json_object_get_string(value));
}

/* A value from a query string, where all is text.  A number out of the range of int64_t is out of any field's bounds. */
static void
take_word(const struct reading *r, const struct field *f, const char *s)
{
	size_t sign = *s == '-';
	size_t digits = strspn(s + sign, "0123456789");

	if (f->type == F_I64 && digits > 0 && !s[sign + digits])
		take_number(r, f, strtoll(s, NULL, 10));
	else if (f->type == F_BOOL && (strcmp(s, "true") == 0 || strcmp(s, "1") == 0))
		take_bool(r, f, true);
	else if (f->type == F_BOOL && (strcmp(s, "false") == 0 || strcmp(s, "0") == 0))
		take_bool(r, f, false);
	else if (json_type_of(f->type) == json_type_string)
		take_text(r, f, s);
	else
		fault_note(r->rq, r->rs, f->name, f, FAULT_WRONG_TYPE);
}

static struct reading
reading_begin(const struct req *rq, struct resp *rs, const struct field *fields, void *in)
{
	struct reading r = { .rq = rq, .rs = rs, .fields = fields, .in = in };
	size_t n = 0;

	while (fields[n].name)
		n++;
	r.given = arena_alloc(rq->arena, n + 1);
	return r;
}

/* The field called name, noted as given; NULL, with a fault noted, if the table has none or it was given before. */
static const struct field *
reading_field(const struct reading *r, const char *name)
{
	const struct field *f;

	for (f = r->fields; f->name; f++) {
		if (strcmp(f->name, name) != 0)
			continue;
		if (r->given[f - r->fields]) {
			fault_note(r->rq, r->rs, name, f, FAULT_REPEATED_FIELD);
			return NULL;
		}
		r->given[f - r->fields] = true;
		return f;
	}
	fault_note(r->rq, r->rs, name, NULL, FAULT_UNKNOWN_FIELD);
	return NULL;
}

static enum err
reading_end(const struct reading *r)
{
	const struct field *f;

	for (f = r->fields; f->name; f++)
		if ((f->flags & F_REQUIRED) && !r->given[f - r->fields])
			fault_note(r->rq, r->rs, f->name, f, FAULT_REQUIRED);
	return r->rs->nfaults ? ERR_VALIDATION_FAILED : OK;
}

enum err
fields_body(const struct req *rq, struct resp *rs, const struct field *fields, void *ret_in)
{
	struct reading r = reading_begin(rq, rs, fields, ret_in);
	struct json_object *body = NULL;
	enum err e;

	if (!rq->body)
		return reading_end(&r);
	e = json_read(rq->arena, rq->body, rq->body_len, &body);
	if (e)
		return e;
	if (!json_object_is_type(body, json_type_object)) {
		fault_note(rq, rs, "", NULL, FAULT_NOT_AN_OBJECT);
		return ERR_VALIDATION_FAILED;
	}
	json_object_object_foreach (body, name, value) {
		const struct field *f = reading_field(&r, name);

		if (f && !value && (f->flags & F_NULLABLE))
			r.given[f - fields] = false;
		else if (f && !value && (f->flags & F_CLEARABLE))
			*(const char **)place(&r, f) = NULL;
		else if (f)
			take_json(&r, f, value);
	}
	return reading_end(&r);
}

/* One "name=value" of a query; without '=' the value is empty. */
static enum err
take_pair(const struct reading *r, const char *pair, size_t len)
{
	const char *equals = memchr(pair, '=', len);
	const char *value_at = equals ? equals + 1 : pair + len;
	const struct field *f;
	char *name, *value;
	enum err e;

	e = text_decode(r->rq->arena, pair, (size_t)((equals ? equals : value_at) - pair), true, &name);
	if (e)
		return e;
	e = text_decode(r->rq->arena, value_at, (size_t)(pair + len - value_at), true, &value);
	if (e)
		return e;
	f = reading_field(r, name);
	if (f)
		take_word(r, f, value);
	return OK;
}

enum err
fields_query(const struct req *rq, struct resp *rs, const struct field *fields, void *ret_in)
{
	struct reading r = reading_begin(rq, rs, fields, ret_in);
	const char *at = rq->query;

	for (;;) {
		size_t len = strcspn(at, "&");
		enum err e = len ? take_pair(&r, at, len) : OK;

		if (e)
			return e;
		if (!at[len])
			return reading_end(&r);
		at += len + 1;
	}
}
