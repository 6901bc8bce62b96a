/* A channel: whose it is, who follows it, and its shorts in an order that one can choose. */
import { call } from "/api.js";
import { at, make } from "/dom.js";
import { draw_chips } from "./chips.js";
import { follow_button } from "./follow.js";
import { tile } from "./grid.js";
import { Pages } from "./pages.js";
import { face } from "./people.js";
import { guarded } from "./toast.js";
import { few, say } from "./words.js";

const SORTS = ["latest", "popular", "oldest"];

let channel = null, sort = SORTS[0], opened = null; /* opened: the id that the address names */
let shorts = null; /* Pages */

/* What is said of a channel at the head of a screen, with a button or a link beside it. */
export const head = (who, beside) => [
	face(who),
	make("div", {},
		make("h1", { dir: "auto" }, who.nickname),
		make("p", { className: "counts" },
			`${say("subscribers", { n: few(who.subscriber_count) })} · ${say("short_count", { n: few(who.short_count) })}`)),
	beside];

function draw_sorts() {
	draw_chips(at("sorts"), SORTS, sort, { text: (name) => say(`sort.${name}`), press: (name) => {
		sort = name;
		draw_sorts();
		load_shorts();
	} });
}

const load_shorts = () => shorts.open(`/shorts/channels/${channel.id}/shorts?limit=30&sort=${sort}`);

export function draw_channel() {
	if (!channel)
		return;
	at("channel_head").replaceChildren(...head(channel, channel.mine
		? make("a", { href: "#me", className: "plain" }, say("tab.me"))
		: follow_button(channel, channel.subscribed, (followed) => {
			channel.subscribed = followed;
			channel.subscriber_count += followed ? 1 : -1;
			draw_channel();
		})));
	at("sorts").hidden = false;
	draw_sorts();
}

export async function open_channel(id) {
	shorts ??= new Pages(at("channel_shorts"), { item: tile, className: "grid", empty: () => say("no_channel_shorts") });
	opened = id;
	channel = null;
	sort = SORTS[0];
	shorts.close();
	at("channel_head").replaceChildren();
	at("sorts").hidden = true;
	await guarded(async () => {
		const found = await call("GET", `/shorts/channels/${encodeURIComponent(id)}`, { guest: true });

		if (id !== opened)
			return;
		channel = found;
		draw_channel();
		await load_shorts();
	}, () => open_channel(id));
}
