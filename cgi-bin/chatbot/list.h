/* Lists as the flow keeps them: words with '|' between them, in one string. */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>

struct arena;

/* A list takes no more when it has so many bytes: the state of a conversation has a ceiling. */
enum { LIST_BYTES_MAX = 1000 };

/** list_next(a, list): The first word of *${list}, which moves on behind it; NULL at the end. */
const char *list_next(struct arena *a, const char **list);

/** list_has(list, word): Is ${word} in ${list}? */
bool list_has(const char *list, const char *word);

/** list_add(a, list, word): ${list} with ${word} in it, once.  A word that is empty or has a '|' is left out. */
const char *list_add(struct arena *a, const char *list, const char *word);

/** list_remove(a, list, word): ${list} without ${word}. */
const char *list_remove(struct arena *a, const char *list, const char *word);

/** list_join(a, list, more): ${list} with all words of the list ${more} in it. */
const char *list_join(struct arena *a, const char *list, const char *more);

#endif
