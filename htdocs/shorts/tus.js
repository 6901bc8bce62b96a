/*
 * Sending a file piece by piece, by tus 1.0.0: what has arrived stays, whatever becomes of the network, the page or the phone.  Which
 * upload a file belongs to is remembered here, so that the same file, picked again, goes on where it was.
 */
import { Problem, ask, problem_of } from "/api.js";

const KEPT = "moa.upload"; /* {id, name, size, changed, sent} of the one that is not done */
const TUS = { "Tus-Resumable": "1.0.0" };
const LEAST = 256 * 1024, MOST = 8 * 1024 * 1024;     /* bytes in a piece */
const QUICK_MS = 1500, SLOW_MS = 6000, DEAD_MS = 60_000; /* a piece takes so long */
const WAIT_MS = [1000, 2000, 4000, 8000, 15_000];
const MOMENT_S = 60; /* after so long uploads make way whose creation nobody heard the end of */

export function remembered() {
	try {
		return JSON.parse(localStorage.getItem(KEPT));
	} catch {
		return null;
	}
}

export function forget() {
	localStorage.removeItem(KEPT);
}

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/* It may go better by itself, after a while. */
const is_passing = (e) => e.status === 0 || e.code === "rate_limited" || e.status >= 500 && e.code !== "storage_full" ||
	e.code === "too_many_uploads" && e.wait_s > 0 && e.wait_s <= MOMENT_S;

/* Do nothing for a while, or until the network is back or the upload is stopped. */
const rest = (ms, signal) => new Promise((resolve) => {
	const done = () => {
		clearTimeout(timer);
		removeEventListener("online", done);
		resolve();
	};
	const timer = setTimeout(done, ms);

	addEventListener("online", done);
	signal.addEventListener("abort", done, { once: true });
});

export class Upload {
	/* told(upload) is called whenever something has changed: state is sending, waiting, held, sent or failed. */
	constructor(file, told) {
		Object.assign(this, { file, told, id: null, sent: 0, state: "held", error: null, piece: LEAST });
		const kept = remembered();

		if (kept && kept.name === file.name && kept.size === file.size && kept.changed === file.lastModified)
			Object.assign(this, { id: kept.id, sent: kept.sent });
	}

	tell(state) {
		this.state = state;
		if (this.id && state !== "failed")
			localStorage.setItem(KEPT, JSON.stringify({ id: this.id, name: this.file.name, size: this.file.size,
				changed: this.file.lastModified, sent: this.sent }));
		this.told(this);
	}

	async call(method, path, { headers = {}, body } = {}) {
		const { signal } = this.stop, either = new AbortController(), end = () => either.abort();
		const timer = setTimeout(end, DEAD_MS);

		signal.addEventListener("abort", end);
		try {
			const reply = await ask(method, path, { headers: { ...TUS, ...headers }, body, signal: either.signal });

			if (!reply.ok)
				throw await problem_of(reply);
			return reply;
		} catch (e) {
			if (e.name === "AbortError")
				throw new Problem(0);
			throw e;
		} finally {
			clearTimeout(timer);
			signal.removeEventListener("abort", end);
		}
	}

	async create() {
		const type = this.file.type ? `,filetype ${base64(this.file.type)}` : "";
		const reply = await this.call("POST", "/shorts/uploads", { headers: { "Upload-Length": String(this.file.size),
			"Upload-Metadata": `filename ${base64(this.file.name)}${type}` } });

		this.id = reply.headers.get("Location").split("/").at(-1);
		this.sent = 0;
	}

	/* How much has arrived.  Where the upload is no more, it begins anew. */
	async find() {
		try {
			const reply = await this.call("HEAD", `/shorts/uploads/${this.id}`);

			this.sent = Number(reply.headers.get("Upload-Offset"));
		} catch (e) {
			if (e.status !== 404 && e.status !== 410)
				throw e;
			await this.create();
		}
	}

	/* One piece; the next is larger or smaller, as the network is. */
	async send() {
		const began = performance.now();
		const reply = await this.call("PATCH", `/shorts/uploads/${this.id}`, {
			headers: { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(this.sent) },
			body: this.file.slice(this.sent, this.sent + this.piece, "application/offset+octet-stream") });
		const took = performance.now() - began;

		this.sent = Number(reply.headers.get("Upload-Offset"));
		if (took < QUICK_MS)
			this.piece = Math.min(MOST, this.piece * 2);
		else if (took > SLOW_MS)
			this.piece = Math.max(LEAST, this.piece / 2);
	}

	/* One step of it: where it is, or one piece more. */
	async step() {
		if (this.known)
			await this.send();
		else
			await (this.id ? this.find() : this.create());
		this.known = true;
		this.misses = 0;
	}

	/* A step failed.  True: it is worth another try, after a while. */
	async bear(e, signal) {
		if (!(e instanceof Problem))
			throw e;
		this.known = false;
		if (signal.aborted)
			return false;
		if (!is_passing(e) && !(e.status === 409 && this.misses === 0)) {
			this.error = e;
			this.tell("failed");
			return false;
		}
		this.piece = LEAST;
		this.tell("waiting");
		await rest(Math.max(1000 * e.wait_s, WAIT_MS[Math.min(this.misses++, WAIT_MS.length - 1)]), signal);
		return true;
	}

	/* Send it all, however often the network breaks, until it is held or refused. */
	async run() {
		const { signal } = this.stop = new AbortController();

		Object.assign(this, { error: null, known: false, misses: 0 });
		this.tell("sending");
		while (!signal.aborted && !(this.known && this.sent === this.file.size)) {
			try {
				await this.step();
				if (!signal.aborted)
					this.tell("sending");
			} catch (e) {
				if (!await this.bear(e, signal) && !signal.aborted)
					return;
			}
		}
		if (signal === this.stop.signal)
			this.tell(signal.aborted ? "held" : "sent");
	}

	hold() {
		this.stop?.abort();
	}

	/* It is not wanted any more: nor what has arrived. */
	async drop() {
		this.hold();
		forget();
		if (this.id)
			await ask("DELETE", `/shorts/uploads/${this.id}`, { headers: TUS }).catch(() => {});
	}
}
