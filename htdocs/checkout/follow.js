/*
 * How a checkout goes on: events while their stream is open, questions while it is not, and now and then all the same,
 * because a phone that slept does not notice that its stream is dead.
 */

const ASK_MS = 2000, ASK_BESIDE_MS = 15000, REOPEN_MS = 10000, PATIENCE_MS = 6000;

export const is_over = (status) => ["paid", "expired", "cancelled", "unknown"].includes(status);

/* GET or POST below the checkout: {status, ...}, or null when nobody answers.  What there is not is "unknown". */
export async function ask(id, method = "GET", what = "") {
	try {
		const reply = await fetch(`/api/v1/pay/checkout/${id}${what}`,
			{ method, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) });

		if (reply.status === 404)
			return { status: "unknown" };
		return reply.ok ? await reply.json() : null;
	} catch {
		return null;
	}
}

/* Call on.told(answer) with each answer or {status}, and on.trouble(true or false) as connections break and heal. */
export function follow(id, on) {
	let stream = null, opened_at = -Infinity, timer = 0, over = false;

	function tell(answer) {
		if (over)
			return;
		over = is_over(answer.status);
		if (over) {
			stream?.close();
			clearTimeout(timer);
		}
		on.trouble(false);
		on.told(answer);
	}

	function open() {
		opened_at = performance.now();
		stream = new EventSource(`/api/v1/pay/checkout/${id}/events`);
		stream.addEventListener("status", (event) => tell(JSON.parse(event.data)));
		stream.addEventListener("error", () => plan(0));
	}

	const is_open = () => stream?.readyState === EventSource.OPEN;

	function plan(ms) {
		clearTimeout(timer);
		if (!over)
			timer = setTimeout(look, ms);
	}

	async function look() {
		/* What the server refuses, EventSource gives up on. */
		if (stream?.readyState === EventSource.CLOSED && performance.now() - opened_at > REOPEN_MS)
			open();
		const answer = await ask(id);

		if (answer)
			tell(answer);
		else if (!over)
			on.trouble(true);
		plan(answer && is_open() ? ASK_BESIDE_MS : ASK_MS);
	}

	for (const name of ["online", "pageshow", "focus"])
		addEventListener(name, () => plan(0));
	document.addEventListener("visibilitychange", () => plan(0));
	open();
	look();
	return { look: () => plan(0), tell };
}
