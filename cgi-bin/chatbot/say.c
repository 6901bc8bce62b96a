/*
 * The assistant's words, in Korean and English, as tables.  A text may have gaps: {limit} is filled with what
 * gap_text knows, and {을/를} with the particle that suits the word before it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "hangul.h"
#include "house.h"

struct line {
	const char *ko, *en;
};

static const struct line lines[SAY__MAX] = {
	[SAY_GREETING] = { "안녕하세요! 저는 모아의 쇼핑 도우미예요. {ask}",
			   "Hello! I am moa's shopping assistant. {ask}" },
	[SAY_HELLO] = { "반가워요! {ask}", "Nice to meet you! {ask}" },
	[SAY_AS_YOU_LIKE] = { "네! {ask}", "All right! {ask}" },
	[SAY_LANGUAGE] = { "네, 한국어로 할게요. {ask}", "Sure, English it is. {ask}" },
	[SAY_MOOD_AGAIN] = { "기분을 잘 못 알아들었어요. \"좋아요\"나 \"피곤해요\"처럼 편하게 말해 주세요. "
			     "건너뛰어도 괜찮아요.",
			     "I did not catch how you feel. \"Good\" or \"tired\" is enough, and you may skip it, "
			     "too." },
	[SAY_HOBBY] = { "{empathy} {ask}", "{empathy} {ask}" },
	[SAY_HOBBY_AGAIN] = { "좋아하는 것을 한두 단어로 알려 주세요. 게임, 음악, 캠핑처럼요. 없으면 "
			      "\"없어요\"라고 하셔도 돼요.",
			      "Tell me in a word or two what you like, such as games, music or camping. "
			      "\"Nothing\" is fine as well." },
	[SAY_CHOOSE] = { "{hobby_heard} {ask}", "{hobby_heard} {ask}" },
	[SAY_CHOOSE_AGAIN] = { "둘 중 하나를 골라 주세요. 상품 추천과 소비 리포트가 있어요. 오늘은 그만두셔도 "
			       "괜찮아요.",
			       "Please choose one: product recommendations or your spending report. Or leave it for "
			       "today." },
	[SAY_PRODUCTS] = { "{found} {bound} {ask}", "{found} {bound} {ask}" },
	[SAY_OTHERS] = { "{found} {bound} {ask}", "{found} {bound} {ask}" },
	[SAY_REACT_AGAIN] = { "잘 못 알아들었어요. \"두 번째 걸로 할게요\", \"더 저렴한 거\", \"다른 색\"처럼 말해 "
			      "주세요.",
			      "I did not get that. Try \"I'll take the second\", \"cheaper\" or \"another colour\"." },
	[SAY_WHICH] = { "마음에 드신다니 기뻐요. 몇 번째 걸로 할까요?",
			"Glad you like them. Which one shall it be?" },
	[SAY_ACCEPTED] = { "좋은 선택이에요! {name}{은/는} {price}이고, 여기에서 살 수 있어요: {url} 이번 달에 "
			   "사면 다음 달 15일까지 갚으면 돼요.{guessed}",
			   "Good choice! You can buy {name} ({price}) here: {url} Bought this month, it is due "
			   "on the 15th of next month.{guessed}" },
	[SAY_DECLINED] = { "알겠어요, 오늘은 여기까지 할게요. 생각나면 언제든 다시 말 걸어 주세요.",
			   "All right, let's leave it at that. Write to me whenever you feel like it." },
	[SAY_BYE] = { "네, 다음에 또 이야기해요. 언제든 다시 불러 주세요.",
		      "Sure, talk to you another time. I am here whenever you need me." },
	[SAY_DASHBOARD] = { "소비 리포트는 여기에서 볼 수 있어요: {dashboard}",
			    "Your spending report is here: {dashboard}" },
	[SAY_WELCOME] = { "천만에요! {ask}", "You are welcome! {ask}" },
	[SAY_RESTARTED] = { "처음부터 다시 해 볼게요. {ask}", "Let's start again. {ask}" },
	[SAY_REOPENED] = { "네, 이어서 도와드릴게요. {ask}", "Happy to go on. {ask}" },
	[SAY_FACT] = { "{fact} (출처: {source}) {ask}", "{fact} (Source: {source}.) {ask}" },
	[SAY_UNKNOWN] = { "그건 제가 아는 내용이 아니라서 지어내지 않을게요. 상품 추천과 모아의 한도, 기한, "
			  "연장, 수수료, 포인트, 등급은 답해 드릴 수 있어요. {ask}",
			  "I do not know that and would rather not make it up. I can recommend products and "
			  "answer about moa's limits, due dates, extensions, fees, points and grades. {ask}" },
	[SAY_HELP] = { "저는 사람이 아니라 모아의 쇼핑 도우미예요. 남은 한도 안에서 상품을 골라 드리고, "
		       "모아의 한도, 기한, 연장, 수수료, 포인트, 등급을 알려 드려요. {ask}",
		       "I am moa's shopping assistant, not a person. I pick products within your limit and "
		       "explain moa's limits, due dates, extensions, fees, points and grades. {ask}" },
	[SAY_ABOUT] = { "{name}{은/는} {price}이고 {mall}에서 팔아요. {reason} 이걸로 할까요?",
			"{name} costs {price} and is sold by {mall}. {reason} Shall it be this one?" },
	[SAY_PRICES] = { "{prices}. {ask}", "{prices}. {ask}" },
	[SAY_BLOCKED] = { "지금은 결제가 정지되어 있어서 물건을 살 수 없어요. 밀린 금액을 모두 갚으면 바로 "
			  "풀리니, 그때 함께 골라요. 궁금한 건 언제든 물어보세요.",
			  "Paying with moa is on hold for you, so you cannot buy anything right now. Repay "
			  "what is overdue and it is lifted at once; then let's pick something together. Ask "
			  "me anything meanwhile." },
	[SAY_NO_LIMIT] = { "지금은 남은 한도가 없어서 살 수 있는 상품이 없어요. 갚은 만큼 한도가 바로 돌아와요.",
			   "Nothing is left of your limit right now, so there is nothing you could buy. "
			   "Whatever you repay comes back at once." },
	[SAY_TOO_DEAR] = { "{name}{은/는} {price}인데 지금 남은 한도는 {limit}이라 살 수 없어요. 더 저렴한 걸 "
			   "찾아볼까요?",
			   "{name} costs {price}, but only {limit} is left of your limit now. Shall I look for "
			   "something cheaper?" },
	[SAY_NOTHING] = { "{cap} 안에서는 더 보여 드릴 상품이 없어요. 다른 관심사나 예산을 말씀해 주시면 다시 "
			  "찾아볼게요.",
			  "I have nothing more within {cap}. Name another interest or budget and I will look "
			  "again." },
	[SAY_NOTHING_CHEAPER] = { "더 저렴한 건 찾지 못했어요. 다른 종류로 찾아볼까요?",
				  "I found nothing cheaper than that. Shall I look for another kind of thing?" },
	[SAY_NOTHING_DEARER] = { "{cap} 안에서 더 높은 가격대는 찾지 못했어요. 다른 종류로 찾아볼까요?",
				 "I found nothing above that within {cap}. Shall I look for another kind of thing?" },
};

/* The question each state asks. */
static const struct line questions[STATE__MAX] = {
	[MOOD_CHECK] = { "오늘 기분은 어떠세요?", "How are you feeling today?" },
	[HOBBY_CHECK] = { "요즘 무엇을 좋아하세요?", "What are you into these days?" },
	[CHOOSE] = { "상품을 추천해 드릴까요, 아니면 소비 리포트를 볼까요?",
		     "Shall I recommend some products, or would you like to see your spending report?" },
	[RECOMMENDATION] = { "마음에 드는 게 있으세요?", "Do you like one of them?" },
	[RE_RECOMMENDATION] = { "이번에는 어떠세요?", "How about these?" },
	[DONE] = { "또 도와드릴 일이 있을까요?", "Is there anything else I can do for you?" },
};

