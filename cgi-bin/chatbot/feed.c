/* The events of a running turn: gathered, numbered, and sent two ways. */
#include <stdatomic.h>
#include <string.h>

#include "arena.h"
#include "chatbot.h"
#include "clock.h"
#include "feed.h"
#include "out.h"
#include "req.h"
#include "stream.h"

void
feed_open(struct feed *feed, const struct req *rq, struct resp *rs, bool streams, struct flow_hold *hold)
{
	*feed = (struct feed){ .rq = rq, .rs = rs, .streams = streams, .hold = hold };
	flow_tag(hold, feed->tag);
	/* Lets the first words through at once. */
	feed->wrote_ms = clock_ms() - FEED_PIECE_MS;
	feed->stored_ms = clock_ms();
}

static void
notice_leaving(struct feed *feed, enum err e)
{
	if (e == ERR_CLIENT_GONE && !feed->left_ms)
		feed->left_ms = clock_ms();
}

void
feed_flush(struct feed *feed)
{
	if (feed->streams && !feed->left_ms)
		notice_leaving(feed, stream_flush(feed->rs));
}

/* Hand what has gathered to Redis, and hear whether the turn is still wanted. */
static void
store(struct feed *feed)
{
	bool cancelled = false;
	enum err e;

	e = flow_append(feed->rq, feed->hold, feed->pending, feed->npending, &cancelled, &feed->followed);
	/* A Redis that hangs must not hold every word up. */
	feed->stored_ms = clock_ms() + (e == ERR_UNAVAILABLE ? FEED_AWAY_MS : 0);
	/* Redis that is away is no reason to stop: PostgreSQL decides about the turn. */
	if (e != ERR_UNAVAILABLE)
		feed->npending = 0;
	if (e == ERR_OVERLOADED)
		feed->detached = true;
	else if (e == ERR_CONFLICT)
		feed->end = FEED_LOST;
	else if (cancelled)
		feed->end = FEED_CANCELLED;
}

/* Number an event and keep it for Redis. */
static void
keep(struct feed *feed, const char *name, const char *data)
{
	feed->sent++;
	if (feed->npending == FEED_PENDING_MAX)
		store(feed);
	if (feed->npending == FEED_PENDING_MAX)
		feed->detached = true;
	if (feed->detached)
		feed->npending = 0;
	else
		feed->pending[feed->npending++] =
		    (struct flow_event){ name, arena_strdup(feed->rq->arena, data) };
}

static void
tell(struct feed *feed, const char *name, const char *data)
{
	if (feed->streams && !feed->left_ms)
		stream_add(feed->rs, arena_printf(feed->rq->arena, "%s-%d", feed->tag, feed->sent), name,
			   data);
}

/* One event, to the client now and to Redis soon. */
static void
send(struct feed *feed, const char *name, const char *data)
{
	keep(feed, name, data);
	tell(feed, name, data);
	feed_flush(feed);
	/* Also where the client waits for JSON: words for those who follow are gathered as well. */
	feed->wrote_ms = clock_ms();
}

/* How many of the bytes are whole characters: the last one may not have come in full. */
static size_t
whole(const char *text, size_t len)
{
	size_t tail = 0, needs;
	unsigned char lead;

	while (tail < len && ((unsigned char)text[len - 1 - tail] & 0xC0) == 0x80)
		tail++;
	if (tail == len)
		return len;
	lead = (unsigned char)text[len - 1 - tail];
	needs = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
	return tail < needs ? len - tail - 1 : len;
}

static void
flush(struct feed *feed)
{
	size_t len = whole(feed->text, feed->len), rest = feed->len - len;
	struct json_object *data;
	char kept[4];

	if (len == 0)
		return;
	memcpy(kept, feed->text + len, rest);
	feed->text[len] = '\0';
	data = out_object(feed->rq->arena);
	out_str(data, "text", feed->text);
	feed->len = 0;
	send(feed, "token", out_text(data));
	memcpy(feed->text, kept, rest);
	feed->len = rest;
}

void
feed_state(struct feed *feed, const char *state, const char *engine)
{
	struct json_object *data = out_object(feed->rq->arena);
	const char *text;

	feed->len = 0;
	out_str(data, "state", state);
	out_str(data, "engine", engine);
	text = out_text(data);
	keep(feed, "state", text);
	tell(feed, "state", text);
	/* The first words need not wait for this. */
	feed->wrote_ms = clock_ms() - FEED_PIECE_MS;
}

void
feed_text(struct feed *feed, const char *text, size_t len)
{
	while (len > 0) {
		size_t room = sizeof(feed->text) - 1 - feed->len, n = len < room ? len : room;

		memcpy(feed->text + feed->len, text, n);
		feed->len += n;
		text += n;
		len -= n;
		if (len > 0 || clock_ms() - feed->wrote_ms >= FEED_PIECE_MS)
			flush(feed);
	}
}

void
feed_products(struct feed *feed, const char *products)
{
	struct json_object *data = out_object(feed->rq->arena);

	flush(feed);
	out_json(data, "products", products);
	send(feed, "products", out_text(data));
}

/* Is the client still there?  A stop of the program is no reason to hurry: turns end within its patience. */
static void
look_for_client(struct feed *feed)
{
	if (feed->left_ms)
		return;
	notice_leaving(feed, stream_wait(feed->rs, 0));
	if (feed->left_ms || !feed->streams || clock_ms() - feed->wrote_ms < FEED_BEAT_MS)
		return;
	notice_leaving(feed, stream_beat(feed->rs));
	feed->wrote_ms = clock_ms();
}

enum feed_end
feed_tick(struct feed *feed)
{
	int64_t now_ms = clock_ms();

	if (feed->len > 0 && now_ms - feed->wrote_ms >= FEED_PIECE_MS)
		flush(feed);
	if (now_ms - feed->stored_ms >= FEED_STORE_MS)
		store(feed);
	look_for_client(feed);
	if (!feed->end && feed->left_ms && now_ms - feed->left_ms >= FEED_GRACE_MS && !feed->followed)
		feed->end = FEED_LEFT;
	return feed->end;
}

enum feed_end
feed_settle(struct feed *feed)
{
	flush(feed);
	store(feed);
	return feed->end;
}

void
feed_end(struct feed *feed, const char *name, const char *data)
{
	flush(feed);
	feed->last = (struct flow_event){ name, data };
	keep(feed, name, data);
}

void
feed_tell_end(struct feed *feed)
{
	tell(feed, feed->last.name, feed->last.data);
}
