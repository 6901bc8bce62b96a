/* Memory that lives as long as one request: chunks that only grow, wiped and reused at the reset. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

/* About a page: a thread keeps its first chunk between requests, and there are hundreds of threads. */
enum { CHUNK_SIZE = 4096, ALIGN = 16 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	_Alignas(ALIGN) unsigned char bytes[];
};

struct arena_deferred {
	void (*release)(void *);
	void *ptr;
	struct arena_deferred *next;
};

void
arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

/*
 * A fresh chunk that holds at least need bytes.  In front of the others, or, when it is for one large piece, behind the
 * one in front, which may still have room for many small ones.
 */
static struct arena_chunk *
chunk_push(struct arena *a, size_t need)
{
	bool large = need > CHUNK_SIZE / 2 && a->chunks;
	struct arena_chunk **at = large ? &a->chunks->next : &a->chunks;
	size_t size = large || need > CHUNK_SIZE ? need : CHUNK_SIZE;
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		abort();
	chunk->size = size;
	chunk->next = *at;
	*at = chunk;
	return chunk;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *chunk = a->chunks;
	void *ptr;

	if (size > SIZE_MAX / 2)
		abort();
	size = (size + ALIGN - 1) / ALIGN * ALIGN;
	if (!chunk || chunk->size - chunk->used < size)
		chunk = chunk_push(a, size);
	ptr = chunk->bytes + chunk->used;
	chunk->used += size;
	return ptr;
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *chunk, *next, *kept = NULL;

	while (a->deferred) {
		struct arena_deferred *d = a->deferred;

		a->deferred = d->next;
		d->release(d->ptr);
	}
	/* The oldest chunk of the ordinary size stays for the next request. */
	for (chunk = a->chunks; chunk; chunk = next) {
		next = chunk->next;
		explicit_bzero(chunk->bytes, chunk->used);
		chunk->used = 0;
		if (chunk->size != CHUNK_SIZE) {
			free(chunk);
			continue;
		}
		free(kept);
		kept = chunk;
	}
	if (kept)
		kept->next = NULL;
	a->chunks = kept;
}

void
arena_free(struct arena *a)
{
	arena_reset(a);
	free(a->chunks);
	arena_init(a);
}

char *
arena_strndup(struct arena *a, const char *bytes, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list args)
{
	struct arena_chunk *chunk = a->chunks;
	size_t room = chunk ? chunk->size - chunk->used : 0;
	char *text = chunk ? (char *)chunk->bytes + chunk->used : NULL;
	va_list again;
	int len;

	/* Most texts fit into what is left of the chunk: then they are written once, and not once more to be measured. */
	va_copy(again, args);
	len = vsnprintf(text, room, fmt, args);
	if (len < 0)
		abort();
	if ((size_t)len < room) {
		arena_alloc(a, (size_t)len + 1);
	} else {
		if (room)
			explicit_bzero(text, room);
		text = arena_alloc(a, (size_t)len + 1);
		vsnprintf(text, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	return text;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = arena_vprintf(a, fmt, args);
	va_end(args);
	return text;
}

void
arena_defer(struct arena *a, void (*release)(void *), void *ptr)
{
	struct arena_deferred *d = arena_alloc(a, sizeof(*d));

	d->release = release;
	d->ptr = ptr;
	d->next = a->deferred;
	a->deferred = d;
}

void
arena_release(struct arena *a, const void *ptr)
{
	struct arena_deferred **at = &a->deferred, *d;

	while (*at && (*at)->ptr != ptr)
		at = &(*at)->next;
	d = *at;
	if (!d)
		return;
	*at = d->next;
	d->release(d->ptr);
}
