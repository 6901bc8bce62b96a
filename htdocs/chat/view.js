/* What is on the screen: bubbles, cards, chips, and the list of conversations.  Nothing here asks the server. */
import { at, make } from "/dom.js";
import { language_of, say, when, won } from "./words.js";

/* Where links may lead: https, or a page of this site. */
function target(url) {
	if (/^\/(?![/\\])/.test(url))
		return url;
	try {
		return new URL(url).protocol === "https:" ? url : null;
	} catch {
		return null;
	}
}

function link(url, text, className = "") {
	const href = target(url);

	if (!href)
		return document.createTextNode(text);
	return href.startsWith("/") ? make("a", { href, className }, text)
		: make("a", { href, className, target: "_blank", rel: "noopener noreferrer nofollow" }, text);
}

/* The text with its addresses as links; they are shown without "https://", which says nothing. */
function linked(text) {
	return text.split(/(https:\/\/[^\s<>"]+[^\s<>".,:;!?)\]}]|(?<=\s)\/[a-z][a-z/]*)/).map((part, i) => (i % 2
		? link(part, part.replace(/^https:\/\//, "")) : part));
}

/* Is the end of the conversation in sight? */
export function is_at_end() {
	const log = at("log");

	return log.scrollHeight - log.scrollTop - log.clientHeight < 80;
}

export function to_end() {
	const log = at("log");

	log.scrollTop = log.scrollHeight;
	at("newest").hidden = true;
}

/* Offer the way to the end when it is out of sight. */
export function show_newest() {
	at("newest").hidden = is_at_end();
}

/* A long answer is read from its beginning. */
export function to_start(item) {
	const log = at("log");

	if (item.offsetHeight < log.clientHeight * 0.75)
		return;
	log.scrollTop = item.offsetTop - log.offsetTop - 12;
	show_newest();
}

/* Change the log and stay at its end, or offer to go there. */
export function change(what) {
	const was_at_end = is_at_end();

	what();
	if (was_at_end)
		to_end();
	else
		show_newest();
}

export function announce(text) {
	at("live").textContent = text;
}

export function add_question(text) {
	const bubble = make("p", { className: "words", lang: language_of(text) }, text);
	const item = make("article", { className: "said mine", ariaLabel: say("you") }, bubble);

	at("log").append(item);
	return item;
}

function picture(product) {
	const src = target(product.image_url ?? "");
	const image = src ? make("img", { src, alt: "", loading: "lazy", decoding: "async", width: 72, height: 72,
		referrerPolicy: "no-referrer" }) : null;
	const frame = make("div", { className: "picture" }, image);

	image?.addEventListener("error", () => image.remove());
	return frame;
}

/* take(rank) is called when it is chosen here. */
function card(product, take) {
	const pick = make("button", { className: "plain pick", type: "button" }, say("take_short"));
	const address = link(product.url ?? "", `${product.mall ?? say("shop")} ↗`, "look");

	pick.setAttribute("aria-label", `${product.name}, ${say("take_short")}`);
	if (address.nodeType === Node.ELEMENT_NODE)
		address.setAttribute("aria-label", say("look", { name: product.name, mall: product.mall ?? say("shop") }));
	pick.addEventListener("click", () => take(product.rank));
	return make("li", { className: "card" }, picture(product),
		make("div", { className: "about" },
			make("p", { className: "name", lang: language_of(product.name) }, product.name),
			make("p", { className: "price" }, won(product.price_won)),
			make("p", { className: "reason", lang: language_of(product.reason ?? "") }, product.reason ?? ""),
			make("div", { className: "row" }, address.nodeType === Node.ELEMENT_NODE ? address : null, pick)));
}

function thumb(value, sign, name, rate) {
	const button = make("button", { className: "icon thumb", type: "button", title: say(name) }, sign);

	button.setAttribute("aria-label", say(name));
	button.addEventListener("click", () => rate(value));
	return button;
}

/* The two thumbs under an answer; give(rating) sends it and may fail. */
function thumbs(rating, give) {
	const row = make("div", { className: "thumbs" });
	const show = (value) => [...row.children].forEach((button, i) => {
		button.setAttribute("aria-pressed", String(value === (i ? -1 : 1)));
	});
	const rate = async (value) => {
		if (await give(value)) {
			show(value);
			announce(say("rated"));
		}
	};

	row.append(thumb(1, "👍", "good", rate), thumb(-1, "👎", "bad", rate));
	show(rating);
	return row;
}

/* An answer while it is made, and when it is whole.  on.take(rank) and on.rate(message_id, rating). */
export class Answer {
	constructor(on) {
		this.on = on;
		this.words = make("p", { className: "words" });
		this.cards = make("ul", { className: "cards" });
		this.item = make("article", { className: "said", ariaLabel: say("assistant") }, this.words);
		at("log").append(this.item);
		this.wait();
	}

	wait() {
		this.item.setAttribute("aria-busy", "true");
		this.words.replaceChildren(make("span", { className: "dots", role: "img", ariaLabel: say("thinking") },
			make("i"), make("i"), make("i")));
	}

	text(text) {
		if (!text)
			return this.wait();
		this.words.lang = language_of(text);
		this.words.replaceChildren(...linked(text));
		return undefined;
	}

	/* Only the newest cards can be chosen from. */
	products(products) {
		if (products.length)
			for (const button of at("log").querySelectorAll(".pick"))
				button.remove();
		this.cards.replaceChildren(...products.map((product) => card(product, this.on.take)));
		if (products.length)
			this.item.append(this.cards);
		else
			this.cards.remove();
	}

	/* The whole answer; thumbs only under those with an id. */
	done({ message_id, reply, products, rating = null }) {
		this.item.removeAttribute("aria-busy");
		this.text(reply);
		this.products(products ?? []);
		if (message_id)
			this.item.append(thumbs(rating, (value) => this.on.rate(message_id, value)));
	}

	remove() {
		this.item.remove();
	}
}

/* A line of the page's own in the log, with a button if there is something to do about it. */
export function add_note(text, name = null, act = null) {
	const button = name ? make("button", { className: "plain", type: "button" }, say(name)) : null;
	const note = make("div", { className: "note", role: "alert" }, make("span", {}, text), button);

	button?.addEventListener("click", act);
	change(() => at("log").append(note));
	return note;
}

export function show_choices(choices, choose) {
	change(() => at("choices").replaceChildren(...choices.map((choice) => {
		const chip = make("button", { className: "chip", type: "button", lang: language_of(choice) }, choice);

		chip.addEventListener("click", () => choose(choice));
		return chip;
	})));
}

/* One conversation in the list. */
export function list_item(talk, is_open, erase) {
	const shown_when = when(talk.updated_at);
	const state = talk.outcome ? say(`outcome.${talk.outcome}`) : say(`question.${talk.state}`);
	const go = make("a", { href: `#${talk.id}`, className: "talk_link" },
		make("strong", {}, state), make("span", {}, shown_when));
	const bin = make("button", { className: "icon bin", type: "button", title: say("erase") }, "✕");

	if (is_open)
		go.setAttribute("aria-current", "page");
	bin.setAttribute("aria-label", say("erase_this", { when: shown_when }));
	bin.addEventListener("click", () => erase(talk.id));
	return make("li", {}, go, bin);
}
