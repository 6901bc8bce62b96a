/* What the page tells in passing, at its foot: what went wrong, with something to do about it, and what was done. */
import { Problem, is_signed_in } from "/api.js";
import { at, make } from "/dom.js";
import { excuse, show_door } from "/door.js";
import { say } from "./words.js";

const SHOWN_MS = 6000;

let timer = 0;

export function hush() {
	clearTimeout(timer);
	at("toast").hidden = true;
}

/* Say it; with a button of that name if there is something to do, and then it stays until that is done or something else is told. */
export function tell(text, name = null, act = null) {
	const button = name ? make("button", { className: "plain", type: "button" }, say(name)) : null;

	clearTimeout(timer);
	button?.addEventListener("click", () => {
		hush();
		act();
	});
	at("toast").replaceChildren(make("span", {}, text), ...button ? [button] : []);
	at("toast").hidden = false;
	if (!button)
		timer = setTimeout(hush, SHOWN_MS);
}

/* It may go better when it is tried again. */
export const is_passing = (e) => e.status === 0 || e.status >= 500;

/* Do it; false after a failure, which is told, with a button for again() if that may help.  Who has to sign in is led to the door. */
export async function guarded(what, again = null) {
	try {
		await what();
		return true;
	} catch (e) {
		if (!(e instanceof Problem))
			throw e;
		if (e.status === 401)
			show_door("door_again");
		else
			tell(excuse(e), again && is_passing(e) ? "try_again" : null, again);
		return false;
	}
}

/* Is somebody signed in?  A guest is shown the door, with why. */
export function is_known(why) {
	if (!is_signed_in())
		show_door(why);
	return is_signed_in();
}
