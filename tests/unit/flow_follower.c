/* Somebody who follows a turn, and what they may be shown. */
#include <stdlib.h>
#include <string.h>

#include "flow_follower.h"

/* What a view must be, besides its events. */
static void
check_view(struct world *w, const struct flow_view *view, const struct follower *f)
{
	const struct store *s = &w->store;
	int shown = store_shows(s), of = s->holder != NONE ? s->holder : shown;
	int from = of != NONE && strncmp(logs[of].ticket, f->tag, FLOW_TAG_LEN) == 0 && *f->tag ? f->seen : 0;

	EXPECT(w, view->running == s->live);
	EXPECT(w, view->version == s->version);
	EXPECT(w, of == NONE ? !*view->tag : strncmp(view->tag, logs[of].ticket, FLOW_TAG_LEN) == 0);
	EXPECT(w,
	       strcmp(view->turn, of == NONE ? "" : arena_printf(&w->r.arena, "%d", logs[of].message)) == 0);
	EXPECT(w, view->n == (shown != NONE && s->listed > from ? s->listed - from : 0));
	EXPECT(w, view->first == from + 1);
}

/* Each event seen is the next one of the turn's log, and an end is its end: "done" of a turn that PostgreSQL has. */
static void
check_events(struct world *w, const struct flow_view *view, struct follower *f)
{
	const struct log *log = f->log == NONE ? NULL : &logs[f->log];
	struct flow_event told;
	int i, number;

	for (i = 0; i < view->n; i++) {
		number = view->first + i;
		EXPECT(w, log && number <= log->n);
		told = log_event(&w->r.arena, f->log, number);
		EXPECT(w, strcmp(view->events[i].name, told.name) == 0);
		EXPECT(w, strcmp(view->events[i].data, told.data) == 0);
		f->last = log->events[number - 1];
		if (f->last.kind == DONE)
			EXPECT(w, number == log->n &&
				      (w->ledger.gone ||
				       ledger_answer(&w->ledger, log->message) == f->last.answer));
		if (f->last.kind == FAILED)
			EXPECT(w, number == log->n);
	}
}

enum err
follower_look(struct world *w, struct follower *f)
{
	struct flow_view view;
	bool same;

	if (world_chance(w, w->lost_percent / 2))
		return ERR_UNAVAILABLE;
	EXPECT(w, flow_watch(&w->r.rq, w->id, world_customer, f->tag, f->seen, &view) == OK);
	check_view(w, &view, f);
	same = *f->tag && strcmp(view.tag, f->tag) == 0;
	EXPECT(w, !same || view.first == f->seen + 1);
	f->log = store_shows(&w->store) != NONE ? store_shows(&w->store) : w->store.holder;
	check_events(w, &view, f);
	f->running = view.running;
	f->message = *view.turn ? (int)strtol(view.turn, NULL, 10) : NONE;
	f->n = view.n;
	memcpy(f->tag, view.tag, sizeof(f->tag));
	f->seen = view.first - 1 + view.n;
	world_note(w, "a follower sees %d events, %d in all, of log %d", f->n, f->seen, f->log);
	return OK;
}
