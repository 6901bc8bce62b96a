/* Nodes of the page: found, and made. */

export const at = (id) => document.getElementById(id);

/* make("p", { className: "note" }, "text", node, …) */
export function make(tag, members = {}, ...children) {
	const node = Object.assign(document.createElement(tag), members);

	node.append(...children.filter((child) => child !== null));
	return node;
}
