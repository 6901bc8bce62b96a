/* The payment window: what is asked for, the codes to pay it with, the time that is left, and how it ended. */
import { ask, follow, is_over } from "./follow.js";
import { say, start_language, won } from "./words.js";

const SAID_AT_S = [60, 30, 10]; /* what is left is said aloud then */

const id = location.pathname.split("/").pop();
const framed = window.parent !== window;
const at = (name) => document.getElementById(name);

let status = "loading";
let bill = null;      /* the checkout as last read */
let ends_at = 0;      /* of performance.now() */
let whole_s = 120;    /* what the bar is full at */
let said_s = Infinity;

const announce = (text) => { at("live").textContent = text; };

const left_s = () => Math.max(0, Math.ceil((ends_at - performance.now()) / 1000));

/* What the merchant wrote is text, whatever it looks like. */
function draw_bill() {
	at("bill").hidden = !bill;
	if (!bill)
		return;
	at("merchant").textContent = bill.merchant;
	at("name").textContent = bill.name;
	at("amount").textContent = won(bill.amount_won);
	at("qr").alt = say("qr");
	if (bill.pin) {
		at("pin").textContent = `${bill.pin.slice(0, 3)} ${bill.pin.slice(3)}`;
		at("pin").setAttribute("aria-label", [...bill.pin].join(" "));
	}
}

function draw() {
	const codes = status === "pending" && Boolean(bill?.pin);
	const over = is_over(status);

	document.body.className = `checkout ${status}${framed ? " framed" : ""}`;
	draw_bill();
	at("codes").hidden = !codes;
	at("state").hidden = codes;
	at("clock").hidden = over || !bill;
	at("cancel").hidden = over;
	at("mark").textContent = { paid: "✓", expired: "!", cancelled: "×", unknown: "?" }[status] ?? "…";
	at("headline").textContent = say(`${status}.headline`);
	at("detail").textContent = say(`${status}.detail`);
	tick();
}

/* Whoever frames this window is told; whom it tells has the checkout's id already. */
function tell_parent() {
	if (framed)
		parent.postMessage({ moa: "checkout", id, status }, "*");
}

function change(to) {
	if (to === status)
		return;
	status = to;
	draw();
	if (status !== "pending")
		announce(`${say(`${status}.headline`)}. ${say(`${status}.detail`)}`);
	tell_parent();
}

/* The server's clock counts: this one may be wrong by any amount. */
function take(answer) {
	const left_ms = answer.left_ms ?? Date.parse(answer.expires_at) - Date.parse(answer.now);

	if (answer.expires_at) {
		if (!bill && answer.pin)
			at("qr").src = `/api/v1/pay/checkout/${id}/qr.svg`;
		bill = answer;
	}
	if (Number.isFinite(left_ms)) {
		ends_at = performance.now() + left_ms;
		whole_s = Math.max(whole_s, left_ms / 1000);
	}
	if (answer.status === status)
		draw();
	change(answer.status);
}

function tick() {
	const s = left_s();

	if (is_over(status) || !bill)
		return;
	at("bar").max = whole_s;
	at("bar").value = s;
	at("left").textContent = say("left", { time: `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}` });
	document.body.classList.toggle("hurry", s <= 30);
	for (const mark of SAID_AT_S)
		if (s <= mark && said_s > mark && s > 0)
			announce(say("left_said", { s }));
	said_s = Math.min(s, said_s);
	if (s === 0 && status !== "late" && status !== "loading") {
		/* Only the server knows whether it was paid in the last moment. */
		change("late");
		watched.look();
	}
}

async function cancel() {
	at("cancel").disabled = true;
	const answer = await ask(id, "POST", "/close");

	at("cancel").disabled = false;
	if (answer)
		watched.tell(answer);
	else
		at("trouble").hidden = false;
}

at("cancel").addEventListener("click", cancel);
addEventListener("keydown", (event) => {
	if (event.key === "Escape" && framed)
		parent.postMessage({ moa: "checkout", id, closing: true }, "*");
});

start_language(at("language"), draw);
const watched = follow(id, {
	told: take,
	trouble: (there_is) => {
		at("trouble").textContent = say("trouble");
		at("trouble").hidden = !there_is;
	},
});
setInterval(tick, 250);
