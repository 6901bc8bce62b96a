/* What comes with the words of an answer, as clients see it. */
#ifndef DETAIL_H
#define DETAIL_H

struct answer;
struct arena;

/** detail_json(a, answer): {state, choices, products, engine, outcome, link}; the words are not in it. */
const char *detail_json(struct arena *a, const struct answer *answer);

/** detail_products(a, answer): Its products alone, a JSON array. */
const char *detail_products(struct arena *a, const struct answer *answer);

#endif
