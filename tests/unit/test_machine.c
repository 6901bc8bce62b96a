/* Where the house responder leads conversations, and what it says: states and messages against what comes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "arena.h"
#include "house.h"

#define LENGTH(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A row that fails is reported and counted, so that one run tells of all. */
static int failed;

#define WRONG(...) (failed++, print_error(__VA_ARGS__), print_error("\n"))

static const char *const states[STATE__MAX] = { "mood_check",	  "hobby_check",       "choose",
						"recommendation", "re_recommendation", "done" };

static const struct facts nobody = { .available_won = 100000, .interests = "" };

static const struct facts facts = {
	.available_won = 100000,
	.interests = "",
	.ncards = 3,
	.cards = {
	    { .id = "a-1", .name_ko = "소리결 무선 이어폰", .name_en = "Sorigyeol wireless earbuds", .brand = "Sorigyeol",
	      .category = "headphones", .category_ko = "헤드폰", .category_en = "Headphones", .colour = "white", .price_won = 19900, .url = "https://mall.example/a-1",
	      .mall = "Mall", .reason_ko = "가벼워요.", .reason_en = "Light." },
	    { .id = "b-2", .name_ko = "나린 헤드폰", .name_en = "Narin headphones", .brand = "Narin",
	      .category = "headphones", .category_ko = "헤드폰", .category_en = "Headphones", .colour = "black", .price_won = 17900, .url = "https://mall.example/b-2",
	      .mall = "Mall", .reason_ko = "튼튼해요.", .reason_en = "Sturdy." },
	    { .id = "c-3", .name_ko = "두루온 거치대", .name_en = "Duruon stand", .brand = "Duruon",
	      .category = "headphones", .category_ko = "헤드폰", .category_en = "Headphones", .colour = "grey", .price_won = 24900, .url = "https://mall.example/c-3",
	      .mall = "Mall", .reason_ko = "단단해요.", .reason_en = "Solid." },
	},
};

/* The flow of a conversation in that state. */
static struct flow
flow_in(enum state state, const char *language)
{
	struct flow flow;

	machine_begin("11111111-1111-4111-8111-111111111111", language, &flow);
	flow.state = states[state];
	if (state >= RECOMMENDATION)
		flow.cards = "a-1|b-2|c-3";
	return flow;
}

static struct step
step_from(struct arena *a, const struct flow *flow, const char *text, const struct facts *known)
{
	struct said said;
	struct step step;

	understand_text(a, text, &said);
	machine_step(a, flow, &said, known, &step);
	return step;
}

#define MO MOOD_CHECK
#define HO HOBBY_CHECK
#define CH CHOOSE
#define RE RECOMMENDATION
#define RR RE_RECOMMENDATION
#define DO DONE

