/*
 * Chat completions.  An answer of 600 tokens is 600 small JSON texts, for a thousand conversations at once: they are read
 * where they lie, by a scanner that knows the few places it has to look at (table places), without building a tree.
 */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "completion.h"
#include "llm.h"
#include "out.h"
#include "text.h"

enum {
	EVENT_MAX = 64 * 1024,
	TOKEN_EVENT_BYTES = 512, /* what servers wrap around a token */
	TOKEN_TEXT_BYTES = 8,
	TEXT_MARGIN = 1024,
	BLANKS_MAX = 256, /* models that lost their thread in a schema send these until they are stopped */
	DEPTH_MAX = 32,
};

/* Where in a completion a value stands. */
enum place {
	ELSEWHERE,
	ROOT,
	CHOICES,
	CHOICE,
	MESSAGE,
	CONTENT,
	PART,
	REFUSAL,
	FINISH,
	USAGE,
	PROMPT_TOKENS,
	COMPLETION_TOKENS,
	ERROR,
};

/* Members, and elements of arrays, which have no name. */
static const struct {
	enum place in;
	const char *name;
	enum place is;
} places[] = {
	{ ROOT, "choices", CHOICES },
	{ ROOT, "usage", USAGE },
	{ ROOT, "error", ERROR },
	{ CHOICES, "", CHOICE },
	{ CHOICE, "delta", MESSAGE },
	{ CHOICE, "message", MESSAGE },
	{ CHOICE, "finish_reason", FINISH },
	{ MESSAGE, "content", CONTENT },
	{ MESSAGE, "refusal", REFUSAL },
	{ CONTENT, "", PART },
	{ PART, "text", CONTENT },
	{ USAGE, "prompt_tokens", PROMPT_TOKENS },
	{ USAGE, "completion_tokens", COMPLETION_TOKENS },
};

struct scan {
	struct completion *c;
	const char *at, *end;
	int depth;
};

static bool
fail(struct completion *c, enum completion_fault fault)
{
	if (!c->fault)
		c->fault = fault;
	return false;
}

static enum place
place_in(enum place in, const char *name, size_t len)
{
	size_t i;

	for (i = 0; in != ELSEWHERE && i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i].in == in && strlen(places[i].name) == len &&
		    memcmp(places[i].name, name, len) == 0)
			return places[i].is;
	return ELSEWHERE;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void
skip_blanks(struct scan *s)
{
	while (s->at < s->end && is_blank(*s->at))
		s->at++;
}

