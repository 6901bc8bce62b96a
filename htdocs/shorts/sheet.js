/* The sheets that come up over the page: how they open and close, and the question whether somebody is sure. */
import { at } from "/dom.js";
import { say } from "./words.js";

export function open_sheet(id) {
	for (const wrong of at(id).querySelectorAll(".error"))
		wrong.hidden = true;
	at(id).returnValue = "";
	at(id).showModal();
}

/* What went wrong, in the sheet itself: what is below it cannot be seen. */
export function complain(id, text) {
	at(id).textContent = text;
	at(id).hidden = !text;
}

/* Does somebody really want that?  name is that of the question's words. */
export async function is_sure(name) {
	at("sure_title").textContent = say(name);
	at("sure_text").textContent = say(`${name}_text`);
	open_sheet("sure");
	await new Promise((resolve) => { at("sure").addEventListener("close", resolve, { once: true }); });
	return at("sure").returnValue === "yes";
}

/* Every sheet closes by its cross, and by a touch beside it. */
export function start_sheets() {
	for (const sheet of document.querySelectorAll("dialog")) {
		sheet.querySelector("[data-close]")?.addEventListener("click", () => sheet.close());
		sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
	}
}
