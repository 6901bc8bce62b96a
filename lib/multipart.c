/* Forms: a window on the body, in which the delimiter is looked for; what is before it belongs to the part. */
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "multipart.h"
#include "text.h"

enum {
	BOUNDARY_MAX = 70,   /* RFC 2046 §5.1.1 */
	WINDOW = 32 * 1024,  /* bytes looked at at once */
	HEAD_MAX = 8 * 1024, /* of one part's headers */
	PADDING_MAX = 1024   /* behind a delimiter, which nobody sends */
};

struct multipart {
	struct arena *arena;
	multipart_read_fn *read;
	void *ctx;
	char delimiter[BOUNDARY_MAX + 5]; /* CR LF -- and the boundary */
	size_t delimiter_len;
	char window[WINDOW];
	size_t from, to; /* what of it has not been read by anybody */
	bool in_part;	 /* between a part's headers and its delimiter */
	bool over;	 /* the last delimiter has been seen */
};

/* The value of the parameter called name in a header's value (RFC 9110 §5.6.6), unquoted; NULL if there is none. */
static const char *
parameter(struct arena *a, const char *value, const char *name)
{
	const char *at = value + strcspn(value, ";");
	size_t want = strlen(name), len;

	while (*at == ';') {
		bool found;

		at += 1 + strspn(at + 1, " \t");
		found = strncasecmp(at, name, want) == 0 && at[want] == '=';
		at += strcspn(at, "=;");
		if (*at == '=' && at[1] == '"') {
			char *copy = arena_strdup(a, at + 2), *to = copy;

			for (at += 2; *at && *at != '"'; at++) {
				/* Browsers write a quote as %22 and leave backslashes alone; only \" has to be told from the end. */
				if (*at == '\\' && at[1] == '"')
					at++;
				*to++ = *at;
			}
			*to = '\0';
			if (!*at)
				return NULL;
			at += 1 + strcspn(at + 1, ";");
			if (found)
				return copy;
			continue;
		}
		len = strcspn(at, "; \t");
		if (found)
			return arena_strndup(a, at + 1, len - 1);
		at += strcspn(at, ";");
	}
	return NULL;
}

struct multipart *
multipart_open(struct arena *a, const char *content_type, multipart_read_fn *read, void *ctx)
{
	static const char form[] = "multipart/form-data";
	struct multipart *m;
	const char *boundary;

	if (strncasecmp(content_type, form, strlen(form)) != 0 || !strchr("; \t", content_type[strlen(form)]))
		return NULL;
	boundary = parameter(a, content_type, "boundary");
	if (!boundary || !*boundary || strlen(boundary) > BOUNDARY_MAX)
		return NULL;
	m = arena_alloc(a, sizeof(*m));
	m->arena = a;
	m->read = read;
	m->ctx = ctx;
	m->delimiter_len = (size_t)snprintf(m->delimiter, sizeof(m->delimiter), "\r\n--%s", boundary);
	/* The first delimiter may stand at the very beginning: as if a line had ended before it. */
	memcpy(m->window, "\r\n", 2);
	m->to = 2;
	m->in_part = true;
	return m;
}

/* More bytes into the window.  ERR_CLIENT_GONE when there are none; ERR_MALFORMED_REQUEST when it is full. */
static enum err
fill(struct multipart *m)
{
	int n;

	if (m->from > 0) {
		memmove(m->window, m->window + m->from, m->to - m->from);
		m->to -= m->from;
		m->from = 0;
	}
	if (m->to == WINDOW)
		return ERR_MALFORMED_REQUEST;
	n = m->read(m->ctx, m->window + m->to, (int)(WINDOW - m->to));
	if (n <= 0)
		return ERR_CLIENT_GONE;
	m->to += (size_t)n;
	return OK;
}

/* Bytes at the front of the window that are the part's for sure; *ret_end: the delimiter follows them. */
static size_t
sure(const struct multipart *m, bool *ret_end)
{
	size_t held = m->to - m->from;
	const char *found = memmem(m->window + m->from, held, m->delimiter, m->delimiter_len);

	*ret_end = found != NULL;
	if (found)
		return (size_t)(found - (m->window + m->from));
	return held < m->delimiter_len ? 0 : held - (m->delimiter_len - 1);
}

