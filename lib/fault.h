/* What can be wrong with an input field: its public code, and the words for it in Korean and English. */
#ifndef FAULT_H
#define FAULT_H

struct field;
struct req;
struct resp;

enum fault {
	FAULT_NONE = 0,
	FAULT_REQUIRED,
	FAULT_UNKNOWN_FIELD,
	FAULT_REPEATED_FIELD,
	FAULT_WRONG_TYPE,
	FAULT_BAD_FORMAT,
	FAULT_NOT_A_CHOICE,
	FAULT_CONTROL_CHARACTERS,
	FAULT_BLANK,
	FAULT_TOO_SHORT,
	FAULT_TOO_LONG,
	FAULT_TOO_SMALL,
	FAULT_TOO_LARGE,
	FAULT_TOO_FEW,	     /* entries of a list; its code is too_short */
	FAULT_TOO_MANY,	     /* its code is too_long */
	FAULT_NOT_AN_OBJECT, /* the body as a whole; its code is wrong_type */
};

/**
 * fault_note(rq, rs, name, field, fault):
 * Note ${fault} of the input called ${name} in ${rs}, in the language of ${rq}.  ${field} has the bounds and choices that the
 * message names; it may be NULL for faults whose message names none (unknown_field, not an object).
 */
void fault_note(const struct req *rq, struct resp *rs, const char *name, const struct field *field,
		enum fault fault);

#endif
