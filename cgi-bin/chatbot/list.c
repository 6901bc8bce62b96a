/* Lists of words in one string.  Nothing is changed in place: a longer list is a new string in the arena. */
#include <string.h>

#include "arena.h"
#include "list.h"

const char *
list_next(struct arena *a, const char **list)
{
	size_t len = strcspn(*list, "|");
	const char *word;

	if (!**list)
		return NULL;
	word = arena_strndup(a, *list, len);
	*list += len + ((*list)[len] == '|');
	return word;
}

bool
list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		size_t n = strcspn(list, "|");

		if (n == len && strncmp(list, word, n) == 0)
			return true;
		list += n + (list[n] == '|');
	}
	return false;
}

const char *
list_add(struct arena *a, const char *list, const char *word)
{
	if (!*word || strchr(word, '|') || list_has(list, word) ||
	    strlen(list) + strlen(word) > LIST_BYTES_MAX)
		return list;
	return arena_printf(a, "%s%s%s", list, *list ? "|" : "", word);
}

const char *
list_remove(struct arena *a, const char *list, const char *word)
{
	const char *rest = "", *next;

	for (next = list_next(a, &list); next; next = list_next(a, &list))
		if (strcmp(next, word) != 0)
			rest = list_add(a, rest, next);
	return rest;
}

const char *
list_join(struct arena *a, const char *list, const char *more)
{
	const char *word;

	for (word = list_next(a, &more); word; word = list_next(a, &more))
		list = list_add(a, list, word);
	return list;
}
