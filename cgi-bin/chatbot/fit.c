/* How a product meets the wish.  Pure. */
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "list.h"

bool
fit_affordable(const struct product *p, const struct prices *prices)
{
	return p->price_won > 0 && p->price_won >= prices->floor_won && p->price_won <= prices->cap_won;
}

/* Is one of the words of the list in the text?  Letters of ASCII in either case. */
static bool
has_one_of(const char *text, const char *list)
{
	char word[LIST_BYTES_MAX + 1];

	while (*list) {
		size_t len = strcspn(list, "|");

		if (len > 0 && len < sizeof(word)) {
			memcpy(word, list, len);
			word[len] = '\0';
			if (strcasestr(text, word))
				return true;
		}
		list += len + (list[len] == '|');
	}
	return false;
}

/* Is the brand one of those in the list, which are in lower case? */
static bool
is_brand_of(const char *brand, const char *list)
{
	while (*brand && *list) {
		size_t len = strcspn(list, "|");

		if (strlen(brand) == len && strncasecmp(brand, list, len) == 0)
			return true;
		list += len + (list[len] == '|');
	}
	return false;
}

bool
fit_unwanted(const struct product *p, const struct flow *flow)
{
	return is_brand_of(p->brand, flow->not_brands) || has_one_of(p->name_ko, flow->not_words) ||
	       has_one_of(p->name_en, flow->not_words) || has_one_of(p->brand, flow->not_words) ||
	       has_one_of(p->category_ko, flow->not_words) || has_one_of(p->category_en, flow->not_words);
}

/* Is it of the colour wished for, and of none that was turned down? */
static bool
is_colour(const struct product *p, const struct flow *flow)
{
	if (*flow->colour && (!p->colour || strcmp(p->colour, flow->colour) != 0))
		return false;
	return !*flow->not_colours || (p->colour && !list_has(flow->not_colours, p->colour));
}

static bool
is_price(const struct product *p, const struct flow *flow)
{
	return (!flow->below_won || p->price_won < flow->below_won) && p->price_won >= flow->floor_won;
}

static double
closeness(int64_t price_won, int64_t aim_won)
{
	double off = (double)llabs(price_won - aim_won) / (double)(aim_won > 0 ? aim_won : 1);

	return off < 1 ? 1 - off : 0;
}

void
fit_judge(struct product *p, const struct flow *flow, const struct prices *prices, bool near, int place,
	  int of)
{
	p->fit = near		       ? FIT_NEARBY
		 : !is_price(p, flow)  ? FIT_NOT_PRICE
		 : !is_colour(p, flow) ? FIT_NOT_COLOUR
				       : FIT_EXACT;
	p->score = 0.7 * (of - place) / of + 0.3 * closeness(p->price_won, prices->aim_won);
}

static int
compare(const void *left, const void *right)
{
	const struct product *l = left, *r = right;

	if (l->fit != r->fit)
		return l->fit - r->fit;
	if (l->score != r->score)
		return l->score > r->score ? -1 : 1;
	return strcmp(l->id, r->id);
}

void
fit_sort(struct product *products, int n)
{
	qsort(products, (size_t)n, sizeof(*products), compare);
}
