/* Hangul as arithmetic: syllables from letters, and the particles that depend on how a word ends. */
#ifndef HANGUL_H
#define HANGUL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * hangul_compose(cps, n):
 * Join conjoining letters among the ${n} characters at ${cps} into syllables, in place (Unicode 3.12).  Returns
 * how many are left.
 */
size_t hangul_compose(uint32_t *cps, size_t n);

/** hangul_is_syllable(cp): Is ${cp} one of U+AC00-D7A3? */
bool hangul_is_syllable(uint32_t cp);

/**
 * hangul_particle(word, pair):
 * Which of the two particles in ${pair}, "을/를", follows ${word}: the first after a final consonant.  "으로/로"
 * goes by its own rule for ㄹ.  Digits and Latin letters are taken as they are read.  The answer points into
 * static memory.
 */
const char *hangul_particle(const char *word, const char *pair);

#endif
