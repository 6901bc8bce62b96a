/* One video of the reel: loaded when it is near, played when it is there, and silent until somebody wants to hear it. */
import { icon } from "./icons.js";
import { say } from "./words.js";
import { make } from "/dom.js";

const SLOW_MS = 4000;  /* that long without a picture is worth a word */
const AGAIN_MS = 1500; /* a file that did not come is asked for once more */

let muted = true;
const players = new Set();

export const is_muted = () => muted;

export function mute(wanted) {
	muted = wanted;
	for (const player of players)
		player.video.muted = muted;
}

/* Who would rather not see things move starts them by hand. */
export const moves = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Player {
	/* changed() is called when it begins or ceases to play. */
	constructor(short, changed) {
		const upright = short.height > 1.3 * short.width;

		this.short = short;
		this.changed = changed;
		this.wanted = false; /* it is on the screen */
		this.failed = this.tried = false; /* its file did not come; that was tried again */
		this.held = false; /* stopped by hand: it does not start by itself */
		this.video = make("video", { className: upright ? "upright" : "", loop: true, muted, playsInline: true,
			preload: "none", disablePictureInPicture: true, ariaLabel: short.title, tabIndex: -1 });
		this.line = make("i");
		this.word = make("p", { className: "word", hidden: true });
		this.again = make("button", { className: "plain", type: "button", hidden: true });
		this.node = make("div", { className: "stage" }, this.video,
			make("span", { className: "big" }, icon("play")), make("span", { className: "spin" }),
			make("div", { className: "trouble" }, this.word, this.again),
			make("div", { className: "line" }, this.line));
		this.listen();
	}

	listen() {
		this.node.addEventListener("click", (event) => event.target === this.again || this.toggle());
		this.again.addEventListener("click", () => this.retry());
		this.video.addEventListener("timeupdate", () => {
			this.line.style.transform = `scaleX(${this.video.currentTime / (this.video.duration || 1)})`;
		});
		for (const name of ["playing", "pause", "waiting", "emptied"])
			this.video.addEventListener(name, () => this.draw());
		this.video.addEventListener("error", () => this.video.hasAttribute("src") && this.fail());
	}

	/* A picture moves on the screen now. */
	is_playing() {
		return this.wanted && !this.video.paused && this.video.readyState > 2;
	}

	draw() {
		const waits = this.wanted && !this.video.paused && this.video.readyState <= 2;

		if (this.failed)
			return;
		clearTimeout(this.slow);
		this.node.classList.toggle("still", this.wanted && this.video.paused);
		this.node.classList.toggle("waits", waits);
		if (waits)
			this.slow = setTimeout(() => this.tell("slow"), SLOW_MS);
		else if (this.is_playing())
			this.well();
		this.changed(this);
	}

	/* It plays, whatever was before. */
	well() {
		this.tried = false;
		this.tell(null);
	}

	/* A word over the picture, with a button if it has one of its own. */
	tell(name, button = null) {
		this.word.hidden = !name;
		this.word.textContent = name ? say(name) : "";
		this.again.hidden = !button;
		this.again.textContent = button ? say(button) : "";
	}

	/* The file did not come.  Once it is asked for again by itself; who has failed before it was seen tries when it is. */
	fail() {
		const again = this.wanted && navigator.onLine && !this.tried;

		this.failed = true;
		clearTimeout(this.slow);
		this.node.classList.toggle("waits", again);
		this.node.classList.remove("still");
		this.changed(this);
		if (again) {
			this.tried = true;
			this.later = setTimeout(() => this.retry(), AGAIN_MS);
		} else if (this.wanted) {
			this.tell(navigator.onLine ? "unplayable" : "offline", "try_again");
		}
	}

	/* The poster, and with more the video's beginning. */
	load(more) {
		players.add(this);
		this.video.muted = muted;
		this.video.poster = this.short.thumbnail_url ?? "";
		if (!more || this.video.hasAttribute("src") || !this.short.video_url)
			return;
		this.video.preload = "auto";
		this.video.src = this.short.video_url;
	}

	/* Far away: what it holds is given back. */
	unload() {
		if (!players.delete(this))
			return;
		this.wanted = false;
		clearTimeout(this.slow);
		clearTimeout(this.later);
		this.video.removeAttribute("src");
		this.video.removeAttribute("poster");
		this.video.load();
	}

	retry() {
		this.failed = false;
		this.tell(null);
		this.video.removeAttribute("src");
		this.video.load();
		return this.play();
	}

	async play() {
		if (!this.short.video_url)
			return this.tell("unplayable"); /* one's own that was hidden, or is not ready yet */
		if (this.failed)
			return this.retry();
		this.wanted = true;
		this.held = false;
		this.load(true);
		try {
			await this.video.play();
		} catch {
			/* the browser wants a touch first, or the file failed, which has been told */
		}
		this.draw();
		return undefined;
	}

	/* It has come onto the screen, or left it. */
	enter() {
		this.wanted = true;
		this.load(true);
		if (moves() && !this.held)
			this.play();
		else
			this.draw();
	}

	leave() {
		this.wanted = this.tried = false;
		clearTimeout(this.later);
		this.video.pause();
		this.draw();
	}

	toggle() {
		if (this.video.paused) {
			this.play();
		} else {
			this.held = true;
			this.video.pause();
		}
	}
}
