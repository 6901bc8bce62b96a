/*
 * A language model behind an OpenAI-compatible chat-completions API: one call, streamed, with every wait and size bounded.
 * What is asked and what the answer means is the program's business; completion.c knows the format.
 */
#ifndef LLM_H
#define LLM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "conf.h"
#include "err.h"

struct llm;
struct req;

struct llm_conf {
	const char *url;   /* base URL, ending in /v1 as a rule; "": there is no model */
	const char *key;   /* sent as bearer; NULL: none */
	const char *model; /* its name there */
	const char
	    *format; /* "json_schema", "json_object" or "text": which response_format the server knows */
	int64_t calls_max;   /* at once, per process */
	int64_t deadline_ms; /* of a call, its retry included */
	int64_t first_ms;    /* until the answer's text begins, its retry included */
	int64_t idle_ms;     /* without a byte once it has begun */
	int64_t tokens_max;  /* of an answer */
};

/* Rows of a program's conf table that fill a struct llm_conf at this offset. */
#define LLM_CONF(at)                                                                                          \
	{ "MOA_LLM_URL",                                                                                      \
	  CONF_STR,                                                                                           \
	  (at) + offsetof(struct llm_conf, url),                                                              \
	  0,                                                                                                  \
	  500,                                                                                                \
	  "",                                                                                                 \
	  "base URL of an OpenAI-compatible API, ending in /v1; empty: no model" },                           \
	    { "MOA_LLM_KEY", CONF_STR,		 (at) + offsetof(struct llm_conf, key), 1, 500,               \
	      NULL,	     "bearer key for it" },                                                           \
	    { "MOA_LLM_MODEL",		CONF_STR, (at) + offsetof(struct llm_conf, model), 1, 200, "default", \
	      "name of the model there" },                                                                    \
	    { "MOA_LLM_FORMAT",                                                                               \
	      CONF_STR,                                                                                       \
	      (at) + offsetof(struct llm_conf, format),                                                       \
	      1,                                                                                              \
	      20,                                                                                             \
	      "json_schema",                                                                                  \
	      "response_format it knows: json_schema, json_object or text" },                                 \
	    { "MOA_LLM_CALLS_MAX",                                                                            \
	      CONF_INT,                                                                                       \
	      (at) + offsetof(struct llm_conf, calls_max),                                                    \
	      1,                                                                                              \
	      4096,                                                                                           \
	      "600",                                                                                          \
	      "calls to it at once, per process" },                                                           \
	    { "MOA_LLM_DEADLINE_MS",                                                                          \
	      CONF_INT,                                                                                       \
	      (at) + offsetof(struct llm_conf, deadline_ms),                                                  \
	      1000,                                                                                           \
	      25000,                                                                                          \
	      "15000",                                                                                        \
	      "a call must have ended by then" },                                                             \
	    { "MOA_LLM_FIRST_MS",                                                                             \
	      CONF_INT,                                                                                       \
	      (at) + offsetof(struct llm_conf, first_ms),                                                     \
	      100,                                                                                            \
	      25000,                                                                                          \
	      "6000",                                                                                         \
	      "its answer must have begun by then" },                                                         \
	    { "MOA_LLM_IDLE_MS",                                                                              \
	      CONF_INT,                                                                                       \
	      (at) + offsetof(struct llm_conf, idle_ms),                                                      \
	      100,                                                                                            \
	      25000,                                                                                          \
	      "3000",                                                                                         \
	      "longest silence once it has begun" },                                                          \
	{                                                                                                     \
		"MOA_LLM_TOKENS_MAX", CONF_INT, (at) + offsetof(struct llm_conf, tokens_max), 16, 8192,       \
		    "600", "longest answer"                                                                   \
	}

/**
 * llm_open(conf):
 * Never NULL; ${conf} must outlive it.  Shows its metrics: call it at the program's start, once.  End it with llm_close, when no
 * call is running; NULL is a no-op.
 */
struct llm *llm_open(const struct llm_conf *conf);
void llm_close(struct llm *llm);

/** llm_configured(llm): Is there a model to call? */
bool llm_configured(const struct llm *llm);

struct llm_call {
	const char *messages;	 /* the messages, a JSON array */
	const char *schema;	 /* JSON schema of the answer; NULL: free text */
	const char *schema_name; /* [a-zA-Z0-9_-]+ */
	/* If set, gets the answer's text as it comes; false ends the call with ERR_CLIENT_GONE. */
	bool (*on_text)(void *ctx, const char *text, size_t len);
	/* If set, asked every 50 to 100 ms; true ends the call with ERR_CLIENT_GONE. */
	bool (*cancelled)(void *ctx);
	void *ctx;
};

struct llm_reply {
	const char *text; /* the whole answer, terminated; lives as long as the request */
	size_t len;
	int prompt_tokens, completion_tokens; /* as the server says, else estimated */
	int64_t sent_us;  /* clock_us when the last byte of the request was written; 0: never */
	int64_t first_us; /* … when the text began; 0: never */
	int64_t ended_us;
	bool cut; /* the answer was longer than tokens_max and ends somewhere */
};

/**
 * llm_run(rq, llm, call, ret_reply):
 * Ask the model and wait for the end of its answer.  Once, before any text came, it is asked again after a failed
 * connection, a 429 or a 5xx: after 50 to 250 ms, or when Retry-After says if that is within first_ms.
 * Errors: ERR_UNAVAILABLE (no model, or any fault of it; logged here), ERR_OVERLOADED at once (calls_max are running, or
 * the model is being left alone after failures), ERR_CLIENT_GONE (on_text or cancelled ended it).
 * After errors *${ret_reply} tells what was spent: tokens and times, with the text so far, which on_text has had, too.
 */
enum err llm_run(const struct req *rq, struct llm *llm, const struct llm_call *call,
		 struct llm_reply *ret_reply) MUST_CHECK;

#endif
