/*
 * One turn, from the message to the whole answer, however often the connection breaks on the way: first the stream is taken
 * up again where it stopped, then the message is sent again under its id, which gives the same turn.
 */
import { Problem, ask, problem_of } from "/api.js";
import { read_events } from "./events.js";

const PAUSES_MS = [300, 700, 1500, 3000, 5000, 8000];

/* An id is "<run>-<n>", and the run may have dashes of its own. */
function parts_of(id) {
	const at = id.lastIndexOf("-");

	return { run: id.slice(0, at), n: Number(id.slice(at + 1)) };
}

/* Where the reading of a turn's events stands. */
class Reading {
	constructor(tell) {
		this.tell = tell;
		this.last = null;
		this.text = "";
	}

	is_other_run(id) {
		return this.last !== null && parts_of(id).run !== parts_of(this.last).run;
	}

	/* Has this event been read before? */
	is_old(id) {
		if (!id)
			return false;
		if (this.last !== null && !this.is_other_run(id) && parts_of(id).n <= parts_of(this.last).n)
			return true;
		if (this.is_other_run(id))
			this.clear();
		this.last = id;
		return false;
	}

	clear() {
		this.text = "";
		this.tell.text("");
	}

	/* Take an event; returns the whole turn when that was it. */
	take({ id, event, data }) {
		if (this.is_old(id))
			return null;
		const value = JSON.parse(data);

		if (event === "state") {
			/* Whoever speaks now begins again. */
			if (this.text)
				this.clear();
			this.tell.state(value);
		} else if (event === "token") {
			this.text += value.text;
			this.tell.text(this.text);
		} else if (event === "products") {
			this.tell.products(value.products);
		} else if (event === "done") {
			return value;
		} else if (event === "error") {
			throw new Problem(value.status, value, value.retry_after ?? 0);
		}
		return null;
	}
}

/*
 * The whole turn of a reply, or null when it ended before that.  With same_run, events of any other run are none of ours: the
 * turn may have been lost, and what the server remembers is the one before.
 */
async function read_reply(reply, reading, same_run = false) {
	if (!/^text\/event-stream/.test(reply.headers.get("Content-Type") ?? ""))
		return reply.json();
	try {
		for await (const event of read_events(reply.body)) {
			if (same_run && reading.is_other_run(event.id ?? "-"))
				return null;
			const turn = reading.take(event);

			if (turn)
				return turn;
		}
	} catch (e) {
		/* A broken connection is a TypeError; what it was about comes from elsewhere. */
		if (e instanceof Problem || e.name === "AbortError")
			throw e;
	}
	return null;
}

const pause = (ms, signal) => new Promise((resolve, reject) => {
	const timer = setTimeout(resolve, ms);

	signal.addEventListener("abort", () => {
		clearTimeout(timer);
		reject(new DOMException("", "AbortError"));
	}, { once: true });
});

/* Take up the running turn where its events were lost; null when that is not to be had. */
async function follow(session, reading, signal) {
	const reply = await ask("GET", `/chat/sessions/${session}/stream`, { signal,
		headers: { Accept: "text/event-stream", "Last-Event-ID": reading.last } });

	return reply.ok && reply.status !== 204 ? read_reply(reply, reading, true) : null;
}

async function post(session, message, reading, signal) {
	const reply = await ask("POST", `/chat/sessions/${session}/messages`, { signal, body: message,
		headers: { Accept: "text/event-stream" } });

	if (!reply.ok)
		throw await problem_of(reply);
	return read_reply(reply, reading);
}

/* May the same call succeed soon? */
const passes = (e) => e instanceof Problem && (e.status === 0 || e.status === 502 || e.status === 504 ||
	(e.status === 503 && e.wait_s <= 5));

/* {turn}, or {wait_ms} when it may be tried again. */
async function attempt(session, message, reading, tries, signal) {
	try {
		const followed = tries > 0 && reading.last !== null ? await follow(session, reading, signal) : null;
		const turn = followed ?? await post(session, message, reading, signal);

		return { turn, wait_ms: 0 };
	} catch (e) {
		if (!passes(e) || tries === PAUSES_MS.length)
			throw e;
		return { turn: null, wait_ms: e.wait_s * 1000 };
	}
}

/*
 * Send the message {text, client_message_id} and return the whole turn.  tell.state, tell.text, tell.products and
 * tell.broken hear of it as it goes; text() is given all of the text so far.  Throws a Problem, or an AbortError.
 */
export async function run_turn(session, message, tell, signal) {
	const reading = new Reading(tell);

	for (let tries = 0; tries <= PAUSES_MS.length; tries++) {
		const { turn, wait_ms } = await attempt(session, message, reading, tries, signal);

		if (turn)
			return turn;
		tell.broken();
		if (tries < PAUSES_MS.length)
			await pause(Math.max(wait_ms, PAUSES_MS[tries] * (0.75 + Math.random() / 2)), signal);
	}
	throw new Problem(0);
}
