/* What the fuzz targets share: the entry point's prototype, a check that ends the run, and an input table with every type. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "text.h"

/** LLVMFuzzerTestOneInput(data, size): What libFuzzer calls with each input; it returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input; NDEBUG does not switch it off. */
#define CHECK(property)                                                                                      \
	do {                                                                                                 \
		if (!(property)) {                                                                           \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #property);               \
			abort();                                                                             \
		}                                                                                            \
	} while (0)

struct input {
	const char *line, *text, *secret, *email, *date, *uuid, *choice;
	int64_t number;
	bool truth;
	struct lines lines;
	const char *notes;
};

static const struct field input_fields[] = {
	{ "line", F_LINE, offsetof(struct input, line), 1, 20, 0, NULL },
	{ "text", F_TEXT, offsetof(struct input, text), 0, 40, F_NULLABLE, NULL },
	{ "secret", F_SECRET, offsetof(struct input, secret), 2, 8, 0, NULL },
	{ "email", F_EMAIL, offsetof(struct input, email), 0, 0, 0, NULL },
	{ "date", F_DATE, offsetof(struct input, date), 0, 0, 0, NULL },
	{ "uuid", F_UUID, offsetof(struct input, uuid), 0, 0, 0, NULL },
	{ "choice", F_CHOICE, offsetof(struct input, choice), 0, 0, 0, "ko|en" },
	{ "number", F_I64, offsetof(struct input, number), -100, 9007199254740991, 0, NULL },
	{ "truth", F_BOOL, offsetof(struct input, truth), 0, 0, 0, NULL },
	{ "lines", F_LINES, offsetof(struct input, lines), 1, 3, 0, NULL },
	{ "notes", F_NOTES, offsetof(struct input, notes), 0, 3, 0, NULL },
	{ 0 },
};

static inline bool
input_text_is(const char *s, size_t min, size_t max, bool multiline)
{
	return !s || (text_is_utf8(s, strlen(s)) && text_length(s) >= min && text_length(s) <= max &&
		      !text_has_controls(s, multiline));
}

/* Whatever was accepted is within the table. */
static inline void
input_check(const struct input *in)
{
	size_t i;

	CHECK(input_text_is(in->line, 1, 20, false));
	CHECK(input_text_is(in->text, 0, 40, true));
	CHECK(input_text_is(in->secret, 2, 8, false));
	CHECK(!in->email || (strchr(in->email, '@') && strlen(in->email) <= 254));
	CHECK(!in->date || strlen(in->date) == 10);
	CHECK(!in->uuid || (text_is_uuid(in->uuid) && !strpbrk(in->uuid, "ABCDEF")));
	CHECK(!in->choice || strcmp(in->choice, "ko") == 0 || strcmp(in->choice, "en") == 0);
	CHECK(in->number >= -100 && in->number <= 9007199254740991);
	CHECK(in->lines.n <= 3);
	for (i = 0; i < in->lines.n; i++)
		CHECK(in->lines.at[i] && input_text_is(in->lines.at[i], 1, 64, false));
}

#endif
