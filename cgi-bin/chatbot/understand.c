/*
 * Understanding a message: every table is asked what it finds in it, and what no table knows may be the name of a
 * thing. What the message means here and now is not decided here but in machine.c, which knows where the
 * conversation stands.
 */
#include <string.h>

#include "arena.h"
#include "hangul.h"
#include "house.h"

static void
means(struct said *said, enum meaning m)
{
	said->means |= MEANS(m);
}

static bool
is_any_used(const bool *used, struct span span)
{
	return memchr(used + span.start, 1, span.end - span.start) != NULL;
}

/* Is one of forms there, at a place that no earlier row of the table has?  Then it is this row's, and understood. */
static bool
claim(const struct utterance *u, const char *forms, bool *claimed)
{
	bool found = false;

	while (forms && *forms) {
		size_t len = strcspn(forms, "|");
		struct span span = { 0, 0 };

		while (utterance_find_one(u, forms, len, span.end, &span)) {
			if (is_any_used(claimed, span))
				continue;
			memset(claimed + span.start, true, span.end - span.start);
			utterance_use(u, span);
			found = true;
		}
		forms += len + (forms[len] == '|');
	}
	return found;
}

/*
 * Go through a table, whose rows claim places in turn.  All that was found goes to *ret_all, the first to
 * *ret_first; either may be NULL.
 */
static bool
claim_rows(struct arena *a, const struct utterance *u, const struct word *rows, uint64_t *ret_all,
	   int *ret_first)
{
	bool *claimed = arena_alloc(a, strlen(u->words) + 1);
	bool found = false;

	for (; rows->ko || rows->en; rows++) {
		bool ko = claim(u, rows->ko, claimed), en = claim(u, rows->en, claimed);

		if (!ko && !en)
			continue;
		if (ret_all)
			*ret_all |= MEANS(rows->means);
		if (ret_first && !found)
			*ret_first = rows->means;
		found = true;
	}
	return found;
}

static const char *
written(struct arena *a, const struct utterance *u, struct span span)
{
	return arena_strndup(a, u->words + span.start, span.end - span.start);
}

static void
add(const char **list, int *n, const char *word)
{
	int i;

	for (i = 0; i < *n; i++)
		if (strcmp(list[i], word) == 0)
			return;
	if (*n < SAID_MAX)
		list[(*n)++] = word;
}

static void
turn_down(struct said *said, const char *word)
{
	means(said, M_UNWANTED);
	add(said->unwanted, &said->nunwanted, word);
}

/* "Not the first, the second": the one turned down is not meant, and nothing else is asked for. */
static void
find_ordinal(const struct utterance *u, struct said *said)
{
	const struct word *row;
	struct span span;
	bool refused = false;

	for (row = words_ordinals; row->ko; row++) {
		if (!utterance_find(u, row->ko, 0, &span) && !utterance_find(u, row->en, 0, &span))
			continue;
		utterance_use(u, span);
		if (utterance_negates(u, span)) {
			refused = true;
		} else if (!said->ordinal) {
			means(said, M_ORDINAL);
			said->ordinal = row->means;
		}
	}
	if (refused && said->ordinal)
		said->means &= ~(MEANS(M_OTHER) | MEANS(M_NO));
}

static void
find_colours(const struct utterance *u, struct said *said)
{
	const struct colour *row;
	struct span span;

	for (row = words_colours; row->code; row++) {
		if (!utterance_find(u, row->ko, 0, &span) && !utterance_find(u, row->en, 0, &span))
			continue;
		if (is_any_used(u->used, span))
			continue;
		utterance_use(u, span);
		if (utterance_negates(u, span)) {
			means(said, M_OTHER_COLOUR);
			said->not_colour = row->code;
		} else if (!said->colour) {
			means(said, M_COLOUR);
			said->colour = row->code;
		}
	}
}

/* Each place where one of forms stands is the interest, or the interest turned down. */
static void
find_interest(struct arena *a, const struct utterance *u, const struct interest *row, const char *forms,
	      struct said *said)
{
	struct span span = { 0, 0 };

	while (utterance_find(u, forms, span.end, &span)) {
		const char *word = written(a, u, span);

		utterance_use(u, span);
		if (utterance_negates(u, span)) {
			turn_down(said, word);
			continue;
		}
		means(said, M_INTEREST);
		add(said->named, &said->nnamed, word);
		if (said->ninterests < SAID_MAX &&
		    (said->ninterests == 0 || said->interests[said->ninterests - 1] != row))
			said->interests[said->ninterests++] = row;
	}
}

