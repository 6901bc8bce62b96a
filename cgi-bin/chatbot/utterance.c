/* Making what somebody typed comparable, and finding words in it.  The words themselves are in words.c and others. */
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "hangul.h"
#include "letter.h"
#include "utterance.h"

/* Kinds of characters. */
enum kind { GAP, ASCII, LETTER, JAMO, PICTURE };

static enum kind
kind_of(uint32_t cp)
{
	if (cp < 0x80)
		return (cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9') ? ASCII : GAP;
	if (cp >= 0x3131 && cp <= 0x318E)
		return JAMO;
	if (cp < 0xC0 || (cp >= 0x2000 && cp <= 0x25FF) || (cp >= 0x3000 && cp <= 0x303F) || cp == 0xFE0F ||
	    (cp >= 0xFF00 && cp <= 0xFF65))
		return GAP;
	return cp >= 0x1F000 || (cp >= 0x2600 && cp <= 0x27BF) ? PICTURE : LETTER;
}

static bool
is_digit(uint32_t cp)
{
	return cp >= '0' && cp <= '9';
}

/* The folded characters of text, with letters joined into syllables. */
static uint32_t *
characters_of(struct arena *a, const char *text, size_t *ret_n)
{
	uint32_t *cps = arena_alloc(a, (strlen(text) + 1) * sizeof(*cps));
	size_t n = 0;

	while (*text)
		cps[n++] = letter_fold(letter_next(&text));
	*ret_n = hangul_compose(cps, n);
	return cps;
}

/* Is the i-th character one to leave out altogether: an apostrophe, a thousands comma, the third of "soooo"? */
static bool
is_left_out(const uint32_t *cps, size_t n, size_t i)
{
	if (cps[i] == '\'')
		return true;
	if (cps[i] == ',' && i > 0 && i + 1 < n && is_digit(cps[i - 1]) && is_digit(cps[i + 1]))
		return true;
	return i >= 2 && cps[i] == cps[i - 1] && cps[i] == cps[i - 2] && !is_digit(cps[i]);
}

/* Write the words and count what they are made of.  A picture is a word of its own. */
static char *
write_words(struct arena *a, const uint32_t *cps, size_t n, struct utterance *u)
{
	char *out = arena_alloc(a, 4 * n + 2 * n + 3);
	size_t i, len = 0;
	enum kind last = GAP;

	out[len++] = ' ';
	for (i = 0; i < n; i++) {
		enum kind kind = kind_of(cps[i]);

		u->question = u->question || cps[i] == '?';
		if (is_left_out(cps, n, i))
			continue;
		if (kind == GAP || kind == PICTURE || last == PICTURE) {
			if (out[len - 1] != ' ')
				out[len++] = ' ';
		}
		u->latin_words += kind == ASCII && !is_digit(cps[i]) && out[len - 1] == ' ';
		u->hangul += hangul_is_syllable(cps[i]);
		u->foreign += kind == LETTER && cps[i] >= 0x250 && !hangul_is_syllable(cps[i]);
		u->letters += kind == LETTER || (kind == ASCII && !is_digit(cps[i]));
		if (kind != GAP)
			len += letter_put(out + len, cps[i]);
		last = kind;
	}
	if (out[len - 1] != ' ')
		out[len++] = ' ';
	return out;
}

/* The bit that stands for the character at s: one for each of ASCII, and of the others one in 128. */
static unsigned
beginning_of(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;

	if (c[0] < 0x80)
		return c[0];
	return 128 + ((c[0] < 0xE0 ? c[1] : c[1] * 37u + c[2]) & 127);
}

static void
note_beginnings(struct utterance *u)
{
	const char *at;

	for (at = u->words + 1; *at; at++) {
		unsigned bit = beginning_of(at);

		if (((unsigned char)*at & 0xC0) == 0x80)
			continue;
		if (bit >= 128 || at[-1] == ' ')
			u->beginnings[bit / 64] |= UINT64_C(1) << bit % 64;
		if (bit < 128)
			u->ascii[bit / 64] |= UINT64_C(1) << bit % 64;
	}
}

void
utterance_read(struct arena *a, const char *text, struct utterance *ret_u)
{
	size_t n, i, len, out = 0;
	uint32_t *cps = characters_of(a, text, &n);
	char *squeezed;
	size_t *origin;

	memset(ret_u, 0, sizeof(*ret_u));
	ret_u->words = write_words(a, cps, n, ret_u);
	len = strlen(ret_u->words);
	squeezed = arena_alloc(a, len + 1);
	origin = arena_alloc(a, (len + 1) * sizeof(*origin));
	for (i = 0; i < len; i++) {
		if (ret_u->words[i] == ' ')
			continue;
		origin[out] = i;
		squeezed[out++] = ret_u->words[i];
	}
	ret_u->squeezed = squeezed;
	ret_u->origin = origin;
	ret_u->used = arena_alloc(a, (len + 1) * sizeof(*ret_u->used));
	ret_u->things = arena_alloc(a, (len + 1) * sizeof(*ret_u->things));
	note_beginnings(ret_u);
}

/* The next place of form in text from there on, or NULL. */
static const char *
next_place(const char *text, const char *form, size_t len)
{
	return memmem(text, strlen(text), form, len);
}

/* A form of ASCII: whole words, or the beginning of one when it ends in '*'. */
static bool
find_words(const struct utterance *u, const char *form, size_t len, size_t from, struct span *ret_span)
{
	bool prefix = form[len - 1] == '*';
	const char *at;

	len -= prefix;
	for (at = next_place(u->words + from, form, len); at; at = next_place(at + 1, form, len)) {
		if (at == u->words + from || at[-1] != ' ' || (!prefix && at[len] != ' '))
			continue;
		ret_span->start = (size_t)(at - u->words);
		ret_span->end = ret_span->start + len + strcspn(at + len, " ");
		return true;
	}
	return false;
}

/* Any other form: the letters in a row, spaces or not. */
static bool
find_letters(const struct utterance *u, const char *form, size_t len, size_t from, struct span *ret_span)
{
	bool begins = form[0] == '^', ends = form[len - 1] == '$';
	const char *at;

	form += begins;
	len -= (size_t)begins + ends;
	for (at = next_place(u->squeezed, form, len); at; at = next_place(at + 1, form, len)) {
		const size_t *origin = u->origin + (at - u->squeezed);
		struct span span = { origin[0], origin[len - 1] + 1 };

		if (span.start < from)
			continue;
		if ((begins && u->words[span.start - 1] != ' ') || (ends && u->words[span.end] != ' '))
			continue;
		*ret_span = span;
		return true;
	}
	return false;
}

static bool
is_ascii(const char *s, size_t len)
{
	for (; len > 0; len--, s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

static bool
has_bit(const uint64_t *bits, unsigned bit)
{
	return bits[bit / 64] >> bit % 64 & 1;
}

/* Most forms are in no utterance, and a look at how they begin tells. */
static bool
may_be_in(const struct utterance *u, const char *form, size_t len)
{
	const bool marked = len > 1 && (form[0] == '^' || form[0] == '=');
	unsigned bit = beginning_of(form + marked);

	if (has_bit(u->beginnings, bit))
		return true;
	/* Letters of ASCII in a form of others may be found inside a word. */
	return bit < 128 && has_bit(u->ascii, bit) && !is_ascii(form, len);
}

bool
utterance_find_one(const struct utterance *u, const char *form, size_t len, size_t from,
		   struct span *ret_span)
{
	if (!may_be_in(u, form, len))
		return false;
	if (form[0] == '=') {
		const char *all = is_ascii(form, len) ? u->words + 1 : u->squeezed;
		size_t all_len = strlen(all) - (is_ascii(form, len) && *all);

		*ret_span = (struct span){ 1, strlen(u->words) };
		return from <= 1 && all_len == len - 1 && strncmp(all, form + 1, len - 1) == 0;
	}
	if (is_ascii(form, len))
		return find_words(u, form, len, from > 0 ? from - 1 : 0, ret_span);
	return find_letters(u, form, len, from, ret_span);
}

bool
utterance_find(const struct utterance *u, const char *forms, size_t from, struct span *ret_span)
{
	while (forms && *forms) {
		size_t len = (size_t)(strchrnul(forms, '|') - forms);

		if (len > 0 && utterance_find_one(u, forms, len, from, ret_span))
			return true;
		forms += len + (forms[len] == '|');
	}
	return false;
}

bool
utterance_has(const struct utterance *u, const char *forms)
{
	struct span span;

	if (!utterance_find(u, forms, 0, &span))
		return false;
	utterance_use(u, span);
	return true;
}

void
utterance_use(const struct utterance *u, struct span span)
{
	memset(u->used + span.start, true, span.end - span.start);
}

/* The text after the place, without spaces. */
static const char *
squeezed_after(const struct utterance *u, size_t end)
{
	size_t i = 0, n = strlen(u->squeezed);

	while (i < n && u->origin[i] < end)
		i++;
	return u->squeezed + i;
}

/* Does s begin with one of words?  Then return what follows, else NULL. */
static const char *
skip_one(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strncmp(s, *words, strlen(*words)) == 0)
			return s + strlen(*words);
	return NULL;
}

/* Do the words before the place end in one of tails, each " like this "? */
static bool
ends_before(const struct utterance *u, size_t start, const char *const *tails)
{
	for (; *tails; tails++) {
		size_t len = strlen(*tails);

		if (start >= len && strncmp(u->words + start - len, *tails, len) == 0)
			return true;
	}
	return false;
}

bool
utterance_negates(const struct utterance *u, struct span span)
{
	static const char *const fillers[] = { "같은거", "같은건", "쪽은", "종류", "색상", "색깔", "색",
					       "제품",	 "상품",   "은",   "는",   "이",   "가",   "을",
					       "를",	 "도",	   "건",   "거",   "만",   "s",	   NULL };
	static const char *const turns[] = { "말고", "말구", "빼고",	 "빼줘",       "빼면",	 "싫",
					     "제외", "별로", "안좋아",	 "좋아하지않", "관심없", "아닌",
					     "안해", "안봐", "마음에안", "맘에안",     "안예쁘", "안이쁘",
					     "안읽", "못해", "됐",	 "필요없",     "안볼",	 NULL };
	static const char *const tails[] = { " not ",
					     " no ",
					     " not a ",
					     " not the ",
					     " not into ",
					     " without ",
					     " except ",
					     " excluding ",
					     " hate ",
					     " dislike ",
					     " dont like ",
					     " dont like the ",
					     " hate the ",
					     " not like the ",
					     " do not like ",
					     " not like ",
					     " no more ",
					     " instead of ",
					     " other than ",
					     " anything but ",
					     " dont want ",
					     " dont want any ",
					     " dont want the ",
					     " dont need the ",
					     " dont show me the ",
					     " not any ",
					     " dont enjoy ",
					     NULL };
	const char *after = squeezed_after(u, span.end), *next = after;
	int i;

	for (i = 0; i < 3 && next; i++) {
		if (skip_one(next, turns))
			return true;
		next = skip_one(next, fillers);
	}
	return ends_before(u, span.start, tails);
}

/* Does the word run along a row of the keyboard, or has it no vowel: "asdf", "qwerty", "xkcdf"? */
static bool
is_key_mash(const char *word, size_t len)
{
	static const char rows[] = "qwertyuiop asdfghjkl zxcvbnm";
	size_t i, neighbours = 0, vowels = 0;

	for (i = 0; i < len; i++) {
		const char *here = strchr(rows, word[i]),
			   *next = i + 1 < len ? strchr(rows, word[i + 1]) : NULL;

		vowels += strchr("aeiouy", word[i]) != NULL;
		neighbours += here && next && (next - here == 1 || here - next == 1);
	}
	return len >= 4 && (neighbours + 1 >= len || vowels == 0);
}

bool
utterance_is_noise(const struct utterance *u)
{
	const char *word = u->words + 1;

	if (strchr(u->words, 0xF0))
		return false; /* a picture says something */
	if (u->letters == 0)
		return true;
	while (*word) {
		size_t len = strcspn(word, " ");

		if (!is_ascii(word, len) || !is_key_mash(word, len))
			return false;
		word += len + 1;
	}
	return true;
}
