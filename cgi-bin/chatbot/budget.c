/*
 * Amounts of won in running text, in digits or in words, Korean or English, and whether they bound a price from
 * above or from below.  A number that could be anything ("3080", "20대") counts only beside a word of price.
 */
#include <ctype.h>
#include <string.h>

#include "house.h"

enum { WON_MAX = 100000000, TEXT_MAX = 4096 };

/* An amount as it was read. */
struct amount {
	int64_t won; /* more than WON_MAX: beyond all prices, and maybe not exact */
	bool sure;   /* a unit says that it is money */
	bool hangul; /* in Hangul numerals, which are also syllables of other words */
	bool bare;   /* digits alone: another amount's unit may be meant for it, too ("2~3만원") */
	int unit;    /* that unit: 10000 for 만, 1000 for k and 천, else 1 */
};

/* Does *s begin with word?  Then move it on. */
static bool
skip(const char **s, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*s, word, len) != 0)
		return false;
	*s += len;
	return true;
}

static bool
skip_any(const char **s, const char *const *words)
{
	for (; *words; words++)
		if (skip(s, *words))
			return true;
	return false;
}

static void
skip_spaces(const char **s)
{
	*s += strspn(*s, " ");
}

/* Is the comma at s one between thousands, as in 30,000, and not between choices, as in 2,3만? */
static bool
is_thousands_comma(const char *s)
{
	return *s == ',' && strspn(s + 1, "0123456789") == 3;
}

/* The text in lower case, without thousands commas, punctuation that means nothing here as spaces. */
static void
simplify(const char *text, char ret[TEXT_MAX])
{
	size_t n = 0;

	ret[n++] = ' ';
	for (; *text && n + 2 < TEXT_MAX; text++) {
		unsigned char c = (unsigned char)*text;
		bool in_number = isdigit((unsigned char)ret[n - 1]) && isdigit((unsigned char)text[1]);

		if (in_number && is_thousands_comma(text))
			continue;
		if (c >= 0xF0) {
			ret[n++] = ' '; /* a picture, with the bytes that follow it */
			while (((unsigned char)text[1] & 0xC0) == 0x80)
				text++;
			continue;
		}
		if (c >= 0x80 || isalnum(c) || c == '~' || c == '-' || (c == '.' && in_number))
			ret[n++] = (char)tolower(c);
		else
			ret[n++] = ' ';
	}
	ret[n++] = ' ';
	ret[n] = '\0';
}

/* 일 … 구 at *s: 1 … 9, or 0. */
static int
hangul_digit(const char **s)
{
	static const char *const digits[] = { "일", "이", "삼", "사", "오", "육", "칠", "팔", "구" };
	int i;

	for (i = 0; i < 9; i++)
		if (skip(s, digits[i]))
			return i + 1;
	return 0;
}

/* 천, 백 or 십 at *s: what it multiplies by, or 0. */
static int
small_unit(const char **s)
{
	if (skip(s, "천"))
		return 1000;
	if (skip(s, "백"))
		return 100;
	return skip(s, "십") ? 10 : 0;
}

/* Digits, with a fraction: thousandths, so that "3.5만" keeps its half.  -1 if there are none, or far too many. */
static int64_t
read_digits(const char **s)
{
	int64_t value = 0, part = 1000;

	if (!isdigit((unsigned char)**s))
		return -1;
	for (; isdigit((unsigned char)**s); ++*s)
		value = value <= WON_MAX ? value * 10 + (**s - '0') : value;
	value *= 1000;
	if (**s == '.')
		for (++*s; isdigit((unsigned char)**s); ++*s) {
			part /= 10;
			value += part * (**s - '0');
		}
	return value;
}

/* A number up to the next 만 or the end, in thousandths: "3", "5천", "삼", "이천오백"; -1 if there is none. */
static int64_t
read_section(const char **s, struct amount *amount)
{
	int64_t sum = 0, digits = read_digits(s);
	const char *start = *s;
	int unit;

	if (digits >= 0) {
		unit = small_unit(s);
		amount->sure = amount->sure || unit == 1000;
		amount->bare = unit == 0;
		amount->unit = unit == 1000 ? unit : 1;
		return unit ? digits * unit : digits;
	}
	for (;;) {
		int digit = hangul_digit(s);

		unit = small_unit(s);
		if (!digit && !unit)
			break;
		sum += 1000 * (int64_t)(digit ? digit : 1) * (unit ? unit : 1);
		if (!unit)
			break;
	}
	amount->hangul = amount->hangul || *s > start;
	return *s > start ? sum : -1;
}

