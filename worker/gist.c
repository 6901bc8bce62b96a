/*
 * From a model's answer to a summary.  It will stand among the data of later prompts, so what reads like an order is not
 * kept at all: somebody in the conversation may have asked for it.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "gist.h"
#include "invisible.h"
#include "mask.h"
#include "text.h"

/* Bytes, without spaces and signs, that no sentence has in common with the instructions by chance. */
enum { REPEATED_MIN = 30 };

#define ELLIPSIS "…"

/* Without spaces and signs, ASCII in lower case.  Whoever reports an order like these is not believed either. */
static const char *const orders[] = {
	"ignoreall",  "ignoreany",    "ignoreearlier", "ignoreprevious", "ignoretheprevious", "ignoreprior",
	"disregard",  "instructions", "systemprompt",  "systemmessage",	 "youmust",	      "프롬프트",
	"지시를무시", "지시는무시",   "지시무시",      "지시사항",	 "명령을무시",	      "규칙을무시",
};

/* Characters that end a sentence, in UTF-8. */
static const char *const enders[] = { ".", "!", "?", "。", "！", "？", "…" };

/* Bytes of the character at s. */
static size_t
character(const char *s)
{
	size_t n = 1;

	while (((unsigned char)s[n] & 0xC0) == 0x80)
		n++;
	return n;
}

static bool
is_one_of(const char *s, size_t len, bool (*test)(const char *))
{
	char one[8] = "";

	memcpy(one, s, len);
	return test(one);
}

static bool
is_control(const char *one)
{
	return text_has_controls(one, false) || strcmp(one, "\u2028") == 0 || strcmp(one, "\u2029") == 0;
}

/* Words with one space between them; what nobody sees is left out. */
static char *
one_line(struct arena *a, const char *s)
{
	char *line = arena_alloc(a, strlen(s) + 1), *to = line;
	size_t len;

	for (; *s; s += len) {
		len = character(s);
		if (*s == ' ' || is_one_of(s, len, is_control)) {
			if (to > line && to[-1] != ' ')
				*to++ = ' ';
		} else if (!is_one_of(s, len, invisible_marks)) {
			to = mempcpy(to, s, len);
		}
	}
	if (to > line && to[-1] == ' ')
		to[-1] = '\0';
	return line;
}

/* "moa.example/camping": a dot, two letters or more, a slash. */
static bool
has_host_and_path(const char *word, size_t len)
{
	size_t i, letters = 0;
	bool dot = false;

	for (i = 0; i < len; i++) {
		if (word[i] == '/' && dot && letters >= 2)
			return true;
		letters = isalpha((unsigned char)word[i]) ? letters + 1 : 0;
		if (word[i] == '.' || !letters)
			dot = word[i] == '.';
	}
	return false;
}

static bool
is_link(const char *word, size_t len)
{
	return memmem(word, len, "://", 3) || memmem(word, len, "www.", 4) || has_host_and_path(word, len);
}

/* Take the words out that are links. */
static char *
without_links(struct arena *a, const char *line)
{
	char *kept = arena_alloc(a, strlen(line) + 1), *to = kept;
	size_t len;

	while (*line) {
		len = strcspn(line, " ");
		if (!is_link(line, len)) {
			if (to > kept)
				*to++ = ' ';
			to = mempcpy(to, line, len);
		}
		line += len;
		line += *line == ' ';
	}
	return kept;
}

/* Does a sentence end right before s? */
static bool
sentence_ends(const char *line, const char *s)
{
	size_t i, len;

	for (i = 0; i < sizeof(enders) / sizeof(enders[0]); i++) {
		len = strlen(enders[i]);
		if ((size_t)(s - line) >= len && memcmp(s - len, enders[i], len) == 0)
			return true;
	}
	return false;
}

/* Shorten the line to GIST_MAX characters: at the end of a sentence, else of a word, else anywhere. */
static const char *
shortened(struct arena *a, const char *line)
{
	const char *s = line, *sentence = NULL, *word = NULL, *last = line;
	int n;

	if (text_length(line) <= GIST_MAX)
		return line;
	for (n = 0; n <= GIST_MAX; n++) {
		if (*s == ' ' && sentence_ends(line, s))
			sentence = s;
		if (n < GIST_MAX) {
			last = s;
			word = *s == ' ' ? s : word;
		}
		s += character(s);
	}
	if (sentence)
		return arena_strndup(a, line, (size_t)(sentence - line));
	word = word ? word : last;
	return arena_printf(a, "%.*s" ELLIPSIS, (int)(word - line), line);
}

/* Letters and digits alone. */
static char *
bare(struct arena *a, const char *s)
{
	char *letters = arena_alloc(a, strlen(s) + 1), *to = letters;

	for (; *s; s++)
		if ((unsigned char)*s >= 0x80 || isalnum((unsigned char)*s))
			*to++ = (char)tolower((unsigned char)*s);
	return letters;
}

static bool
repeats(const char *letters, const char *told)
{
	size_t i, len = strlen(letters), told_len = strlen(told);

	for (i = 0; i + REPEATED_MIN <= len; i++)
		if (memmem(told, told_len, letters + i, REPEATED_MIN))
			return true;
	return false;
}

static bool
commands(struct arena *a, const char *line, const char *told)
{
	const char *letters = bare(a, line);
	size_t i;

	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (strstr(letters, orders[i]))
			return true;
	return repeats(letters, bare(a, told));
}

/* JSON, HTML and fenced code are no sentences. */
static bool
is_markup(const char *line)
{
	return *line && strchr("{[<`", *line);
}

enum gist
gist_make(struct arena *a, const char *answer, const char *told, const char **ret_text)
{
	const char *line;

	if (!text_is_utf8(answer, strlen(answer)))
		return GIST_NOTHING;
	line = mask_text(a, without_links(a, one_line(a, answer)));
	if (invisible_only(line) || is_markup(line) || !*bare(a, line))
		return GIST_NOTHING;
	/* All of it: an order may begin what is cut off, too. */
	if (commands(a, line, told))
		return GIST_COMMANDS;
	*ret_text = shortened(a, line);
	return GIST_FINE;
}
