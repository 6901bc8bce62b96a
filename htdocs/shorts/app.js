/* The page for shorts: which screen the address names, and what keys do. */
import { is_signed_in } from "/api.js";
import { at } from "/dom.js";
import { go_in, open_door, show_door } from "/door.js";
import { draw_channel, open_channel } from "./channel.js";
import { open_comments, start_comments } from "./comments.js";
import { card_here, come_back, draw_feed, go, go_to, is_in_reel, open_feed, remove_here, start_feed, wake } from "./feed.js";
import { draw_gauge, forget_gauge, start_gauge } from "./gauge.js";
import { draw_icons, icon } from "./icons.js";
import { draw_me, leave_me, open_me } from "./me.js";
import { open_more, start_more } from "./more.js";
import { is_muted, mute } from "./player.js";
import { draw_search, open_search, start_search } from "./search.js";
import { open_share, start_share } from "./share.js";
import { start_sheets } from "./sheet.js";
import { hush } from "./toast.js";
import { draw_upload, open_upload, start_upload } from "./upload.js";
import { say } from "./words.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
const SCREENS = {
	search: { open: open_search },
	channel: { open: open_channel },
	me: { open: open_me, why: "door_me" },
	upload: { open: open_upload, why: "door_upload" },
};

let reel_is_fresh = false; /* the reel is of who is signed in now */

function show(name) {
	document.body.classList.toggle("feeding", name === "feed");
	for (const id of ["feed", ...Object.keys(SCREENS)])
		at(id).hidden = id !== name;
	for (const tab of document.querySelectorAll("[data-screen]"))
		if (tab.dataset.screen === name)
			tab.setAttribute("aria-current", "page");
		else
			tab.removeAttribute("aria-current");
	wake(name === "feed");
	if (name !== "me")
		leave_me();
	hush();
}

async function show_feed(id) {
	show("feed");
	if (!reel_is_fresh || id && !is_in_reel(id)) {
		reel_is_fresh = true;
		await open_feed(id);
	} else if (id) {
		go_to(id);
	}
}

/* Pressed again, the feed's tab begins it anew. */
async function show_newest(event) {
	event.preventDefault();
	history.replaceState(null, "", "/shorts/");
	hush();
	await open_feed("");
}

/* "#", "#ID of a short", "#search/words", "#channel/ID", "#me/shelf", "#upload". */
async function follow_address() {
	const [name, ...rest] = location.hash.slice(1).split("/");
	const screen = SCREENS[name], what = decodeURIComponent(rest.join("/"));

	for (const dialog of document.querySelectorAll("dialog[open]"))
		dialog.close();
	if (!screen) {
		await show_feed(UUID.test(name) ? name : "");
	} else if (screen.why && !is_signed_in()) {
		show_door(screen.why);
	} else {
		show(name);
		at(name).scrollTop = 0;
		await screen.open(what);
	}
}

function draw_doors() {
	at("enter").hidden = is_signed_in() || at("room").hidden;
	at("leave").hidden = !is_signed_in();
}

async function opened() {
	reel_is_fresh = false;
	forget_gauge();
	draw_doors();
	at("offline").hidden = navigator.onLine;
	if (SCREENS[location.hash.slice(1).split("/")[0]]?.why && !is_signed_in())
		history.replaceState(null, "", "/shorts/");
	else if (!location.hash && card_here())
		history.replaceState(null, "", `#${card_here().short.id}`);
	await follow_address();
}

function closed() {
	document.body.classList.remove("feeding");
	for (const dialog of document.querySelectorAll("dialog[open]"))
		dialog.close();
	wake(false);
	leave_me();
	hush();
	at("enter").hidden = true;
}

function draw_mute() {
	at("mute").replaceChildren(icon(is_muted() ? "quiet" : "loud"));
	at("mute").setAttribute("aria-label", say(is_muted() ? "unmute" : "mute"));
}

function toggle_mute() {
	mute(!is_muted());
	draw_mute();
}

/* What a key does while the reel is on the screen, unless something else has the keyboard. */
const KEYS = {
	ArrowDown: () => go(1),
	ArrowUp: () => go(-1),
	PageDown: () => go(1),
	PageUp: () => go(-1),
	" ": () => card_here()?.player.toggle(),
	m: toggle_mute,
	l: () => card_here()?.react("like"),
	c: () => card_here() && open_comments(card_here()),
};

function press(event) {
	const { target } = event, act = KEYS[event.key];

	if (!act || at("feed").hidden || at("room").hidden || document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey
		|| event.altKey || target.closest("input, textarea") || event.key === " " && target.closest("button, a"))
		return;
	event.preventDefault();
	act();
}

function listen() {
	at("mute").addEventListener("click", toggle_mute);
	at("previous").addEventListener("click", () => go(-1));
	at("next").addEventListener("click", () => go(1));
	at("enter").addEventListener("click", () => show_door());
	addEventListener("keydown", press);
	/* Also back from the door. */
	addEventListener("hashchange", () => (at("room").hidden ? go_in() : follow_address()));
	document.querySelector("[data-screen=feed]").addEventListener("click", (event) => at("feed").hidden || show_newest(event));
	addEventListener("offline", () => { at("offline").hidden = false; });
	addEventListener("online", () => {
		at("offline").hidden = true;
		come_back();
	});
	document.addEventListener("visibilitychange", () => {
		if (!at("feed").hidden && !at("room").hidden)
			wake(!document.hidden);
	});
}

draw_icons();
start_sheets();
start_feed({ talk: open_comments, share: open_share, more: open_more });
start_gauge();
start_comments();
start_share();
start_more({ erased: remove_here });
start_search();
start_upload();
listen();
open_door({
	guests: true,
	opened,
	closed,
	left: () => {
		forget_gauge();
		history.replaceState(null, "", "/shorts/");
	},
	spoke: () => {
		draw_mute();
		draw_gauge();
		draw_feed();
		draw_search();
		draw_channel();
		draw_me();
		draw_upload();
	},
});
