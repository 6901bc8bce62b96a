/* Writing under a lease: pieces into the file, counts into PostgreSQL, of which nothing is held while the phone is waited for. */
#include <poll.h>
#include <unistd.h>

#include "append.h"
#include "arena.h"
#include "clock.h"
#include "limit.h"
#include "req.h"
#include "resp.h"
#include "shorts.h"
#include "store.h"

/* A slow line fills no piece for a while: what has come is written, and counted, after so long anyway. */
enum { PIECE = 128 * 1024, COUNT_BYTES = 1024 * 1024, WRITE_MS = 1000 };

enum { BYTES, TAKEN_OVER, FULL };

struct metric upload_metrics[] = {
	[BYTES] = { "moa_upload_bytes_total", NULL, "Bytes of videos that have arrived and were counted.",
		    0 },
	[TAKEN_OVER] = { "moa_upload_takeovers_total", NULL,
			 "PATCHes that found an older one still writing, or killed, and went on in a copy.",
			 0 },
	[FULL] = { "moa_upload_storage_full_total", NULL, "PATCHes that ended because the disk was full.",
		   0 },
	{ 0 },
};

/* A phone that tries again and again needs a few of them; each is a copy of all that has arrived, and may hold a slot while silent. */
static const struct limit takeover_limit = { .name = "takeovers", .max = 20, .window_s = 60 };

/* What is under way. */
struct append {
	const struct req *rq;
	struct resp *rs;
	struct lease *lease;
	int fd;
	int64_t at;	    /* where in the file the next byte goes */
	int64_t written_ms; /* clock_ms of the last write */
	int64_t counted_ms; /* clock_ms of the last count */
	bool lost;	    /* the lease is somebody else's, or nobody knows whose */
	char *piece;
	size_t held; /* bytes in piece */
};

/* Give the lease back with so many bytes.  ERR_WRONG_OFFSET when it is somebody else's. */
static enum err
give_back(const struct req *rq, const struct lease *lease, const char **ret_expires)
{
	struct db_result res;
	enum err e = db_run(
	    rq, SHORTS_END_UPLOAD,
	    DB_ARGS(db_text(lease->upload), db_i64(rq, lease->fence), db_i64(rq, lease->received)), &res);

	if (e)
		return e;
	if (res.rows == 0)
		return ERR_WRONG_OFFSET;
	*ret_expires = db_str(&res, 0, "expires");
	return OK;
}

/* Go on in a copy: the older writer may still have the file open, and what it writes there no longer counts. */
static enum err
take_over(const struct req *rq, struct resp *rs, struct lease *lease)
{
	const char *old = lease->file, *copy = store_name(rq);
	struct db_result res;
	enum err e = limit_take(rq, rs, &takeover_limit, rq->user);

	if (e == OK)
		e = store_copy(old, lease->received, copy);
	if (e)
		return e;
	e = db_run(rq, SHORTS_MOVE_UPLOAD,
		   DB_ARGS(db_text(lease->upload), db_i64(rq, lease->fence), db_text(copy)), &res);
	/* When it is not known which of them counts, both stay; the worker removes what nothing names. */
	if (e)
		return e;
	if (!db_true(&res, 0, "held")) {
		store_remove(copy);
		return ERR_WRONG_OFFSET;
	}
	store_remove(old);
	lease->file = copy;
	metrics_add(&upload_metrics[TAKEN_OVER], 1);
	return OK;
}

enum err
append_begin(const struct req *rq, struct resp *rs, const char *upload, int64_t at, struct lease *ret_lease)
{
	struct db_result res;
	enum err e = db_run(rq, SHORTS_BEGIN_UPLOAD,
			    DB_ARGS(db_text(rq->user), db_text(upload), db_i64(rq, at)), &res);

	if (e)
		return e;
	if (db_str(&res, 0, "code")) {
		e = err_from_code(db_str(&res, 0, "code"));
		if (e == ERR_WRONG_OFFSET)
			resp_header(rs, "Upload-Offset", "%s", db_str(&res, 0, "received"));
		return e;
	}
	*ret_lease = (struct lease){ .upload = upload,
				     .file = db_str(&res, 0, "file"),
				     .fence = db_num(&res, 0, "fence"),
				     .received = at,
				     .length = db_num(&res, 0, "length") };
	return db_true(&res, 0, "take_over") ? take_over(rq, rs, ret_lease) : OK;
}

