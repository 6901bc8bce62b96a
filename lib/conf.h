/*
 * Configuration: environment variables by a table.  For NAME the value may also come from the file NAME_FILE points to
 * (secrets).  All faults are reported at once, and only these end a program at its start.
 */
#ifndef CONF_H
#define CONF_H

#include <stddef.h>
#include <stdint.h>

#include "attr.h"

enum conf_type {
	CONF_STR = 1, /* const char *: min..max bytes */
	CONF_INT,     /* int64_t: min..max */
	CONF_BOOL,    /* bool: 0 or 1 */
	CONF_KEY32,   /* unsigned char [32]: base64 or hex of 32 bytes; never printed */
};

struct conf_row {
	const char *name;
	enum conf_type type;
	size_t offset;
	int64_t min, max;
	const char *preset; /* used when the variable is unset; CONF_REQUIRED: there is none */
	const char *about;  /* one line for --help */
};

/* A preset that is none: compared by its address. */
extern const char conf_required[];
#define CONF_REQUIRED conf_required

/**
 * conf_read(rows, ret_conf):
 * Fill *${ret_conf} by ${rows}, which ends with a zero row.  Strings live as long as the process; one that is unset and has no
 * preset is NULL.  Returns the number of faults, each logged with the variable's name and what is wrong, never its value.
 */
int conf_read(const struct conf_row *rows, void *ret_conf) MUST_CHECK;

/** conf_help(rows): Print the table to standard output: name, default, meaning. */
void conf_help(const struct conf_row *rows);

#endif
