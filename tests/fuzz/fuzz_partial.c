/*
 * A model's answer.  The first byte says in which pieces the rest arrives: that must not matter, and what was told on the way must be
 * what the strict reading of the whole finds.
 */
#include "arena.h"
#include "fuzz.h"
#include "leak.h"
#include "partial.h"
#include "told.h"

static const char system_words[] =
    "Voice of the shopping assistant inside moa, a Korean buy-now-pay-later service.";

/* Feed all of it in pieces of so many bytes, the reply through a guard; what has been told is never taken back. */
static struct partial *
feed(struct arena *a, const char *bytes, size_t len, size_t piece, const char **ret_shown)
{
	struct partial *p = partial_open(a);
	struct leak *guard = leak_open(a, system_words, "30,000원", "ko");
	size_t at, heard = 0, safe = 0;

	for (at = 0; at < len; at += piece) {
		partial_feed(p, bytes + at, len - at < piece ? len - at : piece);
		CHECK(p->reply_len >= heard && strlen(p->reply) == p->reply_len);
		CHECK(text_is_utf8(p->reply, p->reply_len));
		leak_add(guard, p->reply + heard, p->reply_len - heard);
		CHECK(guard->safe >= safe && guard->safe <= strlen(guard->text));
		CHECK(text_is_utf8(guard->text, guard->safe));
		heard = p->reply_len;
		safe = guard->safe;
	}
	leak_end(guard);
	CHECK(guard->safe >= safe);
	CHECK(guard->voided ||
	      (!text_has_controls(guard->text, false) && text_length(guard->text) <= LEAK_CHARACTERS_MAX));
	*ret_shown = guard->voided ? guard->voided : guard->text;
	return p;
}

/* What the whole says is what the pieces said. */
static void
check_told(struct arena *a, const struct partial *p)
{
	const char *whole = partial_whole(p), *head = partial_head(a, p);
	struct told told, before;
	int i;

	if (!whole || !told_read(a, whole, &told))
		return;
	CHECK(told.members >= 1 && told.members <= TOLD_MEMBERS);
	for (i = 0; i < told.npicks; i++)
		CHECK(told_pick(told.picks[i], 12) >= -1 && told_pick(told.picks[i], 12) < 12);
	if (!head)
		return;
	CHECK(told.reply && strcmp(told.reply, p->reply) == 0);
	if (told_read(a, head, &before) && before.members == TOLD_MEMBERS - 1)
		CHECK(before.fits == told.fits && before.mood == told.mood && before.npicks == told.npicks &&
		      !before.reply);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1, *shown, *shown_whole;
	struct partial *p, *whole;
	struct arena a;

	if (size < 2)
		return 0;
	arena_init(&a);
	whole = feed(&a, bytes, size - 1, size, &shown_whole);
	p = feed(&a, bytes, size - 1, 1 + data[0] % 16, &shown);
	CHECK(p->broken == whole->broken && p->closed == whole->closed);
	CHECK(strcmp(p->reply, whole->reply) == 0);
	CHECK(strcmp(shown, shown_whole) == 0);
	check_told(&a, p);
	arena_free(&a);
	return 0;
}
