/* The ring of points for watching, and the heartbeats that fill it: the server alone counts, and this shows what it says. */
import { Problem, call, is_signed_in } from "/api.js";
import { at } from "/dom.js";
import { show_door } from "/door.js";
import { tell } from "./toast.js";
import { number, say } from "./words.js";

const LAP_S = 60, CIRCLE = 100; /* the ring's pathLength */
const FIRST_MS = 300, AGAIN_MS = 10_000;

let watched = null;  /* the player on the screen */
let told = null;     /* what the server said last: {lap_progress_s, points_today, daily_cap} */
let played = false;  /* did it play when that was last looked at? */
let beating = false; /* a beat is under way */
let timer = 0, refused = ""; /* why there is nothing to earn: a problem's code */

const state = () => {
	if (!is_signed_in())
		return "guest";
	if (told && told.points_today >= told.daily_cap)
		return "full";
	return refused ? "refused" : "earning";
};

const sentence = () => say(`gauge.${state()}`, { points: number(told?.points_today ?? 0), cap: number(told?.daily_cap ?? 100) });

export function draw_gauge() {
	const filled = state() === "full" ? 1 : (told?.lap_progress_s ?? 0) / LAP_S;

	at("gauge").className = `gauge ${state()}${watched?.is_playing() ? " runs" : ""}`;
	at("gauge").setAttribute("aria-label", sentence());
	at("gauge_ring").setAttribute("stroke-dashoffset", String(CIRCLE * (1 - filled)));
	at("gauge_points").textContent = is_signed_in() && told ? number(told.points_today) : "P";
}

function cheer(points) {
	at("gauge_news").textContent = `+${number(points)}`;
	at("gauge_news").hidden = false;
	setTimeout(() => { at("gauge_news").hidden = true; }, 3000);
	tell(say(state() === "full" ? "gauge.now_full" : "gauge.earned", { points: number(points), cap: number(told.daily_cap) }));
}

/* What a reply says; how many milliseconds until the next. */
function take(reply) {
	told = reply;
	refused = "";
	if (reply.points_earned > 0)
		cheer(reply.points_earned);
	return 1000 * reply.next_in_s;
}

/* What a failure says: later again, or not for this video. */
function miss(e) {
	if (e.status === 0 || e.status === 429 || e.status >= 500)
		return Math.max(1000 * e.wait_s, AGAIN_MS);
	refused = e.code;
	return 0;
}

/* One beat.  Paused, it is the last: the server's clock stops by it. */
async function beat() {
	const player = watched, playing = player.is_playing();
	let next_ms;

	beating = true;
	try {
		next_ms = take(await call("POST", `/shorts/${player.short.id}/watch`, { body: { playing } }));
	} catch (e) {
		if (!(e instanceof Problem))
			throw e;
		next_ms = miss(e);
	} finally {
		beating = false;
	}
	draw_gauge();
	if (player !== watched || playing !== player.is_playing())
		arm(FIRST_MS);
	else if (playing && next_ms)
		arm(next_ms);
}

function arm(ms) {
	clearTimeout(timer);
	timer = setTimeout(() => {
		if (watched && is_signed_in() && !beating)
			beat();
	}, ms);
}

/* This player has begun or ceased to play; null: there is none on the screen. */
export function watch(player) {
	const changed = player !== watched || player?.is_playing() !== played;

	if (player !== watched)
		refused = "";
	watched = player;
	played = player?.is_playing();
	draw_gauge();
	if (changed && (played || told) && !beating)
		arm(FIRST_MS);
}

/* Somebody else may look now. */
export function forget_gauge() {
	clearTimeout(timer);
	told = null;
	refused = "";
	draw_gauge();
}

export function start_gauge() {
	at("gauge").addEventListener("click", () => {
		if (state() === "guest")
			tell(sentence(), "sign_in", () => show_door("door_earn"));
		else
			tell(sentence());
	});
}