/* An interest of the profile makes the question of the hobby a lighter one. */
static const struct line profile_question = { "프로필에 {profile}{이/가} 있던데, 요즘도 좋아하세요?",
					      "Your profile says {profile}: still your thing?" };

static const struct line empathies[MOOD__MAX] = {
	[MOOD_GOOD] = { "기분이 좋으시다니 저도 기뻐요!", "Lovely to hear that!" },
	[MOOD_SO_SO] = { "그런 날도 있죠.", "One of those days, then." },
	[MOOD_BAD] = { "마음이 쓰이네요. 조금이라도 나아지셨으면 해요.",
		       "I am sorry to hear that. I hope it gets better." },
	[MOOD_TIRED] = { "오늘 많이 애쓰셨네요. 푹 쉬셨으면 좋겠어요.",
			 "That sounds like a long day. I hope you get some rest." },
	[MOOD_BORED] = { "심심할 땐 새로운 게 최고죠.", "Let's find something new, then." },
};

/* How what is shown meets what was wished for: all of it, some of it, none of it. */
enum met {
	MET,
	MET_ANYTHING,
	MET_CHEAPER,
	MET_DEARER,
	COLOUR_SOME,
	COLOUR_NONE,
	PRICE_SOME,
	PRICE_NONE,
	KIND_SOME,
	KIND_NONE,
	KIND_NONE_CHEAPER,
	MET__MAX
};

