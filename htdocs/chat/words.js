/* What the page itself says, in Korean and English, and how it writes times. */
import { say, spoken, teach, won } from "/say.js";

export { say, spoken, won };

const words = {
	ko: {
		title: "쇼핑 도우미",
		skip: "대화로 건너뛰기",
		conversations: "대화 목록",
		talk: "대화",
		choices: "빠른 답",
		newest: "맨 아래로",
		text: "메시지를 적어 주세요",
		send: "보내기",
		stop: "멈추기",
		door_title: "쇼핑 도우미",
		door_text: "로그인하면 남은 한도 안에서 마음에 들 만한 상품을 함께 찾아 드려요.",
		begin: "새 대화",
		more: "더 보기",
		no_talks: "아직 대화가 없어요.",
		empty: "새 대화를 시작해 보세요.",
		you: "나",
		assistant: "도우미",
		thinking: "답을 쓰고 있어요",
		take: ["첫 번째 걸로 할게요", "두 번째 걸로 할게요", "세 번째 걸로 할게요"],
		take_short: "이걸로 하기",
		look: "{mall}, {name} 보기",
		shop: "판매처",
		good: "도움이 됐어요",
		bad: "아쉬워요",
		rated: "의견 고마워요.",
		erase: "지우기",
		keep: "그대로 두기",
		erase_title: "이 대화를 지울까요?",
		erase_text: "지우면 모든 기기에서 바로 사라지고 되돌릴 수 없어요.",
		erase_this: "{when} 대화 지우기",
		erased: "대화를 지웠어요.",
		again: "다시 보내기",
		reload: "다시 불러오기",
		stopped: "멈췄어요. 보내신 메시지는 남지 않았어요.",
		resuming: "연결이 끊겨 다시 잇고 있어요…",
		offline: "인터넷 연결을 확인해 주세요. 보낸 메시지는 잃어버리지 않았어요.",
		busy: "지금 이용하는 분이 많아요. 잠시 뒤 다시 보내 주세요.",
		rate_limited: "메시지를 너무 빨리 보내셨어요. {s}초 뒤에 다시 보낼 수 있어요.",
		rate_over: "이제 다시 보낼 수 있어요.",
		refused: {
			turn_in_progress: "다른 화면에서 보낸 메시지에 답하는 중이에요. 잠시 뒤 다시 보내 주세요.",
			conversation_over: "이 대화는 길어져서 끝났어요. 새 대화를 시작해 주세요.",
			not_found: "이 대화는 지워졌어요.",
			conflict: "대화는 100개까지 둘 수 있어요. 쓰지 않는 대화를 지워 주세요.",
		},
		question: { mood_check: "기분을 묻는 중", hobby_check: "관심사를 묻는 중", choose: "고르는 중",
			recommendation: "추천하는 중", re_recommendation: "추천하는 중", done: "마친 대화" },
		outcome: { accepted: "상품을 골랐어요", declined: "쉬어 갔어요", dashboard: "리포트를 봤어요" },
	},
	en: {
		title: "Shopping assistant",
		skip: "Skip to the conversation",
		conversations: "Conversations",
		talk: "Conversation",
		choices: "Quick replies",
		newest: "To the newest message",
		text: "Write a message",
		send: "Send",
		stop: "Stop",
		door_title: "Shopping assistant",
		door_text: "Sign in, and we find things you may like, within what you can spend.",
		begin: "New conversation",
		more: "Show more",
		no_talks: "No conversations yet.",
		empty: "Start a new conversation.",
		you: "You",
		assistant: "Assistant",
		thinking: "Writing an answer",
		take: ["I'll take the first", "I'll take the second", "I'll take the third"],
		take_short: "I'll take it",
		look: "{mall}, view {name}",
		shop: "Shop",
		good: "Helpful",
		bad: "Not helpful",
		rated: "Thank you for telling us.",
		erase: "Delete",
		keep: "Keep it",
		erase_title: "Delete this conversation?",
		erase_text: "It disappears from all your devices at once and cannot be brought back.",
		erase_this: "Delete the conversation of {when}",
		erased: "The conversation is deleted.",
		again: "Send again",
		reload: "Load again",
		stopped: "Stopped. Your message was not kept.",
		resuming: "The connection broke. Picking it up again…",
		offline: "Please check your connection. Your message is not lost.",
		busy: "Many people are here right now. Please send it again in a moment.",
		rate_limited: "That was a little fast. You can send again in {s} s.",
		rate_over: "You can send again now.",
		refused: {
			turn_in_progress: "A message sent elsewhere is being answered. Please send yours again in a moment.",
			conversation_over: "This conversation has grown long and is over. Please start a new one.",
			not_found: "This conversation has been deleted.",
			conflict: "You can keep 100 conversations. Please delete some you no longer need.",
		},
		question: { mood_check: "Asking about your mood", hobby_check: "Asking what you like", choose: "Choosing",
			recommendation: "Recommending", re_recommendation: "Recommending", done: "Done" },
		outcome: { accepted: "You chose something", declined: "Left for another time", dashboard: "Went to the report" },
	},
};

teach(words);

/* In which language a text is written, for screen readers and hyphenation. */
export const language_of = (text) => (/[가-힣]/.test(text) ? "ko" : "en");

/* "오후 3:20" today, else with the day. */
export function when(time) {
	const at = new Date(time), today = at.toDateString() === new Date().toDateString();
	const shape = today ? { hour: "numeric", minute: "2-digit" }
		: { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };

	return new Intl.DateTimeFormat(spoken() === "ko" ? "ko-KR" : "en-US", shape).format(at);
}
