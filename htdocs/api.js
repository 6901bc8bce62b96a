/*
 * Calls to moa.  The access token lives in memory only.  The refresh token is an HttpOnly cookie that no script can read;
 * where the browser will not keep it (a plain http address that is not this machine), it lives in memory as well.
 */
import { spoken } from "/say.js";

const BASE = "/api/v1";
const KNOWN = "moa.signed_in"; /* that there may be a cookie, so that nobody is asked for a token in vain */

let access = null, refresh = null, renewing = null;

/* A reply that is no success: status, code and Retry-After (seconds, or 0); status 0: there was none. */
export class Problem extends Error {
	constructor(status, body = {}, wait_s = 0) {
		super(body.title ?? "");
		this.status = status;
		this.code = body.code ?? "";
		this.wait_s = wait_s;
	}
}

const is_json = (reply) => /[/+]json/.test(reply.headers.get("Content-Type") ?? "");

export async function problem_of(reply) {
	const body = is_json(reply) ? await reply.json().catch(() => ({})) : {};

	return new Problem(reply.status, body, Number(reply.headers.get("Retry-After")) || 0);
}

/* A body is JSON, or a Blob as it is: then its type is among the headers. */
async function send(method, path, { body, headers = {}, signal } = {}) {
	const all = { "Accept-Language": spoken(), Accept: "application/json", ...headers };
	const is_data = body !== undefined && !(body instanceof Blob);

	if (access && !("Authorization" in headers))
		all.Authorization = `Bearer ${access}`;
	if (is_data)
		all["Content-Type"] = "application/json";
	try {
		return await fetch(BASE + path, { method, headers: all, signal, cache: "no-store",
			credentials: "same-origin", body: is_data ? JSON.stringify(body) : body });
	} catch (e) {
		if (e.name === "AbortError")
			throw e;
		throw new Problem(0);
	}
}

function keep(tokens) {
	access = tokens.access_token;
	refresh = tokens.refresh_token ?? null;
	localStorage.setItem(KNOWN, "1");
}

function forget() {
	access = refresh = null;
	localStorage.removeItem(KNOWN);
}

async function renew_once() {
	const reply = await send("POST", "/auth/refresh", { body: refresh ? { refresh_token: refresh } : {} });

	if (reply.ok) {
		keep(await reply.json());
		return true;
	}
	if (reply.status === 401 || reply.status === 403 || reply.status === 422) {
		forget();
		return false;
	}
	throw await problem_of(reply);
}

/* A new access token; false when nobody is signed in.  Calls that come together share one. */
export function renew() {
	renewing ??= renew_once().finally(() => { renewing = null; });
	return renewing;
}

export const is_signed_in = () => access !== null;

export const may_be_signed_in = () => access !== null || localStorage.getItem(KNOWN) !== null;

export async function sign_in(email, password) {
	const reply = await send("POST", `/auth/login${window.isSecureContext ? "?cookie=1" : ""}`,
		{ body: { email, password } });

	if (!reply.ok)
		throw await problem_of(reply);
	keep(await reply.json());
}

export async function sign_out() {
	await send("POST", "/auth/logout", { body: refresh ? { refresh_token: refresh } : {} }).catch(() => {});
	forget();
}

/*
 * The reply, whatever it is; an access token that has ended is renewed on the way.  With guest, whoever is not signed in asks all
 * the same.
 */
export async function ask(method, path, { guest = false, ...more } = {}) {
	const known = access || (!guest || may_be_signed_in()) && await renew();
	const reply = known ? await send(method, path, more) : null;

	if (reply && reply.status !== 401)
		return reply;
	if (guest || reply && await renew())
		return send(method, path, more);
	throw new Problem(401, { code: "signed_out" });
}

/* What a successful reply holds, null for none; anything else is thrown as a Problem. */
export async function call(method, path, more) {
	const reply = await ask(method, path, more);

	if (!reply.ok)
		throw await problem_of(reply);
	return reply.status === 204 ? null : reply.json();
}

/* A name for something new.  randomUUID is for secure contexts only. */
export function uuid() {
	const bytes = crypto.getRandomValues(new Uint8Array(16));

	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	return [...bytes].map((byte, i) => ([4, 6, 8, 10].includes(i) ? "-" : "") +
		byte.toString(16).padStart(2, "0")).join("");
}
