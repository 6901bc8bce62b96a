/* Judging products that were found elsewhere than in the catalog, as chatbot.find_products judges the catalog's own: how each meets the wish */
#ifndef FIT_H
#define FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "house.h"

/* Prices of a search: the bounds that hold, and the one that suits best. */
struct prices {
	int64_t cap_won, floor_won, aim_won;
};

/** fit_affordable(p, prices): Is it within the bounds?  They are never given way. */
bool fit_affordable(const struct product *p, const struct prices *prices);

/** fit_unwanted(p, flow): Is it of a brand, or about a thing, that the customer has turned down? */
bool fit_unwanted(const struct product *p, const struct flow *flow);

/**
 * fit_judge(p, flow, prices, near, place, of):
 * Set fit and score of ${p}, found at the place ${place} (from 0) of ${of}; ${near}: by asking for something near the wish.
 */
void fit_judge(struct product *p, const struct flow *flow, const struct prices *prices, bool near, int place,
	       int of);

/** fit_sort(products, n): Best first. */
void fit_sort(struct product *products, int n);

#endif
