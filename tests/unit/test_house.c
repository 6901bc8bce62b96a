/* What the house responder understands: utterances in both languages against what they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "arena.h"
#include "hangul.h"
#include "house.h"
#include "list.h"

#define LENGTH(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A row that fails is reported and counted, so that one run tells of all. */
static int failed;

#define WRONG(...) (failed++, print_error(__VA_ARGS__), print_error("\n"))

static void
test_particles_follow_the_last_sound(void **state)
{
	static const struct {
		const char *word, *pair, *expected;
	} rows[] = {
		{ "책", "을/를", "을" },	{ "게임기", "을/를", "를" },
		{ "서울", "으로/로", "로" },	{ "집", "으로/로", "으로" },
		{ "바다", "으로/로", "로" },	{ "3", "은/는", "은" },
		{ "2", "은/는", "는" },		{ "wool", "이/가", "이" },
		{ "Moa", "이/가", "가" },	{ "영화", "과/와", "와" },
		{ "물통 10L", "은/는", "는" },	{ "원두 250g", "은/는", "은" },
		{ "나무 60cm", "은/는", "는" }, { "XL", "은/는", "은" },
		{ "", "을/를", "를" },		{ "책", "nonsense/x", "nonsense/x" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++)
		assert_string_equal(hangul_particle(rows[i].word, rows[i].pair), rows[i].expected);
}

static void
test_decomposed_hangul_is_composed(void **state)
{
	/* 한글 as macOS sends it, then a lone vowel */
	uint32_t cps[] = { 0x1112, 0x1161, 0x11AB, 0x1100, 0x1173, 0x11AF, 0x1161 };

	(void)state;
	assert_int_equal(hangul_compose(cps, LENGTH(cps)), 3);
	assert_int_equal(cps[0], 0xD55C);
	assert_int_equal(cps[1], 0xAE00);
	assert_int_equal(cps[2], 0x1161);
}

static void
test_utterances_are_made_comparable(void **state)
{
	static const struct {
		const char *text, *words, *squeezed;
	} rows[] = {
		{ "  Don’t SHOW me!!  ", " dont show me ", "dontshowme" },
		{ "더 싼 거~", " 더 싼 거 ", "더싼거" },
		{ "30,000 won, max", " 30000 won max ", "30000wonmax" },
		{ "ＡＢＣ１", " abc1 ", "abc1" },
		{ "sooooo goooood", " soo good ", "soogood" },
		{ "좋아요😀😀", " 좋아요 😀 😀 ", "좋아요😀😀" },
		{ "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", " 한 ", "한" },
		{ "{url} %s", " url s ", "urls" },
		{ "", " ", "" },
	};
	struct arena a;
	struct utterance u;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++) {
		utterance_read(&a, rows[i].text, &u);
		assert_string_equal(u.words, rows[i].words);
		assert_string_equal(u.squeezed, rows[i].squeezed);
	}
	arena_free(&a);
}

static void
test_forms_are_found(void **state)
{
	static const struct {
		const char *text, *forms;
		bool found;
	} rows[] = {
		{ "much cheaper please", "cheap*", true },
		{ "the cheapskate", "cheap", false },
		{ "too much", "too much", true },
		{ "toomuch", "too much", false },
		{ "더 싼거", "더싼", true },
		{ "산책을 가요", "^책", false },
		{ "책을 봐요", "^책", true },
		{ "요즘 책", "책$", true },
		{ "책상", "책$", false },
		{ "네", "=네", true },
		{ "네네", "=네", false },
		{ "OK!", "=ok", true },
		{ "ok then", "=ok", false },
		{ "없는 말", "있다|없는", true },
		{ "", "=네|a", false },
	};
	struct arena a;
	struct utterance u;
	struct span span;
	size_t i;

	(void)state;
	failed = 0;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++) {
		utterance_read(&a, rows[i].text, &u);
		if (utterance_find(&u, rows[i].forms, 0, &span) != rows[i].found)
			WRONG("\"%s\" in \"%s\"", rows[i].forms, rows[i].text);
	}
	arena_free(&a);
	assert_int_equal(failed, 0);
}

