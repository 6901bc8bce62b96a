/* What the files that read chat completions share: the way from a chunk to its text, and small questions on it. */
#ifndef COMPLETION_INSIDE_H
#define COMPLETION_INSIDE_H

#include "completion.h"

/** completion_chunk_read(c, json, len): Read one JSON text.  False: more would be in vain, ${c}->fault says why. */
bool completion_chunk_read(struct completion *c, const char *json, size_t len);

/**
 * completion_text_read(c, inside, inside_len):
 * Append to the text what a JSON string stands for, given what is between its quotes, and hand it on.  All of it or, where
 * ${c}->fault says why not, nothing; false also when on_text wants no more.
 */
bool completion_text_read(struct completion *c, const char *inside, size_t inside_len) MUST_CHECK;

/** completion_fail(c, fault): Note ${fault} unless there was one before.  False always. */
bool completion_fail(struct completion *c, enum completion_fault fault);

/** completion_is_blank(c): Is ${c} what JSON calls white space? */
bool completion_is_blank(char c);

/** completion_is(bytes, len, word): Are the ${len} bytes that word? */
bool completion_is(const char *bytes, size_t len, const char *word);

#endif