static const struct line found_lines[MET__MAX] = {
	[MET] = { "{wish} 쪽에서 {n}개를 골랐어요.", "Here {are} {n} for {wish}." },
	[MET_ANYTHING] = { "이런 건 어떨까 해서 {n}개를 골랐어요.", "Here {are} {n} you might like." },
	[MET_CHEAPER] = { "앞서 보신 것보다 저렴한 것으로 {n}개를 골랐어요.",
			  "Here {are} {n} that cost less than what you saw." },
	[MET_DEARER] = { "앞서 보신 것보다 가격대가 높은 것으로 {n}개를 골랐어요.",
			 "Here {are} {n} above what you saw." },
	[COLOUR_SOME] = { "원하시는 색은 {exact}개뿐이라 나머지는 다른 색으로 골랐어요.",
			  "Only {exact} came in such a colour, so the rest differs." },
	[COLOUR_NONE] = { "원하시는 색은 찾지 못해서 비슷한 것으로 골랐어요.",
			  "I found none in such a colour, so these are the closest." },
	[PRICE_SOME] = { "그 가격대는 {exact}개뿐이라 나머지는 다른 가격으로 골랐어요.",
			 "Only {exact} came at such a price, so the rest differs." },
	[PRICE_NONE] = { "그 가격대는 더 없어서 다른 가격으로 골랐어요.",
			 "I found no more at such a price, so these cost something else." },
	[KIND_NONE_CHEAPER] = { "{wish} 쪽에는 더 저렴한 게 없어서 {else} 골라 봤어요.",
				"Nothing for {wish} is cheaper, so these are {else}." },
	[KIND_SOME] = { "딱 맞는 건 {exact}개뿐이라 나머지는 {else} 골랐어요.",
			"Only {exact} really matched, so the rest is {else}." },
	[KIND_NONE] = { "{wish} 쪽은 {cap} 안에서 더 보여 드릴 게 없어서 {else} 골라 봤어요.",
			"I have nothing else for {wish} within {cap}, so these are {else}." },
};

static const char dashboard_path[] = "/dashboard";

enum { TEXT_MAX = 2000 };

/* A text being written. */
struct writer {
	struct arena *a;
	const struct step *step;
	const struct facts *facts;
	const struct product *found;
	int nfound;
	bool korean;
	char *out;
	size_t len;
};

static void write_text(struct writer *w, const char *text);

static void
put_bytes(struct writer *w, const char *bytes, size_t len)
{
	if (len > TEXT_MAX - w->len)
		len = 0;
	memcpy(w->out + w->len, bytes, len);
	w->len += len;
	w->out[w->len] = '\0';
}

/* Write text as it is: gaps in what customers and catalogs say are none. */
static void
put(struct writer *w, const char *text)
{
	put_bytes(w, text, strlen(text));
}

static const char *
choose_line(const struct writer *w, const struct line *line)
{
	return w->korean ? line->ko : line->en;
}

