/*
 * Repaying a month's bill: the gateway's window is another page, which sends its customer back here with what it has to say; only
 * then is the money taken.  The address holds all of it, so that a reload asks again, under the same key, until it is settled.
 */
import { Problem, call, uuid } from "/api.js";

/* Leave for the gateway's window; false if there is none to go to. */
export async function go_to_window(month) {
	const made = await call("POST", "/pay/repayments", { body: { month }, headers: { "Idempotency-Key": uuid() } });
	const back = `${location.origin}/pay/?repayment=${made.id}`;

	if (!made.gateway.window_url)
		return false;
	location.assign(`${made.gateway.window_url}&${new URLSearchParams({ successUrl: back, failUrl: back })}`);
	return true;
}

/* Has the window sent somebody back? */
export const is_back = () => new URLSearchParams(location.search).has("repayment");

/* The repayment, once the gateway has taken the money; null when the customer has left the window without paying. */
export async function confirm() {
	const told = new URLSearchParams(location.search), id = told.get("repayment");

	if (!told.has("paymentKey"))
		return null;
	if (!/^[0-9a-f-]{36}$/.test(id))
		throw new Problem(404, { code: "not_found" });
	return call("POST", `/pay/repayments/${id}/confirm`, {
		body: { payment_key: told.get("paymentKey"), order_id: told.get("orderId"), amount_won: Number(told.get("amount")) },
		headers: { "Idempotency-Key": `confirm-${id}` } });
}
