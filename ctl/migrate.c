/*
 * migrate: the numbered files in MOA_SQL_DIR against the table moa.migration.  Each file is one
 * transaction, in which its row is written too; a lock lets one migration at a time run, however many
 * moa-ctl are started.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "ctl.h"

enum { MIGRATIONS_MAX = 1000, CHECKSUM_BYTES = 32 };

struct migration {
	const char *file;   /* "0002_pay.sql" */
	const char *number; /* "2" */
	const char *name;   /* "pay" */
	const char *sql;
	const char *checksum;
	bool applied;
};

struct migrations {
	int n;
	struct migration at[MIGRATIONS_MAX];
};

/* Four digits, an underscore, a name, ".sql"; other files are nobody's business here. */
static int
is_migration(const struct dirent *entry)
{
	const char *s = entry->d_name, *end = strrchr(s, '.');
	int i;

	for (i = 0; i < 4; i++)
		if (!isdigit((unsigned char)s[i]))
			return 0;
	return s[4] == '_' && end && end > s + 5 && strcmp(end, ".sql") == 0;
}

static char *
checksum_of(struct ctl *ctl, const char *text)
{
	unsigned char hash[CHECKSUM_BYTES];
	char *hex = arena_alloc(&ctl->arena, 2 * sizeof(hash) + 1);

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)text, strlen(text), NULL, 0);
	return sodium_bin2hex(hex, 2 * sizeof(hash) + 1, hash, sizeof(hash));
}

static int
load_one(struct ctl *ctl, const char *file, struct migration *m)
{
	m->file = arena_strdup(&ctl->arena, file);
	m->number = arena_printf(&ctl->arena, "%ld", strtol(file, NULL, 10));
	m->name = arena_strndup(&ctl->arena, file + 5, strlen(file) - 5 - strlen(".sql"));
	m->sql = ctl_file(ctl, arena_printf(&ctl->arena, "%s/%s", ctl->conf.sql_dir, file));
	if (!m->sql)
		return -1;
	m->checksum = checksum_of(ctl, m->sql);
	return 0;
}

/* Two files of one number: which comes first would be chance. */
static int
check_numbers(const struct migrations *ms)
{
	int i;

	for (i = 1; i < ms->n; i++)
		if (strcmp(ms->at[i].number, ms->at[i - 1].number) == 0) {
			ctl_error("%s and %s have the same number", ms->at[i - 1].file, ms->at[i].file);
			return -1;
		}
	return 0;
}

/* All migrations of the directory, in order of their numbers, or NULL. */
static struct migrations *
load(struct ctl *ctl)
{
	struct migrations *ms = arena_alloc(&ctl->arena, sizeof(*ms));
	struct dirent **entries;
	int i, n = scandir(ctl->conf.sql_dir, &entries, is_migration, alphasort), failed = 0;

	if (n <= 0 || n > MIGRATIONS_MAX) {
		ctl_error(n < 0 ? "%s: %m" : "%s: no migrations, or too many", ctl->conf.sql_dir);
		if (n >= 0)
			free(entries);
		return NULL;
	}
	for (i = 0; i < n; i++) {
		if (!failed)
			failed = load_one(ctl, entries[i]->d_name, &ms->at[ms->n++]);
		free(entries[i]);
	}
	free(entries);
	return failed || check_numbers(ms) ? NULL : ms;
}

/*
 * The rows of moa.migration, none when this database has not even that; NULL on failure.  The catalog is
 * asked, because to_regclass may answer from what this session knew before it held the lock.
 */
static PGresult *
applied_rows(struct ctl *ctl)
{
	PGresult *res = pg_run(&ctl->pg,
			       "SELECT FROM pg_class WHERE relname = 'migration' AND relnamespace = "
			       "(SELECT oid FROM pg_namespace WHERE nspname = 'moa')",
			       PG_NO_ARGS);
	bool empty = PQntuples(res) == 0;

	if (!res || empty)
		return res;
	PQclear(res);
	return pg_run(&ctl->pg, "SELECT number, name, checksum FROM moa.migration ORDER BY number",
		      PG_NO_ARGS);
}

/* Mark the migration of one applied row.  Its file must be there and be what it was. */
static int
mark_applied(struct migrations *ms, const PGresult *res, int row)
{
	const char *number = pg_value(res, row, "number");
	int i;

	for (i = 0; i < ms->n && strcmp(ms->at[i].number, number) != 0; i++)
		;
	if (i == ms->n) {
		ctl_error(
		    "the database has migration %s (%s), which is not among the files: are they older than it?",
		    number, pg_value(res, row, "name"));
		return -1;
	}
	ms->at[i].applied = true;
	if (strcmp(ms->at[i].checksum, pg_value(res, row, "checksum")) != 0) {
		ctl_error("%s is not what was applied: an applied migration never changes, add a new one",
			  ms->at[i].file);
		return -1;
	}
	return 0;
}

