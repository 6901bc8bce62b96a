/*
 * Finding products for a conversation: in what an earlier search left over, at Naver, in the catalog; the first that has
 * any.  Whatever the source, PostgreSQL says what the conversation has shown before, and prices are held against the
 * bounds here.
 */
#include <string.h>

#include <sodium.h>

#include <json-c/json.h>

#include "arena.h"
#include "chatbot.h"
#include "clock.h"
#include "fit.h"
#include "json.h"
#include "list.h"
#include "naver.h"
#include "out.h"
#include "req.h"
#include "text.h"

enum {
	WISH_HASH_LEN = 12,
	ENOUGH = CARDS_MAX, /* products that need no further search */
	NAVER_MS = 1200,    /* for all of its calls in a turn */
	TAIL_MS = 600,	    /* that the rest of the turn may take */
};

/* Products being sifted. */
struct sieve {
	struct product *at;
	int n;
};

enum { FROM_REST, FROM_NAVER, FROM_CATALOG };

static struct metric metrics[] = {
	[FROM_REST] = { "moa_chat_searches_total", "source=\"rest\"",
			"Searches for products, by where they were found." },
	[FROM_NAVER] = { "moa_chat_searches_total", "source=\"naver\"", NULL },
	[FROM_CATALOG] = { "moa_chat_searches_total", "source=\"catalog\"", NULL },
	{ 0 },
};

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
ids_of(struct arena *a, const struct sieve *s)
{
	struct json_object *ids = out_array(a);
	int i;

	for (i = 0; i < s->n; i++)
		out_str(ids, NULL, s->at[i].id);
	return out_text(ids);
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
sift(const struct req *rq, const char *session, const struct prices *prices, struct sieve *s)
{
	struct db_result res;
	int row, n = 0;
	enum err e;

	if (s->n == 0)
		return OK;
	e = db_run(rq, CHAT_UNSEEN, DB_ARGS(db_text(session), db_text(ids_of(rq->arena, s))), &res);
	if (e)
		return e;
	for (row = 0; row < res.rows; row++) {
		struct product p = s->at[db_num(&res, row, "place")];

		if (refresh(&res, row, &p) && fit_affordable(&p, prices))
			s->at[n++] = p;
	}
	s->n = n;
	return OK;
}

/* A search on its way. */
struct search {
	const struct req *rq;
	const char *session;
	const struct step *step;
	const struct facts *facts;
	struct prices prices;
	struct found *found;
};

static enum err
from_rest(const struct search *s, const char *fetched)
{
	struct sieve sieve = { .at = s->found->at };
	enum err e;

	read_rest(s->rq->arena, fetched, s->found);
	sieve.n = s->found->n;
	e = sift(s->rq, s->session, &s->prices, &sieve);
	s->found->n = sieve.n;
	return e;
}

static bool
is_offered(const struct sieve *sieve, const struct product *p)
{
	int i;

	for (i = 0; i < sieve->n; i++)
		if (strcmp(sieve->at[i].id, p->id) == 0 || strcmp(sieve->at[i].name_ko, p->name_ko) == 0)
			return true;
	return false;
}

/* Put what was found for one question, and may be shown, into the sieve. */
static void
judge(const struct search *s, const struct naver_ask *ask, struct product *products, int n,
      struct sieve *sieve)
{
	int i;

	for (i = 0; i < n; i++) {
		struct product *p = &products[i];

		if (!fit_affordable(p, &s->prices) || fit_unwanted(p, &s->step->flow) || is_offered(sieve, p))
			continue;
		fit_judge(p, &s->step->flow, &s->prices, ask->width == NAVER_NEAR, i, n);
		sieve->at[sieve->n++] = *p;
	}
}

/* Ask Naver one question after the other, ever wider, until there is enough to show.  Its faults are no faults of the turn. */
static enum err
from_naver(const struct search *s, struct naver *naver)
{
	int64_t until_ms = clock_ms() + NAVER_MS, latest_ms = s->rq->deadline_ms - TAIL_MS;
	struct product *products = arena_alloc(s->rq->arena, NAVER_MAX * sizeof(*products));
	struct sieve sieve = { .at = arena_alloc(s->rq->arena,
						 NAVER_ASKS_MAX * NAVER_MAX * sizeof(*products)) };
	struct naver_asks asks;
	int i, n;
	enum err e;

	naver_asks(s->rq->arena, &s->step->flow, s->facts->interests, &asks);
	for (i = 0; i < asks.n; i++) {
		if (sieve.n >= ENOUGH && asks.at[i].width > asks.at[i - 1].width)
			break;
		if (naver_search(s->rq, naver, asks.at[i].query, until_ms < latest_ms ? until_ms : latest_ms,
				 products, &n))
			break;
		judge(s, &asks.at[i], products, n, &sieve);
		e = sift(s->rq, s->session, &s->prices, &sieve);
		if (e)
			return e;
	}
	fit_sort(sieve.at, sieve.n);
	s->found->n = sieve.n < FOUND_MAX ? sieve.n : FOUND_MAX;
	memcpy(s->found->at, sieve.at, (size_t)s->found->n * sizeof(*sieve.at));
	return OK;
}

static enum err
from_catalog(const struct search *s)
{
	const struct flow *flow = &s->step->flow;
	const struct req *rq = s->rq;
	struct db_result res;
	enum err e;
	int i;

	e = db_run(rq, CHAT_SEARCH,
		   DB_ARGS(db_text(s->session), db_i64(rq, s->prices.cap_won),
			   db_i64(rq, s->prices.floor_won), db_i64(rq, s->prices.aim_won),
			   db_i64(rq, flow->below_won), db_i64(rq, flow->floor_won), db_text(flow->terms),
			   db_text(flow->topics), db_text(nearby(rq->arena, flow, s->facts)),
			   db_text(flow->colour), db_text(flow->not_colours), db_text(flow->not_brands),
			   db_text(flow->not_words)),
		   &res);
	if (e)
		return e;
	for (i = 0; i < res.rows && i < FOUND_MAX; i++) {
		product_read(&res, i, &s->found->at[i]);
		s->found->at[i].fit = (int)db_num(&res, i, "fit");
		s->found->at[i].score = (double)db_num(&res, i, "score") / 1e6;
	}
	s->found->n = i;
	return OK;
}

/* There is none of the kind within the bounds: what does it cost at least? */
static enum err
ask_kind_from(const struct search *s)
{
	const struct flow *flow = &s->step->flow;
	struct db_result res;
	int64_t from_won;
	enum err e;

	e = db_run(s->rq, CHAT_KIND_FROM,
		   DB_ARGS(db_text(flow->terms), db_text(flow->topics), db_text(flow->not_brands)), &res);
	if (e)
		return e;
	from_won = db_num(&res, 0, "from_won");
	s->found->kind_from_won = from_won > machine_cap(flow, s->facts) ? from_won : 0;
	return OK;
}

static bool
asks_naver(const struct search *s)
{
	const struct chatbot *chatbot = s->rq->domain;

	return chatbot && naver_configured(chatbot->naver);
}

/* Nothing, or nothing of the kind?  That the catalog has none is all that can be said, so not where Naver is asked, too. */
static bool
may_be_dearer(const struct search *s)
{
	const struct flow *flow = &s->step->flow;

	return (*flow->terms || *flow->topics) && !asks_naver(s) &&
	       (s->found->n == 0 || s->found->at[0].fit >= FIT_NEARBY);
}

/* Search in one place after the other.  *ret_source is where it ended. */
static enum err
search(const struct search *s, const char *fetched, int *ret_source)
{
	const struct chatbot *chatbot = s->rq->domain;
	enum err e;

	*ret_source = FROM_REST;
	e = from_rest(s, fetched);
	if (e || s->found->n >= ENOUGH)
		return e;
	s->found->n = 0;
	if (asks_naver(s)) {
		*ret_source = FROM_NAVER;
		e = from_naver(s, chatbot->naver);
		if (e || s->found->n > 0)
			return e;
	}
	*ret_source = FROM_CATALOG;
	e = from_catalog(s);
	return e || !may_be_dearer(s) ? e : ask_kind_from(s);
}

enum err
product_find(const struct req *rq, const char *session, const struct step *step, const struct facts *facts,
	     const char *fetched, struct found *ret_found)
{
	struct found found = { .wish = wish_digest(rq->arena, &step->flow, facts) };
	const struct search s = { rq, session, step, facts, prices_of(step, facts), &found };
	int source;
	enum err e;

	e = search(&s, fetched, &source);
	if (e)
		return e;
	metrics_add(&metrics[source], 1);
	*ret_found = found;
	return OK;
}

void
product_metrics(void)
{
	metrics_table(metrics);
}
