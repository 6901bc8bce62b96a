/* Lists, page by page: where one begins and how long it is */
#ifndef PAGE_H
#define PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "attr.h"
#include "db.h"
#include "err.h"
#include "fields.h"

struct resp;

/* A table of fields for a list's query has a row PAGE_FIELDS, with the offset of its struct page. */
struct page {
	const char *cursor; /* NULL: at the beginning; opaque to clients, read by SQL */
	int64_t limit;
};
/* clang-format off */
#define PAGE_PRESET { .limit = 20 }
#define PAGE_FIELDS(at)                                                        \
	{ "cursor", F_LINE, (at) + offsetof(struct page, cursor), 0, 8192 },   \
	{ "limit", F_I64, (at) + offsetof(struct page, limit), 1, 100 }
/* clang-format on */

/**
 * page_reply(rq, rs, id, args):
 * What most lists are: the query says cursor and limit and nothing else, statement ${id} takes them behind ${args}, and its
 * result is the reply.  Errors: fields_query's, db_run's, resp_result's.
 */
enum err page_reply(const struct req *rq, struct resp *rs, int id, struct db_args args) MUST_CHECK;

#endif
