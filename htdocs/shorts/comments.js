/* The sheet of comments: the newest threads first, one level of replies, and a line to write in. */
import { call, is_signed_in } from "/api.js";
import { at, make } from "/dom.js";
import { excuse } from "/door.js";
import { Pages } from "./pages.js";
import { face } from "./people.js";
import { complain, is_sure, open_sheet } from "./sheet.js";
import { guarded, is_known, tell } from "./toast.js";
import { ago, few, language_of, number, say } from "./words.js";

const TEXT_MAX = 255;

let card = null;     /* whose comments these are */
let parent = null;   /* the comment that is replied to */
let threads = null;  /* Pages of them */

function draw_count() {
	at("talk_title").textContent = say("comments", { n: number(card.short.comment_count) });
	card.draw_counts();
}

function count(by) {
	card.short.comment_count = Math.max(0, card.short.comment_count + by);
	draw_count();
}

function set_parent(comment) {
	parent = comment;
	at("replying").hidden = !parent;
	at("replying_to").textContent = parent ? say("replying", { nickname: parent.author.nickname }) : "";
	if (parent)
		at("comment").focus();
}

const act = (text, label, press) => {
	const button = make("button", { className: "link", type: "button", ariaLabel: label }, text);

	button.addEventListener("click", press);
	return button;
};

/* Gone: what hangs below it stays, under a stub. */
async function erase(comment, node) {
	if (!await is_sure("erase_comment") || !await guarded(() => call("DELETE", `/shorts/comments/${comment.id}`)))
		return;
	count(-1);
	if (node.querySelector(".replies > *"))
		node.firstChild.replaceWith(stub());
	else
		node.remove();
	tell(say("erased"));
}

const stub = () => make("div", { className: "said gone" }, make("p", {}, say("no_comment")));

function words_of(comment, node) {
	const { author, text, created_at } = comment;
	const acts = [];

	if (is_signed_in())
		acts.push(act(say("reply"), say("reply_this", { nickname: author.nickname }), () => set_parent(comment)));
	if (comment.mine || card.short.mine)
		acts.push(act(say("erase"), null, () => erase(comment, node)));
	return make("div", { className: "said" }, face(author),
		make("div", {},
			make("p", { className: "by" }, make("a", { href: `#channel/${author.id}`, dir: "auto" }, author.nickname), ` ${ago(created_at)}`),
			make("p", { className: "text", dir: "auto", lang: language_of(text) }, text),
			make("p", { className: "acts" }, ...acts)));
}

function item(comment) {
	const node = make("li", {});

	node.dataset.comment = comment.id;
	node.append(comment.deleted ? stub() : words_of(comment, node));
	return node;
}

/* The other replies of a thread, on demand: those that came with it are its first. */
function add_rest(comment, list) {
	const box = make("div", { className: "rest" });
	const button = act(say("replies", { n: few(comment.reply_count) }), null, () => {
		const all = new Pages(box, { item, empty: () => "" });

		list.replaceChildren();
		all.open(`/shorts/${card.short.id}/comments?parent=${comment.id}`);
	});

	box.append(button);
	return box;
}

function thread(comment) {
	const node = item(comment), replies = comment.replies ?? [];
	const list = make("ul", { className: "replies" }, ...replies.map(item));

	node.append(list);
	if ((comment.reply_count ?? 0) > replies.length)
		node.append(add_rest(comment, list));
	return node;
}

const node_of = (id) => at("threads").querySelector(`[data-comment="${CSS.escape(id ?? "")}"]`);

/* A comment of one's own, where it belongs; the same words sent again are the same comment. */
function add(comment) {
	const root = node_of(comment.parent_id);

	if (node_of(comment.id))
		return;
	if (root) {
		root.querySelector(".replies").append(item(comment));
		root.scrollIntoView({ block: "nearest" });
	} else {
		threads.list.prepend(thread(comment));
		at("threads").scrollTop = 0;
	}
	threads.draw_end();
	count(1);
}

async function write(event) {
	const text = at("comment").value.trim(), mine = card, button = at("talk_form").querySelector("button");

	event.preventDefault();
	complain("talk_wrong", [...text].length > TEXT_MAX ? say("comment_long") : "");
	if (!text || !at("talk_wrong").hidden || !is_known("door_talk"))
		return;
	button.disabled = true;
	try {
		const comment = await call("POST", `/shorts/${mine.short.id}/comments`,
			{ body: { text, ...parent ? { parent_id: parent.id } : {} } });

		at("comment").value = "";
		set_parent(null);
		if (mine === card)
			add(comment);
	} catch (e) {
		if (e.status === undefined)
			throw e;
		complain("talk_wrong", excuse(e));
	} finally {
		button.disabled = false;
	}
}

export function open_comments(its_card) {
	card = its_card;
	threads ??= new Pages(at("threads"), { item: thread, empty: () => say("no_comments") });
	set_parent(null);
	draw_count();
	open_sheet("talk");
	at("threads").scrollTop = 0;
	threads.open(`/shorts/${card.short.id}/comments`);
}

export function start_comments() {
	at("talk_form").addEventListener("submit", write);
	at("no_reply").addEventListener("click", () => set_parent(null));
	at("threads").addEventListener("click", (event) => event.target.closest("a") && at("talk").close());
}
