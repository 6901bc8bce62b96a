/* What the payment window says, in Korean and English. */
import { say, start_language, teach, won } from "/say.js";

export { say, start_language, won };

teach({
	ko: {
		title: "결제",
		brand: "모아",
		how: "휴대폰으로 QR 코드를 찍거나 moa에 PIN을 입력해 주세요.",
		qr: "결제용 QR 코드. 볼 수 없으면 아래 PIN을 쓰세요.",
		pin: "PIN",
		left: "{time} 남았어요",
		left_said: "{s}초 남았어요.",
		cancel: "결제 취소",
		trouble: "연결이 고르지 않아요. 다시 잇고 있어요. 이미 한 결제는 사라지지 않아요.",
		loading: { headline: "불러오고 있어요", detail: "" },
		pending: { headline: "결제를 기다리고 있어요", detail: "" },
		claimed: { headline: "휴대폰에서 확인해 주세요", detail: "금액을 확인하고 결제를 누르면 끝나요." },
		late: { headline: "결과를 확인하고 있어요", detail: "시간이 다 되어서, 결제되었는지 물어보고 있어요." },
		paid: { headline: "결제됐어요", detail: "결제 내역은 moa에서 볼 수 있어요." },
		expired: { headline: "시간이 지났어요", detail: "결제되지 않았어요. 상점에서 다시 시작해 주세요." },
		cancelled: { headline: "결제를 취소했어요", detail: "결제되지 않았어요." },
		unknown: { headline: "이 결제를 찾을 수 없어요", detail: "상점에서 다시 시작해 주세요." },
	},
	en: {
		title: "Payment",
		brand: "모아",
		how: "Scan the QR code with your phone, or type the PIN in moa.",
		qr: "QR code to pay with. If you cannot see it, use the PIN below.",
		pin: "PIN",
		left: "{time} left",
		left_said: "{s} seconds left.",
		cancel: "Cancel payment",
		trouble: "The connection is shaky. Trying again; a payment already made is not lost.",
		loading: { headline: "Loading", detail: "" },
		pending: { headline: "Waiting for the payment", detail: "" },
		claimed: { headline: "Please look at your phone", detail: "Check the amount there and press pay." },
		late: { headline: "Asking how it went", detail: "Time is up: asking whether it was paid." },
		paid: { headline: "Paid", detail: "You find it in moa, under payments." },
		expired: { headline: "Time is up", detail: "Nothing was paid. Please start again in the shop." },
		cancelled: { headline: "Payment cancelled", detail: "Nothing was paid." },
		unknown: { headline: "There is no such payment", detail: "Please start again in the shop." },
	},
});
