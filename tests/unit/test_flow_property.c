/*
 * No turn is lost, doubled or mixed: two tabs and their retries, followers, cancels, crashes between any two steps, lost
 * calls and replies, leases that run out, and a Redis that forgets or goes back in time, in random order.  Turns follow
 * the protocol of cgi-bin/chatbot/turn.c step by step, by the same decision (ticket.h).  MOA_SEED and MOA_STEPS choose the run.
 */
#include <string.h>

#include "flows.h"

#include "flow_attempt.h"
#include "flow_follower.h"
#include "ticket.h"

enum { SEED = 20261123, STEPS = 100000, EPISODE = 1500, TABS = 2, FIBERS = 8, MESSAGES = 4096 };
enum { TURNS_MAX = 500, LOOKS_MAX = 20, WORK_MAX = 4 };

/* What happens in one step of a request, or of a process that runs it. */
enum at { IDLE, TAKING, READING, REBUILDING, ANSWERING, COMMITTING, PUTTING, FAILING, JOINING, FOLLOWING };

struct fiber {
	enum at at;
	struct attempt a;
	struct follower f;
	int tab;
	int version;	    /* as PostgreSQL had it */
	int work;	    /* appends to go before the commit */
	int looks;	    /* of a follower, so far */
	const char *seized; /* the ticket to take over, or NULL */
	bool again;	    /* the conversation has moved on once already */
	bool stopped;	    /* told that it is cancelled */
};

struct tab {
	int message; /* being asked now */
};

enum count {
	COMMITTED,
	REPLAYED,
	REBUILT,
	SEIZED,
	JOINED,
	REFUSED,
	OVERTAKEN,
	STOPPED,
	LOST,
	CRASHED,
	FOLLOWED,
	ERASED,
	COUNTS
};
static const char *const count_names[COUNTS] = {
	"committed", "replayed", "rebuilt", "seized",  "joined",   "refused",
	"overtaken", "stopped",	 "lost",    "crashed", "followed", "erased",
};

static struct world w;
static struct fiber fibers[FIBERS];
static struct tab tabs[TABS];
static int acked[MESSAGES]; /* the answer that a client has for its message; 0: none */
static int nmessages;
static long long counts[COUNTS];

static void
end_fiber(struct fiber *x)
{
	request_end(&x->a.r);
	x->at = IDLE;
}

static void
fail_or_end(struct fiber *x)
{
	x->at = FAILING;
	if (x->a.log == NONE)
		end_fiber(x);
}

/* The client has its reply.  It is in PostgreSQL, once, and has always been the same. */
static void
acknowledge(struct fiber *x, int answer)
{
	int i, times = 0;

	for (i = 0; i < w.ledger.version; i++)
		if (w.ledger.turns[i].message == x->a.message) {
			EXPECT(&w, w.ledger.turns[i].answer == answer);
			times++;
		}
	EXPECT(&w, times == 1);
	EXPECT(&w, acked[x->a.message] == 0 || acked[x->a.message] == answer);
	acked[x->a.message] = answer;
	world_note(&w, "message %d has answer %d", x->a.message, answer);
	end_fiber(x);
}

static void
step_take(struct fiber *x)
{
	enum err e = attempt_take(&w, &x->a, x->seized);

	x->seized = NULL;
	if (e && e != ERR_TURN_IN_PROGRESS)
		end_fiber(x);
	else
		x->at = READING;
}

static void
replay(struct fiber *x, int answer)
{
	counts[REPLAYED]++;
	if (x->a.log != NONE)
		attempt_release(&w, &x->a);
	acknowledge(x, answer);
}

/* The answer begins, and voids what an earlier one under this ticket has told. */
static void
begin_work(struct fiber *x)
{
	x->a.answer = ++w.nanswers;
	x->work = world_below(&w, WORK_MAX);
	attempt_tell(&w, &x->a, STATE);
	x->at = ANSWERING;
}

static void
seize(struct fiber *x)
{
	counts[SEIZED]++;
	x->seized = x->a.hold.ticket;
	x->at = TAKING;
}

