/*
 * Names of things among the words that no table knows: what is left when particles, verbs and words of talk are taken
 * away.  It takes too much for a name rather than too little: the catalog decides what there is.
 */
#include <string.h>

#include "arena.h"
#include "hangul.h"
#include "house.h"

/* Words that carry no thing: particles of talk, not of the catalog. */
static const char stop_ko[] =
    "|이중|결제|구매|주문|구입|에러|오류|처음|저것|아무것|아무색|안넘|안넘게|언더|풀거|다녀|다니|안해|안줘|둘이서|둘중|고민|남자|여자|키우기|뭐해|운세|사주|"
    "아침|점심|여섯살|다섯살|일곱살|중|중이|가능|추천요|"
    "우리애|우리집|애|애가|우리아이|볼래|볼까|살래|갈래|있음|없음|없는게|있는게|많네|많은|나|내|난|저|제|전|우리|너|네|그|이|저기|좀|조금|요즘|요새|그냥|혹시|뭐|뭔가|거|것|"
    "걸|게|건|수|때|진짜|정말|너무|아주|완전|매우|그리고|근데|그런데|그래서|그럼|오늘|"
    "지금|내일|어제|이거|그거|저거|이것|그것|하나|두개|때문|때문에|같은|같이|정도|이하|"
    "이상|원|안|쯤|음|어|아|오|와|흠|에|예산|가격|돈|만원|색|색깔|색상|브랜드|상품|제품|"
    "물건|취미|기분|마음|생각|사람|친구|친구들|엄마|아빠|부모님|여자친구|남자친구|남친|여친|"
    "동생|용|위한|위해|중에|중|말|더|덜|잘|못|다|또|막|꼭|좀더|제일|가장|많이|자주|가끔|"
    "약간|오랜만에|주말|주말에|평일|아침|저녁|밤|집|집에서|회사|일|하루|이번|다음|번째|"
    "개|분|층|쪽|안에서|한도|한도안에서|이제|이젠|그만|이건|그건|저건|이게|그게|저게|"
    "미만|까지|사이|내외|계열|톤|느낌|스타일로|잠깐|잠시|아까|방금|혹은|또는|아니면|딱히|"
    "생일|생신|결혼|기념일|밑|위|아래|넘어|이내|누구|모두|전부|아이템|용품|관련|쪽으로|"
    "해|줘|함|임|등|안쪽|넘는|넘는거|넘게|안되는|이내로|언저리|혼자|맘|맘이|마음이|됐고|됐으니|그럼|그러면|"
    "주세요|주라|줄래|부터|싼거부터|이나|아무|아무거|그런|그런거|이런|이런거|저런|저런거|어떤|배고파|무슨|"
    "다른|내려|제발|빨리|얼른|일단|우선|추가로|대신|바로|다시|관해|대해|관련해|대해서|키로|사고|선에서|쯤에서|느낌으로|"
    "할머니|할아버지|어머니|아버지|어머님|아버님|언니|누나|오빠|형|아내|남편|와이프|선생님|동료|상사|후배|선배||";
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
    "hobbies|birthday|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|ten|five|"
    "hundred|thousands|again|mind|changed|later|birthday|anniversary|christmas|wedding|"
    "listen|listens|listening|someone|somebody|everyone|getting|being|having|trying|taking|enjoying|watching|"
    "using|making|starting|started|been|wait|actually|wow|ugh|yay|haha|hehe|never|ever|show|shows|helps|help|list|page|kinds|types|categories|category|asap|"
    "ate|wife|husband|sister|brother|boss|coworker|colleague|parents|grandma|grandpa|uncle|aunt|kid|son|"
    "daughter|teacher|roommate|partner|secret|santa|either|tha|lyk|actual|guess|honest|honestly|used|use|new|"
    "old|best|better|least|anyway|instead|also|can|let|lets|see|say|said|tell|know|mean|"
    "okay|fine|yes|yeah|sure|please|thanks|want|wanna|gonna|gotta|people|person|budget|"
    "spend|cost|costs|money|cash|sth|smth|gimme|between|likes|loves|shes|hes|theyre|youre|bucks|"
    "dollar|dollars|usd|nah|lol|lmao|omg|btw|tbh|bro|dude|man|hey|guys|pretty|quite|rather|super|"
    "anyone|nobody|everything|nothing|each|other|others|such|same|both|either|neither|where|why|"
    "come|comes|give|gives|tell|keep|put|try|hope|wish|having|turned|turns|turning|next|last|"
    "month|year|years|old|soon|back|undo|already|yet|ago|since|until|during|into|onto|between|"
    "just|ones|whatever|wherever|again|nicer|plus|per|each|via|isnt|arent|wasnt|didnt|wont|"
    "you|yours|their|theirs|his|hers|its|ours|theres|heres|were|weve|youve|theyve|theyll|ill|well|";

