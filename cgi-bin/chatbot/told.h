/*
 * What the model told: the members of its answer, read strictly, and what they add to what the house has understood.
 * Nothing it tells is taken as it is: moods, colours and interests must be in the house's tables, words and amounts in the
 * customer's own message.
 */
#ifndef TOLD_H
#define TOLD_H

#include "house.h"

enum { TOLD_LIST_MAX = 3, TOLD_REPLY_MAX = 400, TOLD_MEMBERS = 9 };

struct told {
	bool fits; /* the message answers the question that was asked */
	int mood;  /* MOOD_…; -1: none */
	const char *interests[TOLD_LIST_MAX];
	int ninterests;
	int64_t budget_won; /* 0: none */
	const char *colour; /* a code of words_colours, or NULL */
	uint64_t wants;	    /* MEANS(…) of one wish, or 0 */
	const char *unwanted[TOLD_LIST_MAX];
	int nunwanted;
	const char *picks[TOLD_LIST_MAX]; /* "p1", … as it was written */
	int npicks;
	const char *reply; /* NULL: not there */
	int members;	   /* how many of TOLD_MEMBERS were there */
};

/**
 * told_read(a, json, ret_told):
 * Read an answer.  False when it is not by the schema: not JSON, a member nobody knows, of another type or with a value
 * that is not in its table, or no "fits".  Other members may be missing; of a list, the first TOLD_LIST_MAX count.
 */
bool told_read(struct arena *a, const char *json, struct told *ret_told);

/** told_pick(pick, n): The index that "p3" stands for; -1 if it is none of ${n}. */
int told_pick(const char *pick, int n);

/**
 * told_merge(a, told, text, flow, step, facts, said):
 * Add to ${said}, what the house understood of the message ${text}, what only the model has: in the state of ${flow}, and
 * only as far as ${step} shows that the house was at a loss.  Acceptance, refusal, leaving, starting over, the language and
 * questions about the service never come from a model.
 */
void told_merge(struct arena *a, const struct told *told, const char *text, const struct flow *flow,
		const struct step *step, const struct facts *facts, struct said *said);

#endif
