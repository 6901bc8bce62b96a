/* The shorts program: its statements, its configuration, and the handlers. */
#ifndef SHORTS_H
#define SHORTS_H

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
	SHORTS__MAX, /* the comma keeps one on each line */
};
extern const struct stmt shorts_stmts[SHORTS__MAX];

struct shorts_conf {
	const char *dir; /* where uploads and media are kept */
};
extern const struct conf_row shorts_conf_rows[];
extern struct shorts_conf shorts_conf;

/* The handlers, each in the file of its first word. */
enum err short_show(const struct req *rq, struct resp *rs);
enum err watch_beat(const struct req *rq, struct resp *rs);
enum err feed_list(const struct req *rq, struct resp *rs);

#endif