static void
test_messages_lead_on(void **state)
{
	static const struct {
		enum state state;
		const char *text;
		enum state next;
		enum say say;
	} rows[] = {
		/* the mood: anything that says something is taken */
		{ MO, "오늘 좀 피곤해요", HO, SAY_HOBBY },
		{ MO, "I'm pretty stressed to be honest", HO, SAY_HOBBY },
		{ MO, "비가 와서 그런가 멍하네", HO, SAY_HOBBY },
		{ MO, "😊", HO, SAY_HOBBY },
		{ MO, "okay I guess", HO, SAY_HOBBY },
		{ MO, "별로예요", HO, SAY_HOBBY },
		{ MO, "말하기 싫어", HO, SAY_HOBBY },
		{ MO, "I'd rather not say", HO, SAY_HOBBY },
		{ MO, "skip", HO, SAY_HOBBY },
		{ MO, "몰라", HO, SAY_HOBBY },
		{ MO, "I need a nap", HO, SAY_HOBBY },
		{ MO, "기분 좋은 일이 있어요", HO, SAY_HOBBY },
		{ MO, "예산은 3만원 이하요", HO, SAY_HOBBY },
		{ MO, "게임하고 있어요", CH, SAY_CHOOSE },
		{ MO, "안녕", MO, SAY_HELLO },
		{ MO, "hello", MO, SAY_HELLO },
		{ MO, "asdf", MO, SAY_MOOD_AGAIN },
		{ MO, "ㅋㅋㅋ", MO, SAY_MOOD_AGAIN },
		{ MO, "오늘 날씨 어때?", MO, SAY_UNKNOWN },
		{ MO, "who is the president?", MO, SAY_UNKNOWN },
		{ MO, "너는 누구야?", MO, SAY_HELP },
		{ MO, "수수료 있어요?", MO, SAY_FACT },
		{ MO, "헤드폰 추천해줘", RE, SAY_PRODUCTS },
		{ MO, "I'm looking for a gift for my dog", RE, SAY_PRODUCTS },
		{ MO, "do you have headphones?", RE, SAY_PRODUCTS },
		{ MO, "소비 리포트 보여줘", DO, SAY_DASHBOARD },
		{ MO, "bye", DO, SAY_BYE },
		{ MO, "안뇽", MO, SAY_HELLO },
		{ MO, "안녕?", MO, SAY_HELLO },
		{ MO, "저기요", MO, SAY_HELLO },
		{ MO, "하이용", MO, SAY_HELLO },
		{ MO, "do you report to credit agencies", MO, SAY_FACT },
		{ MO, "good evening", MO, SAY_HELLO },
		{ MO, "좋은 아침입니다~^^", MO, SAY_HELLO },
		{ MO, "could be worse", HO, SAY_HOBBY },
		{ MO, "gift", RE, SAY_PRODUCTS },
		{ MO, "선물", RE, SAY_PRODUCTS },
		{ MO, "can you help me find a present", RE, SAY_PRODUCTS },
		{ MO, "headphones under 30k wireless black not narin", RE, SAY_PRODUCTS },
		{ MO, "need new running shoes asap", RE, SAY_PRODUCTS },
		{ MO, "what can I get for 10000", RE, SAY_PRODUCTS },
		{ MO, "tell me about yourself", MO, SAY_HELP },
		{ MO, "what is this", MO, SAY_HELP },
		{ MO, "is this free?", MO, SAY_FACT },
		{ MO, "how do i become gold", MO, SAY_FACT },
		{ MO, "not helpful", MO, SAY_SORRY },
		{ MO, "나 지금 ㅈㄴ 화남", HO, SAY_HOBBY },
		{ MO, "아이 생일이라 장난감 사려고", RE, SAY_PRODUCTS },
		{ MO, "쇼츠 보면 돈줘?", MO, SAY_FACT },
		{ MO, "카카오페이 되나요", MO, SAY_FACT },
		{ MO, "사장님 나와", MO, SAY_SORRY },
		{ MO, "한국어 되나요", MO, SAY_LANGUAGE },
		{ MO, "yo", MO, SAY_HELLO },
		{ MO, "???", MO, SAY_MOOD_AGAIN },
		{ MO, "생일이야 오늘!!", HO, SAY_HOBBY },
		{ MO, "오늘 시험 망쳤어", HO, SAY_HOBBY },
		{ MO, "my mom's birthday is next week", HO, SAY_HOBBY },
		{ MO, "엄마 선물 찾는데", RE, SAY_PRODUCTS },
		{ MO, "엄마 선물", RE, SAY_PRODUCTS },
		{ MO, "a gift for my girlfriend", RE, SAY_PRODUCTS },
		{ MO, "bonjour", MO, SAY_FOREIGN },
		{ MO, "je suis fatigué", MO, SAY_FOREIGN },
		{ MO, "我很累", MO, SAY_FOREIGN },
		{ MO, "너 바보야?", MO, SAY_SORRY },
		{ MO, "fuck off", MO, SAY_SORRY },
		{ MO, "시발 짜증나네", HO, SAY_HOBBY },
		{ MO, "GPT야?", MO, SAY_HELP },
		{ MO, "can i talk to a human", MO, SAY_HELP },
		{ MO, "비밀번호 바꾸고싶어", MO, SAY_FACT },
		{ MO, "do you store my data", MO, SAY_FACT },
		{ MO, "good night", DO, SAY_BYE },
		{ MO, "고마워", MO, SAY_WELCOME },
		/* the hobby: a refusal is an answer */
		{ HO, "캠핑이요", CH, SAY_CHOOSE },
		{ HO, "I collect stamps", CH, SAY_CHOOSE },
		{ HO, "없어요", CH, SAY_CHOOSE },
		{ HO, "Nothing special", CH, SAY_CHOOSE },
		{ HO, "i dont really have hobbies", CH, SAY_CHOOSE },
		{ HO, "딱히요", CH, SAY_CHOOSE },
		{ HO, "몰라요", CH, SAY_CHOOSE },
		{ HO, "아니요", CH, SAY_CHOOSE },
		{ HO, "I don't want to say", CH, SAY_CHOOSE },
		{ HO, "게임은 별로", CH, SAY_CHOOSE },
		{ HO, "게임 말고 책", CH, SAY_CHOOSE },
		{ HO, "네", HO, SAY_HOBBY_AGAIN },
		{ HO, "ㅋㅋ", HO, SAY_HOBBY_AGAIN },
		{ HO, "3만원 이하", HO, SAY_HOBBY },
		{ HO, "연장은 어떻게 해?", HO, SAY_FACT },
		{ HO, "recommend something under 30k", RE, SAY_PRODUCTS },
		{ HO, "drone please, I need a drone", RE, SAY_PRODUCTS },
		{ HO, "🎮", CH, SAY_CHOOSE },
		{ HO, "아 미안", HO, SAY_AS_YOU_LIKE },
		{ HO, "스트레스 풀거", CH, SAY_CHOOSE },
		{ HO, "cheap stuff", RE, SAY_PRODUCTS },
		{ HO, "네 좋습니다 허허", HO, SAY_HOBBY },
		{ HO, "건드리지마", CH, SAY_CHOOSE },
		{ HO, "실버 혜택", HO, SAY_FACT },
		{ HO, "공부해야지", HO, SAY_HOBBY_AGAIN },
		{ HO, "나 오늘 헤어졌어", HO, SAY_HOBBY },
		{ HO, "she's into gardening", CH, SAY_CHOOSE },
		{ HO, "just show me something cozy", RE, SAY_PRODUCTS },
		{ HO, "☕ 🎬", CH, SAY_CHOOSE },
		/* the choice */
		{ CH, "추천해줘", RE, SAY_PRODUCTS },
		{ CH, "네", RE, SAY_PRODUCTS },
		{ CH, "yes please", RE, SAY_PRODUCTS },
		{ CH, "좋아", RE, SAY_PRODUCTS },
		{ CH, "아무거나", RE, SAY_PRODUCTS },
		{ CH, "뭐가 있는데?", RE, SAY_PRODUCTS },
		{ CH, "30,000원 이하로", RE, SAY_PRODUCTS },
		{ CH, "black headphones", RE, SAY_PRODUCTS },
		{ CH, "1번", RE, SAY_PRODUCTS },
		{ CH, "2번", DO, SAY_DASHBOARD },
		{ CH, "the report", DO, SAY_DASHBOARD },
		{ CH, "내 소비 내역 볼래", DO, SAY_DASHBOARD },
		{ CH, "다음에 할게요", DO, SAY_DECLINED },
		{ CH, "no thanks", DO, SAY_DECLINED },
		{ CH, "아니요", DO, SAY_DECLINED },
		{ CH, "not now", DO, SAY_DECLINED },
		{ CH, "됐어", DO, SAY_DECLINED },
		{ CH, "추천은 됐어요", DO, SAY_DECLINED },
		{ CH, "게임은 싫고 책으로 추천", RE, SAY_PRODUCTS },
		{ CH, "asdf", CH, SAY_CHOOSE_AGAIN },
		{ CH, "ㅇ", RE, SAY_PRODUCTS },
		{ CH, "ㄴ", DO, SAY_DECLINED },
		{ CH, "아 됐고 이어폰이나 보여줘", RE, SAY_PRODUCTS },
		{ CH, "I love you", CH, SAY_WELCOME },
		{ CH, "do points expire", CH, SAY_FACT },
		{ CH, "will it hurt my credit score", CH, SAY_FACT },
		{ CH, "안녕", CH, SAY_CHOOSE_AGAIN },
		{ CH, "포인트는 어떻게 쌓여?", CH, SAY_FACT },
		{ CH, "what's the weather?", CH, SAY_UNKNOWN },
		{ CH, "ㄱㄱ", RE, SAY_PRODUCTS },
		{ CH, "추천은 필요없고 내 소비가 궁금해요", DO, SAY_DASHBOARD },
		{ CH, "소비 리포트는 됐어요", DO, SAY_DECLINED },
		/* reactions */
		{ RE, "첫 번째 걸로 할게", DO, SAY_ACCEPTED },
		{ RE, "the second one", DO, SAY_ACCEPTED },
		{ RE, "이걸로 할게", DO, SAY_ACCEPTED },
		{ RE, "3", DO, SAY_ACCEPTED },
		{ RE, "나린으로 할게요", DO, SAY_ACCEPTED },
		{ RE, "제일 싼 걸로 할게", DO, SAY_ACCEPTED },
		{ RE, "검은색으로 할게요", DO, SAY_ACCEPTED },
		{ RE, "I'll take the black one", DO, SAY_ACCEPTED },
		{ RE, "아니요 세 번째로 할게요", DO, SAY_ACCEPTED },
		{ RE, "첫 번째 말고 두 번째", DO, SAY_ACCEPTED },
		{ RE, "더 싼 거", RR, SAY_OTHERS },
		{ RE, "두 번째보다 싼 거", RR, SAY_OTHERS },
		{ RE, "다른 색", RR, SAY_OTHERS },
		{ RE, "black", RR, SAY_OTHERS },
		{ RE, "이 브랜드 말고", RR, SAY_OTHERS },
		{ RE, "다른 거", RR, SAY_OTHERS },
		{ RE, "more", RR, SAY_OTHERS },
		{ RE, "아니", RR, SAY_OTHERS },
		{ RE, "첫 번째 싫어", RR, SAY_OTHERS },
		{ RE, "마음에 안 들어", RR, SAY_OTHERS },
		{ RE, "5만원까지 괜찮아", RR, SAY_OTHERS },
		{ RE, "캠핑 용품 보여줘", RR, SAY_OTHERS },
		{ RE, "드론은 없어?", RR, SAY_OTHERS },
		{ RE, "헤드폰 살래", DO, SAY_ACCEPTED },
		{ RE, "가방 살래", RR, SAY_OTHERS },
		{ RE, "됐어요", DO, SAY_DECLINED },
		{ RE, "no thanks", DO, SAY_DECLINED },
		{ RE, "괜찮아요", DO, SAY_DECLINED },
		{ RE, "안 살래", DO, SAY_DECLINED },
		{ RE, "네", RE, SAY_WHICH },
		{ RE, "좋네요", RE, SAY_WHICH },
		{ RE, "I like them", RE, SAY_WHICH },
		{ RE, "고마워", RE, SAY_WELCOME },
		{ RE, "얼마야?", RE, SAY_PRICES },
		{ RE, "how much are they?", RE, SAY_PRICES },
		{ RE, "두 번째는 어때?", RE, SAY_ABOUT },
		{ RE, "두번째꺼 얼마야", RE, SAY_ABOUT },
		{ RE, "이걸로 하면 얼마야", RE, SAY_PRICES },
		{ RE, "how much is the first one?", RE, SAY_ABOUT },
		{ RE, "언제까지 갚아?", RE, SAY_FACT },
		{ RE, "한도 얼마 남았어?", RE, SAY_FACT },
		{ RE, "asdf", RE, SAY_REACT_AGAIN },
		{ RE, "날씨 알려줘", RE, SAY_UNKNOWN },
		{ RE, "이 중에 뭐가 제일 좋아?", RE, SAY_ABOUT },
		{ RE, "which one is best?", RE, SAY_ABOUT },
		{ RE, "거치대는 어때요", RE, SAY_ABOUT },
		{ RE, "제일 싼 걸로 주세요", DO, SAY_ACCEPTED },
		{ RE, "cheapest one please", DO, SAY_ACCEPTED },
		{ RE, "제일 싼 거 보여줘", RR, SAY_OTHERS },
		{ RE, "영어로 해 줘", RE, SAY_LANGUAGE },
		{ RE, "이거 주세요", DO, SAY_ACCEPTED },
		{ RE, "오케 이걸로", DO, SAY_ACCEPTED },
		{ RE, "그걸로 결제", DO, SAY_ACCEPTED },
		{ RE, "따뜻한거", RR, SAY_OTHERS },
		{ RE, "이중에 제일 비싼거 뭐야", RE, SAY_PRICES },
		{ RE, "does it need sun", RE, SAY_UNKNOWN },
		{ RE, "how much time do i have to pay", RE, SAY_FACT },
		{ RE, "i'll pass", DO, SAY_DECLINED },
		{ RE, "whats good", RE, SAY_ABOUT },
		{ RE, "add to cart", DO, SAY_ACCEPTED },
		{ RE, "ok buy", DO, SAY_ACCEPTED },
		{ RE, "🥈", DO, SAY_ACCEPTED },
		{ RE, "go back to the first ones", RE, SAY_EARLIER },
		{ RE, "아까 거 다시", RE, SAY_EARLIER },
		{ RE, "show me the previous ones", RE, SAY_EARLIER },
		{ RE, "for my boss", RR, SAY_OTHERS },
		{ RE, "what kinds of things do you have", RR, SAY_OTHERS },
		{ RE, "any discount?", RE, SAY_FACT },
		{ RE, "can i pay part of it", RE, SAY_FACT },
		{ RE, "2번이 낫나", RE, SAY_ABOUT },
		{ RE, "첫 번째는 마음에 안 들어", RR, SAY_OTHERS },
		{ RE, "I don't like the first", RR, SAY_OTHERS },
		{ RE, "👍", RE, SAY_WHICH },
		{ RE, "👎", RR, SAY_OTHERS },
		{ RE, "이거랑 비슷한거", RR, SAY_OTHERS },
		{ RE, "너무 커", RR, SAY_OTHERS },
		{ RE, "베개?", RR, SAY_OTHERS },
		{ RE, "흰색은 없어?", RR, SAY_OTHERS },
		{ RE, "둘중에 고민", RE, SAY_COMPARED },
		{ RE, "한국어 되나요", RE, SAY_LANGUAGE },
		{ RE, "장난해?", RE, SAY_SORRY },
		{ RE, "gimme the 2nd", DO, SAY_ACCEPTED },
		{ RE, "2 please", DO, SAY_ACCEPTED },
		{ RE, "두개 주세요", RE, SAY_WHICH },
		{ RE, "오 좋은데?", RE, SAY_WHICH },
		{ RE, "3번 자세히", RE, SAY_ABOUT },
		{ RE, "tell me more about #2", RE, SAY_ABOUT },
		{ RE, "제일 싼게 뭐야?", RE, SAY_ABOUT },
		{ RE, "which is the cheapest", RE, SAY_ABOUT },
		{ RE, "is it good?", RE, SAY_ABOUT },
		{ RE, "who sells it", RE, SAY_ABOUT },
		{ RE, "whats the difference between 1 and 3", RE, SAY_COMPARED },
		{ RE, "이게 뭐야", RE, SAY_COMPARED },
		{ RE, "그거 얼마였지?", RE, SAY_PRICES },
		{ RE, "관련없잖아", RR, SAY_OTHERS },
		{ RE, "너무 흔한데", RR, SAY_OTHERS },
		{ RE, "좀 특별한거", RR, SAY_OTHERS },
		{ RE, "bigger", RR, SAY_OTHERS },
		{ RE, "not the first one", RR, SAY_OTHERS },
		{ RE, "wireless", RR, SAY_OTHERS },
		{ RE, "그럼 뭐가 있는데", RR, SAY_OTHERS },
		{ RE, "생각해볼게요", DO, SAY_DECLINED },
		{ RE, "I'll think about it", DO, SAY_DECLINED },
		{ RE, "그만볼래", DO, SAY_DECLINED },
		{ RE, "됐다 그만", DO, SAY_BYE },
		{ RE, "does it come with warranty", RE, SAY_FACT },
		{ RE, "less than 10 bucks", RE, SAY_FACT },
		{ RE, "카드 결제 돼?", RE, SAY_FACT },
		{ RE, "how much do i owe", RE, SAY_FACT },
		{ RE, "잠깐만", RE, SAY_AS_YOU_LIKE },
		{ RE, "10만원 넘어도 돼", RR, SAY_OTHERS },
		{ RR, "이걸로 할게", DO, SAY_ACCEPTED },
		{ RR, "또", RR, SAY_OTHERS },
		{ RR, "소비 리포트", DO, SAY_DASHBOARD },
		/* afterwards a new message opens the conversation again */
		{ DO, "고마워", DO, SAY_WELCOME },
		{ DO, "아니다 둘째", DO, SAY_ACCEPTED },
		{ DO, "never mind, recommend", RE, SAY_PRODUCTS },
		{ DO, "아니요", DO, SAY_BYE },
		{ DO, "아니 세 번째로 할게", DO, SAY_ACCEPTED },
		{ DO, "다른 상품 추천해 주세요", RR, SAY_OTHERS },
		{ DO, "추천해줘", RE, SAY_PRODUCTS },
		{ DO, "책 추천해줘", RE, SAY_PRODUCTS },
		{ DO, "안녕", CH, SAY_REOPENED },
		{ DO, "수수료는?", DO, SAY_FACT },
		{ DO, "처음부터 다시", MO, SAY_RESTARTED },
		{ DO, "아 잠깐 첫 번째로 바꿀래", DO, SAY_ACCEPTED },
		{ DO, "can I pay next month?", DO, SAY_FACT },
	};
	struct arena a;
	size_t i;

	(void)state;
	failed = 0;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++) {
		struct flow flow = flow_in(rows[i].state, "ko");
		struct step step = step_from(&a, &flow, rows[i].text, rows[i].state >= RE ? &facts : &nobody);
		bool searches = rows[i].say == SAY_PRODUCTS || rows[i].say == SAY_OTHERS;

		if (machine_state(step.flow.state) != rows[i].next || step.say != rows[i].say ||
		    step.searches != searches)
			WRONG("in %s \"%s\": %s, say %d instead of %s, say %d", states[rows[i].state],
			      rows[i].text, step.flow.state, step.say, states[rows[i].next], rows[i].say);
	}
	arena_free(&a);
	assert_int_equal(failed, 0);
}

