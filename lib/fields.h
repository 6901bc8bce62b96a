/*
 * Input fields: what a body or a query may contain, as a table, checked whole before a handler looks at a value.
 * Every fault found is reported at once; an unknown or repeated field is a fault.
 */
#ifndef FIELDS_H
#define FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct req;
struct resp;

enum field_type {
	F_LINE =
	    1, /* const char *: text without control characters; min..max Unicode characters, one visible if min > 0 */
	F_TEXT, /* const char *: the same, but line feeds, tabs and what invisible_marks finds may be in it */
	F_SECRET, /* const char *: any text without control characters, min..max; never echoed, and wiped with the request */
	F_EMAIL,  /* const char *: an address, at most 254 bytes */
	F_DATE,	  /* const char *: a calendar day, YYYY-MM-DD */
	F_UUID,	  /* const char *: a UUID in lower-case hex with dashes (any case is accepted) */
	F_CHOICE, /* const char *: one of the words in choices, "ko|en" */
	F_I64,	  /* int64_t: an integer, min..max */
	F_BOOL,	  /* bool; in a query true, false, 1 or 0 */
	F_LINES,  /* struct lines: min..max lines of 1..64 characters; bodies only */
	F_NOTES, /* const char *: JSON text of an object of min..max members with names of 1..40 characters, each a text of at
		   * most 500 characters, an integer or a truth value; bodies only */
};

enum field_flag {
	F_REQUIRED = 1 << 0,
	F_NULLABLE = 1 << 1, /* JSON null is accepted and read like an absent field */
	F_CLEARABLE =
	    1
	    << 2, /* text: JSON null is accepted and stored as NULL, so that a preset tells it from absence */
};

/* A list of strings. */
struct lines {
	size_t n;
	const char **at;
};

struct field {
	const char *name;
	enum field_type type;
	size_t offset;	     /* into the struct that receives the values */
	int64_t min, max;    /* characters for text, values for numbers, elements for lists */
	unsigned flags;	     /* enum field_flag, or-ed */
	const char *choices; /* F_CHOICE: the words, separated by '|' */
};

/**
 * fields_body(rq, rs, fields, ret_in):
 * Read the JSON object in the body of ${rq} into *${ret_in} by the table ${fields}, which ends with a zero row.  Absent
 * fields leave *${ret_in} as it is (zero it first, or preset defaults); no body at all is an empty object.  Strings live
 * as long as the request.  Errors: ERR_MALFORMED_JSON, or ERR_VALIDATION_FAILED with the faults noted in ${rs} in the
 * caller's language (codes: required, unknown_field, repeated_field, wrong_type, bad_format, not_a_choice,
 * control_characters, blank, too_short, too_long, too_small, too_large); *${ret_in} may then hold some of the values.
 * ERR_UNSUPPORTED_MEDIA_TYPE is the loop's business.
 */
enum err fields_body(const struct req *rq, struct resp *rs, const struct field *fields,
		     void *ret_in) MUST_CHECK;

/**
 * fields_query(rq, rs, fields, ret_in):
 * The same for the query string: a=b&c=d, percent-decoded once, '+' is a space.  What cannot be decoded is
 * ERR_MALFORMED_REQUEST.
 */
enum err fields_query(const struct req *rq, struct resp *rs, const struct field *fields,
		      void *ret_in) MUST_CHECK;

#endif
