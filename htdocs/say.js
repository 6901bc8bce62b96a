/* Saying things in the reader's language, Korean or English, and writing amounts as it does: what the pages have in common. */

const LANGUAGE = "moa.language";

let language = "ko";
const words = { ko: { other_language: "English" }, en: { other_language: "한국어" } };

/* Words: {ko: {name: text}, en: {…}}, besides those that were taught before; first of all. */
export function teach(table) {
	for (const code of Object.keys(words))
		Object.assign(words[code], table[code]);
}

export const spoken = () => language;

export function speak(code) {
	language = code === "en" ? "en" : "ko";
	document.documentElement.lang = language;
	document.title = `${say("title")} · moa`;
	for (const node of document.querySelectorAll("[data-words]"))
		node.textContent = say(node.dataset.words);
	for (const node of document.querySelectorAll("[data-label]"))
		node.setAttribute("aria-label", say(node.dataset.label));
	for (const node of document.querySelectorAll("[data-hint]"))
		node.placeholder = say(node.dataset.hint);
}

/* The text of that name, its gaps filled: say("rate_limited", { s: 5 }).  Parts of a name: "outcome.accepted". */
export function say(name, values = {}) {
	const text = name.split(".").reduce((found, part) => found?.[part], words[language]) ?? "";

	return typeof text === "string" ? text.replace(/\{(\w+)\}/g, (_, gap) => values[gap] ?? "") : text;
}

export const won = (amount) => (language === "ko"
	? `${amount.toLocaleString("ko-KR")}원` : `${amount.toLocaleString("en-US")} won`);

function saved_language() {
	try {
		return localStorage.getItem(LANGUAGE);
	} catch {
		return null; /* a frame among others' pages may have no storage */
	}
}

function save_language() {
	try {
		localStorage.setItem(LANGUAGE, language);
	} catch {
		/* then only until the page is left */
	}
}

/* Speak the language that the address asks for, or that was chosen before, or the browser's; button changes it.  changed() is told. */
export function start_language(button, changed) {
	function show(code) {
		speak(code);
		button.textContent = say("other_language");
		button.lang = language === "ko" ? "en" : "ko";
		changed();
	}

	button.addEventListener("click", () => {
		show(button.lang);
		save_language();
	});
	show(/^ko/.test(new URLSearchParams(location.search).get("language") ?? saved_language() ?? navigator.language)
		? "ko" : "en");
}