/*
 * The first unfit answer is asked again, the second is passed over; asides in between forget nothing and cost
 * nothing.
 */
static void
test_second_unfit_answer_moves_on(void **state)
{
	static const struct {
		enum state state, next;
	} rows[] = { { MOOD_CHECK, HOBBY_CHECK },
		     { HOBBY_CHECK, CHOOSE },
		     { CHOOSE, RECOMMENDATION },
		     { RECOMMENDATION, RE_RECOMMENDATION },
		     { RE_RECOMMENDATION, RE_RECOMMENDATION } };
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++) {
		struct flow flow = flow_in(rows[i].state, "en");
		const struct facts *known = rows[i].state >= RECOMMENDATION ? &facts : &nobody;
		struct step step = step_from(&a, &flow, "asdf", known);

		assert_string_equal(step.flow.state, flow.state);
		assert_int_equal(step.flow.retries, 1);
		step = step_from(&a, &step.flow, "are there any fees?", known);
		assert_int_equal(step.say, SAY_FACT);
		assert_int_equal(step.flow.retries, 1);
		step = step_from(&a, &step.flow, "qwerty", known);
		assert_string_equal(step.flow.state, states[rows[i].next]);
		assert_int_equal(step.flow.retries, 0);
		assert_int_equal(step.flow.version, 3);
	}
	arena_free(&a);
}