/* One English numeral below a hundred at *s, with the space or dash behind it; 0 if there is none. */
static int
english_numeral(const char **s)
{
	static const struct {
		const char *word;
		int value;
	} rows[] = {
		{ "one", 1 },	   { "two", 2 },	 { "three", 3 },     { "four", 4 },
		{ "five", 5 },	   { "six", 6 },	 { "seven", 7 },     { "eight", 8 },
		{ "nine", 9 },	   { "ten", 10 },	 { "eleven", 11 },   { "twelve", 12 },
		{ "fifteen", 15 }, { "twenty", 20 },	 { "thirty", 30 },   { "forty", 40 },
		{ "fifty", 50 },   { "sixty", 60 },	 { "seventy", 70 },  { "eighty", 80 },
		{ "ninety", 90 },  { "a hundred", 100 }, { "hundred", 100 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *at = *s;

		if (skip(&at, rows[i].word) && (*at == ' ' || *at == '-')) {
			*s = at + 1;
			return rows[i].value;
		}
	}
	return 0;
}

/* An amount in English words: "thirty thousand", "two hundred fifty thousand".  Below a thousand nothing is meant. */
static bool
read_english(const char **s, struct amount *ret)
{
	const int beyond = WON_MAX / 1000 + 1;
	const char *at = *s;
	int value = 0, next;

	for (next = english_numeral(&at); next; next = english_numeral(&at)) {
		value = next == 100 && value > 0 ? value * 100 : value + next;
		value = value > beyond ? beyond : value;
	}
	if (!value || !skip(&at, "thousand"))
		return false;
	*ret = (struct amount){ .won = value * INT64_C(1000), .sure = true, .unit = 1000 };
	*s = at;
	return true;
}

/* An amount without its unit of money: "3만5천", "삼만", "30000". */
static bool
read_number(const char **s, struct amount *ret)
{
	const int64_t beyond = WON_MAX * INT64_C(1000);
	const char *start = *s, *rest;
	int64_t section = read_section(s, ret), more;

	if (skip(s, "만")) {
		ret->sure = ret->sure || (section >= 0 && !ret->hangul);
		ret->hangul = ret->hangul || section < 0;
		section = (section < 0 ? 1000 : section > beyond ? beyond : section) * 10000;
		rest = *s;
		skip_spaces(&rest);
		more = read_section(&rest, ret);
		if (more > 0 && more < 10000 * 1000) {
			section += more;
			*s = rest;
		}
		ret->bare = false;
		ret->unit = 10000;
	}
	ret->won = section / 1000;
	return *s > start && ret->won > 0;
}

/* An amount with its unit at *s. */
static bool
read_amount(const char **s, struct amount *ret)
{
	static const char *const money[] = { "원", "won", "krw", NULL };
	static const char *const thousand[] = { "thousand", "k ", "k~", "k-", "grand", NULL };
	const char *at = *s, *rest;

	*ret = (struct amount){ 0 };
	if (skip(&at, "₩") || skip(&at, "krw"))
		ret->sure = true;
	skip_spaces(&at);
	if (!read_english(&at, ret) && !read_number(&at, ret))
		return false;
	rest = at;
	skip_spaces(&rest);
	if (ret->bare && (skip_any(&at, thousand) || (rest > at && skip_any(&rest, thousand)))) {
		ret->won *= 1000;
		ret->unit = 1000;
		ret->sure = true;
		ret->bare = false;
		at = rest > at ? rest : at;
		at -= strchr(" ~-", at[-1]) != NULL;
		rest = at;
		skip_spaces(&rest);
	}
	if (skip_any(&rest, money)) {
		ret->sure = true;
		ret->bare = false;
		at = rest;
	}
	*s = at;
	return true;
}

/* What stands before an amount: -1 it is a lower bound, 1 an upper one, 0 nothing. */
static int
bound_before(const char *text, const char *at)
{
	static const struct {
		const char *word;
		int bound;
	} rows[] = {
		{ "no more than", 1 }, { "more than", -1 }, { "at least", -1 }, { "starting at", -1 },
		{ "minimum", -1 },     { "over", -1 },	    { "above", -1 },	{ "최소", -1 },
		{ "적어도", -1 },      { "under", 1 },	    { "below", 1 },	{ "less than", 1 },
		{ "up to", 1 },	       { "at most", 1 },    { "within", 1 },	{ "maximum", 1 },
		{ "max", 1 },	       { "around", 1 },	    { "about", 1 },	{ "budget", 1 },
		{ "budget is", 1 },    { "budget of", 1 },  { "only have", 1 }, { "i have", 1 },
		{ "spend", 1 },	       { "예산", 1 },	    { "예산은", 1 },	{ "예산이", 1 },
		{ "최대", 1 },	       { "약", 1 },	    { "한", 1 },	{ "가격은", 1 },
		{ "roughly", 1 },      { "between", 1 },    { "from", -1 },
	};
	size_t i;

	while (at > text && at[-1] == ' ')
		at--;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].word);

		if ((size_t)(at - text) >= len && strncmp(at - len, rows[i].word, len) == 0)
			return rows[i].bound;
	}
	return 0;
}

