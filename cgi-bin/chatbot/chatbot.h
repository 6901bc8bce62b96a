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
	CHAT_UNSEEN,
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

enum { FOUND_MAX = 24 };

/* What a search fetched and may be shown: affordable, never shown before in this conversation, best first. */
struct found {
	struct product at[FOUND_MAX];
	int n;
	const char *wish; /* a digest of what was wished for; only product_find.c looks at it */
};

/* What the ids of products from Naver begin with; the catalog's have no colon. */
#define NAVER_ID "naver:"

/**
 * product_find(rq, session, step, facts, fetched, ret_found):
 * Find what the flow of ${step} wishes for, within machine_cap.  ${fetched} is what an earlier search of this
 * conversation left over (product_rest), "" if nothing: when it was for the same wish and enough of it may still be
 * shown, that is taken and nothing is searched.  Errors: ERR_UNAVAILABLE.
 */
enum err product_find(const struct req *rq, const char *session, const struct step *step,
		      const struct facts *facts, const char *fetched, struct found *ret_found) MUST_CHECK;

/**
 * product_rest(a, found, cards):
 * What to keep of ${found} for "more", as JSON: all but the ids in the list ${cards}.  "" if nothing is left.
 */
const char *product_rest(struct arena *a, const struct found *found, const char *cards);

/** product_list_json(a, products, n): The ${n} products at ${products} as a JSON array, to be kept and read again. */
const char *product_list_json(struct arena *a, const struct product *products, int n);

/**
 * product_list_read(a, json, ret_products, max):
 * Read back at most ${max} products.  What is none is passed over, also all of it.  Returns how many there are.
 */
int product_list_read(struct arena *a, const char *json, struct product *ret_products, int max);

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
