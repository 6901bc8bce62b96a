/* A reply as it comes in: everything is kept, so that nothing needs a state but how far it has been looked at. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reader.h"

void
reader_open(struct reader *r)
{
	r->in = malloc(READER_MAX + 1);
	r->body = malloc(READER_MAX + 1);
	if (!r->in || !r->body)
		abort();
	reader_reset(r);
}

void
reader_reset(struct reader *r)
{
	*r = (struct reader){ .in = r->in, .body = r->body, .length = -1 };
	r->in[0] = r->body[0] = '\0';
}

char *
reader_space(struct reader *r, size_t *ret_len)
{
	*ret_len = READER_MAX - r->in_len;
	return r->in + r->in_len;
}

/* The value of a header, or NULL. */
static const char *
header(const struct reader *r, const char *name)
{
	const char *line = strstr(r->in, "\r\n");
	size_t len = strlen(name);

	for (; line && line < r->in + r->head_len; line = strstr(line + 2, "\r\n"))
		if (strncasecmp(line + 2, name, len) == 0 && line[2 + len] == ':')
			return line + 3 + len + strspn(line + 3 + len, " ");
	return NULL;
}

static bool
is(const char *value, const char *wanted)
{
	return value && strncasecmp(value, wanted, strlen(wanted)) == 0;
}

static void
read_head(struct reader *r)
{
	const char *end = strstr(r->in, "\r\n\r\n"), *length;

	if (!end)
		return;
	r->head_len = r->decoded = (size_t)(end + 4 - r->in);
	if (strncmp(r->in, "HTTP/1.1 ", 9) == 0)
		r->status = (int)strtol(r->in + 9, NULL, 10);
	else
		r->fault = "no_http";
	length = header(r, "Content-Length");
	if (length)
		r->length = strtoll(length, NULL, 10);
	else if (!is(header(r, "Transfer-Encoding"), "chunked"))
		r->fault = "no_length";
	r->events = is(header(r, "Content-Type"), "text/event-stream");
	r->closes = is(header(r, "Connection"), "close");
}

static void
take_body(struct reader *r, size_t len)
{
	memcpy(r->body + r->body_len, r->in + r->decoded, len);
	r->body_len += len;
	r->body[r->body_len] = '\0';
	r->decoded += len;
}

/* One chunk: "<size in hex>\r\n<bytes>\r\n".  False when it has not come whole. */
static bool
take_chunk(struct reader *r)
{
	const char *at = r->in + r->decoded;
	char *end;
	unsigned long size = strtoul(at, &end, 16);
	size_t head = (size_t)(end + 2 - at);

	if (!strstr(at, "\r\n") || r->in_len - r->decoded < head + size + 2)
		return false;
	if (end == at || end[0] != '\r') {
		r->fault = "bad_chunk";
		return false;
	}
	r->decoded += head;
	take_body(r, size);
	r->decoded += 2;
	r->ended = size == 0;
	return !r->ended;
}

static void
read_body(struct reader *r)
{
	if (r->length < 0) {
		while (take_chunk(r))
			continue;
		return;
	}
	take_body(r, r->in_len - r->decoded);
	r->ended = r->body_len == (size_t)r->length;
	if (r->body_len > (size_t)r->length)
		r->fault = "too_long";
}

/* The value of a member that is a plain word; "" if there is none. */
static void
read_word(const char *json, const char *member, char ret_word[WORD_MAX])
{
	const char *at = strstr(json, member);

	*ret_word = '\0';
	if (at)
		sscanf(at + strlen(member), " : \"%47[a-z_]", ret_word);
}

/* Ids are "<tag>-<number>", counted from 1 within a turn. */
static void
check_id(struct reader *r, const char *id)
{
	const char *dash = id ? strrchr(id, '-') : NULL;
	int number = dash ? (int)strtol(dash + 1, NULL, 10) : -1;

	if (number != r->number + 1)
		r->fault = "id_out_of_order";
	r->number = number;
}

/* One event, its lines between here and its blank line, terminated. */
static void
read_event(struct reader *r, char *event)
{
	const char *id = NULL, *name = NULL, *data = "";
	char *line, *rest = event;

	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, "id: ", 4) == 0)
			id = line + 4;
		else if (strncmp(line, "event: ", 7) == 0)
			name = line + 7;
		else if (strncmp(line, "data: ", 6) == 0)
			data = line + 6;
	}
	if (!name)
		return; /* a comment */
	r->nevents++;
	r->ntokens += strcmp(name, "token") == 0;
	r->failed |= strcmp(name, "error") == 0;
	r->done = strcmp(name, "done") == 0;
	if (r->failed)
		read_word(data, "\"code\"", r->code);
	else
		check_id(r, id);
	if (r->done)
		read_word(data, "\"engine\"", r->engine);
}

static void
read_events(struct reader *r)
{
	char *event = r->body + r->event_at, *end;

	for (end = strstr(event, "\n\n"); end; end = strstr(event, "\n\n")) {
		*end = '\0';
		read_event(r, event);
		event = end + 2;
	}
	r->event_at = (size_t)(event - r->body);
}

void
reader_take(struct reader *r, size_t len)
{
	r->in_len += len;
	r->in[r->in_len] = '\0';
	if (r->head_len == 0)
		read_head(r);
	if (r->head_len == 0 || r->fault)
		return;
	read_body(r);
	if (r->events)
		read_events(r);
	else if (r->ended)
		read_word(r->body, r->status == 200 ? "\"engine\"" : "\"code\"",
			  r->status == 200 ? r->engine : r->code);
	if (!r->ended && r->in_len == READER_MAX)
		r->fault = "too_long";
}
