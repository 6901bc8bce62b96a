/* What came of a call to the model: to its caller, to the breaker, in the log and in the metrics. */
#ifndef LLM_OUTCOME_H
#define LLM_OUTCOME_H

#include <stdbool.h>

#include "completion.h"
#include "err.h"
#include "fuse.h"
#include "http.h"

enum outcome {
	ANSWERED,
	ANSWERED_LATER,
	BUSY,
	LEFT_ALONE,
	CANCELLED,
	NO_CONNECTION,
	LIMITED,
	BROKEN,
	DENIED,
	REJECTED,
	SLOW,
	SILENT,
	LATE,
	CUT,
	GARBLED,
	LARGE,
	SAID_ERROR,
	REFUSED,
	EMPTY,
	OUTCOMES
};

struct outcome_row {
	enum err e;
	enum verdict verdict;
	bool again;	 /* may be tried once more: no text has come */
	const char *msg; /* for the log; NULL: nothing to say, or http.c has said it */
};

/** llm_outcome_row(outcome): What it means. */
const struct outcome_row *llm_outcome_row(enum outcome outcome);

/** llm_outcome_of_http(fault): What an exchange that ended like this comes to, … */
enum outcome llm_outcome_of_http(enum http_fault fault);
/** llm_outcome_of_completion(fault): … an answer that is one but for this fault, … */
enum outcome llm_outcome_of_completion(enum completion_fault fault);
/** llm_outcome_of_status(status): … and a reply of this status, which is not 2xx. */
enum outcome llm_outcome_of_status(int status);

/** llm_outcome_show(): Show the metrics, from the program's start.  llm_outcome_count(outcome) counts one call. */
void llm_outcome_show(void);
void llm_outcome_count(enum outcome outcome);

#endif