enum err
multipart_read(struct multipart *m, void *buf, size_t size, size_t *ret_len)
{
	bool end = !m->in_part;
	size_t n = 0;

	while (!end) {
		enum err e;

		n = sure(m, &end);
		if (n > 0 || end)
			break;
		e = fill(m);
		if (e)
			return e;
	}
	if (n > size)
		n = size;
	else if (end)
		m->in_part = false;
	memcpy(buf, m->window + m->from, n);
	m->from += n;
	*ret_len = n;
	return OK;
}

/* The line that begins at the front of the window, without its end, which is dropped; it lives until the next fill. */
static enum err
line(struct multipart *m, size_t max, const char **ret_line, size_t *ret_len)
{
	for (;;) {
		char *at = m->window + m->from, *end = memmem(at, m->to - m->from, "\r\n", 2);
		enum err e;

		if (end && (size_t)(end - at) <= max) {
			*ret_line = at;
			*ret_len = (size_t)(end - at);
			m->from += *ret_len + 2;
			return OK;
		}
		if (m->to - m->from > max)
			return ERR_MALFORMED_REQUEST;
		e = fill(m);
		if (e)
			return e;
	}
}

/* What a Content-Disposition says: which field it is, and whether a file. */
static void
disposition(struct multipart *m, const char *value, const char **ret_name, bool *ret_file)
{
	if (strncasecmp(value, "form-data", strlen("form-data")) != 0)
		return;
	*ret_name = parameter(m->arena, value, "name");
	*ret_file = parameter(m->arena, value, "filename") != NULL;
}

/* The headers of a part, to the empty line. */
static enum err
head(struct multipart *m, const char **ret_name, bool *ret_file)
{
	static const char wanted[] = "content-disposition:";
	size_t left = HEAD_MAX;

	*ret_name = NULL;
	*ret_file = false;
	for (;;) {
		const char *text, *copy;
		size_t len;
		enum err e = line(m, left, &text, &len);

		if (e)
			return e;
		if (len == 0)
			break;
		left -= len;
		copy = arena_strndup(m->arena, text, len);
		if (strlen(copy) != len || !text_is_utf8(copy, len))
			return ERR_MALFORMED_REQUEST;
		if (strncasecmp(copy, wanted, strlen(wanted)) == 0)
			disposition(m, copy + strlen(wanted) + strspn(copy + strlen(wanted), " \t"), ret_name,
				    ret_file);
	}
	return *ret_name && **ret_name ? OK : ERR_MALFORMED_REQUEST;
}

/* What follows a delimiter: the end of its line, or the two dashes of the last one. */
static enum err
after_delimiter(struct multipart *m)
{
	const char *rest;
	size_t len;
	enum err e;

	m->from += m->delimiter_len;
	while (m->to - m->from < 2) {
		e = fill(m);
		if (e)
			return e;
	}
	if (memcmp(m->window + m->from, "--", 2) == 0) {
		m->over = true;
		return OK;
	}
	e = line(m, PADDING_MAX, &rest, &len);
	if (e)
		return e;
	/* Only blanks may be padded there. */
	return strspn(rest, " \t") >= len ? OK : ERR_MALFORMED_REQUEST;
}

enum err
multipart_next(struct multipart *m, const char **ret_name, bool *ret_file)
{
	char skipped[1024];
	size_t len = 1;
	enum err e;

	if (m->over) {
		*ret_name = NULL;
		return OK;
	}
	while (len > 0) {
		e = multipart_read(m, skipped, sizeof(skipped), &len);
		if (e)
			return e;
	}
	e = after_delimiter(m);
	if (e)
		return e;
	if (m->over) {
		*ret_name = NULL;
		return OK;
	}
	e = head(m, ret_name, ret_file);
	m->in_part = true;
	return e;
}
