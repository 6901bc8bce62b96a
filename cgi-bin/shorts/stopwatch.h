/*
 * A customer's one stopwatch, in Redis.  It runs while a short plays, and counts at most STOPWATCH_BEAT_S from one beat to the next,
 * by Redis' clock: however many tabs, telephones and nodes send beats, nobody watches for longer than time passes.
 *
 * It knows what PostgreSQL has said (shorts.watch): the day of Seoul and the laps that were paid for in it.  When it has to be
 * asked again, a beat says so, and what it answers goes back by stopwatch_set; between the two the short that the beat was about
 * does not run if it did not before.  A lap stays due until PostgreSQL says that it was paid for, so that none is lost when
 * somebody dies in between.  If Redis loses all, only the lap that was begun is lost.
 */
#ifndef STOPWATCH_H
#define STOPWATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "attr.h"
#include "err.h"

struct req;

enum {
	STOPWATCH_BEAT_S = 5, /* counted of the time since the last beat, at most */
	STOPWATCH_VIEW_S = 3, /* of a short are a view */
	STOPWATCH_LAP_S = 60,
	STOPWATCH_LAPS = 10,  /* paid for in a day of Seoul */
	STOPWATCH_ASK_S = 60, /* after so long, PostgreSQL is asked again */
};

struct stopwatch {
	int laps;   /* paid for today */
	int64_t ms; /* watched since the last of them; a whole lap and more while one is due */

	/* What PostgreSQL is to be asked; stopwatch_asks tells whether there is anything. */
	const char *check; /* a short: can it be watched?  NULL: no question */
	const char *seen;  /* a short that was watched for long enough to be a view; NULL: none */
	int lap;	   /* the lap that is due, of that day; 0: none */
	const char *day;   /* NULL: not known */
};

/* What it has answered. */
struct stopwatch_told {
	const char *day;
	int64_t left_ms; /* until the next one */
	int laps;	 /* paid for on that day */
	bool live;	 /* the short that was checked can be watched */
	bool viewed;	 /* and its view of that day has been counted */
};

/**
 * stopwatch_beat(rq, short_id, playing, ret_watch):
 * The player of rq->user says that it plays ${short_id}, or that it does not: count the time since the last beat if the
 * stopwatch ran.  Of a short that it does not run for, a pause changes nothing.  Errors: ERR_UNAVAILABLE, as of kv_eval.
 */
enum err stopwatch_beat(const struct req *rq, const char *short_id, bool playing,
			struct stopwatch *ret_watch) MUST_CHECK;

/** stopwatch_asks(watch): Has PostgreSQL to be asked? */
bool stopwatch_asks(const struct stopwatch *watch);

/**
 * stopwatch_set(rq, short_id, playing, told, watch):
 * What was ${told} about a beat of ${short_id}: the laps are taken off what was watched, and the stopwatch runs for ${short_id}
 * from now on if it is live and ${playing}.  ${watch}, from stopwatch_beat, then has the laps and the time that are left.
 */
enum err stopwatch_set(const struct req *rq, const char *short_id, bool playing,
		       const struct stopwatch_told *told, struct stopwatch *watch) MUST_CHECK;

#endif