static void
test_refusals_never_lead_to_products(void **state)
{
	static const char *const refusals[] = { "아니요",    "싫어요",	       "됐어요", "no",
						"no thanks", "not interested", "나중에", "괜찮아요",
						"없어요",    "nothing",	       "그만" };
	struct arena a;
	size_t i, turn;

	(void)state;
	arena_init(&a);
	for (i = 0; i < LENGTH(refusals); i++) {
		struct flow flow = flow_in(MOOD_CHECK, "ko");

		for (turn = 0; turn < 6; turn++) {
			struct step step = step_from(&a, &flow, refusals[i], &nobody);

			assert_false(step.searches);
			flow = step.flow;
		}
		assert_string_equal(flow.state, "done");
		assert_string_equal(flow.outcome, "declined");
	}
	arena_free(&a);
}

static void
test_wishes_are_remembered(void **state)
{
	struct arena a;
	struct flow flow = flow_in(MOOD_CHECK, "ko");
	struct step step;

	(void)state;
	arena_init(&a);
	step = step_from(&a, &flow, "피곤해요. 예산은 3만원", &nobody);
	assert_string_equal(step.flow.mood, "tired");
	assert_int_equal(step.flow.budget_won, 30000);
	assert_true(step.noted);
	step = step_from(&a, &step.flow, "캠핑이랑 커피", &nobody);
	assert_string_equal(step.flow.hobby, "camping|coffee");
	assert_string_equal(step.flow.topics, "camping|coffee");
	assert_int_equal(step.flow.budget_won, 30000);
	step = step_from(&a, &step.flow, "빨간 걸로 추천해줘", &nobody);
	assert_string_equal(step.flow.colour, "red");
	assert_string_equal(step.flow.topics, "camping|coffee");
	step = step_from(&a, &step.flow, "더 싼 거", &facts);
	assert_int_equal(step.flow.below_won, 17900);
	assert_true(step.firm);
	step = step_from(&a, &step.flow, "다른 색", &facts);
	assert_string_equal(step.flow.not_colours, "white|black|grey");
	assert_string_equal(step.flow.colour, "");
	assert_false(step.firm);
	step = step_from(&a, &step.flow, "두 번째 브랜드 말고", &facts);
	assert_string_equal(step.flow.not_brands, "narin");
	step = step_from(&a, &step.flow, "게임은 빼고", &facts);
	assert_string_equal(step.flow.not_words, "게임");
	step = step_from(&a, &step.flow, "책 보여줘", &facts);
	assert_string_equal(step.flow.topics, "books");
	assert_string_equal(step.flow.hobby, "camping|coffee");
	assert_int_equal(step.flow.below_won, 0);
	assert_int_equal(step.flow.budget_won, 30000);
	step = step_from(&a, &step.flow, "예산은 상관없어", &facts);
	assert_int_equal(step.flow.budget_won, 0);
	step = step_from(&a, &step.flow, "how do i become gold", &facts);
	assert_string_equal(step.flow.colour, "");
	step = step_from(&a, &step.flow, "처음부터", &facts);
	assert_string_equal(step.flow.hobby, "");
	assert_string_equal(step.flow.not_brands, "");
	assert_int_equal(step.flow.version, 11);
	arena_free(&a);
}

