/* Who somebody is to others: a name, and a round sign in place of a picture. */
import { make } from "/dom.js";

/* Whoever has chosen no name is called by the beginning of the channel's. */
export const name_of = ({ id, nickname }) => nickname || `moa-${id.slice(0, 8)}`;

/* The name's first letter. */
export const face = (who) => make("span", { className: "face", ariaHidden: "true" }, [...name_of(who)][0]);

/* Both, as a way to the channel. */
export const link_to = (who) => make("a", { href: `#channel/${who.id}`, className: "channel" }, face(who),
	make("strong", { dir: "auto" }, name_of(who)));
