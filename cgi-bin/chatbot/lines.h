/*
 * What the assistant says, in both languages, as tables: the only place where its words stand.  A text may have gaps:
 * {limit} is filled in by say.c, {을/를} with the particle that suits the word before it.
 */
#ifndef LINES_H
#define LINES_H

#include "house.h"

struct line {
	const char *ko, *en;
};

extern const struct line lines_say[SAY__MAX];

/* The question each state asks, and a lighter one for the hobby where the profile has interests. */
extern const struct line lines_questions[STATE__MAX];
extern const struct line lines_profile;

/* Other ways to ask what they think of others, so that it is not the same every time. */
enum { REACTIONS = 3 };
extern const struct line lines_reactions[REACTIONS];

extern const struct line lines_empathies[MOOD__MAX];

/* How what is shown meets what was wished for: all of it, some of it, none of it. */
enum met {
	MET,
	MET_ANYTHING,
	MET_MORE,      /* of the same, after others were turned down */
	MET_OTHERS,    /* of anything, after others were turned down */
	MET_FOR_OTHER, /* anything, for somebody else */
	MET_CHEAPER,
	MET_DEARER,
	COLOUR_SOME,
	COLOUR_NONE,
	PRICE_SOME,
	PRICE_NONE,
	KIND_SOME,
	KIND_NONE,
	KIND_NONE_CHEAPER,
	KIND_DEARER, /* all of the kind costs more than may be spent */
	MET__MAX
};
extern const struct line lines_found[MET__MAX];

/* Parts of other texts. */
enum part {
	PART_ALL_RIGHT, /* no mood was told */
	PART_LIKES,
	PART_LIKES_OTHER, /* somebody else does */
	PART_HEARD,	  /* something was told, but nothing to look for */
	PART_NO_HOBBY,
	PART_NOTED, /* the budget */
	PART_WITHIN_LIMIT,
	PART_WITHIN_BUDGET,
	PART_WITHIN_RANGE,
	PART_ABOVE,
	PART_FROM,    /* what the kind costs at least */
	PART_NEAR,    /* what the rest is: close to the wish */
	PART_OTHER,   /* or not */
	PART_GUESSED, /* which card was meant */
	PART__MAX
};
extern const struct line lines_parts[PART__MAX];

#endif
