/* What a model's reply must not hold. */
#include <ctype.h>
#include <string.h>

#include "arena.h"
#include "house.h"
#include "letter.h"
#include "taboo.h"

/* Numbers of so many digits are prices, or look like them. */
enum { PRICE_DIGITS = 4, ID_DIGITS_MAX = 2, TELEPHONE_DIGITS = 7 };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return isalnum((unsigned char)c) != 0;
}

/* Is the word of that many bytes in list, which has '|' between its words? */
static bool
is_listed(const char *list, const char *word, size_t len)
{
	size_t n;

	for (; *list; list += n + (list[n] == '|')) {
		n = strcspn(list, "|");
		if (n == len && strncmp(list, word, n) == 0)
			return true;
	}
	return false;
}

/* Folded, without commas between digits. */
static char *
fold(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, strlen(text) * LETTER_BYTES_MAX + 1), *end = out;

	while (*text) {
		uint32_t cp = letter_fold(letter_next(&text));

		if (cp != ',' || end == out || !is_digit(end[-1]) || !is_digit(*text))
			end += letter_put(end, cp);
	}
	return out;
}

void
taboo_read(struct arena *a, const char *own, struct taboo *ret_taboo)
{
	const int max = sizeof(ret_taboo->amounts) / sizeof(ret_taboo->amounts[0]);

	ret_taboo->digits = fold(a, own);
	ret_taboo->namounts = budget_amounts(ret_taboo->digits, ret_taboo->amounts, max);
}

const char *
taboo_letter(uint32_t cp)
{
	/* What Korean and English are written with, punctuation and pictures included; no circled or mathematical letters. */
	static const uint32_t ranges[][2] = {
		{ 0x20, 0x7E },	    { 0xA0, 0xA1 },	{ 0xA7, 0xAC },	    { 0xAE, 0x24F },
		{ 0x2010, 0x2027 }, { 0x2030, 0x205E }, { 0x200D, 0x200D }, { 0x20A9, 0x20A9 },
		{ 0x2190, 0x245F }, { 0x2500, 0x27BF }, { 0x3000, 0x3020 }, { 0x3131, 0x318E },
		{ 0xAC00, 0xD7A3 }, { 0xFE0F, 0xFE0F }, { 0xFF01, 0xFF5E }, { 0x1F300, 0x1FAFF },
	};
	size_t i;

	if (cp == 0x3164 || cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
		return "control";
	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (cp >= ranges[i][0] && cp <= ranges[i][1])
			return NULL;
	return "script";
}

/* Is what stands behind the dot the end of a host, or a host's end and a path?  Behind Hangul any Latin letters are. */
static bool
ends_host(const char *before, const char *behind)
{
	static const char endings[] =
	    "com|net|org|kr|co|io|shop|store|online|site|link|me|app|dev|xyz|info|biz|ly|gg|gl|be|to|ai|tv|us|"
	    "uk|cn|jp|ru|top|club|live|page|web|click|example|test|onion";
	static const char korea[] = "한국";
	size_t n = strspn(behind, "abcdefghijklmnopqrstuvwxyz");

	if (strncmp(behind, korea, strlen(korea)) == 0)
		return true;
	return n >= 2 && (!is_alnum(*before) || behind[n] == '/' || is_listed(endings, behind, n));
}

/* A dot between letters, and what makes a host of them? */
static bool
is_domain(const char *word)
{
	static const char *const dots[] = { ".", "。" };
	const char *dot;
	size_t i;

	for (i = 0; i < sizeof(dots) / sizeof(dots[0]); i++)
		for (dot = strstr(word, dots[i]); dot; dot = strstr(dot + 1, dots[i]))
			if (dot > word && (is_alnum(dot[-1]) || (dot[-1] & 0x80)) &&
			    ends_host(dot - 1, dot + strlen(dots[i])))
				return true;
	return false;
}

static bool
is_link(const char *word)
{
	static const char *const marks[] = { "://", "www.", "http", "](" };
	const char *at = strchr(word, '@');
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strstr(word, marks[i]))
			return true;
	return (at && at > word && is_alnum(at[-1])) || is_domain(word);
}