static void
test_noise_is_told_from_words(void **state)
{
	static const char *const noise[] = { "asdf", "qwerty asdfgh", "ㅋㅋㅋ", "ㅁㄴㅇㄹ",
					     "...",  "123",	      "xkcdf",	"!?" };
	static const char *const words[] = { "hello", "피곤", "why", "그냥", "ok", "xkcd 만화", "😀" };
	struct arena a;
	struct utterance u;
	size_t i;

	(void)state;
	failed = 0;
	arena_init(&a);
	for (i = 0; i < LENGTH(noise); i++) {
		utterance_read(&a, noise[i], &u);
		if (!utterance_is_noise(&u))
			WRONG("\"%s\" is noise", noise[i]);
	}
	for (i = 0; i < LENGTH(words); i++) {
		utterance_read(&a, words[i], &u);
		if (utterance_is_noise(&u))
			WRONG("\"%s\" is no noise", words[i]);
	}
	arena_free(&a);
	assert_int_equal(failed, 0);
}

static void
test_lists_hold_each_word_once(void **state)
{
	const char *list = "", *rest;
	struct arena a;

	(void)state;
	arena_init(&a);
	list = list_add(&a, list, "a");
	list = list_add(&a, list, "가방");
	list = list_add(&a, list, "a");
	list = list_add(&a, list, "");
	list = list_add(&a, list, "b|c");
	assert_string_equal(list, "a|가방");
	list = list_join(&a, list, "가방|x y|a");
	assert_string_equal(list, "a|가방|x y");
	assert_true(list_has(list, "x y") && !list_has(list, "x") && !list_has("", "x"));
	rest = list;
	assert_string_equal(list_next(&a, &rest), "a");
	assert_string_equal(list_next(&a, &rest), "가방");
	assert_string_equal(list_next(&a, &rest), "x y");
	assert_null(list_next(&a, &rest));
	arena_free(&a);
}

static void
test_budgets_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t max_won, min_won;
	} rows[] = {
		{ "3만원 이하", 30000, 0 },
		{ "5만 원 정도", 50000, 0 },
		{ "under 30,000 won", 30000, 0 },
		{ "30k", 30000, 0 },
		{ "삼만원", 30000, 0 },
		{ "오만 원 안쪽으로", 50000, 0 },
		{ "만원", 10000, 0 },
		{ "만오천원짜리", 15000, 0 },
		{ "3만5천원", 35000, 0 },
		{ "3만 5천원 이하", 35000, 0 },
		{ "3만 5000원 안으로", 35000, 0 },
		{ "3.5만원", 35000, 0 },
		{ "30000", 30000, 0 },
		{ "50,000", 50000, 0 },
		{ "사만 오천 원", 45000, 0 },
		{ "십이만삼천원", 123000, 0 },
		{ "최대 십만원", 100000, 0 },
		{ "예산삼만원", 30000, 0 },
		{ "예산은 5만", 50000, 0 },
		{ "약 3만원", 30000, 0 },
		{ "₩25,000", 25000, 0 },
		{ "budget is 50000", 50000, 0 },
		{ "I have 50,000", 50000, 0 },
		{ "no more than 40 thousand won", 40000, 0 },
		{ "under 25k please", 25000, 0 },
		{ "maximum 100000 krw", 100000, 0 },
		{ "10만원 넘지 않게", 100000, 0 },
		{ "5만원 안 넘게", 50000, 0 },
		{ "2~3만원", 30000, 20000 },
		{ "20-30k", 30000, 20000 },
		{ "3만원에서 5만원 사이", 50000, 30000 },
		{ "2만원부터 4만원까지", 40000, 20000 },
		{ "between 20,000 and 30,000 won", 30000, 20000 },
		{ "from 20,000 to 40,000", 40000, 20000 },
		{ "5만원대", 59999, 50000 },
		{ "5만원 이상", 0, 50000 },
		{ "at least 20,000 won", 0, 20000 },
		{ "my budget is thirty thousand won", 30000, 0 },
		{ "twenty-five thousand won or less", 25000, 0 },
		{ "up to a hundred thousand", 100000, 0 },
		{ "two hundred fifty thousand", 250000, 0 },
		{ "more than fifty thousand won", 0, 50000 },
		{ "the second one", 0, 0 },
		{ "two of them, thousands of times", 0, 0 },
		{ "2,3만원", 30000, 0 },
		{ "삼만 오천 원 이하", 35000, 0 },
		{ "30,000 KRW", 30000, 0 },
		{ "삼천 원", 3000, 0 },
		{ "20대 남자", 0, 0 },
		{ "3080 그래픽카드", 0, 0 },
		{ "2024년", 0, 0 },
		{ "하지만 별로", 0, 0 },
		{ "조금만 더", 0, 0 },
		{ "이만 갈게", 0, 0 },
		{ "이만 안녕", 0, 0 },
		{ "이 만화", 0, 0 },
		{ "iphone 15 pro", 0, 0 },
		{ "3개만 보여줘", 0, 0 },
		{ "99999999999999999999원", 0, 0 },
		{ "100000000원", 100000000, 0 },
		{ "1000000000원", 0, 0 },
		{ "99999999k won", 0, 0 },
		{ "999999999천만원", 0, 0 },
		{ "3만원~999999999천만원", 30000, 0 },
		{ "hundred hundred hundred hundred hundred thousand", 0, 0 },
		{ "hundred hundred hundred hundred hundred thousand, so 3만원", 30000, 0 },
		{ "0.5원대", 0, 0 },
		{ "krw 0.9대", 0, 0 },
		{ "💰20000", 20000, 0 },
		{ "", 0, 0 },
	};
	size_t i;

	(void)state;
	failed = 0;
	for (i = 0; i < LENGTH(rows); i++) {
		struct budget b = { 0 };
		bool found = budget_read(rows[i].text, &b);

		if (found != (rows[i].max_won || rows[i].min_won) || b.max_won != rows[i].max_won ||
		    b.min_won != rows[i].min_won)
			WRONG("\"%s\": %d, at most %lld, at least %lld", rows[i].text, found,
			      (long long)b.max_won, (long long)b.min_won);
	}
	assert_int_equal(failed, 0);
}

