/* A chat completion from the first byte to the last, and the request for one; what the JSON in it says is read next door. */
#include <string.h>

#include "arena.h"
#include "completion_inside.h"
#include "llm.h"
#include "out.h"

enum {
	EVENT_MAX = 64 * 1024,
	TOKEN_EVENT_BYTES = 512, /* what servers wrap around a token */
	TOKEN_TEXT_BYTES = 8,
	TEXT_MARGIN = 1024,
};

bool
completion_fail(struct completion *c, enum completion_fault fault)
{
	if (!c->fault)
		c->fault = fault;
	return false;
}

bool
completion_is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool
completion_is(const char *bytes, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(bytes, word, len) == 0;
}

static bool
on_event(void *ctx, const char *event, const char *data, size_t len)
{
	struct completion *c = ctx;

	if (c->done || len == 0)
		return true;
	if (completion_is(data, len, "[DONE]")) {
		c->done = c->finished = true;
		return true;
	}
	if (strcmp(event, "error") == 0)
		return completion_fail(c, COMPLETION_ERROR);
	return completion_chunk_read(c, data, len);
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
	while (*len > 0 && completion_is_blank(**bytes)) {
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
		return bytes_append(c->arena, &c->whole, EVENT_MAX, bytes, len) ||
		       completion_fail(c, COMPLETION_LARGE);
	if (sse_feed(&c->sse, bytes, len))
		return completion_fail(c, COMPLETION_LARGE);
	return true;
}

/* Read what only the end makes complete.  What is torn after the end of an answer does no harm to it. */
static void
rest_read(struct completion *c)
{
	bool complete = c->finished;

	if (c->kind == COMPLETION_WHOLE)
		completion_chunk_read(c, c->whole.at, c->whole.len);
	else if (sse_end(&c->sse))
		completion_fail(c, COMPLETION_LARGE);
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