/* What things may be like, which is no thing by itself. */
static const char qualities[] =
    "|작은|큰|긴|짧은|재밌는|재미있는|방수되는|조용한|noise|cancelling|canceling|mechanical|ergonomic|vintage|vegan|sensitive|herbal|large|small|big|무선|유선|방수|방한|가죽|휴대용|대용량|접이식|미니|소형|대형|블루투스|충전식|저소음|노이즈캔슬링|국산|친환경|"
    "수제|면|순면|가벼운|튼튼한|귀여운|예쁜|심플한|따뜻한|시원한|푹신한|wireless|wired|waterproof|leather|portable|"
    "foldable|folding|mini|compact|bluetooth|rechargeable|quiet|silent|cotton|organic|handmade|light|lightweight|"
    "sturdy|durable|cute|pretty|simple|minimal|warm|soft|cozy|cosy|cool|";

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
		"어요",	  "봐요", "줘요", "까요", "주세요", "아요",   "해요",	"네요",	  "세요",
		"래요",	  "까요", "지요", "고요", "은데요", "데요",   "니다",	"한다",	  "했다",
		"었다",	  "았다", "겠다", "싶다", "할까",   "을까",   "볼까",	"하네",	  "었네",
		"좋네",	  "하지", "겠지", "할래", "을래",   "해줘",   "어줘",	"원해",	  "하고",
		"는데",	  "은데", "한데", "인데", "던데",   "해서",   "아서",	"어서",	  "라서",
		"하게",	  "하는", "되는", "있는", "없는",   "같은",   "싶은",	"좋은",	  "었어",
		"았어",	  "했어", "싶어", "있어", "없어",   "겠어",   "졌어",	"니까",	  "려고",
		"으면",	  "하면", "면서", "다가", "했던",   "하기",   "이야",	"거야",	  "할게",
		"고파",	  "아파", "야지", "잖아", "구나",   "거든",   "더라",	"군요",	  "싫어",
		"됐어",	  "운거", "한거", "은거", "진거",   "린거",   "큰거",	"작은거", "되는거",
		"하심",	  "기심", "으심", "했음", "었음",   "았음",   "바뀜",	"됐음",	  "겠음",
		"나요",	  "가요", "은듯", "는듯", "하셔",   "으셔",   "키워",	"볼래",	  "먹을래",
		"다녀요", "다녀", "이라", "신대", "밌는거", "있는거", "없는거", "하는거", "되는걸",
		"지마",	  "러줘", "봐줘", "려줘", "내줘",   "오는거", "니고",	"리고",	  "기고",
		"시고",	  "우고", NULL
	};
	int i;

	for (i = 0; tails[i]; i++)
		if (ends_in(word, tails[i]))
			return true;
	return false;
}

/* Does the word begin like an amount, as in 삼만, 만오천원, 만원대, 만오천원까지?  One numeral alone begins many words. */
static bool
is_amount(const char *word)
{
	static const char numerals[] = "일이삼사오육칠팔구십백천만원";
	const size_t len = strlen("일");
	char syllable[8];
	int n;

	for (n = 0; strlen(word) >= len; word += len, n++) {
		memcpy(syllable, word, len);
		syllable[len] = '\0';
		if (!strstr(numerals, syllable))
			break;
	}
	return n >= 2 || !*word;
}

/* Would the particle follow the stem?  에세이 is no 에세 with 이, which wants a consonant before it. */
static bool
suits(const char *stem, const char *particle)
{
	static const char *const pairs[] = { "은/는", "이/가", "을/를", "과/와", NULL };
	size_t len = strlen(particle);
	int i;

	for (i = 0; pairs[i]; i++) {
		const char *at = strstr(pairs[i], particle);

		if (at && (at == pairs[i] || at[-1] == '/') && (at[len] == '/' || !at[len]))
			return strcmp(hangul_particle(stem, pairs[i]), particle) == 0;
	}
	return true;
}

