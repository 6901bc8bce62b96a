/* Files follow rows: those of deleted shorts and uploads are removed, those of hidden shorts leave what is served, and come back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "worker.h"

enum { NOTES_MAX = 100 };

static const char *const endings[] = { ".mp4", ".jpg" };

static const char *
path_of(const struct worker *w, const char *directory, const char *name, const char *ending)
{
	return arena_printf(w->job.arena, "%s/%s/%s%s", w->shorts_dir, directory, name, ending);
}

static bool
failed(const char *what, const char *path)
{
	log_event(LOG_ERROR, "media", "msg=\"cannot %s\" file=\"%s\" errno=%d", what, path, errno);
	return false;
}

/* Have it removed; *found becomes true if it was there. */
static bool
remove_file(const char *path, bool *found)
{
	bool removed = unlink(path) == 0;

	*found |= removed;
	return removed || errno == ENOENT || failed("remove", path);
}

/* Have the file in one directory, out of the other. */
static bool
bring_file(const char *from, const char *to, bool *found)
{
	bool there = rename(from, to) == 0 || (errno == ENOENT && access(to, F_OK) == 0);

	*found |= there;
	return there || failed("move", from);
}

/* What is hidden is for this program only.  Whether it worked shows when something is moved there. */
static void
make_directories(const struct worker *w, const char *place, const char *name)
{
	mode_t mode = strcmp(place, "private") == 0 ? 0750 : 0755;
	const char *slash = strchr(name, '/');

	mkdir(path_of(w, place, "", ""), mode);
	if (slash)
		mkdir(path_of(w, place, arena_strndup(w->job.arena, name, (size_t)(slash - name)), ""), mode);
}

/* Have a short's files where they belong; place NULL: nowhere. */
static bool
place_media(const struct worker *w, const char *name, const char *place, bool *found)
{
	const char *other = place && strcmp(place, "media") == 0 ? "private" : "media";
	bool done = true;
	size_t i;

	if (place)
		make_directories(w, place, name);
	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const char *from = path_of(w, other, name, endings[i]);

		if (place)
			done &= bring_file(from, path_of(w, place, name, endings[i]), found);
		else
			done &= remove_file(from, found) &
				remove_file(path_of(w, "private", name, endings[i]), found);
	}
	return done;
}

/* Of files that are not there: are they gone, or is their storage? */
static enum err
are_gone(struct worker *w, const char *name, bool *ret_gone)
{
	bool ours;
	enum err e = storage_is_ours(w, &ours);

	if (e)
		return e;
	if (!ours)
		log_event(LOG_ERROR, "media", "msg=\"the storage is away\" file=\"%s\"", name);
	*ret_gone = ours;
	return OK;
}

static enum err
follow(struct worker *w, const struct db_result *notes, int row)
{
	const char *name = db_str(notes, row, "name"), *place = db_str(notes, row, "place");
	bool media = strcmp(db_str(notes, row, "kind"), "media") == 0, found = false, done;
	struct db_result res;
	enum err e = OK;

	done = media ? place_media(w, name, place, &found)
		     : remove_file(path_of(w, "uploads", name, ""), &found);
	if (done && !found)
		e = are_gone(w, name, &done);
	if (e || !done)
		return e;
	log_event(LOG_DEBUG, "media", "file=%s place=%s", name, place ? place : "-");
	return db_run(&w->job, WORKER_FILE_DONE, DB_ARGS(db_text(db_str(notes, row, "id")), db_text(place)),
		      &res);
}

enum err
media_all(struct worker *w)
{
	struct db_result notes = { .rows = NOTES_MAX };
	enum err e = OK;
	int i;

	while (notes.rows == NOTES_MAX && !worker_pause(w, 0)) {
		worker_begin(w);
		e = db_run(&w->job, WORKER_NEXT_FILES, DB_ARGS(db_i64(&w->job, NOTES_MAX)), &notes);
		for (i = 0; e == OK && i < notes.rows; i++) {
			worker_renew(w);
			e = follow(w, &notes, i);
		}
		if (e)
			return e;
	}
	return OK;
}

bool
media_is_there(const struct worker *w, const char *name)
{
	/* It may be moved meanwhile, this way or that. */
	static const char *const places[] = { "media", "private", "media" };
	size_t i, j, found = 0;

	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		for (j = 0; j < sizeof(places) / sizeof(places[0]); j++)
			if (access(path_of(w, places[j], name, endings[i]), F_OK) == 0) {
				found++;
				break;
			}
	return found == sizeof(endings) / sizeof(endings[0]);
}
