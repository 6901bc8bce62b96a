/* The page's pictures: strokes on a field of 24 by 24, in the colour of the text around them. */

const SHAPES = {
	reel: "M5 3h14v18H5zM10 8.5l5 3.5-5 3.5z",
	search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5 20.5 20.5",
	plus: "M12 4.5v15M4.5 12h15",
	person: "M12 3.5a4.2 4.2 0 1 1 0 8.4 4.2 4.2 0 0 1 0-8.4zM4 21c.4-4.6 3.6-6.6 8-6.6s7.6 2 8 6.6",
	heart: "M12 20.5C5.5 15.8 3 12.6 3 9a4.7 4.7 0 0 1 9-2 4.7 4.7 0 0 1 9 2c0 3.6-2.5 6.8-9 11.5z",
	thumb: "M7 13V4H3.5v9zM7 13l4.2 7.5c1.6 0 2.6-1 2.6-2.6V15h4.8a2 2 0 0 0 2-2.3l-1-7A2 2 0 0 0 17.6 4H7",
	talk: "M3.5 4.5h17v12h-9l-4.5 4v-4h-3.5z",
	share: "M13 4.5 21 11.5l-8 7v-4.3c-4.7 0-7.7 1.6-10 5.3.6-6.6 4.2-10.3 10-10.7z",
	more: "M12 5.2v.1M12 12v.1M12 18.7v.1",
	quiet: "M4 9v6h4l5 4.5v-15L8 9zM16.5 9.5l5 5M21.5 9.5l-5 5",
	loud: "M4 9v6h4l5 4.5v-15L8 9zM16.5 8.5a5 5 0 0 1 0 7M19 5.5a9 9 0 0 1 0 13",
	play: "M7.5 4.5v15L20 12z",
	close: "M5.5 5.5l13 13M18.5 5.5l-13 13",
	send: "M12 20V4.5M5 11.5l7-7 7 7",
	film: "M3.5 4.5h17v15h-17zM8 4.5v15M16 4.5v15M3.5 9.5H8M3.5 14.5H8M16 9.5h4.5M16 14.5h4.5",
};

/* One of them, to be put beside a text or on a button that has a label. */
export function icon(name) {
	const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	const path = document.createElementNS("http://www.w3.org/2000/svg", "path");

	svg.setAttribute("viewBox", "0 0 24 24");
	svg.setAttribute("class", `sign sign_${name}`);
	svg.setAttribute("aria-hidden", "true");
	path.setAttribute("d", SHAPES[name]);
	svg.append(path);
	return svg;
}

/* Those that the page's own text names: <span data-icon="search">. */
export function draw_icons() {
	for (const node of document.querySelectorAll("[data-icon]"))
		node.replaceChildren(icon(node.dataset.icon));
}
