/*
 * The format of OpenAI's chat completions: the request's body, and the answer as it comes, in pieces of any size: a stream
 * of events, or one JSON object from a server that knows no streams.  No input or output here: llm.c does that.
 */
#ifndef COMPLETION_H
#define COMPLETION_H

#include <stdbool.h>
#include <stddef.h>

#include "attr.h"
#include "bytes.h"
#include "sse.h"

struct arena;
struct llm_call;
struct llm_conf;

/* Why an answer is none. */
enum completion_fault {
	COMPLETION_OK = 0,
	COMPLETION_ENOUGH,  /* on_text returned false */
	COMPLETION_FORMAT,  /* this is no chat completion */
	COMPLETION_LARGE,   /* an event or the text is too long, or the text is nothing but blanks */
	COMPLETION_ERROR,   /* the server sent an error instead */
	COMPLETION_REFUSED, /* the model, or a filter before it, would not answer */
	COMPLETION_EMPTY,   /* complete, and without text */
	COMPLETION_CUT,	    /* ended in the middle */
};

enum completion_kind { COMPLETION_UNKNOWN = 0, COMPLETION_STREAM, COMPLETION_WHOLE };

struct completion {
	struct bytes text; /* so far */
	int prompt_tokens; /* as the server says; 0: it has not */
	int completion_tokens;
	enum completion_fault fault;
	bool finished; /* the answer is complete; token counts may follow */
	bool done;     /* and nothing follows */
	bool cut;      /* complete in so far as tokens_max allowed */

	/* The rest is completion.c's own. */
	struct arena *arena;
	size_t text_max;
	bool (*on_text)(void *ctx, const char *text, size_t len);
	void *ctx;
	enum completion_kind kind;
	struct sse sse;
	struct bytes whole;
	size_t blanks; /* at the end of the text */
	bool seen;     /* something that is part of a completion */
};

/** completion_request(a, conf, call): The body of the request, JSON. */
const char *completion_request(struct arena *a, const struct llm_conf *conf, const struct llm_call *call);

/** completion_url(a, conf): Where it goes. */
const char *completion_url(struct arena *a, const struct llm_conf *conf);

/** completion_bytes_max(conf): How large a reply that is one may be. */
size_t completion_bytes_max(const struct llm_conf *conf);

/** completion_begin(c, a, conf, on_text, ctx): Begin to read an answer in ${a}; ${on_text} gets its text as it comes. */
void completion_begin(struct completion *c, struct arena *a, const struct llm_conf *conf,
		      bool (*on_text)(void *ctx, const char *text, size_t len), void *ctx);

/** completion_feed(c, bytes, len): Read on.  False: more would be in vain, ${c}->fault says why. */
bool completion_feed(struct completion *c, const char *bytes, size_t len) MUST_CHECK;

/** completion_end(c): The reply has ended.  Returns what is wrong with it, if anything. */
enum completion_fault completion_end(struct completion *c);

/** completion_estimate(text): Tokens of ${text} when nobody counted: four ASCII characters make one, or one other character. */
int completion_estimate(const char *text);

#endif
