/* The reel: shorts below each other, of which the one on the screen plays; the next is loaded, and the next page fetched, in time. */
import { call } from "/api.js";
import { at } from "/dom.js";
import { Card } from "./card.js";
import { watch } from "./gauge.js";
import { guarded, tell } from "./toast.js";
import { say } from "./words.js";

const PAGE = 10, NEAR = 3; /* the next page is fetched that many before the end */
const KEPT = 2;            /* posters that far from the screen stay */

let cards = [];
let next_cursor = null;
let here = -1;          /* which card is on the screen */
let awake = false;      /* the reel itself is on the screen */
let fetching = false;
let missed = false;     /* the last page did not come */
let began = 0;          /* counts reels, so that a late page does not land in the next one */
let on = {};
const seen = new Set(); /* ids in the reel: one that was shared comes again in the feed */

const watcher = new IntersectionObserver((entries) => {
	for (const entry of entries)
		if (entry.isIntersecting && awake)
			come_to(cards.findIndex((card) => card.node === entry.target));
}, { root: at("reel"), threshold: 0.6 });

/* Load what is around the one on the screen, and give back the rest. */
function tidy() {
	cards.forEach((card, nth) => {
		const far = Math.abs(nth - here);

		if (far > KEPT)
			card.player.unload();
		else
			card.player.load(nth === here || nth === here + 1 && !navigator.connection?.saveData);
	});
}

function begin() {
	card_here().player.enter();
	watch(card_here().player);
}

function come_to(nth) {
	if (nth < 0 || nth === here)
		return;
	cards[here]?.player.leave();
	here = nth;
	if (awake)
		begin();
	tidy();
	if (here + NEAR >= cards.length)
		fetch_more();
}

function add(shorts) {
	for (const short of shorts) {
		if (seen.has(short.id))
			continue;
		const card = new Card(short, on);

		seen.add(short.id);
		cards.push(card);
		at("reel").insertBefore(card.node, at("reel_end"));
		watcher.observe(card.node);
	}
	if (here >= 0)
		tidy();
}

function draw_end() {
	const words = !cards.length ? "no_shorts" : next_cursor === null ? "reel_end" : "loading";

	at("reel").setAttribute("aria-busy", String(fetching));
	at("reel_end").classList.toggle("last", words === "reel_end");
	at("reel_word").textContent = say(fetching ? "loading" : words);
}

const page_at = (cursor) => call("GET", `/shorts/feed?limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { guest: true });

/* The page at next_cursor.  A reel that stood still for a day has lost its order: then the feed begins anew behind it. */
const next_page = () => page_at(next_cursor).catch((e) => {
	if (e.code !== "invalid_cursor")
		throw e;
	return page_at("");
});

async function fetch_more() {
	const mine = began;

	if (fetching || next_cursor === null)
		return;
	fetching = true;
	draw_end();
	missed = !await guarded(async () => {
		const page = await next_page();

		if (mine !== began)
			return;
		next_cursor = page.next_cursor;
		add(page.items);
	}, fetch_more);
	if (mine !== began)
		return;
	fetching = false;
	draw_end();
	if (cards.length && here < 0)
		come_to(0);
}

function empty() {
	began++;
	cards.forEach((card) => {
		card.player.unload();
		card.node.remove();
	});
	cards = [];
	seen.clear();
	here = -1;
	next_cursor = "";
	fetching = false;
	at("reel").scrollTo({ top: 0, behavior: "instant" });
	watch(null);
}

/* What was asked for by its address; one's own may not be ready yet. */
function add_first(short) {
	if (short.status === "ready")
		add([short]);
	else
		tell(say(`status.${short.status}`, { n: short.progress ?? 0 }));
}

/* A reel that begins with that short, if there is one: "" is the feed's own beginning. */
export async function open_feed(first) {
	empty();
	const mine = began;

	if (first)
		await guarded(async () => {
			const short = await call("GET", `/shorts/${first}`, { guest: true });

			if (mine === began)
				add_first(short);
		}, () => open_feed(first));
	if (mine !== began)
		return;
	if (cards.length)
		come_to(0);
	await fetch_more();
}

/* The short on the screen; null before there is one. */
export const card_here = () => cards[here] ?? null;

export const is_in_reel = (id) => seen.has(id);

/* One step down (1) or up (-1), from where the reel is: the watcher tells of that a little late, and a quick press would be lost. */
export function go(step) {
	const { scrollTop, clientHeight } = at("reel");

	cards[Math.round(scrollTop / clientHeight) + step]?.node.scrollIntoView({ block: "start" });
}

export function go_to(id) {
	cards.find((card) => card.short.id === id)?.node.scrollIntoView({ block: "start", behavior: "instant" });
}

/* It comes onto the screen, or leaves it: what plays there goes on where it was. */
export function wake(wanted) {
	if (awake === wanted)
		return;
	awake = wanted;
	if (awake && card_here()) {
		begin();
	} else if (!awake) {
		card_here()?.player.leave();
		watch(null);
	}
}

/* The network is back: what broke is tried again. */
export function come_back() {
	if (missed)
		fetch_more();
	if (card_here()?.player.failed)
		card_here().player.retry();
}

/* It is gone: the next one takes its place. */
export function remove_here() {
	const [card] = cards.splice(here, 1), next = Math.min(here, cards.length - 1);

	watcher.unobserve(card.node);
	card.player.unload();
	card.node.remove();
	here = -1;
	if (next >= 0)
		come_to(next);
	draw_end();
}

export function draw_feed() {
	cards.forEach((card) => card.draw());
	draw_end();
}

/* its.talk, its.share, its.more: as Card has them. */
export function start_feed(its) {
	on = { ...its, changed: (player) => player === card_here()?.player && watch(player) };
}
