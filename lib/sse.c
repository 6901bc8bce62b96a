/* Reading server-sent events: bytes become lines, lines become fields, an empty line makes an event of them. */
#include <string.h>

#include "sse.h"

static const char bom[] = "\xEF\xBB\xBF";

static bool
append(struct sse *s, struct bytes *b, const char *bytes, size_t len)
{
	return bytes_append(s->arena, b, s->event_max, bytes, len);
}

/* An empty line: give the event away, if there is one, and begin the next. */
static enum err
dispatch(struct sse *s)
{
	const char *event = s->event[0] ? s->event : "message";
	bool more = true;

	if (s->has_data)
		more = s->on_event(s->ctx, event, s->data.len > 0 ? s->data.at : "", s->data.len);
	s->data.len = 0;
	s->event[0] = '\0';
	s->has_data = false;
	return more ? OK : ERR_CLIENT_GONE;
}

/* The fields this reader has no use for (id, retry) are passed over like unknown ones. */
static enum err
field_read(struct sse *s, const char *name, size_t name_len, const char *value, size_t len)
{
	if (name_len == 5 && memcmp(name, "event", 5) == 0) {
		if (len >= sizeof(s->event))
			len = sizeof(s->event) - 1;
		memcpy(s->event, value, len);
		s->event[len] = '\0';
	} else if (name_len == 4 && memcmp(name, "data", 4) == 0) {
		if (s->has_data && !append(s, &s->data, "\n", 1))
			return ERR_BODY_TOO_LARGE;
		if (!append(s, &s->data, value, len))
			return ERR_BODY_TOO_LARGE;
		s->has_data = true;
	}
	return OK;
}

/* A line without its end.  One that begins with a colon is a comment: its name is empty. */
static enum err
line_read(struct sse *s, const char *line, size_t len)
{
	const char *colon, *value;

	if (!s->begun && len >= 3 && memcmp(line, bom, 3) == 0) {
		line += 3;
		len -= 3;
	}
	s->begun = true;
	if (len == 0)
		return dispatch(s);
	colon = memchr(line, ':', len);
	if (!colon)
		return field_read(s, line, len, "", 0);
	value = colon + 1;
	if (value < line + len && *value == ' ')
		value++;
	return field_read(s, line, (size_t)(colon - line), value, (size_t)(line + len - value));
}

/* Bytes before the end of the line. */
static size_t
line_length(const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && bytes[n] != '\n' && bytes[n] != '\r')
		n++;
	return n;
}

/* A line is complete: its end came after the n bytes at bytes; what came before is in s->line. */
static enum err
line_complete(struct sse *s, const char *bytes, size_t n)
{
	enum err e;

	if (s->line.len == 0)
		return n > s->event_max ? ERR_BODY_TOO_LARGE : line_read(s, bytes, n);
	if (!append(s, &s->line, bytes, n))
		return ERR_BODY_TOO_LARGE;
	e = line_read(s, s->line.at, s->line.len);
	s->line.len = 0;
	return e;
}

enum err
sse_feed(struct sse *s, const char *bytes, size_t len)
{
	enum err e;
	size_t n;

	while (len > 0) {
		if (s->after_cr && *bytes == '\n') {
			bytes++;
			len--;
		}
		s->after_cr = false;
		n = line_length(bytes, len);
		if (n == len)
			return len == 0 || append(s, &s->line, bytes, n) ? OK : ERR_BODY_TOO_LARGE;
		s->after_cr = bytes[n] == '\r';
		e = line_complete(s, bytes, n);
		if (e)
			return e;
		bytes += n + 1;
		len -= n + 1;
	}
	return OK;
}

enum err
sse_end(struct sse *s)
{
	enum err e = OK;

	if (s->line.len > 0)
		e = line_complete(s, "", 0);
	return e ? e : dispatch(s);
}