/* Tell PostgreSQL how far it is, and hear from it whether to go on. */
static enum err
count(struct append *a)
{
	struct db_result res;
	enum err e = db_run(
	    a->rq, SHORTS_COUNT_UPLOAD,
	    DB_ARGS(db_text(a->lease->upload), db_i64(a->rq, a->lease->fence), db_i64(a->rq, a->at)), &res);

	if (e == OK && !db_true(&res, 0, "held"))
		e = ERR_WRONG_OFFSET;
	a->lost = e != OK;
	if (e)
		return e;
	metrics_add(&upload_metrics[BYTES], a->at - a->lease->received);
	a->lease->received = a->at;
	a->counted_ms = clock_ms();
	return OK;
}

static bool
is_stopping(const struct append *a)
{
	struct pollfd p = { .fd = a->rs->stop_fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Write what is held; count it when there is enough of it, but for the last, which giving the lease back counts. */
static enum err
put(struct append *a, bool last)
{
	size_t written = 0;
	enum err e;

	if (a->at + (int64_t)a->held > a->lease->length)
		return ERR_BODY_TOO_LARGE;
	e = store_write(a->fd, a->piece, a->held, a->at, &written);
	a->at += (int64_t)written;
	a->held = 0;
	a->written_ms = clock_ms();
	if (e || last)
		return e;
	if (a->at - a->lease->received < COUNT_BYTES && a->written_ms - a->counted_ms < LEASE_RENEW_MS)
		return OK;
	e = count(a);
	return e == OK && is_stopping(a) ? ERR_UNAVAILABLE : e;
}

/* The body to its end, whatever that is. */
static enum err
write_all(struct append *a)
{
	long long announced = req_length(a->rq), taken = 0;
	enum err e = OK;
	int n = 1;

	while (e == OK && n > 0) {
		n = req_read(a->rq, a->piece + a->held, (int)(PIECE - a->held));
		if (n > 0) {
			a->held += (size_t)n;
			taken += n;
		}
		if (n <= 0 || a->held == PIECE || clock_ms() - a->written_ms > WRITE_MS)
			e = put(a, n <= 0 || a->at + (int64_t)a->held == a->lease->length);
	}
	if (e)
		return e;
	return n < 0 || (announced >= 0 && taken < announced) ? ERR_CLIENT_GONE : OK;
}

/* Open the file of a lease. */
static enum err
open_file(struct append *a, int64_t *ret_size)
{
	enum err e = store_open(a->lease->file, &a->fd, ret_size);

	if (e != ERR_CONFLICT)
		return e;
	/* PostgreSQL has forgotten somebody's lease, who has not heard of it yet. */
	e = take_over(a->rq, a->rs, a->lease);
	return e ? e : store_open(a->lease->file, &a->fd, ret_size);
}

/* Close the file and give the lease back, with what there is. */
static enum err
finish(struct append *a, const char **ret_expires)
{
	int64_t more = a->at - a->lease->received;
	enum err e = OK;

	/* A whole one is on disk before it counts as whole; of a part only as much is believed as the file is long. */
	if (!a->lost && a->at == a->lease->length)
		e = store_sync(a->fd);
	close(a->fd);
	if (a->lost || e)
		return e;
	a->lease->received = a->at;
	e = give_back(a->rq, a->lease, ret_expires);
	if (e == OK && more > 0)
		metrics_add(&upload_metrics[BYTES], more);
	return e;
}

enum err
append_body(const struct req *rq, struct resp *rs, struct lease *lease, const char **ret_expires)
{
	struct append a = { .rq = rq, .rs = rs, .lease = lease, .at = lease->received };
	int64_t size;
	enum err e = open_file(&a, &size), ended;

	if (e)
		return e;
	if (size < lease->received) {
		/* A machine has crashed, and took with it what no disk had yet: the client is to send it again. */
		a.at = size;
		e = ERR_WRONG_OFFSET;
	} else if (req_length(rq) > lease->length - lease->received) {
		e = ERR_BODY_TOO_LARGE;
	} else {
		a.piece = arena_alloc(rq->arena, PIECE);
		a.written_ms = a.counted_ms = clock_ms();
		e = write_all(&a);
	}
	if (e == ERR_STORAGE_FULL)
		metrics_add(&upload_metrics[FULL], 1);
	ended = finish(&a, ret_expires);
	return e ? e : ended;
}