/* Asking about the service takes a sign of asking, or nothing beside the word itself. */
static void
find_fact(const struct utterance *u, struct said *said)
{
	static const char recommending[] = "추천|골라|recommend*|suggest*|pick";
	const uint64_t asking = MEANS(M_ASKS) | MEANS(M_PRICE) | MEANS(M_HAVE) | MEANS(M_RECOMMEND);
	const struct fact *row;
	struct span span;

	if (utterance_find(u, recommending, 0, &span))
		return;
	if (!u->question && !(said->means & asking) && (u->latin_words > 2 || u->hangul > 6))
		return;
	for (row = fact_rows; row->ko; row++) {
		if (!utterance_has(u, row->ko) && !utterance_has(u, row->en))
			continue;
		means(said, M_FACT);
		said->fact = row;
		return;
	}
}

/* Words that carry no thing: particles of talk, not of the catalog. */
static const char stop_ko[] =
    "|나|내|난|저|제|전|우리|너|네|그|이|저기|좀|조금|요즘|요새|그냥|혹시|뭐|뭔가|거|것|"
    "걸|게|건|수|때|진짜|정말|너무|아주|완전|매우|그리고|근데|그런데|그래서|그럼|오늘|"
    "지금|내일|어제|이거|그거|저거|이것|그것|하나|두개|때문|때문에|같은|같이|정도|이하|"
    "이상|원|안|쯤|음|어|아|오|와|흠|에|예산|가격|돈|만원|색|색깔|색상|브랜드|상품|제품|"
    "물건|취미|기분|마음|생각|사람|친구|엄마|아빠|부모님|여자친구|남자친구|남친|여친|"
    "동생|용|위한|위해|중에|중|말|더|덜|잘|못|다|또|막|꼭|좀더|제일|가장|많이|자주|가끔|"
    "약간|오랜만에|주말|주말에|평일|아침|저녁|밤|집|집에서|회사|일|하루|이번|다음|번째|"
    "개|분|층|쪽|안에서|한도|한도안에서|이제|이젠|그만|딱히|생일|생신|결혼|기념일|밑|위|"
    "아래|넘어|이내|누구|모두|전부|아이템|용품|관련|쪽으로|해|줘|함|임|등||";
static const char stop_en[] =
    "|a|an|the|i|im|ive|id|me|my|mine|we|us|our|to|for|of|in|on|at|by|with|without|and|"
    "or|but|is|are|was|were|be|been|am|do|does|did|can|could|would|should|will|like|love|"
    "enjoy|want|need|some|any|something|anything|please|pls|plz|it|its|this|that|these|"
    "those|you|your|have|has|had|get|got|just|really|very|so|too|one|ones|about|from|"
    "what|which|who|how|today|now|lately|recently|into|play|playing|doing|do|looking|"
    "feel|feeling|think|stuff|thing|things|product|products|item|items|won|krw|under|"
    "below|less|than|over|around|max|maximum|up|out|off|not|no|as|if|because|then|there|"
    "here|also|much|many|lot|lots|bit|little|kind|sort|good|nice|well|maybe|perhaps|only|"
    "even|still|more|most|all|every|go|going|make|made|time|day|week|weekend|work|home|"
    "friend|friends|mom|dad|mother|father|girlfriend|boyfriend|him|her|them|they|he|she|"
    "colour|color|colours|colors|brand|brands|price|budget|thousand|k|hmm|um|uh|well|oh|"
    "right|currently|usually|often|sometimes|when|while|at|dont|doesnt|cant|hobby|"
    "hobbies|birthday|anniversary|christmas|wedding|someone|somebody|everyone|getting|"
    "being|having|trying|taking|enjoying|watching|using|making|starting|started|been|"
    "wait|actually|guess|honest|honestly|used|use|new|old|best|better|least|anyway|"
    "instead|also|can|let|lets|see|say|said|tell|know|mean|okay|fine|yes|yeah|sure|"
    "please|thanks|want|wanna|gonna|gotta|people|person|budget|spend|cost|costs|money|"
    "cash|";

static bool
is_listed(const char *list, const char *word)
{
	size_t len = strlen(word);
	const char *at;

	for (at = strstr(list, word); at; at = strstr(at + 1, word))
		if (at > list && at[-1] == '|' && at[len] == '|')
			return true;
	return false;
}

static bool
ends_in(const char *word, const char *tail)
{
	size_t len = strlen(word), tail_len = strlen(tail);

	return len >= tail_len && strcmp(word + len - tail_len, tail) == 0;
}

/* Does the word end like a verb? */
static bool
is_predicate(const char *word)
{
	static const char *const tails[] = {
		"어요", "아요",	  "해요", "네요", "세요", "예요", "에요", "래요", "까요", "지요", "이요",
		"고요", "은데요", "데요", "니다", "한다", "했다", "이다", "었다", "았다", "겠다", "싶다",
		"할까", "을까",	  "볼까", "하네", "었네", "좋네", "하지", "겠지", "할래", "을래", "해줘",
		"어줘", "원해",	  "하고", "는데", "은데", "한데", "인데", "던데", "해서", "아서", "어서",
		"라서", "하게",	  "하는", "되는", "있는", "없는", "같은", "싶은", "좋은", "었어", "았어",
		"했어", "싶어",	  "있어", "없어", "겠어", "졌어", "니까", "려고", "으면", "하면", "면서",
		"다가", "했던",	  "하기", "이야", "거야", "할게", NULL
	};
	int i;

	for (i = 0; tails[i]; i++)
		if (ends_in(word, tails[i]))
			return true;
	return false;
}

