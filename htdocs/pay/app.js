/* The customer's page: a code that a shop shows, what is to be paid, how much of it with points, and how it went; and bills to repay. */
import { Problem, call } from "/api.js";
import { at, make } from "/dom.js";
import { excuse, open_door, show_door } from "/door.js";
import { check_in, draw_home, extend, forget_home, is_blocked, load_home, rows } from "./home.js";
import { confirm, go_to_window, is_back } from "./repay.js";
import { day, number, say, won } from "./words.js";

const SCREENS = ["home", "bill", "result"];

let bill = null;    /* the claimed request, and its code */
let shown = null;   /* what the result says: {kind, values, rows} with words not yet chosen */

function show(screen) {
	for (const id of SCREENS)
		at(id).hidden = id !== screen;
	at(screen).querySelector("h1").focus();
}

function say_news(text) {
	at("news").textContent = text;
	at("news").hidden = !text;
}

/* What went wrong, with a button if trying again() may help; "" for nothing. */
function say_trouble(text, again = null) {
	const button = again ? make("button", { className: "plain", type: "button" }, say("try_again")) : null;

	button?.addEventListener("click", again);
	at("trouble").replaceChildren(text, ...button ? [button] : []);
	at("trouble").hidden = !text;
	say_news("");
	if (text)
		at("trouble").scrollIntoView({ block: "nearest" });
}

/* Nobody knows yet what became of it. */
const is_passing = (e) => e.status === 0 || e.status >= 500 || e.code === "idempotency_in_progress";

/*
 * Do it; false after a failure, which is told, with again() if that may help, or leads to the door.  refused(e) may know of something
 * better, and then resolves to true.
 */
async function guarded(what, { refused = async () => false, again = null } = {}) {
	say_trouble("");
	try {
		await what();
		return true;
	} catch (e) {
		if (!(e instanceof Problem))
			throw e;
		if (e.status === 401)
			show_door("door_again");
		else if (is_passing(e) || !await refused(e))
			say_trouble(excuse(e), is_passing(e) ? again : null);
		return false;
	}
}

/* Back to the start, which says why. */
async function give_up(e) {
	await go_home(excuse(e));
	return true;
}

/* The start: a PIN to type, and what there is to spend and to repay. */

const on_home = {
	repay: (month) => guarded(async () => {
		if (!await go_to_window(month))
			say_trouble(say("no_window"));
	}),
	extend: (month) => guarded(async () => {
		const done = await extend(month);

		await go_home();
		say_news(say("extended_to", { day: day(done.bills[0].due_on) }));
	}, { refused: give_up }),
	check_in: () => guarded(async () => {
		const drawn = await check_in();

		await go_home();
		say_news(say("drawn", { points: number(drawn.points) }));
	}, { refused: give_up }),
};

async function go_home(trouble = "") {
	bill = shown = null;
	history.replaceState(null, "", "/pay/");
	at("pin").value = "";
	show("home");
	if (await guarded(load_home, { again: () => go_home(trouble) }) && (trouble || is_blocked()))
		say_trouble(trouble || say("blocked"));
	draw_home(on_home);
	at("pin").focus();
}

/* What is to be paid. */

