/* Watching: the heartbeat of a player, which counts views and earns points. */
#include <stddef.h>

#include "fields.h"
#include "limit.h"
#include "out.h"
#include "req.h"
#include "resp.h"
#include "shorts.h"
#include "stopwatch.h"
#include "text.h"

enum { LAP_POINTS = 10, NEXT_S = 3 };

/* Ten tabs stay below it. */
static const struct limit beat_limit = { "watch-beats", 300, 60 };

struct watch_in {
	bool playing;
};

static const struct field watch_fields[] = {
	{ "playing", F_BOOL, offsetof(struct watch_in, playing), 0, 0, F_REQUIRED },
	{ 0 },
};

/* Ask PostgreSQL what the stopwatch wants to know, and tell it; what is due is counted and paid for in the same statement. */
static enum err
watch_ask(const struct req *rq, bool playing, struct stopwatch *watch, bool *ret_earned)
{
	struct stopwatch_told told;
	struct db_result res;
	const char *code;
	enum err e;

	e = db_run(rq, SHORTS_WATCH,
		   DB_ARGS(db_text(rq->user), db_text(watch->check), db_text(watch->seen),
			   db_text(watch->lap > 0 ? watch->day : NULL), db_i64(rq, watch->lap),
			   db_i64(rq, LAP_POINTS)),
		   &res);
	if (e)
		return e;
	code = db_str(&res, 0, "code");
	told = (struct stopwatch_told){
		.day = db_str(&res, 0, "day"),
		.left_ms = db_num(&res, 0, "left_ms"),
		.laps = (int)db_num(&res, 0, "laps"),
		.live = !code,
		.viewed = db_true(&res, 0, "viewed"),
	};
	*ret_earned = db_true(&res, 0, "earned");
	e = stopwatch_set(rq, rq->arg[0], playing, &told, watch);
	return code ? err_from_code(code) : e;
}

/*
 * POST /:id/watch {playing} -> 200 {next_in_s, lap_progress_s, points_earned, points_today, daily_cap}; 404 when it cannot be
 * watched (any more).  Runs no statement but when a short begins to play, has become a view or ends a lap, and once a minute.
 */
enum err
watch_beat(const struct req *rq, struct resp *rs)
{
	struct json_object *reply = out_object(rq->arena);
	struct watch_in in = { 0 };
	struct stopwatch watch;
	bool earned = false;
	int64_t progress_s;
	enum err e;

	e = fields_body(rq, rs, watch_fields, &in);
	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = limit_take(rq, rs, &beat_limit, rq->user);
	if (!e)
		e = stopwatch_beat(rq, rq->arg[0], in.playing, &watch);
	if (!e && stopwatch_asks(&watch))
		e = watch_ask(rq, in.playing, &watch, &earned);
	if (e)
		return e;
	progress_s = watch.ms / 1000;
	out_num(reply, "next_in_s", NEXT_S);
	/* More than a lap is left over when PostgreSQL could not be asked for a while. */
	out_num(reply, "lap_progress_s", progress_s < STOPWATCH_LAP_S ? progress_s : STOPWATCH_LAP_S - 1);
	out_num(reply, "points_earned", earned ? LAP_POINTS : 0);
	out_num(reply, "points_today", watch.laps * LAP_POINTS);
	out_num(reply, "daily_cap", STOPWATCH_LAPS * LAP_POINTS);
	return resp_json(rs, 200, reply);
}
