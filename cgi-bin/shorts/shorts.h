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
	SHORTS_EDIT,
	SHORTS_REMOVE,
	SHORTS_REACT,
	SHORTS_COMMENTS,
	SHORTS_ADD_COMMENT,
	SHORTS_DELETE_COMMENT,
	SHORTS_FOLLOW,
	SHORTS_UNFOLLOW,
	SHORTS_CHANNEL,
	SHORTS_CHANNEL_SHORTS,
	SHORTS_MY_LIST,
	SHORTS_MY_PEOPLE,
	SHORTS_OVERVIEW,
	SHORTS_REPORT,
	SHORTS_REPORTS,
	SHORTS_SET_HIDDEN,
	SHORTS_WATCH,
	SHORTS_FEED,
	SHORTS_SEARCH,
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

/* What is counted of uploads, for GET /metrics. */
extern struct metric upload_metrics[];

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

/** upload_drop(rq, id): Remove the caller's upload ${id} that its creator will not hear of, row and bytes, unless a short is made of it. */
void upload_drop(const struct req *rq, const char *id);

/* The handlers, each in the file of its first word. */
enum err upload_append(const struct req *rq, struct resp *rs);
enum err upload_create(const struct req *rq, struct resp *rs);
enum err upload_delete(const struct req *rq, struct resp *rs);
enum err upload_options(const struct req *rq, struct resp *rs);
enum err upload_show(const struct req *rq, struct resp *rs);
enum err short_make(const struct req *rq, struct resp *rs);
enum err short_show(const struct req *rq, struct resp *rs);
enum err short_edit(const struct req *rq, struct resp *rs);
enum err short_remove(const struct req *rq, struct resp *rs);
enum err reaction_put(const struct req *rq, struct resp *rs);
enum err comment_list(const struct req *rq, struct resp *rs);
enum err comment_post(const struct req *rq, struct resp *rs);
enum err comment_delete(const struct req *rq, struct resp *rs);
enum err channel_follow(const struct req *rq, struct resp *rs);
enum err channel_unfollow(const struct req *rq, struct resp *rs);
enum err channel_show(const struct req *rq, struct resp *rs);
enum err channel_shorts(const struct req *rq, struct resp *rs);
enum err me_overview(const struct req *rq, struct resp *rs);
enum err me_uploads(const struct req *rq, struct resp *rs);
enum err me_liked(const struct req *rq, struct resp *rs);
enum err me_commented(const struct req *rq, struct resp *rs);
enum err me_subscriptions(const struct req *rq, struct resp *rs);
enum err me_subscribers(const struct req *rq, struct resp *rs);
enum err report_post(const struct req *rq, struct resp *rs);
enum err report_list(const struct req *rq, struct resp *rs);
enum err report_hide(const struct req *rq, struct resp *rs);
enum err report_unhide(const struct req *rq, struct resp *rs);
enum err watch_beat(const struct req *rq, struct resp *rs);
enum err feed_list(const struct req *rq, struct resp *rs);
enum err search_list(const struct req *rq, struct resp *rs);

#endif
