/* What the payment window asks of us besides the checkout itself: how it goes on, and that its customer has closed it. */
#include <string.h>

#include "clock.h"
#include "out.h"
#include "pay.h"
#include "req.h"
#include "resp.h"
#include "stream.h"
#include "watch.h"

enum {
	FIRST_MS = 2500,    /* by then the status has been read once, or PostgreSQL does not answer */
	STREAM_MS = 150000, /* longer than any checkout lives */
	BEAT_MS = 10000,    /* a sign of life, for those on the way that give up on silent streams */
};

static bool
is_checkout_id(const char *id)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	return strlen(id) == WATCH_ID_LEN && strspn(id, alphabet) == WATCH_ID_LEN;
}

static enum err
tell(const struct req *rq, struct resp *rs, enum watch_status status, int left_ms)
{
	struct json_object *event = out_object(rq->arena);
	enum err e = rs->begun ? OK : stream_begin(rs);

	out_str(event, "status", watch_name(status));
	if (status < WATCH_PAID)
		out_num(event, "left_ms", left_ms);
	return e ? e : stream_event(rs, NULL, "status", out_text(event));
}

/* Send each change until there can be no more. */
static enum err
follow(const struct req *rq, struct resp *rs, int place)
{
	struct watch *w = pay_of(rq)->watch;
	int64_t first_ms = clock_ms() + FIRST_MS, end_ms = clock_ms() + STREAM_MS, beat_ms = 0;
	enum watch_status seen = WATCH_UNREAD;
	enum err e = OK;
	int left_ms;

	while (e == OK && seen < WATCH_PAID && clock_left_ms(end_ms) > 0) {
		enum watch_status now = watch_look(w, place, &left_ms);

		if (now == WATCH_UNKNOWN)
			return ERR_NOT_FOUND;
		if (now == WATCH_UNREAD && clock_left_ms(first_ms) == 0)
			return ERR_UNAVAILABLE;
		if (now != seen)
			e = tell(rq, rs, now, left_ms);
		else if (seen != WATCH_UNREAD && clock_left_ms(beat_ms) == 0)
			e = stream_beat(rs);
		if (now != seen || clock_left_ms(beat_ms) == 0)
			beat_ms = clock_ms() + BEAT_MS;
		seen = now;
		if (e == OK && seen < WATCH_PAID)
			e = stream_wait_for(rs, watch_fd(w, place),
					    clock_left_ms(seen == WATCH_UNREAD ? first_ms : beat_ms));
	}
	/* What was told stays told; a stop ends the stream, and the window opens it elsewhere. */
	return rs->begun && e == ERR_UNAVAILABLE ? OK : e;
}

/* GET /checkout/:id/events -> text/event-stream: "status" with {status, left_ms}, now and at each change; over with the checkout. */
enum err
window_events(const struct req *rq, struct resp *rs)
{
	enum err e;
	int place;

	if (!is_checkout_id(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = watch_begin(pay_of(rq)->watch, rq->db, rq->arg[0], &place);
	if (e)
		return e;
	e = follow(rq, rs, place);
	watch_end(pay_of(rq)->watch, place);
	return e;
}

/*
 * POST /checkout/:id/close -> 200 {status}: the customer has closed the window.  What was not paid by then is cancelled, so
 * that the merchant's page is told what holds; otherwise the status is what had become of it.  404 not_found.
 */
enum err
window_close(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	if (!is_checkout_id(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(rq, PAY_CLOSE, DB_ARGS(db_text(rq->arg[0])), &res);
	return e ? e : resp_result(rs, 200, &res);
}
