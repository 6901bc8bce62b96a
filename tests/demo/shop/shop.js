/* Buying in the demo shop: an order from our server, moa's window, and then our server's word for how it went. */
"use strict";

const told = {
	paid: "고맙습니다! 결제가 끝났어요. 곧 보내 드릴게요.",
	cancelled: "결제를 취소했어요.",
	expired: "시간이 지나서 결제되지 않았어요.",
	pending: "결제를 확인하고 있어요. 잠시 뒤에 다시 봐 주세요.",
	failed: "지금은 주문할 수 없어요. 잠시 뒤에 다시 해 주세요.",
};
const outcome = document.querySelector("#outcome");
const buttons = document.querySelectorAll("[data-goods]");

function show(status) {
	outcome.className = status;
	outcome.textContent = told[status] ?? told.pending;
}

async function json(path, options) {
	const reply = await fetch(path, options);

	if (!reply.ok)
		throw new Error(String(reply.status));
	return reply.json();
}

async function buy(goods) {
	const order = await json("/orders", { method: "POST", body: JSON.stringify({ goods }) });

	await Moa.checkout({ id: order.checkout, language: document.documentElement.lang });
	/* What the browser says is for the eye; our server has asked moa. */
	show((await json(`/orders/${order.order}`)).status);
}

for (const button of buttons)
	button.addEventListener("click", async () => {
		outcome.textContent = "";
		buttons.forEach((each) => { each.disabled = true; });
		try {
			await buy(button.dataset.goods);
		} catch {
			show("failed");
		}
		buttons.forEach((each) => { each.disabled = false; });
		button.focus();
	});