/* "Cheaper" is about what is on the screen, even if nothing had been named. */
/* What stands beside "cheaper", a colour or a budget is talk, not the name of a thing. */
static void
test_stray_words_are_no_wish(void **state)
{
	static const char *const texts[] = { "흰색 계열로",
					     "이건 좀 비싸네요",
					     "show me the others again",
					     "3만원 미만으로요",
					     "at most thirty thousand won",
					     "cheaper ones from wherever" };
	struct flow flow = flow_in(RECOMMENDATION, "ko");
	struct arena a;
	size_t i;

	(void)state;
	arena_init(&a);
	flow.terms = "이어폰";
	for (i = 0; i < LENGTH(texts); i++) {
		struct step step = step_from(&a, &flow, texts[i], &facts);

		assert_int_equal(step.say, SAY_OTHERS);
		assert_string_equal(step.flow.terms, "이어폰");
	}
	arena_free(&a);
}

/* What a message says to look for, and what it leaves as it was. */
static void
test_wishes_are_told_from_talk(void **state)
{
	static const struct {
		const char *text, *terms;
	} rows[] = {
		{ "무선으로", "이어폰|무선" },
		{ "wireless, white", "이어폰|wireless" },
		{ "5만원 안쪽", "이어폰" },
		{ "3만원 넘는거", "이어폰" },
		{ "더 무거운거", "이어폰" },
		{ "sth under 30k", "이어폰" },
		{ "between 30 and 50k", "이어폰" },
		{ "something nicer", "이어폰" },
		{ "아 맘이 바뀜 가방으로", "가방" },
		{ "she likes makeup", "makeup" },
		{ "술잔 같은거 없어?", "술잔" },
		{ "추리소설 말고 에세이", "에세이" },
		{ "따뜻한거", "이어폰|따뜻한" },
		{ "실이랑 바늘이요", "바늘" },
		{ "드론이에요", "드론" },
		{ "운동화 250mm", "운동화" },
		{ "film cameras", "film cameras" },
		{ "3만원 안쪽으루", "이어폰" },

		{ "방수 되는걸로요", "이어폰|방수" },
		{ "만오천원까지", "이어폰" },
		{ "만원대로 보여줘", "이어폰" },
		{ "10만원 안넘게", "이어폰" },
		{ "다른 스타일로", "이어폰" },
		{ "이어폰 말고", "" },
		{ "강아지ㅠㅠ 보여줘", "강아지" },
		{ "뭐 맛있는거 해먹을까", "요리" },

		{ "무드등 말고 스탠드", "스탠드" },
		{ "우리애가 말티즈야", "말티즈" },
		{ "60대이고 건강 챙기심", "건강" },
		{ "wireless earbuds", "earbuds|wireless" },
	};
	struct flow flow = flow_in(RECOMMENDATION, "ko");
	struct arena a;
	size_t i;

	(void)state;
	failed = 0;
	arena_init(&a);
	flow.terms = "이어폰";
	flow.topics = "headphones";
	for (i = 0; i < LENGTH(rows); i++) {
		struct step step = step_from(&a, &flow, rows[i].text, &facts);

		if (!step.searches || strcmp(step.flow.terms, rows[i].terms) != 0)
			WRONG("\"%s\": say %d, looks for %s", rows[i].text, step.say, step.flow.terms);
	}
	arena_free(&a);
	assert_int_equal(failed, 0);
}

/* A question leaves the bounds of price alone, and so does an amount that stands beside "cheaper". */
static void
test_prices_are_compared_when_asked(void **state)
{
	struct flow flow = flow_in(RECOMMENDATION, "ko");
	struct arena a;
	struct step step;

	(void)state;
	arena_init(&a);
	step = step_from(&a, &flow, "제일 싼게 뭐야?", &facts);
	assert_string_equal(step.card->id, "b-2");
	assert_int_equal(step.flow.below_won, 0);
	step = step_from(&a, &flow, "cheaper than 20k", &facts);
	assert_int_equal(step.flow.budget_won, 20000);
	assert_int_equal(step.compared, 0);
	arena_free(&a);
}

/* What there is none of is named once and then forgotten: "cheaper" is about what is on the screen. */
static void
test_what_is_missed_is_let_go(void **state)
{
	struct product found[1] = { facts.cards[0] };
	struct flow flow = flow_in(RECOMMENDATION, "ko");
	struct arena a;
	struct step step;
	int n = 1;

	(void)state;
	arena_init(&a);
	found[0].fit = FIT_OTHER;
	step = step_from(&a, &flow, "드론은 없어?", &facts);
	machine_found(&a, &flow, &step, found, &n);
	assert_non_null(strstr(say_reply(&a, &step, &facts, found, n), "드론"));
	assert_string_equal(step.flow.terms, "");
	step = step_from(&a, &step.flow, "더 싼 거", &facts);
	assert_string_equal(step.flow.topics, "headphones");
	arena_free(&a);
}