static void
test_meanings_are_understood(void **state)
{
	static const struct {
		const char *text;
		uint64_t means, not_means;
	} rows[] = {
		{ "안녕하세요", MEANS(M_GREETING), MEANS(M_WORDS) },
		{ "hi there", MEANS(M_GREETING), MEANS(M_WORDS) },
		{ "고마워!", MEANS(M_THANKS), 0 },
		{ "오늘 너무 피곤해", MEANS(M_MOOD), MEANS(M_WORDS) | MEANS(M_NO) },
		{ "나쁘지 않아요", MEANS(M_MOOD), MEANS(M_NO) },
		{ "괜찮아요", MEANS(M_MOOD) | MEANS(M_DECLINE), MEANS(M_NO) },
		{ "no thanks", MEANS(M_DECLINE), MEANS(M_NO) | MEANS(M_THANKS) },
		{ "됐어요", MEANS(M_DECLINE), 0 },
		{ "안 살래", MEANS(M_DECLINE), MEANS(M_ACCEPT) },
		{ "나중에 할게요", MEANS(M_DECLINE), 0 },
		{ "그만할게", MEANS(M_BYE), MEANS(M_ACCEPT) },
		{ "취미 없어요", MEANS(M_NONE), MEANS(M_WORDS) },
		{ "필요 없어", MEANS(M_DECLINE), MEANS(M_NONE) },
		{ "상관없어요", MEANS(M_ANY), MEANS(M_NONE) },
		{ "예산은 상관없어", MEANS(M_NO_BUDGET), MEANS(M_ANY) | MEANS(M_NONE) },
		{ "아무거나 추천해줘", MEANS(M_ANY) | MEANS(M_RECOMMEND), 0 },
		{ "recomend something", MEANS(M_RECOMMEND), MEANS(M_WORDS) },
		{ "더 싼 거", MEANS(M_CHEAPER), MEANS(M_WORDS) },
		{ "너무 비싸요", MEANS(M_CHEAPER), MEANS(M_DEARER) },
		{ "더 비싼 거", MEANS(M_DEARER), MEANS(M_CHEAPER) },
		{ "안 비싼 거", MEANS(M_CHEAPER), MEANS(M_DEARER) },
		{ "more expensive", MEANS(M_DEARER), MEANS(M_CHEAPER) | MEANS(M_MORE) },
		{ "something cheaper", MEANS(M_CHEAPER), MEANS(M_OTHER) },
		{ "제일 싼 걸로 할게", MEANS(M_CHEAPEST) | MEANS(M_ACCEPT), 0 },
		{ "다른 색", MEANS(M_OTHER_COLOUR), MEANS(M_OTHER) },
		{ "another colour", MEANS(M_OTHER_COLOUR), MEANS(M_OTHER) },
		{ "a different color please", MEANS(M_OTHER_COLOUR), 0 },
		{ "검은색으로 보여줘", MEANS(M_COLOUR), MEANS(M_WORDS) },
		{ "in black", MEANS(M_COLOUR), 0 },
		{ "검정 말고", MEANS(M_OTHER_COLOUR), MEANS(M_COLOUR) },
		{ "not black", MEANS(M_OTHER_COLOUR), MEANS(M_COLOUR) },
		{ "블루투스 스피커", MEANS(M_INTEREST), MEANS(M_COLOUR) },
		{ "같은 색으로", 0, MEANS(M_COLOUR) },
		{ "이 브랜드 말고", MEANS(M_NOT_BRAND), MEANS(M_OTHER) },
		{ "not this brand", MEANS(M_NOT_BRAND), MEANS(M_OTHER) },
		{ "다른 거 보여주세요", MEANS(M_OTHER), 0 },
		{ "not this one", MEANS(M_OTHER), MEANS(M_ACCEPT) },
		{ "show me more", MEANS(M_MORE), 0 },
		{ "첫 번째 걸로 할게요", MEANS(M_ORDINAL) | MEANS(M_ACCEPT), MEANS(M_WORDS) },
		{ "이걸로 할게", MEANS(M_ACCEPT), MEANS(M_ORDINAL) },
		{ "the second one", MEANS(M_ORDINAL), MEANS(M_WORDS) },
		{ "2", MEANS(M_ORDINAL), MEANS(M_NOISE) },
		{ "I'll take the last one", MEANS(M_ORDINAL) | MEANS(M_ACCEPT), 0 },
		{ "첫 번째 말고 두 번째", MEANS(M_ORDINAL), MEANS(M_OTHER) },
		{ "마음에 안 들어", MEANS(M_NO), MEANS(M_ACCEPT) },
		{ "소비 리포트 볼래요", MEANS(M_DASHBOARD), 0 },
		{ "what can you do?", MEANS(M_HELP), 0 },
		{ "게임 좋아해요", MEANS(M_INTEREST) | MEANS(M_LIKE), MEANS(M_MOOD) },
		{ "I don't like games", MEANS(M_UNWANTED), MEANS(M_INTEREST) },
		{ "게임 말고 책이요", MEANS(M_INTEREST) | MEANS(M_UNWANTED), 0 },
		{ "엄마 생신 선물 추천해줘", MEANS(M_RECOMMEND), MEANS(M_WORDS) },
		{ "딱히 좋아하는 건 없는데", MEANS(M_NONE), MEANS(M_WORDS) },
		{ "3만원 밑으로", MEANS(M_BUDGET), MEANS(M_WORDS) },
		{ "가장 싼 걸로 주세요", MEANS(M_ORDINAL), MEANS(M_WORDS) },
		{ "영어로 해줘", MEANS(M_ENGLISH), MEANS(M_WORDS) },
		{ "뭐가 제일 좋아?", MEANS(M_BEST), 0 },
		{ "네", MEANS(M_YES), 0 },
		{ "요즘 드론 날려요", MEANS(M_WORDS), MEANS(M_INTEREST) },
		{ "I like origami", MEANS(M_WORDS) | MEANS(M_LIKE), MEANS(M_INTEREST) },
		{ "산책", MEANS(M_INTEREST), 0 },
		{ "ㅋㅋㅋㅋ", MEANS(M_NOISE), MEANS(M_WORDS) },
		{ "asdf", MEANS(M_NOISE), MEANS(M_WORDS) },
		{ "수수료 얼마야?", MEANS(M_FACT), 0 },
		{ "연장은 어떻게 해요", MEANS(M_FACT), 0 },
		{ "when is it due?", MEANS(M_FACT), 0 },
		{ "한도", MEANS(M_FACT), 0 },
		{ "연체 때문에 너무 우울하고 힘들어", MEANS(M_MOOD), MEANS(M_FACT) },
		{ "한도 안에서 추천해줘", MEANS(M_RECOMMEND), MEANS(M_FACT) },
		{ "30,000원 이하", MEANS(M_BUDGET), MEANS(M_WORDS) | MEANS(M_NOISE) },
		{ "삼만 원 이하로 헤드폰", MEANS(M_BUDGET) | MEANS(M_INTEREST), MEANS(M_WORDS) },
		{ "이거 얼마예요?", MEANS(M_PRICE), 0 },
		{ "how much is it?", MEANS(M_PRICE), 0 },
		{ "오늘 날씨 어때?", MEANS(M_ASKS), MEANS(M_FACT) },
	};
	struct arena a;
	struct said said;
	size_t i;

	(void)state;
	failed = 0;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++) {
		understand_text(&a, rows[i].text, &said);
		if ((said.means & rows[i].means) != rows[i].means || (said.means & rows[i].not_means))
			WRONG("\"%s\" means %#llx: lacks %#llx, has %#llx too many", rows[i].text,
			      (unsigned long long)said.means,
			      (unsigned long long)(rows[i].means & ~said.means),
			      (unsigned long long)(said.means & rows[i].not_means));
	}
	arena_free(&a);
	assert_int_equal(failed, 0);
}

