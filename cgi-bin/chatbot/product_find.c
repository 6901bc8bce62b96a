/*
 * Finding products for a conversation: first in what an earlier search left over, then by a search.  Whatever the
 * source, PostgreSQL says what the conversation has shown before, and prices are held against the bounds here.
 */
#include <string.h>

#include <sodium.h>

#include <json-c/json.h>

#include "arena.h"
#include "chatbot.h"
#include "json.h"
#include "list.h"
#include "out.h"
#include "req.h"
#include "text.h"

enum { WISH_HASH_LEN = 12, REST_MIN = CARDS_MAX };

/* The categories near what the customer is into: by what they said, else by their profile. */
static const char *
nearby(struct arena *a, const struct flow *flow, const struct facts *facts)
{
	const char *source = *flow->hobby ? flow->hobby : facts->interests, *topics = "", *word;
	struct said said;
	int i;

	for (word = list_next(a, &source); word; word = list_next(a, &source)) {
		const struct interest *row = interest_find(word);

		if (row)
			topics = list_join(a, topics, row->topics);
		understand_text(a, row ? "" : word, &said);
		for (i = 0; i < said.ninterests; i++)
			topics = list_join(a, topics, said.interests[i]->topics);
	}
	return topics;
}

/* Prices of a search: the bounds that hold, and the one that suits best. */
struct prices {
	int64_t cap_won, floor_won, aim_won;
};

/* Close to a budget somebody named, and well below a mere limit. */
static struct prices
prices_of(const struct step *step, const struct facts *facts)
{
	const struct flow *flow = &step->flow;
	struct prices p = { .cap_won = machine_cap(flow, facts),
			    .floor_won = step->firm ? flow->floor_won : 0 };

	if (step->firm && flow->below_won && flow->below_won <= p.cap_won)
		p.cap_won = flow->below_won - 1;
	if (flow->floor_won)
		p.aim_won = (flow->floor_won + p.cap_won) / 2;
	else
		p.aim_won = p.cap_won * (flow->budget_won ? 85 : 40) / 100;
	return p;
}

static bool
is_affordable(const struct product *p, const struct prices *prices)
{
	return p->price_won >= prices->floor_won && p->price_won <= prices->cap_won;
}

/* What is wished for, as a digest: whether a rest is of the same wish is all that is ever asked. */
static const char *
wish_digest(struct arena *a, const struct flow *flow, const struct facts *facts)
{
	struct json_object *wish = out_array(a);
	const char *const texts[] = { flow->terms,  flow->topics,      flow->hobby,	 facts->interests,
				      flow->colour, flow->not_colours, flow->not_brands, flow->not_words };
	const int64_t amounts[] = { machine_cap(flow, facts), flow->budget_won, flow->below_won,
				    flow->floor_won };
	unsigned char hash[crypto_generichash_BYTES_MIN];
	const char *json;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		out_str(wish, NULL, texts[i]);
	for (i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++)
		out_num(wish, NULL, amounts[i]);
	json = out_text(wish);
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)json, strlen(json), NULL, 0);
	return text_base64url(a, hash, WISH_HASH_LEN);
}

const char *
product_rest(struct arena *a, const struct found *found, const char *cards)
{
	struct product rest[FOUND_MAX];
	struct json_object *kept = out_object(a);
	int i, n = 0;

	for (i = 0; i < found->n; i++)
		if (!list_has(cards, found->at[i].id))
			rest[n++] = found->at[i];
	if (n == 0)
		return "";
	out_str(kept, "wish", found->wish);
	out_json(kept, "products", product_list_json(a, rest, n));
	return out_text(kept);
}

/* The rest in fetched, if it is of that wish; what it has may have been shown, or have changed, since. */
static void
read_rest(struct arena *a, const char *fetched, struct found *found)
{
	struct json_object *kept = NULL, *list;

	found->n = 0;
	if (!*fetched || json_read(a, fetched, strlen(fetched), &kept) ||
	    !json_object_is_type(kept, json_type_object) || !json_member_is(kept, "wish", found->wish))
		return;
	list = json_object_object_get(kept, "products");
	if (list)
		found->n = product_list_read(a, out_text(list), found->at, FOUND_MAX);
}

static const char *
ids_of(struct arena *a, const struct found *found)
{
	const char *ids = "";
	int i;

	for (i = 0; i < found->n; i++)
		ids = arena_printf(a, "%s%s%s", ids, i ? "|" : "", found->at[i].id);
	return ids;
}

/* Bring a product up to date by its row of CHAT_UNSEEN.  False if nobody offers it any more. */
static bool
refresh(const struct db_result *res, int row, struct product *p)
{
	const struct product before = *p;

	if (!db_str(res, row, "id"))
		return strncmp(p->id, NAVER_ID, strlen(NAVER_ID)) == 0;
	product_read(res, row, p);
	p->fit = before.fit;
	p->score = before.score;
	return true;
}

/* Drop what was shown before, has left the catalog, or costs too much by now. */
static enum err
drop_unfit(const struct req *rq, const char *session, const struct prices *prices, struct found *found)
{
	struct db_result res;
	int row, n = 0;
	enum err e;

	if (found->n == 0)
		return OK;
	e = db_run(rq, CHAT_UNSEEN, DB_ARGS(db_text(session), db_text(ids_of(rq->arena, found))), &res);
	if (e)
		return e;
	for (row = 0; row < res.rows; row++) {
		struct product p = found->at[db_num(&res, row, "place")];

		if (refresh(&res, row, &p) && is_affordable(&p, prices))
			found->at[n++] = p;
	}
	found->n = n;
	return OK;
}

static enum err
search_catalog(const struct req *rq, const char *session, const struct step *step, const struct facts *facts,
	       const struct prices *prices, struct found *found)
{
	const struct flow *flow = &step->flow;
	struct db_result res;
	enum err e;
	int i;

	e = db_run(rq, CHAT_SEARCH,
		   DB_ARGS(db_text(session), db_i64(rq, prices->cap_won), db_i64(rq, prices->floor_won),
			   db_i64(rq, prices->aim_won), db_i64(rq, flow->below_won),
			   db_i64(rq, flow->floor_won), db_text(flow->terms), db_text(flow->topics),
			   db_text(nearby(rq->arena, flow, facts)), db_text(flow->colour),
			   db_text(flow->not_colours), db_text(flow->not_brands), db_text(flow->not_words)),
		   &res);
	if (e)
		return e;
	for (i = 0; i < res.rows && i < FOUND_MAX; i++) {
		product_read(&res, i, &found->at[i]);
		found->at[i].fit = (int)db_num(&res, i, "fit");
		found->at[i].score = (double)db_num(&res, i, "score") / 1e6;
	}
	found->n = i;
	return OK;
}

enum err
product_find(const struct req *rq, const char *session, const struct step *step, const struct facts *facts,
	     const char *fetched, struct found *ret_found)
{
	const struct prices prices = prices_of(step, facts);
	struct found found = { .wish = wish_digest(rq->arena, &step->flow, facts) };
	enum err e;

	read_rest(rq->arena, fetched, &found);
	e = drop_unfit(rq, session, &prices, &found);
	if (!e && found.n < REST_MIN)
		e = search_catalog(rq, session, step, facts, &prices, &found);
	if (e)
		return e;
	*ret_found = found;
	return OK;
}