static void
step_facts(struct fiber *x)
{
	int answer = ledger_answer(&w.ledger, x->a.message);
	bool held = x->a.log != NONE;
	const struct ticket_sight sight = {
		.held = held,
		.full = w.ledger.version >= TURNS_MAX,
		.asked = answer != 0,
		.same = !held && (int)strtol(x->a.hold.turn, NULL, 10) == x->a.message,
		.redis = x->a.hold.flow.version,
		.stored = w.ledger.version,
	};

	if (w.ledger.gone || world_chance(&w, w.lost_percent)) {
		fail_or_end(x);
		return;
	}
	x->version = w.ledger.version;
	switch (ticket_next(&sight)) {
	case TICKET_RUN:
		begin_work(x);
		break;
	case TICKET_REBUILD:
		x->at = REBUILDING;
		break;
	case TICKET_REPLAY:
		replay(x, answer);
		break;
	case TICKET_SEIZE:
		seize(x);
		break;
	case TICKET_JOIN:
		x->f = (struct follower){ .log = NONE };
		x->at = JOINING;
		break;
	case TICKET_OVER:
	case TICKET_REFUSE:
		counts[REFUSED]++;
		fail_or_end(x);
		break;
	}
}

/* The conversation has moved on, or the ticket is another's: look once more at what PostgreSQL says. */
static void
run_again(struct fiber *x)
{
	counts[OVERTAKEN]++;
	x->at = x->again ? FAILING : READING;
	x->again = true;
}

static void
step_rebuild(struct fiber *x)
{
	enum err e = attempt_rebuild(&w, &x->a, x->version);

	if (e == ERR_CONFLICT) {
		run_again(x);
	} else if (e) {
		x->at = FAILING;
	} else {
		counts[REBUILT]++;
		begin_work(x);
	}
}

/* The model says something, or the time for a sign of life has come; the last append is right before the commit. */
static void
step_work(struct fiber *x)
{
	bool cancelled = false;
	enum err e;
	int n;

	for (n = world_below(&w, 3); n > 0; n--)
		attempt_tell(&w, &x->a, TOKEN);
	e = attempt_append(&w, &x->a, &cancelled);
	if (e == ERR_UNAVAILABLE && world_chance(&w, 20))
		attempt_forget(&w, &x->a);
	if (e == ERR_CONFLICT) {
		counts[LOST]++;
		run_again(x);
	} else if (cancelled) {
		counts[STOPPED]++;
		x->stopped = true;
		x->at = FAILING;
	} else if (x->work-- == 0) {
		x->at = COMMITTING;
	}
}

static void
step_commit(struct fiber *x)
{
	int before = ledger_answer(&w.ledger, x->a.message);
	enum err e;

	EXPECT(&w, !x->stopped);
	e = attempt_commit(&w, &x->a, x->version);
	if (e == OK || ledger_answer(&w.ledger, x->a.message) == x->a.answer)
		EXPECT(&w, before == 0);
	if (e == ERR_CONFLICT) {
		run_again(x);
	} else if (e) {
		x->at = FAILING;
	} else {
		counts[COMMITTED]++;
		attempt_tell(&w, &x->a, DONE);
		x->at = PUTTING;
	}
}

static void
step_put(struct fiber *x)
{
	attempt_put(&w, &x->a, x->version + 1);
	acknowledge(x, x->a.answer);
}

static void
step_fail(struct fiber *x)
{
	if (logs[x->a.log].n > 0)
		attempt_tell(&w, &x->a, FAILED);
	attempt_release(&w, &x->a);
	end_fiber(x);
}

/* The turn of the same message runs elsewhere: follow it to its end, or take its place when it is not going on. */
static void
step_join(struct fiber *x)
{
	bool cut = follower_look(&w, &x->f) != OK || ++x->looks > LOOKS_MAX;
	bool same = x->f.message == x->a.message;
	enum kind last = same && x->f.n > 0 ? x->f.last.kind : TOKEN;

	if (cut || last == FAILED) {
		end_fiber(x);
	} else if (!same || (!x->f.running && x->f.n == 0)) {
		x->at = TAKING;
	} else if (last == DONE) {
		counts[JOINED]++;
		acknowledge(x, x->f.last.answer);
	}
}

