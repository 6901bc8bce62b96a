/* What may be kept of a model's answer as the summary of a conversation: the last step before it is stored, and pure. */
#ifndef GIST_H
#define GIST_H

struct arena;

enum { GIST_MAX = 350 }; /* characters, as chatbot.session.summary has room for */

enum gist {
	GIST_FINE,
	GIST_NOTHING,  /* no words in it, not UTF-8, or markup instead of sentences */
	GIST_COMMANDS, /* it tells the next reader what to do, or what its writer was told */
};

/**
 * gist_make(a, answer, told, ret_text):
 * Make of ${answer} one paragraph without control and invisible characters, links, e-mail addresses and long numbers, at
 * most GIST_MAX characters, cut at the end of a sentence, else of a word.  ${told} is what the model was told to do: a
 * piece of it in the answer is GIST_COMMANDS.  *${ret_text} is untouched unless the answer is GIST_FINE.
 */
enum gist gist_make(struct arena *a, const char *answer, const char *told, const char **ret_text);

#endif