/* A tag of HTML: clients show text, but not all that will ever be written. */
static bool
is_markup(const char *word)
{
	const char *at = strchr(word, '<');

	return at && (is_alnum(at[1]) || (at[1] && strchr("/!?", at[1]))) && !is_digit(at[1]);
}

/* p1 … p99, by itself. */
static bool
is_id(const char *word)
{
	const char *p;

	for (p = strchr(word, 'p'); p; p = strchr(p + 1, 'p')) {
		size_t digits = strspn(p + 1, "0123456789");

		if (digits > 0 && digits <= ID_DIGITS_MAX && !is_alnum(p[1 + digits]) &&
		    (p == word || !is_alnum(p[-1])))
			return true;
	}
	return false;
}

/* Words of one subject: Korean ones anywhere in a word, English ones by themselves. */
struct subject {
	const char *why;
	const char *const *korean; /* up to NULL */
	const char *english;
};

static const struct subject subjects[] = {
	/* What the house speaks of itself: facts and promises. */
	{ "service",
	  (const char *const[]){ "한도",     "할인",   "쿠폰",	 "수수료", "연체",   "환불",   "배송",
				 "결제",     "주문",   "승인",	 "공짜",   "적립",   "이자율", "캐시백",
				 "구매완료", "등급",   "납부",	 "납기",   "할부",   "무이자", "무료로",
				 "무료예",   "무료입", "무료이", "무료배", "세일중", "세일을", "세일가",
				 "세일이에", "상환",   "면제",	 "당첨",   NULL },
	  "limit|limits|discount|discounts|discounted|coupon|coupons|fee|fees|refund|refunds|"
	  "shipping|delivery|payment|payments|approved|ordered|purchased|checkout|cashback|credit|"
	  "grade|grades|installment|installments|instalment|instalments|overdue" },
	/* What is nobody's to ask for, and ways to somebody else. */
	{ "contact",
	  (const char *const[]){ "전화번호", "비밀번호", "비번을", "인증번호", "인증코드", "카톡", "카카오톡",
				 "텔레그램", "주민번호", "주민등록", "카드번호", "계좌", "송금", "입금",
				 "연락처", "오픈채팅", "공일공", "영일영", NULL },
	  "password|passwords|passcode|otp|kakaotalk|kakao|telegram|whatsapp" },
};

static const char *
subject_of(const char *word)
{
	const char *latin = word + strcspn(word, "abcdefghijklmnopqrstuvwxyz");
	size_t n = strspn(latin, "abcdefghijklmnopqrstuvwxyz"), i;
	const char *const *korean;

	for (i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		for (korean = subjects[i].korean; *korean; korean++)
			if (strstr(word, *korean))
				return subjects[i].why;
		if (n > 0 && is_listed(subjects[i].english, latin, n))
			return subjects[i].why;
	}
	return NULL;
}

/* Is the number in what may be repeated: the same digits, with a '%' behind them or not, or the same amount? */
static bool
may_repeat(const struct taboo *t, const char *number, bool percent)
{
	size_t n = strlen(number);
	const char *at;
	int i;

	for (at = t->digits; *at; at++)
		if (strncmp(at, number, n) == 0 && !is_digit(at[n]) &&
		    (at == t->digits || !is_digit(at[-1])) && (!percent || at[n] == '%'))
			return true;
	for (i = 0; i < t->namounts && !percent; i++)
		if (strtoll(number, NULL, 10) == t->amounts[i])
			return true;
	return false;
}