const char *
say_won(struct arena *a, int64_t won, const char *language)
{
	const char *unit = strcmp(language, "ko") == 0 ? "원" : " won";

	if (won >= 1000000)
		return arena_printf(a, "%" PRId64 ",%03" PRId64 ",%03" PRId64 "%s", won / 1000000,
				    won / 1000 % 1000, won % 1000, unit);
	if (won >= 1000)
		return arena_printf(a, "%" PRId64 ",%03" PRId64 "%s", won / 1000, won % 1000, unit);
	return arena_printf(a, "%" PRId64 "%s", won, unit);
}

static const char *
won(const struct writer *w, int64_t amount)
{
	return say_won(w->a, amount, w->step->flow.language);
}

/* The words of a list, with commas; of_codes: codes of interests by their names. */
static const char *
spell_list(const struct writer *w, const char *list, bool of_codes)
{
	const char *text = "";

	while (*list) {
		size_t n = strcspn(list, "|");
		const char *word = arena_strndup(w->a, list, n);
		const struct interest *interest = of_codes ? interest_find(word) : NULL;

		if (interest)
			word = w->korean ? interest->name_ko : interest->name_en;
		text = arena_printf(w->a, "%s%s%s", text, *text ? ", " : "", word);
		list += n + (list[n] == '|');
	}
	return text;
}

/* What is looked for, in the customer's own words, else what they are into. */
static const char *
spell_wish(const struct writer *w)
{
	const struct flow *flow = &w->step->flow;

	return *flow->terms ? spell_list(w, flow->terms, false) : spell_list(w, flow->hobby, true);
}

static void
write_ask(struct writer *w)
{
	enum state state = machine_state(w->step->flow.state);

	if (state == HOBBY_CHECK && *w->facts->interests)
		write_text(w, choose_line(w, &profile_question));
	else
		write_text(w, choose_line(w, &questions[state]));
}

static void
write_empathy(struct writer *w)
{
	int mood;

	for (mood = 0; mood < MOOD__MAX; mood++) {
		if (strcmp(w->step->flow.mood, words_mood_code(mood)) == 0) {
			write_text(w, choose_line(w, &empathies[mood]));
			return;
		}
	}
	put(w, w->korean ? "알겠어요." : "All right.");
}

static void
write_hobby_heard(struct writer *w)
{
	const char *hobby = spell_list(w, w->step->flow.hobby, true);

	if (*hobby)
		put(w, arena_printf(w->a, w->korean ? "%s 좋아하시는군요!" : "So you like %s!", hobby));
	else
		put(w, w->korean ? "괜찮아요, 천천히 찾아가면 되죠."
				 : "That is fine, we can find out as we go.");
}

static int
count_exact(const struct writer *w)
{
	int i, exact = 0;

	for (i = 0; i < w->nfound; i++)
		exact += w->found[i].fit == FIT_EXACT;
	return exact;
}

/* The worst fit among what is shown. */
static int
worst_fit(const struct writer *w)
{
	int i, worst = FIT_EXACT;

	for (i = 0; i < w->nfound; i++)
		worst = w->found[i].fit > worst ? w->found[i].fit : worst;
	return worst;
}

/* How what was found meets the wish. */
static enum met
how_met(const struct writer *w)
{
	const struct flow *flow = &w->step->flow;
	int exact = count_exact(w), worst = worst_fit(w);

	if (worst >= FIT_NEARBY && exact == 0 && w->step->compared < 0)
		return KIND_NONE_CHEAPER;
	if (worst >= FIT_NEARBY)
		return exact > 0 ? KIND_SOME : KIND_NONE;
	if (worst == FIT_NOT_PRICE)
		return exact > 0 ? PRICE_SOME : PRICE_NONE;
	if (worst == FIT_NOT_COLOUR)
		return exact > 0 ? COLOUR_SOME : COLOUR_NONE;
	if (w->step->compared && (flow->below_won || flow->floor_won))
		return w->step->compared < 0 ? MET_CHEAPER : MET_DEARER;
	return *flow->terms || *flow->hobby ? MET : MET_ANYTHING;
}