/* The points in the field: a number, or null for what is none. */
function points_wanted() {
	const text = at("points").value.trim() || "0";

	return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

const most_points = () => Math.min(bill.points_available, bill.amount_won);

/* What is wrong with so many points; "" if they may be used. */
function objection(points) {
	const missing = bill.amount_won - points - bill.limit_available_won;

	if (points === null)
		return say("points_form");
	if (points > most_points())
		return say("points_most", { points: number(most_points()) });
	return points < bill.amount_won && missing > 0 ? say("short", { won: won(missing) }) : "";
}

function draw_bill() {
	if (!bill)
		return;
	const points = points_wanted(), wrong = objection(points), credit = bill.amount_won - Math.min(points ?? 0, most_points());

	at("merchant").textContent = bill.merchant;
	at("name").textContent = bill.name;
	at("amount").textContent = won(bill.amount_won);
	at("own").textContent = say("own", { points: number(bill.points_available) });
	at("wrong").textContent = wrong;
	at("points").setAttribute("aria-invalid", String(wrong !== ""));
	rows(at("sum"), ["later", won(credit)], ["left", won(Math.max(0, bill.limit_available_won - credit))]);
	at("pay").textContent = say(bill.paying ? "paying" : "pay", { won: won(bill.amount_won) });
	at("pay").disabled = bill.paying || wrong !== "";
	for (const id of ["points", "all", "not_now"])
		at(id).disabled = bill.paying;
}

async function claim(code) {
	bill = { ...await call("POST", "/pay/codes/claim", { body: code }), code, paying: false };
}

/* A code that was scanned or typed leads to its bill, or back to the start. */
async function open_code(code) {
	if (!await guarded(() => claim(code), { refused: give_up, again: () => open_code(code) }))
		return;
	at("points").value = "0";
	draw_bill();
	show("bill");
}

/* How it ended. */

function draw_result() {
	if (!shown)
		return;
	at("mark").textContent = shown.kind === "over" ? "!" : "✓";
	at("result").className = shown.kind;
	at("headline").textContent = say(`${shown.kind}.headline`);
	at("detail").textContent = say(`${shown.kind}.detail`, shown.values());
	rows(at("receipt"), ...shown.rows());
}

function end(kind, values, its_rows = () => []) {
	bill = null;
	shown = { kind, values, rows: its_rows };
	history.replaceState(null, "", "/pay/");
	draw_result();
	show("result");
}

const end_paid = (payment) => end("paid", () => payment, () => [
	["points_used", number(payment.points_used)], ["later", won(payment.credit_won)],
	["earned", number(payment.points_earned)], ...payment.credit_won ? [["due_on", day(payment.due_on)]] : []]);

/* It was paid before, so the reply was lost: then it is among the newest payments. */
async function find_paid() {
	const page = await call("GET", "/pay/payments?limit=20");
	const payment = page.items.find((one) => one.request_id === bill.request_id);

	if (!payment)
		throw new Problem(404, { code: "not_found" });
	return payment;
}

/* What a refused approval leads to; false where it is only told. */
async function refused(e) {
	if (e.code === "already_paid") {
		return guarded(async () => { end_paid(await find_paid()); });
	}
	if (["code_expired", "request_cancelled", "not_found", "account_blocked"].includes(e.code)) {
		end("over", () => ({ why: excuse(e) }));
		return true;
	}
	/* What there was to spend has changed meanwhile. */
	if (["insufficient_limit", "insufficient_points"].includes(e.code))
		await guarded(() => claim(bill.code));
	return false;
}

/* The key says what is bought and how: pressed again, also after a reload, it is the same purchase. */
async function approve(points) {
	bill.paying = true;
	draw_bill();
	await guarded(async () => {
		end_paid(await call("POST", `/pay/requests/${bill.request_id}/approve`,
			{ body: { points }, headers: { "Idempotency-Key": `approve-${bill.request_id}-${points}` } }));
	}, { refused });
	if (bill)
		bill.paying = false;
	draw_bill();
}

/* Back from the gateway's window. */
async function end_repayment() {
	await guarded(async () => {
		const repaid = await confirm();

		if (repaid)
			end("repaid", () => ({ won: won(repaid.amount_won) }));
		else
			await go_home(say("left_window"));
	}, { refused: give_up, again: end_repayment });
}

/* Where the address leads: back from repaying, to a scanned code, or to the start. */
async function follow_address() {
	const code = location.hash.slice(1);

	if (at("desk").hidden)
		return;
	if (is_back())
		await end_repayment();
	else if (code)
		await open_code({ type: "qr", value: code });
	else if (bill)
		show("bill");
	else
		await go_home();
}

function listen() {
	const typed = () => at("pin").value.replace(/\D/g, "");

	at("enter").addEventListener("submit", (event) => {
		event.preventDefault();
		if (typed().length === 6)
			open_code({ type: "pin", value: typed() });
		else
			at("pin").focus();
	});
	at("pin").addEventListener("input", () => {
		if (typed().length === 6)
			at("enter").requestSubmit();
	});
	at("points").addEventListener("input", draw_bill);
	at("all").addEventListener("click", () => {
		at("points").value = String(most_points());
		draw_bill();
	});
	at("approve").addEventListener("submit", (event) => {
		event.preventDefault();
		if (!at("pay").disabled)
			approve(points_wanted());
	});
	at("not_now").addEventListener("click", () => go_home());
	at("again").addEventListener("click", () => go_home());
	addEventListener("hashchange", follow_address);
}

listen();
open_door({
	opened: follow_address,
	closed: () => say_trouble(""),
	left: () => {
		bill = shown = null;
		forget_home();
		history.replaceState(null, "", "/pay/");
	},
	spoke: () => { draw_home(on_home); draw_bill(); draw_result(); },
});
