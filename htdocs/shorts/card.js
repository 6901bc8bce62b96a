/* One short on the screen: its video, what is said of it, and the buttons beside it. */
import { call } from "/api.js";
import { make } from "/dom.js";
import { follow_button } from "./follow.js";
import { icon } from "./icons.js";
import { link_to } from "./people.js";
import { Player } from "./player.js";
import { guarded, is_known } from "./toast.js";
import { ago, few, language_of, say } from "./words.js";

const TAG = /(#[0-9A-Za-z가-힣_]+)/;

/* A description, its tags as links to their search. */
const linked = (text) => text.split(TAG).map((part) => (TAG.test(part)
	? make("a", { href: `#search/${encodeURIComponent(part)}` }, part) : part));

/* What a reaction would make of these counts. */
function reacted({ my_reaction, like_count, dislike_count }, type) {
	const by = (kind) => Number(type === kind) - Number(my_reaction === kind);

	return { my_reaction: type, like_count: like_count + by("like"), dislike_count: dislike_count + by("dislike") };
}

export class Card {
	/* on.talk(card), on.share(card), on.more(card) open what is behind the buttons; on.changed(player) as Player has it. */
	constructor(short, on) {
		this.short = short;
		this.on = on;
		this.player = new Player(short, on.changed);
		this.node = make("article", { className: "short", tabIndex: -1 }, this.player.node);
		this.node.setAttribute("aria-label", short.title);
		this.buttons = {
			like: this.button("heart", () => this.react("like")),
			dislike: this.button("thumb", () => this.react("dislike")),
			talk: this.button("talk", () => on.talk(this)),
			share: this.button("share", () => on.share(this)),
			more: this.button("more", () => on.more(this)),
		};
		this.about = make("div", { className: "about" });
		this.node.append(this.about, make("div", { className: "rail" }, ...Object.values(this.buttons)));
		this.draw();
	}

	button(sign, press) {
		const made = make("button", { type: "button" }, icon(sign), make("span"));

		made.addEventListener("click", press);
		return made;
	}

	/* All of it, in the language that is spoken now. */
	draw() {
		const { channel, title, description, created_at, view_count, mine, subscribed } = this.short;

		this.about.replaceChildren(
			make("div", { className: "who" },
				link_to(channel),
				mine ? null : follow_button(channel, subscribed, (followed) => { this.short.subscribed = followed; })),
			make("h2", { dir: "auto", lang: language_of(title) }, title),
			description ? make("p", { dir: "auto", lang: language_of(description), className: "description" }, ...linked(description)) : "",
			make("p", { className: "when" }, `${ago(created_at)} · ${say("views", { n: few(view_count) })}`));
		this.about.querySelector(".description")?.addEventListener("click", () => this.about.classList.toggle("whole"));
		this.draw_counts();
	}

	draw_counts() {
		const { like_count, comment_count, my_reaction } = this.short;
		const set = (name, text, label = null) => {
			this.buttons[name].lastChild.textContent = text;
			if (label)
				this.buttons[name].setAttribute("aria-label", label);
		};

		set("like", few(like_count), say("like", { n: few(like_count) }));
		set("dislike", say("dislike"));
		set("talk", few(comment_count), say("comments_of", { n: few(comment_count) }));
		set("share", say("share"));
		set("more", "", say("more"));
		this.buttons.like.setAttribute("aria-pressed", String(my_reaction === "like"));
		this.buttons.dislike.setAttribute("aria-pressed", String(my_reaction === "dislike"));
	}

	/* The same again takes it back.  Shown at once, and as it was if the server does not take it. */
	async react(type) {
		const { short } = this, before = { ...short };

		if (this.reacting || !is_known("door_react"))
			return;
		this.reacting = true;
		Object.assign(short, reacted(short, short.my_reaction === type ? null : type));
		this.draw_counts();
		const done = await guarded(async () => {
			const { like_count, dislike_count, my_reaction } = await call("PUT", `/shorts/${short.id}/reaction`,
				{ body: { type: short.my_reaction } });

			Object.assign(short, { like_count, dislike_count, my_reaction });
		});

		if (!done)
			Object.assign(short, reacted(short, before.my_reaction));
		this.reacting = false;
		this.draw_counts();
	}
}
