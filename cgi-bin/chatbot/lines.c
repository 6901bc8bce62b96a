/* The assistant's words, in Korean and English.  When which is said is decided in machine.c and say.c. */
#include "lines.h"

const struct line lines_say[SAY__MAX] = {
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
			   "사면 다음 달 15일까지 갚으면 돼요 (출처: 모아 결제 규칙 · 기한).{guessed}",
			   "Good choice! You can buy {name} ({price}) here: {url} Bought this month, it is due "
			   "on the 15th of next month (source: moa payment rules, due dates).{guessed}" },
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
	[SAY_ABOUT] = { "{name}{은/는} {price}이고 {mall}에서 팔아요.{colour} {reason} 이걸로 할까요?",
			"{name} costs {price} and is sold by {mall}.{colour} {reason} Shall it be this one?" },
	[SAY_PRICES] = { "{prices}. {ask}", "{prices}. {ask}" },
	[SAY_EARLIER] = { "앞서 보여 드린 상품은 대화를 위로 올리면 다시 볼 수 있어요. 링크도 그대로예요. {ask}",
			  "What I showed before is further up in our conversation, with its links. {ask}" },
	[SAY_COMPARED] = { "{cards} {ask}", "{cards} {ask}" },
	[SAY_SORRY] = { "도움이 못 되어 드려 죄송해요. 바라시는 것을 한두 단어로 말씀해 주시면 다시 해 볼게요. {ask}",
			"I am sorry I was no help. Tell me in a word or two what you are after and I will try "
			"again. {ask}" },
	[SAY_FOREIGN] = { "저는 한국어와 영어만 할 수 있어요. I speak Korean and English only. {ask}",
			  "I speak Korean and English only. 저는 한국어와 영어만 할 수 있어요. {ask}" },
	[SAY_BLOCKED] = { "지금은 결제가 정지되어 있어서 물건을 살 수 없어요. 밀린 금액을 모두 갚으면 바로 "
			  "풀리니, 그때 함께 골라요 (출처: 모아 결제 규칙 · 연체). 궁금한 건 언제든 물어보세요.",
			  "Paying with moa is on hold for you, so you cannot buy anything right now. Repay "
			  "what is overdue and it is lifted at once; then let's pick something together (source: moa payment rules, overdue "
			  "bills). Ask me anything meanwhile." },
	[SAY_NO_LIMIT] = { "지금은 남은 한도가 없어서 살 수 있는 상품이 없어요. 갚은 만큼 한도가 바로 돌아와요 "
			   "(출처: 내 계정, 방금 조회).",
			   "Nothing is left of your limit right now, so there is nothing you could buy. "
			   "Whatever you repay comes back at once (source: your account, read just now)." },
	[SAY_TOO_DEAR] = { "{name}{은/는} {price}인데 지금 남은 한도는 {limit}이라 살 수 없어요. 더 저렴한 걸 "
			   "찾아볼까요?",
			   "{name} costs {price}, but only {limit} is left of your limit now. Shall I look for "
			   "something cheaper?" },
	[SAY_NOTHING] = { "{cap} 안에서는 더 보여 드릴 상품이 없어요.{from_note} 다른 관심사나 예산을 말씀해 주시면 다시 "
			  "찾아볼게요.",
			  "I have nothing more within {cap}.{from_note} Name another interest or budget and I will look "
			  "again." },
	[SAY_NOTHING_CHEAPER] = { "더 저렴한 건 찾지 못했어요. 다른 종류로 찾아볼까요?",
				  "I found nothing cheaper than that. Shall I look for another kind of thing?" },
	[SAY_NOTHING_DEARER] = { "{cap} 안에서 더 높은 가격대는 찾지 못했어요. 다른 종류로 찾아볼까요?",
				 "I found nothing above that within {cap}. Shall I look for another kind of thing?" },
};

const struct line lines_questions[STATE__MAX] = {
	[MOOD_CHECK] = { "오늘 기분은 어떠세요?", "How are you feeling today?" },
	[HOBBY_CHECK] = { "요즘 무엇을 좋아하세요?", "What are you into these days?" },
	[CHOOSE] = { "상품을 추천해 드릴까요, 아니면 소비 리포트를 볼까요?",
		     "Shall I recommend some products, or would you like to see your spending report?" },
	[RECOMMENDATION] = { "마음에 드는 게 있으세요?", "Do you like one of them?" },
	[RE_RECOMMENDATION] = { "이번에는 어떠세요?", "How about these?" },
	[DONE] = { "또 도와드릴 일이 있을까요?", "Is there anything else I can do for you?" },
};

