/* Choosing what to show among what the search found, and the reason given for each.  The searching is product.c's. */
#include <string.h>

#include "arena.h"
#include "house.h"

/* What it costs to be one more of the same kind or brand, on the scale of product.score. */
static const double same_category = 0.15, same_brand = 0.25;

static double
score_beside(const struct product *p, const struct product *picked, int n)
{
	double score = p->score;
	int i;

	for (i = 0; i < n; i++) {
		score -= strcmp(p->category, picked[i].category) == 0 ? same_category : 0;
		score -= strcmp(p->brand, picked[i].brand) == 0 ? same_brand : 0;
	}
	return score;
}

static bool
is_picked(const struct product *p, const struct product *picked, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(p->id, picked[i].id) == 0)
			return true;
	return false;
}

int
pick_products(const struct product *found, int n, struct product ret_picked[CARDS_MAX])
{
	int picked, i;

	for (picked = 0; picked < CARDS_MAX; picked++) {
		const struct product *best = NULL;
		double best_score = 0;

		for (i = 0; i < n; i++) {
			double score = score_beside(&found[i], ret_picked, picked);

			if (is_picked(&found[i], ret_picked, picked) || (best && found[i].fit > best->fit))
				continue;
			if (best && found[i].fit == best->fit && score <= best_score)
				continue;
			best = &found[i];
			best_score = score;
		}
		if (!best)
			break;
		ret_picked[picked] = *best;
	}
	return picked;
}

static const char *
price_remark(struct arena *a, const struct product *p, const struct flow *flow, bool korean)
{
	int64_t spare_won = flow->budget_won - p->price_won;

	if (!flow->budget_won || spare_won < 0 || spare_won > flow->budget_won / 2)
		return NULL;
	if (spare_won < 1000)
		return korean ? "예산에 꼭 맞아요." : "It fits your budget exactly.";
	return arena_printf(a, korean ? "예산보다 %s 저렴해요." : "It is %s below your budget.",
			    say_won(a, spare_won, flow->language));
}

static const char *
colour_remark(const struct product *p, const struct flow *flow, bool korean)
{
	if (!*flow->colour || !p->colour || strcmp(p->colour, flow->colour) != 0)
		return NULL;
	return korean ? "찾으시던 색이에요." : "It comes in the colour you asked for.";
}

const char *
pick_reason(struct arena *a, const struct product *p, const struct flow *flow)
{
	bool korean = strcmp(flow->language, "ko") == 0;
	const char *reason = korean ? p->reason_ko : p->reason_en;
	const char *remark = colour_remark(p, flow, korean);

	if (!remark)
		remark = price_remark(a, p, flow, korean);
	return remark ? arena_printf(a, "%s %s", reason, remark) : reason;
}
