/* What may come of a call to the model, and what each of it means (table outcomes). */
#include <stddef.h>

#include "llm_outcome.h"
#include "metrics.h"

/* Nobody who can make the model say something odd may make it look broken: then everybody would lose it. */
static const struct outcome_row outcomes[OUTCOMES] = {
	[ANSWERED] = { OK, WORKS, false, NULL },
	[ANSWERED_LATER] = { OK, WORKS, false, NULL },
	[BUSY] = { ERR_OVERLOADED, UNKNOWN, false, NULL },
	[LEFT_ALONE] = { ERR_OVERLOADED, UNKNOWN, false, NULL },
	[CANCELLED] = { ERR_CLIENT_GONE, UNKNOWN, false, NULL },
	[NO_CONNECTION] = { ERR_UNAVAILABLE, FAILED, true, NULL },
	[LIMITED] = { ERR_UNAVAILABLE, FAILED, true, "too many requests" },
	[BROKEN] = { ERR_UNAVAILABLE, FAILED, true, "the server has failed" },
	[DENIED] = { ERR_UNAVAILABLE, FAILED, false, "key, model or path refused" },
	[REJECTED] = { ERR_UNAVAILABLE, UNKNOWN, false, "request rejected" },
	[SLOW] = { ERR_UNAVAILABLE, FAILED, false, "no text in time" },
	[SILENT] = { ERR_UNAVAILABLE, FAILED, false, "silence in the middle" },
	[LATE] = { ERR_UNAVAILABLE, FAILED, false, NULL },
	[CUT] = { ERR_UNAVAILABLE, FAILED, false, "answer cut off" },
	[GARBLED] = { ERR_UNAVAILABLE, FAILED, false, "not a chat completion" },
	[LARGE] = { ERR_UNAVAILABLE, UNKNOWN, false, "answer too long, or blank" },
	[SAID_ERROR] = { ERR_UNAVAILABLE, FAILED, false, "an error instead of an answer" },
	[REFUSED] = { ERR_UNAVAILABLE, UNKNOWN, false, "no answer to this" },
	[EMPTY] = { ERR_UNAVAILABLE, UNKNOWN, false, "empty answer" },
};

static const enum outcome of_http[] = {
	[HTTP_FAULT_NONE] = CANCELLED, [HTTP_FAULT_CONNECT] = NO_CONNECTION, [HTTP_FAULT_CUT] = CUT,
	[HTTP_FAULT_FORMAT] = GARBLED, [HTTP_FAULT_LARGE] = LARGE,	     [HTTP_FAULT_IDLE] = SILENT,
	[HTTP_FAULT_DEADLINE] = LATE,
};

static const enum outcome of_completion[] = {
	[COMPLETION_OK] = ANSWERED, [COMPLETION_ENOUGH] = CANCELLED, [COMPLETION_FORMAT] = GARBLED,
	[COMPLETION_LARGE] = LARGE, [COMPLETION_ERROR] = SAID_ERROR, [COMPLETION_REFUSED] = REFUSED,
	[COMPLETION_EMPTY] = EMPTY, [COMPLETION_CUT] = CUT,
};

#define CALLS(result)                                                                                        \
	{                                                                                                    \
		"moa_llm_calls_total", "result=\"" result "\"", "Calls to the model, by what came of them.", \
		    0                                                                                        \
	}

static struct metric calls[] = {
	[ANSWERED] = CALLS("ok"),
	[ANSWERED_LATER] = CALLS("retried"),
	[BUSY] = CALLS("refused_busy"),
	[LEFT_ALONE] = CALLS("refused_open"),
	[CANCELLED] = CALLS("cancelled"),
	[NO_CONNECTION] = CALLS("failed_connection"),
	[LIMITED] = CALLS("failed_limited"),
	[BROKEN] = CALLS("failed_server"),
	[DENIED] = CALLS("failed_denied"),
	[REJECTED] = CALLS("failed_rejected"),
	[SLOW] = CALLS("failed_slow"),
	[SILENT] = CALLS("failed_silent"),
	[LATE] = CALLS("failed_deadline"),
	[CUT] = CALLS("failed_cut"),
	[GARBLED] = CALLS("failed_format"),
	[LARGE] = CALLS("failed_large"),
	[SAID_ERROR] = CALLS("failed_error"),
	[REFUSED] = CALLS("failed_refused"),
	[EMPTY] = CALLS("failed_empty"),
	[OUTCOMES] = { 0 },
};

void
llm_outcome_show(void)
{
	metrics_table(calls);
}

void
llm_outcome_count(enum outcome outcome)
{
	metrics_add(&calls[outcome], 1);
}

const struct outcome_row *
llm_outcome_row(enum outcome outcome)
{
	return &outcomes[outcome];
}

enum outcome
llm_outcome_of_http(enum http_fault fault)
{
	return of_http[fault];
}

enum outcome
llm_outcome_of_completion(enum completion_fault fault)
{
	return of_completion[fault];
}

enum outcome
llm_outcome_of_status(int status)
{
	if (status == 429)
		return LIMITED;
	if (status >= 500)
		return BROKEN;
	return status == 400 || status == 413 || status == 422 ? REJECTED : DENIED;
}
