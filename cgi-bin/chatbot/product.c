/* Products between the catalog, the conversation and the client.  Which three are shown is decided in pick.c. */
#include <string.h>

#include "arena.h"
#include "chatbot.h"
#include "list.h"
#include "out.h"
#include "req.h"

enum { FOUND_MAX = 40 };

void
product_read(const struct db_result *res, int row, struct product *ret_product)
{
	*ret_product = (struct product){
		.id = db_str(res, row, "id"),
		.name_ko = db_str(res, row, "name_ko"),
		.name_en = db_str(res, row, "name_en"),
		.brand = db_str(res, row, "brand"),
		.category = db_str(res, row, "category"),
		.category_ko = db_str(res, row, "category_ko"),
		.category_en = db_str(res, row, "category_en"),
		.colour = db_str(res, row, "colour"),
		.price_won = db_num(res, row, "price_won"),
		.mall = db_str(res, row, "mall"),
		.url = db_str(res, row, "url"),
		.image_url = db_str(res, row, "image_url"),
		.reason_ko = db_str(res, row, "reason_ko"),
		.reason_en = db_str(res, row, "reason_en"),
	};
}

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

enum err
product_search(const struct req *rq, const char *session, const struct step *step, const struct facts *facts,
	       struct product ret_found[CARDS_MAX], int *ret_n)
{
	const struct flow *flow = &step->flow;
	const struct prices prices = prices_of(step, facts);
	struct product found[FOUND_MAX];
	struct db_result res;
	enum err e;
	int i;

	e = db_run(rq, CHAT_SEARCH,
		   DB_ARGS(db_text(session), db_i64(rq, prices.cap_won), db_i64(rq, prices.floor_won),
			   db_i64(rq, prices.aim_won), db_i64(rq, flow->below_won),
			   db_i64(rq, flow->floor_won), db_text(flow->terms), db_text(flow->topics),
			   db_text(nearby(rq->arena, flow, facts)), db_text(flow->colour),
			   db_text(flow->not_colours), db_text(flow->not_brands), db_text(flow->not_words)),
		   &res);
	if (e)
		return e;
	for (i = 0; i < res.rows && i < FOUND_MAX; i++) {
		product_read(&res, i, &found[i]);
		found[i].fit = (int)db_num(&res, i, "fit");
		found[i].score = (double)db_num(&res, i, "score") / 1e6;
	}
	*ret_n = pick_products(found, i, ret_found);
	return OK;
}

void
product_put(struct json_object *in, struct arena *a, const struct product *p, int rank,
	    const struct flow *flow)
{
	struct json_object *out = out_object_in(in, NULL);
	bool korean = strcmp(flow->language, "ko") == 0;

	out_num(out, "rank", rank);
	out_str(out, "product_id", p->id);
	out_str(out, "name", korean ? p->name_ko : p->name_en);
	out_num(out, "price_won", p->price_won);
	out_str(out, "image_url", p->image_url);
	out_str(out, "url", p->url);
	out_str(out, "category", korean ? p->category_ko : p->category_en);
	out_str(out, "mall", p->mall);
	out_str(out, "reason", pick_reason(a, p, flow));
	out_bool(out, "affordable", true);
}
