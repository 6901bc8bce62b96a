/*
 * One JSON text of a chat completion, a chunk of a stream or the whole.  An answer of 600 tokens is 600 small ones, for a
 * thousand conversations at once: they are read where they lie, by a scanner that knows the few places it has to look at
 * (table places), without building a tree.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "completion_inside.h"

enum { DEPTH_MAX = 32 };

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

static void
skip_blanks(struct scan *s)
{
	while (s->at < s->end && completion_is_blank(*s->at))
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
string_read(struct scan *s, enum place place)
{
	const char *inside;
	size_t len;

	if (!take_string(s, &inside, &len))
		return false;
	if (place == CONTENT)
		return completion_text_read(s->c, inside, len);
	if (place == REFUSAL && len > 0)
		return completion_fail(s->c, COMPLETION_REFUSED);
	if (place == ERROR)
		return completion_fail(s->c, COMPLETION_ERROR);
	if (place == FINISH) {
		s->c->finished = s->c->seen = true;
		s->c->cut = completion_is(inside, len, "length");
		if (completion_is(inside, len, "content_filter"))
			return completion_fail(s->c, COMPLETION_REFUSED);
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
	if (place == ERROR && !completion_is(word, (size_t)(s->at - word), "null"))
		return completion_fail(s->c, COMPLETION_ERROR);
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
		return completion_fail(s->c, COMPLETION_ERROR);
	if (place == CHOICES)
		s->c->seen = true;
	s->depth++;
	right = *s->at++ == '{' ? object_read(s, place) : array_read(s, place);
	s->depth--;
	return right;
}

bool
completion_chunk_read(struct completion *c, const char *json, size_t len)
{
	struct scan s = { .c = c, .at = json, .end = json + len };

	if (!value_read(&s, ROOT))
		return completion_fail(c, COMPLETION_FORMAT);
	skip_blanks(&s);
	return s.at == s.end || completion_fail(c, COMPLETION_FORMAT);
}
