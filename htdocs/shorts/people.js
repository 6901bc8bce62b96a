/* Who somebody is to others: a name, and a round sign in place of a picture. */
import { make } from "/dom.js";

/* The name's first letter. */
export const face = (who) => make("span", { className: "face", ariaHidden: "true" }, [...who.nickname][0]);

/* Both, as a way to the channel. */
export const link_to = (who) => make("a", { href: `#channel/${who.id}`, className: "channel" }, face(who),
	make("strong", { dir: "auto" }, who.nickname));
