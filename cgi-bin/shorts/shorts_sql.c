/* Every statement the shorts program may run.  What they call is in sql/, from 0023_shorts.sql on. */
#include "shorts.h"

const struct stmt shorts_stmts[SHORTS__MAX] = {
	[SHORTS_CREATE_UPLOAD] = { "shorts_create_upload", 7,
				   "SELECT code, retry_after_s, id, expires "
				   "FROM shorts.create_upload($1, $2, $3, $4, $5, $6, $7)" },
	[SHORTS_SHOW_UPLOAD] = { "shorts_show_upload", 2,
				 "SELECT code, received, length, metadata, expires, expires_at "
				 "FROM shorts.show_upload($1, $2)" },
	[SHORTS_BEGIN_UPLOAD] = { "shorts_begin_upload", 3,
				  "SELECT code, fence, file, take_over, received, length "
				  "FROM shorts.begin_upload($1, $2, $3)" },
	[SHORTS_MOVE_UPLOAD] = { "shorts_move_upload", 3, "SELECT held FROM shorts.move_upload($1, $2, $3)" },
	[SHORTS_COUNT_UPLOAD] = { "shorts_count_upload", 3,
				  "SELECT held FROM shorts.count_upload($1, $2, $3)" },
	[SHORTS_END_UPLOAD] = { "shorts_end_upload", 3, "SELECT expires FROM shorts.end_upload($1, $2, $3)" },
	[SHORTS_DELETE_UPLOAD] = { "shorts_delete_upload", 2,
				   "SELECT code, file, thumbnail FROM shorts.delete_upload($1, $2)" },
	[SHORTS_MAKE] = { "shorts_make", 4, "SELECT code, result FROM shorts.make_short($1, $2, $3, $4)" },
	[SHORTS_MAKE_OF_FORM] = { "shorts_make_of_form", 6,
				  "SELECT code, result FROM shorts.make_short_of_form($1, $2, $3, $4, $5, $6)" },
	[SHORTS_SHOW] = { "shorts_show", 2, "SELECT code, result FROM shorts.show($1, $2)" },
	[SHORTS_WATCH] = { "shorts_watch", 6,
			   "SELECT code, day, left_ms, laps, earned, viewed FROM shorts.watch($1, $2, $3, $4, $5, $6)" },
	[SHORTS_FEED] = { "shorts_feed", 4, "SELECT code, result FROM shorts.feed($1, $2, $3, $4)" },
};
