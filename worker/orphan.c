/*
 * Once an hour, and at the start, files and rows are held against each other, a slice at a time: files that no row tells of are
 * removed, once they are so old that no row will come, and rows without files are complained of.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fields.h"
#include "log.h"
#include "worker.h"

/* Media are in 256 directories; MISSING_MAX complaints a sweep are enough. */
enum {
	PERIOD_MS = 3600 * 1000,
	FILE_AGE_S = 3600,
	WORK_AGE_S = 24 * 3600,
	SLICE = 4000,
	NAMES_MAX = 500,
	MISSING_MAX = 100
};

/* The stages of a sweep, in their order: whose storage it is; each of media and private with its 256 directories; then the rows. */
enum {
	AT_OWNER,
	AT_WORK,
	AT_UPLOADS,
	AT_MEDIA,
	AT_PRIVATE = AT_MEDIA + 257,
	AT_ROWS = AT_PRIVATE + 257,
	AT_END
};

/* A directory that is being read, and the names in it that are to be asked for. */
struct reading {
	const char *top;   /* directory below the storage */
	const char *below; /* what stands before names there: "" or "ab/" */
	int fd;
	struct lines names;
};

static bool
is_old(const struct stat *st, int age_s)
{
	return st->st_mtime < time(NULL) - age_s;
}

/* Remove those of the names that no row tells of. */
static enum err
ask_names(struct worker *w, struct reading *r)
{
	struct db_result res;
	enum err e;
	int i;

	if (r->names.n == 0)
		return OK;
	worker_renew(w);
	e = db_run(&w->job, WORKER_UNKNOWN_FILES, DB_ARGS(db_text(r->top), db_lines(&w->job, &r->names)),
		   &res);
	if (e)
		return e;
	for (i = 0; i < res.rows; i++) {
		const char *name = db_str(&res, i, "name");
		bool gone = unlinkat(r->fd, name + strlen(r->below), 0) == 0;

		log_event(gone ? LOG_INFO : LOG_ERROR, "orphan", "directory=%s file=\"%s\" removed=%d",
			  r->top, name, gone);
	}
	r->names.n = 0;
	return OK;
}

/* Names of ours are plain; what PostgreSQL could not even read is left alone, as is what the file system keeps for itself. */
static bool
is_candidate(const struct reading *r, const char *name)
{
	const char *plain = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.";
	struct stat st;

	return *name != '.' && strspn(name, plain) == strlen(name) &&
	       fstatat(r->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode) &&
	       is_old(&st, FILE_AGE_S);
}

/* All of one directory; *ret_seen counts its entries. */
static enum err
read_names(struct worker *w, struct reading *r, DIR *dir, int *ret_seen)
{
	const struct dirent *entry;
	enum err e = OK;

	for (entry = readdir(dir); e == OK && entry; entry = readdir(dir)) {
		(*ret_seen)++;
		if (is_candidate(r, entry->d_name))
			r->names.at[r->names.n++] =
			    arena_printf(w->job.arena, "%s%s", r->below, entry->d_name);
		if (r->names.n == NAMES_MAX)
			e = ask_names(w, r);
	}
	return e ? e : ask_names(w, r);
}

static enum err
sweep_directory(struct worker *w, const char *top, const char *below, int *ret_seen)
{
	const char *names[NAMES_MAX];
	struct reading r = { .top = top, .below = below, .names = { .at = names } };
	DIR *dir = opendir(arena_printf(w->job.arena, "%s/%s/%s", w->shorts_dir, top, below));
	enum err e;

	(*ret_seen)++;
	if (!dir)
		return OK;
	r.fd = dirfd(dir);
	e = read_names(w, &r, dir, ret_seen);
	closedir(dir);
	return e;
}

