/* A turn as its process runs it, against the real Redis and its model. */
#include <stdlib.h>
#include <string.h>

#include "flow_attempt.h"

enum fault { FINE, NOT_SENT, NOT_ANSWERED };

static enum fault
draw_fault(struct world *w)
{
	return world_chance(w, w->lost_percent) ? (world_chance(w, 50) ? NOT_SENT : NOT_ANSWERED) : FINE;
}

/* What the caller of an operation is told. */
static enum err
told(struct world *w, const struct attempt *a, const char *what, enum fault fault, enum err e)
{
	static const char *const faults[] = { "", ", not sent", ", not answered" };

	world_note(w, "message %d, log %d: %s -> %s%s", a->message, a->log, what, e ? err_row(e)->code : "ok",
		   faults[fault]);
	return fault ? ERR_UNAVAILABLE : e;
}

static struct flow
flow_made(struct attempt *a, int version, int answer)
{
	struct flow flow;

	flow_init(&flow);
	flow.customer = world_customer;
	flow.version = version;
	flow.cards = arena_printf(&a->r.arena, "%d", answer);
	return flow;
}

void
attempt_tell(struct world *w, struct attempt *a, enum kind kind)
{
	struct log *log = &logs[a->log];

	EXPECT(w, log->n < EVENTS);
	EXPECT(w, log->n == 0 ||
		      (log->events[log->n - 1].kind != DONE && log->events[log->n - 1].kind != FAILED));
	log->events[log->n++] = (struct told){ kind, a->answer };
}

/* The events that Redis is not known to have. */
static int
pending(struct attempt *a, struct flow_event events[EVENTS])
{
	int i, n = logs[a->log].n - a->hold.events;

	for (i = 0; i < n; i++)
		events[i] = log_event(&a->r.arena, a->log, a->hold.events + i + 1);
	return n;
}

/* A ticket that has just been taken, or that another turn has. */
static void
check_hold(struct world *w, const struct flow_hold *hold, enum err e)
{
	const struct store *s = &w->store;
	struct arena *a = &w->r.arena;

	EXPECT(w, hold->flow.version == s->version);
	EXPECT(w, strcmp(hold->ticket, logs[s->holder].ticket) == 0);
	EXPECT(w, strcmp(hold->turn, arena_printf(a, "%d", logs[s->holder].message)) == 0);
	if (e)
		return;
	EXPECT(w, hold->events == 0);
	EXPECT(w, s->version == NONE || strcmp(hold->flow.cards, world_text(w, s->answer, NONE)) == 0);
	EXPECT(w, strcmp(hold->window, world_text(w, s->window, 0)) == 0);
}

static int
log_of(const struct world *w, const char *ticket)
{
	int i;

	for (i = w->nlogs - 1; i >= 0 && ticket; i--)
		if (strcmp(logs[i].ticket, ticket) == 0)
			return i;
	return NONE;
}

enum err
attempt_take(struct world *w, struct attempt *a, const char *seized)
{
	const char *name = arena_printf(&a->r.arena, "%d", a->message);
	enum fault fault = draw_fault(w);
	int seized_log = log_of(w, seized);
	struct flow_hold hold;
	enum err e;

	if (fault == NOT_SENT)
		return told(w, a, "take", fault, OK);
	e = flow_take(&a->r.rq, w->id, world_customer, name, seized, &hold);
	EXPECT(w, w->nlogs < LOGS);
	EXPECT(w, e == store_take(&w->store, w->nlogs, seized_log));
	if (e == OK) {
		logs[w->nlogs] = (struct log){ .message = a->message };
		snprintf(logs[w->nlogs].ticket, sizeof(hold.ticket), "%s", hold.ticket);
	}
	check_hold(w, &hold, e);
	if (fault == FINE)
		a->hold = hold;
	a->log = e == OK && fault == FINE ? w->nlogs : NONE;
	w->nlogs += e == OK;
	if (e == OK)
		world_check(w);
	return told(w, a, seized ? "seize" : "take", fault, e);
}

enum err
attempt_rebuild(struct world *w, struct attempt *a, int version)
{
	int answer = ledger_made(&w->ledger, version);
	struct flow flow = flow_made(a, version, answer);
	enum fault fault = draw_fault(w);
	enum err e = OK;

	if (fault != NOT_SENT) {
		e = flow_rebuild(&a->r.rq, &a->hold, &flow);
		EXPECT(w, e == store_rebuild(&w->store, a->log, version, answer));
		world_check(w);
	}
	return told(w, a, arena_printf(&a->r.arena, "rebuild %d", version), fault, e);
}

enum err
attempt_append(struct world *w, struct attempt *a, bool *ret_cancelled)
{
	struct flow_event events[EVENTS];
	int n = pending(a, events), before = a->hold.events;
	bool cancelled = false, expected = false;
	struct flow_hold hold = a->hold;
	enum fault fault = draw_fault(w);
	enum err e = OK;

	if (fault != NOT_SENT) {
		e = flow_append(&a->r.rq, &hold, events, n, &cancelled, NULL);
		EXPECT(w, e == store_append(&w->store, a->log, before, n, &expected));
		EXPECT(w, cancelled == expected);
		world_check(w);
	}
	if (fault == FINE) {
		a->hold = hold;
		*ret_cancelled = cancelled;
	}
	return told(w, a, arena_printf(&a->r.arena, "append %d+%d", before, n), fault, e);
}

void
attempt_forget(struct world *w, struct attempt *a)
{
	a->hold.events = logs[a->log].n;
	world_note(w, "log %d: forgets events", a->log);
}

enum err
attempt_commit(struct world *w, struct attempt *a, int version)
{
	enum fault fault = draw_fault(w);
	enum err e = OK;

	if (fault != NOT_SENT) {
		e = ledger_commit(&w->ledger, version, a->message, a->answer);
		EXPECT(w, e || w->ledger.turns[version].answer == a->answer);
	}
	return told(w, a, arena_printf(&a->r.arena, "commit %d", version + 1), fault, e);
}

void
attempt_put(struct world *w, struct attempt *a, int version)
{
	struct flow flow = flow_made(a, version, a->answer);
	const char *answer = arena_printf(&a->r.arena, "%d", a->answer);
	struct flow_event events[EVENTS];
	int n = pending(a, events), before = a->hold.events;
	enum fault fault = draw_fault(w);
	enum err e = OK;

	if (fault != NOT_SENT) {
		e = flow_put(&a->r.rq, &a->hold, &flow, answer, "", events, n);
		EXPECT(w, e == store_put(&w->store, a->log, before, n, version, a->answer));
		world_check(w);
	}
	e = told(w, a, arena_printf(&a->r.arena, "put %d", version), fault, e);
	(void)e;
}

void
attempt_release(struct world *w, struct attempt *a)
{
	struct flow_event events[EVENTS];
	int n = pending(a, events);
	enum fault fault = draw_fault(w);
	enum err e;

	if (fault != NOT_SENT) {
		flow_release(&a->r.rq, &a->hold, events, n);
		store_release(&w->store, a->log, a->hold.events, n);
		world_check(w);
	}
	e = told(w, a, "release", fault, OK);
	(void)e;
}
