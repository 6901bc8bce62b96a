/* Characters that nobody sees: a name made of them looks like none, and some make a text look like another. */
#ifndef INVISIBLE_H
#define INVISIBLE_H

#include <stdbool.h>

/** invisible_only(s): Has ${s}, which is UTF-8, no character that leaves a mark?  Spaces, fillers and joiners leave none. */
bool invisible_only(const char *s);

/**
 * invisible_marks(s):
 * Is there a zero-width character or one that changes the direction of writing in ${s}, which is UTF-8?  U+200B, 200E, 200F,
 * 202A-202E, 2060, 2066-2069 and FEFF: in one line they only serve to deceive.  The joiners U+200C and 200D pass: emoji and
 * some scripts are written with them.
 */
bool invisible_marks(const char *s);

#endif