static void
test_prices_may_be_freed_again(void **state)
{
	struct flow flow = flow_in(RECOMMENDATION, "ko");
	struct arena a;
	struct step step;

	(void)state;
	arena_init(&a);
	step = step_from(&a, &flow, "2~3만원", &facts);
	assert_int_equal(step.flow.budget_won, 30000);
	assert_int_equal(step.flow.floor_won, 20000);
	step = step_from(&a, &step.flow, "10만원 넘어도 돼", &facts);
	assert_int_equal(step.flow.budget_won, 0);
	assert_int_equal(step.flow.floor_won, 0);
	assert_false(step.noted);
	arena_free(&a);
}

/* After "shall it be this one?" and the like, a plain yes takes it up and a plain no leaves it. */
static void
test_a_yes_takes_up_the_offer(void **state)
{
	struct facts poor = facts;
	struct flow flow = flow_in(RECOMMENDATION, "ko");
	struct arena a;
	struct step about, step;
	int n = 0;

	(void)state;
	poor.available_won = 18000;
	arena_init(&a);
	about = step_from(&a, &flow, "두 번째는 어때?", &facts);
	step = step_from(&a, &about.flow, "네", &facts);
	assert_int_equal(step.say, SAY_ACCEPTED);
	assert_string_equal(step.card->id, "b-2");
	assert_false(step.guessed);
	/* Said once more, it is still that one. */
	step = step_from(&a, &step.flow, "그걸로 할게", &facts);
	assert_int_equal(step.say, SAY_ACCEPTED);
	assert_string_equal(step.card->id, "b-2");
	step = step_from(&a, &about.flow, "그걸로 할게", &facts);
	assert_string_equal(step.card->id, "b-2");
	step = step_from(&a, &about.flow, "세 번째로 할게", &facts);
	assert_string_equal(step.card->id, "c-3");
	step = step_from(&a, &about.flow, "아니", &facts);
	assert_int_equal(step.say, SAY_AS_YOU_LIKE);

	step = step_from(&a, &flow, "첫 번째로 할게", &poor);
	assert_int_equal(step.say, SAY_TOO_DEAR);
	step = step_from(&a, &step.flow, "네", &poor);
	assert_int_equal(step.say, SAY_OTHERS);
	assert_int_equal(step.compared, -1);

	flow.terms = "이어폰";
	step = step_from(&a, &flow, "더 싼 거", &facts);
	machine_found(&a, &flow, &step, NULL, &n);
	assert_int_equal(step.say, SAY_NOTHING_CHEAPER);
	step = step_from(&a, &step.flow, "네", &facts);
	assert_int_equal(step.say, SAY_OTHERS);
	assert_string_equal(step.flow.terms, "");
	arena_free(&a);
}

static void
test_refining_keeps_the_kind(void **state)
{
	struct arena a;
	struct flow flow = flow_in(RECOMMENDATION, "en");
	struct step step;

	(void)state;
	arena_init(&a);
	step = step_from(&a, &flow, "another colour", &facts);
	assert_string_equal(step.flow.topics, "headphones");
	step = step_from(&a, &flow, "something else", &facts);
	assert_string_equal(step.flow.topics, "");
	arena_free(&a);
}

static void
test_interests_of_the_profile_are_asked_about(void **state)
{
	struct facts known = nobody;
	struct flow flow = flow_in(MOOD_CHECK, "ko");
	struct arena a;
	struct step step;

	(void)state;
	known.interests = "캠핑|뜨개질";
	arena_init(&a);
	step = step_from(&a, &flow, "좋아요", &known);
	assert_non_null(strstr(say_reply(&a, &step, &known, NULL, 0), "캠핑, 뜨개질이"));
	step = step_from(&a, &step.flow, "네", &known);
	assert_int_equal(step.say, SAY_CHOOSE);
	assert_string_equal(step.flow.hobby, "camping|art");
	arena_free(&a);
}

static void
test_the_card_meant_is_taken(void **state)
{
	static const struct {
		const char *text, *id;
		bool guessed;
	} rows[] = {
		{ "첫 번째 걸로 할게", "a-1", false },
		{ "두번째요", "b-2", false },
		{ "마지막 거", "c-3", false },
		{ "이걸로 할게", "a-1", true },
		{ "제일 싼 걸로 할게", "b-2", false },
		{ "나린으로 할게", "b-2", false },
		{ "검은색으로 할게", "b-2", false },
		{ "I'll take the Duruon stand", "c-3", false },
		{ "the cheapest one, I'll take it", "b-2", false },
		{ "I'll go with this one", "a-1", true },
	};
	struct arena a;
	size_t i;

	(void)state;
	failed = 0;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++) {
		struct flow flow = flow_in(RECOMMENDATION, "ko");
		struct step step = step_from(&a, &flow, rows[i].text, &facts);

		if (step.say != SAY_ACCEPTED || strcmp(step.card->id, rows[i].id) != 0 ||
		    step.guessed != rows[i].guessed)
			WRONG("\"%s\": say %d, %s", rows[i].text, step.say,
			      step.card ? step.card->id : "none");
	}
	arena_free(&a);
	assert_int_equal(failed, 0);
}

static void
test_nobody_is_led_to_what_they_cannot_buy(void **state)
{
	struct facts blocked = facts, broke = facts, poor = facts;
	struct flow flow = flow_in(MOOD_CHECK, "ko");
	struct arena a;
	struct step step;

	(void)state;
	blocked.blocked = true;
	broke.available_won = 0;
	poor.available_won = 18000;
	arena_init(&a);
	step = step_from(&a, &flow, "헤드폰 추천해줘", &blocked);
	assert_int_equal(step.say, SAY_BLOCKED);
	assert_false(step.searches);
	assert_string_equal(step.flow.state, "choose");
	step = step_from(&a, &flow, "헤드폰 추천해줘", &broke);
	assert_int_equal(step.say, SAY_NO_LIMIT);
	flow = flow_in(RECOMMENDATION, "ko");
	step = step_from(&a, &flow, "이걸로 할게", &blocked);
	assert_int_equal(step.say, SAY_BLOCKED);
	assert_string_equal(step.flow.state, "recommendation");
	assert_string_equal(step.flow.outcome, "");
	step = step_from(&a, &flow, "이걸로 할게", &poor);
	assert_int_equal(step.say, SAY_TOO_DEAR);
	step = step_from(&a, &flow, "두 번째로 할게", &poor);
	assert_int_equal(step.say, SAY_ACCEPTED);
	step = step_from(&a, &flow, "어떻게 갚아?", &blocked);
	assert_int_equal(step.say, SAY_FACT);
	arena_free(&a);
}

