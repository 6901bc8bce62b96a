/* Upload-Metadata of tus: "filename YS5tcDQ=,filetype dmlkZW8vbXA0".  What it says is a client's claim, shown back and never used. */
#ifndef METADATA_H
#define METADATA_H

#include <stdbool.h>

struct arena;

/** metadata_is_valid(text): Are these pairs of a name and a value in base64, each name once, in at most 4 KiB?  "" are none. */
bool metadata_is_valid(const char *text);

/** metadata_get(a, text, name): The value of ${name} in ${text}, which is valid; NULL if there is none, or it is no line of text. */
const char *metadata_get(struct arena *a, const char *text, const char *name);

#endif
