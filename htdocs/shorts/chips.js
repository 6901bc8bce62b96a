/* A row of choices, of which one holds: made once, so that the keyboard stays on what was pressed. */
import { make } from "/dom.js";

function make_chip(name, { href, press }) {
	const chip = make(href ? "a" : "button", { className: "chip" });

	if (href)
		chip.href = href(name);
	else
		chip.type = "button";
	chip.addEventListener("click", () => press?.(name));
	return chip;
}

/* names in box, with chosen marked; text(name) is read now, href(name) or press(name) is where it leads. */
export function draw_chips(box, names, chosen, { text, ...leads }) {
	if (!box.children.length)
		box.append(...names.map((name) => make_chip(name, leads)));
	names.forEach((name, nth) => {
		const chip = box.children[nth];

		chip.textContent = text(name);
		if (leads.href && name !== chosen)
			chip.removeAttribute("aria-current");
		else
			chip.setAttribute(leads.href ? "aria-current" : "aria-pressed", leads.href ? "page" : String(name === chosen));
	});
}
