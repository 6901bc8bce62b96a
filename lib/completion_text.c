/* The text of a chat completion: decoded from its JSON strings, held against what text may be, and handed on as it comes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "completion_inside.h"
#include "text.h"

enum { BLANKS_MAX = 256 }; /* models that lost their thread in a schema send these until they are stopped */

static bool
text_append(struct completion *c, const char *bytes, size_t len)
{
	return bytes_append(c->arena, &c->text, c->text_max, bytes, len) ||
	       completion_fail(c, COMPLETION_LARGE);
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
		return completion_fail(c, COMPLETION_FORMAT);
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
	return completion_fail(c, COMPLETION_FORMAT);
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
		return completion_fail(c, COMPLETION_FORMAT);
	while (trailing < len && completion_is_blank(piece[len - 1 - trailing]))
		trailing++;
	c->blanks = trailing == len ? c->blanks + len : trailing;
	return c->blanks <= BLANKS_MAX || completion_fail(c, COMPLETION_LARGE);
}

bool
completion_text_read(struct completion *c, const char *inside, size_t inside_len)
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
		return completion_fail(c, COMPLETION_ENOUGH);
	return true;
}
