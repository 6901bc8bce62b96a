/* The answers offered as buttons.  A test sees to it that each is understood where it is shown. */
#include <string.h>

#include "house.h"

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
choices_after(enum say say, const struct flow *flow)
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
