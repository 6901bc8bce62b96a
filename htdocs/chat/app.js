/* The chat page: who is signed in, which conversation is open, and what happens when something is pressed. */
import { Problem, call, uuid } from "/api.js";
import { at, make } from "/dom.js";
import { excuse, open_door, show_door } from "/door.js";
import { run_turn } from "./turn.js";
import { Answer, add_note, add_question, announce, change, is_at_end, list_item, show_choices, show_newest, to_end,
	to_start } from "./view.js";
import { say, spoken } from "./words.js";

const PENDING = "moa.pending"; /* the message under way, so that a reload picks it up */

let talks = [], next_cursor = null; /* the list of conversations, as far as it was loaded */
let open_id = null;		    /* the conversation on the screen */
let running = null;		    /* {abort, stopped} while a turn runs */
let opening = 0;		    /* counts conversations opened, so that a slow one does not overwrite the next */

/* Do it; a failure becomes a note in the log, the end of the sign-in leads to the door.  False after a failure. */
async function guarded(what, name = null, again = null) {
	try {
		await what();
		return true;
	} catch (e) {
		if (!(e instanceof Problem))
			throw e;
		if (e.status === 401)
			show_door("door_again");
		else
			add_note(excuse(e), name, again);
		return false;
	}
}

async function show_room() {
	if (await guarded(() => load_list(), "reload", show_room))
		await follow_address();
}

function show_menu(shown) {
	at("room").classList.toggle("with_side", shown);
	at("shade").hidden = !shown;
	at("menu").setAttribute("aria-expanded", String(shown));
	if (shown)
		at("begin").focus();
}

/* The list of conversations. */

function draw_list() {
	at("list").replaceChildren(...talks.map((talk) => list_item(talk, talk.id === open_id, erase)));
	if (!talks.length)
		at("list").append(make("li", { className: "none" }, say("no_talks")));
	at("more").hidden = !next_cursor;
}