const struct line lines_profile = { "프로필에 {profile}{이/가} 있던데, 요즘도 좋아하세요?",
				    "Your profile says {profile}: still your thing?" };

const struct line lines_reactions[REACTIONS] = {
	{ "이번에는 어떠세요?", "How about these?" },
	{ "이 중에는 마음에 드는 게 있으세요?", "Anything you like among these?" },
	{ "여기서는 어떤 게 끌리세요?", "Does one of these appeal to you?" },
};

const struct line lines_empathies[MOOD__MAX] = {
	[MOOD_GOOD] = { "기분이 좋으시다니 저도 기뻐요!", "Lovely to hear that!" },
	[MOOD_SO_SO] = { "그런 날도 있죠.", "One of those days, then." },
	[MOOD_BAD] = { "마음이 쓰이네요. 조금이라도 나아지셨으면 해요.",
		       "I am sorry to hear that. I hope it gets better." },
	[MOOD_TIRED] = { "오늘 많이 애쓰셨네요. 푹 쉬셨으면 좋겠어요.",
			 "That sounds like a long day. I hope you get some rest." },
	[MOOD_BORED] = { "심심할 땐 새로운 게 최고죠.", "Let's find something new, then." },
};

const struct line lines_found[MET__MAX] = {
	[MET] = { "{wish} 쪽에서 {n}개를 골랐어요.", "Here {are} {n} for {wish}." },
	[MET_ANYTHING] = { "이런 건 어떨까 해서 {n}개를 골랐어요.", "Here {are} {n} you might like." },
	[MET_MORE] = { "{wish} 쪽에서 다른 것으로 {n}개를 골랐어요.", "Here {are} {n} more for {wish}." },
	[MET_OTHERS] = { "그럼 다른 것으로 {n}개를 골라 봤어요. 좋아하는 것을 알려 주시면 더 잘 고를게요.",
			 "Here {are} {n} others. Tell me what you like and I will choose better." },
	[MET_FOR_OTHER] = { "선물로 {n}개를 골라 봤어요. 받는 분이 좋아하는 것을 알려 주시면 더 잘 고를게요.",
			    "Here {are} {n} that could make a present. Tell me what they like and I will choose "
			    "better." },
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
	[KIND_NONE] = { "{wish} 쪽은 {cap} 안에서 더 찾지 못해서 {else} 골라 봤어요.",
			"I have nothing else for {wish} within {cap}, so these are {else}." },
	[KIND_DEARER] = { "{wish} 쪽은 {from}부터라 {cap} 안에는 없어요. 대신 {else} 골라 봤어요.",
			  "Anything for {wish} costs {from} or more, which is above {cap}. Instead, these are {else}." },
};

const struct line lines_parts[PART__MAX] = {
	[PART_ALL_RIGHT] = { "알겠어요.", "All right." },
	[PART_LIKES] = { "{hobby} 좋아하시는군요!", "So you like {hobby}!" },
	[PART_LIKES_OTHER] = { "{hobby} 좋아하시는 분이군요!", "Somebody who likes {hobby}, then!" },
	[PART_HEARD] = { "그렇군요!", "I see!" },
	[PART_NO_HOBBY] = { "괜찮아요, 천천히 찾아가면 되죠.", "That is fine, we can find out as we go." },
	[PART_NOTED] = { "예산은 {budget} 이하로 기억할게요. ", "I will keep to at most {budget}. " },
	[PART_WITHIN_LIMIT] = { "모두 남은 한도 {limit} 안이에요.",
				"All are within your available {limit}." },
	[PART_WITHIN_BUDGET] = { "모두 말씀하신 {budget} 안이에요.",
				 "All are within the {budget} you named." },
	[PART_WITHIN_RANGE] = { "모두 {floor}에서 {budget} 사이예요.",
				"All are between {floor} and {budget}." },
	[PART_ABOVE] = { "모두 {floor} 이상이고 남은 한도 {limit} 안이에요.",
			 "All cost at least {floor} and are within your available {limit}." },
	[PART_FROM] = { " {wish} 쪽은 {from}부터 있어요.", " Anything for {wish} costs {from} or more." },
	[PART_NEAR] = { "비슷한 쪽({near})으로", "close to it ({near})" },
	[PART_OTHER] = { "다른 종류로", "of other kinds" },
	[PART_GUESSED] = { " 다른 걸 말씀하셨다면 번호로 알려 주세요.",
			   " If you meant another, tell me its number." },
};