/* Long numbers, percentages and foreign money, unless they may be repeated. */
static bool
is_foreign_number(const struct taboo *t, const char *word)
{
	static const char *const money[] = { "$",   "€",    "£",      "¥",	"dollar",
					     "usd", "달러", "유로화", "퍼센트", "percent" };
	char number[64];
	size_t i, n;

	for (i = 0; i < sizeof(money) / sizeof(money[0]); i++)
		if (strstr(word, money[i]) && !strstr(t->digits, money[i]))
			return true;
	while (*word) {
		word += strcspn(word, "0123456789");
		for (n = 0; is_digit(*word) || (*word == ',' && is_digit(word[1])); word++)
			if (*word != ',' && n + 1 < sizeof(number))
				number[n++] = *word;
		number[n] = '\0';
		if ((n >= PRICE_DIGITS || (n > 0 && *word == '%')) && !may_repeat(t, number, *word == '%'))
			return true;
	}
	return false;
}

const char *
taboo_word(const struct taboo *t, const char *word)
{
	if (is_link(word))
		return "link";
	if (is_markup(word))
		return "markup";
	if (is_id(word))
		return "id";
	if (subject_of(word))
		return subject_of(word);
	return is_foreign_number(t, word) ? "price" : NULL;
}

/* "…배로 드려요", "미뤄 드렸어요": something that moa would give or do; but not "올려 드릴 상품". */
static bool
is_promise(const char *words)
{
	static const char *const what[] = { "배로 ", "돌려 ",	"올려 ",     "미뤄 ",
					    "늦춰 ", "연장해 ", "포인트를 ", "포인트도 " };
	static const char *const given[] = { "드려", "드릴게", "드렸", "드립", "드리겠", "돌려", "올려" };
	const char *at;
	size_t i, j;

	for (i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		at = strstr(words, what[i]);
		for (j = 0; at && j < sizeof(given) / sizeof(given[0]); j++)
			if (strncmp(at + strlen(what[i]), given[j], strlen(given[j])) == 0)
				return true;
	}
	return false;
}

const char *
taboo_pair(const char *words)
{
	static const struct {
		const char *words, *why;
	} rows[] = {
		{ "세일 중", "service" },     { "double points", "service" }, { "bonus points", "service" },
		{ "your points", "service" }, { "extra points", "service" },  { "for free", "service" },
		{ "are free", "service" },    { "is free", "service" },	      { "on sale", "service" },
		{ "due date", "service" },    { "phone number", "contact" },  { "account number", "contact" },
		{ "card number", "contact" },
	};
	const char *at;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		at = strstr(words, rows[i].words);
		if (at && !is_alnum(at[strlen(rows[i].words)]))
			return rows[i].why;
	}
	return is_promise(words) ? "service" : NULL;
}

/* Digits in groups that begin with a zero, as telephones do. */
static bool
is_telephone(const char *words)
{
	const char *at = strchr(words, '0'), *c;
	int digits = 0, groups = 1;

	if (!at || (at > words && is_digit(at[-1])))
		return false;
	for (c = at; is_digit(*c) || (*c && strchr(" -.)/", *c)); c++) {
		digits += is_digit(*c);
		groups += !is_digit(*c);
	}
	return digits >= TELEPHONE_DIGITS && groups > 1;
}

const char *
taboo_money(const struct taboo *t, const char *words)
{
	int64_t amounts[8];
	int i, j, n = budget_amounts(words, amounts, sizeof(amounts) / sizeof(amounts[0]));

	if (is_telephone(words))
		return "contact";
	for (i = 0; i < n; i++) {
		for (j = 0; j < t->namounts && t->amounts[j] != amounts[i]; j++)
			;
		if (j == t->namounts)
			return "price";
	}
	return NULL;
}

bool
taboo_counts(const char *word)
{
	static const char english[] =
	    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|"
	    "forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|a|krw|₩";
	static const char hangul[] = "일|이|삼|사|오|육|칠|팔|구|십|백|천|만|억";
	const size_t syllable = strlen("일");
	size_t len = strlen(word);

	if (len == 0 || is_digit(word[len - 1]) || is_listed(english, word, len))
		return len > 0;
	/* 3만, 삼만: what follows may be 5천 or 원. */
	return len >= syllable && is_listed(hangul, word + len - syllable, syllable);
}
