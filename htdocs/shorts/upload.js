/* Uploading: the file is sent from the moment it is picked, while somebody writes its title, also from another screen of the page. */
import { Problem, call } from "/api.js";
import { at, make } from "/dom.js";
import { excuse, show_door } from "/door.js";
import { objection } from "./more.js";
import { moves } from "./player.js";
import { complain } from "./sheet.js";
import { tell } from "./toast.js";
import { Upload, forget, remembered } from "./tus.js";
import { number, say, size } from "./words.js";

const BYTES_MAX = 200 * 1024 * 1024, SECONDS_MAX = 60;

let upload = null;    /* what is sent now */
let wanted = false;   /* it is to be handed in as soon as all of it is there */
let handing = false;

function draw_tab() {
	const busy = upload && upload.state !== "sent" && upload.state !== "failed";

	at("tab_upload").textContent = busy ? say("upload.tab", { percent: Math.floor(100 * upload.sent / upload.file.size) }) : say("tab.upload");
}

function draw_left() {
	const left = upload ? null : remembered();
	const button = make("button", { className: "link", type: "button" }, say("upload.drop"));

	at("upload_left").hidden = !left;
	if (!left)
		return;
	button.addEventListener("click", () => {
		new Upload({ name: left.name, size: left.size, lastModified: left.changed }, () => {}).drop();
		draw_upload();
	});
	at("upload_left").replaceChildren(make("span", {}, say("upload.left", { name: left.name, percent: Math.floor(100 * left.sent / left.size) })), " ", button);
}

function sentence() {
	const { state, sent, file, error } = upload, values = { sent: size(sent), all: size(file.size) };

	return state === "failed" ? say("upload.failed", { why: excuse(error) }) : say(`upload.${state}`, values);
}

function draw_counts() {
	for (const [name, most] of [["title", 50], ["description", 150]])
		at(`${name}_count`).textContent = `${number([...at(`upload_${name}`).value].length)}/${most}`;
}

export function draw_upload() {
	draw_tab();
	draw_left();
	draw_counts();
	at("pick").hidden = Boolean(upload);
	at("upload_form").hidden = !upload;
	if (!upload)
		return;
	at("file_name").textContent = upload.file.name;
	at("sent").value = upload.sent / upload.file.size;
	at("sent_word").textContent = sentence();
	at("sent_word").classList.toggle("error", upload.state === "failed");
	at("hold").hidden = upload.state === "sent";
	at("hold").textContent = say(upload.state === "held" ? "upload.go_on" : upload.state === "failed" ? "try_again" : "upload.hold");
	at("hand_in").textContent = say(wanted && upload.state !== "sent" ? "upload.handing_in" : "upload.hand_in");
	at("hand_in").disabled = wanted;
}

/* Nothing is under way any more. */
function clear() {
	if (at("preview").src)
		URL.revokeObjectURL(at("preview").src);
	at("preview").removeAttribute("src");
	at("upload_form").reset();
	at("file").value = "";
	complain("upload_wrong", "");
	upload = null;
	wanted = handing = false;
	draw_upload();
}

async function hand_in() {
	handing = true;
	try {
		await call("POST", "/shorts", { body: { upload_id: upload.id, title: at("upload_title").value.trim(),
			description: at("upload_description").value.trim() } });
		forget();
		clear();
		tell(say("upload.done"));
		location.hash = "me/uploads";
	} catch (e) {
		if (!(e instanceof Problem))
			throw e;
		handing = false;
		/* Not all of it is there after all, or nothing is any more. */
		if ([404, 409, 410].includes(e.status) && !upload.again) {
			upload.again = true;
			upload.run();
			return;
		}
		wanted = false;
		if (e.status === 401)
			show_door("door_again");
		else
			complain("upload_wrong", excuse(e));
		draw_upload();
	}
}

function told(one) {
	if (one !== upload)
		return;
	if (upload.state === "failed")
		wanted = false;
	draw_upload();
	if (upload.state === "sent" && wanted && !handing)
		hand_in();
}

/* What is wrong with a file, as far as that shows before it is sent; "" for nothing. */
function file_objection(file) {
	if (!file.size)
		return say("upload.empty");
	return file.size > BYTES_MAX ? say("upload.too_large", { size: size(file.size) }) : "";
}

function pick() {
	const [file] = at("file").files;
	const wrong = file ? file_objection(file) : "";

	complain("file_wrong", wrong);
	at("file").value = "";
	if (!file || wrong)
		return;
	at("preview").src = URL.createObjectURL(file);
	upload = new Upload(file, told);
	if (!upload.id && remembered())
		tell(say("upload.other_file"));
	draw_upload();
	upload.run();
}

/* Whoever picked a video that is too long is told before it is sent in vain. */
async function look_at_preview() {
	const { duration } = at("preview");

	if (moves())
		at("preview").play().catch(() => {});
	if (upload && Number.isFinite(duration) && duration > SECONDS_MAX + 0.5) {
		await drop();
		complain("file_wrong", say("upload.too_long", { s: number(Math.round(duration)) }));
	}
}

async function drop() {
	const one = upload;

	clear();
	await one.drop();
	draw_upload();
}

function want(event) {
	const wrong = objection(at("upload_title").value.trim(), at("upload_description").value.trim());

	event.preventDefault();
	complain("upload_wrong", wrong);
	if (wrong) {
		at("upload_title").focus();
		return;
	}
	wanted = true;
	if (upload.state === "held" || upload.state === "failed")
		upload.run();
	told(upload);
}

export function open_upload() {
	draw_upload();
}

export function start_upload() {
	at("file").addEventListener("change", pick);
	at("preview").addEventListener("loadedmetadata", look_at_preview);
	at("preview").addEventListener("click", () => (at("preview").paused ? at("preview").play() : at("preview").pause()));
	at("upload_form").addEventListener("submit", want);
	at("upload_form").addEventListener("input", draw_counts);
	at("drop").addEventListener("click", drop);
	at("hold").addEventListener("click", () => (upload.state === "held" || upload.state === "failed" ? upload.run() : upload.hold()));
	addEventListener("beforeunload", (event) => {
		if (["sending", "waiting"].includes(upload?.state))
			event.preventDefault();
	});
}