static void
test_moods_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		int mood;
	} rows[] = {
		{ "최고예요!", MOOD_GOOD },
		{ "기분 좋아", MOOD_GOOD },
		{ "별로 안 좋아", MOOD_BAD },
		{ "나쁘지 않아", MOOD_SO_SO },
		{ "not bad", MOOD_SO_SO },
		{ "not good at all", MOOD_BAD },
		{ "야근해서 지쳤어", MOOD_TIRED },
		{ "exhausted", MOOD_TIRED },
		{ "심심해", MOOD_BORED },
		{ "I'm bored", MOOD_BORED },
		{ "우울해ㅠㅠ", MOOD_BAD },
		{ "so so", MOOD_SO_SO },
		{ "😊", MOOD_GOOD },
		{ "😭", MOOD_BAD },
		{ "그냥 그래요", MOOD_SO_SO },
		{ "stressed out", MOOD_BAD },
		{ "pretty good actually", MOOD_GOOD },
	};
	struct arena a;
	struct said said;
	size_t i;

	(void)state;
	failed = 0;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++) {
		understand_text(&a, rows[i].text, &said);
		if (!(said.means & MEANS(M_MOOD)) || said.mood != rows[i].mood)
			WRONG("\"%s\": %d", rows[i].text, said.mood);
	}
	arena_free(&a);
	assert_int_equal(failed, 0);
}

