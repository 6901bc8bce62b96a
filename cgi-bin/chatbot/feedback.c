/* What customers think of an answer. */
#include <stddef.h>

#include "chatbot.h"
#include "fields.h"
#include "req.h"
#include "resp.h"
#include "text.h"

struct feedback_in {
	int64_t rating;
	const char *comment;
};

static const struct field feedback_fields[] = {
	{ "rating", F_I64, offsetof(struct feedback_in, rating), -1, 1, F_REQUIRED },
	{ "comment", F_TEXT, offsetof(struct feedback_in, comment), 1, 500, F_NULLABLE },
	{ 0 },
};

/* POST /messages/:id/feedback {rating: 1 or -1, comment?} -> 204; again: the new one counts. */
enum err
feedback_give(const struct req *rq, struct resp *rs)
{
	struct feedback_in in = { 0 };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, feedback_fields, &in);
	if (e)
		return e;
	if (in.rating == 0) {
		resp_fault(rs, "rating", "not_a_choice", "%s",
			   rq->korean ? "1 또는 -1이어야 해요." : "This must be 1 or -1.");
		return ERR_VALIDATION_FAILED;
	}
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = db_run(
	    rq, CHAT_FEEDBACK,
	    DB_ARGS(db_text(rq->arg[0]), db_text(rq->user), db_i64(rq, in.rating), db_text(in.comment)),
	    &res);
	if (e)
		return e;
	return res.rows > 0 ? resp_empty(rs) : ERR_NOT_FOUND;
}