static void
test_caps_are_the_lower_of_limit_and_budget(void **state)
{
	struct flow flow = flow_in(RECOMMENDATION, "ko");

	(void)state;
	assert_int_equal(machine_cap(&flow, &facts), 100000);
	flow.budget_won = 30000;
	assert_int_equal(machine_cap(&flow, &facts), 30000);
	flow.budget_won = 3000000;
	assert_int_equal(machine_cap(&flow, &facts), 100000);
}

static void
test_what_was_found_settles_the_turn(void **state)
{
	struct product found[CARDS_MAX] = { facts.cards[0], facts.cards[1], facts.cards[2] };
	struct flow flow = flow_in(RECOMMENDATION, "ko");
	struct arena a;
	struct step step;
	int n = 3;

	(void)state;
	arena_init(&a);
	step = step_from(&a, &flow, "더 싼 거", &facts);
	machine_found(&a, &flow, &step, found, &n);
	assert_string_equal(step.flow.cards, "a-1|b-2|c-3");
	assert_string_equal(step.flow.state, "re_recommendation");
	n = 0;
	step = step_from(&a, &flow, "더 싼 거", &facts);
	machine_found(&a, &flow, &step, found, &n);
	assert_int_equal(step.say, SAY_NOTHING_CHEAPER);
	assert_string_equal(step.flow.state, "recommendation");
	assert_string_equal(step.flow.cards, flow.cards);
	assert_int_equal(step.flow.below_won, 0);
	n = 1;
	found[0].fit = FIT_OTHER;
	step = step_from(&a, &flow, "더 비싼 거", &facts);
	machine_found(&a, &flow, &step, found, &n);
	assert_int_equal(step.say, SAY_NOTHING_DEARER);
	assert_int_equal(n, 0);
	flow = flow_in(MOOD_CHECK, "ko");
	step = step_from(&a, &flow, "헤드폰 추천해줘", &nobody);
	machine_found(&a, &flow, &step, found, &n);
	assert_int_equal(step.say, SAY_NOTHING);
	assert_string_equal(step.flow.state, "choose");
	arena_free(&a);
}

/* A conversation's state has a ceiling, however much somebody turns down. */
static void
test_lists_have_a_ceiling(void **state)
{
	struct flow flow = flow_in(RECOMMENDATION, "en");
	struct arena a;
	int i;

	(void)state;
	arena_init(&a);
	for (i = 0; i < 500; i++)
		flow = step_from(&a, &flow, arena_printf(&a, "not thing%cx%c", 'a' + i % 26, 'a' + i / 26),
				 &facts)
			   .flow;
	assert_true(strlen(flow.not_words) > 500 && strlen(flow.not_words) < 1100);
	arena_free(&a);
}

static void
test_three_are_picked_by_fit_and_variety(void **state)
{
	const struct product found[] = {
		{ .id = "1", .brand = "A", .category = "x", .fit = 0, .score = 1.0 },
		{ .id = "2", .brand = "A", .category = "x", .fit = 0, .score = 0.9 },
		{ .id = "3", .brand = "B", .category = "x", .fit = 0, .score = 0.8 },
		{ .id = "4", .brand = "C", .category = "y", .fit = 1, .score = 2.0 },
		{ .id = "5", .brand = "D", .category = "y", .fit = 3, .score = 9.0 },
	};
	struct product picked[CARDS_MAX];

	(void)state;
	assert_int_equal(pick_products(found, 5, picked), 3);
	assert_string_equal(picked[0].id, "1");
	assert_string_equal(picked[1].id, "3");
	assert_string_equal(picked[2].id, "2");
	assert_int_equal(pick_products(found + 3, 2, picked), 2);
	assert_string_equal(picked[0].id, "4");
	assert_int_equal(pick_products(found, 0, picked), 0);
}

static void
test_reasons_are_from_the_data(void **state)
{
	struct flow flow = flow_in(RECOMMENDATION, "ko");
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_string_equal(pick_reason(&a, &facts.cards[0], &flow), "가벼워요.");
	flow.budget_won = 30000;
	assert_string_equal(pick_reason(&a, &facts.cards[0], &flow), "가벼워요. 예산보다 10,100원 저렴해요.");
	flow.budget_won = 20000;
	assert_string_equal(pick_reason(&a, &facts.cards[0], &flow), "가벼워요. 예산에 꼭 맞아요.");
	flow.colour = "white";
	assert_string_equal(pick_reason(&a, &facts.cards[0], &flow), "가벼워요. 찾으시던 색이에요.");
	flow.language = "en";
	flow.colour = "";
	flow.budget_won = 30000;
	assert_string_equal(pick_reason(&a, &facts.cards[0], &flow),
			    "Light. It is 10,100 won below your budget.");
	arena_free(&a);
}

static void
test_won_are_written_out(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_string_equal(say_won(&a, 500, "ko"), "500원");
	assert_string_equal(say_won(&a, 30000, "ko"), "30,000원");
	assert_string_equal(say_won(&a, 1234567, "en"), "1,234,567 won");
	arena_free(&a);
}

/* Nothing is left open in any text, in either language, whatever was found. */
static void
test_every_text_is_whole(void **state)
{
	static const char *const languages[] = { "ko", "en" };
	struct arena a;
	int say, l, n, s, fit, compared;

	(void)state;
	arena_init(&a);
	for (say = 0; say < SAY__MAX; say++)
		for (l = 0; l < 2; l++)
			for (s = 0; s < STATE__MAX; s++)
				for (n = 0; n <= 3; n++)
					for (fit = 0; fit <= FIT_OTHER; fit++)
						for (compared = -1; compared <= 1; compared++) {
							struct product found[CARDS_MAX] = { facts.cards[0],
											    facts.cards[1],
											    facts.cards[2] };
							struct step step = { .flow = flow_in((enum state)s,
											     languages[l]),
									     .say = (enum say)say,
									     .fact = &fact_rows[0],
									     .card = &facts.cards[0],
									     .guessed = n > 1,
									     .compared = compared,
									     .noted = n == 2 };
							const char *reply;

							step.flow.budget_won = 30000;
							found[2].fit = fit;
							reply = say_reply(&a, &step, &facts, found, n);
							assert_true(strlen(reply) > 5);
							assert_null(strpbrk(reply, "{}%"));
							assert_null(strstr(reply, "  "));
						}
	arena_free(&a);
}

