/*
 * moa's payment window for a shop's page:
 *
 *	<script src="https://moa.example/checkout.js"></script>
 *	const outcome = await Moa.checkout({ id });   // "paid", "cancelled" or "expired"
 *
 * id is the checkout_id of a request that the shop's server has made.  The promise always settles, also when the customer
 * closes the window, and when nobody answers.  It is for what the page shows: what to deliver is decided by the shop's
 * server, which asks for the request or hears of it by its webhook, for a browser can be made to say anything.
 */
(() => {
	"use strict";

	const OVER = ["paid", "expired", "cancelled"];
	const ASK_MS = 2000, ASK_BESIDE_MS = 10000, PATIENCE_MS = 3000;
	const LIFE_MS = 120000, GRACE_MS = 10000; /* of a request, and for its last news */
	const SHOWN_MS = 1800;	    /* how it ended stays on the screen so long */
	const home = new URL(document.currentScript.src).origin;

	let current = null; /* {id, promise, leave} of the window that is open */

	/* The status by the server's own account, null when it does not answer. */
	async function ask(id, method, what = "") {
		const end = new AbortController(), timer = setTimeout(() => end.abort(), PATIENCE_MS);

		try {
			const reply = await fetch(`${home}/api/v1/pay/checkout/${id}${what}`,
				{ method, mode: "cors", credentials: "omit", cache: "no-store", signal: end.signal });

			return reply.ok ? (await reply.json()).status : null;
		} catch {
			return null;
		} finally {
			clearTimeout(timer);
		}
	}

	/* Styles go through the object model, which no content policy of the page forbids. */
	function make(name, styles, values = {}) {
		const node = document.createElement(name);

		for (const [property, value] of Object.entries(styles))
			node.style.setProperty(property, value, "important");
		return Object.assign(node, values);
	}

	function make_window(id, language) {
		const korean = /^ko/.test(language || document.documentElement.lang || navigator.language);
		const small = matchMedia("(max-width: 32rem), (max-height: 32rem)").matches;
		const dialog = make("dialog", { position: "fixed", inset: "0", margin: "0", padding: "0", border: "0",
			width: "100%", height: "100%", "max-width": "none", "max-height": "none",
			background: "rgb(18 14 30 / .6)", "z-index": "2147483647" });
		const box = make("div", { position: "absolute", inset: "0", margin: "auto", overflow: "hidden",
			width: small ? "100%" : "26rem", height: small ? "100%" : "min(44rem, 94%)",
			"border-radius": small ? "0" : "20px", background: "Canvas", "color-scheme": "light dark" });
		const frame = make("iframe", { display: "block", width: "100%", height: "100%", border: "0" }, {
			title: korean ? "moa 결제" : "moa payment",
			src: `${home}/checkout/${id}${language ? `?language=${encodeURIComponent(language)}` : ""}` });
		const close = make("button", { all: "unset", position: "absolute", top: ".25rem", right: ".5rem",
			width: "2.75rem", height: "2.75rem", "text-align": "center", "line-height": "2.75rem",
			"font-size": "1.25rem", "font-family": "system-ui, sans-serif", color: "CanvasText", cursor: "pointer" },
		{ type: "button", textContent: "✕", ariaLabel: korean ? "결제 창 닫기" : "Close the payment window" });

		close.addEventListener("focus", () => {
			close.style.setProperty("outline", close.matches(":focus-visible") ? "3px solid #6b4ce6" : "none", "important");
		});
		close.addEventListener("blur", () => close.style.setProperty("outline", "none", "important"));
		dialog.setAttribute("aria-label", frame.title);
		box.append(frame, close);
		dialog.append(box);
		document.body.append(dialog);
		dialog.showModal();
		frame.focus();
		return { dialog, frame, close };
	}

	/* Settles by the first of: what the window says, what the server says, the customer closing it, the end of its time. */
	function run(id, language, settle) {
		const view = make_window(id, language);
		let asking = 0, heard = false, settled = false, leaving = false;
		const last_call = setTimeout(() => end("expired"), LIFE_MS + GRACE_MS);

		function take_down() {
			removeEventListener("message", hear);
			view.dialog.remove();
		}

		function end(outcome) {
			if (settled)
				return;
			settled = true;
			clearTimeout(asking);
			clearTimeout(last_call);
			settle(outcome);
			if (leaving)
				return;
			setTimeout(take_down, SHOWN_MS);
		}

		/* Closed: from now on it cannot be paid, or it has been; and if nobody answers, the shop's server will hear. */
		async function leave() {
			if (settled || leaving) {
				take_down();
				return;
			}
			leaving = true;
			clearTimeout(asking);
			take_down();
			const status = await ask(id, "POST", "/close") ?? await ask(id, "POST", "/close");

			end(OVER.includes(status) ? status : "cancelled");
		}

		function hear(event) {
			if (event.origin !== home || event.source !== view.frame.contentWindow || event.data?.moa !== "checkout" ||
				event.data.id !== id)
				return;
			heard = true;
			if (event.data.closing)
				leave();
			else if (OVER.includes(event.data.status))
				end(event.data.status);
		}

		async function look() {
			const status = await ask(id, "GET");

			if (settled || leaving)
				return;
			if (OVER.includes(status))
				end(status);
			else
				asking = setTimeout(look, heard ? ASK_BESIDE_MS : ASK_MS);
		}

		addEventListener("message", hear);
		view.close.addEventListener("click", leave);
		view.dialog.addEventListener("cancel", (event) => {
			event.preventDefault();
			leave();
		});
		view.dialog.addEventListener("close", leave);
		look();
		return leave;
	}

	/*
	 * Moa.checkout({id, language}): open the window; language is "ko" or "en", the customer's own by default.  A second call
	 * for the same id gets the same promise, for another id it closes the first window.  Rejects only what is no id.
	 */
	function checkout({ id, language } = {}) {
		if (!/^[A-Za-z0-9_-]{22}$/.test(id))
			return Promise.reject(new TypeError("Moa.checkout: id is not the checkout_id of a request"));
		if (current?.id === id)
			return current.promise;
		current?.leave();
		const mine = { id };

		current = mine;
		mine.promise = new Promise((resolve) => {
			mine.leave = run(id, language, resolve);
		}).finally(() => {
			if (current === mine)
				current = null;
		});
		return mine.promise;
	}

	window.Moa = Object.freeze({ ...window.Moa, checkout });
})();