static void
step_follow(struct fiber *x)
{
	enum err e = follower_look(&w, &x->f);

	if (e == OK && x->f.n > 0 && x->f.last.kind == DONE)
		counts[FOLLOWED]++;
	if (e || ++x->looks > LOOKS_MAX || world_chance(&w, 5))
		end_fiber(x);
}

static void
step_fiber(struct fiber *x)
{
	static void (*const steps[])(struct fiber *) = {
		[TAKING] = step_take,	 [READING] = step_facts,     [REBUILDING] = step_rebuild,
		[ANSWERING] = step_work, [COMMITTING] = step_commit, [PUTTING] = step_put,
		[FAILING] = step_fail,	 [JOINING] = step_join,	     [FOLLOWING] = step_follow,
	};

	steps[x->at](x);
}

static struct fiber *
free_fiber(void)
{
	int i;

	for (i = 0; i < FIBERS; i++)
		if (fibers[i].at == IDLE)
			return &fibers[i];
	return NULL;
}

static struct fiber *
begin_fiber(enum at at)
{
	struct fiber *x = free_fiber();

	if (!x)
		return NULL;
	*x = (struct fiber){ .at = at, .a.log = NONE, .f.log = NONE };
	request_begin(&x->a.r, 3600 * 1000);
	x->a.r.rq.kv = kv;
	return x;
}

/* A tab sends its message: a new one when the last has its answer, or now and then when it has not. */
static struct fiber *
send(int tab, int impatience)
{
	struct fiber *x = begin_fiber(TAKING);

	if (!x)
		return NULL;
	if (world_chance(&w, acked[tabs[tab].message] ? 90 : impatience))
		tabs[tab].message = ++nmessages;
	assert_true(nmessages < MESSAGES);
	x->tab = tab;
	x->a.message = tabs[tab].message;
	world_note(&w, "tab %d sends message %d", tab, x->a.message);
	return x;
}

/* Somebody begins to follow, perhaps from where another one was. */
static void
follow(void)
{
	struct fiber *x = begin_fiber(FOLLOWING);
	const struct fiber *other = &fibers[world_below(&w, FIBERS)];

	if (!x)
		return;
	x->f = world_chance(&w, 50) ? other->f : (struct follower){ .log = NONE };
	if (x->f.seen > 0)
		x->f.seen = world_below(&w, x->f.seen + 1);
}

static void
crash(void)
{
	struct fiber *x = &fibers[world_below(&w, FIBERS)];

	if (x->at == IDLE)
		return;
	world_note(&w, "the process of message %d, log %d crashes", x->a.message, x->a.log);
	counts[CRASHED]++;
	end_fiber(x);
}

static void
go_back(void)
{
	bool flow = world_chance(&w, 85), list = world_chance(&w, flow ? 85 : 100);

	world_restore(&w, world_below(&w, SNAPSHOTS), flow, list);
}

static void
step_any_fiber(void)
{
	int i, first = world_below(&w, FIBERS);

	for (i = 0; i < FIBERS; i++) {
		struct fiber *x = &fibers[(first + i) % FIBERS];

		if (x->at != IDLE) {
			step_fiber(x);
			return;
		}
	}
	send(world_below(&w, TABS), 0);
}

/* One step of anybody; trouble is how much of everything that can happen does. */
static void
step(int trouble)
{
	int lot = world_below(&w, 1000);

	w.step++;
	if (lot < 60)
		send(world_below(&w, TABS), 10);
	else if (lot < 90)
		follow();
	else if (lot < 90 + trouble)
		crash();
	else if (lot < 90 + 2 * trouble)
		world_cancel(&w);
	else if (lot < 90 + 4 * trouble)
		world_end_lease(&w);
	else if (lot < 90 + 5 * trouble)
		world_lose(&w, world_chance(&w, 70), world_chance(&w, 50));
	else if (lot < 90 + 7 * trouble)
		world_save(&w, world_below(&w, SNAPSHOTS));
	else if (lot < 90 + 8 * trouble)
		go_back();
	else
		step_any_fiber();
}