/* One of the 257 directories of media or private. */
static enum err
sweep_media(struct worker *w, const char *top, int number, int *ret_seen)
{
	const char *below = number == 0 ? "" : arena_printf(w->job.arena, "%02x/", (unsigned)number - 1);

	return sweep_directory(w, top, below, ret_seen);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Directories of jobs that nobody has gone on with for a day. */
static void
sweep_work(const struct worker *w)
{
	const char *work = arena_printf(w->job.arena, "%s/work", w->shorts_dir);
	DIR *dir = opendir(work);
	const struct dirent *entry;
	struct stat st;

	if (!dir)
		return;
	for (entry = readdir(dir); entry; entry = readdir(dir)) {
		const char *path = arena_printf(w->job.arena, "%s/%s", work, entry->d_name);
		bool gone;

		if (*entry->d_name == '.' || lstat(path, &st) != 0 || !is_old(&st, WORK_AGE_S))
			continue;
		gone = nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0;
		log_event(gone ? LOG_INFO : LOG_ERROR, "orphan", "directory=work file=\"%s\" removed=%d",
			  entry->d_name, gone);
	}
	closedir(dir);
}

/* A row whose files are not there, unless it has gone meanwhile, and they with it. */
static enum err
complain(struct worker *w, const char *before, const char *media)
{
	struct db_result res;
	enum err e;

	worker_renew(w);
	e = db_run(&w->job, WORKER_MEDIA_AFTER, DB_ARGS(db_text(before), db_i64(&w->job, 1)), &res);
	if (e || res.rows == 0 || strcmp(db_str(&res, 0, "media"), media) != 0)
		return e;
	log_event(LOG_ERROR, "orphan", "msg=\"files are missing\" short=%s media=%s", db_str(&res, 0, "id"),
		  media);
	w->orphans.missing++;
	return OK;
}

/* Some rows, from where the last call came to; at their end the sweep is over. */
static enum err
sweep_rows(struct worker *w, int *ret_seen)
{
	struct orphans *o = &w->orphans;
	struct db_result rows;
	enum err e;
	int i;

	worker_renew(w);
	e = db_run(&w->job, WORKER_MEDIA_AFTER, DB_ARGS(db_text(o->media), db_i64(&w->job, NAMES_MAX)),
		   &rows);
	for (i = 0; e == OK && i < rows.rows && o->missing < MISSING_MAX; i++) {
		const char *media = db_str(&rows, i, "media");

		if (!media_is_there(w, media))
			e = complain(w, o->media, media);
		if (e == OK)
			snprintf(o->media, sizeof(o->media), "%s", media);
	}
	*ret_seen += NAMES_MAX;
	if (e == OK && (rows.rows < NAMES_MAX || o->missing == MISSING_MAX))
		o->at = AT_END;
	return e;
}

/* A worker that was given the wrong database, or the wrong directory, must not take all for orphans. */
static enum err
check_owner(struct worker *w)
{
	bool ours = false;
	enum err e = OK;

	if (access(w->shorts_dir, F_OK) == 0)
		e = storage_is_ours(w, &ours);
	/* There are no files to remove, then, but perhaps rows to complain of. */
	if (e == OK && !ours)
		w->orphans.at = AT_ROWS - 1;
	return e;
}

/* One place; what could not be asked is due again. */
static enum err
sweep_place(struct worker *w, int *ret_seen)
{
	int at = w->orphans.at;
	enum err e = OK;

	worker_begin(w);
	if (at == AT_ROWS)
		return sweep_rows(w, ret_seen);
	if (at == AT_OWNER)
		e = check_owner(w);
	else if (at == AT_WORK)
		sweep_work(w);
	else if (at == AT_UPLOADS)
		e = sweep_directory(w, "uploads", "", ret_seen);
	else if (at < AT_PRIVATE)
		e = sweep_media(w, "media", at - AT_MEDIA, ret_seen);
	else
		e = sweep_media(w, "private", at - AT_PRIVATE, ret_seen);
	if (e == OK)
		w->orphans.at++;
	return e;
}

enum err
orphan_next(struct worker *w, bool *ret_more)
{
	struct orphans *o = &w->orphans;
	enum err e = OK;
	int seen = 0;

	*ret_more = false;
	if (clock_ms() < o->next_ms)
		return OK;
	while (e == OK && o->at < AT_END && seen < SLICE && !worker_pause(w, 0))
		e = sweep_place(w, &seen);
	if (o->at == AT_END)
		*o = (struct orphans){ .next_ms = clock_ms() + PERIOD_MS };
	else
		*ret_more = e == OK && !w->stopping;
	return e;
}
