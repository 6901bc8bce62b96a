/*
 * A short that is processing: its upload is copied to a place where nobody else writes, made into a video and a poster there,
 * and moved to where the web server finds them; only then is it said to be ready.  A worker may die at any point: another one
 * begins anew, and what nobody names is swept away later.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "arena.h"
#include "clip.h"
#include "clock.h"
#include "log.h"
#include "studio.h"
#include "worker.h"

enum { LOOK_MS = 1000, NAME_BYTES = 16, STORAGE_WAIT_S = 60, KILLED_WAIT_S = 10 };

/* What studio_make makes, and what it is made of. */
static const char *const files[] = { "input", "picture", "video.mp4", "poster.jpg" };

/* Make the directory path, unless it is there. */
static bool
make_directory(const char *path, mode_t mode)
{
	return mkdir(path, mode) == 0 || errno == EEXIST;
}

/* Each lease has one of its own: who has lost his may still be at it. */
static const char *
directory_of(const struct worker *w, int64_t fence)
{
	return arena_printf(w->job.arena, "%s/work/%s.%lld", w->shorts_dir, w->video_id, (long long)fence);
}

/* Copy a file; false: errno says why not. */
static bool
copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out = -1;
	ssize_t n = -1;

	if (in >= 0)
		out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out >= 0)
		do
			n = copy_file_range(in, NULL, out, NULL, INT_MAX, 0);
		while (n > 0);
	if (out >= 0)
		close(out);
	if (in >= 0)
		close(in);
	return n == 0;
}

/* A directory of the job's own with copies of what was uploaded; false: errno says why not. */
static bool
lay_out(const struct worker *w, const char *dir, const char *file, const char *thumbnail)
{
	struct arena *a = w->job.arena;
	const char *uploads = arena_printf(a, "%s/uploads", w->shorts_dir);

	return make_directory(arena_printf(a, "%s/work", w->shorts_dir), 0700) && make_directory(dir, 0700) &&
	       copy_file(arena_printf(a, "%s/%s", uploads, file), arena_printf(a, "%s/input", dir)) &&
	       (!thumbnail ||
		copy_file(arena_printf(a, "%s/%s", uploads, thumbnail), arena_printf(a, "%s/picture", dir)));
}

static void
clear(const struct worker *w, const char *dir)
{
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(arena_printf(w->job.arena, "%s/%s", dir, files[i]));
	rmdir(dir);
}

/* Have the file on disk, open to readers, under its new name. */
static bool
publish_file(const char *from, const char *to)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	bool safe = fd >= 0 && fchmod(fd, 0644) == 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return safe && rename(from, to) == 0;
}

/* Have the names in it on disk, too: a row must not outlive them. */
static bool
sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool safe = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return safe;
}

/* The name of the media is what keeps strangers from it: 128 bits, in one of 256 directories. */
static bool
publish(const struct worker *w, const char *dir, const char **ret_media)
{
	struct arena *a = w->job.arena;
	const char *root = arena_printf(a, "%s/media", w->shorts_dir), *media, *in;
	unsigned char bytes[NAME_BYTES];
	char name[2 * NAME_BYTES + 1];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(name, sizeof(name), bytes, sizeof(bytes));
	media = arena_printf(a, "%.2s/%s", name, name);
	*ret_media = media;
	in = arena_printf(a, "%s/%.2s", root, name);
	return make_directory(root, 0755) && make_directory(in, 0755) && sync_directory(root) &&
	       publish_file(arena_printf(a, "%s/poster.jpg", dir),
			    arena_printf(a, "%s/%s.jpg", root, media)) &&
	       publish_file(arena_printf(a, "%s/video.mp4", dir),
			    arena_printf(a, "%s/%s.mp4", root, media)) &&
	       sync_directory(in);
}

static void
remove_media(const struct worker *w, const char *media, const char *ending)
{
	unlink(arena_printf(w->job.arena, "%s/media/%s%s", w->shorts_dir, media, ending));
}

/* Percents go to PostgreSQL, and with them the lease goes on. */
static bool
tell_progress(struct worker *w, int percent)
{
	struct db_result res;
	enum err e;

	worker_renew(w);
	e = db_run(&w->job, WORKER_VIDEO_PROGRESS,
		   DB_ARGS(db_text(w->video_id), db_text(w->video_fence), db_i64(&w->job, percent)), &res);
	/* While it cannot be told the lease may run out; then somebody else's result counts, and this one is thrown away. */
	return e || db_true(&res, 0, "held");
}

