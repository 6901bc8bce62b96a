/* Shorts as a grid of their pictures, each a way into the reel. */
import { make } from "/dom.js";
import { icon } from "./icons.js";
import { few, language_of, say } from "./words.js";

/* The picture of a short; nothing where it has none yet. */
export function picture(short) {
	const found = make("img", { alt: "", loading: "lazy", decoding: "async", className: "poster" });

	if (short.thumbnail_url)
		found.src = short.thumbnail_url;
	return short.thumbnail_url ? found : make("span", { className: "poster" });
}

export const tile = (short) => make("li", {}, make("a", { href: `#${short.id}`, className: "tile" }, picture(short),
	make("span", { className: "name", lang: language_of(short.title), dir: "auto" }, short.title),
	make("span", { className: "badge" }, icon("heart"), make("span", { className: "unseen" }, say("likes")), few(short.like_count))));
