/* A list that grows as it is read: page after page, a word when there is nothing, and a button when a page did not come. */
import { Problem, call } from "/api.js";
import { make } from "/dom.js";
import { excuse, show_door } from "/door.js";
import { say } from "./words.js";

export class Pages {
	/* In box; item(data) makes the node of one entry, empty() says what to say when there is none. */
	constructor(box, { item, empty, className = "rows" }) {
		Object.assign(this, { item, empty, opening: 0, path: null });
		this.list = make("ul", { className });
		this.word = make("p", { className: "none", hidden: true });
		this.button = make("button", { className: "plain more", type: "button", hidden: true });
		this.word.setAttribute("role", "status");
		this.button.addEventListener("click", () => this.more());
		box.replaceChildren(this.list, this.word, this.button);
		/* Near the end the next page comes by itself. */
		this.watcher = new IntersectionObserver((entries) => {
			if (entries.at(-1).isIntersecting && this.next_cursor && !this.failed)
				this.more();
		}, { rootMargin: "0px 0px 60% 0px" });
		this.watcher.observe(this.button);
	}

	/* Show the list that this path answers with, from its beginning. */
	open(path) {
		this.close();
		this.path = path;
		return this.more();
	}

	close() {
		this.opening++;
		this.path = this.next_cursor = null;
		this.fetching = false;
		this.list.replaceChildren();
		this.tell("");
	}

	/* A word below the list, and the button that fetches more if it has a name. */
	tell(word, button = "") {
		this.word.textContent = word;
		this.word.hidden = !word;
		this.button.textContent = button ? say(button) : "";
		this.button.hidden = !button;
	}

	draw_end() {
		if (this.fetching)
			this.tell(say("loading"));
		else
			this.tell(this.list.children.length ? "" : this.empty(), this.next_cursor ? "show_more" : "");
	}

	async more() {
		const mine = this.opening, { path, next_cursor } = this;
		const glue = path.includes("?") ? "&" : "?";

		if (this.fetching)
			return;
		this.fetching = true;
		this.failed = false;
		this.draw_end();
		try {
			const page = await call("GET", next_cursor ? `${path}${glue}cursor=${encodeURIComponent(next_cursor)}` : path, { guest: true });

			if (mine !== this.opening)
				return;
			this.next_cursor = page.next_cursor;
			this.list.append(...page.items.map(this.item));
			this.fetching = false;
			this.draw_end();
		} catch (e) {
			if (mine === this.opening)
				this.fail(e);
		}
	}

	fail(e) {
		if (!(e instanceof Problem))
			throw e;
		this.fetching = false;
		this.failed = true;
		if (e.code === "invalid_cursor")
			this.next_cursor = null;
		if (e.status === 401)
			show_door("door_again");
		else
			this.tell(excuse(e), "try_again");
	}
}
