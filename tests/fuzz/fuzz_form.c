/*
 * A form: the first byte says in pieces of how many bytes it is read, the rest is the body.  The same parts come out of it as when it
 * is read at once.  Its first line is read as Upload-Metadata, too.
 */
#include "arena.h"
#include "bytes.h"
#include "fuzz.h"
#include "metadata.h"
#include "multipart.h"

enum { SEEN_MAX = 1 << 20 };

/* A body, and what has come out of it. */
struct source {
	const char *text;
	size_t len, at, step;
	struct arena arena;
	struct bytes seen;
};

static int
next_piece(void *ctx, void *buf, int len)
{
	struct source *s = ctx;
	size_t n = s->len - s->at;

	CHECK(len > 0);
	if (n > s->step)
		n = s->step;
	if (n > (size_t)len)
		n = (size_t)len;
	memcpy(buf, s->text + s->at, n);
	s->at += n;
	return (int)n;
}

/* One part to its end. */
static enum err
read_part(struct source *s, struct multipart *m)
{
	char piece[100];
	size_t n = 1;

	while (n > 0) {
		enum err e = multipart_read(m, piece, s->step < sizeof(piece) ? s->step : sizeof(piece), &n);

		if (e)
			return e;
		CHECK(n <= sizeof(piece));
		CHECK(bytes_append(&s->arena, &s->seen, SEEN_MAX, piece, n));
	}
	return OK;
}

static enum err
read_form(struct source *s)
{
	struct multipart *m = multipart_open(&s->arena, "multipart/form-data; boundary=\"X\"", next_piece, s);
	const char *name;
	bool file;
	enum err e;

	CHECK(m);
	for (;;) {
		e = multipart_next(m, &name, &file);
		if (e || !name)
			return e;
		CHECK(*name && text_is_utf8(name, strlen(name)));
		CHECK(bytes_append(&s->arena, &s->seen, SEEN_MAX, name, strlen(name) + 1));
		e = read_part(s, m);
		if (e)
			return e;
	}
}

static void
read_metadata(const char *bytes, size_t len)
{
	struct arena a;
	const char *end = memchr(bytes, '\n', len), *text, *value;

	arena_init(&a);
	text = arena_strndup(&a, bytes, end ? (size_t)(end - bytes) : len);
	if (metadata_is_valid(text)) {
		value = metadata_get(&a, text, "filename");
		CHECK(!value || (text_is_utf8(value, strlen(value)) && !text_has_controls(value, false)));
	}
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source once = { .text = (const char *)data + 1 }, pieces;
	enum err whole, cut;

	if (size == 0)
		return 0;
	once.len = size - 1;
	once.step = size;
	pieces = once;
	pieces.step = data[0] % 64 + 1;
	arena_init(&once.arena);
	arena_init(&pieces.arena);
	whole = read_form(&once);
	cut = read_form(&pieces);
	CHECK(whole == cut);
	if (whole == OK) {
		CHECK(once.seen.len == pieces.seen.len);
		CHECK(once.seen.len == 0 || memcmp(once.seen.at, pieces.seen.at, once.seen.len) == 0);
	}
	arena_free(&once.arena);
	arena_free(&pieces.arena);
	read_metadata((const char *)data + 1, size - 1);
	return 0;
}