/* Within what the products stay: what the customer said, or what they may spend. */
static void
write_bound(struct writer *w)
{
	const struct flow *flow = &w->step->flow;
	int64_t limit = w->facts->available_won;
	const char *text;

	if (!flow->budget_won || flow->budget_won > limit)
		text = arena_printf(
		    w->a, w->korean ? "모두 남은 한도 %s 안이에요." : "All are within your available %s.",
		    won(w, limit));
	else if (flow->floor_won && w->step->firm)
		text =
		    arena_printf(w->a, w->korean ? "모두 %s에서 %s 사이예요." : "All are between %s and %s.",
				 won(w, flow->floor_won), won(w, flow->budget_won));
	else
		text = arena_printf(
		    w->a, w->korean ? "모두 말씀하신 %s 안이에요." : "All are within the %s you named.",
		    won(w, flow->budget_won));
	put(w, text);
}

static void
write_prices(struct writer *w)
{
	int i;

	for (i = 0; i < w->facts->ncards; i++) {
		const struct product *p = &w->facts->cards[i];

		put(w, arena_printf(w->a, w->korean ? "%s%d번 %s %s" : "%s%d. %s, %s",
				    i ? (w->korean ? ", " : "; ") : "", i + 1,
				    w->korean ? p->name_ko : p->name_en, won(w, p->price_won)));
	}
}

/* What the gap of that name is filled with; NULL when it is one of those below. */
static const char *
gap_text(const struct writer *w, const char *name)
{
	const struct step *step = w->step;
	const struct product *card = step->card;
	const struct {
		const char *name, *text;
	} gaps[] = {
		{ "limit", won(w, w->facts->available_won) },
		{ "cap", won(w, machine_cap(&step->flow, w->facts)) },
		{ "hobby", spell_list(w, step->flow.hobby, true) },
		{ "profile", spell_list(w, w->facts->interests, false) },
		{ "wish", spell_wish(w) },
		{ "n", arena_printf(w->a, "%d", w->nfound) },
		{ "exact", arena_printf(w->a, "%d", count_exact(w)) },
		{ "are", w->nfound == 1 ? "is" : "are" },
		{ "source", step->fact ? w->korean ? step->fact->source_ko : step->fact->source_en : "" },
		{ "name", card ? w->korean ? card->name_ko : card->name_en : "" },
		{ "price", card ? won(w, card->price_won) : "" },
		{ "reason", card ? w->korean ? card->reason_ko : card->reason_en : "" },
		{ "mall", card ? card->mall : "" },
		{ "url", card ? card->url : "" },
		{ "dashboard", dashboard_path },
	};
	size_t i;

	for (i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++)
		if (strcmp(gaps[i].name, name) == 0)
			return gaps[i].text;
	return NULL;
}

/* Of what other kinds the rest is. */
static void
write_else(struct writer *w)
{
	if (worst_fit(w) == FIT_NEARBY)
		put(w, w->korean ? "비슷한 쪽으로" : "close to it");
	else
		put(w, w->korean ? "다른 종류로" : "of other kinds");
}

static void
write_fact(struct writer *w)
{
	write_text(w, w->korean ? w->step->fact->text_ko : w->step->fact->text_en);
}

static void
write_found(struct writer *w)
{
	write_text(w, choose_line(w, &found_lines[how_met(w)]));
}

static void
write_guessed(struct writer *w)
{
	if (w->step->guessed)
		put(w, w->korean ? " 다른 걸 말씀하셨다면 번호로 알려 주세요."
				 : " If you meant another, tell me its number.");
}

/* Gaps that are texts with gaps themselves. */
static const struct {
	const char *name;
	void (*write)(struct writer *);
} parts[] = {
	{ "ask", write_ask },	  { "empathy", write_empathy }, { "hobby_heard", write_hobby_heard },
	{ "found", write_found }, { "bound", write_bound },	{ "prices", write_prices },
	{ "fact", write_fact },	  { "guessed", write_guessed }, { "else", write_else },
};

static void
write_gap(struct writer *w, const char *name)
{
	const char *text = strchr(name, '/') ? hangul_particle(w->out, name) : gap_text(w, name);
	size_t i;

	if (text) {
		put(w, text);
		return;
	}
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].name, name) == 0)
			parts[i].write(w);
}

/* Write one of our own texts, filling its gaps on the way. */
static void
write_text(struct writer *w, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "{");

		put_bytes(w, text, n);
		text += n;
		if (*text == '{') {
			n = strcspn(text, "}");
			write_gap(w, arena_strndup(w->a, text + 1, n - 1));
			text += n + 1;
		}
	}
}

