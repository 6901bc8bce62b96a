/* What the payment gateway's answers mean, apart from how they were asked for: pure */
#ifndef GATEWAY_ANSWER_H
#define GATEWAY_ANSWER_H

#include <stdint.h>

struct arena;
struct gateway_payment;
struct json_object;

/* An answer: its status, and its JSON, whatever that is. */
struct gateway_answer {
	int status;
	struct json_object *json;
};

/* What its description of a payment says of the one that was asked about. */
enum answer_payment {
	PAYMENT_TAKEN,	   /* all of it, in won, for this order */
	PAYMENT_NOT_TAKEN, /* and never will be; also: it is of another order */
	PAYMENT_WRONG,	   /* taken in another amount or currency, or to come some day: it is to go back */
	PAYMENT_OPEN,
	PAYMENT_NONE, /* no description of this payment */
};

/** gateway_answer_payment(answer, p, ret_why): What ${answer}, of status 200, says of ${p}.  *${ret_why}: why it is not taken, or wrong. */
enum answer_payment gateway_answer_payment(const struct gateway_answer *answer,
					   const struct gateway_payment *p, const char **ret_why);

/* Is so much given back for this reason, by its description of a payment? */
enum answer_cancel { CANCEL_NONE, CANCEL_RUNNING, CANCEL_DONE };

/** gateway_answer_cancel(answer, about, amount_won): Whether the cancellation for ${about} is among those of the payment; ${amount_won} 0: of any amount. */
enum answer_cancel gateway_answer_cancel(const struct gateway_answer *answer, const char *about,
					 int64_t amount_won);

/*
 * What an answer that is not of status 200 says of the call.  By its code and not its status alone: PROVIDER_ERROR comes with
 * 400 and tells nothing of what was done.
 */
enum answer_refusal {
	REFUSAL_FINAL,	 /* not done, and asking again is of no use */
	REFUSAL_FOR_NOW, /* not done; later, or with other keys of ours, it may be */
	REFUSAL_UNCLEAR, /* perhaps it was done */
};
enum answer_refusal gateway_answer_refusal(const struct gateway_answer *answer);

/** gateway_answer_text(a, answer): What the gateway says of itself then: "403 REJECT_CARD_PAYMENT: …". */
const char *gateway_answer_text(struct arena *a, const struct gateway_answer *answer);

#endif
