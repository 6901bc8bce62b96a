/*
 * The shorts program: short videos.  Each row below is answered by the file of the handler's first word; what a row's flags ask
 * for has been checked when its handler runs.  The web server serves the videos themselves.
 */
#include "shorts.h"

#define SHORTS "/api/v1/shorts"

static const struct route routes[] = {
	{ GET, SHORTS "/feed", feed_list, GUEST | QUERY },
	{ GET, SHORTS "/search", search_list, GUEST | QUERY },
	{ GET, SHORTS "/:id", short_show, GUEST },
	{ PATCH, SHORTS "/:id", short_edit, BODY },
	{ DELETE, SHORTS "/:id", short_remove },
	{ PUT, SHORTS "/:id/reaction", reaction_put, BODY },
	{ GET, SHORTS "/:id/comments", comment_list, GUEST | QUERY },
	{ POST, SHORTS "/:id/comments", comment_post, BODY },
	{ DELETE, SHORTS "/comments/:id", comment_delete },
	{ PUT, SHORTS "/channels/:id/subscription", channel_follow },
	{ DELETE, SHORTS "/channels/:id/subscription", channel_unfollow },
	{ GET, SHORTS "/channels/:id", channel_show, GUEST },
	{ GET, SHORTS "/channels/:id/shorts", channel_shorts, GUEST | QUERY },
	{ GET, SHORTS "/me/overview", me_overview },
	{ GET, SHORTS "/me/uploads", me_uploads, QUERY },
	{ GET, SHORTS "/me/liked", me_liked, QUERY },
	{ GET, SHORTS "/me/commented", me_commented, QUERY },
	{ GET, SHORTS "/me/subscriptions", me_subscriptions, QUERY },
	{ GET, SHORTS "/me/subscribers", me_subscribers, QUERY },
	{ POST, SHORTS "/:id/report", report_post, BODY },
	{ GET, SHORTS "/reports", report_list, ADMIN | QUERY },
	{ POST, SHORTS "/:id/hide", report_hide, ADMIN | BODY },
	{ POST, SHORTS "/:id/unhide", report_unhide, ADMIN | BODY },
	{ POST, SHORTS "/:id/watch", watch_beat, BODY },
	{ POST, SHORTS, short_make, BODY | UPLOAD },
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
	.metrics = upload_metrics,
};

int
main(int argc, char *argv[])
{
	return app_main(&shorts, argc, argv);
}
