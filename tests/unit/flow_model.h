/*
 * What the chat-flow store and PostgreSQL are meant to do, in a few lines without servers: the reference that
 * test_flow_property.c holds the real store against.
 *
 * Everything is counted, not written: a turn's answer is a number, unique to the attempt that made it, and stands for the
 * flow, the window and the events that go with it.  A log is what one attempt told under one ticket.
 */
#ifndef FLOW_MODEL_H
#define FLOW_MODEL_H

#include <stdbool.h>

#include "flow.h"

enum { TURNS = 4096, LOGS = 8192, EVENTS = 64, NONE = -1 };

enum kind { STATE = 's', TOKEN = 't', DONE = 'd', FAILED = 'e' };

struct told {
	enum kind kind;
	int answer;
};

struct log {
	char ticket[FLOW_TICKET_LEN + 1];
	int message; /* the client_message_id */
	int n;
	struct told events[EVENTS];
};

/* What Redis has.  holder and list are logs. */
struct store {
	int version; /* NONE: no flow */
	int answer;  /* which made it; 0 for the first */
	int window;  /* the answer whose window is kept; 0: none */
	int holder;
	bool live, cancel;
	int list, listed;
};

/* What PostgreSQL has: turn number i made version i + 1. */
struct ledger {
	bool gone;
	int version;
	struct {
		int message, answer;
	} turns[TURNS];
};

extern struct log logs[LOGS];

/** log_event(a, log, number): Event ${number} of ${log}, from 1, as it is written. */
struct flow_event log_event(struct arena *a, int log, int number);

/** store_init(s, ledger): Empty, or a conversation as PostgreSQL has it if ${ledger} is not NULL. */
void store_init(struct store *s, const struct ledger *ledger);

/* As the functions of flow.h; a turn is its log, and before and n count events. */
enum err store_take(struct store *s, int log, int seized);
enum err store_rebuild(struct store *s, int log, int version, int answer);
enum err store_append(struct store *s, int log, int before, int n, bool *ret_cancelled);
enum err store_put(struct store *s, int log, int before, int n, int version, int answer);
void store_release(struct store *s, int log, int before, int n);
void store_cancel(struct store *s);
void store_lose_flow(struct store *s);
void store_lose_list(struct store *s);

/** store_shows(s): The log whose events followers may read, or NONE. */
int store_shows(const struct store *s);

/** ledger_answer(l, message): The answer that ${message} got; 0 if it has none. */
int ledger_answer(const struct ledger *l, int message);

/** ledger_made(l, version): The answer that made ${version}; 0 for the first. */
int ledger_made(const struct ledger *l, int version);

/** ledger_commit(l, version, message, answer): ERR_CONFLICT unless ${version} is the newest. */
enum err ledger_commit(struct ledger *l, int version, int message, int answer);

#endif
