/* Hangul as arithmetic.  What words mean is none of its business. */
#include <string.h>
#include <strings.h>

#include "hangul.h"

enum {
	L_FIRST = 0x1100,
	V_FIRST = 0x1161,
	T_FIRST = 0x11A7, /* one before the first: no final consonant */
	L_COUNT = 19,
	V_COUNT = 21,
	T_COUNT = 28,
	S_FIRST = 0xAC00,
	S_COUNT = L_COUNT * V_COUNT * T_COUNT,
	T_RIEUL = 8, /* ㄹ among the final consonants */
};

bool
hangul_is_syllable(uint32_t cp)
{
	return cp >= S_FIRST && cp < S_FIRST + S_COUNT;
}

static bool
in_range(uint32_t cp, uint32_t first, uint32_t count)
{
	return cp >= first && cp < first + count;
}

size_t
hangul_compose(uint32_t *cps, size_t n)
{
	size_t i, out = 0;

	for (i = 0; i < n; i++) {
		uint32_t *last = out > 0 ? &cps[out - 1] : NULL;

		if (last && in_range(*last, L_FIRST, L_COUNT) && in_range(cps[i], V_FIRST, V_COUNT))
			*last = S_FIRST + ((*last - L_FIRST) * V_COUNT + (cps[i] - V_FIRST)) * T_COUNT;
		else if (last && hangul_is_syllable(*last) && (*last - S_FIRST) % T_COUNT == 0 &&
			 in_range(cps[i], T_FIRST + 1, T_COUNT - 1))
			*last += cps[i] - T_FIRST;
		else
			cps[out++] = cps[i];
	}
	return out;
}

/* Units of measure behind a figure, as they are read out: 10L is 십 리터, 250g is 이백오십 그램. */
static bool
unit_final(const char *word, size_t len, int *ret_final)
{
	static const struct {
		const char *unit;
		int final;
	} rows[] = {
		{ "cm", 0 }, { "mm", 0 }, { "ml", 0 }, { "kg", 16 }, { "l", 0 }, { "m", 0 }, { "g", 16 }
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t tail = strlen(rows[i].unit);

		if (len > tail && strcasecmp(word + len - tail, rows[i].unit) == 0 &&
		    word[len - tail - 1] >= '0' && word[len - tail - 1] <= '9') {
			*ret_final = rows[i].final;
			return true;
		}
	}
	return false;
}

/* The final consonant of the last syllable of word, 0 if it has none; digits and letters as Koreans read them out. */
static int
final_consonant(const char *word)
{
	static const char digits[] = { 21, 8, 0, 16, 0, 0, 1, 8, 8, 0 }; /* 영 일 이 삼 사 오 육 칠 팔 구 */
	size_t len = strlen(word);
	int final;
	const unsigned char *s = (const unsigned char *)word + len;

	if (len >= 3 && (s[-3] & 0xF0) == 0xE0) {
		uint32_t cp = (uint32_t)(s[-3] & 0x0F) << 12 | (uint32_t)(s[-2] & 0x3F) << 6 | (s[-1] & 0x3F);

		return hangul_is_syllable(cp) ? (int)((cp - S_FIRST) % T_COUNT) : 0;
	}
	if (unit_final(word, len, &final))
		return final;
	if (len >= 1 && s[-1] >= '0' && s[-1] <= '9')
		return digits[s[-1] - '0'];
	if (len >= 1 && strchr("lLrR", s[-1]))
		return T_RIEUL;
	return len >= 1 && strchr("mMnN", s[-1]) ? 16 : 0;
}

const char *
hangul_particle(const char *word, const char *pair)
{
	static const char *const pairs[][2] = {
		{ "은", "는" }, { "이", "가" },	      { "을", "를" },
		{ "과", "와" }, { "이에요", "예요" }, { "으로", "로" },
	};
	int final = final_consonant(word);
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		size_t len = strlen(pairs[i][0]);

		if (strncmp(pair, pairs[i][0], len) != 0 || pair[len] != '/')
			continue;
		if (strcmp(pairs[i][1], "로") == 0 && final == T_RIEUL)
			return pairs[i][1];
		return pairs[i][final == 0];
	}
	return pair;
}