/* The same for what follows it; *s moves on. */
static int
bound_after(const char **s)
{
	static const char *const upper[] = { "이하",   "미만",	 "까지",    "안 ",     "안쪽",	   "안에",
					     "안으로", "안넘",	 "이내",    "내 ",     "내로",	   "내에",
					     "아래",   "밑",	 "정도",    "쯤",      "선에서",   "넘지",
					     "짜리",   "언저리", "전후",    "or less", "or under", "or below",
					     "max",    "tops",	 "at most", NULL };
	static const char *const lower[] = { "이상",   "넘",	  "초과", "부터", "or more",
					     "and up", "or over", "plus", NULL };
	const char *at = *s;

	skip_spaces(&at);
	if (skip_any(&at, upper)) {
		*s = at;
		return 1;
	}
	if (skip_any(&at, lower)) {
		*s = at;
		return -1;
	}
	return 0;
}

/* "~", "에서", "to" after an amount: another one follows. */
static bool
range_follows(const char **s)
{
	static const char *const joints[] = { "~", "-", "에서", "부터", "to ", "and ", NULL };
	const char *at = *s;

	skip_spaces(&at);
	if (!skip_any(&at, joints))
		return false;
	skip_spaces(&at);
	*s = at;
	return true;
}

/* The last won of the "5만원대" that begins at won: 59,999. */
static int64_t
end_of_band(int64_t won)
{
	int64_t unit = 1;

	while (won % (unit * 10) == 0)
		unit *= 10;
	return won + unit - 1;
}

/* After low, which *s is behind: a range, when another amount follows and the two make one. */
static bool
take_range(const char **s, const struct amount *low, struct budget *b)
{
	const char *rest = *s;
	struct amount high;
	int64_t low_won;

	if (!range_follows(&rest) || !read_amount(&rest, &high) || high.won > WON_MAX)
		return false;
	low_won = low->bare && low->won < 1000 ? low->won * high.unit : low->won;
	if (low_won < 1000 || low_won > high.won)
		return false;
	b->min_won = low_won;
	b->max_won = high.won;
	bound_after(&rest);
	*s = rest;
	return true;
}

/*
 * Take the amount at *s into *b, if it is one of money; *s is behind it afterwards.  One beyond all prices is passed
 * over as a whole: its end would be read as another.
 */
static bool
take_amount(const char *text, const char **s, struct budget *b)
{
	const char *start = *s;
	struct amount amount;
	int before, after;
	bool alone;

	if (!read_amount(s, &amount))
		return false;
	if (amount.won > WON_MAX)
		return true;
	if (take_range(s, &amount, b))
		return true;
	if (amount.sure && skip(s, "대")) {
		b->min_won = amount.won;
		b->max_won = end_of_band(amount.won);
		return true;
	}
	before = bound_before(text, start);
	after = bound_after(s);
	alone = strspn(text, " ") == (size_t)(start - text) && (*s)[strspn(*s, " ")] == '\0';
	if (amount.won < 1000 || (!amount.sure && !before && !after && !alone))
		return false;
	if ((after ? after : before) < 0)
		b->min_won = amount.won;
	else
		b->max_won = amount.won;
	return true;
}

/* Does a numeral or the sign of the won stand here?  Few characters do, and what stands before them costs more to find out. */
static bool
is_numeral(const char *at)
{
	static const char *const numerals[] = { "일", "이", "삼", "사", "오", "육", "칠", "팔",
						"구", "십", "백", "천", "만", "₩",  NULL };

	return (unsigned char)*at >= 0xE2 && skip_any(&at, numerals);
}

/* May an amount begin here?  Hangul numerals must begin a word: 하지만 is no amount. */
static bool
may_begin(const char *text, const char *at)
{
	unsigned char c = (unsigned char)*at, before = at > text ? (unsigned char)at[-1] : ' ';

	if (isdigit(c))
		return !isdigit(before) && !isalpha(before) && before != '.';
	if (isalpha(c))
		return before == ' ';
	return is_numeral(at) && (before == ' ' || bound_before(text, at) != 0);
}

bool
budget_read(const char *text, struct budget *ret_budget)
{
	struct budget b = { 0 };
	char simple[TEXT_MAX];
	const char *at;

	simplify(text, simple);
	for (at = simple; *at;) {
		const char *end = at;

		if (may_begin(simple, at) && take_amount(simple, &end, &b) && end > at)
			at = end;
		else
			at++;
	}
	if (!b.max_won && !b.min_won)
		return false;
	*ret_budget = b;
	return true;
}

/* Hangul numerals without a unit, or with less than any price behind them, are syllables of other words. */
static bool
is_money(const struct amount *amount)
{
	if (amount->won >= 1000)
		return amount->sure || !amount->hangul;
	return amount->sure && !amount->hangul;
}

int
budget_amounts(const char *text, int64_t *ret_won, int max)
{
	char simple[TEXT_MAX];
	struct amount amount;
	const char *at;
	int n = 0;

	simplify(text, simple);
	for (at = simple; *at && n < max;) {
		const char *end = at;

		if (may_begin(simple, at) && read_amount(&end, &amount) && end > at) {
			if (is_money(&amount))
				ret_won[n++] = amount.won;
			at = end;
		} else {
			at++;
		}
	}
	return n;
}
