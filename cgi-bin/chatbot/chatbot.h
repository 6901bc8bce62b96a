/* The chatbot program: its statements, its counters, its handlers, and what they share. */
#ifndef CHATBOT_H
#define CHATBOT_H

#include <stdint.h>

#include "db.h"
#include "err.h"
#include "flow.h"
#include "house.h"
#include "metrics.h"

struct json_object;
struct req;
struct resp;

/* What this program may run on PostgreSQL; the texts are in chatbot_sql.c. */
enum {
	CHAT_PROFILE,
	CHAT_OPEN,
	CHAT_SESSIONS,
	CHAT_SESSION,
	CHAT_DELETE,
	CHAT_MESSAGES,
	CHAT_FACTS,
	CHAT_SEARCH,
	CHAT_COMMIT,
	CHAT_FEEDBACK,
	CHAT__MAX
};
extern const struct stmt chatbot_stmts[CHAT__MAX];

enum chatbot_metric { METRIC_TURNS, METRIC_REPLAYED, METRIC_REBUILT, METRIC_OVERTAKEN, METRIC_NOT_PUT };
extern struct metric chatbot_metrics[];

/* A conversation ends at this many turns: 409 conversation_over. */
enum { TURNS_MAX = 500 };

/* POST /sessions/:id/messages, read. */
struct turn_in {
	const char *text;
	const char *client_message_id;
};

/**
 * turn_run(rq, rs, session, in):
 * Answer the message ${in} in the conversation ${session}: take the turn's ticket, read the facts, let the house
 * responder answer, commit, write the flow back.  The same message again gets the stored turn.  Errors:
 * ERR_NOT_FOUND, ERR_TURN_IN_PROGRESS, ERR_CONVERSATION_OVER, ERR_VALIDATION_FAILED (the same id with another
 * text), ERR_UNAVAILABLE.
 */
enum err turn_run(const struct req *rq, struct resp *rs, const char *session,
		  const struct turn_in *in) MUST_CHECK;

/**
 * turn_detail(a, step, found, n):
 * What comes with the words of a turn that shows the ${n} products at ${found}, as JSON.
 */
const char *turn_detail(struct arena *a, const struct step *step, const struct product *found, int n);

/**
 * product_search(rq, session, step, facts, ret_found, ret_n):
 * Search the catalog by what the flow of ${step} wishes for, within machine_cap, and choose what to show.
 */
enum err product_search(const struct req *rq, const char *session, const struct step *step,
			const struct facts *facts, struct product ret_found[CARDS_MAX],
			int *ret_n) MUST_CHECK;

/** product_read(res, row, ret_product): The product in the row ${row} of ${res}. */
void product_read(const struct db_result *res, int row, struct product *ret_product);

/**
 * product_put(in, a, p, rank, flow):
 * Add ${p} to the JSON array ${in}, as clients see products, in the language of ${flow}.
 */
void product_put(struct json_object *in, struct arena *a, const struct product *p, int rank,
		 const struct flow *flow);

enum err session_open(const struct req *rq, struct resp *rs);
enum err session_list(const struct req *rq, struct resp *rs);
enum err session_show(const struct req *rq, struct resp *rs);
enum err session_delete(const struct req *rq, struct resp *rs);
enum err message_list(const struct req *rq, struct resp *rs);
enum err message_post(const struct req *rq, struct resp *rs);
enum err feedback_give(const struct req *rq, struct resp *rs);

#endif
