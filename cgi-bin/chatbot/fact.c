/*
 * What the service says about itself: the rules of paying later with moa, each with its source.  Figures that
 * belong to one customer are filled in when it is said; those of the grades are compared with the grade table by a
 * test.
 */
#include <stddef.h>

#include "house.h"

const struct fact fact_rows[] = {
	{ "할부|나눠서|나눠내|분할|몇개월",
	  "installment*|instalment*|in parts|split the payment|monthly payments",
	  "할부는 따로 없어요. 한 달에 쓴 금액을 다음 달 15일까지 이자 없이 갚고, 원하면 건별로 골라 미리 갚을 수 "
	  "있어요.",
	  "There are no instalments. What you buy in a month is due, without interest, on the 15th of the next "
	  "month, and you may repay single purchases earlier.",
	  "모아 결제 규칙 · 기한", "moa payment rules, due dates" },
	{ "수수료|^이자|이자율|무이자|이자가|이자는|이자도|연체료|가산금|추가요금|추가비용",
	  "is this free|is it free|fee|fees|interest rate*|interest free|any interest|pay interest|charge interest|"
	  "with interest|extra cost*|charges|surcharge*|late fee*",
	  "이자도 수수료도 없어요. 기한을 월말로 연장해도, 연체가 되어도 붙는 돈은 0원이에요.",
	  "There is no interest and no fee: 0 won, also when you extend a due date or pay late.",
	  "모아 결제 규칙 · 수수료", "moa payment rules, fees" },
	{ "연장|미루|미룰|늦출|늦게내|늦게갚", "extend*|extension*|postpone*|delay*|pay later than|more time",
	  "지난달 이용 금액은 1일부터 15일 사이에 한 달에 한 번, 그 달 말일까지로 연장할 수 "
	  "있어요. 수수료는 0원이에요. 16일까지 갚지 못한 금액은 자동으로 말일까지 연장되고, "
	  "그 횟수는 기록돼요.",
	  "You can move last month's bill to the last day of this month, once per bill, from "
	  "the 1st to the 15th. It costs nothing. What is still open on the 16th is extended "
	  "automatically, and that is counted.",
	  "모아 결제 규칙 · 연장", "moa payment rules, extension" },
	{ "신용등급|신용점수|신용에|신용도",
	  "credit score|credit rating|my credit|credit bureau*|credit agenc*",
	  "신용 점수에 어떤 영향이 있는지는 제가 가진 안내에 없어요. 모아의 등급은 신용 등급이 아니라 갚은 금액으로 "
	  "정해지는 회원 등급이에요.",
	  "What I have says nothing about credit scores. moa's grades are no credit rating: they go by what you "
	  "have repaid.",
	  "모아 등급표", "moa grade table", true },
	{ "비밀번호|탈퇴|로그아웃|계정삭제|계정을삭제",
	  "my password|delete my account|close my account|log out|logout|sign out",
	  "비밀번호 바꾸기, 로그아웃, 탈퇴는 내 계정에서 하실 수 있어요. 갚을 돈이 남아 있으면 탈퇴할 수 없어요.",
	  "Your password, signing out and closing the account are in your account settings. An account that "
	  "still owes money cannot be closed.",
	  "모아 계정 안내", "moa account guide", true },
	{ "얼마갚|얼마를갚|얼마나갚|얼마내야|얼마를내야|갚을돈|갚을금액|갚을게얼마|내빚|빚이얼마",
	  "how much do i owe|what do i owe|how much i owe|do i owe|my debt|outstanding",
	  "갚을 금액은 결제 화면에서 달마다 볼 수 있어요. 지금 쓸 수 있는 한도는 {limit}이고, 등급 한도에서 아직 안 "
	  "갚은 금액을 뺀 값이에요.",
	  "The payments page shows what you owe, month by month. You have {limit} available now, which is your "
	  "grade's limit less everything you still owe.",
	  "내 계정, 방금 조회", "your account, read just now" },
	{ "연체|안갚|못갚|밀리면|밀렸|정지|차단|제한되|못내면|안내면|막혔|막혀|풀려|풀리",
	  "if im late|if i am late|being late|overdue|late payment*|pay late|paid late|miss a payment|missed a payment|dont pay|"
	  "cant pay|cannot pay|blocked|suspended|unblock*",
	  "연장된 기한(그 달 말일)까지 갚지 못하면 다음 달 1일에 결제가 정지돼요. 로그인과 "
	  "상환은 그대로 할 수 있고, 밀린 금액을 모두 갚으면 바로 풀려요.",
	  "If a bill is still open after its extended due date, the last day of the month, "
	  "paying with moa stops on the 1st. You can still sign in and repay, and repaying "
	  "everything overdue lifts it at once.",
	  "모아 결제 규칙 · 연체", "moa payment rules, overdue bills" },
	{ "납부일|결제일|상환일|언제갚|언제내|언제까지갚|언제까지내|기한|만기|며칠까지|청구일|갚아야|돈내야|돈언제내|언제돈|언제까지돈|돈은언제|^내야",
	  "have to pay|time to pay|due|due date*|when do i need to pay|when is payment|when do i pay|when do i have to pay|when to pay|when must i|"
	  "when should i pay|next month|deadline|payment date*|bill|bills|billing",
	  "이번 달에 쓴 금액은 다음 달 15일까지 갚으면 돼요. 연장하면 그 달 말일까지예요.",
	  "What you buy in a month is due on the 15th of the next month, or on that month's "
	  "last day if you extend it.",
	  "모아 결제 규칙 · 기한", "moa payment rules, due dates" },
	{ "환불|반품|교환|취소하|주문취소|결제취소",
	  "refund*|return*|cancel an order|cancel my order|money back",
	  "판매처가 환불하면 아직 안 갚은 금액은 그만큼 줄고, 이미 갚은 금액은 결제했던 곳으로 "
	  "돌아가요. 쓴 포인트도 비율대로 돌려받아요. 반품이 되는지는 판매처가 정해요.",
	  "When the shop refunds you, what you still owe shrinks by that much, and what you "
	  "have repaid goes back the way it came. Points you spent come back in proportion. "
	  "Whether a return is possible is up to the shop.",
	  "모아 결제 규칙 · 환불", "moa payment rules, refunds" },
	{ "일부만갚|나눠갚|갚으면|지금갚|오늘갚|바로갚|상환|갚는방법|어떻게갚|갚으려|즉시결제|선결제|미리갚|먼저갚",
	  "pay part|pay a part|pay some of|repay*|pay early|pay off|pay ahead|pay back|pay it back",
	  "결제 화면에서 갚을 내역이나 달을 골라 언제든 미리 갚을 수 있어요. 갚은 만큼 한도가 "
	  "바로 돌아오고, 오래된 달부터 갚아야 해요.",
	  "You can repay at any time on the payments page, by purchase or by month. Your limit "
	  "comes back at once by what you repaid; an older month goes before a newer one.",
	  "모아 결제 규칙 · 상환", "moa payment rules, repayment" },
	{ "쇼츠|포인트|적립|출석|룰렛", "point|points|reward*|check in|checkin|roulette|cashback",
	  "포인트는 살 때 등급에 따라 결제액(쓴 포인트는 뺀 금액)의 0.2~2%가 쌓이고, 하루 한 번 출석하면 5~50점, "
	  "쇼츠를 1분 볼 때마다 10점(하루 100점까지)을 받아요. 1포인트는 1원처럼 써요.",
	  "You earn points with every purchase (0.2 to 2 % by grade, of what you do not pay with points), 5 to 50 for checking in "
	  "once a day, and 10 for each minute of shorts, up to 100 a day. One point is worth "
	  "one won.",
	  "모아 결제 규칙 · 포인트", "moa payment rules, points" },
	{ "등급|브론즈|실버등급|골드등급|플래티넘|다이아|한도올|한도늘|한도를올|한도를늘|한도더|한도가더|혜택|골드까지|골드되려|골드되|실버되|실버까지|다음등급",
	  "become gold|become silver|become platinum|become diamond|reach gold|next grade|higher grade|more limit|higher limit|bigger limit|raise my limit|increase my limit|raise the limit|grade|grades|tier*|bronze|platinum|diamond|level up|levels",
	  "등급은 다섯 가지예요. 브론즈(0점부터) 한도 100,000원·적립 0.2%, 실버(20점) "
	  "150,000원·0.6%, 골드(40점) 200,000원·1%, 플래티넘(60점) 250,000원·1.5%, "
	  "다이아몬드(90점) 300,000원·2%. 등급 점수는 10,000원을 갚을 때마다 1점이고, 매달 "
	  "1일에 정해져요.",
	  "There are five grades: bronze (from 0 points) limit 100,000 won, earning 0.2 %; "
	  "silver (20) 150,000 won, 0.6 %; gold (40) 200,000 won, 1 %; platinum (60) 250,000 "
	  "won, 1.5 %; diamond (90) 300,000 won, 2 %. Each 10,000 won repaid is one grade "
	  "point, and grades are set on the 1st of the month.",
	  "모아 등급표", "moa grade table" },
	{ "한도|얼마까지살|얼마까지쓸|얼마쓸수|얼마나쓸수|얼마나살수",
	  "limit|limits|how much can i spend|how much can i buy|can i spend|can i afford|"
	  "spending power|credit line|balance",
	  "지금 쓸 수 있는 한도는 {limit}이에요. 등급 한도에서 아직 안 갚은 금액을 뺀 값이고, "
	  "갚으면 바로 돌아와요.",
	  "You have {limit} available now: your grade's limit less everything you still owe. "
	  "Repaying gives it back at once.",
	  "내 계정, 방금 조회", "your account, read just now" },
	{ "결제방법|어떻게결제|결제는어떻|결제어떻|어떻게사|사는방법|구매방법|큐알|핀번호|카카오페이|네이버페이|토스페이|삼성페이|애플페이|카드결제|카드로|카드돼|카드되",
	  "how do i buy|how can i buy|how to buy|how to pay|how do i pay|how can i pay|"
	  "kakao pay|kakaopay|naver pay|apple pay|paypal|payment method*|pay by card|pay with card|credit card*|qr|pin",
	  "상품 링크로 들어가 판매처에서 모아 결제를 고르면, QR을 찍거나 여섯 자리 번호를 넣어 "
	  "바로 살 수 있어요. 돈은 다음 달 15일까지 내면 돼요.",
	  "Open the product's link and choose moa at the shop's checkout: scan the QR code or "
	  "type the six-digit number. You pay by the 15th of next month.",
	  "모아 결제 규칙 · 결제", "moa payment rules, paying" },
	{ "보증|에이에스|as되|as돼|사이즈|치수|크기가|소재|재질|재고|품절|할인|쿠폰|세일|후기|리뷰|평점|별점|정품|유통기한",
	  "discount*|coupon*|promo code|warranty|guarantee*|size|sizes|material*|in stock|out of stock|reviews|rating|ratings|genuine|made of|"
	  "how big|how heavy|how long does it last",
	  "사이즈, 소재, 재고, 할인, 후기, 보증 같은 상세 정보는 제가 갖고 있지 않으니 상품 링크에서 확인해 주세요.",
	  "I do not have details such as size, material, stock, discounts, reviews or warranty, so please check on the "
	  "product's page.",
	  "판매처 안내", "the shop's own page" },
	{ "배송|택배|언제와|언제도착", "shipping|delivery|deliver*|ship|ships|arrive*",
	  "배송은 판매처가 맡아요. 배송비와 도착일은 제가 모르니 상품 링크에서 확인해 주세요.",
	  "Shipping is the shop's business. I do not know its cost or dates, so please check "
	  "on the product's page.",
	  "판매처 안내", "the shop's own page" },
	{ "누가봐|누가볼|누가보나|누가읽|대화기록|기록삭제|대화삭제|개인정보|내정보|프라이버시",
	  "privacy|private|my data|delete this chat|delete my chat|delete the conversation|"
	  "personal data|who can read",
	  "이 대화는 본인만 볼 수 있고, 대화 목록에서 지우면 바로 완전히 삭제돼요. 탈퇴하면 "
	  "모든 대화가 지워져요.",
	  "Only you can read this conversation. Deleting it in your list of conversations "
	  "erases it at once, and closing your account erases them all.",
	  "모아 대화 안내", "about moa conversations" },
	{ "모아가뭐|모아는뭐|모아뭐야|모아란|후불|무슨서비스|bnpl|선구매",
	  "bnpl|buy now pay later|pay later|what is moa|whats moa|what is this service|this service",
	  "모아는 먼저 사고 다음 달 15일까지 이자 없이 갚는 후불 결제 서비스예요. 짧은 영상, "
	  "쇼핑 도우미, 소비 리포트도 함께 있어요.",
	  "moa lets you buy now and pay by the 15th of next month, without interest. It also "
	  "has short videos, this shopping assistant and a spending report.",
	  "모아 소개", "about moa" },
	{ "달러|유로|엔화|불이하|환율", "dollar*|usd|bucks|euro|euros|eur|yen|pounds",
	  "가격은 모두 원화예요. 예산도 \"3만원 이하\"처럼 원으로 말씀해 주세요.",
	  "All prices here are in won. Please name your budget in won, too, such as \"under 30,000 won\".",
	  "모아 상품 안내", "moa product guide", true },
	{ NULL, NULL, NULL, NULL, NULL, NULL, false },
};
