/* The chatbot program: its statements, its counters, its handlers, and what they share. */
#ifndef CHATBOT_H
#define CHATBOT_H

#include <stdatomic.h>
#include <stdint.h>

#include "db.h"
#include "err.h"
#include "flow.h"
#include "house.h"
#include "limit.h"
#include "llm.h"
#include "metrics.h"
#include "naver.h"

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
	CHAT_EXPORT,
	CHAT_FACTS,
	CHAT_WINDOW,
	CHAT_LAST,
	CHAT_SEARCH,
	CHAT_UNSEEN,
	CHAT_KIND_FROM,
	CHAT_COMMIT,
	CHAT_FEEDBACK,
	CHAT__MAX
};
extern const struct stmt chatbot_stmts[CHAT__MAX];

enum chatbot_metric {
	METRIC_TURNS_LLM,
	METRIC_TURNS_HOUSE,
	METRIC_REPLAYED,
	METRIC_REBUILT,
	METRIC_OVERTAKEN,
	METRIC_NOT_PUT,
	METRIC_CANCELLED,
	METRIC_FALLBACK_FAILED,
	METRIC_FALLBACK_BUSY,
	METRIC_FALLBACK_LEFT,
	METRIC_FALLBACK_VOIDED, /* it said what may not be shown */
	METRIC_FALLBACK_BESIDE, /* it spoke of something else than the house had decided */
	METRIC_DROPPED,
};
extern struct metric chatbot_metrics[];

/* What a turn spends its time on. */
enum chatbot_time {
	TIME_TURN_LLM,
	TIME_TURN_HOUSE,
	TIME_QUEUE,
	TIME_STORE,
	TIME_SEARCH,
	TIME_BEFORE,
	TIME_TOKEN
};
extern struct histogram chatbot_times[];

/* The program's own variables. */
struct chatbot_conf {
	struct llm_conf llm;
	struct naver_conf naver;
	int64_t tokens; /* of a model, per customer and day */
};
extern struct chatbot_conf chatbot_conf;
extern const struct conf_row chatbot_conf_rows[];

/* What the process keeps: rq->domain. */
struct chatbot {
	struct llm *llm;
	struct naver *naver;
	struct limit tokens;
};
void *chatbot_open(void);
void chatbot_close(void *domain);

/* Streams open now; a gauge. */
extern atomic_int chatbot_streams;

/* A conversation ends at this many turns: 409 conversation_over. */
enum { TURNS_MAX = 500 };

enum { FOUND_MAX = 24 };

/* What a search fetched and may be shown: affordable, never shown before in this conversation, best first. */
struct found {
	struct product at[FOUND_MAX];
	int n;
	int64_t
	    kind_from_won; /* where it is more than may be spent: the least that what was wished for costs; else 0 */
	const char *wish; /* a digest of what was wished for; only product_find.c looks at it */
};

/**
 * product_find(rq, session, step, facts, fetched, ret_found):
 * Find what the flow of ${step} wishes for, within machine_cap.  ${fetched} is what an earlier search of this
 * conversation left over (product_rest), "" if nothing: when it was for the same wish and enough of it may still be
 * shown, that is taken and nothing is searched.  Else Naver is asked, where it is configured (naver.h); when it fails or
 * has nothing, the catalog.  Errors: ERR_UNAVAILABLE.
 */
enum err product_find(const struct req *rq, const char *session, const struct step *step,
		      const struct facts *facts, const char *fetched, struct found *ret_found) MUST_CHECK;

/**
 * product_rest(a, found, cards):
 * What to keep of ${found} for "more", as JSON: all but the ids in the list ${cards}.  "" if nothing is left.
 */
const char *product_rest(struct arena *a, const struct found *found, const char *cards);

/** product_metrics(): Show how many searches there were among the program's metrics; at its start. */
void product_metrics(void);

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
enum err export_get(const struct req *rq, struct resp *rs);
enum err message_list(const struct req *rq, struct resp *rs);
enum err message_post(const struct req *rq, struct resp *rs);
enum err resume_turn(const struct req *rq, struct resp *rs);
enum err cancel_turn(const struct req *rq, struct resp *rs);
enum err feedback_give(const struct req *rq, struct resp *rs);

#endif
