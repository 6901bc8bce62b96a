/*
 * What a model is told in a turn.  One message of the system says who it is and what to write; one message of the user
 * holds everything that customers, shops and earlier turns have written, as a JSON object: data, never instructions.  No
 * name, id, price or balance is in it: amounts are told as bands, e-mail addresses and long numbers are masked.
 */
#ifndef PROMPT_H
#define PROMPT_H

#include "house.h"

struct arena;
struct model_turn;

/* Changes with every change of the words or of the schema, so that answers can be told apart by it. */
#define PROMPT_VERSION "moa_turn_1"

enum {
	PROMPT_BYTES_MAX = 16 * 1024,
	PROMPT_PRODUCTS_MAX = 12, /* told of those that were found, from the first */
};

/* The JSON schema of the answer; told.c reads by it. */
extern const char prompt_schema[];

/** prompt_words(say): May the model word a reply of this kind? */
bool prompt_words(enum say say);

/**
 * prompt_next(say):
 * What the reply is to be about if the message, which the house would answer with ${say}, fits the question after all;
 * ${say} itself where that makes no difference.
 */
enum say prompt_next(enum say say);

/** prompt_system(a, turn): What the system says: who it is, the rules, and what to write in this turn. */
const char *prompt_system(struct arena *a, const struct model_turn *turn);

/** prompt_messages(a, turn, system): All messages, a JSON array of at most PROMPT_BYTES_MAX bytes; ${system} is prompt_system's. */
const char *prompt_messages(struct arena *a, const struct model_turn *turn, const char *system);

#endif
