/* Values on their way to PostgreSQL, as arguments of statements, and from it, in the columns of rows. */
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "arena.h"
#include "db.h"
#include "fields.h"
#include "log.h"
#include "req.h"

struct db_arg
db_text(const char *s)
{
	return (struct db_arg){ .value = s };
}

struct db_arg
db_bytes(const void *bytes, size_t len)
{
	return (struct db_arg){ .value = bytes, .len = (int)len, .binary = true };
}

struct db_arg
db_i64(const struct req *rq, int64_t n)
{
	return (struct db_arg){ .value = arena_printf(rq->arena, "%lld", (long long)n) };
}

struct db_arg
db_bool(bool b)
{
	return (struct db_arg){ .value = b ? "t" : "f" };
}

/* PostgreSQL's array literal: every element quoted, quotes and backslashes escaped. */
struct db_arg
db_lines(const struct req *rq, const struct lines *lines)
{
	size_t i, need = 3;
	char *text, *at;
	const char *s;

	for (i = 0; i < lines->n; i++)
		need += 2 * strlen(lines->at[i]) + 3;
	text = at = arena_alloc(rq->arena, need);
	*at++ = '{';
	for (i = 0; i < lines->n; i++) {
		if (i > 0)
			*at++ = ',';
		*at++ = '"';
		for (s = lines->at[i]; *s; s++) {
			if (*s == '"' || *s == '\\')
				*at++ = '\\';
			*at++ = *s;
		}
		*at++ = '"';
	}
	*at = '}';
	return db_text(text);
}

/* A misspelt column is a bug that every call of that handler meets: better loud than NULL. */
static int
column_find(const struct db_result *res, const char *column)
{
	int i = PQfnumber(res->pg, column);

	if (i < 0) {
		log_event(LOG_ERROR, "db_column", "missing=%s", column);
		abort();
	}
	return i;
}

bool
db_has(const struct db_result *res, const char *column)
{
	return PQfnumber(res->pg, column) >= 0;
}

const char *
db_str(const struct db_result *res, int row, const char *column)
{
	int i = column_find(res, column);

	return PQgetisnull(res->pg, row, i) ? NULL : PQgetvalue(res->pg, row, i);
}

int64_t
db_num(const struct db_result *res, int row, const char *column)
{
	const char *text = db_str(res, row, column);

	return text ? strtoll(text, NULL, 10) : 0;
}

bool
db_true(const struct db_result *res, int row, const char *column)
{
	const char *text = db_str(res, row, column);

	return text && *text == 't';
}

const unsigned char *
db_bin(const struct db_result *res, int row, const char *column, size_t *ret_len)
{
	const char *text = db_str(res, row, column);
	unsigned char *foreign, *bytes;

	if (!text)
		return NULL;
	foreign = PQunescapeBytea((const unsigned char *)text, ret_len);
	if (!foreign)
		abort();
	bytes = arena_alloc(res->arena, *ret_len + 1);
	memcpy(bytes, foreign, *ret_len);
	PQfreemem(foreign);
	return bytes;
}