/* The Korean word without the particle at its end, if at least so many syllables remain. */
static const char *
without_particle(struct arena *a, const char *word, size_t syllables)
{
	static const char *const particles[] = { "이에요", "이예요", "예요",   "에요",	 "으루",   "같은거",
						 "같은것", "같은건", "같은걸", "이랑은", "에서는", "으로는",
						 "이라도", "까지도", "이랑",   "에서",	 "으로요", "로요",
						 "이요",   "으로",   "하고",   "에게",	 "부터",   "이나",
						 "라도",   "처럼",   "보다",   "을",	 "를",	   "이",
						 "가",	   "은",     "는",     "도",	 "로",	   "에",
						 "엔",	   "의",     "랑",     "과",	 "와",	   "나",
						 "마다",   "만",     "요",     "이야",	 "야",	   NULL };
	size_t len = strlen(word);
	const char *stem;
	int i;

	for (i = 0; particles[i]; i++) {
		size_t tail = strlen(particles[i]);

		if (!ends_in(word, particles[i]))
			continue;
		if (len < tail + syllables * strlen("자"))
			return word;
		stem = arena_strndup(a, word, len - tail);
		return suits(stem, particles[i]) ? stem : word;
	}
	return word;
}

/* 따뜻한거 without its 거. */
static const char *
without_thing(struct arena *a, const char *word)
{
	static const char *const things[] = { "거", "것", "걸", "건", "걸로", "거로", NULL };
	int i;

	for (i = 0; things[i]; i++)
		if (ends_in(word, things[i]) && strlen(word) > strlen(things[i]))
			return arena_strndup(a, word, strlen(word) - strlen(things[i]));
	return word;
}

/* A letter that is no syllable, as in 좋아ㅠㅠ: U+3131 to U+318E. */
static bool
is_jamo(const char *at)
{
	const unsigned char *c = (const unsigned char *)at;

	return c[0] == 0xE3 && ((c[1] == 0x84 && c[2] >= 0xB1) || (c[1] > 0x84 && c[1] <= 0x86));
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
		if (is_jamo(u->words + span.start + len))
			break;
	word = arena_strndup(a, u->words + span.start, len);
	if ((unsigned char)word[0] < 0x80)
		return len >= 3 && len == span.end - span.start && !(word[0] >= '0' && word[0] <= '9') &&
			       !is_listed(stop_en, word)
			   ? word
			   : NULL;
	if (is_listed(qualities, without_thing(a, word)))
		return without_thing(a, word);
	if (len == span.end - span.start && is_predicate(word))
		return NULL;
	if (is_listed(stop_ko, without_particle(a, word, 1)))
		return NULL;
	if (strlen(without_particle(a, word, 1)) < strlen("두자"))
		return NULL;
	word = without_particle(a, word, 2);
	if (strlen(word) < strlen("두자") || (unsigned char)word[0] < 0xEA || (unsigned char)word[0] > 0xED)
		return NULL;
	return is_listed(stop_ko, word) || is_amount(word) || is_predicate(word) ? NULL : word;
}

/* Where the word after the one that ends at end ends. */
static size_t
next_end(const struct utterance *u, size_t end)
{
	return u->words[end] && u->words[end + 1] ? end + 1 + strcspn(u->words + end + 1, " ") : end;
}

/* Where the word before the one at start begins. */
static size_t
last_start(const struct utterance *u, size_t start)
{
	size_t at = start > 1 ? start - 1 : start;

	while (at > 1 && u->words[at - 1] != ' ')
		at--;
	return at;
}

/*
 * Does the word at span stand with the name of an interest, as in "wireless earbuds"?  What stands elsewhere beside one
 * is talk.
 */
static bool
is_beside_interest(const struct utterance *u, struct span span)
{
	size_t from = last_start(u, span.start), to = next_end(u, next_end(u, span.end));

	return memchr(u->things + from, 1, to - from) != NULL;
}

void
names_find(struct arena *a, const struct utterance *u, struct said *said)
{
	struct span span = { 1, 1 };

	for (; u->words[span.start]; span.start = span.end + 1) {
		const char *name;

		span.end = span.start + strcspn(u->words + span.start, " ");
		name = name_in(a, u, span);
		if (!name || ((said->means & MEANS(M_INTEREST)) && !is_beside_interest(u, span)))
			continue;
		understand_name(said,
				utterance_negates(u, span)   ? M_UNWANTED
				: is_listed(qualities, name) ? M_QUALITY
							     : M_WORDS,
				name);
	}
}
