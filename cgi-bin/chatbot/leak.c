/* The guard over a reply, character by character. */
#include <string.h>

#include "arena.h"
#include "hangul.h"
#include "leak.h"
#include "letter.h"

/* Runs shorter than that are chance: they are not held back.  From so many letters on the language shows. */
enum { RUN_HELD = 12, LANGUAGE_LETTERS = 12 };

static bool
is_letter(uint32_t folded)
{
	return (folded >= 'a' && folded <= 'z') || (folded >= '0' && folded <= '9');
}

/* Letters and digits of the text, folded: what remains when it is spaced out or punctuated otherwise. */
static const char *
letters_of(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, strlen(text) + 1), *end = out;

	while (*text) {
		uint32_t cp = letter_fold(letter_next(&text));

		if (is_letter(cp))
			*end++ = (char)cp;
	}
	return out;
}

struct leak *
leak_open(struct arena *a, const char *system, const char *own, const char *language)
{
	struct leak *g = arena_alloc(a, sizeof(*g));

	g->a = a;
	taboo_read(a, own, &g->taboo);
	g->secret = letters_of(a, system);
	g->korean = strcmp(language, "ko") == 0;
	return g;
}

static void
give_up(struct leak *g, const char *why)
{
	if (why && !g->voided)
		g->voided = why;
}

/* One more letter: the longest end of the reply that stands in the secret, and whether that is too long. */
static void
follow_run(struct leak *g, char letter)
{
	g->run[g->run_len] = letter;
	g->run_at[g->run_len] = g->len;
	g->run[++g->run_len] = '\0';
	while (g->run_len > 0 && !strstr(g->secret, g->run)) {
		g->run_len--;
		memmove(g->run, g->run + 1, g->run_len + 1);
		memmove(g->run_at, g->run_at + 1, g->run_len * sizeof(g->run_at[0]));
	}
	if (g->run_len == LEAK_RUN)
		give_up(g, "leak");
}

/* Are most letters so far of the other language?  Names of things may be. */
static void
check_language(struct leak *g)
{
	int letters = g->hangul + g->latin;

	if (letters >= LANGUAGE_LETTERS && (g->korean ? g->hangul * 4 < letters : g->hangul * 2 > letters))
		give_up(g, "language");
}

static const char *
folded(struct leak *g, size_t from)
{
	const char *text = g->text + from;
	char *out = arena_alloc(g->a, strlen(text) * LETTER_BYTES_MAX + 1), *end = out;

	while (*text)
		end += letter_put(end, letter_fold(letter_next(&text)));
	return out;
}

/* A word is complete: look at it, and at the amount that it may end. */
static void
end_word(struct leak *g)
{
	const char *word;
	bool counts;

	if (g->word_at == g->len)
		return;
	word = folded(g, g->word_at);
	give_up(g, taboo_word(&g->taboo, word));
	give_up(g, taboo_pair(folded(g, g->before_at)));
	g->before_at = g->word_at;
	counts = taboo_counts(word) && g->len - g->number_at < LEAK_WORD_MAX;
	if (!counts) {
		give_up(g, taboo_money(&g->taboo, folded(g, g->number_at)));
		g->number_at = g->len;
	}
	g->counts = counts;
	g->word_at = g->len;
	g->word_characters = 0;
}

/* What has been looked at, but for what may still become an amount or a run. */
static void
release(struct leak *g)
{
	size_t safe = g->counts ? g->number_at : g->word_at;

	if (g->run_len >= RUN_HELD && g->run_at[0] < safe)
		safe = g->run_at[0];
	if (!g->voided && safe > g->safe)
		g->safe = safe;
}

static void
put(struct leak *g, uint32_t cp)
{
	uint32_t letter = letter_fold(cp);

	if (++g->characters > LEAK_CHARACTERS_MAX || ++g->word_characters > LEAK_WORD_MAX) {
		give_up(g, "long");
		return;
	}
	if (is_letter(letter))
		follow_run(g, (char)letter);
	g->hangul += hangul_is_syllable(cp);
	g->latin += letter >= 'a' && letter <= 'z';
	g->len += letter_put(g->text + g->len, cp);
	g->text[g->len] = '\0';
}

static void
take(struct leak *g, uint32_t cp)
{
	if (cp == '\n' || cp == '\t' || cp == '\r' || cp == 0x3000 || cp == 0xA0)
		cp = ' ';
	give_up(g, taboo_letter(cp));
	if (g->voided)
		return;
	if (cp != ' ') {
		put(g, cp);
		return;
	}
	end_word(g);
	check_language(g);
	/* A space goes with what stands before it; none at the beginning, and never two. */
	if (g->len == 0 || g->text[g->len - 1] == ' ')
		return;
	put(g, ' ');
	g->word_at = g->len;
	g->word_characters = 0;
	if (!g->counts)
		g->number_at = g->len;
}

void
leak_add(struct leak *g, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end && !g->voided)
		take(g, letter_next(&text));
	release(g);
}

void
leak_end(struct leak *g)
{
	end_word(g);
	check_language(g);
	give_up(g, taboo_money(&g->taboo, folded(g, g->number_at)));
	g->counts = false;
	g->run_len = 0;
	g->word_at = g->len;
	release(g);
}