/* Does the text confirm a budget anyway, or lead away from it? */
static bool
confirms_budget(enum say say)
{
	return say == SAY_PRODUCTS || say == SAY_OTHERS || say >= SAY_BLOCKED || say == SAY_RESTARTED;
}

const char *
say_reply(struct arena *a, const struct step *step, const struct facts *facts, const struct product *found,
	  int n)
{
	struct writer w = { .a = a, .step = step, .facts = facts, .found = found, .nfound = n };

	w.korean = strcmp(step->flow.language, "ko") == 0;
	w.out = arena_alloc(a, TEXT_MAX + 1);
	if (step->noted && !confirms_budget(step->say))
		put(&w, arena_printf(
			    a, w.korean ? "예산은 %s 이하로 기억할게요. " : "I will keep to at most %s. ",
			    won(&w, step->flow.budget_won)));
	write_text(&w, choose_line(&w, &lines[step->say]));
	return w.out;
}

enum { CHOICES_MAX = 6 };

struct choices {
	const char *ko[CHOICES_MAX + 1], *en[CHOICES_MAX + 1];
};

static const struct choices state_choices[STATE__MAX] = {
	[MOOD_CHECK] = { { "좋아요", "그냥 그래요", "피곤해요", "스트레스 받아요", "건너뛸래요" },
			 { "Great", "So-so", "Tired", "Stressed", "Skip" } },
	[HOBBY_CHECK] = { { "게임", "음악", "운동", "요리", "캠핑", "없어요" },
			  { "Games", "Music", "Exercise", "Cooking", "Camping", "Nothing special" } },
	[CHOOSE] = { { "상품 추천해 주세요", "소비 리포트 볼래요", "다음에 할게요" },
		     { "Recommend products", "Show my spending report", "Maybe later" } },
	[RECOMMENDATION] = { { "첫 번째 걸로 할게요", "더 저렴한 거", "다른 색", "이 브랜드 말고",
			       "다른 거 보여 주세요", "됐어요" },
			     { "I'll take the first", "Cheaper", "Another colour", "Not this brand",
			       "Something else", "No thanks" } },
	[DONE] = { { "다른 상품 추천해 주세요", "소비 리포트 볼래요" },
		   { "Recommend something else", "Show my spending report" } },
};

static const struct choices which_choices = {
	{ "첫 번째 걸로 할게요", "두 번째 걸로 할게요", "세 번째 걸로 할게요", "다른 거 보여 주세요" },
	{ "I'll take the first", "I'll take the second", "I'll take the third", "Something else" }
};
static const struct choices offer_choices = { { "네", "더 저렴한 거", "다른 거 보여 주세요", "됐어요" },
					      { "Yes", "Cheaper", "Something else", "No thanks" } };
static const struct choices nothing_choices = {
	{ "가격은 상관없어요", "음악 쪽으로 보여 주세요", "요리 쪽으로 보여 주세요", "다음에 할게요" },
	{ "Any price is fine", "Show me music", "Show me cooking", "Maybe later" }
};
static const struct choices held_choices = { { "어떻게 갚아요?", "소비 리포트 볼래요", "다음에 할게요" },
					     { "How do I repay?", "Show my spending report",
					       "Maybe later" } };

const char *const *
say_choices(enum say say, const struct flow *flow)
{
	enum state state = machine_state(flow->state);
	const struct choices *c = &state_choices[state == RE_RECOMMENDATION ? RECOMMENDATION : state];

	if (say == SAY_WHICH)
		c = &which_choices;
	else if (say == SAY_ABOUT || say == SAY_TOO_DEAR)
		c = &offer_choices;
	else if (say == SAY_NOTHING || say == SAY_NOTHING_CHEAPER || say == SAY_NOTHING_DEARER)
		c = &nothing_choices;
	else if (say == SAY_BLOCKED || say == SAY_NO_LIMIT)
		c = &held_choices;
	return strcmp(flow->language, "ko") == 0 ? c->ko : c->en;
}

const char *
say_link(const struct step *step)
{
	if (step->say == SAY_DASHBOARD)
		return dashboard_path;
	return step->say == SAY_ACCEPTED || step->say == SAY_ABOUT ? step->card->url : NULL;
}
