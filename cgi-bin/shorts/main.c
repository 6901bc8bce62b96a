/*
 * The shorts program: short videos.  Each row below is answered by the file of the handler's first word; what a row's flags ask
 * for has been checked when its handler runs.  The web server serves the videos themselves.
 */
#include "shorts.h"

#define SHORTS "/api/v1/shorts"

static const struct route routes[] = {
	{ GET, SHORTS "/feed", feed_list, GUEST | QUERY },
	{ GET, SHORTS "/:id", short_show, GUEST },
	{ POST, SHORTS "/:id/watch", watch_beat, BODY },
	{ POST, SHORTS, short_make, BODY },
	{ OPTIONS, SHORTS "/uploads", upload_options, PUBLIC },
	{ POST, SHORTS "/uploads", upload_create, UPLOAD },
	{ OPTIONS, SHORTS "/uploads/:id", upload_options, PUBLIC },
	{ GET, SHORTS "/uploads/:id", upload_show, OVERRIDE },
	{ PATCH, SHORTS "/uploads/:id", upload_append, UPLOAD | OVERRIDE },
	{ DELETE, SHORTS "/uploads/:id", upload_delete, OVERRIDE },
	{ 0 },
};

static const struct program shorts = {
	.name = "shorts",
	.prefix = SHORTS,
	.routes = routes,
	.stmts = shorts_stmts,
	.nstmts = SHORTS__MAX,
	.conf = shorts_conf_rows,
	.conf_values = &shorts_conf,
};

int
main(int argc, char *argv[])
{
	return app_main(&shorts, argc, argv);
}
