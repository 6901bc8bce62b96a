/* A real Redis and its model, side by side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hiredis/hiredis.h>

#include "flow_world.h"
#include "kv.h"

static const char customer[] = "11111111-1111-4111-8111-111111111111";

/*
 * All that Redis holds, as text: flow, kept window, ticket, and the list behind its first line.  A lease that has not ended is made
 * to last until the test ends it: what happens here is random, but not by the time of day.  KEYS: flow, events.
 */
static struct kv_script look_script = {
	.name = "look",
	.lua =
	    "local h = redis.call('HMGET', KEYS[1], 'version', 'cards', 'kept', 'window', 'ticket', 'turn', 'cancel')\n"
	    "local time = redis.call('TIME')\n"
	    "local live = tonumber(redis.call('HGET', KEYS[1], 'ticket_until') or 0) > time[1] * 1000\n"
	    "if live then redis.call('HSET', KEYS[1], 'ticket_until', '9000000000000') end\n"
	    "local at = { h[1] or '', h[2] or '', h[3] and h[3] == h[1] and h[4] or '', h[5] or '', h[6] or '',\n"
	    "  h[7] and h[7] == h[5] and 'cancel' or '', live and 'live' or '' }\n"
	    "for i, event in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do table.insert(at, event) end\n"
	    "return table.concat(at, '/')\n",
};

/* KEYS: from, to. */
static struct kv_script copy_script = {
	.name = "copy",
	.lua = "redis.call('DEL', KEYS[2])\n"
	       "return redis.call('COPY', KEYS[1], KEYS[2])\n",
};

void
world_open(struct world *w, struct kv *kv, long long seed)
{
	*w = (struct world){ .kv = kv, .seed = seed, .random = (uint64_t)seed * 2654435761U + 1 };
	request_begin(&w->r, 3600 * 1000);
	w->r.rq.kv = kv;
}

void
world_close(struct world *w)
{
	request_end(&w->r);
}

/* xorshift64* */
int
world_below(struct world *w, int n)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (int)(((w->random * 2685821657736338717U) >> 33) % (unsigned)n);
}

bool
world_chance(struct world *w, int percent)
{
	return world_below(w, 100) < percent;
}

void
world_note(struct world *w, const char *fmt, ...)
{
	char *line = w->trace[w->ntrace++ % TRACE_LINES];
	va_list args;
	int n;

	n = snprintf(line, TRACE_LEN, "%7lld ", w->step);
	va_start(args, fmt);
	vsnprintf(line + n, (size_t)(TRACE_LEN - n), fmt, args);
	va_end(args);
}

void
world_fail(struct world *w, const char *truth, const char *where)
{
	int i;

	for (i = w->ntrace > TRACE_LINES ? w->ntrace - TRACE_LINES : 0; i < w->ntrace; i++)
		fprintf(stderr, "%s\n", w->trace[i % TRACE_LINES]);
	fail_msg("MOA_SEED=%lld step %lld: not so in %s: %s", w->seed, w->step, where, truth);
	abort();
}

static const redisReply *
ask(struct world *w, struct kv_args command)
{
	const redisReply *reply = NULL;

	EXPECT(w, kv_run(&w->r.rq, command, &reply) == OK);
	return reply;
}

static const char *
flow_at(struct world *w)
{
	return flow_key(&w->r.arena, w->id);
}

static const char *
list_at(struct world *w)
{
	return flow_events_key(&w->r.arena, w->id);
}

/* A number as text; nothing for a number that means so. */
static const char *
text_of(struct world *w, int n, int nothing)
{
	return n == nothing ? "" : arena_printf(&w->r.arena, "%d", n);
}

static const char *
event_text(struct arena *a, int log, int number)
{
	const struct told *event = &logs[log].events[number - 1];

	return arena_printf(a, "%d.%d.%c.%d", log, number, event->kind, event->answer);
}

static const char *
event_name(enum kind kind)
{
	return kind == STATE ? "state" : kind == TOKEN ? "token" : kind == DONE ? "done" : "error";
}

/* What look_script says where Redis has what the model has. */
static const char *
expected_look(struct world *w)
{
	const struct store *s = &w->store;
	struct arena *a = &w->r.arena;
	const struct log *holder = s->holder == NONE ? NULL : &logs[s->holder];
	const char *text =
	    arena_printf(a, "%s/%s/%s/%s/%s/%s/%s", text_of(w, s->version, NONE),
			 s->version == NONE ? "" : text_of(w, s->answer, NONE), text_of(w, s->window, 0),
			 holder ? holder->ticket : "", holder ? text_of(w, holder->message, NONE) : "",
			 s->cancel ? "cancel" : "", s->live ? "live" : "");
	int i;

	if (s->list != NONE)
		text = arena_printf(a, "%s/%s\n%.*s\n%d", text, customer, FLOW_TAG_LEN, logs[s->list].ticket,
				    logs[s->list].message);
	for (i = 1; i <= s->listed; i++)
		text = arena_printf(a, "%s/%s\n%s", text, event_name(logs[s->list].events[i - 1].kind),
				    event_text(a, s->list, i));
	return text;
}

/*
 * What must hold whatever happens: Redis is never ahead of PostgreSQL, a flow and a window are those of their version, and
 * a list is the beginning of what one turn told.
 */
