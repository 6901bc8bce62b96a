/* Sharing a short: with the phone's own way of sharing, or as an address to copy. */
import { at } from "/dom.js";
import { open_sheet } from "./sheet.js";
import { say } from "./words.js";

const SHOWN_MS = 2000;

export async function open_share({ short }) {
	const url = `${location.origin}/shorts/#${short.id}`;

	if (navigator.share && matchMedia("(pointer: coarse)").matches) {
		await navigator.share({ title: short.title, url }).catch(() => {});
		return;
	}
	at("link").value = url;
	at("copied").textContent = "";
	open_sheet("share");
	at("link").select();
}

async function copy() {
	at("link").select();
	try {
		await navigator.clipboard.writeText(at("link").value);
		at("copied").textContent = say("copied");
		setTimeout(() => { at("copied").textContent = ""; }, SHOWN_MS);
	} catch {
		at("copied").textContent = say("copy_by_hand"); /* over plain http there is no clipboard */
	}
}

export function start_share() {
	at("copy").addEventListener("click", copy);
}