/* Consume the character if it comes next, after blanks. */
static bool
take(struct scan *s, char c)
{
	skip_blanks(s);
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* Consume a string; *ret_inside is what stands between its quotes, as it stands there. */
static bool
take_string(struct scan *s, const char **ret_inside, size_t *ret_len)
{
	const char *at;

	if (!take(s, '"'))
		return false;
	for (at = s->at; at < s->end && *at != '"'; at++)
		if (*at == '\\' && ++at == s->end)
			return false;
	if (at == s->end)
		return false;
	*ret_inside = s->at;
	*ret_len = (size_t)(at - s->at);
	s->at = at + 1;
	return true;
}

static bool
text_append(struct completion *c, const char *bytes, size_t len)
{
	return bytes_append(c->arena, &c->text, c->text_max, bytes, len) || fail(c, COMPLETION_LARGE);
}

/* The value of four hex digits at s, -1 if they are none. */
static int32_t
unit_at(const char *s, const char *end)
{
	char hex[5] = { 0 };

	if (end - s < 4)
		return -1;
	memcpy(hex, s, 4);
	return strspn(hex, "0123456789abcdefABCDEF") == 4 ? (int32_t)strtol(hex, NULL, 16) : -1;
}

static bool
append_character(struct completion *c, int32_t u)
{
	char utf8[4];
	size_t len = u < 0x80 ? 1 : u < 0x800 ? 2 : u < 0x10000 ? 3 : 4, i;

	for (i = len - 1; i > 0; i--, u >>= 6)
		utf8[i] = (char)(0x80 | (u & 0x3F));
	utf8[0] = (char)(len == 1 ? u : (0xF0 << (4 - len) & 0xF0) | u);
	return text_append(c, utf8, len);
}

/* Append what \uXXXX at *at, after the u, stands for; half a pair and NUL become U+FFFD. */
static bool
append_unit(struct completion *c, const char **at, const char *end)
{
	int32_t unit = unit_at(*at, end), low = -1;

	if (unit < 0)
		return fail(c, COMPLETION_FORMAT);
	*at += 4;
	if (unit >= 0xD800 && unit <= 0xDBFF && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u')
		low = unit_at(*at + 2, end);
	if (low >= 0xDC00 && low <= 0xDFFF) {
		*at += 6;
		unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
	} else if (unit == 0 || (unit >= 0xD800 && unit <= 0xDFFF)) {
		unit = 0xFFFD;
	}
	return append_character(c, unit);
}

static bool
append_escape(struct completion *c, const char **at, const char *end)
{
	static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	char name = *(*at)++;
	size_t i;

	if (name == 'u')
		return append_unit(c, at, end);
	for (i = 0; escapes[i]; i += 2)
		if (escapes[i] == name)
			return text_append(c, &escapes[i + 1], 1);
	return fail(c, COMPLETION_FORMAT);
}

/* Append the characters that a string's inside stands for. */
static bool
append_decoded(struct completion *c, const char *at, const char *end)
{
	const char *escape;

	while (at < end) {
		escape = memchr(at, '\\', (size_t)(end - at));
		if (!text_append(c, at, (size_t)((escape ? escape : end) - at)))
			return false;
		if (!escape)
			break;
		at = escape + 1;
		if (!append_escape(c, &at, end))
			return false;
	}
	return true;
}

/* Is the text still worth reading, now that what is behind its first bytes has come? */
static bool
is_sane(struct completion *c, size_t before)
{
	const char *piece = c->text.at + before;
	size_t len = c->text.len - before, trailing = 0;

	if (memchr(piece, '\0', len) || !text_is_utf8(piece, len))
		return fail(c, COMPLETION_FORMAT);
	while (trailing < len && is_blank(piece[len - 1 - trailing]))
		trailing++;
	c->blanks = trailing == len ? c->blanks + len : trailing;
	return c->blanks <= BLANKS_MAX || fail(c, COMPLETION_LARGE);
}

static bool
content_read(struct completion *c, const char *inside, size_t inside_len)
{
	size_t before = c->text.len, len;

	c->seen = true;
	if (inside_len == 0)
		return true;
	if (!append_decoded(c, inside, inside + inside_len) || !is_sane(c, before)) {
		bytes_cut(&c->text, before);
		return false;
	}
	len = c->text.len - before;
	if (c->on_text && !c->on_text(c->ctx, c->text.at + before, len))
		return fail(c, COMPLETION_ENOUGH);
	return true;
}

static bool
is(const char *inside, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(inside, text, len) == 0;
}

static bool
string_read(struct scan *s, enum place place)
{
	const char *inside;
	size_t len;

	if (!take_string(s, &inside, &len))
		return false;
	if (place == CONTENT)
		return content_read(s->c, inside, len);
	if (place == REFUSAL && len > 0)
		return fail(s->c, COMPLETION_REFUSED);
	if (place == ERROR)
		return fail(s->c, COMPLETION_ERROR);
	if (place == FINISH) {
		s->c->finished = s->c->seen = true;
		s->c->cut = is(inside, len, "length");
		if (is(inside, len, "content_filter"))
			return fail(s->c, COMPLETION_REFUSED);
	}
	return true;
}

/* A number, true, false or null; what is not of interest may be spelt any way. */
static bool
word_read(struct scan *s, enum place place)
{
	const char *word = s->at;
	long n;

	while (s->at < s->end && (strchr("+-.0123456789", *s->at) || (*s->at >= 'a' && *s->at <= 'z') ||
				  (*s->at >= 'A' && *s->at <= 'Z')))
		s->at++;
	if (s->at == word)
		return false;
	if (place == ERROR && !is(word, (size_t)(s->at - word), "null"))
		return fail(s->c, COMPLETION_ERROR);
	if (place == PROMPT_TOKENS || place == COMPLETION_TOKENS) {
		n = strtol(word, NULL, 10);
		n = n < 0 ? 0 : n > INT_MAX ? INT_MAX : n;
		*(place == PROMPT_TOKENS ? &s->c->prompt_tokens : &s->c->completion_tokens) = (int)n;
	}
	return true;
}

static bool value_read(struct scan *s, enum place place);

static bool
object_read(struct scan *s, enum place place)
{
	const char *name;
	size_t len;

	if (take(s, '}'))
		return true;
	do {
		if (!take_string(s, &name, &len) || !take(s, ':') ||
		    !value_read(s, place_in(place, name, len)))
			return false;
	} while (take(s, ','));
	return take(s, '}');
}

static bool
array_read(struct scan *s, enum place place)
{
	if (take(s, ']'))
		return true;
	do {
		if (!value_read(s, place_in(place, "", 0)))
			return false;
	} while (take(s, ','));
	return take(s, ']');
}

static bool
value_read(struct scan *s, enum place place)
{
	bool right;

	skip_blanks(s);
	if (s->at == s->end || s->depth == DEPTH_MAX)
		return false;
	if (*s->at == '"')
		return string_read(s, place);
	if (*s->at != '{' && *s->at != '[')
		return word_read(s, place);
	if (place == ERROR)
		return fail(s->c, COMPLETION_ERROR);
	if (place == CHOICES)
		s->c->seen = true;
	s->depth++;
	right = *s->at++ == '{' ? object_read(s, place) : array_read(s, place);
	s->depth--;
	return right;
}

/* Read one JSON text: a chunk of a stream, or the whole completion. */
static bool
chunk_read(struct completion *c, const char *json, size_t len)
{
	struct scan s = { .c = c, .at = json, .end = json + len };

	if (!value_read(&s, ROOT))
		return fail(c, COMPLETION_FORMAT);
	skip_blanks(&s);
	return s.at == s.end || fail(c, COMPLETION_FORMAT);
}

static bool
on_event(void *ctx, const char *event, const char *data, size_t len)
{
	struct completion *c = ctx;

	if (c->done || len == 0)
		return true;
	if (is(data, len, "[DONE]")) {
		c->done = c->finished = true;
		return true;
	}
	if (strcmp(event, "error") == 0)
		return fail(c, COMPLETION_ERROR);
	return chunk_read(c, data, len);
}

void
completion_begin(struct completion *c, struct arena *a, const struct llm_conf *conf,
		 bool (*on_text)(void *ctx, const char *text, size_t len), void *ctx)
{
	*c = (struct completion){
		.arena = a,
		.text_max = (size_t)conf->tokens_max * TOKEN_TEXT_BYTES + TEXT_MARGIN,
		.on_text = on_text,
		.ctx = ctx,
		.sse = { .arena = a, .event_max = EVENT_MAX, .on_event = on_event, .ctx = c },
	};
}

size_t
completion_bytes_max(const struct llm_conf *conf)
{
	return (size_t)conf->tokens_max * TOKEN_EVENT_BYTES + EVENT_MAX;
}

/* No line of an event stream that means anything begins with a brace. */
static enum completion_kind
kind_of(const char **bytes, size_t *len)
{
	while (*len > 0 && is_blank(**bytes)) {
		++*bytes;
		--*len;
	}
	if (*len == 0)
		return COMPLETION_UNKNOWN;
	return **bytes == '{' ? COMPLETION_WHOLE : COMPLETION_STREAM;
}

bool
completion_feed(struct completion *c, const char *bytes, size_t len)
{
	if (c->kind == COMPLETION_UNKNOWN)
		c->kind = kind_of(&bytes, &len);
	if (c->kind == COMPLETION_WHOLE)
		return bytes_append(c->arena, &c->whole, EVENT_MAX, bytes, len) || fail(c, COMPLETION_LARGE);
	if (sse_feed(&c->sse, bytes, len))
		return fail(c, COMPLETION_LARGE);
	return true;
}

/* Read what only the end makes complete.  What is torn after the end of an answer does no harm to it. */
static void
rest_read(struct completion *c)
{
	bool complete = c->finished;

	if (c->kind == COMPLETION_WHOLE)
		chunk_read(c, c->whole.at, c->whole.len);
	else if (sse_end(&c->sse))
		fail(c, COMPLETION_LARGE);
	if (c->fault == COMPLETION_FORMAT && complete)
		c->fault = COMPLETION_OK;
	else if (c->fault == COMPLETION_FORMAT && c->seen)
		c->fault = COMPLETION_CUT;
}

enum completion_fault
completion_end(struct completion *c)
{
	if (!c->fault)
		rest_read(c);
	if (!c->fault && !c->finished)
		c->fault = c->seen ? COMPLETION_CUT : COMPLETION_FORMAT;
	if (!c->fault && c->text.len == 0)
		c->fault = COMPLETION_EMPTY;
	return c->fault;
}

/* The form of the answer, in so far as the server knows to hold the model to one. */
static void
format_write(struct json_object *request, const struct llm_conf *conf, const struct llm_call *call)
{
	struct json_object *format, *schema;

	if (!call->schema || strcmp(conf->format, "text") == 0)
		return;
	format = out_object_in(request, "response_format");
	out_str(format, "type", conf->format);
	if (strcmp(conf->format, "json_schema") != 0)
		return;
	schema = out_object_in(format, "json_schema");
	out_str(schema, "name", call->schema_name);
	out_bool(schema, "strict", true);
	out_json(schema, "schema", call->schema);
}

const char *
completion_request(struct arena *a, const struct llm_conf *conf, const struct llm_call *call)
{
	struct json_object *request = out_object(a);

	out_str(request, "model", conf->model);
	out_bool(request, "stream", true);
	out_bool(out_object_in(request, "stream_options"), "include_usage", true);
	out_num(request, "max_tokens", conf->tokens_max);
	format_write(request, conf, call);
	out_json(request, "messages", call->messages);
	return out_text(request);
}

const char *
completion_url(struct arena *a, const struct llm_conf *conf)
{
	size_t len = strlen(conf->url);

	while (len > 0 && conf->url[len - 1] == '/')
		len--;
	return arena_printf(a, "%.*s/chat/completions", (int)len, conf->url);
}

int
completion_estimate(const char *text)
{
	int ascii = 0, others = 0;

	for (; *text; text++) {
		ascii += !(*text & 0x80);
		others += (*text & 0xC0) == 0xC0;
	}
	return (ascii + 3) / 4 + others;
}
