/* The shorts program: its statements, its configuration, and the handlers. */
#ifndef SHORTS_H
#define SHORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "app.h"
#include "conf.h"
#include "db.h"
#include "err.h"
#include "route.h"

struct req;
struct resp;

/* What this program may run on PostgreSQL; the texts are in shorts_sql.c. */
enum {
	SHORTS_SHOW,
	SHORTS_WATCH,
	SHORTS_FEED,
	SHORTS_CREATE_UPLOAD,
	SHORTS_SHOW_UPLOAD,
	SHORTS_BEGIN_UPLOAD,
	SHORTS_MOVE_UPLOAD,
	SHORTS_COUNT_UPLOAD,
	SHORTS_END_UPLOAD,
	SHORTS_DELETE_UPLOAD,
	SHORTS_MAKE,
	SHORTS_MAKE_OF_FORM,
	SHORTS__MAX, /* the comma keeps one on each line */
};
extern const struct stmt shorts_stmts[SHORTS__MAX];

struct shorts_conf {
	const char *dir;     /* where uploads and media are kept */
	int64_t reserve_mib; /* to leave free there */
};
extern const struct conf_row shorts_conf_rows[];
extern struct shorts_conf shorts_conf;

enum { UPLOAD_MAX = 200 * 1024 * 1024 };

/* What a new upload is. */
struct upload_new {
	int64_t length;	       /* bytes */
	const char *file;      /* of store_name */
	const char *thumbnail; /* likewise; NULL: no picture comes along */
	const char *metadata;
	bool writing; /* its bytes follow at once, under the fence 1 */
};

/**
 * upload_new(rq, rs, new, ret_row):
 * Make it, within the limits of the caller and of the storage; *${ret_row} has its id and expires.  Errors: those of
 * shorts.create_upload; ERR_RATE_LIMITED.
 */
enum err upload_new(const struct req *rq, struct resp *rs, const struct upload_new *new,
		    struct db_result *ret_row);

/** upload_forget(rq, id): Remove the caller's upload ${id}, row and bytes.  Errors: those of shorts.delete_upload. */
enum err upload_forget(const struct req *rq, const char *id);

/* The handlers, each in the file of its first word. */
enum err upload_append(const struct req *rq, struct resp *rs);
enum err upload_create(const struct req *rq, struct resp *rs);
enum err upload_delete(const struct req *rq, struct resp *rs);
enum err upload_options(const struct req *rq, struct resp *rs);
enum err upload_show(const struct req *rq, struct resp *rs);
enum err short_make(const struct req *rq, struct resp *rs);
enum err short_show(const struct req *rq, struct resp *rs);
enum err watch_beat(const struct req *rq, struct resp *rs);
enum err feed_list(const struct req *rq, struct resp *rs);

#endif
