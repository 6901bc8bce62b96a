/* Unicode characters one at a time, out of UTF-8 and into it. */
#ifndef LETTER_H
#define LETTER_H

#include <stddef.h>
#include <stdint.h>

enum { LETTER_BYTES_MAX = 4 };

/** letter_next(s): The character of the UTF-8 text at *${s}, which moves on behind it. */
uint32_t letter_next(const char **s);

/** letter_put(out, cp): Write ${cp} to ${out}, which has room for LETTER_BYTES_MAX.  Returns how many bytes it took. */
size_t letter_put(char *out, uint32_t cp);

/** letter_fold(cp): What full-width forms, capitals and typographic apostrophes stand for. */
uint32_t letter_fold(uint32_t cp);

#endif
