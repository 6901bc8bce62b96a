/* The reference of the chat-flow store: each script of flow.c and flow_events.c as plain assignments. */
#include "arena.h"
#include "flow_model.h"

struct log logs[LOGS];

static const char *
name_of(enum kind kind)
{
	return kind == STATE ? "state" : kind == TOKEN ? "token" : kind == DONE ? "done" : "error";
}

struct flow_event
log_event(struct arena *a, int log, int number)
{
	const struct told *told = &logs[log].events[number - 1];

	return (struct flow_event){
		name_of(told->kind),
		arena_printf(a, "%d.%d.%d", log, number, told->answer),
	};
}

void
store_init(struct store *s, const struct ledger *ledger)
{
	*s = (struct store){ .version = NONE, .holder = NONE, .list = NONE };
	if (ledger) {
		s->version = ledger->version;
		s->answer = ledger_made(ledger, ledger->version);
	}
}

static void
return_ticket(struct store *s)
{
	s->holder = NONE;
	s->live = s->cancel = false;
}

static void
add(struct store *s, int log, int before, int n)
{
	if (s->list != log)
		return;
	if (s->listed < before)
		store_lose_list(s);
	else if (s->listed < before + n)
		s->listed = before + n;
}

enum err
store_take(struct store *s, int log, int seized)
{
	if (s->holder != NONE && s->holder != seized && s->live)
		return ERR_TURN_IN_PROGRESS;
	if (s->holder != NONE && s->holder == seized) {
		s->version = NONE;
		s->answer = s->window = 0;
	}
	s->holder = s->list = log;
	s->live = true;
	s->cancel = false;
	s->listed = 0;
	return OK;
}

/* Why a ticket is not the turn's. */
static enum err
lost(const struct store *s)
{
	return s->holder == NONE ? ERR_UNAVAILABLE : ERR_CONFLICT;
}

enum err
store_rebuild(struct store *s, int log, int version, int answer)
{
	if (s->holder != log)
		return lost(s);
	s->version = version;
	s->answer = answer;
	s->window = 0;
	return OK;
}

enum err
store_append(struct store *s, int log, int before, int n, bool *ret_cancelled)
{
	if (s->holder != log)
		return lost(s);
	s->live = true;
	add(s, log, before, n);
	*ret_cancelled = s->cancel;
	return OK;
}

enum err
store_put(struct store *s, int log, int before, int n, int version, int answer)
{
	if (s->holder != log)
		return ERR_CONFLICT;
	add(s, log, before, n);
	if (s->version != version - 1) {
		store_lose_flow(s);
		return ERR_CONFLICT;
	}
	s->version = version;
	s->answer = s->window = answer;
	return_ticket(s);
	return OK;
}

void
store_release(struct store *s, int log, int before, int n)
{
	if (s->holder != log)
		return;
	add(s, log, before, n);
	if (s->listed == 0)
		store_lose_list(s);
	return_ticket(s);
}

/* Whose the conversation is, the flow tells, or else the list. */
void
store_cancel(struct store *s)
{
	if (s->holder != NONE && (s->version != NONE || s->list != NONE))
		s->cancel = true;
}

void
store_lose_flow(struct store *s)
{
	s->version = NONE;
	s->answer = s->window = 0;
	return_ticket(s);
}

void
store_lose_list(struct store *s)
{
	s->list = NONE;
	s->listed = 0;
}

int
store_shows(const struct store *s)
{
	return s->holder == NONE || s->holder == s->list ? s->list : NONE;
}

int
ledger_answer(const struct ledger *l, int message)
{
	int i;

	for (i = l->version - 1; i >= 0; i--)
		if (l->turns[i].message == message)
			return l->turns[i].answer;
	return 0;
}

int
ledger_made(const struct ledger *l, int version)
{
	return version > 0 ? l->turns[version - 1].answer : 0;
}

enum err
ledger_commit(struct ledger *l, int version, int message, int answer)
{
	if (l->gone || l->version != version)
		return ERR_CONFLICT;
	l->turns[l->version].message = message;
	l->turns[l->version].answer = answer;
	l->version++;
	return OK;
}