/* The conversation is deleted while turns run: Redis, PostgreSQL, and Redis again (session_delete). */
static void
erase(void)
{
	int i;

	counts[ERASED]++;
	world_erase(&w);
	for (i = world_below(&w, 6); i > 0; i--)
		step_any_fiber();
	w.ledger.gone = true;
	for (i = world_below(&w, 6); i > 0; i--)
		step_any_fiber();
	world_erase(&w);
}

/* Nothing fails any more: whatever runs ends. */
static void
calm_down(void)
{
	int i, left = FIBERS * (LOOKS_MAX + 100);

	w.lost_percent = 0;
	for (i = 0; i < FIBERS; i++)
		while (fibers[i].at != IDLE) {
			EXPECT(&w, left-- > 0);
			step_fiber(&fibers[i]);
		}
}

/* Nothing fails any more: the tab gets the answer to its message, at once. */
static void
have_answered(int tab)
{
	send(tab, 0);
	calm_down();
	EXPECT(&w, acked[tabs[tab].message]);
}

/* After quiet everybody is answered, Redis and PostgreSQL agree, and whoever follows sees the whole of the last turn. */
static void
settle(void)
{
	struct follower f = { .log = NONE };
	int tab;

	world_end_lease(&w);
	for (tab = 0; tab < TABS; tab++)
		have_answered(tab);
	tabs[0].message = ++nmessages;
	have_answered(0);
	EXPECT(&w, w.store.holder == NONE && w.store.version == w.ledger.version);
	EXPECT(&w, w.store.window == w.store.answer);
	EXPECT(&w, follower_look(&w, &f) == OK && !f.running && f.n > 0);
	EXPECT(&w, f.last.kind == DONE && f.last.answer == w.store.answer && f.seen == logs[f.log].n);
}

/* What the clients have been told is what PostgreSQL has, each message once. */
static void
audit(void)
{
	int message, i;

	for (message = 1; message <= nmessages; message++) {
		EXPECT(&w, !acked[message] || ledger_answer(&w.ledger, message) == acked[message]);
		acked[message] = 0;
	}
	for (i = 1; i < w.ledger.version; i++)
		for (message = 0; message < i; message++)
			EXPECT(&w, w.ledger.turns[i].message != w.ledger.turns[message].message);
}

static void
episode(void)
{
	static const int troubles[] = { 0, 3, 10, 30 }, losses[] = { 0, 0, 3, 15 };
	int trouble = troubles[world_below(&w, 4)];
	long long end = w.step + EPISODE;

	nmessages = TABS;
	for (int tab = 0; tab < TABS; tab++)
		tabs[tab].message = tab + 1;
	world_begin(&w);
	w.lost_percent = losses[world_below(&w, 4)];
	while (w.step < end && w.ledger.version < TURNS_MAX - 10)
		step(trouble);
	if (world_chance(&w, 25))
		erase();
	calm_down();
	if (w.ledger.gone) {
		EXPECT(&w, w.store.version == NONE && w.store.listed == 0);
	} else {
		settle();
	}
	audit();
}

static long long
number_from(const char *name, long long preset)
{
	const char *value = getenv(name);

	return value ? strtoll(value, NULL, 10) : preset;
}

static void
test_no_turn_is_lost_doubled_or_mixed(void **state)
{
	long long steps = number_from("MOA_STEPS", STEPS), started_ms = clock_ms();
	int i;

	(void)state;
	world_open(&w, kv, number_from("MOA_SEED", SEED));
	while (w.step < steps)
		episode();
	print_message("seed %lld, %lld steps, %lld ms:", w.seed, w.step, (long long)clock_ms() - started_ms);
	for (i = 0; i < COUNTS; i++)
		print_message(" %lld %s%s", counts[i], count_names[i], i < COUNTS - 1 ? "," : "\n");
	for (i = 0; i < COUNTS; i++)
		assert_true(counts[i] > 0 || steps < STEPS);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_no_turn_is_lost_doubled_or_mixed) };

	return cmocka_run_group_tests(tests, start, stop);
}
