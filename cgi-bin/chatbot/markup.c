/*
 * HTML made plain, in one pass from left to right: what has been written is never looked at again, so that nothing is
 * decoded twice.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "letter.h"
#include "markup.h"

/* A character that was read, and how many bytes it was written with. */
struct character {
	uint32_t c;
	size_t len;
};

static const struct {
	const char *name;
	uint32_t c;
} entities[] = {
	{ "amp", '&' },	     { "lt", '<' },	  { "gt", '>' },       { "quot", '"' },
	{ "apos", '\'' },    { "nbsp", ' ' },	  { "middot", 0xB7 },  { "times", 0xD7 },
	{ "reg", 0xAE },     { "copy", 0xA9 },	  { "trade", 0x2122 }, { "hellip", 0x2026 },
	{ "deg", 0xB0 },     { "bull", 0x2022 },  { "ndash", 0x2013 }, { "mdash", 0x2014 },
	{ "lsquo", 0x2018 }, { "rsquo", 0x2019 }, { "ldquo", 0x201C }, { "rdquo", 0x201D },
};

enum { CODE_POINT_MAX = 0x10FFFF, NUMBER_DIGITS_MAX = 8 };

/* The number of "#39" or "#x27"; 0 if it is none, or no character. */
static uint32_t
entity_number(const char *name, size_t len)
{
	bool hex = len > 1 && (name[1] == 'x' || name[1] == 'X');
	size_t i = hex ? 2 : 1;
	uint32_t c = 0;

	if (i >= len || len - i > NUMBER_DIGITS_MAX)
		return 0;
	for (; i < len; i++) {
		const char *digits = "0123456789abcdef";
		const char *digit = strchr(digits, name[i] >= 'A' && name[i] <= 'F' ? name[i] + 32 : name[i]);

		if (!digit || (!hex && digit - digits > 9) || c > CODE_POINT_MAX)
			return 0;
		c = c * (hex ? 16 : 10) + (uint32_t)(digit - digits);
	}
	return c > CODE_POINT_MAX || (c >= 0xD800 && c <= 0xDFFF) ? 0 : c;
}

/* The entity that begins at s, which is an '&'; the '&' itself if none does. */
static struct character
entity_read(const char *s)
{
	size_t len = strcspn(s + 1, "; &<"), i;
	uint32_t number = s[1] == '#' && s[len + 1] == ';' ? entity_number(s + 1, len) : 0;

	if (number)
		return (struct character){ number, len + 2 };
	for (i = 0; i < sizeof(entities) / sizeof(entities[0]) && s[len + 1] == ';'; i++)
		if (strlen(entities[i].name) == len && strncmp(entities[i].name, s + 1, len) == 0)
			return (struct character){ entities[i].c, len + 2 };
	return (struct character){ '&', 1 };
}

/* Bytes of the tag that begins at s, which is a '<'; 0 if it is only a '<'. */
static size_t
tag_length(const char *s)
{
	char c = s[1] == '/' ? s[2] : s[1];
	const char *end = strchr(s, '>');

	return end && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '!') ? (size_t)(end - s) + 1
										     : 0;
}

static struct character
character_read(const char *s)
{
	const char *end = s;
	uint32_t c = letter_next(&end);

	return (struct character){ c, (size_t)(end - s) };
}

static bool
is_space(uint32_t c)
{
	return c <= ' ' || (c >= 0x7F && c <= 0xA0) || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* Nothing is seen of it: fillers, marks of direction, tags, private and unassigned at the ends of planes. */
static bool
is_unseen(uint32_t c)
{
	return c == 0xAD || c == 0x34F || c == 0x61C || c == 0x115F || c == 0x1160 || c == 0x180E ||
	       c == 0x200B || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
	       (c >= 0x2060 && c <= 0x206F) || c == 0x3164 || (c >= 0xE000 && c <= 0xF8FF) || c == 0xFEFF ||
	       c == 0xFFA0 || (c >= 0xFFF0 && c <= 0xFFFD) || (c & 0xFFFE) == 0xFFFE || c >= 0xE0000;
}

const char *
markup_plain(struct arena *a, const char *html, size_t max)
{
	/* Nothing is written with more bytes than it was read from: the shortest way to four is "&#x1F600;". */
	char *plain = arena_alloc(a, strlen(html) + 1), *out = plain;
	bool gap = false;
	size_t n = 0;

	while (*html && n < max) {
		size_t tag = *html == '<' ? tag_length(html) : 0;
		struct character ch = *html == '&' ? entity_read(html) : character_read(html);

		html += tag ? tag : ch.len;
		if (tag || is_unseen(ch.c))
			continue;
		if (is_space(ch.c)) {
			gap = out > plain;
			continue;
		}
		if (gap && n + 1 >= max)
			break;
		if (gap) {
			*out++ = ' ';
			n++;
		}
		gap = false;
		out += letter_put(out, ch.c);
		n++;
	}
	return plain;
}
