/* Reactions: what a customer finds of a short. */
#include <stddef.h>

#include "fields.h"
#include "limit.h"
#include "req.h"
#include "resp.h"
#include "shorts.h"
#include "text.h"

static const struct limit reaction_limit = { "reactions", 120, 60 };

struct reaction_in {
	const char *type; /* NULL: neither */
};

static const struct field reaction_fields[] = {
	{ "type", F_CHOICE, offsetof(struct reaction_in, type), 0, 0, F_REQUIRED | F_CLEARABLE,
	  "like|dislike" },
	{ 0 },
};

/* PUT /:id/reaction {type: like|dislike|null} -> 200 {like_count, dislike_count, my_reaction}; the same again changes nothing. */
enum err
reaction_put(const struct req *rq, struct resp *rs)
{
	struct reaction_in in = { 0 };
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, reaction_fields, &in);
	if (e)
		return e;
	if (!text_is_uuid(rq->arg[0]))
		return ERR_NOT_FOUND;
	e = limit_take(rq, rs, &reaction_limit, rq->user);
	if (!e)
		e = db_run(rq, SHORTS_REACT,
			   DB_ARGS(db_text(rq->user), db_text(rq->arg[0]), db_text(in.type)), &res);
	return e ? e : resp_result(rs, 200, &res);
}