/* Is the word made of numerals, as in 삼만, 만오천원? */
static bool
is_amount(const char *word)
{
	static const char numerals[] = "일이삼사오육칠팔구십백천만원";
	const size_t len = strlen("일");
	char syllable[8];

	for (; strlen(word) >= len; word += len) {
		memcpy(syllable, word, len);
		syllable[len] = '\0';
		if (!strstr(numerals, syllable))
			return false;
	}
	return !*word;
}

/* The Korean word without the particle at its end, if at least so many syllables remain. */
static const char *
without_particle(struct arena *a, const char *word, size_t syllables)
{
	static const char *const particles[] = { "이랑은", "에서는", "으로는", "이라도", "까지도", "이랑",
						 "에서",   "으로",   "하고",   "에게",	 "부터",   "이나",
						 "라도",   "처럼",   "보다",   "을",	 "를",	   "이",
						 "가",	   "은",     "는",     "도",	 "로",	   "에",
						 "의",	   "랑",     "과",     "와",	 "나",	   "만",
						 NULL };
	size_t len = strlen(word);
	int i;

	for (i = 0; particles[i]; i++) {
		size_t tail = strlen(particles[i]);

		if (!ends_in(word, particles[i]))
			continue;
		return len >= tail + syllables * strlen("자") ? arena_strndup(a, word, len - tail) : word;
	}
	return word;
}

/*
 * What is left at the beginning of the word at span once the tables have taken theirs, if it may be the name of a
 * thing.
 */
static const char *
name_in(struct arena *a, const struct utterance *u, struct span span)
{
	const char *word;
	size_t len;

	for (len = 0; span.start + len < span.end && !u->used[span.start + len]; len++)
		;
	word = arena_strndup(a, u->words + span.start, len);
	if ((unsigned char)word[0] < 0x80)
		return len >= 3 && len == span.end - span.start && !(word[0] >= '0' && word[0] <= '9') &&
			       !is_listed(stop_en, word)
			   ? word
			   : NULL;
	if (len == span.end - span.start && is_predicate(word))
		return NULL;
	if (is_listed(stop_ko, without_particle(a, word, 1)))
		return NULL;
	word = without_particle(a, word, 2);
	if (strlen(word) < strlen("두자") || (unsigned char)word[0] < 0xEA || (unsigned char)word[0] > 0xED)
		return NULL;
	return is_listed(stop_ko, word) || is_amount(word) ? NULL : word;
}

/* Words no table knows. */
static void
find_names(struct arena *a, const struct utterance *u, struct said *said)
{
	struct span span = { 1, 1 };

	for (; u->words[span.start]; span.start = span.end + 1) {
		const char *name;

		span.end = span.start + strcspn(u->words + span.start, " ");
		name = name_in(a, u, span);
		if (!name)
			continue;
		if (utterance_negates(u, span)) {
			turn_down(said, name);
		} else {
			means(said, M_WORDS);
			add(said->named, &said->nnamed, name);
		}
	}
}

/* Clearly in one of the languages?  A product's name alone is not; nor is one word. */
static const char *
language_of(const struct utterance *u, const struct said *said)
{
	bool known = (said->means & ~MEANS(M_WORDS)) != 0;

	if (u->hangul >= 2)
		return "ko";
	return u->hangul == 0 && (u->latin_words >= 4 || (u->latin_words >= 2 && known)) ? "en" : NULL;
}

void
understand_text(struct arena *a, const char *text, struct said *ret_said)
{
	struct said *said = ret_said;
	const struct utterance *u = &said->text;
	const struct interest *row;

	memset(said, 0, sizeof(*said));
	utterance_read(a, text, &said->text);
	claim_rows(a, u, words_meanings, &said->means, NULL);
	if (u->question)
		means(said, utterance_has(u, "있어|있는데|있는거|없어|없나|없을까|없니") ? M_HAVE : M_ASKS);
	if (claim_rows(a, u, words_moods, NULL, &said->mood))
		means(said, M_MOOD);
	find_ordinal(u, said);
	if (budget_read(text, &said->budget))
		means(said, M_BUDGET);
	find_colours(u, said);
	for (row = interest_rows; row->code; row++) {
		find_interest(a, u, row, row->ko, said);
		find_interest(a, u, row, row->en, said);
	}
	find_fact(u, said);
	if (said->means == 0 && utterance_is_noise(u))
		means(said, M_NOISE);
	else
		find_names(a, u, said);
	said->language = language_of(u, said);
}