/* Say what came of it; clip NULL: it failed for that reason. */
static enum err
tell_done(struct worker *w, const char *reason, const char *media, const struct clip *clip)
{
	struct db_arg none = db_text(NULL);
	struct db_result res;
	enum err e;

	worker_renew(w);
	e = db_run(&w->job, WORKER_VIDEO_DONE,
		   DB_ARGS(db_text(w->video_id), db_text(w->video_fence), db_text(reason), db_text(media),
			   clip ? db_i64(&w->job, clip->width) : none,
			   clip ? db_i64(&w->job, clip->height) : none,
			   clip ? db_i64(&w->job, clip->duration_ms) : none),
		   &res);
	/* Not after a failure, which may have come behind the commit: what nobody names is swept away later. */
	if (e == OK && media && !db_true(&res, 0, "held")) {
		remove_media(w, media, ".mp4");
		remove_media(w, media, ".jpg");
	}
	return e;
}

static enum err
tell_again(struct worker *w, int wait_s, bool counts)
{
	struct db_result res;

	worker_renew(w);
	return db_run(
	    &w->job, WORKER_VIDEO_AGAIN,
	    DB_ARGS(db_text(w->video_id), db_text(w->video_fence), db_i64(&w->job, wait_s), db_bool(counts)),
	    &res);
}

/* Our own trouble, not the video's: the storage is full, or gone, or the tools are. */
static enum err
put_off(struct worker *w, const char *what)
{
	log_event(LOG_ERROR, "video", "id=%s msg=\"put off\" trouble=\"%s\" errno=%d", w->video_id, what,
		  errno);
	return tell_again(w, STORAGE_WAIT_S, false);
}

/* Make it, and say so; the reason is logged with how long it took. */
static enum err
make_video(struct worker *w, const char *dir, bool picture)
{
	int64_t begun_ms = clock_ms();
	const char *reason, *media;
	struct clip clip;

	reason = studio_make(w, dir, picture, tell_progress, &clip);
	if (reason == studio_stopped)
		return tell_again(w, 0, false);
	if (reason == studio_killed)
		return tell_again(w, KILLED_WAIT_S, true);
	if (reason == studio_full)
		return put_off(w, "the storage is full");
	if (reason == studio_broken)
		return put_off(w, "ffmpeg or ffprobe does not run");
	if (!reason && !publish(w, dir, &media))
		return put_off(w, "cannot publish");
	log_event(LOG_INFO, "video", "id=%s result=%s ms=%lld", w->video_id, reason ? reason : "ready",
		  (long long)(clock_ms() - begun_ms));
	return reason ? tell_done(w, reason, NULL, NULL) : tell_done(w, NULL, media, &clip);
}

/* Something was not there: bytes that are gone do not come back, but storage that is away does. */
static enum err
give_up_or_wait(struct worker *w)
{
	bool ours;
	enum err e = storage_is_ours(w, &ours);

	if (e)
		return e;
	return ours && storage_has_uploads(w) ? tell_done(w, "unreadable", NULL, NULL)
					      : put_off(w, "the storage is away");
}

static enum err
video_lease(struct worker *w, struct db_result *ret_row)
{
	worker_begin(w);
	return db_run(&w->job, WORKER_NEXT_VIDEO, DB_NO_ARGS, ret_row);
}

static enum err
video_make(struct worker *w, const struct db_result *row)
{
	const char *file = db_str(row, 0, "file"), *thumbnail = db_str(row, 0, "thumbnail"), *dir;
	int64_t fence = db_num(row, 0, "fence");
	enum err e;

	w->video_id = db_str(row, 0, "id");
	w->video_fence = db_str(row, 0, "fence");
	/* Whoever had it before is dead, or will not be heard. */
	clear(w, directory_of(w, fence - 1));
	if (db_true(row, 0, "gave_up") || !file)
		return tell_done(w, "gave_up", NULL, NULL);
	dir = directory_of(w, fence);
	if (lay_out(w, dir, file, thumbnail))
		e = make_video(w, dir, thumbnail != NULL);
	else if (errno == ENOENT)
		e = give_up_or_wait(w);
	else
		e = put_off(w, "cannot copy");
	clear(w, dir);
	return e;
}

const struct trade video_trade = { .look_ms = LOOK_MS, .lease = video_lease, .work = video_make };
