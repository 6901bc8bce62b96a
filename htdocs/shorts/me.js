/* One's own page: what one uploaded and how far that is, what one liked and commented on, and who follows whom. */
import { call } from "/api.js";
import { at, make } from "/dom.js";
import { head } from "./channel.js";
import { draw_chips } from "./chips.js";
import { follow_button } from "./follow.js";
import { picture, tile } from "./grid.js";
import { icon } from "./icons.js";
import { erase_short, open_edit } from "./more.js";
import { Pages } from "./pages.js";
import { link_to } from "./people.js";
import { guarded } from "./toast.js";
import { ago, few, language_of, number, say } from "./words.js";

const SHELVES = ["uploads", "liked", "commented", "subscriptions", "subscribers"];
const LOOK_MS = 2000; /* so often is looked how far the uploads are that are being made ready */

let channel = null, shelf = SHELVES[0];
let pages = null, timer = 0;
let unready = new Map(); /* id: {short, draw()} of uploads that are being made ready */

/* What an upload has become, in a word. */
function state_of(short) {
	if (short.hidden)
		return say("status.hidden");
	if (short.status === "failed")
		return `${say("status.failed")}: ${say(`why.${short.reason}`) || say("why.other")}`;
	return short.status === "ready" ? `${say("views", { n: few(short.view_count) })} · ${ago(short.created_at)}`
		: say("status.processing", { n: number(short.progress ?? 0) });
}

const small = (text, label, press) => {
	const button = make("button", { className: "link", type: "button", ariaLabel: label }, text);

	button.addEventListener("click", press);
	return button;
};

function upload_item(short) {
	const node = make("li", { className: "upload" });
	const card = { short, draw: () => {
		const { title, status, like_count, comment_count } = short, ready = status === "ready";
		const name = make("strong", { dir: "auto", lang: language_of(title) }, title);

		node.className = `upload ${status}`;
		node.replaceChildren(picture(short),
			make("div", {}, make("p", {}, short.video_url ? make("a", { href: `#${short.id}` }, name) : name),
				make("p", { className: "state" }, state_of(short)),
				status === "processing" ? make("progress", { max: 100, value: short.progress ?? 0, ariaLabel: say("status.processing", { n: short.progress ?? 0 }) }) : "",
				ready ? make("p", { className: "state" }, icon("heart"), ` ${few(like_count)}  `, icon("talk"), ` ${few(comment_count)}`) : "",
				make("p", { className: "acts" },
					small(say("edit"), `${say("edit")}: ${title}`, () => open_edit(card)),
					small(say("erase"), `${say("erase")}: ${title}`, async () => await erase_short(short) && node.remove()))));
	} };

	card.draw();
	if (short.status === "processing")
		unready.set(short.id, card);
	return node;
}

const channel_item = (one) => make("li", { className: "person" },
	link_to(one),
	follow_button(one, one.subscribed));

const ITEMS = { uploads: upload_item, subscriptions: channel_item, subscribers: channel_item };

/* How far they are by now, while that can be seen. */
async function look() {
	for (const [id, card] of unready) {
		const short = await call("GET", `/shorts/${id}`).catch(() => null);

		if (!short)
			continue;
		Object.assign(card.short, short);
		card.draw();
		if (short.status !== "processing")
			unready.delete(id);
	}
}

function look_again() {
	clearTimeout(timer);
	timer = setTimeout(async () => {
		if (!document.hidden)
			await look();
		if (!at("me").hidden)
			look_again();
	}, LOOK_MS);
}

const draw_shelves = () => draw_chips(at("shelves"), SHELVES, shelf, { text: (name) => say(`shelf.${name}`), href: (name) => `#me/${name}` });

export function draw_me() {
	if (!channel || at("me").hidden)
		return;
	at("me_head").replaceChildren(...head(channel, make("a", { href: `#channel/${channel.id}`, className: "plain" }, say("my_channel"))));
	draw_shelves();
}

const load_head = () => guarded(async () => {
	channel = await call("GET", "/shorts/me/overview");
	draw_me();
}, load_head);

export async function open_me(name) {
	shelf = SHELVES.includes(name) ? name : SHELVES[0];
	unready = new Map();
	draw_shelves();
	pages?.close();
	pages = new Pages(at("shelf"), { item: ITEMS[shelf] ?? tile, className: ITEMS[shelf] ? "rows" : "grid",
		empty: () => say(`empty.${shelf}`) });
	await Promise.all([load_head(), pages.open(`/shorts/me/${shelf}`)]);
	if (shelf === "uploads")
		look_again();
}

export function leave_me() {
	clearTimeout(timer);
	unready.clear();
}
