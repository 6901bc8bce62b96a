/* Bytes that grow by doubling: what was outgrown stays in the arena, at most as much again. */
#include <string.h>

#include "arena.h"
#include "bytes.h"

enum { FIRST_BYTES = 512 };

static void
grow(struct arena *a, struct bytes *b, size_t size)
{
	size_t larger = b->size ? b->size : FIRST_BYTES;
	char *at;

	while (larger < size)
		larger *= 2;
	at = arena_alloc(a, larger);
	if (b->len > 0)
		memcpy(at, b->at, b->len);
	b->at = at;
	b->size = larger;
}

bool
bytes_append(struct arena *a, struct bytes *b, size_t max, const char *bytes, size_t len)
{
	if (b->len > max || len > max - b->len)
		return false;
	if (b->size < b->len + len + 1)
		grow(a, b, b->len + len + 1);
	if (len > 0)
		memcpy(b->at + b->len, bytes, len);
	b->len += len;
	b->at[b->len] = '\0';
	return true;
}

void
bytes_cut(struct bytes *b, size_t len)
{
	b->len = len;
	if (b->at)
		b->at[len] = '\0';
}
