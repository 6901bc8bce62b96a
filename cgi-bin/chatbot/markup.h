/* Text that somebody else wrote as HTML, made plain. */
#ifndef MARKUP_H
#define MARKUP_H

#include <stddef.h>

struct arena;

/**
 * markup_plain(a, html, max):
 * The text of ${html}, which is UTF-8: tags taken out, entities decoded once (what they spell is text, never another tag or
 * entity), control characters and spaces of all kinds made one space, characters that nobody sees left out, and cut to ${max}
 * characters.  Joiners stay where emoji need them.
 */
const char *markup_plain(struct arena *a, const char *html, size_t max);

#endif