static void
check(struct world *w)
{
	const struct store *s = &w->store;
	const redisReply *reply;
	const char *expected = expected_look(w);

	EXPECT(w, kv_eval(&w->r.rq, &look_script, 2, KV_ARGS(flow_at(w), list_at(w)), &reply) == OK);
	if (strcmp(reply->str, expected) != 0)
		fprintf(stderr, "Redis: %s\nmodel: %s\n", reply->str, expected);
	EXPECT(w, strcmp(reply->str, expected) == 0);
	EXPECT(w, s->version <= w->ledger.version);
	EXPECT(w, s->version == NONE || s->answer == ledger_made(&w->ledger, s->version));
	EXPECT(w, s->window == 0 || s->window == s->answer);
	EXPECT(w, s->list == NONE || s->listed <= logs[s->list].n);
	arena_reset(&w->r.arena);
}

void
world_begin(struct world *w)
{
	static char id[32];
	struct flow_hold nobody = { .session = id };
	struct flow flow;

	snprintf(id, sizeof(id), "conversation-%lld", w->step);
	w->id = id;
	w->nlogs = w->nanswers = 0;
	w->ledger = (struct ledger){ 0 };
	store_init(&w->store, &w->ledger);
	ask(w, KV_ARGS("FLUSHALL"));
	flow_init(&flow);
	flow.customer = customer;
	flow.cards = "0";
	EXPECT(w, flow_rebuild(&w->r.rq, &nobody, &flow) == OK);
	for (int i = 0; i < SNAPSHOTS; i++)
		world_save(w, i);
	world_note(w, "%s begins", id);
	check(w);
}

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
	flow.customer = customer;
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
	const struct log *log = &logs[a->log];
	int i, n = log->n - a->hold.events;

	for (i = 0; i < n; i++)
		events[i] = (struct flow_event){
			event_name(log->events[a->hold.events + i].kind),
			event_text(&a->r.arena, a->log, a->hold.events + i + 1),
		};
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
	EXPECT(w, s->version == NONE || strcmp(hold->flow.cards, text_of(w, s->answer, NONE)) == 0);
	EXPECT(w, strcmp(hold->window, text_of(w, s->window, 0)) == 0);
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
	e = flow_take(&a->r.rq, w->id, customer, name, seized, &hold);
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
		check(w);
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
		check(w);
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
		check(w);
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
		check(w);
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
		check(w);
	}
	e = told(w, a, "release", fault, OK);
	(void)e;
}

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
	const struct log *log = &logs[f->log];
	int i, number;

	for (i = 0; i < view->n; i++) {
		number = view->first + i;
		EXPECT(w, f->log != NONE && number <= log->n);
		EXPECT(w, strcmp(view->events[i].data, event_text(&w->r.arena, f->log, number)) == 0);
		f->last = log->events[number - 1];
		EXPECT(w, strcmp(view->events[i].name, event_name(f->last.kind)) == 0);
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
	EXPECT(w, flow_watch(&w->r.rq, w->id, customer, f->tag, f->seen, &view) == OK);
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

void
world_cancel(struct world *w)
{
	EXPECT(w, flow_cancel(&w->r.rq, w->id, customer) == OK);
	store_cancel(&w->store);
	world_note(w, "cancel");
	check(w);
}

void
world_end_lease(struct world *w)
{
	if (w->store.holder == NONE)
		return;
	ask(w, KV_ARGS("HSET", flow_at(w), "ticket_until", "1"));
	w->store.live = false;
	world_note(w, "the lease of log %d ends", w->store.holder);
	check(w);
}

void
world_lose(struct world *w, bool flow, bool list)
{
	if (flow) {
		ask(w, KV_ARGS("DEL", flow_at(w)));
		store_lose_flow(&w->store);
	}
	if (list) {
		ask(w, KV_ARGS("DEL", list_at(w)));
		store_lose_list(&w->store);
	}
	world_note(w, "Redis loses %s%s", flow ? "the flow " : "", list ? "the events" : "");
	check(w);
}

static const char *
snapshot_at(struct world *w, const char *of, int snapshot)
{
	return arena_printf(&w->r.arena, "%s:%d", of, snapshot);
}

static void
copy(struct world *w, const char *from, const char *to)
{
	const redisReply *reply;

	EXPECT(w, kv_eval(&w->r.rq, &copy_script, 2, KV_ARGS(from, to), &reply) == OK);
}

void
world_save(struct world *w, int snapshot)
{
	copy(w, flow_at(w), snapshot_at(w, flow_at(w), snapshot));
	copy(w, list_at(w), snapshot_at(w, list_at(w), snapshot));
	w->snapshots[snapshot] = w->store;
	world_note(w, "snapshot %d", snapshot);
}

void
world_restore(struct world *w, int snapshot, bool flow, bool list)
{
	const struct store *then = &w->snapshots[snapshot], now = w->store;

	if (flow) {
		copy(w, snapshot_at(w, flow_at(w), snapshot), flow_at(w));
		w->store = *then;
		w->store.list = now.list;
		w->store.listed = now.listed;
	}
	if (list) {
		copy(w, snapshot_at(w, list_at(w), snapshot), list_at(w));
		w->store.list = then->list;
		w->store.listed = then->listed;
	}
	world_note(w, "Redis goes back to snapshot %d: %s%s", snapshot, flow ? "flow " : "",
		   list ? "events" : "");
	check(w);
}

void
world_erase(struct world *w)
{
	EXPECT(w, flow_erase(&w->r.rq, w->id) == OK);
	store_lose_flow(&w->store);
	store_lose_list(&w->store);
	world_note(w, "erased");
	check(w);
}
