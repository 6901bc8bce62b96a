/*
 * Whose the storage is: a mark in it names its database.  What is not there is gone only where that holds; a volume that is not
 * mounted, or the wrong directory, has nothing either.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "worker.h"

enum { SAMPLE = 100 };

static const char *
path_of(const struct worker *w, const char *name)
{
	return arena_printf(w->job.arena, "%s/%s", w->shorts_dir, name);
}

/* Has anything been kept there? */
static bool
is_used(const struct worker *w)
{
	static const char *const places[] = { "uploads", "media", "private" };
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(path_of(w, places[i]), F_OK) == 0)
			return true;
	return false;
}

/* Is at least half of what ought to be there?  Some may be lost; and where storage was away, some may have been made since. */
static enum err
is_familiar(struct worker *w, bool *ret_familiar)
{
	struct db_result rows;
	int i, found = 0;
	enum err e;

	e = db_run(&w->job, WORKER_MEDIA_AFTER, DB_ARGS(db_text(""), db_i64(&w->job, SAMPLE)), &rows);
	if (e)
		return e;
	for (i = 0; i < rows.rows; i++)
		found += media_is_there(w, db_str(&rows, i, "media"));
	*ret_familiar = is_used(w) && 2 * found >= rows.rows;
	return OK;
}

/* A symbolic link is made whole or not at all, by whoever is first. */
static bool
is_marked(const char *mark, const char *id, char *found, size_t size)
{
	ssize_t n = readlink(mark, found, size - 1);

	found[n > 0 ? n : 0] = '\0';
	return strcmp(found, id) == 0;
}

enum err
storage_is_ours(struct worker *w, bool *ret_ours)
{
	const char *mark = path_of(w, ".database"), *id;
	struct db_result res;
	bool ours, familiar;
	char found[80];
	enum err e;

	worker_renew(w);
	e = db_run(&w->job, WORKER_STORAGE_ID, DB_NO_ARGS, &res);
	if (e)
		return e;
	id = db_str(&res, 0, "id");
	ours = is_marked(mark, id, found, sizeof(found));
	if (!*found) {
		e = is_familiar(w, &familiar);
		if (e)
			return e;
		ours = familiar && (symlink(id, mark) == 0 || is_marked(mark, id, found, sizeof(found)));
	}
	/* An empty directory may be of use yet. */
	if (!ours && (*found || is_used(w)))
		log_event(LOG_ERROR, "storage",
			  "msg=\"not the storage of this database\" directory=\"%s\" mark=%s wanted=%s",
			  w->shorts_dir, *found ? found : "-", id);
	*ret_ours = ours;
	return OK;
}

bool
storage_has_uploads(const struct worker *w)
{
	return access(path_of(w, "uploads"), F_OK) == 0;
}
