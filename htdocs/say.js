/* Saying things in the reader's language, Korean or English, and writing amounts as it does: what the pages have in common. */

let language = "ko", words = {};

/* The page's words: {ko: {name: text}, en: {…}}; first of all. */
export function teach(table) {
	words = table;
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