static void
test_things_are_named(void **state)
{
	static const struct {
		const char *text;
		const char *named, *unwanted, *interest, *colour;
		int ordinal;
	} rows[] = {
		{ "무선이어폰 추천해줘", "이어폰", NULL, "headphones", NULL, 0 },
		{ "드론추천해줘", "드론", NULL, NULL, NULL, 0 },
		{ "드론을 사고 싶어요", "드론", NULL, NULL, NULL, 0 },
		{ "I want to buy an umbrella", "umbrella", NULL, NULL, NULL, 0 },
		{ "board games", "board games", NULL, "games", NULL, 0 },
		{ "🎮", NULL, NULL, "games", NULL, 0 },
		{ "not samsung", NULL, "samsung", NULL, NULL, 0 },
		{ "삼성 말고", NULL, "삼성", NULL, NULL, 0 },
		{ "빨간 가방", "가방", NULL, "bags", "red", 0 },
		{ "a navy backpack", "backpack", NULL, "bags", "navy", 0 },
		{ "하늘색", NULL, NULL, NULL, "sky", 0 },
		{ "세 번째", NULL, NULL, NULL, NULL, 3 },
		{ "첫 번째 말고 두 번째로", NULL, NULL, NULL, NULL, 2 },
		{ "마지막 거", NULL, NULL, NULL, NULL, -1 },
		{ "주말마다 차박 다니고 아침엔 밖에서 내려 마셔요", "차박", NULL, "camping", NULL, 0 },
		{ "켐핑", "캠핑", NULL, "camping", NULL, 0 },
		{ "I go runing", "running", NULL, "running", NULL, 0 },
		{ "I listen to jazz", "jazz", NULL, "music", NULL, 0 },
		{ "다른 섹은요?", NULL, NULL, NULL, NULL, 0 },
	};
	struct arena a;
	struct said said;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++) {
		understand_text(&a, rows[i].text, &said);
		assert_int_equal(said.nnamed,
				 (rows[i].named != NULL) + ((said.means & MEANS(M_QUALITY)) != 0));
		if (rows[i].named)
			assert_string_equal(said.named[0], rows[i].named);
		assert_int_equal(said.nunwanted, rows[i].unwanted != NULL);
		if (rows[i].unwanted)
			assert_string_equal(said.unwanted[0], rows[i].unwanted);
		if (rows[i].interest)
			assert_string_equal(said.interests[0]->code, rows[i].interest);
		if (rows[i].colour)
			assert_string_equal(said.colour, rows[i].colour);
		assert_int_equal(said.ordinal, rows[i].ordinal);
	}
	arena_free(&a);
}

