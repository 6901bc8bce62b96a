/* Searching: the address holds the words, so that going back from a video shows what was found. */
import { at } from "/dom.js";
import { tile } from "./grid.js";
import { Pages } from "./pages.js";
import { say } from "./words.js";

let found = null; /* Pages */
let query = null; /* what was looked for last */

export function draw_search() {
	if (found && !query)
		found.tell(say("search_hint"));
}

export async function open_search(words) {
	found ??= new Pages(at("found"), { item: tile, className: "grid", empty: () => say("nothing_found", { query }) });
	if (words === query && found.path && !found.failed)
		return;
	query = words;
	at("query").value = query;
	found.close();
	draw_search();
	if (query)
		await found.open(`/shorts/search?q=${encodeURIComponent(query)}`);
	else if (matchMedia("(hover: hover)").matches)
		at("query").focus();
}

export function start_search() {
	at("search_form").addEventListener("submit", (event) => {
		const words = at("query").value.trim();

		event.preventDefault();
		if (words)
			location.hash = `search/${encodeURIComponent(words)}`;
		at("query").blur(); /* a phone's keyboard goes away */
	});
}
