/* Following a turn by polling what it has told so far. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "feed.h"
#include "flow.h"
#include "follow.h"
#include "req.h"
#include "resp.h"
#include "stream.h"
#include "turn.h"

enum { POLL_MS = 100 };

/* What the client has seen, from "<tag>-<n>"; nothing if it is anything else. */
static void
read_last_event(const char *id, char ret_tag[FLOW_TAG_LEN + 1], int *ret_seen)
{
	char *end;
	long n;

	ret_tag[0] = '\0';
	*ret_seen = 0;
	if (strlen(id) < FLOW_TAG_LEN + 2 || id[FLOW_TAG_LEN] != '-')
		return;
	n = strtol(id + FLOW_TAG_LEN + 1, &end, 10);
	if (*end || n < 1 || n > FLOW_EVENTS_MAX)
		return;
	memcpy(ret_tag, id, FLOW_TAG_LEN);
	ret_tag[FLOW_TAG_LEN] = '\0';
	*ret_seen = (int)n;
}

/* The last event of a turn says how it ended. */
static void
note_end(struct follow *f, const struct flow_event *event)
{
	if (strcmp(event->name, "done") == 0)
		f->done = event->data;
	else if (strcmp(event->name, "error") == 0)
		f->problem = event->data;
}

static enum err
pass_on(struct follow *f, const struct flow_view *view)
{
	enum err e = OK;
	int i;

	if (f->streams && !f->rs->begun)
		e = stream_begin(f->rs);
	for (i = 0; i < view->n && e == OK; i++) {
		note_end(f, &view->events[i]);
		if (f->streams)
			stream_add(f->rs, arena_printf(f->rq->arena, "%s-%d", view->tag, view->first + i),
				   view->events[i].name, view->events[i].data);
	}
	return e;
}

/* Is the turn the one to be followed, or another one that has begun meanwhile?  The first one seen is followed to its end. */
static bool
is_ours(struct follow *f, const struct flow_view *view)
{
	if (!f->turn && *view->turn)
		f->turn = view->turn;
	return !f->turn || strcmp(f->turn, view->turn) == 0;
}

/* Has the client seen how the last turn ended, by its events or by what PostgreSQL told? */
static bool
has_seen_end(const char *tag, int seen, const struct flow_view *view)
{
	if (view->running || seen == 0)
		return false;
	if (strcmp(tag, TURN_STORED_TAG) == 0)
		return view->version == seen;
	return view->n == 0 && strcmp(tag, view->tag) == 0;
}

/* Wait for more, with a sign of life from time to time. */
static enum err
pause(struct follow *f, int64_t *beat_ms)
{
	enum err e = OK;

	if (clock_left_ms(f->deadline_ms) == 0)
		return ERR_TURN_IN_PROGRESS;
	if (f->streams && clock_ms() - *beat_ms >= FEED_BEAT_MS) {
		*beat_ms = clock_ms();
		e = stream_beat(f->rs);
	}
	return e ? e : stream_wait(f->rs, POLL_MS);
}

static enum err
run(struct follow *f)
{
	int64_t beat_ms = clock_ms();
	char tag[FLOW_TAG_LEN + 1];
	struct flow_view view;
	enum err e;
	int seen;

	read_last_event(f->last_event, tag, &seen);
	for (;;) {
		e = flow_watch(f->rq, f->session, f->rq->user, tag, seen, &view);
		if (e)
			return e;
		f->nothing_new = has_seen_end(tag, seen, &view);
		if (!is_ours(f, &view) || f->nothing_new || (!view.running && view.n == 0))
			return OK;
		e = pass_on(f, &view);
		if (e || f->done || f->problem || !view.running)
			return e;
		memcpy(tag, view.tag, sizeof(tag));
		seen = view.first + view.n - 1;
		e = pause(f, &beat_ms);
		if (e)
			return e;
	}
}

enum err
follow_run(struct follow *f)
{
	enum err e = run(f);

	return e && f->streams && f->rs->begun ? ERR_CLIENT_GONE : e;
}
