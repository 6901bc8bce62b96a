/* Conversations: opening, listing, showing and deleting them. */
#include <stddef.h>

#include "answer.h"
#include "arena.h"
#include "chatbot.h"
#include "detail.h"
#include "fields.h"
#include "limit.h"
#include "page.h"
#include "req.h"
#include "resp.h"
#include "text.h"

enum { ID_BYTES = 16 };

static const struct limit open_limit = { "chat-sessions", 30, 60 };

struct open_in {
	const char *language;
};

static const struct field open_fields[] = {
	{ "language", F_CHOICE, offsetof(struct open_in, language), 0, 0, 0, "ko|en" },
	{ 0 },
};

/* The language of a new conversation: as asked for, as the profile has it, Korean. */
static enum err
choose_language(const struct req *rq, const char *asked, const char **ret_language)
{
	struct db_result res;
	enum err e;

	if (asked) {
		*ret_language = asked;
		return OK;
	}
	e = db_run(rq, CHAT_PROFILE, DB_ARGS(db_text(rq->user)), &res);
	if (e)
		return e;
	*ret_language = res.rows > 0 && db_str(&res, 0, "language") ? db_str(&res, 0, "language") : "ko";
	return OK;
}

/*
 * POST /sessions {language?} -> 201 {id, state, language, reply, choices[]}; 401 token_invalid for a customer
 * who has left; 409 conflict when 100 conversations are kept.  Redis first: while it is down, none is opened that could
 * not go on.
 */
enum err
session_open(const struct req *rq, struct resp *rs)
{
	const struct facts facts = { .interests = "" };
	struct answer greeting = { .step.say = SAY_GREETING, .engine = "house" };
	struct flow_hold hold = { .session = text_token(rq->arena, ID_BYTES) };
	struct open_in in = { 0 };
	const char *language;
	struct db_result res;
	enum err e;

	e = fields_body(rq, rs, open_fields, &in);
	if (e)
		return e;
	e = limit_take(rq, rs, &open_limit, rq->user);
	if (e)
		return e;
	e = choose_language(rq, in.language, &language);
	if (e)
		return e;
	machine_begin(rq->user, language, &greeting.step.flow);
	e = flow_rebuild(rq, &hold, &greeting.step.flow);
	if (e)
		return e;
	e = db_run(rq, CHAT_OPEN,
		   DB_ARGS(db_text(hold.session), db_text(rq->user),
			   db_text(flow_json(rq->arena, &greeting.step.flow)),
			   db_text(say_reply(rq->arena, &greeting.step, &facts, NULL, 0)),
			   db_text(detail_json(rq->arena, &greeting))),
		   &res);
	if (e)
		return e;
	e = resp_result(rs, 201, &res);
	if (e == ERR_CONFLICT)
		rs->detail =
		    rq->korean ? "대화는 100개까지 보관할 수 있어요. 지난 대화를 지운 뒤 다시 시작해 주세요."
			       : "At most 100 conversations are kept. Delete an old one, then start again.";
	return e;
}

/*
 * GET /sessions?cursor=&limit= -> 200 {items: [{id, state, language, outcome, turns, created_at, updated_at}],
 * next_cursor}.
 */
enum err
session_list(const struct req *rq, struct resp *rs)
{
	return page_reply(rq, rs, CHAT_SESSIONS, DB_ARGS(db_text(rq->user)));
}

/*
 * GET /sessions/:id -> 200 the conversation with its last reply, choices[] and products[]: what a client needs to
 * go on.
 */
enum err
session_show(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = db_run(rq, CHAT_SESSION, DB_ARGS(db_text(rq->arg[0]), db_text(rq->user)), &res);
	if (e)
		return e;
	return resp_result(rs, 200, &res);
}

/*
 * DELETE /sessions/:id -> 204, everything said in it is erased.  Redis comes first, so that nothing stays
 * there when the second fails, and once more, for a turn that ran meanwhile may have put its flow back.  Should that
 * fail, the conversation is gone all the same, and what is left ends by itself.
 */
enum err
session_delete(const struct req *rq, struct resp *rs)
{
	struct db_result res;
	enum err e;

	e = db_run(rq, CHAT_SESSION, DB_ARGS(db_text(rq->arg[0]), db_text(rq->user)), &res);
	if (e)
		return e;
	if (res.rows == 0)
		return ERR_NOT_FOUND;
	e = flow_erase(rq, rq->arg[0]);
	if (e)
		return e;
	e = db_run(rq, CHAT_DELETE, DB_ARGS(db_text(rq->arg[0]), db_text(rq->user)), &res);
	if (e)
		return e;
	e = flow_erase(rq, rq->arg[0]);
	(void)e;
	return resp_empty(rs);
}