static void
test_languages_are_told_apart(void **state)
{
	static const struct {
		const char *text, *language;
	} rows[] = {
		{ "안녕하세요", "ko" },
		{ "LG 그램 말고", "ko" },
		{ "cheaper please", "en" },
		{ "Narin N1", NULL },
		{ "ok", NULL },
		{ "under 30,000 won", "en" },
		{ "네", NULL },
		{ "the second one", "en" },
		{ "30k", NULL },
		{ "ㅋㅋ", NULL },
		{ "I would love an umbrella", "en" },
	};
	struct arena a;
	struct said said;
	size_t i;

	(void)state;
	failed = 0;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++) {
		understand_text(&a, rows[i].text, &said);
		if (rows[i].language ? !said.language || strcmp(said.language, rows[i].language) != 0
				     : said.language != NULL)
			WRONG("\"%s\": %s", rows[i].text, said.language ? said.language : "unclear");
	}
	arena_free(&a);
	assert_int_equal(failed, 0);
}

/* A thousand characters of anything must not take the responder beyond its buffers. */
static void
test_long_and_odd_texts_are_survived(void **state)
{
	static const char *const pieces[] = { "가", "만", "😀",	"9", "a ", "더 싼 거 ",
					      "=",  "|",  "1,", "%", "ㅋ" };
	struct arena a;
	struct said said;
	char text[4001];
	size_t i, n;

	(void)state;
	for (i = 0; i < LENGTH(pieces); i++) {
		size_t len = strlen(pieces[i]);

		for (n = 0; n + len < sizeof(text) && n < 1000 * len; n += len)
			memcpy(text + n, pieces[i], len);
		text[n] = '\0';
		arena_init(&a);
		understand_text(&a, text, &said);
		assert_true(said.nnamed <= SAID_MAX && said.nunwanted <= SAID_MAX);
		arena_free(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_particles_follow_the_last_sound),
		cmocka_unit_test(test_decomposed_hangul_is_composed),
		cmocka_unit_test(test_utterances_are_made_comparable),
		cmocka_unit_test(test_forms_are_found),
		cmocka_unit_test(test_noise_is_told_from_words),
		cmocka_unit_test(test_lists_hold_each_word_once),
		cmocka_unit_test(test_budgets_are_read),
		cmocka_unit_test(test_meanings_are_understood),
		cmocka_unit_test(test_moods_are_told_apart),
		cmocka_unit_test(test_things_are_named),
		cmocka_unit_test(test_languages_are_told_apart),
		cmocka_unit_test(test_long_and_odd_texts_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