/* Compare files and database.  Everything that is wrong is said; -1 if anything was. */
static int
compare(struct ctl *ctl, struct migrations *ms)
{
	PGresult *res = applied_rows(ctl);
	int i, faults = 0;

	if (!res)
		return -1;
	for (i = 0; i < PQntuples(res); i++)
		faults += mark_applied(ms, res, i);
	PQclear(res);
	for (i = 1; i < ms->n; i++)
		if (ms->at[i].applied && !ms->at[i - 1].applied) {
			ctl_error("%s was left out: later ones are applied already", ms->at[i - 1].file);
			faults--;
		}
	return faults < 0 ? -1 : 0;
}

static struct migrations *
load_and_compare(struct ctl *ctl)
{
	struct migrations *ms = load(ctl);

	return ms && compare(ctl, ms) == 0 ? ms : NULL;
}

/* With the lock held: has another moa-ctl applied it since we looked?  -1 on failure. */
static int
applied_meanwhile(struct ctl *ctl, const struct migration *m)
{
	PGresult *res = applied_rows(ctl);
	int i, found = 0;

	if (!res)
		return -1;
	for (i = 0; i < PQntuples(res); i++)
		found |= strcmp(pg_value(res, i, "number"), m->number) == 0;
	PQclear(res);
	return found;
}

static int
record(struct ctl *ctl, const struct migration *m)
{
	PGresult *res;

	/* A file that ends the transaction by itself could be applied by halves. */
	if (PQtransactionStatus(ctl->pg.conn) != PQTRANS_INTRANS) {
		ctl_error("%s: a migration must not COMMIT", m->file);
		return -1;
	}
	if (pg_do(&ctl->pg, "RESET ROLE"))
		return -1;
	res = pg_run(&ctl->pg, "INSERT INTO moa.migration (number, name, checksum) VALUES ($1, $2, $3)",
		     PG_ARGS(m->number, m->name, m->checksum));
	PQclear(res);
	return res ? 0 : -1;
}

/* In a transaction that holds the lock: 1 if it was applied here, 0 if by another, -1 on failure. */
static int
apply_locked(struct ctl *ctl, const struct migration *m)
{
	int meanwhile = applied_meanwhile(ctl, m);

	if (meanwhile)
		return meanwhile < 0 ? -1 : 0;
	/* Rather fail than make all programs queue behind a table lock this waits for. */
	if (pg_do(&ctl->pg, "SET LOCAL lock_timeout = '10s'") || pg_script(&ctl->pg, m->file, m->sql) ||
	    record(ctl, m))
		return -1;
	return 1;
}

static int
apply(struct ctl *ctl, const struct migration *m)
{
	int done = -1;

	if (pg_do(&ctl->pg, "BEGIN") == 0 &&
	    pg_script(&ctl->pg, "lock", "SELECT pg_advisory_xact_lock(hashtext('moa.migration'))") == 0)
		done = apply_locked(ctl, m);
	if (done > 0 && pg_do(&ctl->pg, "COMMIT") == 0) {
		printf("applied %s\n", m->file);
		return 0;
	}
	if (ctl->pg.conn && pg_do(&ctl->pg, "ROLLBACK"))
		return -1;
	return done == 0 ? 0 : -1;
}

int
migrate_pending(struct ctl *ctl)
{
	struct migrations *ms = load_and_compare(ctl);
	int i, pending = 0;

	if (!ms)
		return -1;
	for (i = 0; i < ms->n; i++)
		pending += !ms->at[i].applied;
	return pending;
}

int
migrate_run(struct ctl *ctl, const char *const args[])
{
	bool dry = args[0] != NULL;
	struct migrations *ms;
	int i;

	if (dry && strcmp(args[0], "--dry-run") != 0)
		return CTL_USAGE;
	ms = load_and_compare(ctl);
	if (!ms)
		return CTL_FAILED;
	for (i = 0; i < ms->n; i++) {
		if (ms->at[i].applied)
			continue;
		if (dry)
			printf("would apply %s\n", ms->at[i].file);
		else if (apply(ctl, &ms->at[i]))
			return CTL_FAILED;
	}
	return CTL_DONE;
}
