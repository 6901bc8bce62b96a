/* The button that follows a channel, wherever the channel is named; all of a channel's say the same. */
import { call } from "/api.js";
import { make } from "/dom.js";
import { guarded, is_known, tell } from "./toast.js";
import { say } from "./words.js";

function draw(button, followed) {
	const { nickname } = button.dataset;

	button.setAttribute("aria-pressed", String(followed));
	button.setAttribute("aria-label", say(followed ? "unfollow_this" : "follow_this", { nickname }));
	button.textContent = say(followed ? "followed" : "follow");
}

function draw_all(id, followed) {
	for (const button of document.querySelectorAll(`[data-follow="${CSS.escape(id)}"]`))
		draw(button, followed);
}

async function change(channel, followed) {
	draw_all(channel.id, followed);
	const done = await guarded(() => call(followed ? "PUT" : "DELETE", `/shorts/channels/${channel.id}/subscription`));

	if (done)
		tell(say(followed ? "now_followed" : "no_longer_followed", { nickname: channel.nickname }));
	else
		draw_all(channel.id, !followed);
	return done;
}

/* Its button; changed(followed) is called when the server has taken it. */
export function follow_button(channel, followed, changed = () => {}) {
	const button = make("button", { className: "follow", type: "button" });

	button.dataset.follow = channel.id;
	button.dataset.nickname = channel.nickname;
	draw(button, followed);
	button.addEventListener("click", async () => {
		const wanted = button.getAttribute("aria-pressed") !== "true";

		if (is_known("door_follow") && await change(channel, wanted))
			changed(wanted);
	});
	return button;
}
