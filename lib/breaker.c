/* A circuit breaker: four numbers and the rules between them. */
#include "breaker.h"

bool
breaker_rests(const struct breaker *b, int64_t now_ms)
{
	return b->open && (b->probing || now_ms < b->until_ms);
}

enum breaker_pass
breaker_ask(struct breaker *b, int64_t now_ms)
{
	if (!b->open)
		return BREAKER_CALL;
	if (breaker_rests(b, now_ms))
		return BREAKER_REFUSED;
	b->probing = true;
	return BREAKER_PROBE;
}

void
breaker_works(struct breaker *b, enum breaker_pass pass)
{
	if (pass == BREAKER_PROBE && b->probing)
		b->open = b->probing = false;
	if (!b->open)
		b->failures = 0;
}

static void
open_until(struct breaker *b, int64_t until_ms)
{
	b->open = true;
	b->probing = false;
	b->failures = 0;
	b->until_ms = until_ms;
}

void
breaker_failed(struct breaker *b, enum breaker_pass pass, int64_t now_ms)
{
	if (b->open) {
		if (pass == BREAKER_PROBE && b->probing)
			open_until(b, now_ms + BREAKER_OPEN_MS);
		return;
	}
	b->failures++;
	if (b->failures >= BREAKER_FAILURES)
		open_until(b, now_ms + BREAKER_OPEN_MS);
}

void
breaker_unknown(struct breaker *b, enum breaker_pass pass)
{
	if (pass == BREAKER_PROBE)
		b->probing = false;
}

void
breaker_hold(struct breaker *b, int64_t now_ms, int64_t ms)
{
	if (ms > BREAKER_HOLD_MS)
		ms = BREAKER_HOLD_MS;
	if (!b->open || now_ms + ms > b->until_ms)
		open_until(b, now_ms + ms);
}
