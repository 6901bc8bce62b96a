/* The model's answer, read byte by byte.  Only as much of JSON is understood as it takes to find the reply. */
#include <string.h>

#include "arena.h"
#include "letter.h"
#include "partial.h"
#include "text.h"

/* Marks around the object, as in "```json": no more than these. */
enum { LEAD_MAX = 16 };

enum where {
	BEFORE,	 /* the object has not begun */
	BETWEEN, /* in it, but in no string */
	STRING,
	REPLY, /* in the string that is the reply */
	AFTER,
};

struct partial *
partial_open(struct arena *a)
{
	return arena_alloc(a, sizeof(struct partial));
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool
take_before(struct partial *p, char c)
{
	if (c == '{') {
		p->where = BETWEEN;
		p->depth = 1;
		p->key_next = true;
		return true;
	}
	/* A byte-order mark, or a fence. */
	return is_space(c) || (c && strchr("`jsonJSON\xEF\xBB\xBF", c) && ++p->lead <= LEAD_MAX);
}

static bool
begin_string(struct partial *p)
{
	if (!p->reply_next) {
		p->where = STRING;
		if (p->depth == 1 && p->key_next)
			p->key_at = p->len - 1;
		return true;
	}
	if (p->head_len)
		return false;
	p->head_len = p->key_at;
	p->where = REPLY;
	return true;
}

static void
end_string(struct partial *p)
{
	static const char reply[] = "\"reply\"";

	p->where = BETWEEN;
	if (p->depth != 1 || !p->key_next)
		return;
	p->key_next = false;
	p->key_is_reply =
	    p->len - p->key_at == strlen(reply) && memcmp(p->text + p->key_at, reply, strlen(reply)) == 0;
}

static bool
take_between(struct partial *p, char c)
{
	if (c == '"')
		return begin_string(p);
	if (!is_space(c))
		p->reply_next = c == ':' && p->depth == 1 && p->key_is_reply;
	if (c == '{' || c == '[')
		p->depth++;
	if (c == '}' || c == ']')
		p->depth--;
	if (c == ',' && p->depth == 1) {
		p->key_next = true;
		p->key_is_reply = false;
	}
	if (p->depth == 0) {
		p->where = AFTER;
		p->closed = true;
	}
	return true;
}

static bool
take_string(struct partial *p, char c)
{
	if (p->escaped)
		p->escaped = false;
	else if (c == '\\')
		p->escaped = true;
	else if (c == '"')
		end_string(p);
	return true;
}

/* The reply is never longer than the text it is written in: there is room. */
static bool
put(struct partial *p, uint32_t cp)
{
	p->reply_len += letter_put(p->reply + p->reply_len, cp);
	p->reply[p->reply_len] = '\0';
	return true;
}

/* A UTF-16 unit from \uXXXX. */
static bool
take_unit(struct partial *p, uint32_t unit)
{
	uint32_t high = p->high;
	bool is_low = unit >= 0xDC00 && unit <= 0xDFFF;

	p->high = 0;
	if (high)
		return is_low && put(p, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
	if (unit >= 0xD800 && unit <= 0xDBFF) {
		p->high = unit;
		return true;
	}
	return unit > 0 && !is_low && put(p, unit);
}

static bool
take_hex(struct partial *p, char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	if (!at)
		return false;
	p->unit = p->unit << 4 | (uint32_t)(at - digits);
	return --p->hex_left > 0 || take_unit(p, p->unit);
}

static bool
take_escape(struct partial *p, char c)
{
	static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *at = c ? strchr(names, c) : NULL;

	p->escaped = false;
	if (c == 'u') {
		p->hex_left = 4;
		p->unit = 0;
		return true;
	}
	return at && !p->high && put(p, (unsigned char)meant[at - names]);
}

/* One byte of a character that has several. */
static bool
take_high_byte(struct partial *p, char c)
{
	unsigned char first;
	const char *letter = p->letter;

	p->letter[p->letter_len++] = c;
	p->letter[p->letter_len] = '\0';
	first = (unsigned char)p->letter[0];
	if (p->letter_len < (first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4))
		return true;
	if (!text_is_utf8(p->letter, p->letter_len))
		return false;
	p->letter_len = 0;
	return put(p, letter_next(&letter));
}

static bool
take_reply(struct partial *p, char c)
{
	unsigned char byte = (unsigned char)c;

	if (p->hex_left > 0)
		return take_hex(p, c);
	if (p->escaped)
		return take_escape(p, c);
	if (p->letter_len > 0 || byte >= 0x80)
		return !p->high && take_high_byte(p, c);
	if (c == '\\') {
		p->escaped = true;
		return true;
	}
	if (p->high || byte < 0x20)
		return false;
	if (c != '"')
		return put(p, byte);
	p->where = BETWEEN;
	p->reply_next = false;
	return true;
}

static bool
take_after(struct partial *p, char c)
{
	return is_space(c) || (c == '`' && ++p->lead <= LEAD_MAX);
}

static bool
take(struct partial *p, char c)
{
	static bool (*const takes[])(struct partial *, char) = {
		[BEFORE] = take_before, [BETWEEN] = take_between, [STRING] = take_string,
		[REPLY] = take_reply,	[AFTER] = take_after,
	};
	int where = p->where;

	if (where == AFTER || (where == BEFORE && c != '{'))
		return takes[where](p, c);
	if (!c || p->len == PARTIAL_MAX)
		return false;
	p->text[p->len++] = c;
	return takes[where](p, c);
}

bool
partial_feed(struct partial *p, const char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len && !p->broken; i++)
		p->broken = !take(p, bytes[i]);
	return !p->broken;
}

const char *
partial_head(struct arena *a, const struct partial *p)
{
	size_t len = p->head_len;

	if (!len)
		return NULL;
	while (len > 1 && (is_space(p->text[len - 1]) || p->text[len - 1] == ','))
		len--;
	return arena_printf(a, "%.*s}", (int)len, p->text);
}

const char *
partial_whole(const struct partial *p)
{
	return p->closed && !p->broken ? p->text : NULL;
}