static void
test_facts_are_told_with_their_source(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "수수료 얼마야?", "0원" },
		{ "is there any interest?", "no interest" },
		{ "연장하면 어떻게 돼?", "말일" },
		{ "can I extend?", "last day" },
		{ "연체되면?", "정지" },
		{ "when is it due?", "15th" },
		{ "언제까지 갚아야 돼?", "15일" },
		{ "포인트는 어떻게 모아?", "출석" },
		{ "등급은 뭐가 있어?", "브론즈" },
		{ "what are the grades?", "bronze" },
		{ "내 한도 얼마야?", "100,000원" },
		{ "what's my limit?", "100,000 won" },
		{ "환불은 어떻게 받아?", "판매처" },
		{ "how do I pay?", "QR" },
		{ "배송은 언제 와?", "판매처" },
		{ "어떻게 갚아요?", "한도" },
		{ "How do I repay?", "repay" },
		{ "모아가 뭐야?", "후불" },
		{ "is my chat private? who can read it?", "Only you" },
		{ "how many points will I get?", "0.2 to 2 %" },
		{ "what happens if I don't pay on time?", "1st" },
		{ "할부 되나요?", "할부는 따로 없어요" },
		{ "can i pay in installments", "no instalments" },
		{ "언제 돈내요", "15일" },
		{ "신용등급에 영향가?", "신용 등급이 아니라" },
		{ "얼마 갚아야돼?", "100,000원" },
		{ "how do i delete my account", "cannot be closed" },
		{ "한도 올려줘", "브론즈" },
		{ "개인정보 어떻게 써", "본인만" },
		{ "내 대화 누가봐?", "본인만" },
		{ "오늘 갚으면?", "바로 돌아오고" },
		{ "what happens if im late", "stops on the 1st" },
		{ "사이즈 뭐있어?", "상품 링크" },
	};
	struct arena a;
	size_t i;

	(void)state;
	failed = 0;
	arena_init(&a);
	for (i = 0; i < LENGTH(rows); i++) {
		struct flow flow = flow_in(HOBBY_CHECK, "ko");
		struct step step = step_from(&a, &flow, rows[i].text, &nobody);
		const char *reply = say_reply(&a, &step, &nobody, NULL, 0);

		if (step.say != SAY_FACT || !strstr(reply, rows[i].part) ||
		    !(strstr(reply, "출처") || strstr(reply, "Source")))
			WRONG("\"%s\": %s", rows[i].text, reply);
		if (strcmp(step.flow.state, flow.state) != 0)
			WRONG("\"%s\" moves the state", rows[i].text);
	}
	arena_free(&a);
	assert_int_equal(failed, 0);
}

/* Every button does something where it is shown: it is neither misunderstood nor a dead end. */
static void
test_every_button_is_understood(void **state)
{
	static const enum say with[] = { SAY_GREETING, SAY_WHICH, SAY_NOTHING, SAY_BLOCKED, SAY_ABOUT };
	static const char *const languages[] = { "ko", "en" };
	struct arena a;
	size_t w;
	int s, l;

	(void)state;
	failed = 0;
	arena_init(&a);
	for (w = 0; w < LENGTH(with); w++)
		for (s = 0; s < STATE__MAX; s++)
			for (l = 0; l < 2; l++) {
				struct flow flow = flow_in((enum state)s, languages[l]);
				const char *const *choice = choices_after(with[w], &flow);

				if (with[w] == SAY_ABOUT)
					flow.offer = "a-1";

				/* What to react to is only offered where products are on the screen. */
				if ((with[w] == SAY_WHICH || with[w] == SAY_ABOUT) && s < RECOMMENDATION)
					continue;
				if ((with[w] == SAY_NOTHING || with[w] == SAY_BLOCKED) && s < CHOOSE)
					continue;
				for (; *choice; choice++) {
					struct step step = step_from(&a, &flow, *choice,
								     s >= RECOMMENDATION ? &facts : &nobody);

					if (step.say == SAY_UNKNOWN || step.flow.retries > 0 ||
					    step.say == SAY_REOPENED)
						WRONG("in %s \"%s\": say %d", states[s], *choice, step.say);
					if (strcmp(step.flow.language, languages[l]) != 0)
						WRONG("\"%s\" changes the language", *choice);
				}
			}
	arena_free(&a);
	assert_int_equal(failed, 0);
}

static void
test_the_reply_follows_the_language(void **state)
{
	struct flow flow = flow_in(MOOD_CHECK, "ko");
	struct arena a;
	struct step step;

	(void)state;
	arena_init(&a);
	step = step_from(&a, &flow, "I am very tired today", &nobody);
	assert_string_equal(step.flow.language, "en");
	step = step_from(&a, &step.flow, "ok", &nobody);
	assert_string_equal(step.flow.language, "en");
	step = step_from(&a, &step.flow, "한국어로 해 주세요, 캠핑", &nobody);
	assert_string_equal(step.flow.language, "ko");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_lead_on),
		cmocka_unit_test(test_second_unfit_answer_moves_on),
		cmocka_unit_test(test_refusals_never_lead_to_products),
		cmocka_unit_test(test_wishes_are_remembered),
		cmocka_unit_test(test_stray_words_are_no_wish),
		cmocka_unit_test(test_wishes_are_told_from_talk),
		cmocka_unit_test(test_prices_are_compared_when_asked),
		cmocka_unit_test(test_what_is_missed_is_let_go),
		cmocka_unit_test(test_prices_may_be_freed_again),
		cmocka_unit_test(test_a_yes_takes_up_the_offer),
		cmocka_unit_test(test_refining_keeps_the_kind),
		cmocka_unit_test(test_interests_of_the_profile_are_asked_about),
		cmocka_unit_test(test_the_card_meant_is_taken),
		cmocka_unit_test(test_nobody_is_led_to_what_they_cannot_buy),
		cmocka_unit_test(test_caps_are_the_lower_of_limit_and_budget),
		cmocka_unit_test(test_what_was_found_settles_the_turn),
		cmocka_unit_test(test_lists_have_a_ceiling),
		cmocka_unit_test(test_three_are_picked_by_fit_and_variety),
		cmocka_unit_test(test_reasons_are_from_the_data),
		cmocka_unit_test(test_won_are_written_out),
		cmocka_unit_test(test_every_text_is_whole),
		cmocka_unit_test(test_facts_are_told_with_their_source),
		cmocka_unit_test(test_every_button_is_understood),
		cmocka_unit_test(test_the_reply_follows_the_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
