/*
 * What a model's server sends: the first byte says in pieces of how many bytes it is read, the rest is the stream.  The same
 * events and the same answer come out of it as when it is read at once, and no text is handed on that is none.
 */
#include "arena.h"
#include "completion.h"
#include "fuzz.h"
#include "llm.h"
#include "sse.h"

enum { EVENT_MAX = 200, SEEN_MAX = 1 << 20 };

static const struct llm_conf conf = { .url = "", .model = "m", .format = "text", .tokens_max = 16 };

/* What has come out so far, however it was cut. */
struct seen {
	struct arena arena;
	struct bytes text;
};

static bool
note(void *ctx, const char *event, const char *data, size_t len)
{
	struct seen *seen = ctx;

	CHECK(strlen(event) > 0 && len <= EVENT_MAX && data[len] == '\0');
	CHECK(bytes_append(&seen->arena, &seen->text, SEEN_MAX, event, strlen(event) + 1));
	CHECK(bytes_append(&seen->arena, &seen->text, SEEN_MAX, data, len + 1));
	return true;
}

static bool
hear(void *ctx, const char *text, size_t len)
{
	struct seen *seen = ctx;

	CHECK(len > 0 && text_is_utf8(text, len) && !memchr(text, '\0', len));
	CHECK(bytes_append(&seen->arena, &seen->text, SEEN_MAX, text, len));
	return true;
}

static enum err
read_events(struct seen *seen, const char *bytes, size_t len, size_t step)
{
	struct sse s = { .arena = &seen->arena, .event_max = EVENT_MAX, .on_event = note, .ctx = seen };
	enum err e = OK;
	size_t n;

	for (; !e && len > 0; bytes += n, len -= n) {
		n = step < len ? step : len;
		e = sse_feed(&s, bytes, n);
	}
	return e ? e : sse_end(&s);
}

static int
read_answer(struct seen *seen, const char *bytes, size_t len, size_t step)
{
	struct completion c;
	bool more = true;
	size_t n;

	completion_begin(&c, &seen->arena, &conf, hear, seen);
	for (; more && len > 0; bytes += n, len -= n) {
		n = step < len ? step : len;
		more = completion_feed(&c, bytes, n);
		CHECK(more || c.fault);
	}
	completion_end(&c);
	CHECK(c.prompt_tokens >= 0 && c.completion_tokens >= 0);
	CHECK(c.text.len == seen->text.len);
	CHECK(c.text.len == 0 || memcmp(c.text.at, seen->text.at, c.text.len) == 0);
	CHECK(c.fault || c.text.len > 0);
	return (int)c.fault;
}

static void
check_same(const struct seen *a, const struct seen *b)
{
	CHECK(a->text.len == b->text.len);
	CHECK(a->text.len == 0 || memcmp(a->text.at, b->text.at, a->text.len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	struct seen seen[4] = { 0 };
	size_t step, i;

	if (size == 0)
		return 0;
	step = data[0] % 64 + 1;
	size--;
	for (i = 0; i < 4; i++)
		arena_init(&seen[i].arena);
	CHECK(read_events(&seen[0], bytes, size, size) == read_events(&seen[1], bytes, size, step));
	check_same(&seen[0], &seen[1]);
	CHECK(read_answer(&seen[2], bytes, size, size) == read_answer(&seen[3], bytes, size, step));
	check_same(&seen[2], &seen[3]);
	for (i = 0; i < 4; i++)
		arena_free(&seen[i].arena);
	return 0;
}
