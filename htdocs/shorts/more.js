/* What else can be done with a short: report it, or edit and delete one's own. */
import { Problem, call } from "/api.js";
import { at, make } from "/dom.js";
import { excuse } from "/door.js";
import { complain, is_sure, open_sheet } from "./sheet.js";
import { guarded, is_known, tell } from "./toast.js";
import { say } from "./words.js";

const REASONS = ["spam", "sexual", "violence", "hate", "copyright", "other"];
const TITLE_MAX = 50, DESCRIPTION_MAX = 150;

let card = null; /* {short, draw()}: what it is about */
let on = {};

/* What is wrong with a title and a description; "" for nothing. */
export function objection(title, description) {
	if (!title)
		return say("upload.no_title");
	if ([...title].length > TITLE_MAX)
		return say("upload.long_title");
	return [...description].length > DESCRIPTION_MAX ? say("upload.long_description") : "";
}

/* Send it from the sheet with that name, which closes when the server has taken it. */
async function send(sheet, what) {
	const button = at(sheet).querySelector("[type=submit]");

	button.disabled = true;
	try {
		await what();
		at(sheet).close();
	} catch (e) {
		if (!(e instanceof Problem))
			throw e;
		complain(`${sheet}_wrong`, excuse(e));
	} finally {
		button.disabled = false;
	}
}

function open_report() {
	const choice = (reason) => make("label", { className: "choice" },
		make("input", { type: "radio", name: "reason", value: reason }), make("span", {}, say(`reason.${reason}`)));

	at("reasons").replaceChildren(at("reasons").querySelector("legend"), ...REASONS.map(choice));
	at("report_text").value = "";
	open_sheet("report");
}

function send_report() {
	const reason = at("reasons").querySelector(":checked")?.value, text = at("report_text").value.trim();

	if (!reason) {
		complain("report_wrong", say("report.missing"));
		return;
	}
	send("report", async () => {
		await call("POST", `/shorts/${card.short.id}/report`, { body: { reason, ...text ? { text } : {} } });
		tell(say("report.sent"));
	});
}

/* Edit what is said of a short of one's own; its_card is drawn afterwards. */
export function open_edit(its_card) {
	card = its_card;
	at("new_title").value = card.short.title;
	at("new_description").value = card.short.description;
	open_sheet("edit");
}

function send_edit() {
	const title = at("new_title").value.trim(), description = at("new_description").value.trim();
	const wrong = objection(title, description);

	complain("edit_wrong", wrong);
	if (wrong)
		return;
	send("edit", async () => {
		Object.assign(card.short, await call("PATCH", `/shorts/${card.short.id}`, { body: { title, description } }));
		card.draw();
		tell(say("saved"));
	});
}

/* Delete a short of one's own: was it? */
export async function erase_short(short) {
	if (!await is_sure("erase_short") || !await guarded(() => call("DELETE", `/shorts/${short.id}`)))
		return false;
	tell(say("erased"));
	return true;
}

export function open_more(its_card) {
	const act = (name, press) => {
		const button = make("button", { className: "plain", type: "button" }, say(name));

		button.addEventListener("click", () => {
			at("more").close();
			press();
		});
		return button;
	};

	card = its_card;
	at("acts").replaceChildren(...card.short.mine
		? [act("edit", () => open_edit(card)), act("erase", async () => await erase_short(card.short) && on.erased())]
		: [act("report.title", () => is_known("door_report") && open_report())]);
	open_sheet("more");
}

/* its.erased(): the short on the screen is gone. */
export function start_more(its) {
	on = its;
	for (const [id, press] of [["report", send_report], ["edit", send_edit]])
		at(id).querySelector("form").addEventListener("submit", (event) => {
			event.preventDefault();
			press();
		});
}
