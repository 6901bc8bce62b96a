/*
 * The door of a page that is for customers: signing in and out, and which language it all is in.  The page has an empty #door, the
 * buttons #language and #leave, and [data-inside] on what is shown behind the door.
 */
import { Problem, may_be_signed_in, renew, sign_in, sign_out } from "/api.js";
import { at, make } from "/dom.js";
import { say, start_language, teach } from "/say.js";

teach({
	ko: {
		sign_in: "로그인",
		sign_out: "로그아웃",
		email: "이메일",
		password: "비밀번호",
		look_around: "로그인하지 않고 보기",
		door_again: "오래 쉬어서 로그아웃되었어요. 다시 로그인해 주세요.",
		bad_credentials: "이메일이나 비밀번호가 맞지 않아요.",
		failed: "문제가 생겼어요. 잠시 뒤 다시 해 주세요.",
	},
	en: {
		sign_in: "Sign in",
		sign_out: "Sign out",
		email: "E-mail",
		password: "Password",
		look_around: "Go on without signing in",
		door_again: "You were signed out after a long break. Please sign in again.",
		bad_credentials: "E-mail or password is wrong.",
		failed: "Something went wrong. Please try again in a moment.",
	},
});

let page = {};

/* What to say about a failure: offline, busy and rate_limited are the page's words, and refused.CODE what it knows more of. */
export function excuse(e) {
	const known = e.code === "bad_credentials" ? say(e.code) : e.code && say(`refused.${e.code}`);

	if (e.status === 0)
		return say("offline");
	if (known)
		return known;
	if (e.status === 429)
		return say("rate_limited", { s: Math.max(1, e.wait_s) });
	if (e.status >= 500)
		return e.status === 500 ? say("failed") : say("busy");
	return e.message || say("failed");
}

function show_inside(shown) {
	at("door").hidden = shown;
	for (const node of document.querySelectorAll("[data-inside]"))
		node.hidden = !shown;
}

function complain(e) {
	if (!(e instanceof Problem))
		throw e;
	at("door_error").textContent = excuse(e);
	at("door_error").hidden = false;
}

/* Back to the door, which says why. */
export function show_door(text = "door_text") {
	const why = at("door").querySelector("p");

	page.closed();
	show_inside(false);
	why.dataset.words = text;
	why.textContent = say(text);
	at("sign_in").elements.email.focus();
}

/* Into the page, or back to it from the door. */
export async function go_in() {
	show_inside(true);
	await page.opened();
}

async function enter(event) {
	const form = event.target, button = form.querySelector("button");

	event.preventDefault();
	at("door_error").hidden = true;
	button.disabled = true;
	try {
		await sign_in(form.elements.email.value, form.elements.password.value);
		form.reset();
		await go_in();
	} catch (e) {
		complain(e);
	} finally {
		button.disabled = false;
	}
}

async function leave() {
	page.closed();
	await sign_out();
	page.left();
	if (page.guests)
		await go_in();
	else
		show_door();
}

const words = (tag, name, members = {}) => {
	const node = make(tag, members);

	node.dataset.words = name;
	return node;
};

function build() {
	const field = (name, members) => make("label", { className: "field" }, words("span", name),
		make("input", { name, type: name, required: true, ...members }));
	const form = make("form", { id: "sign_in" },
		field("email", { autocomplete: "username", inputMode: "email" }),
		field("password", { autocomplete: "current-password" }),
		make("p", { id: "door_error", className: "error", role: "alert", hidden: true }),
		words("button", "sign_in", { className: "main", type: "submit" }));

	const past = words("button", "look_around", { className: "plain", type: "button", hidden: !page.guests });

	form.addEventListener("submit", enter);
	past.addEventListener("click", go_in);
	at("door").append(words("h1", "door_title"), words("p", "door_text"), form, past);
	at("leave").addEventListener("click", leave);
}

/*
 * Build it, and let in who is signed in.  The page: opened() when somebody has come in, closed() when nobody is any longer,
 * left() after signing out, spoke() in another language; door_title and door_text are its words.  With guests: true everybody comes
 * in, and the door is shown when the page asks for it.
 */
export async function open_door(its_page) {
	page = its_page;
	build();
	start_language(at("language"), page.spoke);
	try {
		if (may_be_signed_in() && await renew() || page.guests)
			await go_in();
		else
			show_door();
	} catch (e) {
		show_door();
		complain(e);
	}
}
