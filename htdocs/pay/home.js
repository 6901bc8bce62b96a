/* What a customer can spend and has to repay: how long there is, longer on demand, and the points of the day. */
import { call } from "/api.js";
import { at, make } from "/dom.js";
import { day, number, say, won } from "./words.js";

let home = null; /* {summary, today, extension} as last read */

export async function load_home() {
	const [summary, today, extension] = await Promise.all(["summary", "check_in", "extension"].map((what) => call("GET", `/pay/${what}`)));

	home = { summary, today, extension };
}

export function forget_home() {
	home = null;
}

export const is_blocked = () => home?.summary.standing === "blocked";

/* A list of figures: rows(list, ["available", "148,000원"], …). */
export function rows(list, ...pairs) {
	list.replaceChildren(...pairs.flatMap(([name, value]) => [make("dt", {}, say(name)), make("dd", {}, value)]));
}

function button(text, label, press) {
	const made = make("button", { className: "plain", type: "button", ariaLabel: label }, text);

	made.addEventListener("click", press);
	return made;
}

/* Only the oldest bill can be repaid, and only the one of last month extended. */
function bill_item(bill, is_oldest, on) {
	const month = day(bill.month), due = say(`due.${bill.status}`, { day: day(bill.due_on), left: bill.days_left });
	const more = home.extension.available && home.extension.bills.find((one) => one.month === bill.month);
	const until = more ? day(more.new_due_on) : "";

	return make("li", { className: bill.status },
		make("div", { className: "owed" }, make("strong", {}, won(bill.total_won)),
			make("span", {}, [say("bill", { month }), due, ...bill.extended ? [say("extended")] : []].join(" · "))),
		make("div", { className: "acts" },
			more ? button(say("extend"), say("extend_this", { month, day: until }), () => on.extend(bill.month)) : null,
			is_oldest ? button(say("repay"), say("repay_this", { month, won: won(bill.total_won) }), () => on.repay(bill.month))
				: null));
}

/* Draw what was loaded; on.repay(month), on.extend(month) and on.check_in() are called when that is pressed. */
export function draw_home(on) {
	if (!home)
		return;
	const { summary, today } = home;

	rows(at("money"), ["available", won(summary.available_won)], ["own_points", number(summary.points)]);
	at("check_in").replaceChildren(today.checked_in ? say("checked_in", { points: number(today.points) })
		: button(say("check_in"), null, on.check_in));
	at("bills").replaceChildren(...summary.bills.map((bill, nth) => bill_item(bill, nth === 0, on)));
	if (!summary.bills.length)
		at("bills").append(make("li", {}, say("no_bills")));
}

/* The daily check-in: what was drawn. */
export const check_in = () => call("POST", "/pay/check_in");

/* Let the bill of that month be repaid later: once, so its month is the key. */
export const extend = (month) => call("POST", "/pay/extension", { headers: { "Idempotency-Key": `extend-${month}` } });