async function load_list(cursor = null) {
	const page = await call("GET", `/chat/sessions?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);

	talks = cursor ? talks.concat(page.items) : page.items;
	next_cursor = page.next_cursor;
	draw_list();
}

function note_talk(changes) {
	talks = talks.map((talk) => (talk.id === open_id
		? { ...talk, ...changes, updated_at: new Date().toISOString() } : talk));
	draw_list();
}

async function erase(id) {
	at("ask").returnValue = "no";
	at("ask").showModal();
	await new Promise((resolve) => { at("ask").addEventListener("close", resolve, { once: true }); });
	if (at("ask").returnValue !== "yes")
		return;
	if (id === open_id)
		running?.abort.abort();
	if (!await guarded(async () => {
		await call("DELETE", `/chat/sessions/${id}`).catch((e) => {
			if (e.code !== "not_found")
				throw e;
		});
	}))
		return;
	talks = talks.filter((talk) => talk.id !== id);
	announce(say("erased"));
	if (id === open_id)
		location.hash = "";
	draw_list();
}

/* The conversation on the screen. */

async function history_of(id) {
	const found = [];
	let cursor = null;

	do {
		const page = await call("GET", `/chat/sessions/${id}/messages?limit=100${cursor
			? `&cursor=${encodeURIComponent(cursor)}` : ""}`);

		found.push(...page.items);
		cursor = page.next_cursor;
	} while (cursor);
	return found;
}

const on_answer = {
	take: (rank) => send(say("take")[rank - 1]),
	rate: (message_id, rating) => guarded(() => call("POST", `/chat/messages/${message_id}/feedback`,
		{ body: { rating } })),
};

function draw_message(message) {
	if (message.role === "customer") {
		add_question(message.text);
		return;
	}
	new Answer(on_answer).done({ ...message, message_id: message.id, reply: message.text });
}

function empty_log() {
	at("log").replaceChildren();
	at("choices").replaceChildren();
	at("newest").hidden = true;
}

async function load_talk(id) {
	const mine = ++opening;
	const messages = await history_of(id);

	if (mine !== opening)
		return;
	empty_log();
	messages.forEach(draw_message);
	show_choices(messages.at(-1)?.choices ?? [], send);
	to_end();
	await resume_pending();
}

async function open_talk(id) {
	running?.abort.abort();
	open_id = id;
	draw_list();
	show_menu(false);
	empty_log();
	at("foot").hidden = false;
	await guarded(() => load_talk(id), "reload", () => open_talk(id));
	if (matchMedia("(hover: hover)").matches)
		at("text").focus();
}

function show_empty() {
	running?.abort.abort();
	opening++;
	open_id = null;
	empty_log();
	at("foot").hidden = true;
	at("log").append(make("p", { className: "empty" }, say("empty")));
	draw_list();
}

/* The conversation is in the address, so that it survives a reload and the way back. */
async function follow_address() {
	const id = location.hash.slice(1);

	if (at("room").hidden)
		return;
	if (/^[A-Za-z0-9_-]{22}$/.test(id))
		await open_talk(id);
	else if (talks.length && !location.hash)
		location.replace(`#${talks[0].id}`);
	else if (talks.length)
		show_empty();
	else
		await begin();
}

async function begin() {
	await guarded(async () => {
		const talk = await call("POST", "/chat/sessions", { body: { language: spoken() } });
		const now = new Date().toISOString();

		talks = [{ ...talk, outcome: null, created_at: now, updated_at: now }, ...talks];
		location.hash = talk.id;
	}, "again", begin);
}

/* A turn. */

function set_running(turn) {
	running = turn;
	at("send").hidden = turn !== null;
	at("stop").hidden = turn === null;
	at("choices").classList.toggle("off", turn !== null);
}

const remember = (pending) => (pending
	? sessionStorage.setItem(PENDING, JSON.stringify(pending)) : sessionStorage.removeItem(PENDING));

/* Keep the send button away until the limit lets somebody through, and say so. */
function hold(seconds) {
	const until = Date.now() + seconds * 1000;
	const timer = setInterval(() => {
		if (Date.now() < until)
			return;
		clearInterval(timer);
		at("send").disabled = false;
		announce(say("rate_over"));
	}, 250);

	at("send").disabled = true;
}

/* The turn failed for now: nothing was kept, so the message can be sent again. */
function offer_again(e, message, question) {
	question.classList.add("unsent");
	const note = add_note(excuse(e), e.code === "conversation_over" ? null : "again", () => {
		if (running || at("send").disabled)
			return;
		note.remove();
		question.remove();
		run(message);
	});

	if (e.status === 429)
		hold(Math.max(1, e.wait_s));
}

function put_back(text) {
	if (!at("text").value) {
		at("text").value = text;
		fit_text();
	}
}

/* The turn has failed, or was stopped, with this conversation still on the screen. */
function give_up(e, message, question, answer) {
	answer.remove();
	if (e.status === 401) {
		show_door("door_again");
	} else if (running.stopped || e.code === "turn_cancelled") {
		remember(null);
		question.remove();
		put_back(message.text);
		add_note(say("stopped"));
	} else {
		offer_again(e, message, question);
	}
}

function finish(turn, answer) {
	const followed = is_at_end();

	change(() => answer.done(turn));
	show_choices(turn.choices, send);
	if (followed)
		to_start(answer.item);
	note_talk({ state: turn.state, outcome: turn.outcome });
	announce([turn.reply, ...turn.products.map((p) => p.name)].join(" "));
}

/* Send a message {text, client_message_id} of this conversation and show what comes of it. */
async function run(message) {
	const turn = { abort: new AbortController(), stopped: false }, session = open_id;
	const before = questions();
	let question, answer, note = null;

	change(() => {
		question = add_question(message.text);
		answer = new Answer(on_answer);
	});
	to_end();
	set_running(turn);
	remember({ session, message, before });
	const heard = (what) => (value) => {
		note?.remove();
		note = null;
		change(() => what(value));
	};
	const tell = {
		state: heard(() => {}),
		text: heard((text) => answer.text(text)),
		products: heard((products) => answer.products(products)),
		broken: () => { note ??= add_note(say("resuming")); },
	};

	try {
		const whole = await run_turn(session, message, tell, turn.abort.signal);

		note?.remove();
		remember(null);
		finish(whole, answer);
	} catch (e) {
		note?.remove();
		if (e instanceof Problem && open_id === session)
			give_up(e, message, question, answer);
		else if (e.name === "AbortError" && turn.stopped)
			give_up(new Problem(409, { code: "turn_cancelled" }), message, question, answer);
		else if (!(e instanceof Problem) && e.name !== "AbortError")
			throw e;
	} finally {
		if (running === turn)
			set_running(null);
	}
}

async function send(text) {
	const clean = text.trim();

	if (!clean || running || at("send").disabled || !open_id)
		return;
	for (const note of at("log").querySelectorAll(".note"))
		note.remove();
	await run({ text: clean, client_message_id: uuid() });
}

const questions = () => at("log").querySelectorAll(".mine").length;

/* A message was under way when the page was left: its turn may be running, over, or never have begun. */
async function resume_pending() {
	const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");

	if (!pending || pending.session !== open_id)
		return;
	if (questions() > pending.before) {
		remember(null); /* the turn was over in time: it is on the screen */
		return;
	}
	await run(pending.message);
}

/* Ask the server to stop.  If the turn does not end by that, stop listening. */
async function stop() {
	const turn = running;

	if (!turn || turn.stopped)
		return;
	turn.stopped = true;
	await call("POST", `/chat/sessions/${open_id}/cancel`).catch(() => {});
	setTimeout(() => turn.abort.abort(), 3000);
}

/* The field for messages. */

function fit_text() {
	const field = at("text");

	field.style.height = "auto";
	field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
}

function send_text() {
	const field = at("text");

	if (!field.value.trim() || running || at("send").disabled)
		return;
	send(field.value);
	field.value = "";
	fit_text();
}

function close_room() {
	running?.abort.abort();
	open_id = null;
}

/* Signed out: nothing of the conversations stays on the screen, or in the address. */
function forget_talks() {
	talks = [];
	remember(null);
	history.replaceState(null, "", location.pathname);
	empty_log();
}

function listen() {
	at("begin").addEventListener("click", begin);
	at("more").addEventListener("click", () => guarded(() => load_list(next_cursor)));
	at("menu").addEventListener("click", () => show_menu(at("shade").hidden));
	at("shade").addEventListener("click", () => show_menu(false));
	at("newest").addEventListener("click", to_end);
	at("log").addEventListener("scroll", show_newest, { passive: true });
	at("stop").addEventListener("click", stop);
	at("text").addEventListener("input", fit_text);
	at("say").addEventListener("submit", (event) => {
		event.preventDefault();
		send_text();
	});
	/* Enter sends, but not while a syllable is being composed. */
	at("text").addEventListener("keydown", (event) => {
		if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229)
			return;
		event.preventDefault();
		send_text();
	});
	document.addEventListener("keydown", (event) => {
		if (event.key === "Escape" && !at("shade").hidden) {
			show_menu(false);
			at("menu").focus();
		}
	});
	addEventListener("hashchange", follow_address);
}

listen();
open_door({ opened: show_room, closed: close_room, left: forget_talks, spoke: draw_list });
